# SPDX-License-Identifier: MIT
"""Value information of EN 13757-3: primary table and the FB and FD extension tables.

Each entry says what is measured, in which base unit, and the exact factor from the number on the
wire to that base unit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from ...units import EXACT, divided

NUMBER = "number"
UNSIGNED = "unsigned"
IDENTIFIER = "identifier"
DATE = "date"
DATETIME = "datetime"
EVENT_TIME = "event_time"
BITS = "bits"
# Bytes in a length-prefixed field that are no text: a maker's own, or a compact profile.
BLOCK = "block"
PROFILE = "profile"

_ONE = Decimal(1)
MINUTE, HOUR, DAY = Decimal(60), Decimal(3600), Decimal(86400)
_CUBIC_FOOT = Decimal("0.028316846592")
_US_GALLON = Decimal("0.003785411784")


@dataclass(frozen=True, slots=True)
class Vif:
    """Meaning of one value information field.

    ``factor`` multiplies the number on the wire, then ``offset`` is added; ``divisor`` other than 1
    is for the few units whose base unit is no decimal multiple (J/h, °F).
    """

    quantity: str
    unit: str = ""
    factor: Decimal = _ONE
    kind: str = NUMBER
    divisor: int = 1
    offset: Decimal = Decimal(0)

    @property
    def is_plain(self) -> bool:
        """Whether the value is the number on the wire times ``factor`` and nothing else."""
        return self.divisor == 1 and not self.offset

    def scaled(self, number: Decimal) -> Decimal:
        """Return a number from the wire in the base unit; exact unless there is a divisor."""
        product = EXACT.multiply(number, self.factor)
        if self.offset:
            product = EXACT.add(product, self.offset)
        return product if self.divisor == 1 else divided(product, self.divisor)


def _power(exponent: int, times: int | Decimal = 1) -> Decimal:
    return Decimal(times) * Decimal(1).scaleb(exponent)


def _span(
    start: int, exponents: Iterable[int], quantity: str, unit: str, times: int | Decimal = 1, **more
) -> dict[int, Vif]:
    """One entry per exponent: codes start, start+1, … mean ``unit`` × times × 10^exponent."""
    return {
        start + step: Vif(quantity, unit, _power(exponent, times), **more)
        for step, exponent in enumerate(exponents)
    }


def _durations(start: int, quantity: str, *steps: Decimal) -> dict[int, Vif]:
    return {start + n: Vif(quantity, "s", step) for n, step in enumerate(steps)}


def _plain(kind: str, names: dict[int, str]) -> dict[int, Vif]:
    return {code: Vif(name, kind=kind) for code, name in names.items()}


def _fahrenheit(start: int, quantity: str, unit: str = "°C") -> dict[int, Vif]:
    """Four codes in °F × 10^-3 …; a difference has no offset: °C = (5 × °F - 160) / 9."""
    offset = Decimal(-160 if unit == "°C" else 0)
    return _span(start, range(-3, 1), quantity, unit, 5, divisor=9, offset=offset)


_CLOCK = (_ONE, MINUTE, HOUR, DAY)

PRIMARY: dict[int, Vif] = {
    **_span(0x00, range(-3, 5), "energy", "Wh"),
    **_span(0x08, range(8), "energy", "J"),
    **_span(0x10, range(-6, 2), "volume", "m3"),
    **_span(0x18, range(-3, 5), "mass", "kg"),
    **_durations(0x20, "on_time", *_CLOCK),
    **_durations(0x24, "operating_time", *_CLOCK),
    **_span(0x28, range(-3, 5), "power", "W"),
    **_span(0x30, range(8), "power", "W", divisor=3600),
    **_span(0x38, range(-6, 2), "volume_flow", "m3/h"),
    **_span(0x40, range(-7, 1), "volume_flow", "m3/h", 60),
    **_span(0x48, range(-9, -1), "volume_flow", "m3/h", 3600),
    **_span(0x50, range(-3, 5), "mass_flow", "kg/h"),
    **_span(0x58, range(-3, 1), "flow_temperature", "°C"),
    **_span(0x5C, range(-3, 1), "return_temperature", "°C"),
    **_span(0x60, range(-3, 1), "temperature_difference", "K"),
    **_span(0x64, range(-3, 1), "external_temperature", "°C"),
    **_span(0x68, range(-3, 1), "pressure", "bar"),
    0x6C: Vif("date", kind=DATE),
    0x6D: Vif("datetime", kind=DATETIME),
    0x6E: Vif("heat_cost_allocation", "HCA"),
    0x6F: Vif("reserved"),
    **_durations(0x70, "averaging_duration", *_CLOCK),
    **_durations(0x74, "actuality_duration", *_CLOCK),
    0x78: Vif("fabrication_number", kind=IDENTIFIER),
    0x79: Vif("enhanced_identification", kind=IDENTIFIER),
    0x7A: Vif("bus_address", kind=UNSIGNED),
    0x7E: Vif("any"),
    0x7F: Vif("manufacturer_specific", kind=BLOCK),
}

EXTENSION_FB: dict[int, Vif] = {
    **_span(0x00, range(5, 7), "energy", "Wh"),
    **_span(0x02, range(3, 5), "reactive_energy", "varh"),
    **_span(0x04, range(3, 5), "apparent_energy", "VAh"),
    **_span(0x08, range(8, 10), "energy", "J"),
    **_span(0x0C, range(5, 9), "energy", "J", Decimal("4.1868")),
    **_span(0x10, range(2, 4), "volume", "m3"),
    **_span(0x14, range(0, 4), "reactive_power", "var"),
    **_span(0x18, range(5, 7), "mass", "kg"),
    **_span(0x1A, range(-1, 1), "relative_humidity", ""),
    0x20: Vif("volume", "m3", _CUBIC_FOOT),
    0x21: Vif("volume", "m3", _CUBIC_FOOT / 10),
    0x22: Vif("volume", "m3", _US_GALLON / 10),
    0x23: Vif("volume", "m3", _US_GALLON),
    0x24: Vif("volume_flow", "m3/h", _US_GALLON * 60 / 1000),
    0x25: Vif("volume_flow", "m3/h", _US_GALLON * 60),
    0x26: Vif("volume_flow", "m3/h", _US_GALLON),
    **_span(0x28, range(5, 7), "power", "W"),
    0x2A: Vif("phase_angle_voltage", factor=_power(-1)),
    0x2B: Vif("phase_angle_current", factor=_power(-1)),
    **_span(0x2C, range(-3, 1), "frequency", "Hz"),
    **_span(0x30, range(8, 10), "power", "W", divisor=3600),
    **_span(0x34, range(0, 4), "apparent_power", "VA"),
    **_fahrenheit(0x58, "flow_temperature"),
    **_fahrenheit(0x5C, "return_temperature"),
    **_fahrenheit(0x60, "temperature_difference", "K"),
    **_fahrenheit(0x64, "external_temperature"),
    **_fahrenheit(0x70, "temperature_limit"),
    **_span(0x74, range(-3, 1), "temperature_limit", "°C"),
    **_span(0x78, range(-3, 5), "cumulated_maximum_power", "W"),
}

EXTENSION_FD: dict[int, Vif] = {
    **_span(0x00, range(-3, 1), "credit", ""),
    **_span(0x04, range(-3, 1), "debit", ""),
    **_plain(
        UNSIGNED,
        {
            0x08: "access_number",
            0x1C: "baud_rate",
            0x1D: "response_delay_bit_times",
            0x1E: "retries",
            0x20: "first_cyclic_storage",
            0x21: "last_cyclic_storage",
            0x22: "storage_block_size",
            0x23: "tariff_subunit_descriptor",
            0x28: "storage_interval_months",
            0x29: "storage_interval_years",
            0x2B: "second_of_minute",
            0x38: "tariff_period_months",
            0x39: "tariff_period_years",
            0x60: "reset_counter",
            0x61: "cumulation_counter",
            0x63: "weekday",
            0x64: "week_number",
            0x6A: "cumulation_interval_months",
            0x6B: "cumulation_interval_years",
            0x6E: "battery_operating_months",
            0x6F: "battery_operating_years",
            0x75: "stop_counter",
        },
    ),
    **_plain(
        IDENTIFIER,
        {
            0x0B: "parameter_set",
            0x0C: "model_version",
            0x0D: "hardware_version",
            0x0E: "firmware_version",
            0x0F: "software_version",
            0x10: "customer_location",
            0x11: "customer",
            0x12: "access_code_user",
            0x13: "access_code_operator",
            0x14: "access_code_system_operator",
            0x15: "access_code_developer",
            0x16: "password",
        },
    ),
    **_plain(
        BITS,
        {
            0x17: "error_flags",
            0x18: "error_mask",
            0x19: "security_key",
            0x1A: "digital_output",
            0x1B: "digital_input",
            0x1F: "remote_control",
            0x2A: "operator_data",
            0x3B: "radio_container",
            0x62: "control_signal",
            0x66: "parameter_activation_state",
            0x67: "supplier_information",
            0x72: "daylight_saving",
            0x73: "listening_window",
            0x76: "manufacturer_container",
        },
    ),
    0x09: Vif("medium", kind=UNSIGNED),
    0x0A: Vif("manufacturer", kind=UNSIGNED),
    **_durations(0x24, "storage_interval", *_CLOCK),
    **_durations(0x2C, "duration_since_readout", *_CLOCK),
    0x30: Vif("tariff_start", kind=DATETIME),
    **_durations(0x31, "tariff_duration", MINUTE, HOUR, DAY),
    **_durations(0x34, "tariff_period", *_CLOCK),
    0x3A: Vif("dimensionless"),
    **_durations(0x3C, "transmission_interval", *_CLOCK),
    **_span(0x40, range(-9, 7), "voltage", "V"),
    **_span(0x50, range(-12, 4), "current", "A"),
    0x65: Vif("day_change_time", kind=DATETIME),
    **_durations(0x68, "duration_since_cumulation", HOUR, DAY),
    **_durations(0x6C, "battery_operating_time", HOUR, DAY),
    0x70: Vif("battery_change", kind=DATETIME),
    0x71: Vif("reception_level_dbm"),
    0x74: Vif("battery_remaining", "s", DAY),
}
