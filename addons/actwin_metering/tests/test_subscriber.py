from odoo.exceptions import ValidationError
from odoo.tests import Form, new_test_user, tagged

from .common import MeteringCase


@tagged("post_install", "-at_install")
class TestSubscriber(MeteringCase):
    """The facts of a subscriber, its own fields, groups, and what a duplicate takes over."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.operator = new_test_user(
            cls.env, "subs_operator", groups="actwin_metering.group_operator"
        )
        cls.kind = cls.env["actwin.subscriber.kind"].create({"name": "Mill", "code": "mill"})

    def create_subscriber(self, name="Mill One", **values):
        partner = self.env["res.partner"].create({"name": name})
        return self.env["actwin.subscriber"].create(
            {"partner_id": partner.id, "site_id": self.site.id, **values}
        )

    def test_operator_enters_every_fact_on_one_form(self):
        form = Form(self.env["actwin.subscriber"].with_user(self.operator))
        form.partner_id = self.env["res.partner"].create({"name": "Weaver"})
        form.site_id = self.site
        facts = {
            "phone": "+90 232 555 00 00", "fax": "+90 232 555 00 01", "email": "a@example.com",
            "tax_number": "4561000012", "iban": "TR33 0006 1005 1978 6457 8413 26",
            "street": "Sanayi Cd. 1", "city": "İzmir", "building": "B", "floor": "2", "door": "7",
            "parcel_sheet": "21K-IV", "parcel_block": "1204", "parcel_no": "8",
            "authorised_role": "plant manager",
        }  # fmt: skip
        for name, value in facts.items():
            setattr(form, name, value)
        subscriber = form.save()
        self.assertEqual({name: subscriber[name] for name in facts}, facts)
        self.assertEqual(subscriber.partner_id.city, "İzmir")
        found = self.env["actwin.subscriber"].search([("parcel", "ilike", "1204/8")])
        self.assertEqual(found, subscriber)

    def test_wrong_check_digits_are_refused(self):
        subscriber = self.create_subscriber()
        subscriber.partner_id.country_id = self.env.ref("base.tr")
        for field, wrong, right in (
            ("tax_number", "4561000013", "4561000012"),
            ("tax_number", "12345678951", "123 456 789 50"),
            ("iban", "TR330006100519786457841327", "TR330006100519786457841326"),
        ):
            with self.subTest(field), self.refused(wrong, ValidationError):
                subscriber[field] = wrong
            subscriber[field] = right

    def test_tax_numbers_of_other_countries_and_contacts_are_not_ours_to_judge(self):
        self.env["res.partner"].create({"name": "Nobody's", "vat": "123"})
        subscriber = self.create_subscriber()
        subscriber.partner_id.country_id = self.env.ref("base.de")
        subscriber.tax_number = "DE 123"
        with self.refused("DE 123", ValidationError):
            subscriber.partner_id.country_id = self.env.ref("base.tr")

    def test_twenty_own_fields_are_listed_searched_grouped_and_exported(self):
        definition = [
            {"name": f"own_{n}", "string": f"Own {n}", "type": "integer" if n % 2 else "char"}
            for n in range(20)
        ]
        self.kind.subscriber_properties_definition = definition
        mills = self.env["actwin.subscriber"]
        for crew in (5, 5, 90):
            values = {f"own_{n}": crew if n % 2 else f"text {crew}" for n in range(20)}
            mills += self.create_subscriber(kind_id=self.kind.id, properties=values)
        mine = mills.with_user(self.operator)
        shown = mine.web_search_read([("id", "in", mills.ids)], {"properties": {}})["records"]
        self.assertEqual([len(row["properties"]) for row in shown], [20] * 3)
        for n in (1, 19):
            self.assertEqual(mine.search([(f"properties.own_{n}", ">", 10)]), mills[2])
        groups = mine.formatted_read_group(
            [("kind_id", "=", self.kind.id)], ["properties.own_0"], ["__count"]
        )
        self.assertEqual(
            {row["properties.own_0"]: row["__count"] for row in groups}, {"text 5": 2, "text 90": 1}
        )
        names = ["number", *(f"properties.own_{n}" for n in range(20))]
        rows = mills.export_data(names)["datas"]
        self.assertEqual([row[1:3] for row in rows], [["text 5", 5], ["text 5", 5],
                                                      ["text 90", 90]])  # fmt: skip

    def test_favourite_is_kept_as_odoo_keeps_them(self):
        filters = self.env["ir.filters"].with_user(self.operator)
        filters.create_filter(
            {
                "name": "My mills",
                "model_id": "actwin.subscriber",
                "domain": "[('tag_ids', 'ilike', 'mill'), ('properties.own_1', '>', 3)]",
                "context": "{'group_by': ['kind_id', 'properties.own_0']}",
                "user_ids": [(6, 0, self.operator.ids)],
            }
        )
        self.assertIn("My mills", [f["name"] for f in filters.get_filters("actwin.subscriber")])

    def test_duplicated_subscriber_has_a_number_of_its_own_and_no_point(self):
        tag = self.env["actwin.subscriber.tag"].create({"name": "VIP"})
        subscriber = self.create_subscriber(kind_id=self.kind.id, tag_ids=tag.ids, door="4")
        self.env["actwin.occupancy"].create(
            {"point_id": self.point.id, "subscriber_id": subscriber.id, "date_from": "2026-01-01"}
        )
        twin = subscriber.copy()
        self.assertNotEqual(twin.number, subscriber.number)
        self.assertEqual((twin.kind_id, twin.tag_ids, twin.door), (self.kind, tag, "4"))
        self.assertFalse(twin.occupancy_ids)

    def test_duplicated_point_has_empty_channels_and_no_meter(self):
        self.install("2026-01-01")
        self.create_channel(obis="rest", kind="virtual")
        own_key = self.create_channel(obis=False, key="anything:X9")
        self.send(("2026-03-02 09:00:00", "1"))
        twins = self.point.copy() + self.point.with_user(self.operator).copy()
        self.assertEqual(twins.mapped("code"), ["P1-2", "P1-3"])
        self.assertFalse(twins.installation_ids or twins.occupancy_ids)
        self.assertEqual(
            sorted(twins.channel_ids.mapped("key")),
            ["TS1/P1-2:1.8.0", "TS1/P1-2:X9", "TS1/P1-3:1.8.0", "TS1/P1-3:X9"],
        )
        self.assertFalse(twins.channel_ids.filtered("last_ts"))
        self.assertTrue(self.channel.last_ts and own_key.key)
