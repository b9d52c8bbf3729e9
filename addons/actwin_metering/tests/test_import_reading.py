from datetime import datetime, timedelta

from odoo.tests import tagged

from ..core.epochs import epoch_of
from .import_common import ImportCase


@tagged("post_install", "-at_install")
class TestImportReading(ImportCase):
    """Readings in a table: matched, compared, doubted, taken through the ingest, withdrawn."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.group = cls.channel.validation_group_id
        cls.channel.validation_group_id = False
        cls.meter = cls.create_meter(serial="S1")
        cls.install("2026-01-01", meter_id=cls.meter.id)

    def import_readings(self, *rows, **values):
        item, page = self.paste(*rows, kind="reading", **values)
        return item, page, {line["number"]: line for line in page["lines"]}

    def readings(self, channel=None):
        """[(moment, value, quality, source)…] of a channel, oldest first."""
        self.env.cr.execute(
            "SELECT ts::text, value::text, quality, source FROM actwin_reading"
            " WHERE channel_id = %s ORDER BY ts",
            [(channel or self.channel).id],
        )
        return self.env.cr.fetchall()

    def versions(self):
        found = self.env["actwin.reading.version"].search(
            [("channel_id", "=", self.channel.id)], order="ts, id"
        )
        return [(one.kind, one.state, one.value, one.quality) for one in found]

    def test_by_meter_point_or_channel_in_the_sites_time(self):
        item, page, _lines = self.import_readings(
            "Sayaç no\tNokta\tKanal\tOBIS\tTarih\tSaat\tEndeks",
            "S1\t\t\t1.8.0\t01.03.2026\t07:15\t1.234,5",
            "\tP1\t\t1-0:1.8.0\t01.03.2026 08:15\t\t1.240",
            "\t\tTS1/P1:1.8.0\t\t2026-03-01\t24:00\t1.250,125",
            "S1\tP1\t\tAktif\t02.03.2026\t07:15\t1.260 kWh",
            "S1\t\t\t\t03.03.2026\t07:15\t1.270",
        )
        self.assertEqual(page["counts"], {"good": 5}, page["lines"])
        self.run_all(item)
        self.assertEqual(
            self.readings(),
            [
                ("2026-03-01 04:15:00", "1234.5", 0, 3),
                ("2026-03-01 05:15:00", "1240", 0, 3),
                ("2026-03-01 21:00:00", "1250.125", 0, 3),
                ("2026-03-02 04:15:00", "1260", 0, 3),
                ("2026-03-03 04:15:00", "1270", 0, 3),
            ],
        )
        self.assertEqual(self.channel.last_value, 1270)
        self.roll()
        days = dict(self.figures("day"))
        self.assertEqual(days["2026-03-02"], "9.875")

    def test_a_column_a_register(self):
        inductive = self.create_channel(obis="5.8.0", unit="kvarh", digits=6)
        item, page, lines = self.import_readings(
            "Sayaç no\tTarih\tAktif\t5.8.0\t1.8.1",
            "S1\t01.03.2026\t10\t5,5\t",
            "S1\t02.03.2026\t20\t\t",
            "S1\t03.03.2026\t30\t6\t7",
            "S1\t04.03.2026\t\t\t",
        )
        self.assertEqual(
            [column["name"] for column in page["columns"]],
            ["serial", "moment", "register:1.8.0", "register:5.8.0", "register:1.8.1"],
        )
        self.assertEqual(page["counts"], {"good": 2, "faulty": 2}, page["lines"])
        self.assertEqual(set(lines[4]["marks"]), {4})
        self.run_all(item)
        self.assertEqual([row[1] for row in self.readings()], ["10", "20"])
        self.assertEqual([row[1] for row in self.readings(inductive)], ["5.5"])

    def test_what_a_row_does_not_say_is_marked_in_its_cell(self):
        self.create_channel(obis="2.8.0", digits=6)
        self.create_point(code="P2")
        _item, page, lines = self.import_readings(
            "Sayaç no\tNokta\tOBIS\tTarih\tSaat\tEndeks",
            "S9\t\t1.8.0\t01.03.2026\t\t1",
            "\tP9\t1.8.0\t01.03.2026\t\t1",
            "S1\tP2\t1.8.0\t01.03.2026\t\t1",
            "S1\t\t\t01.03.2026\t\t1",
            "S1\t\t3.8.0\t01.03.2026\t\t1",
            "S1\t\t1.8.0\t31.12.2025 23:59\t\t1",
            "S1\t\t1.8.0\t01.03.2199\t\t1",
            "S1\t\t1.8.0\t01.03.1999\t\t1",
            "S1\t\t1.8.0\t01.03.2026 07:15\t08:15\t1",
            "S1\t\t1.8.0\t01.03.2026\t\t1 MWh",
            "S1\t\t1.8.0\t01.03.2026\t\t",
            "S1\t\t1.8.0\t01.03.2026\t\t123456,7",
            "\t\t1.8.0\t01.03.2026\t\t1",
            "\tP2\t1.8.0\t01.03.2026\t\t1",
            "S1\t\t1.8.0\t05.03.2026\t\t5",
            "S1\t\t1.8.0\t05.03.2026\t\t5",
        )
        self.assertEqual(page["counts"], {"faulty": 15, "good": 1}, page["lines"])
        marked = {number: set(line["marks"]) for number, line in lines.items()}
        self.assertEqual(
            [marked[number] for number in range(2, 18)],
            [{0}, {1}, {0}, {2}, {2}, {0}, {3}, {3}, {3}, {5}, {5}, {5}, {1}, {2}, set(), {5}],
        )

    def test_unit_of_the_header_counts_too(self):
        _item, page, _lines = self.import_readings(
            "Sayaç no\tTarih\tEndeks (MWh)", "S1\t01.03.2026\t12", "S1\t02.03.2026\t12 kWh"
        )
        self.assertEqual(page["counts"], {"faulty": 1, "good": 1}, page["lines"])

    def test_duplicates_and_conflicts_before_anything_is_taken(self):
        self.send(("2026-03-01 04:00:00", "100"), ("2026-03-02 04:00:00", "200"))
        rows = ("Sayaç no\tTarih\tEndeks", "S1\t01.03.2026 07:00\t100", "S1\t02.03.2026 07:00\t201")
        item, page, lines = self.import_readings(*rows)
        self.assertEqual(page["counts"], {"present": 1, "faulty": 1})
        self.assertIn("200", lines[3]["marks"][2])
        item.set_policy("update")
        self.assertEqual(item.page()["counts"], {"present": 1, "good": 1})
        self.assertEqual(self.run_all(item), {"present": 1, "updated": 1})
        self.assertEqual(self.readings()[1][1:], ("201", 3, 3))
        self.assertEqual(
            self.versions(),
            [("original", "superseded", 200, "0"), ("edit", "taken", 201, "3")],
        )
        removed, _answer = self.undo_all(item)
        self.assertEqual(removed, 1)
        self.assertEqual([row[1:] for row in self.readings()], [("100", 0, 1), ("200", 0, 1)])
        self.assertEqual(item.state, "undone")

    def test_implausible_figures_are_taken_once_confirmed(self):
        self.send(("2026-03-01 04:00:00", "5000"))
        item, page, lines = self.import_readings(
            "Sayaç no\tTarih\tEndeks",
            "S1\t02.03.2026\t4000",
            "S1\t03.03.2026\t5010",
            "S1\t28.02.2026\t6000",
        )
        self.assertEqual(page["counts"], {"doubtful": 2, "good": 1}, page["lines"])
        self.assertIn("5000", lines[2]["marks"][2])
        self.assertEqual(sum(reason["count"] for reason in page["reasons"]), 2)
        self.assertEqual(item.page(reason=["value", "below_last"])["total"], 1)
        self.run_all(item)
        self.assertEqual([row[1] for row in self.readings()], ["5000", "5010"])
        item.accept([lines[4]["id"]])
        self.assertEqual(item.page()["counts"], {"doubtful": 1, "good": 1, "done": 1})
        item.accept()
        self.run_all(item)
        self.assertEqual(len(self.readings()), 4)

    def test_a_confirmed_cell_that_changes_is_judged_anew(self):
        self.send(("2026-03-01 04:00:00", "5000"))
        item, page, lines = self.import_readings("Sayaç no\tTarih\tEndeks", "S1\t02.03.2026\t4000")
        item.accept()
        item.edit([[lines[2]["id"], 2, "3000"]])
        self.assertEqual(item.page()["counts"], {"doubtful": 1})

    def test_one_bad_figure_is_not_the_measure_of_the_next(self):
        self.send(("2026-03-01 04:00:00", "5000"))
        _item, page, _lines = self.import_readings(
            "Sayaç no\tTarih\tEndeks", "S1\t02.03.2026\t10", "S1\t03.03.2026\t5010"
        )
        self.assertEqual([line["state"] for line in page["lines"]], ["doubtful", "good"])

    def test_more_than_usual_is_asked_about(self):
        self.send(*((f"2026-03-{day:02} 00:00:00", str(10 * day)) for day in range(1, 20)))
        self.roll()
        self.env["actwin.validation.statistics"]._refresh(self.channel.ids)
        rows = ("Sayaç no\tTarih\tEndeks", "S1\t24.03.2026\t400")
        _item, page, lines = self.import_readings(*rows)
        self.assertEqual(page["counts"], {"doubtful": 1}, page["lines"])
        self.site.doubtful_times = 10
        _item, page, _lines = self.import_readings(*rows)
        self.assertEqual(page["counts"], {"good": 1})

    def test_undo_withdraws_and_the_same_may_come_again(self):
        rows = ("Sayaç no\tTarih\tEndeks", "S1\t01.03.2026\t10", "S1\t02.03.2026\t20")
        item, _page, _lines = self.import_readings(*rows)
        self.run_all(item)
        self.roll()
        self.assertEqual(self.figures("day")[-1][1], "10")
        removed, _answer = self.undo_all(item)
        self.assertEqual(removed, 2)
        self.assertEqual([row[2] for row in self.readings()], [4, 4])
        self.roll()
        self.assertFalse([row for row in self.figures("day") if row[1]])
        again, page, _lines = self.import_readings(*rows)
        self.assertEqual(page["counts"], {"good": 2}, page["lines"])
        self.assertEqual(self.run_all(again), {"done": 2})
        self.assertEqual([row[1:] for row in self.readings()], [("10", 3, 3), ("20", 3, 3)])
        self.undo_all(again)
        self.assertEqual([row[2] for row in self.readings()], [4, 4])

    def test_undo_leaves_what_was_changed_since(self):
        item, _page, _lines = self.import_readings(
            "Sayaç no\tTarih\tEndeks", "S1\t01.03.2026 07:00\t10", "S1\t02.03.2026 07:00\t20"
        )
        self.run_all(item)
        self.env["actwin.reading.version"].correct(
            self.channel.id, "2026-03-01 04:00:00", "11", "misread"
        )
        answer = item.undo()
        self.assertEqual((answer["removed"], answer["used_count"]), (0, 1))
        removed, _answer = self.undo_all(item, partial=True)
        self.assertEqual(removed, 1)
        self.assertEqual([row[1:3] for row in self.readings()], [("11", 3), ("20", 4)])
        self.assertEqual(item.page()["counts"], {"kept": 1, "undone": 1})

    def test_a_real_figure_takes_the_place_of_estimates_around_it(self):
        self.channel.validation_group_id = self.group
        start = datetime(2026, 3, 1, 21)
        rows = [(str(start + timedelta(minutes=15 * n)), str(1000 + 2 * n)) for n in range(97)]
        self.send(*rows[:20], *rows[44:])
        self.roll()
        self.assertEqual([row[2] for row in self.readings()].count(2), 24)
        item, _page, _lines = self.import_readings(
            "Sayaç no\tTarih\tEndeks", "S1\t02.03.2026 06:07\t1039"
        )
        self.assertEqual(self.run_all(item), {"done": 1})
        self.assertNotIn(2, [row[2] for row in self.readings()])
        self.roll()
        values = [float(row[1]) for row in self.readings()]
        self.assertEqual(values, sorted(values))

    def test_many_rows_in_few_seconds(self):
        channels = self.create_many(20)
        start = datetime(2026, 3, 1)
        rows = ["Kanal\tTarih\tEndeks"]
        for channel in channels:
            rows += [
                f"{channel.key}\t{start + timedelta(minutes=15 * n + 180)}\t{n},5"
                for n in range(250)
            ]
        item, page, _lines = self.import_readings(*rows)
        self.assertEqual(page["counts"], {"good": 5000}, page["lines"][:3])
        self.assertEqual(self.run_all(item), {"done": 5000})
        self.assertEqual(self.channel_count(channels), 5000)
        removed, _answer = self.undo_all(item)
        self.assertEqual(removed, 5000)

    def create_many(self, count):
        return self.env["actwin.channel"].create(
            [
                {"point_id": self.create_point(code=f"Q{n}").id, "obis": "1.8.0", "digits": 6}
                for n in range(count)
            ]
        )

    def channel_count(self, channels):
        self.env.cr.execute(
            "SELECT count(*) FROM actwin_reading WHERE channel_id = ANY(%s)", [channels.ids]
        )
        return self.env.cr.fetchone()[0]

    def test_epochs_are_utc(self):
        self.assertEqual(epoch_of(datetime(1970, 1, 2)), 86_400)
