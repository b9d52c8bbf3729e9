# SPDX-License-Identifier: MIT
"""Parity and stop bits, which pseudo terminals do not have: a port that is told its form."""

from __future__ import annotations

import asyncio

import pytest
from field_rig import Field, rtu_units, unit
from protocol_rig import ScriptedLink, device

from actwin_collector.channel.serial import SerialLink
from actwin_collector.diagnose.case import Case, SerialForm
from actwin_collector.diagnose.device import examine
from actwin_collector.model import LineSpec

MAP = {"register": [{"name": "voltage_l1", "address": 0, "type": "float32", "unit": "V"}]}


class Port(ScriptedLink):
    """A serial port with one meter behind it, which hears only its own speed and form.

    With another form it sends noise when ``noisy``, else nothing.
    """

    def __init__(self, line: LineSpec, right: SerialForm, noisy: bool) -> None:
        super().__init__()
        self.line = line
        self._meter = rtu_units({3: unit(u=231.5)})()
        self._right = SerialForm.of(line) == right
        self._noisy = noisy

    async def _send(self, data: bytes) -> None:
        self._waiting = self._meter.feed(data) if self._right else b"\xfe\x00" * self._noisy


def examined(right, noisy=False):
    line = SerialForm(9600).on(LineSpec("L1", "serial", device_path="/dev/ttyUSB0", timeout_s=0.1))
    spec = device("modbus", "voltage_l1", address="3", map=MAP)
    case = Case(spec, line, 20, make_link=lambda each: Port(each, right, noisy))
    return asyncio.run(examine(case))


@pytest.mark.parametrize(
    "right, key, value",
    [
        (SerialForm(9600, 8, "E"), "parity", "E"),
        (SerialForm(9600, 8, "O"), "parity", "O"),
        (SerialForm(9600, 8, "N", 2), "stopbits", "2"),
        (SerialForm(19200, 8, "E"), "baudrate, parity", "19200, E"),
        (SerialForm(2400), "baudrate", "2400"),
    ],
)
@pytest.mark.parametrize("noisy", [False, True])
def test_the_form_of_the_meter_is_found(right, key, value, noisy):
    (finding,) = examined(right, noisy)
    assert (finding.code, finding.key, finding.value) == ("wrong_serial_form", key, value)
    assert finding.where == "line L1" and str(right) in finding.seen


def test_noise_at_every_form_is_told_from_silence():
    impossible = SerialForm(50)
    (noise,) = examined(impossible, noisy=True)
    (silence,) = examined(impossible)
    assert (noise.code, silence.code) == ("garbage", "line_silent")
    assert "speed or parity" in noise.means and "A and B" in silence.means


def test_a_right_line_has_no_finding():
    assert examined(SerialForm(9600)) == []


def test_a_port_that_the_daemon_has_open_is_named_so(tmp_path):
    port = tmp_path / "port"
    line = LineSpec("L1", "serial", device_path=str(port))

    async def twice():
        first = SerialLink(line)
        await first.open()
        try:
            return await examine(Case(device("modbus", "voltage_l1", map=MAP), line, 5))
        finally:
            await first.close()

    with Field() as field:
        field.pty(rtu_units({}), port)
        (finding,) = asyncio.run(twice())
    assert finding.code == "port_busy" and "Stop the daemon" in finding.change
