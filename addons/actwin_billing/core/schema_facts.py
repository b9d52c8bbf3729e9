"""The facts of a case from JSON: subscriber, quantities, profiles, market prices, sessions."""

from decimal import Decimal

from . import facts
from .errors import CaseError
from .money import MODES
from .reader import Reader, decimals, number
from .schema_tariff import tax_keys
from .series import Series
from .transformer import MODES as LOSS_MODES


def _transformer(data, path):
    reader = Reader(data, path)
    transformer = facts.Transformer(
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


def subscriber(data, path):
    reader = Reader(data, path)
    transformer = reader.get("transformer")
    found = facts.Subscriber(
        contract_kw=reader.decimal("contract_kw"),
        connection_kva=reader.decimal("connection_kva"),
        reactive_exempt=reader.flag("reactive_exempt"),
        reactive_waiver=reader.text("reactive_waiver"),
        units=reader.decimal("units", Decimal(1)),
        facts=decimals(reader, "facts"),
        transformer=facts.Transformer() if transformer is None
        else _transformer(transformer, reader.at("transformer")),
    )
    reader.done()
    return found


def quantities(data, path):
    if not isinstance(data, dict):
        raise CaseError(path, "must be an object")
    return {
        key: None if value is None else number(value, f"{path}.{key}")
        for key, value in data.items()
    }


def segment(data, path):
    reader = Reader(data, path)
    found = facts.Segment(
        reader.when("start"), reader.when("end"),
        quantities(reader.get("quantities", required=True), reader.at("quantities")),
    )
    reader.done()
    return found


def adjustment(data, path):
    reader = Reader(data, path)
    found = facts.Adjustment(
        key=reader.text("key", required=True),
        amount=reader.decimal("amount", required=True),
        label=reader.text("label"),
        taxes=tax_keys(reader),
        quantity=reader.decimal("quantity", Decimal(1)),
        unit=reader.text("unit"),
        reason=reader.text("reason"),
    )
    reader.done()
    return found


def override(data, path):
    reader = Reader(data, path)
    found = facts.Override(
        reader.decimal("amount", required=True), reader.text("reason", required=True)
    )
    reader.done()
    return found


def rounding(data, path):
    reader = Reader(data, path)
    digits = {}
    for key, default in (("money", 2), ("quantity", 3)):
        digits[key] = reader.get(key, default)
        if type(digits[key]) is not int or not 0 <= digits[key] <= 8:
            raise CaseError(reader.at(key), "must be a whole number from 0 to 8")
    found = facts.Rounding(reader.choice("mode", tuple(MODES), "half_up"), **digits)
    reader.done()
    return found


def series(data, path):
    """Series of {start, minutes, values}; a null is a value that is not known."""
    reader = Reader(data, path)
    minutes = reader.get("minutes", 60)
    if minutes not in (15, 30, 60):
        raise CaseError(reader.at("minutes"), "must be 15, 30 or 60")
    found = Series(reader.when("start"), minutes, reader.items(
        "values", lambda value, place: None if value is None else number(value, place),
        required=True))
    reader.done()
    if found.start.minute * 60 + found.start.second and minutes == 60:
        raise CaseError(reader.at("start"), "must be a full hour")
    return found


def profiles(reader):
    """{register: Series}."""
    rows = reader.get("profile", {})
    if not isinstance(rows, dict):
        raise CaseError("profile", "must be an object")
    return {key: series(value, f"profile.{key}") for key, value in rows.items()}


def market_prices(data, path):
    reader = Reader(data, path)
    rows = {
        key: None if reader.get(key) is None else series(reader.data[key], reader.at(key))
        for key in ("ptf", "matched")
    }
    found = facts.MarketPrices(
        **rows, ptf_mean=reader.decimal("ptf_mean"),
        yekdem=tuple(sorted(reader.items("yekdem", _dated))))
    reader.done()
    return found


def _dated(data, path):
    reader = Reader(data, path)
    row = reader.when("valid_from"), reader.decimal("price", required=True)
    reader.done()
    return row


def session(data, path):
    reader = Reader(data, path)
    found = facts.Session(
        key=reader.text("key", required=True),
        start=reader.when("start"),
        end=reader.when("end"),
        kwh=reader.decimal("kwh", required=True),
        idle_minutes=reader.decimal("idle_minutes", Decimal(0)),
    )
    reader.done()
    if found.end < found.start:
        raise CaseError(f"{path}.end", "must not be before its start")
    return found


def payable(parent):
    if parent.get("payable") is None:
        return None
    reader = Reader(parent.data["payable"], "payable")
    found = facts.Payable(
        reader.decimal("step", required=True), reader.decimal("carry", Decimal(0)))
    reader.done()
    if found.step <= 0:
        raise CaseError("payable.step", "must be above zero")
    return found
