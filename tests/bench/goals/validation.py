"""Validating a day of 10,000 channels by all rules, against delivering that day (VEE)."""

import time
from datetime import timedelta
from unittest.mock import patch

import measure
import zone

from goals.world import _points, _vacuum

SITE = "BENCH-V"
POINTS, REGISTERS = 2_500, zone.REGISTERS
DAYS = (zone.DAY[0] + timedelta(days=30), zone.DAY[0] + timedelta(days=31))
BATCH = 20
"""Instants a delivery; each carries all channels of a collector's share."""

SHARE = 500


class Clock:
    """Adds up the seconds that some methods take."""

    def __init__(self):
        self.seconds = 0.0

    def around(self, method):
        def timed(*args, **kwargs):
            started = time.perf_counter()
            try:
                return method(*args, **kwargs)
            finally:
                self.seconds += time.perf_counter() - started

        return timed


def main(env):
    channels = _world(env)
    env.cr.execute("UPDATE actwin_validation_rule SET active = true")
    delivered = _deliver(env, channels)
    validated = _validate(env)
    readings = len(channels) * 97
    name = f"all rules on {len(channels):,} channels × a day ({readings:,} readings) vs ingest"
    measure.write([measure.at_most("VEE", name, validated, delivered, 0.5, "s")])


def _world(env):
    site = env["actwin.site"].create({"name": "Validated zone", "code": SITE})
    _points(env, site, POINTS, REGISTERS)
    channels = env["actwin.channel"].search([("site_id", "=", site.id)], order="id")
    if set(channels.validation_group_id.mapped("name")) == {False}:
        raise SystemExit("no channel has validation rules")
    return channels


def _deliver(env, channels):
    """Seconds the ingest takes for the day, as collectors deliver it."""
    collector = env["actwin.collector"].create(
        {"name": "Bench V", "code": SITE, "site_id": channels.site_id.id}
    )
    collector._ensure_user()
    reading = env["actwin.reading"].with_user(collector.user_id)
    keys, stamps, seconds = channels.mapped("key"), list(zone.slots(*DAYS)), 0.0
    for first in range(0, len(keys), SHARE):
        for at in range(0, len(stamps), BATCH):
            rows = zone.rows(keys[first : first + SHARE], stamps[at : at + BATCH])
            header, payload = zone.packed(rows)
            header["collector"] = SITE
            started = time.perf_counter()
            answer = reading.ingest_packed(header, payload)
            env.flush_all()
            seconds += time.perf_counter() - started
            if answer["accepted"] != len(rows):
                raise SystemExit(f"delivered {len(rows)} rows, accepted {answer['accepted']}")
        env.cr.commit()
    return seconds


def _validate(env):
    """Seconds the validation takes inside the rollup of the same readings."""
    env.cr.commit()
    _vacuum(env.cr.dbname)
    clock, model = Clock(), type(env["actwin.validation"])
    with (
        patch.object(model, "_judge_readings", clock.around(model._judge_readings)),
        patch.object(model, "_judge_days", clock.around(model._judge_days)),
    ):
        while env["actwin.rollup"]._process_dirty(limit=2_000):
            env.cr.commit()
    held = env["actwin.validation.exception"].search(
        [("site_id.code", "=", SITE), ("action", "!=", "info")]
    )
    if held:
        raise SystemExit(f"clean readings were doubted: {set(held.mapped('code'))}")
    return clock.seconds
