"""Deliveries over XML-RPC (G1–G4): packed, as columns, as mappings, through the ORM, and again.

The client and the server share the machine; every form delivers rows nobody has seen before.
"""

import contextlib
import os
import xmlrpc.client
from datetime import UTC, datetime

import measure
import psycopg2
import zone

from odoo.sql_db import connection_info_for

from odoo.addons.actwin_metering.models.readings.reading_ingest import _INSERT

BATCH = 5_000
CHANNELS = 500


class Client:
    """The collector's end of the wire."""

    def __init__(self, env, key):
        collector = env["actwin.collector"].search([("code", "=", zone.COLLECTOR)])
        self._identity = (env.cr.dbname, collector.user_id.id, key)
        url = f"{os.environ['ACTWIN_BENCH_URL']}/xmlrpc/2/object"
        self._proxy = xmlrpc.client.ServerProxy(url, allow_none=True)

    def __call__(self, model, method, *args):
        return self._proxy.execute_kw(*self._identity, model, method, list(args))


class Forms:
    """Every way to deliver the next ``BATCH`` rows; each answers the work to be timed."""

    def __init__(self, env, client, bare):
        self.client = client
        self.bare = bare
        channels = zone.channels(env)[:CHANNELS]
        self.ids = {channel.key: channel.id for channel in channels}
        self.instants = zone.Instants(datetime(2025, 6, 1))
        self.delivered = []

    def rows(self):
        return zone.rows(list(self.ids), self.instants.take(BATCH // CHANNELS))

    def packed(self, _number):
        found = self.rows()
        self.delivered.append(found)
        content = zone.packed(found)
        return lambda: self._expect("accepted", self._ingest("ingest_packed", *content))

    def again(self, number):
        """Rows that are there already, in a delivery of another id."""
        content = zone.packed(self.delivered[number])
        return lambda: self._expect("duplicates", self._ingest("ingest_packed", *content))

    def plain(self, _number):
        batch = zone.plain(self.rows())
        return lambda: self._expect("accepted", self._ingest("ingest", batch))

    def transport(self, _number):
        """What the plain form costs when nobody looks at it."""
        batch = zone.plain(self.rows())
        return lambda: self.client("bench.reading", "receive", batch)

    def dicts(self, _number):
        content = zone.mappings(self.rows())
        call = self.client
        return lambda: self._expect("accepted", call("bench.reading", "ingest_dicts", *content))

    def orm(self, _number):
        vals = [
            {
                "channel_id": self.ids[key],
                "ts": datetime.fromtimestamp(ts, UTC).strftime("%Y-%m-%d %H:%M:%S"),
                "value": float(value),
                "quality": 0,
                "source": 1,
            }
            for key, ts, value in self.rows()
        ]
        return lambda: self.client("bench.reading", "create", vals)

    def statement(self, _number):
        """The store's own statement without Odoo and the wire."""
        parameters = zone.literals(self.rows(), self.ids)

        def work():
            with self.bare.cursor() as cursor:
                cursor.execute(_INSERT, parameters)
                taken = cursor.fetchone()[0]
            self.bare.commit()
            self._expect("accepted", {"accepted": taken})

        return work

    def _ingest(self, method, *content):
        return self.client("actwin.reading", method, *content)

    @staticmethod
    def _expect(kind, answer):
        if answer[kind] != BATCH:
            raise SystemExit(f"the delivery was answered {str(answer)[:300]}")


def main(env):
    collector = env["actwin.collector"].search([("code", "=", zone.COLLECTOR)])
    key = collector._create_api_key()
    env["actwin.reading.store"]._ensure_months([datetime(2025, 6, 1)])
    env.cr.commit()
    _name, options = connection_info_for(env.cr.dbname)
    bare = psycopg2.connect(**options)
    bare.set_session(isolation_level="REPEATABLE READ")
    with contextlib.closing(bare):
        forms = Forms(env, Client(env, key), bare)
        for warm_up in (forms.packed, forms.plain, forms.orm, forms.statement):
            warm_up(0)()
        forms.delivered.clear()
        _compare(forms)
        _redeliver(env, forms)


def _compare(forms):
    ways = ("packed", "statement", "plain", "transport", "dicts", "orm")
    times = measure.alternate({name: getattr(forms, name) for name in ways})
    rate = measure.rates(times, BATCH)
    measure.write(
        [
            measure.at_least(goal, name, rate[one], rate[other], wanted, "rows/s")
            for goal, name, one, other, wanted in (
                ("G1", "packed over XML-RPC vs its SQL alone", "packed", "statement", 0.55),
                ("G2", "packed vs a list of mappings", "packed", "dicts", 4),
                ("G2", "packed vs ORM create", "packed", "orm", 8),
                ("G3", "columns vs the same call that stores nothing", "plain", "transport", 0.55),
            )
        ]
    )


def _redeliver(env, forms):
    """The same rows again: quick, and nothing in the store changes."""
    forms.delivered.clear()
    before = None
    first, second = [], []
    for number in range(measure.ROUNDS):
        first += measure.alternate({"it": forms.packed}, rounds=1)["it"]
        before = _state(env)
        again = measure.alternate({"it": lambda _n, n=number: forms.again(n)}, rounds=1)
        second += again["it"]
        if _state(env) != before:
            raise SystemExit("a repeated delivery changed the store")
    fresh, repeated = ([BATCH / value for value in times] for times in (first, second))
    name = "delivered again vs fresh, and nothing changed"
    measure.write([measure.at_least("G4", name, repeated, fresh, 1.3, "rows/s")])


def _state(env):
    """What a repeated delivery may not touch: rows with their versions, and marks."""
    env.cr.rollback()
    env.cr.execute(
        """
        SELECT count(*), sum(value), sum(hashtext(xmin::text)::int8),
               (SELECT count(*) FROM actwin_reading_dirty),
               (SELECT count(*) FROM actwin_reading_version)
          FROM actwin_reading_2025_06
        """
    )
    return env.cr.fetchone()
