"""The reading store: bytes a reading, and what the upkeep of a delivery costs (G6)."""

from datetime import datetime

import measure
import zone

from odoo.addons.actwin_metering.models.readings.reading_ingest import _INSERT

BATCH = 5_000
_BARE_TABLE = """
CREATE TABLE bench_bare (
    ts timestamp NOT NULL, value numeric NOT NULL, channel_id integer NOT NULL,
    quality smallint NOT NULL, source smallint NOT NULL, PRIMARY KEY (channel_id, ts)
) PARTITION BY RANGE (ts);
CREATE TABLE bench_bare_month PARTITION OF bench_bare
    FOR VALUES FROM ('2025-05-01') TO ('2025-07-01')
"""
_BARE_INSERT = """
INSERT INTO bench_bare (ts, value, channel_id, quality, source)
SELECT timestamp 'epoch' + i.ts * interval '1 second', i.value, i.channel_id, i.quality, 1
  FROM unnest(%(channel)s::int[], %(ts)s::int8[], %(value)s::numeric[], %(quality)s::smallint[])
       AS i (channel_id, ts, value, quality)
 ORDER BY 3, 1
ON CONFLICT (channel_id, ts) DO NOTHING
"""


def main(env):
    measure.write([_size(env)])
    measure.write([_upkeep(env)])


def _size(env):
    """Bytes of the closed month's partition, rows as they came in."""
    env.cr.execute(
        """
        SELECT pg_total_relation_size('actwin_reading_2025_03'),
               (SELECT count(*) FROM actwin_reading_2025_03)
        """
    )
    size, rows = env.cr.fetchone()
    name = f"bytes a reading with its key, {rows:,} readings, vs 105"
    return measure.at_most("storage", name, size / rows, 105.0, 1, "bytes")


def _upkeep(env):
    """The store's statement with marks, last reading and BRIN against the bare insert."""
    channels = zone.channels(env)[: BATCH // 10]
    ids = {channel.key: channel.id for channel in channels}
    env.cr.execute(_BARE_TABLE)
    instants = zone.Instants(datetime(2025, 5, 1))
    env["actwin.reading.store"]._ensure_epochs(instants.take(1))
    env.cr.commit()

    def send(statement):
        found = zone.rows(list(ids), instants.take(BATCH // len(ids)))
        parameters = zone.literals(found, ids)

        def work():
            env.cr.execute(statement, parameters)
            env.cr.commit()

        return work

    times = measure.alternate(
        {"ours": lambda _n: send(_INSERT), "bare": lambda _n: send(_BARE_INSERT)}, rounds=9
    )
    env.cr.execute("DROP TABLE bench_bare")
    env.cr.commit()
    milliseconds = {name: [value * 1000 for value in values] for name, values in times.items()}
    return measure.at_most(
        "G6",
        "delivery of 5,000 with upkeep vs the bare upsert",
        milliseconds["ours"],
        milliseconds["bare"],
        1.45,
        "ms",
    )
