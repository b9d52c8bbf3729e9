"""Three-phase meters that measure a week, healthy or with one fault of wiring."""

import math
import random
from datetime import timedelta

from ..models.alarms import parameters_sql
from ..tools.decimals import array_literal
from .alarm_common import AlarmCase, at

END = at(24 * 20)
UNITS = {"u": "V", "i": "A", "p": "kW", "q": "kvar", "f": "Hz", "v": "°"}


class Meter:
    """What a meter shows every quarter of an hour; a fault changes it from a moment on."""

    def __init__(self, seed, fault=None, days=7, fault_days=99):
        self.random = random.Random(seed)
        self.fault, self.days, self.fault_days = fault, days, fault_days
        self.factor = self.random.uniform(0.85, 0.98)
        self.shares = [self.random.uniform(0.75, 1.25) for _phase in range(3)]
        self.size = self.random.uniform(3, 40)

    def rows(self):
        """(hours before the end, {signal: value}) of every quarter, oldest first."""
        energy = 0.0
        for quarter in range(self.days * 96, -1, -1):
            values = self.quarter(quarter)
            faulty = self.fault and quarter <= self.fault_days * 96
            if faulty:
                getattr(self, f"with_{self.fault}", lambda values: None)(values)
            if not (faulty and self.fault == "stopped"):
                energy += max(values["p"], 0) / 4
            values["energy"] = energy
            yield quarter / 4, values

    def quarter(self, quarter):
        hour = (-quarter / 4) % 24
        level = 0.35 + 0.65 * max(0.0, math.sin((hour - 6) / 15 * math.pi))
        level *= self.random.uniform(0.8, 1.2)
        values = {"f": self.random.gauss(50, 0.02), "v12": -120 + self.random.gauss(0, 1)}
        currents = []
        for phase in range(3):
            volt = self.random.gauss(230, 3)
            ampere = self.size * level * self.shares[phase] * self.random.uniform(0.85, 1.15)
            phi = math.acos(self.factor) + self.random.gauss(0, 0.03)
            currents.append((ampere, phi))
            self.put(values, phase + 1, volt, ampere, phi)
        values["i_n"] = abs(vector(currents)) * self.random.uniform(0.97, 1.03)
        return self.summed(values)

    def put(self, values, phase, volt, ampere, phi):
        values |= {
            f"u{phase}": volt,
            f"i{phase}": ampere,
            f"p{phase}": volt * ampere * math.cos(phi) / 1000,
            f"q{phase}": volt * ampere * math.sin(phi) / 1000,
        }

    def summed(self, values):
        values["p"] = sum(values[f"p{phase}"] for phase in (1, 2, 3))
        apparent = sum(values[f"u{phase}"] * values[f"i{phase}"] for phase in (1, 2, 3)) / 1000
        values["pf"] = values["p"] / apparent if apparent else 1
        return values

    def with_voltage_open(self, values):
        values |= {"u2": 3.0, "p2": 0.0, "q2": 0.0}
        self.summed(values)

    def with_current_open(self, values):
        values |= {"i3": 0.0, "p3": 0.0, "q3": 0.0}
        self.summed(values)

    def with_reversed(self, values):
        values |= {"p1": -values["p1"], "q1": -values["q1"]}
        self.summed(values)

    def with_swapped(self, values):
        """The current of phase 2 with the voltage of phase 1, and the other way round."""
        for phase, turn in ((1, 120), (2, -120)):
            ampere = values[f"i{3 - phase}"]
            phi = math.acos(self.factor) + math.radians(turn)
            self.put(values, phase, values[f"u{phase}"], ampere, phi)
        self.summed(values)

    def with_capacitor(self, values):
        for phase in (1, 2, 3):
            self.put(values, phase, values[f"u{phase}"], values[f"i{phase}"], -math.radians(60))
        self.summed(values)

    def with_export(self, values):
        for name in ("p1", "p2", "p3"):
            values[name] -= 1.5 * self.size * 0.23
        self.summed(values)

    def with_bypass(self, values):
        """Most of phase 1 goes past the meter, but comes back through the neutral."""
        values |= {name: values[name] * 0.2 for name in ("i1", "p1", "q1")}
        self.summed(values)

    def with_voltage_high(self, values):
        values["u3"] = 257.0

    def with_order(self, values):
        values["v12"] = 120.0

    def with_frequency(self, values):
        values["f"] = 48.5


def vector(currents):
    """Sum of three phase currents [(A, angle behind the voltage)…] as a complex number."""
    return sum(
        ampere * complex(math.cos(angle), math.sin(angle))
        for place, (ampere, phi) in enumerate(currents)
        for angle in [-math.radians(120) * place - phi]
    )


class ElectricCase(AlarmCase):
    """Points with channels for every signal, and a fast way to fill them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rules = cls.env["actwin.alarm.rule"].with_context(active_test=False)
        cls.rules = cls.rules.search([("code", "in", list(parameters_sql.RULES))])
        cls.rules.active = True

    def place(self, name, seed, fault=None, *, days=7, fault_days=99, end=END, **values):
        point = self.create_point(code=f"{name}-{seed}", **values)
        channels = {
            signal: self.create_channel(
                point_id=point.id,
                obis=codes[0],
                kind="instant",
                quantity={"u": "voltage", "i": "current", "p": "power"}.get(signal[0], "other"),
                unit="1" if signal == "pf" else UNITS[signal[0]],
                validation_group_id=False,
            )
            for signal, codes in parameters_sql.SIGNALS.items()
            if signal[0] != "a"
        }
        channels["energy"] = self.create_channel(
            point_id=point.id, digits=9, validation_group_id=False
        )
        self.fill(channels, Meter(seed, fault, days, fault_days), end)
        return point

    def fill(self, channels, meter, end):
        ids, moments, values = [], [], []
        for hours, row in meter.rows():
            moment = end - timedelta(hours=hours)
            for signal, value in row.items():
                ids.append(channels[signal].id)
                moments.append(f'"{moment}"')
                values.append(round(value, 4))
        self.env["actwin.reading.store"]._ensure_months([end, end - timedelta(days=20)])
        self.env.flush_all()
        self.env.cr.execute(
            "INSERT INTO actwin_reading (channel_id, ts, value)"
            " SELECT * FROM unnest(%s::int[], %s::timestamp[], %s::numeric[])"
            " ON CONFLICT (channel_id, ts) DO UPDATE SET value = excluded.value",
            [array_literal(ids), array_literal(moments), array_literal(values)],
        )
        self.env["actwin.reading.store"]._refresh_last([item.id for item in channels.values()])
        self.rollup._mark([channels["energy"].id])
        self.roll()

    def signals(self, point):
        """{signal: channel} of a point that ``place`` made."""
        names = {codes[0]: signal for signal, codes in parameters_sql.SIGNALS.items()}
        names["1.8.0"] = "energy"
        channels = point.channel_ids.filtered(lambda channel: channel.obis in names)
        return {names[channel.obis]: channel for channel in channels}

    def judge(self, *points, end=END):
        self.env["actwin.alarm.parameters"]._judge([point.id for point in points], end)

    def codes(self, point):
        return set(self.alarms(point_id=point.id, open=True).mapped("code"))
