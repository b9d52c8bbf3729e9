# SPDX-License-Identifier: MIT
"""Transformer ratios: power, voltage and current of one meter must fit together."""

from __future__ import annotations

from decimal import Decimal

from ..protocol.modbus.testread import Tried
from .case import Case
from .finding import WARNING, Finding

# Power cannot exceed voltage times current; below so small a share no motor turns.
_MOST = Decimal("1.5")
_LEAST = Decimal("0.02")
_SMALLEST_POWER = 50


def ratio_finding(case: Case, checked: list[Tried]) -> Finding | None:
    """Return the finding when power is not that of voltages and currents, None when it fits."""
    values = {each.register.name: _scaled(case, each) for each in checked}
    apparent = sum(
        values[f"voltage_{phase}"] * values[f"current_{phase}"]
        for phase in ("l1", "l2", "l3")
        if values.get(f"voltage_{phase}") and values.get(f"current_{phase}")
    )
    power = values.get("active_power_total")
    if not apparent or not power or max(abs(power), abs(apparent)) < _SMALLEST_POWER:
        return None
    share = abs(power) / abs(apparent)
    if _LEAST <= share <= _MOST:
        return None
    factor = share if share > 1 else 1 / share
    return Finding(
        case.where, "ratio_mismatch",
        f"active power is {power:.0f} W, but voltage times current is {apparent:.0f} VA",
        f"They differ by about {factor:.3g}: one is before, the other behind a current or voltage "
        "transformer.",
        "Enter the transformer ratio once: in the meter, in the parameter's scale, or at the "
        "installation in Odoo.",
        "parameters.scale", severity=WARNING,
    )


def _scaled(case: Case, tried: Tried) -> Decimal:
    register = tried.register
    value = tried.value((register.word_order, register.byte_order))
    scale = next(
        (p.scale for p in case.device.parameters if p.register in register.names), Decimal(1)
    )
    return value * scale if isinstance(value, Decimal) else Decimal(0)
