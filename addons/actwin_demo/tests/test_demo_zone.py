from odoo.tests import TransactionCase, tagged

TENANTS = {f"T{number:02d}" for number in range(1, 13)}


@tagged("post_install", "-at_install")
class TestDemoZone(TransactionCase):
    """The zone is complete: nothing a billing run or the collector needs is missing."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.site = cls.env.ref("actwin_demo.site_osb")
        cls.points = cls.env["actwin.point"].search([("site_id", "=", cls.site.id)])

    def test_company_keeps_turkish_books(self):
        company = self.site.company_id
        self.assertEqual((company.chart_template, company.currency_id.name), ("tr", "TRY"))

    def test_every_tenant_has_subscriber_meter_and_subscription(self):
        tenants = self.points.filtered(lambda point: point.role == "sub")
        self.assertEqual(set(tenants.mapped("code")), TENANTS)
        self.assertTrue(all(point.subscriber_id and point.meter_id for point in tenants))
        subscriptions = self.env["actwin.subscription"].search([("site_id", "=", self.site.id)])
        self.assertEqual(subscriptions.point_id, tenants)

    def test_tariffs_carry_the_levy_of_their_group_and_vat(self):
        rates = {
            tariff.code: (tariff.levy_tax_id.amount, tariff.vat_tax_id.amount)
            for tariff in self.env["actwin.subscription"].search([
                ("site_id", "=", self.site.id)
            ]).tariff_id
        }
        self.assertEqual(
            rates,
            {"SAN-AG-3Z": (1, 20), "SAN-OG-CT-3Z": (1, 20), "HIZ-AG-3Z": (5, 20)},
        )

    def test_every_device_delivers_to_channels_of_its_own_point(self):
        parameters = self.env["actwin.device.parameter"].search([
            ("site_id", "=", self.site.id)
        ])
        self.assertEqual(len(parameters.device_id), 16)
        for parameter in parameters:
            self.assertEqual(parameter.channel_id.point_id.code, parameter.device_id.key)

    def test_main_meter_feeds_every_other_electricity_point(self):
        main = self.env.ref("actwin_demo.point_main")
        electric = self.points.filtered(lambda point: point.commodity == "electricity")
        self.assertEqual(main.child_ids, electric - main)
        self.assertEqual(main.installation_ids.multiplier, 400)
