"""The palette: one small rule per component kind.

A rule gets a ``Context`` and a component and answers the charges of one span. A new kind is a new
entry in ``KINDS``; one that looks at the amounts of other lines stands in ``DERIVED`` as well.
"""

from . import derived, fixed, market, measured, netting, sessions

KINDS = {
    "energy": measured.energy,
    "distribution": measured.energy,
    "pass_through": measured.energy,
    "market": market.market,
    "netting": netting.netting,
    "feed_in": netting.feed_in,
    "capacity": fixed.capacity,
    "excess_demand": fixed.excess_demand,
    "fixed_month": fixed.fixed_month,
    "fixed_day": fixed.fixed_day,
    "reactive_inductive": measured.reactive_energy,
    "reactive_capacitive": measured.reactive_energy,
    "session_energy": sessions.energy,
    "session_idle": sessions.idle,
    "session_fee": sessions.fee,
    "discount": derived.discount,
    "surcharge": derived.surcharge,
    "minimum": derived.minimum,
    "formula": derived.formula,
}
DERIVED = ("discount", "surcharge", "minimum", "formula")
"""Kinds that are worked out last, in their order, because they need the amounts before them."""
