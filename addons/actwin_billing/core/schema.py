"""JSON → plain values. Unknown or missing facts are refused with the path of the mistake."""

from decimal import Decimal

from . import model
from .answer import VERSION
from .components import KINDS
from .errors import CaseError
from .money import MODES
from .reader import Reader, number
from .transformer import MODES as LOSS_MODES

PRORATIONS = ("none", "days30", "days_in_month")


def _tax_keys(reader):
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
        price=reader.decimal("price", required=True),
        label=reader.text("label"),
        unit=reader.text("unit", "kWh"),
        quantity=reader.text("quantity", model.ACTIVE),
        band=reader.text("band"),
        taxes=_tax_keys(reader),
        proration=reader.choice("proration", PRORATIONS, "days_in_month"),
        limits=reader.items("limits", _limit),
        exempt_up_to_kva=reader.decimal("exempt_up_to_kva"),
        missing_rule=reader.choice("missing_rule", ("none", "ninety_percent"), "none"),
    )
    reader.done()
    return component


def _version(data, path):
    reader = Reader(data, path)
    version = model.Version(
        valid_from=reader.when("valid_from"),
        valid_to=reader.when("valid_to", required=False),
        components=reader.items("components", _component, required=True),
        key=reader.text("key"),
    )
    reader.done()
    keys = [component.key for component in version.components]
    if len(set(keys)) != len(keys):
        raise CaseError(f"{path}.components", "two components have the same key")
    return version


def _tax(data, path):
    reader = Reader(data, path)
    tax = model.Tax(
        key=reader.text("key", required=True),
        rate=reader.decimal("rate", required=True),
        label=reader.text("label"),
        include_in_base=reader.flag("include_in_base"),
        rounding=reader.choice("rounding", ("total", "line"), "total"),
    )
    reader.done()
    return tax


def _transformer(data, path):
    reader = Reader(data, path)
    transformer = model.Transformer(
        mode=reader.choice("mode", LOSS_MODES),
        no_load_kw=reader.decimal("no_load_kw", Decimal(0)),
        load_kw=reader.decimal("load_kw", Decimal(0)),
        rated_kva=reader.decimal("rated_kva", Decimal(0)),
        cos_phi=reader.decimal("cos_phi", Decimal("0.95")),
        percent=reader.decimal("percent", Decimal(0)),
        hours=reader.decimal("hours"),
    )
    reader.done()
    return transformer


def _subscriber(data, path):
    reader = Reader(data, path)
    transformer = reader.get("transformer")
    subscriber = model.Subscriber(
        contract_kw=reader.decimal("contract_kw"),
        connection_kva=reader.decimal("connection_kva"),
        reactive_exempt=reader.flag("reactive_exempt"),
        reactive_waiver=reader.text("reactive_waiver"),
        transformer=model.Transformer() if transformer is None
        else _transformer(transformer, reader.at("transformer")),
    )
    reader.done()
    return subscriber


def _quantities(data, path):
    if not isinstance(data, dict):
        raise CaseError(path, "must be an object")
    return {
        key: None if value is None else number(value, f"{path}.{key}")
        for key, value in data.items()
    }


def _segment(data, path):
    reader = Reader(data, path)
    segment = model.Segment(
        reader.when("start"), reader.when("end"),
        _quantities(reader.get("quantities", required=True), reader.at("quantities")),
    )
    reader.done()
    return segment


def _adjustment(data, path):
    reader = Reader(data, path)
    adjustment = model.Adjustment(
        key=reader.text("key", required=True),
        amount=reader.decimal("amount", required=True),
        label=reader.text("label"),
        taxes=_tax_keys(reader),
        quantity=reader.decimal("quantity", Decimal(1)),
        unit=reader.text("unit"),
        reason=reader.text("reason"),
    )
    reader.done()
    return adjustment


def _override(data, path):
    reader = Reader(data, path)
    override = model.Override(
        reader.decimal("amount", required=True), reader.text("reason", required=True)
    )
    reader.done()
    return override


def _rounding(data, path):
    reader = Reader(data, path)
    digits = {}
    for key, default in (("money", 2), ("quantity", 3)):
        digits[key] = reader.get(key, default)
        if type(digits[key]) is not int or not 0 <= digits[key] <= 8:
            raise CaseError(reader.at(key), "must be a whole number from 0 to 8")
    rounding = model.Rounding(reader.choice("mode", tuple(MODES), "half_up"), **digits)
    reader.done()
    return rounding


def _segments(reader, start, end):
    if ("quantities" in reader.data) == ("segments" in reader.data):
        raise CaseError("quantities", "give either quantities or segments")
    if "segments" in reader.data:
        return reader.items("segments", _segment)
    return (model.Segment(start, end, _quantities(reader.get("quantities"), "quantities")),)


def case_from(data):
    """Case of a parsed JSON object (see ``cli_price --help`` for the schema).

    Raises CaseError naming the path of the first mistake.
    """
    reader = Reader(data, "")
    if reader.get("schema", required=True) != VERSION:
        raise CaseError("schema", f"must be {VERSION}")
    period = Reader(reader.get("period", required=True), "period")
    start, end = period.when("start"), period.when("end")
    period.done()
    if not start < end:
        raise CaseError("period.end", "must be after period.start")
    tariff = Reader(reader.get("tariff", required=True), "tariff")
    versions = tariff.items("versions", _version, required=True)
    tariff.text("name")
    tariff.done()
    overrides = reader.get("overrides", {})
    if not isinstance(overrides, dict):
        raise CaseError("overrides", "must be an object")
    case = model.Case(
        start=start, end=end, segments=_segments(reader, start, end), versions=versions,
        taxes=reader.items("taxes", _tax),
        subscriber=_subscriber(reader.get("subscriber", {}), "subscriber"),
        adjustments=reader.items("adjustments", _adjustment),
        overrides={key: _override(value, f"overrides.{key}") for key, value in overrides.items()},
        rounding=_rounding(reader.get("rounding", {}), "rounding"),
        currency=reader.text("currency", "TRY"),
    )
    reader.done()
    _check_tax_keys(case)
    return case


def _check_tax_keys(case):
    known = {tax.key for tax in case.taxes}
    items = [item for version in case.versions for item in version.components]
    for item in [*items, *case.adjustments]:
        for key in item.taxes:
            if key not in known:
                raise CaseError(f"taxes of {item.key}", f"no tax {key!r} is defined")
