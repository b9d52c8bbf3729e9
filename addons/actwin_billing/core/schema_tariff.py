"""The tariff of a case from JSON: versions, components, taxes."""

from decimal import Decimal

from . import model
from .errors import CaseError
from .kinds import KINDS
from .kinds.market import WAYS
from .kinds.netting import MODES as NETTING
from .kinds.tiers import PERIODS as TIER_PERIODS
from .reader import Reader, decimals
from .schema_calendar import calendar_of as _calendar

PRORATIONS = ("none", "days30", "days_in_month")


def tax_keys(reader):
    return reader.items("taxes", lambda value, path: Reader({"key": value}, path).text("key"))


def _limit(data, path):
    reader = Reader(data, path)
    limit = model.Limit(reader.decimal("ratio", required=True), reader.decimal("below_kva"))
    reader.done()
    return limit


def _component(data, path):
    reader = Reader(data, path)
    component = model.Component(
        key=reader.text("key", required=True),
        kind=reader.choice("kind", tuple(KINDS)),
        price=reader.decimal("price", Decimal(0) if reader.data.get("tiers") else None),
        label=reader.text("label"),
        unit=reader.text("unit", "kWh"),
        quantity=reader.text("quantity", model.ACTIVE),
        band=reader.text("band"),
        taxes=tax_keys(reader),
        proration=reader.choice("proration", PRORATIONS, "days_in_month"),
        limits=reader.items("limits", _limit),
        exempt_up_to_kva=reader.decimal("exempt_up_to_kva"),
        missing_rule=reader.choice("missing_rule", ("none", "ninety_percent"), "none"),
        less=decimals(reader, "less"),
        tiers=reader.items("tiers", _tier),
        tier_period=reader.choice("tier_period", TIER_PERIODS, "day"),
        tier_per_unit=reader.flag("tier_per_unit"),
        market=_market(reader),
        of=reader.items("of", lambda value, place: Reader({"key": value}, place).text("key")),
        formula=reader.text("formula"),
        netting=reader.choice("netting", NETTING, "period"),
    )
    reader.done()
    _check_kind(component, path)
    return component


def _check_kind(component, path):
    """What one kind needs and another cannot use."""
    if component.price is None:
        raise CaseError(f"{path}.price", "is missing")
    if component.kind == "market" and component.market is None:
        raise CaseError(f"{path}.market", "is missing")
    if component.kind == "formula" and not component.formula:
        raise CaseError(f"{path}.formula", "is missing")
    if component.kind in ("discount", "surcharge", "minimum") and not component.of:
        raise CaseError(f"{path}.of", "name the components it is taken of")
    limits = [tier.up_to for tier in component.tiers]
    if None in limits[:-1] or limits[:-1] != sorted(limits[:-1]) or (
        len(limits) > 1 and limits[-1] is not None and limits[-1] <= limits[-2]
    ) or len({tier.key for tier in component.tiers}) != len(limits):
        raise CaseError(f"{path}.tiers", "need keys of their own and limits that rise")


def _tier(data, path):
    reader = Reader(data, path)
    tier = model.Tier(
        key=reader.text("key", required=True),
        price=reader.decimal("price", required=True),
        up_to=reader.decimal("up_to"),
        label=reader.text("label"),
    )
    reader.done()
    return tier


def _market(parent):
    if parent.get("market") is None:
        return None
    reader = Reader(parent.data["market"], parent.at("market"))
    market = model.Market(
        reader.decimal("ptf", Decimal(1)), reader.decimal("yekdem", Decimal(1)),
        reader.choice("by", WAYS, ""))
    reader.done()
    return market


def version(data, path):
    reader = Reader(data, path)
    found = model.Version(
        valid_from=reader.when("valid_from"),
        valid_to=reader.when("valid_to", required=False),
        components=reader.items("components", _component, required=True),
        key=reader.text("key"),
        calendar=_calendar(reader),
    )
    reader.done()
    keys = [component.key for component in found.components]
    if len(set(keys)) != len(keys):
        raise CaseError(f"{path}.components", "two components have the same key")
    return found


def tax(data, path):
    reader = Reader(data, path)
    found = model.Tax(
        key=reader.text("key", required=True),
        rate=reader.decimal("rate", required=True),
        label=reader.text("label"),
        include_in_base=reader.flag("include_in_base"),
        rounding=reader.choice("rounding", ("total", "line"), "total"),
    )
    reader.done()
    return found
