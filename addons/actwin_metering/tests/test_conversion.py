import json
from datetime import datetime
from decimal import Decimal as D

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .common import MeteringCase

_START, _MIDDLE, _END = (datetime(2026, 2, 28, 21), datetime(2026, 3, 15, 21),
                         datetime(2026, 3, 31, 21))  # fmt: skip


@tagged("post_install", "-at_install")
class TestConversion(MeteringCase):
    """From the cubic metres of a gas meter to Sm³ and kWh, with dated parameters."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.point = cls.create_point(code="G1", commodity="gas")
        cls.gas = cls.create_channel(
            point_id=cls.point.id, obis="7-0:3.0.0", quantity="volume", unit="m³"
        )

    def give(self, name, value, since="2026-01-01", point=None):
        return self.env["actwin.conversion.parameter"].create(
            {
                "site_id": self.site.id,
                "point_id": point and point.id,
                "name": name,
                "value": value,
                "date_from": since,
                "source": "test",
            }
        )

    def example(self):
        """1,000 m³ at 300 mbar and 10 °C, 9155 kcal/Sm³, rounded as on a bill."""
        for name, value in (
            ("gauge", 300),
            ("temperature", 10),
            ("calorific", 9155),
            ("round_factor", 5),
            ("round_standard", 2),
            ("round_energy", 2),
        ):
            self.give(name, value)  # fmt: skip
        self.send((str(_START), "100"), (str(_END), "1100"), channel=self.gas)

    def converted(self, unit="kWh", channel=None):
        channel = channel or self.gas
        return channel._converted_between(_START, _END, unit)[channel.id]

    def test_worked_example(self):
        self.example()
        self.assertEqual(self.converted("m³")["quantity"], 1000)
        self.assertEqual(self.converted("Sm³")["quantity"], D("1318.96"))
        found = self.converted("kWh")
        self.assertEqual((found["quantity"], found["counted"]), (D("14033.94"), 1000))
        piece = json.loads(json.dumps(found["trace"]))[0]
        self.assertEqual(piece["parameters"]["gauge"]["value"], "300")
        self.assertEqual([step["unit"] for step in piece["steps"]], ["m³", "Sm³", "kWh"])
        self.assertEqual(piece["steps"][1]["factor"], "1.31896")

    def test_value_of_the_point_goes_before_that_of_the_site(self):
        self.example()
        self.give("gauge", 21, since="2020-01-01", point=self.point)
        self.give("temperature", 15, since="2026-01-02", point=self.point)
        self.assertEqual(self.converted("Sm³")["quantity"], D("1020.73"))

    def test_new_calorific_value_counts_from_its_day(self):
        self.give("calorific", 8604.2)
        self.give("calorific", 17208.4, since="2026-03-16")
        self.give("calorific", 1, since="2026-05-01")
        self.send((str(_START), "0"), (str(_MIDDLE), "10"), (str(_END), "40"), channel=self.gas)
        found = self.converted()
        self.assertEqual(found["quantity"], 10 * 10 + 30 * 20)
        self.assertEqual([piece["shared"] for piece in found["trace"]], [False, False])

    def test_register_read_monthly_is_shared_out_by_days(self):
        self.give("calorific", 8604.2)
        self.give("calorific", 17208.4, since="2026-03-16")
        self.send((str(_START), "0"), (str(_END), "31"), channel=self.gas)
        found = self.converted()
        self.assertEqual(found["quantity"], 15 * 10 + 16 * 20)
        self.assertTrue(found["trace"][0]["shared"])

    def test_meter_change_and_pulses(self):
        channel = self.create_channel(
            point_id=self.point.id, obis="pulse", unit="pulse", kind="interval"
        )
        self.give("pulse_weight", 0.1, point=self.point)
        self.send(("2026-03-02 10:00:00", "30"), ("2026-03-03 10:00:00", "12"), channel=channel)
        self.assertEqual(self.converted("m³", channel)["quantity"], D("4.2"))

    def test_what_is_missing_is_said(self):
        self.send((str(_START), "0"), channel=self.gas)
        self.assertIn("boundary", self.converted()["problem"])
        self.send((str(_END), "31"), channel=self.gas)
        found = self.converted()
        self.assertIsNone(found["quantity"])
        self.assertIn("calorific", found["problem"])
        self.assertIn("bushel", self.converted("bushel")["problem"])
        self.assertEqual(self.converted("Sm³")["quantity"], 31)

    def test_values_no_gas_has_are_refused(self):
        for name, value in (("z", 0), ("temperature", -300), ("round_energy", 9),
                            ("corrected", 0.5), ("calorific", -1)):  # fmt: skip
            with self.subTest(name), self.assertRaises(ValidationError):
                self.give(name, value)
        other = self.create_site(code="ELSEWHERE")
        with self.assertRaises(ValidationError):
            self.env["actwin.conversion.parameter"].create(
                {"site_id": other.id, "point_id": self.point.id, "name": "z", "value": 1,
                 "date_from": "2026-01-01"})  # fmt: skip
