from odoo.tests import tagged

from .common import LossCase


@tagged("post_install", "-at_install")
class TestRegisters(LossCase):
    """Which registers add up to the energy of a point, each kWh once."""

    def registers(self, point):
        return [
            (self.env["actwin.channel"].browse(each.channel_id).obis, each.part, each.factor)
            for each in self.node._registers()
            if each.point_id == point.id
        ]

    def test_the_total_index_wins_over_bands_phases_and_profile(self):
        self.create_channel(self.tenant_a, "1.8.1", band="t1")
        self.create_channel(self.tenant_a, "21.8.0")
        self.create_channel(self.tenant_a, "1.29.0", kind="interval")
        self.assertEqual(self.registers(self.tenant_a), [("1.8.0", "child", "1")])

    def test_bands_add_up_without_a_total(self):
        self.tenant_a.channel_ids.active = False
        self.create_channel(self.tenant_a, "1.8.1", band="t1")
        self.create_channel(self.tenant_a, "1.8.2", band="t2")
        self.assertEqual(
            self.registers(self.tenant_a), [("1.8.1", "child", "1"), ("1.8.2", "child", "1")]
        )

    def test_units_become_kwh(self):
        self.main.channel_ids.unit = "MWh"
        self.tenant_a.channel_ids.unit = "Wh"
        self.assertEqual(self.registers(self.main), [("1.8.0", "main", "1000")])
        self.assertEqual(self.registers(self.tenant_a), [("1.8.0", "child", "0.001")])

    def test_units_reach_the_balance(self):
        self.main.channel_ids.unit = "MWh"
        self.fill_all(main=1)
        self.assertEqual(self.balance().main_kwh, 1000)

    def test_energy_fed_back_is_taken_off(self):
        export = self.create_channel(self.tenant_a, "2.8.0", quantity="active_export")
        self.fill_all()
        self.fill(export, 40)
        self.assertEqual(self.balance().children_kwh, 860)

    def test_a_generator_feeds_the_node(self):
        generator = self.create_point("G", role="generator", parent_id=self.main.id)
        self.fill(self.create_channel(generator, "1.8.0"), 7)  # its own use, seen from the grid
        self.fill(self.create_channel(generator, "2.8.0", quantity="active_export"), 200)
        self.fill_all()
        self.assertEqual(self.registers(generator), [("2.8.0", "generator", "1")])
        self.assertEqual(self.balance().main_kwh, 1200)

    def test_a_check_meter_counts_nothing(self):
        check = self.create_point("K", role="check", parent_id=self.main.id)
        self.create_channel(check)
        self.assertNotIn(check, self.node.child_point_ids)
        self.assertEqual(self.registers(check), [])

    def test_only_the_points_directly_below_count(self):
        grandchild = self.create_point("AA", parent_id=self.tenant_a.id)
        self.create_channel(grandchild)
        self.assertEqual(self.registers(grandchild), [])

    def test_reactive_and_voltage_registers_are_no_energy(self):
        self.create_channel(self.tenant_a, "5.8.0", quantity="reactive_inductive", unit="kVArh")
        self.create_channel(self.tenant_a, "32.7.0", quantity="voltage", kind="instant", unit="V")
        self.assertEqual(self.registers(self.tenant_a), [("1.8.0", "child", "1")])
