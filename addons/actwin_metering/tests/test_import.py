import base64
import io

from openpyxl import Workbook, load_workbook

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import HttpCase, new_test_user, tagged

from ..core.imports.kinds import KINDS
from .common import MeteringCase
from .import_common import ImportCase

HEADERS = (
    "Nokta kodu\tAd\tTür\tSözleşme gücü (kW)\tKanallar\tSayaç no\tHane\tAT\tİlk endeks"
    "\tAbone\tAbone no\tEnlem"
)


def good_row(n):
    return (
        f"N{n:04}\tAtölye {n}\tElektrik\t1.234,5\t1.8.0, 5.8.0\tSN{n:05}\t6\t150/5\t10,5"
        f"\tFirma {n % 50}\tA{n % 50:03}\t38,4"
    )


def faulty_row(n):
    """Ten kinds of faults in turn."""
    row = good_row(n).split("\t")
    at, text = [
        (0, ""), (2, "buhar"), (3, "çok"), (4, "99.9.9"), (6, "99"), (7, "1/2/3"), (8, "-5"),
        (5, "1,2E+11"), (11, "138,4"), (0, "N0000"),
    ][n // 10 % 10]  # fmt: skip
    row[at] = text
    return "\t".join(row)


@tagged("post_install", "-at_install")
class TestImport(ImportCase):
    """Rows pasted by an operator: checked, imported, undone."""

    def test_thousand_rows_with_a_hundred_faulty_ones_and_back(self):
        before = self.counted()
        rows = [faulty_row(n) if n % 10 == 9 else good_row(n) for n in range(1000)]
        item, page = self.paste(HEADERS, *rows)
        self.assertEqual(page["counts"], {"good": 900, "faulty": 100})
        found = item.page(state="faulty")
        self.assertEqual(len(self.reasons(found)), 100)
        self.assertEqual(sum(reason["count"] for reason in page["reasons"]), 100)
        counts = self.run_all(item)
        self.assertEqual(counts, {"done": 900, "faulty": 100})
        after = self.counted()
        made = {name: after[name] - before[name] for name in before}
        self.assertEqual((made["actwin.point"], made["actwin.meter"]), (900, 900))
        self.assertEqual((made["actwin.channel"], made["actwin.subscriber"]), (1800, 45))
        self.env["actwin.point"].create({"name": "x", "code": "later", "site_id": self.site.id})
        removed, answer = self.undo_all(item)
        self.assertEqual((removed, answer["used"]), (900, []))
        self.assertEqual(self.counted(), before | {"actwin.point": before["actwin.point"] + 1})
        self.assertEqual(item.page()["counts"], {"undone": 900, "faulty": 100})

    def test_row_becomes_everything_it_says(self):
        group = self.env["actwin.point.group"].create({"name": "Doğu", "site_id": self.site.id})
        manager = new_test_user(self.env, "imp_m", groups="actwin_metering.group_manager")
        self.imports = self.imports.with_user(manager)
        item, page = self.paste(f"{HEADERS}\tGrup\tBeslendiği nokta\tGiriş tarihi",
                                f"{good_row(7)}\tdoğu\tP1\t01.02.2026")  # fmt: skip
        self.assertEqual(page["counts"], {"good": 1}, page["lines"])
        self.run_all(item)
        point = self.env["actwin.point"].search([("code", "=", "N0007")])
        self.assertEqual(point.contract_power_kw, 1234.5)
        self.assertEqual((point.group_ids, point.parent_id), (group, self.point))
        self.assertEqual(point.meter_id.serial, "SN00007")
        installation = point.installation_ids
        self.assertEqual((installation.multiplier, str(installation.date_from)),
                         (30, "2026-01-31 21:00:00"))  # fmt: skip
        self.assertEqual(installation.index_ids.opening_index, 10.5)
        self.assertEqual(point.subscriber_id.number, "A007")
        self.assertEqual(str(point.occupancy_ids.date_from), "2026-02-01")
        self.assertEqual(point.channel_ids.mapped("unit"), ["kWh", "kvarh"])

    def test_faulty_rows_are_mended_in_the_grid_and_imported_later(self):
        item, page = self.paste("Kod\tEnlem", "M1\t138", "M2\t38")
        self.assertEqual(page["lines"][0]["marks"].keys(), {1})
        self.run_all(item)
        item.edit([[page["lines"][0]["id"], 1, "38,5"]])
        self.assertEqual(item.page()["counts"], {"good": 1, "done": 1})
        self.run_all(item)
        self.assertEqual(self.env["actwin.point"].search([("code", "=", "M1")]).latitude, 38.5)

    def test_unknown_header_is_mapped_or_ignored(self):
        item, page = self.paste("Kod\tRumuz\tRenk", "M1\tDeğirmen\tkırmızı")
        self.assertEqual([column["name"] for column in page["columns"]], ["code", "", ""])
        item.map_column(1, "name")
        self.run_all(item)
        self.assertEqual(self.env["actwin.point"].search([("code", "=", "M1")]).name, "Değirmen")

    def test_points_feed_each_other_in_any_order(self):
        item, page = self.paste(
            "Kod\tBeslendiği nokta", "C\tB", "B\tA", "A\t", "L1\tL2", "L2\tL1", "X\tnowhere", "Y\tX"
        )
        self.assertEqual(page["counts"], {"good": 3, "faulty": 4})
        self.run_all(item)
        points = self.env["actwin.point"].search([("code", "in", ["A", "B", "C"])], order="code")
        self.assertEqual(points.parent_id.mapped("code"), ["A", "B"])

    def test_what_is_there_is_left_alone_or_updated_by_choice(self):
        item, page = self.paste("Kod\tAd\tm2", "P1\tNew name\t", "P9\tNine\t9")
        self.assertEqual(page["counts"], {"present": 1, "good": 1})
        item.set_policy("update")
        self.assertEqual(self.run_all(item), {"updated": 1, "done": 1})
        self.assertEqual(self.point.name, "New name")
        self.assertEqual(item.undo()["removed"], 1)
        self.assertTrue(self.point.exists())

    def test_undo_refuses_what_is_used_and_then_keeps_just_that(self):
        item, _page = self.paste(HEADERS, *(good_row(n) for n in range(5)))
        self.run_all(item)
        used = self.env["actwin.point"].search([("code", "=", "N0002")])
        channel = used.channel_ids[:1]
        self.send(("2026-03-02 09:00:00", "1"), channel=channel)
        before = self.counted()
        result = item.undo()
        self.assertEqual(result["removed"], 0)
        self.assertEqual([row["number"] for row in result["used"]], [4])
        self.assertEqual(self.counted(), before)
        removed, _answer = self.undo_all(item, partial=True)
        self.assertEqual(removed, 4)
        self.assertTrue(used.exists() and used.meter_id and used.subscriber_id.partner_id)
        self.assertEqual(self.env["actwin.meter"].search_count([("serial", "=like", "SN%")]), 1)

    def test_hidden_and_foreign_points_are_not_touched(self):
        other = self.create_site(code="TS2")
        self.create_point(code="F1", site_id=other.id)
        _item, page = self.paste("Kod\tSite", "F1\tTS2", "F2\tTS1")
        self.assertIn("TS1", self.reasons(page)[2])
        self.assertEqual(page["counts"], {"faulty": 1, "good": 1})

    def test_who_may_not_import(self):
        technician = new_test_user(self.env, "imp_tech", groups="actwin_metering.group_technician")
        with self.assertRaises(AccessError):
            self.imports.with_user(technician).start("point", self.site.id, "Kod\tAd\nX\tY")
        bound = new_test_user(self.env, "imp_bound", groups="actwin_metering.group_operator")
        bound.write({"actwin_access": "bound", "actwin_point_ids": self.point.ids})
        with self.assertRaises(AccessError):
            self.imports.with_user(bound).start("point", self.site.id, "Kod\tAd\nX\tY")
        item, _page = self.paste("Kod\tAd", "X\tY")
        for call in ("run", "undo", "page"):
            with self.assertRaises(AccessError):
                getattr(item.with_user(technician), call)()
            with self.assertRaises(AccessError):
                getattr(item.with_user(bound), call)()
        for model in ("actwin.import", "actwin.import.line", "actwin.import.record"):
            for right in ("create", "write", "unlink"):
                self.assertFalse(self.env[model].with_user(self.operator).has_access(right))

    def test_subscribers_with_their_facts(self):
        tag = self.env["actwin.subscriber.tag"].create({"name": "VIP"})
        item, page = self.paste(
            "Unvan\tVKN\tEtiket\tAda\tParsel\tYetkili\tYetkili telefonu\tNokta kodu\tAdres",
            "Işık A.Ş.\t4561000012\tvip\t1204\t8\tAyşe\t+90 555 111 22 33\tP1\tSanayi 1",
            "Işık Ltd.\t4561000013\t\t\t\t\t\t\t",
            kind="subscriber",
        )
        self.assertEqual(page["counts"], {"good": 1, "faulty": 1}, page["lines"])
        self.run_all(item)
        subscriber = self.point.subscriber_id
        self.assertEqual((subscriber.partner_id.name, subscriber.parcel), ("Işık A.Ş.", "1204/8"))
        self.assertEqual((subscriber.tag_ids, subscriber.authorised_partner_id.phone),
                         (tag, "+90 555 111 22 33"))  # fmt: skip
        item.undo()
        self.assertFalse(self.point.subscriber_id)

    def test_workbook_and_csv_go_the_same_way(self):
        book = Workbook()
        for row in (["Kod", "Ad", "Enlem"], ["F1", "Atölye", 38.4192], ["F2", "Depo", 138]):
            book.active.append(row)
        data = io.BytesIO()
        book.save(data)
        csv = "Kod;Ad;Enlem\nF3;Şişli;38,5\n".encode("cp1254")
        for name, content, expected in (
            ("a.xlsx", data.getvalue(), {"good": 1, "faulty": 1}),
            ("a.csv", csv, {"good": 1}),
        ):
            encoded = base64.b64encode(content).decode()
            page = self.imports.start_file("point", self.site.id, name, encoded)
            self.assertEqual(page["counts"], expected)
            self.run_all(self.imports.browse(page["id"]))
        points = self.env["actwin.point"].search([("code", "in", ["F1", "F3"])], order="code")
        self.assertEqual(points.mapped("latitude"), [38.4192, 38.5])
        with self.refused("Excel 97"):
            old = base64.b64encode(b"\xd0\xcf\x11\xe0").decode()
            self.imports.start_file("point", self.site.id, "a.xls", old)

    def test_meters_hang_where_none_hangs(self):
        self.install("2026-01-01")
        self.create_point(code="P2")
        item, page = self.paste(
            "Seri no\tNokta\tTakılma tarihi", "S1\tP2\t01.03.2026 08:00", "S2\tP1\t01.03.2026",
            "S3\t\t", "S1\t\t", kind="meter",
        )  # fmt: skip
        self.assertEqual(page["counts"], {"good": 2, "faulty": 2}, page["lines"])
        self.run_all(item)
        meter = self.env["actwin.meter"].search([("serial", "=", "S1")])
        self.assertEqual(meter.point_id.code, "P2")
        self.assertEqual(str(meter.installation_ids.date_from), "2026-03-01 05:00:00")

    def test_faulty_rows_are_handed_back_with_reasons_and_without_formulas(self):
        item, _page = self.paste("Kod\tAd\tEnlem", "M1\t=1+1\t138", "M2\tx\t38")
        answer = item.rejects()
        self.assertTrue(answer["name"].endswith(".xlsx"))
        sheet = load_workbook(io.BytesIO(base64.b64decode(answer["content"]))).active
        self.assertEqual([cell.value for cell in sheet[1]][:3], ["Kod", "Ad", "Enlem"])
        self.assertEqual(sheet.max_row, 2)
        self.assertEqual([cell.value for cell in sheet[2]][:3], ["M1", "=1+1", "138"])
        self.assertEqual(sheet["B2"].data_type, "s")
        self.assertIn("Enlem" if self.env.lang == "tr_TR" else "Latitude", sheet["D2"].value)
        self.assertEqual([cell.fill.fgColor.rgb for cell in sheet[2]].count("FFF8D7DA"), 2)
        mended = self.upload(answer["content"], "point")
        self.assertEqual(mended["counts"], {"faulty": 1})

    def test_an_example_of_every_kind_goes_in_as_it_is(self):
        self.create_point(code="T01").channel_ids = [Command.create({"obis": "1.8.0"})]
        self.install("2020-01-01", channel=self.env["actwin.channel"].search([], order="id desc",
                     limit=1), meter_id=self.create_meter(serial="OLD").id)  # fmt: skip
        for kind in ("point", "subscriber", "meter", "reading"):
            answer = self.imports.example(kind, self.site.id)
            page = self.upload(answer["content"], kind)
            columns = [column["name"] for column in page["columns"]]
            self.assertNotIn("", columns, kind)
            faults = {line["reason"] for line in page["lines"]}
            self.assertEqual(page["total"], 1, (kind, faults))
            if kind == "reading":
                self.assertEqual(page["counts"], {"good": 1}, faults)

    def upload(self, content, kind):
        return self.imports.start_file(kind, self.site.id, "a.xlsx", content)

    def test_own_fields_are_columns(self):
        self.own("actwin.point", [
            {"name": "renk", "type": "selection", "string": "Renk",
             "selection": [["k", "Kırmızı"], ["m", "Mavi"]]},
            {"name": "guc", "type": "float", "string": "Trafo gücü"},
            {"name": "ilk", "type": "date", "string": "Devreye alma"},
            {"name": "kim", "type": "many2one", "string": "Kimin", "comodel": "res.partner"},
        ])  # fmt: skip
        self.env["res.partner"].create({"name": "Bakımcı Ltd"})
        item, page = self.paste(
            "Kod\tRENK\tTrafo gücü\tDevreye alma\tKimin",
            "O1\tkırmızı\t1.250,5\t31.12.2025\tBakımcı Ltd",
            "O2\tmor\t\t\tYok Ltd",
        )
        self.assertEqual(page["counts"], {"good": 1, "faulty": 1}, page["lines"])
        self.assertEqual(set(page["lines"][1]["marks"]), {1, 4})
        self.run_all(item)
        point = self.env["actwin.point"].search([("code", "=", "O1")])
        held = self.held(point)
        self.assertEqual((held["renk"], held["guc"], held["ilk"]), ("k", 1250.5, "2025-12-31"))
        self.assertEqual(point.properties["kim"].name, "Bakımcı Ltd")
        item, _page = self.paste("Kod\tRenk", "O1\tMavi", policy="update")
        self.run_all(item)
        held = self.held(point)
        self.assertEqual((held["renk"], held["guc"]), ("m", 1250.5))

    def held(self, record):
        """{name: raw value} of the own fields of a record."""
        return {
            one["name"]: one.get("value") for one in record.read(["properties"])[0]["properties"]
        }

    def own(self, model, definitions):
        found = self.env["properties.base.definition"]
        found._get_definition_for_property_field(
            model, "properties"
        ).properties_definition = definitions

    def test_own_fields_of_subscribers_follow_their_kind(self):
        shop, home = self.env["actwin.subscriber.kind"].create(
            [{"name": "Dükkan", "code": "K1"}, {"name": "Konut", "code": "K2"}]
        )
        shop.subscriber_properties_definition = [
            {"name": "p1", "type": "integer", "string": "Personel"}
        ]
        home.subscriber_properties_definition = [
            {"name": "p2", "type": "char", "string": "Personel"},
            {"name": "p3", "type": "boolean", "string": "Balkon"},
        ]
        item, page = self.paste(
            "Unvan\tAbone türü\tPersonel\tBalkon",
            "Bir\tDükkan\t12\t", "İki\tKonut\ton iki\tevet", "Üç\tDükkan\t\tevet",
            "Dört\t\t5\t", kind="subscriber",
        )  # fmt: skip
        self.assertEqual(page["counts"], {"good": 2, "faulty": 2}, page["lines"])
        self.run_all(item)
        found = self.env["actwin.subscriber"].search([("kind_id", "in", (shop + home).ids)])
        held = {one.partner_id.name: dict(one.properties) for one in found}
        self.assertEqual(held["Bir"]["p1"], 12)
        self.assertEqual((held["İki"]["p2"], held["İki"]["p3"]), ("on iki", True))

    def test_every_kind_keeps_the_contract(self):
        for kind in KINDS:
            model = self.env[f"actwin.import.kind.{kind}"]
            for method in ("_resolve", "_apply", "_undo", "_columns"):
                self.assertTrue(callable(getattr(model, method)), (kind, method))
            if isinstance(model, self.env.registry["actwin.import.kind.record"]):
                self.assertTrue(callable(model._create) and callable(model._update), kind)
                self.assertTrue(model._own_model, kind)


@tagged("post_install", "-at_install")
class TestImportTour(MeteringCase, HttpCase):
    def test_thousand_rows_pasted_in_the_browser(self):
        new_test_user(self.env, "paste_operator", groups="actwin_metering.group_operator")
        before = self.env["actwin.point"].search_count([])
        name = "actwin_metering_paste_a_thousand"
        self.start_tour("/odoo/paste", name, login="paste_operator", timeout=300)
        self.assertEqual(self.env["actwin.point"].search_count([]), before)
        states = self.env["actwin.import"].search([], limit=1).line_ids.mapped("state")
        self.assertEqual((states.count("undone"), states.count("faulty")), (900, 100))
