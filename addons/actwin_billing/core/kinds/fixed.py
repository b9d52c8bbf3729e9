"""What does not depend on energy: capacity, excess demand, fixed charges."""

from ..errors import MissingQuantity
from ..model import DEMAND
from ..money import text
from ..periods import days
from .base import Charge, month_count, span_share


def capacity(context, component):
    """Contract power × months of the span (dual-term tariffs)."""
    contract = context.case.subscriber.contract_kw
    if contract is None:
        raise MissingQuantity("the capacity charge needs contract_kw", register="contract_kw")
    share = month_count(context, component)
    return [Charge(contract * share, {"contract_kw": text(contract), "months": text(share)})]


def excess_demand(context, component):
    """(greatest demand of the period − contract power), never negative."""
    contract, demand = context.case.subscriber.contract_kw, context.whole.get(DEMAND)
    if contract is None:
        raise MissingQuantity("excess demand needs contract_kw", register="contract_kw")
    if demand is None or demand <= contract:
        return []
    over = span_share(context, demand - contract)
    return [Charge(over, {"demand_kw": text(demand), "contract_kw": text(contract)})]


def fixed_month(context, component):
    share = month_count(context, component)
    return [Charge(share, {"months": text(share), "proration": component.proration})]


def fixed_day(context, component):
    count = days(context.span.start, context.span.end)
    return [Charge(count, {"days": text(count)})]
