"""Keeping hour, day and month consumption (G11): against bare statements for the same rows."""

import measure
import zone

_STEPS = """
WITH steps AS (
    SELECT channel_id, ts, value, quality,
           (value - lag(value) OVER (PARTITION BY channel_id ORDER BY ts)) * 20 AS used
      FROM actwin_reading
     WHERE channel_id = ANY(%(channels)s) AND ts >= %(start)s AND ts <= %(end)s
)
"""
_FIGURES = "sum(used), min(value), max(value), count(*), 0, 0, max(quality)::text, 0, 0"
_COLUMNS = """channel_id, point_id, site_id, company_id, {bucket}, consumption, value_min,
    value_max, count, estimated, suspects, quality, rollovers, faults"""
_BARE = """
INSERT INTO actwin_consumption_{table} ({columns})
{steps}
SELECT s.channel_id, c.point_id, c.site_id, c.company_id, {value}, {figures}
  FROM steps s JOIN actwin_channel c ON c.id = s.channel_id
 WHERE s.ts > %(start)s GROUP BY 1, 2, 3, 4, 5
"""
_BUCKETS = {
    "hour": "date_trunc('hour', s.ts - interval '1 microsecond')",
    "day": f"'{zone.DAY_LOCAL}'::date",
    "month": f"date_trunc('month', '{zone.DAY_LOCAL}'::date)::date",
}
_EMPTY = """
DELETE FROM actwin_reading_dirty;
DELETE FROM actwin_consumption_hour WHERE hour >= %(start)s AND hour < %(end)s;
DELETE FROM actwin_consumption_day WHERE day = %(day)s;
DELETE FROM actwin_consumption_month WHERE month = date_trunc('month', %(day)s::date)
"""
_FEW = 50


def main(env):
    channels = zone.channels(env)
    _without_validation(env, lambda: _measure(env, channels))


def _without_validation(env, work):
    """The validation has a goal of its own."""
    env.cr.execute("UPDATE actwin_channel SET validation_group_id = NULL")
    env.cr.commit()
    try:
        work()
    finally:
        env.cr.rollback()
        env["actwin.validation.group"]._reassign()
        env.cr.commit()


def _measure(env, channels):
    parameters = {"channels": channels.ids, "start": zone.DAY[0], "end": zone.DAY[1]}
    env.cr.execute(
        "SELECT count(*) FROM actwin_reading WHERE ts > %(start)s AND ts <= %(end)s", parameters
    )
    readings = env.cr.fetchone()[0]

    times = measure.alternate(
        {
            "ours": lambda _n: _ours(env, channels),
            "bare": lambda _n: _afresh(env, lambda: _bare(env, parameters)),
            "few": lambda _n: _ours(env, channels[:_FEW]),
        },
        rounds=3,
    )
    name = f"rollup of a day, {readings:,} readings, vs bare INSERT … GROUP BY"
    few = f"rollup of {_FEW} of {len(channels)} channels vs all of them"
    measure.write(
        [
            measure.at_most("G11", name, times["ours"], times["bare"], 1.2, "s"),
            measure.at_most("G11", few, times["few"], times["ours"], 0.1, "s"),
        ]
    )


def _afresh(env, work):
    """Work on empty rollups, and take it back before the next round."""
    env.cr.rollback()
    env.cr.execute(_EMPTY, {"start": zone.DAY[0], "end": zone.DAY[1], "day": zone.DAY_LOCAL})

    def done():
        work()
        env.flush_all()

    return done


def _ours(env, channels):
    work = _afresh(env, lambda: env["actwin.rollup"]._process_dirty())
    env.cr.execute(
        "INSERT INTO actwin_reading_dirty (channel_id, day) SELECT unnest(%s), %s",
        [channels.ids, zone.DAY_LOCAL],
    )
    return work


def _bare(env, parameters):
    env.cr.execute("SET LOCAL jit = off")
    for table, value in _BUCKETS.items():
        statement = _BARE.format(
            table=table,
            columns=_COLUMNS.format(bucket=table),
            steps=_STEPS,
            value=value,
            figures=_FIGURES,
        )
        env.cr.execute(statement, parameters)
