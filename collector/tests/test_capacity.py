# SPDX-License-Identifier: MIT
import pytest

from actwin_collector.capacity import (
    busy_lines,
    dialogue_seconds,
    line_loads,
    polls_a_day,
)
from actwin_collector.model import DeviceSpec, LineSpec, ParameterSpec, ScheduleSpec
from actwin_collector.site import Site


def site(line, driver, count, schedule, parameters=4):
    registers = tuple(ParameterSpec(f"r{n}", f"c{n}") for n in range(parameters))
    devices = {
        f"D{n}": DeviceSpec(f"D{n}", driver, line.key, schedule="S", parameters=registers)
        for n in range(count)
    }
    return Site(1, {line.key: line}, {"S": schedule}, devices)


SLOW = LineSpec("L1", "serial", device_path="/dev/x", baudrate=300, bytesize=7, parity="E")
MBUS = LineSpec("L1", "serial", device_path="/dev/x", baudrate=2400, parity="E")
TCP = LineSpec("L1", "tcp", host="h", port=502)


def test_a_line_at_300_baud_takes_about_45_readouts_an_hour():
    seconds = dialogue_seconds(SLOW, DeviceSpec("D", "iec62056-21", "L1"))
    assert 40 < 3600 / seconds * 0.7 < 70


def test_a_bus_of_mbus_meters_takes_about_1500_telegrams_an_hour():
    seconds = dialogue_seconds(MBUS, DeviceSpec("D", "mbus", "L1"))
    assert 1300 < 3600 / seconds < 2500


@pytest.mark.parametrize(
    ("line", "driver", "count", "poll", "is_too_much"),
    [
        (SLOW, "iec62056-21", 10, 900, False),
        (SLOW, "iec62056-21", 14, 900, True),
        (MBUS, "mbus", 250, 3600, False),
        (MBUS, "mbus", 250, 600, True),
        (TCP, "modbus", 30, 60, False),
        (TCP, "modbus", 30, 5, True),
    ],
)
def test_too_many_polls_are_warned_of_by_line(line, driver, count, poll, is_too_much):
    busy = busy_lines(site(line, driver, count, ScheduleSpec("S", poll, 900)))
    assert bool(busy) is is_too_much
    assert all(load.text.startswith(f"the polls of its {count} devices need") for load in busy)


def test_plans_are_counted_and_lines_that_are_off_are_not():
    plan = ScheduleSpec("S", 60, 900, poll_plan="0 8 * * mon-fri")
    given = site(TCP, "modbus", 1, plan)
    assert polls_a_day(given, given.devices["D0"]) == pytest.approx(5 / 7)
    off = site(LineSpec("L1", "tcp", enabled=False), "modbus", 1, plan)
    assert line_loads(off) == []
    assert len(line_loads(given)) == 1
