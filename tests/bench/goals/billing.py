"""A billing run against the invoices alone: time and statements (G12), control invoices (G16)."""

import time

import bills
import measure
import zone

ROUNDS = 3


class Meter:
    """Seconds and statements of a piece of work."""

    def __init__(self, env):
        self._env = env

    def __enter__(self):
        self._env.flush_all()
        self._env.invalidate_all()
        self._started = (time.perf_counter(), self._env.cr.sql_log_count)
        return self

    def __exit__(self, *_error):
        self._env.flush_all()
        started, queries = self._started
        self.seconds = time.perf_counter() - started
        self.queries = self._env.cr.sql_log_count - queries


def main(env):
    _round(env)  # warms caches of the registry for both
    found = [_round(env) for _number in range(ROUNDS)]
    whole, computed, posted, bare = zip(*found, strict=True)
    number = zone.TENANTS
    lines = found[0][3].lines
    milliseconds = [
        [meter.seconds / number * 1000 for meter in meters] for meters in (whole, bare)
    ]
    queries = [whole[-1].queries / number, bare[-1].queries / number + 3]
    rates = [[1 / meter.seconds for meter in meters] for meters in (computed, posted)]
    name = f"run of {number} bills of {lines:.0f} lines vs bare create and post"
    measure.write(
        [
            measure.at_most("G12", name, *milliseconds, 1.15, "ms/invoice"),
            measure.at_most("G12", "its statements vs bare + 3", *queries, 1, "queries"),
            measure.at_least("G16", "control invoices vs posting them", *rates, 20, "runs/s"),
        ]
    )


def _round(env):
    """(whole run, computing, posting, bare) of one round, which leaves nothing behind."""
    run = bills.new_run(env, zone.SITE)
    moves = env["account.move"].search_count([])
    with Meter(env) as computed:
        found = bills.compute(env, run)
    if env["account.move"].search_count([]) != moves:
        raise SystemExit("control invoices made account moves")
    vals = bills.vals_of(found)
    with Meter(env) as posted:
        bills.post(env, run)
    with Meter(env) as bare:
        made = bills.bare(env, vals)
    bare.lines = len(made.invoice_line_ids) / len(made)
    _check(run, made)
    env.cr.rollback()
    env.invalidate_all()
    whole = Meter(env)
    whole.seconds = computed.seconds + posted.seconds
    whole.queries = computed.queries + posted.queries
    return whole, computed, posted, bare


def _check(run, made):
    ours = sorted(run.bill_ids.move_id.mapped("amount_total"))
    if ours != sorted(made.mapped("amount_total")) or not ours[0]:
        raise SystemExit("the two ways do not make the same invoices")
