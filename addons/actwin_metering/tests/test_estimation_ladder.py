from datetime import timedelta
from decimal import Decimal

from odoo.tests import tagged

from .validation_common import START, ValidationCase

_DAY = 96


@tagged("post_install", "-at_install")
class TestEstimationLadder(ValidationCase):
    """Each method tells the course of a gap, in the order the group says."""

    def setUp(self):
        super().setUp()
        self.channel.digits = 6
        self.group = self.channel.validation_group_id

    def ladder(self, *methods):
        """Only these methods, in this order."""
        self.group.step_ids.unlink()
        self.group.step_ids = [
            (0, 0, {"sequence": number, "method": method}) for number, method in enumerate(methods)
        ]

    def index(self, moves, start=1000):
        values = [start]
        for move in moves:
            values.append(values[-1] + move)
        return values

    def gap(self, values, first, last):
        return [None if first <= at <= last else value for at, value in enumerate(values)]

    def other(self, code, **values):
        """A channel of another point, which measures the same."""
        point = self.create_point(code=code, **values)
        return self.create_channel(point_id=point.id, digits=6)

    def moves(self, channel=None, before=None):
        """What each estimated interval moved."""
        values = self.estimates(channel)
        return [b - a for a, b in zip([before, *values], values, strict=False)]

    def test_a_short_gap_goes_in_a_line_from_what_was_used_to_what_is_used(self):
        moves = [1] * 40 + [2, 3, 4] + [5] * 53
        values = self.index(moves)
        self.feed(self.gap(values, 41, 42))
        self.validate()
        self.assertEqual(self.estimate().method, "linear")
        found = self.moves(before=Decimal(values[40]))
        # 9 in all, rising from 1 before the gap to 5 after it
        self.assertEqual([round(move, 3) for move in found], [Decimal("1.667"), Decimal("3")])
        self.assertEqual(self.total(), sum(moves))

    def test_a_check_meter_gives_the_course(self):
        check = self.other("CHECK", parent_id=self.point.id, role="check")
        moves = [1, 3, 2, 2] * 24
        self.feed(self.index(moves), channel=check)
        values = self.index([2 * move for move in moves])
        self.feed(self.gap(values, 20, 59))
        self.validate()
        self.assertEqual(self.estimates(), values[20:60])
        estimate = self.estimate()
        self.assertEqual((estimate.method, estimate.sources), ("check", check.key))
        self.assertTrue(estimate.exact)
        self.assertEqual((estimate.readings, estimate.consumption), (40, sum(moves[19:60]) * 2))

    def test_a_check_meter_is_estimated_by_what_it_checks(self):
        check = self.other("CHECK", parent_id=self.point.id, role="check")
        values = self.index([1, 3, 2, 2] * 24)
        self.feed(values)
        self.feed(self.gap(values, 20, 59), channel=check)
        self.validate()
        self.assertEqual(self.estimates(check), values[20:60])
        self.assertEqual(self.estimate(check).method, "check")

    def test_a_check_meter_with_a_gap_of_its_own_tells_nothing(self):
        check = self.other("CHECK", parent_id=self.point.id, role="check")
        values = self.index([1, 3, 2, 2] * 24)
        self.feed(self.gap(values, 30, 31), channel=check)
        self.feed(self.gap(values, 20, 59))
        self.validate()
        self.assertNotEqual(self.estimate().method, "check")
        self.assertEqual(self.total(), 192)

    def feeder(self, **missing):
        """A feeder with three meters behind it, one of them this channel's."""
        head = self.other("HEAD", role="feeder")
        self.point.parent_id = head.point_id
        first = self.other("SUB1", parent_id=head.point_id.id)
        second = self.other("SUB2", parent_id=head.point_id.id)
        mine, one, two = [1, 3, 2, 2] * 24, [5, 1, 1, 1] * 24, [2] * 96
        series = {
            "head": (head, self.index([sum(moves) for moves in zip(mine, one, two, strict=True)])),
            "first": (first, self.index(one)),
            "second": (second, self.index(two)),
            "own": (self.channel, self.index(mine)),
        }
        for name, (channel, values) in series.items():
            gap = missing.get(name)
            self.feed(self.gap(values, *gap) if gap else values, channel=channel)
        self.validate()
        return series

    def test_the_balance_of_the_node(self):
        series = self.feeder(own=(20, 59))
        self.assertEqual(self.estimates(), series["own"][1][20:60])
        estimate = self.estimate()
        keys = [series[name][0].key for name in ("head", "first", "second")]
        self.assertEqual(estimate.method, "balance")
        self.assertEqual(estimate.sources, f"{keys[0]}, −{keys[1]}, −{keys[2]}")

    def test_what_a_feeder_fed_is_the_sum_of_its_meters(self):
        series = self.feeder(head=(20, 59))
        head, values = series["head"]
        self.assertEqual(self.estimates(head), values[20:60])
        self.assertEqual(self.estimate(head).method, "balance")

    def test_no_balance_without_all_siblings(self):
        self.feeder(own=(20, 59), first=(30, 50))
        self.assertEqual(set(self.estimate().mapped("method")) & {"balance"}, set())
        self.assertEqual(self.total(), 192)

    def test_no_balance_where_a_sibling_has_no_such_channel(self):
        head = self.other("HEAD", role="feeder")
        self.point.parent_id = head.point_id
        self.create_point(code="UNMETERED", parent_id=head.point_id.id)
        values = self.index([1, 3, 2, 2] * 24)
        self.feed(values, channel=head)
        self.feed(self.gap(values, 20, 59))
        self.validate()
        self.assertEqual(self.estimate().method, "even")

    def test_a_profile_chosen_for_the_channel(self):
        profile = self.create_channel(
            obis="PROFILE", kind="interval", interval_minutes=60, digits=0
        )
        self.feed([5] + [1, 2, 3, 2] * 6, channel=profile, minutes=60)
        self.channel.profile_id = profile
        hourly = [1, 2, 3, 2] * 6
        values = self.index([move for hour in hourly for move in [hour] * 4])
        self.feed(self.gap(values, 20, 83))
        self.validate()
        self.assertEqual(self.estimates(), values[20:84])
        self.assertEqual(self.estimate().method, "profile")

    def test_similar_meters(self):
        hourly = [1, 2, 3, 2] * 12
        for number in range(3):
            other = self.other(f"NEXT{number}")
            moves = [move * (number + 1) for hour in hourly for move in [hour] * 4]
            self.feed(self.index(moves), start=START - timedelta(days=1), channel=other)
        self.validate()
        self.env["actwin.validation.statistics"]._refresh()
        values = self.index([7 * move for hour in hourly[24:] for move in [hour] * 4])
        self.feed(self.gap(values, 20, 83))
        self.validate()
        self.assertEqual(self.estimate().method, "similar")
        self.assertEqual(self.estimates(), values[20:84])

    def test_two_similar_meters_are_too_few(self):
        for number in range(2):
            other = self.other(f"NEXT{number}")
            self.feed(self.index([2] * 192), start=START - timedelta(days=1), channel=other)
        self.validate()
        self.env["actwin.validation.statistics"]._refresh()
        self.feed(self.gap(self.index([2] * 96), 20, 83))
        self.validate()
        self.assertEqual(self.estimate().method, "even")

    def test_the_group_says_which_methods_in_which_order(self):
        check = self.other("CHECK", parent_id=self.point.id, role="check")
        values = self.index([1, 3, 2, 2] * 24)
        self.feed(values, channel=check)
        self.ladder("even", "check")
        self.feed(self.gap(values, 20, 59))
        self.validate()
        self.assertEqual(self.estimate().method, "even")

    def test_a_group_whose_methods_cannot_tell_leaves_the_gap(self):
        self.ladder("like_day")
        self.feed(self.gap(self.index([2] * 96), 20, 59))
        self.validate()
        self.assertFalse(self.estimates())
        self.group.step_ids.active = False
        self.env["actwin.validation"].revalidate(self.channel.ids, "2026-03-02", "2026-03-02")
        self.assertFalse(self.estimates())

    def change(self, before, after, opening=0, **values):
        """The meter is changed eight hours after START, while nothing is read for ten hours."""
        moment = START + timedelta(hours=8)
        closing = 1000 + 32 * before
        self.install(START - timedelta(days=9), moment, opening=0, closing=closing)
        self.install(moment, opening=opening, **values)
        self.feed([1000 + before * at for at in range(28)])
        later = [opening + after * at for at in range(37, 65)]
        self.feed(later, start=START + timedelta(hours=8, minutes=37 * 15))
        self.validate()

    def test_a_gap_over_a_meter_change_is_what_each_meter_measured(self):
        self.change(before=2, after=3)
        first, second = self.estimate()
        self.assertEqual((first.exact, second.exact), (True, True))
        self.assertEqual((first.consumption, second.consumption), (2 * 5, 3 * 37))
        self.assertEqual(self.estimates()[:5], [1056, 1058, 1060, 1062, 1064])
        self.assertEqual(self.estimates()[5:8], [3, 6, 9])
        self.assertEqual(self.total(), 2 * 32 + 3 * 64)

    def test_a_multiplier_that_changes_in_a_gap(self):
        self.change(before=2, after=3, ct_primary=100, ct_secondary=5)
        first, second = self.estimate()
        self.assertEqual((first.consumption, second.consumption), (2 * 5, 20 * 3 * 37))
        self.assertEqual(self.total(), 2 * 32 + 20 * 3 * 64)

    def test_without_the_index_at_the_change_nothing_is_made_up(self):
        moment = START + timedelta(hours=8)
        self.install(START - timedelta(days=9), moment)
        self.install(moment)
        self.feed([1000 + 2 * at for at in range(28)])
        self.feed([3 * at for at in range(37, 65)], start=moment + timedelta(minutes=37 * 15))
        self.validate()
        self.assertFalse(self.estimates())

    def test_a_rejected_value_stays_on_record_beside_its_estimate(self):
        values = self.index([2] * 96)
        values[40] = 9000
        self.feed(values)
        self.validate()
        self.exceptions(code="V02")._close("rejected", "a slip")
        self.validate()
        moment = START + timedelta(minutes=40 * 15)
        versions = self.env["actwin.reading.version"].search(
            [("channel_id", "=", self.channel.id), ("ts", "=", moment)], order="id"
        )
        self.assertEqual(versions.mapped("kind"), ["original", "estimate"])
        self.assertEqual(versions.mapped("value"), [9000, 1080])
        self.assertEqual(versions[1].estimate_id.method, "linear")
        self.assertEqual(self.total(), 192)
