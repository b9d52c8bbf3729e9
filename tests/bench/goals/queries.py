"""Reading the store: pages touched (G7–G9), partitions opened (G10). No clock but in G9."""

import measure
import plan
import zone

_MONTH_OF_CHANNEL = """
SELECT ts, value, quality FROM bench_month
 WHERE channel_id = %(channel)s AND ts > %(start)s AND ts <= %(end)s ORDER BY ts DESC
"""
_LAST = """
SELECT ids.id, r.ts, r.value FROM unnest(%(channels)s) AS ids (id)
 CROSS JOIN LATERAL (
     SELECT ts, value FROM actwin_reading
      WHERE channel_id = ids.id AND ts > %(start)s AND ts <= %(end)s
      ORDER BY ts DESC LIMIT 1) r
"""
_BOUNDARIES = """
SELECT ids.id, last.value - first.value FROM unnest(%(channels)s) AS ids (id)
 CROSS JOIN LATERAL (
     SELECT value FROM actwin_reading
      WHERE channel_id = ids.id AND ts <= %(start)s AND ts > %(start)s - interval '1 day'
      ORDER BY ts DESC LIMIT 1) first
 CROSS JOIN LATERAL (
     SELECT value FROM actwin_reading
      WHERE channel_id = ids.id AND ts <= %(end)s AND ts > %(end)s - interval '1 day'
      ORDER BY ts DESC LIMIT 1) last
"""
_LAG = """
SELECT channel_id, sum(value - before) FROM (
    SELECT channel_id, value, lag(value) OVER (PARTITION BY channel_id ORDER BY ts) AS before
      FROM actwin_reading
     WHERE channel_id = ANY(%(channels)s) AND ts >= %(start)s AND ts <= %(end)s) steps
 GROUP BY 1
"""


def main(env):
    channels = zone.channels(env, tenants_only=True)
    parameters = {"channels": channels.ids, "start": zone.MONTH[0], "end": zone.MONTH[1]}
    measure.write([_month_of_channel(env, channels[0])])
    measure.write([_last_of_channels(env)])
    measure.write(_consumption(env, channels, parameters))
    measure.write([_partitions(env, channels)])


def _list(env, channel, start, end):
    """What the list of readings asks for with a channel and a time chosen."""
    domain = [("channel_id", "=", channel.id), ("ts", ">", start), ("ts", "<=", end)]
    env.invalidate_all()
    return env["actwin.reading"].search_fetch(domain, ["ts", "value", "quality"])


def _month_of_channel(env, channel):
    ((query, params),) = plan.statements(lambda: _list(env, channel, *zone.MONTH))
    ours = plan.buffers(plan.nodes(env, query, params))
    env.cr.execute(
        """
        CREATE TEMP TABLE bench_month AS
            SELECT * FROM actwin_reading WHERE ts > %s AND ts <= %s ORDER BY channel_id, ts;
        ALTER TABLE bench_month ADD PRIMARY KEY (channel_id, ts);
        ANALYZE bench_month
        """,
        zone.MONTH,
    )
    parameters = {"channel": channel.id, "start": zone.MONTH[0], "end": zone.MONTH[1]}
    sorted_month = plan.buffers(plan.nodes(env, _MONTH_OF_CHANNEL, parameters))
    env.cr.rollback()
    note = f"a month sorted by its key takes {sorted_month}"
    name = "pages of a channel's closed month vs 80"
    return measure.at_most("G7", name, ours, 80, 1, "pages", note)


def _last_of_channels(env):
    channels = zone.channels(env)
    ((query, params),) = plan.statements(
        lambda: env["actwin.reading.store"]._refresh_last(channels.ids)
    )
    ours = plan.store_buffers(plan.nodes(env, query, params)) / len(channels)
    day = {"channels": channels.ids, "start": zone.DAY[0], "end": zone.DAY[1]}
    bare = plan.store_buffers(plan.nodes(env, _LAST, day)) / len(channels)
    note = f"with both bounds of ts given {bare:.1f}"
    name = f"pages a channel, last reading of {len(channels)} channels, vs 6"
    return measure.at_most("G8", name, ours, 6, 1, "pages", note)


def _consumption(env, channels, parameters):
    """Consumption of a month: pages a channel, and time against the difference of all rows."""
    found = plan.statements(lambda: channels._consumption_between(*zone.MONTH))
    ours = sum(plan.buffers(plan.nodes(env, *item)) for item in found) / len(channels)
    bare = plan.buffers(plan.nodes(env, _BOUNDARIES, parameters)) / len(channels)
    note = f"two boundary readings take {bare:.1f}"
    name = f"pages a channel, month's consumption of {len(channels)} channels, vs 12"
    pages = measure.at_most("G9", name, ours, 12, 1, "pages", note)

    found = {}

    def ours_of_all(_number):
        figures = channels._consumption_between(*zone.MONTH)
        found["ours"] = {key: float(item["consumption"]) for key, item in figures.items()}

    def scan(_number):
        env.cr.execute("SET LOCAL jit = off")
        env.cr.execute(_LAG, parameters)
        found["scan"] = {key: value * zone.MULTIPLIER for key, value in env.cr.fetchall()}

    times = measure.alternate({"ours": ours_of_all, "scan": scan}, rounds=3)
    if found["ours"] != found["scan"]:
        raise SystemExit("the two ways do not agree on the consumption")
    rates = measure.rates(times, len(channels))
    name = "the same, rate vs lag() over every reading"
    return [
        pages,
        measure.at_least("G9", name, rates["ours"], rates["scan"], 20, "channels/s"),
    ]


def _partitions(env, channels):
    """Partitions that statements with a time range open outside of it.

    The rollup of a day may look for the nearest reading before and after it.
    """
    month = {"actwin_reading_2025_02", "actwin_reading_2025_03"}
    day = {"actwin_reading_2025_04"}
    rollup = env["actwin.rollup"]
    rollup._mark(channels.ids, *zone.DAY)

    def pivot():
        domain = [("channel_id", "in", channels.ids[:5])]
        domain += [("ts", ">", zone.DAY[0]), ("ts", "<=", zone.DAY[1])]
        env["actwin.reading"].formatted_read_group(domain, ["channel_id"], ["value:max"])

    near = {f"actwin_reading_2025_{number}" for number in ("03", "04", "05")}
    calls = {
        "list": (lambda: _list(env, channels[0], *zone.MONTH), month),
        "pivot": (pivot, day),
        "consumption": (lambda: channels._consumption_between(*zone.MONTH), month),
        "rollup": (lambda: rollup._process_dirty(), near),
    }
    opened, wanted, outside = 0, 0, []
    for name, (call, allowed) in calls.items():
        with env.cr.savepoint():
            found = plan.statements(call)
        used = set()
        for query, params in found:
            used |= plan.partitions(plan.nodes(env, query, params))
        opened += len(used)
        wanted += len(used & allowed)
        outside += [f"{name}: {partition}" for partition in sorted(used - allowed)]
    env.cr.rollback()
    name = "partitions opened by range queries vs those in range"
    return measure.at_most("G10", name, opened, wanted, 1, "partitions", ", ".join(outside))
