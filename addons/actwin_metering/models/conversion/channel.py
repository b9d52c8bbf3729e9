from decimal import Decimal

from odoo import models

from ...core.convert.errors import ConversionError
from ...core.convert.pieces import cuts, share
from ...core.convert.steps import convert, unit_name
from ...tools.decimals import plain
from .conversion_parameter import gas_state, rounding_of


class ActwinChannel(models.Model):
    """Consumption in another unit than the register counts in."""

    _inherit = "actwin.channel"

    def _converted_between(self, start_utc, end_utc, unit):
        """Consumption of ``(start_utc, end_utc]`` in a unit: gas in Sm³ or kWh, pulses in m³….

        The span is cut wherever a conversion parameter changes. A register that was not read at
        a cut has its consumption shared out by time, as suppliers do.

        :return: ``{channel_id: {'quantity': Decimal | None, 'unit', 'counted': Decimal | None,
            'counted_unit', 'trace': [{'start', 'end', 'counted', 'shared', 'parameters': {name:
            {'id', 'value', 'since', 'source'}}, 'steps': [{'name', 'factor', 'result',
            'unit'}…]}…], 'problem': text}}``. Figures of the trace are decimal text, so that it
            can be kept as JSON beside a bill. ``quantity`` is None with a ``problem``.
        """
        whole = self._consumption_between(start_utc, end_utc)
        parameters = self.env["actwin.conversion.parameter"]._of_points(self.point_id)
        spans = {
            channel: cuts(
                start_utc, end_utc, [item._starts() for item in parameters[channel.point_id]]
            )
            for channel in self
        }
        figures = self._consumed_pieces(spans, whole)
        return {
            channel.id: channel._convert_pieces(
                unit, whole[channel.id]["consumption"], figures[channel],
                parameters[channel.point_id],
            )
            for channel in self
        }  # fmt: skip

    def _consumed_pieces(self, spans, whole):
        """{channel: [(start, end, consumption | None, shared)…]}, channels of a span together."""
        by_span = {}
        for channel, pieces in spans.items():
            for piece in pieces if len(pieces) > 1 else ():
                by_span[piece] = by_span.get(piece, self.browse()) | channel
        read = {span: found._consumption_between(*span) for span, found in by_span.items()}
        result = {}
        for channel, pieces in spans.items():
            total = whole[channel.id]["consumption"]
            parts = [read[piece][channel.id]["consumption"] for piece in pieces if piece in read]
            shared = total is not None and (not parts and len(pieces) > 1 or None in parts)
            if shared:
                parts = share(total, pieces)
            elif not parts:
                parts = [total]
            result[channel] = [
                (*piece, part, shared) for piece, part in zip(pieces, parts, strict=True)
            ]
        return result

    def _convert_pieces(self, unit, total, pieces, parameters):
        result = {
            "quantity": None, "unit": unit, "counted": total, "counted_unit": self.unit,
            "trace": [], "problem": "",
        }  # fmt: skip
        if total is None:
            return result | {"problem": self.env._("No reading at the period's boundary.")}
        try:
            quantity = Decimal(0)
            for start, end, part, shared in pieces:
                holding = parameters._holding(start)
                weight = holding.get("pulse_weight")
                steps = convert(
                    part, self.unit, unit, gas_state(holding), weight and weight._exact(),
                    rounding_of(holding),
                )  # fmt: skip
                quantity += steps[-1].result
                result["trace"].append(_traced(start, end, part, shared, holding, steps))
        except ConversionError as error:
            return result | {"problem": self._conversion_problem(error)}
        return result | {"quantity": quantity, "unit": unit_name(unit)}

    def _conversion_problem(self, error):
        names = dict(
            self.env["actwin.conversion.parameter"]._fields["name"]._description_selection(self.env)
        )
        name = names.get(error.name, error.name)
        return {
            "unknown_unit": self.env._("Unit %s is not known.", name),
            "no_way": self.env._("There is no conversion %s.", name),
            "missing_parameter": self.env._("Not given for that time: %s.", name),
            "impossible_state": self.env._("This value cannot be: %s.", name),
        }[error.code]


def _traced(start, end, part, shared, holding, steps):
    return {
        "start": str(start),
        "end": str(end),
        "counted": plain(part),
        "shared": shared,
        "parameters": {
            name: {
                "id": item.id,
                "value": plain(item._exact()),
                "since": str(item.date_from),
                "source": item.source or "",
            }
            for name, item in sorted(holding.items())
        },
        "steps": [
            {
                "name": step.name,
                "factor": plain(step.factor),
                "result": plain(step.result),
                "unit": step.unit,
            }
            for step in steps
        ],
    }
