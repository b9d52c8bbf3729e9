"""JSON → plain values. Unknown or missing facts are refused with the path of the mistake."""

from . import facts
from .answer import VERSION
from .errors import CaseError
from .reader import Reader
from .schema_facts import (
    adjustment,
    market_prices,
    override,
    payable,
    profiles,
    quantities,
    rounding,
    segment,
    session,
    subscriber,
)
from .schema_tariff import tax, version

SPLITS = ("lines", "prices", "weighted")


def _segments(reader, start, end):
    if "profile" in reader.data and "segments" not in reader.data:
        reader.data.setdefault("quantities", {})
    if ("quantities" in reader.data) == ("segments" in reader.data):
        raise CaseError("quantities", "give either quantities or segments")
    if "segments" in reader.data:
        return reader.items("segments", segment)
    return (facts.Segment(start, end, quantities(reader.get("quantities"), "quantities")),)


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
    versions = tariff.items("versions", version, required=True)
    tariff.text("name")
    tariff.done()
    overrides = reader.get("overrides", {})
    if not isinstance(overrides, dict):
        raise CaseError("overrides", "must be an object")
    case = facts.Case(
        start=start, end=end, segments=_segments(reader, start, end), versions=versions,
        taxes=reader.items("taxes", tax),
        subscriber=subscriber(reader.get("subscriber", {}), "subscriber"),
        adjustments=reader.items("adjustments", adjustment),
        overrides={key: override(value, f"overrides.{key}") for key, value in overrides.items()},
        rounding=rounding(reader.get("rounding", {}), "rounding"),
        currency=reader.text("currency", "TRY"),
        profile=profiles(reader),
        market=market_prices(reader.get("market", {}), "market"),
        sessions=reader.items("sessions", session),
        payable=payable(reader),
        price_split=reader.choice("price_split", SPLITS, "lines"),
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
