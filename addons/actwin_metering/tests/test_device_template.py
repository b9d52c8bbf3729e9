import base64

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from ..core import register_map
from .common import CollectorCase

_TOML = """
name = "Analyser X"
manufacturer = "Maker"
function = 4

[[register]]
name = "energy"
address = 100
type = "uint32"
scale = "0.1"
unit = "Wh"
obis = "1-0:1.8.0"
aliases = ["1.8.0"]
no_value = [4294967295]
bits = { "0" = "alarm", "3" = "door" }
monotonic = true
of_a_later_version = ["x", 1]

[[register]]
name = "voltage"
address = 0
type = "float32"
unit = "V"
"""


@tagged("post_install", "-at_install")
class TestDeviceTemplate(CollectorCase):
    """Types of devices: shipped ones, imported maps, and what applying one does (B51)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.staff("manager")
        cls.templates = cls.env["actwin.device.template"].with_user(cls.manager)
        cls.files = cls.env["actwin.template.file"].with_user(cls.manager)

    def load(self, text, filename="x.toml"):
        data = text if isinstance(text, bytes) else text.encode()
        file = self.files.create({"file": base64.b64encode(data), "filename": filename})
        return self.templates.browse(file.action_import()["res_id"])

    def test_shipped_templates_are_there_and_stay_as_they_are(self):
        shipped = self.templates.search([("code", "=", "eastron_sdm630")])
        self.assertEqual(shipped._device_settings(), {"map": "eastron_sdm630"})
        self.assertGreater(shipped.register_count, 10)
        for attempt in (lambda: shipped.write({"name": "x"}), shipped.unlink):
            with self.assertRaises(UserError):
                attempt()
        before = self.templates.search_count([])
        self.env["actwin.device.template"]._load_shipped()
        self.assertEqual(self.templates.search_count([]), before)
        copy = shipped.copy()
        copy.name = "My own"
        self.assertEqual((copy.shipped, copy.register_count), (False, shipped.register_count))

    def test_import_and_export_give_the_same_map(self):
        template = self.load(_TOML)
        head, rows = template._as_map()
        self.assertEqual((head["name"], head["function"]), ("Analyser X", 4))
        self.assertEqual(register_map.read(register_map.to_toml(head, rows)), (head, rows))
        again = self.load(register_map.to_csv(rows), "analyser.csv")
        self.assertEqual((again.name, again._as_map()[1]), ("analyser", rows))
        for action in (template.action_export_toml(), template.action_export_csv()):
            self.assertIn("download=true", action["url"])

    def test_files_that_are_no_map_are_refused_in_words(self):
        cases = {
            "name = ": "TOML",
            'register = "x"': "tables",
            "[[register]]\naddress = 1": "no name",
            '[[register]]\nname = "x"\naddress = 70000': "70000",
            '[[register]]\nname = "x"\nscale = "much"': "much",
            '[[register]]\nname = "x"\naddress = "one"': "one",
            'name = ["x"]': "kind",
        }
        for text, word in cases.items():
            with self.subTest(text=text), self.refused(word):
                self.load(text)
        for data, name in ((b"\xff\xfe\x00", "x.toml"), ("a,b\n1,2", "x.csv"), ("", "x.csv")):
            with self.subTest(name=name), self.assertRaises(UserError):
                self.load(data, name)

    def test_spreadsheet_columns_with_other_separators(self):
        template = self.load("\ufeffname;address;type;unit\nenergy;7;int32;Wh\n;;;\n"[:-4], "x.csv")
        self.assertEqual(template.register_ids.mapped("address"), [7])

    def test_apply_makes_channels_and_registers(self):
        template = self.load(_TOML)
        device = self.create_device("D5", settings={"pause": 1})
        point = self.create_point(code="P5")
        wizard = (
            self.env["actwin.template.apply"]
            .with_user(self.manager)
            .create({"template_id": template.id, "device_id": device.id, "point_id": point.id})
        )
        self.assertEqual(wizard.line_ids.mapped("selected"), [True, False])
        wizard.line_ids.selected = True
        wizard.action_apply()
        self.assertEqual((device.driver, device.settings["pause"]), ("modbus", 1))
        self.assertEqual(len(device.settings["map"]["register"]), 2)
        channels = device.parameter_ids.channel_id
        self.assertEqual(channels.mapped("key"), ["TS1/P5:1.8.0", "TS1/P5:voltage"])
        self.assertEqual(channels.mapped("unit"), ["kWh", "V"])
        self.assertEqual(channels.mapped("kind"), ["index", "instant"])
        told = next(i for i in self.api.get_config("C1")["devices"] if i["key"] == "D5")
        self.assertEqual(told["settings"]["map"]["function"], 4)
        self.assertEqual(told["settings"]["map"]["register"][0]["scale"], "0.1")

    def test_the_form_lists_registers_as_soon_as_a_template_is_chosen(self):
        template = self.load(_TOML)
        point = self.create_point(code="P6")
        device = self.create_device("D6")
        action = device.with_user(self.manager).action_apply_template()
        wizards = self.env["actwin.template.apply"].with_user(self.manager)
        form = Form(wizards.with_context(**action["context"]))
        form.template_id = template
        form.point_id = point
        self.assertEqual(len(form.line_ids), 2)
        with form.line_ids.edit(1) as line:
            self.assertEqual(line.channel_key, "TS1/P6:voltage")
            line.selected = True
        form.save().action_apply()
        self.assertEqual(device.parameter_ids.mapped("register"), ["energy", "voltage"])

    def test_apply_keeps_known_registers_and_needs_a_point(self):
        template = self.load(_TOML)
        wizard = self.env["actwin.template.apply"].create(
            {"template_id": template.id, "device_id": self.device.id, "point_id": False}
        )
        self.assertEqual(wizard.line_ids.register_id.mapped("name"), ["voltage"])
        wizard.line_ids.selected = True
        with self.assertRaises(UserError):
            wizard.action_apply()
        wizard.line_ids.selected = False
        wizard.action_apply()
        self.assertEqual(self.device.parameter_ids.mapped("register"), ["energy"])

    def test_operators_read_templates_only(self):
        template = self.load(_TOML)
        operator = self.staff("operator")
        self.assertTrue(template.with_user(operator).read(["name"]))
        for attempt in (
            lambda: template.with_user(operator).write({"name": "x"}),
            lambda: template.register_ids.with_user(operator).write({"address": 1}),
            lambda: template.with_user(operator).action_export_toml(),
            lambda: self.env["actwin.template.apply"].with_user(operator).create({}),
        ):
            with self.assertRaises(AccessError):
                attempt()

    def test_shipped_registers_cannot_be_changed_one_by_one(self):
        shipped = self.templates.search([("code", "=", "eastron_sdm630")])
        for attempt in (
            lambda: shipped.register_ids[:1].write({"address": 1}),
            lambda: shipped.register_ids[:1].unlink(),
            lambda: shipped.register_ids.create({"template_id": shipped.id, "name": "x"}),
        ):
            with self.assertRaises(UserError):
                attempt()
