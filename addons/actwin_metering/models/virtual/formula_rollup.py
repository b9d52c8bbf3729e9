import json
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal, localcontext

from odoo import api, models

from ...tools.decimals import plain
from ..readings.rollup import literals
from . import formula_sql

_QUALITIES = "03214"
"""Best to worst, as ``const.SEVERITY``; the statements number them from 1."""


class ActwinFormula(models.Model):
    """Hours, days and months of virtual channels, from the rollups of what they are made of."""

    _inherit = "actwin.formula"

    @api.model
    def _roll(self, days):
        """Compute channel days anew: (channel id, day)…

        A bucket is empty when an input lacks its figure there; so is a day that is added up of
        hours one of which is empty.
        """
        versions = self._by_channel({channel for channel, _day in days})
        tasks = [_Task(*item, versions[item[0]]._on(item[1])) for item in days]
        compiled = {task.formula: task.formula._compiled() for task in tasks if task.formula}
        hours = self._evaluate(
            tasks, formula_sql.HOURS, compiled, lambda task: task.formula.mode != "day"
        )
        found = self._evaluate(
            tasks, formula_sql.DAYS, compiled, lambda task: task.formula.mode != "hour"
        )
        for number, task in enumerate(tasks):
            if task.formula.mode == "hour" and number in hours:
                found[number] = {task.day: _added_up(hours[number].values())}
        keys = literals(days)
        self._put(formula_sql.PUT_HOURS, keys, tasks, hours)
        self._put(formula_sql.PUT_DAYS, keys, tasks, found)
        self._roll_months(keys, tasks, compiled)

    def _roll_months(self, keys, tasks, compiled):
        """Months; those that are no sum of days are computed of the months of the inputs."""
        months = {}
        for task in tasks:
            if task.formula.mode == "bucket":
                last = (task.day.replace(day=28) + timedelta(days=4)).replace(day=1)
                version = task.formula.channel_id.formula_ids._on(last - timedelta(days=1))
                months[task.channel, task.day.replace(day=1)] = version
        tasks = [_Task(channel, month, version) for (channel, month), version in months.items()]
        compiled = compiled | {
            task.formula: task.formula._compiled() for task in tasks if task.formula not in compiled
        }
        found = self._evaluate(tasks, formula_sql.MONTHS, compiled, lambda task: True)
        self._put(formula_sql.PUT_MONTHS, keys, tasks, found)

    def _evaluate(self, tasks, statement, compiled, wanted):
        """{number of the task: {bucket: row}} of the tasks that are wanted."""
        asked = [
            {"n": number, "formula_id": task.formula.id, "day": str(task.day)}
            for number, task in enumerate(tasks)
            if task.formula and wanted(task)
        ]
        if not asked:
            return {}
        self.env.cr.execute(statement, {"asked": json.dumps(asked)})
        buckets = defaultdict(dict)
        for number, name, bucket, whole, total, *facts in self.env.cr.fetchall():
            # where no input has any figure yet, as before a register's second reading, is no row
            if total is not None:
                buckets[number, bucket][name] = (Decimal(total) if whole else None, facts)
        found = defaultdict(dict)
        for (number, bucket), inputs in buckets.items():
            formula = compiled[tasks[number].formula]
            if formula.names & inputs.keys():
                found[number][bucket] = _row(formula, inputs)
        return found

    def _put(self, statement, keys, tasks, found):
        rows = [
            {"channel_id": tasks[number].channel, "bucket": str(bucket), **row}
            for number, buckets in found.items()
            for bucket, row in buckets.items()
        ]
        self.env.cr.execute(statement, keys | {"rows": json.dumps(rows)})


class _Task:
    """A channel's day (or month) and the version of the formula that holds then."""

    __slots__ = ("channel", "day", "formula")

    def __init__(self, channel, day, formula):
        self.channel, self.day, self.formula = channel, day, formula


def _row(formula, inputs):
    """The bucket's row: the formula's value, the worst quality of what it reads."""
    used = [facts for name, (_value, facts) in inputs.items() if name in formula.names]
    value = formula({name: figure for name, (figure, _facts) in inputs.items()})
    ranks, counts, estimated, suspects, rollovers, faults = zip(*used, strict=True)
    return {
        "consumption": None if value is None else plain(value),
        "quality": _QUALITIES[max(ranks) - 1],
        "count": min(counts),
        "estimated": max(estimated),
        "suspects": sum(suspects),
        "rollovers": sum(rollovers),
        "faults": sum(faults),
    }


def _added_up(rows):
    rows = list(rows)
    values = [row["consumption"] for row in rows]
    with localcontext() as exact:
        exact.prec = 60
        total = None if None in values else plain(sum(map(Decimal, values), Decimal(0)))
    return {
        "consumption": total,
        "quality": max((row["quality"] for row in rows), key=_QUALITIES.index),
        **{
            name: sum(row[name] for row in rows)
            for name in ("count", "estimated", "suspects", "rollovers", "faults")
        },
    }
