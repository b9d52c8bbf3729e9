# SPDX-License-Identifier: MIT
"""Modems that dial in, with real sockets; ``socat`` joins both ends as a modem does."""
import asyncio
import contextlib
import signal
import socket
from dataclasses import replace

from push_support import Field, device, free_port, line, until

HELLO = r"IMEI=(?P<modem>\d+)\r?\n"


class CallingMeter:
    """A modem and the meters behind it: dials in, greets, answers questions."""

    def __init__(self, hello="", answers=True):
        self.hello = hello
        self.answers = answers
        self.asked = []
        self.got = b""
        self.closed = False

    async def dial(self, port):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)
        self.say(self.hello)
        self.task = asyncio.create_task(self._talk())
        return self

    def say(self, text):
        self.writer.write(text if isinstance(text, bytes) else text.encode())

    async def _talk(self):
        with contextlib.suppress(OSError):
            while data := await self.reader.read(1000):
                self.got += data
                for question in data.decode("latin-1").splitlines():
                    if question.startswith("?"):
                        self.asked.append(question[1:])
                        if self.answers:
                            self.say(f"={question[1:]} 5\n")
        self.closed = True

    def hang_up(self):
        self.writer.close()
        self.task.cancel()


def behind(modem, key, **settings):
    return device(key, settings={"modem": modem, **settings})


def dialled(tmp_path, scenario, devices, **settings):
    async def go():
        port = free_port()
        lines = [line("dialin", port=port, settings=settings, timeout_s=0.3, retries=0)]
        async with Field(lines, devices, tmp_path) as field:
            await until(lambda: field.scheduler.listeners["L1"].is_open)
            field.port = port
            field.modems = []

            async def dial(hello="", **values):
                modem = await CallingMeter(hello, **values).dial(port)
                field.modems.append(modem)
                return modem

            try:
                await scenario(field, dial)
            finally:
                for modem in field.modems:
                    modem.hang_up()

    asyncio.run(go())


def connected(field, name):
    modem = next(each for each in field.scheduler.listeners["L1"].modems if each.name == name)
    return modem.link.is_open


def test_a_modem_is_known_by_its_hello_and_its_meters_are_asked_at_once(tmp_path):
    async def scenario(field, dial):
        modem = await dial("IMEI=111\r\n")
        await until(lambda: field.state("A").health.ok and field.state("B").health.ok)
        assert sorted(modem.asked) == ["A", "B"]
        modem.say("@A 7\n")
        await until(lambda: field.state("A").health.ok == 2)
        await field.next_slot(2)
        assert field.state("C").health.ok == 0

    devices = [behind("111", "A"), behind("111", "B"), behind("222", "C")]
    dialled(tmp_path, scenario, devices, hello=HELLO)


def test_a_hello_may_come_in_pieces_and_bytes_after_it_count(tmp_path):
    async def scenario(field, dial):
        modem = await dial("IM")
        await asyncio.sleep(0.05)
        modem.say("EI=111\r\n@A 7\n")
        await until(lambda: field.state("A").health.ok)

    dialled(tmp_path, scenario, [behind("111", "A", poll=False)], hello=HELLO)


def test_a_hello_may_be_the_meters_serial(tmp_path):
    async def scenario(field, dial):
        await dial("IMEI=42\n")
        await until(lambda: field.state("A").health.ok)

    dialled(tmp_path, scenario, [device("A", address="42"), device("B")], hello=HELLO)


def test_a_modem_without_hello_is_known_by_its_first_frame(tmp_path):
    async def scenario(field, dial):
        modem = await dial("@B 7\n")
        await until(lambda: modem.asked == ["B"])
        await until(lambda: field.state("B").health.ok == 2)
        assert field.state("A").health.ok == 0

    dialled(tmp_path, scenario, [device("A"), device("B")])


def test_a_name_that_two_modems_meters_share_tells_nothing(tmp_path):
    async def scenario(field, dial):
        modem = await dial("@1 7\n")
        await until(lambda: modem.closed)
        assert field.state("A").health.ok == field.state("B").health.ok == 0
        assert [each.sender for each in field.scheduler.unassigned.listed()] == ["1"]
        known = await dial("IMEI=222\n")
        known.say("@1 8\n")
        await until(lambda: field.state("B").health.ok == 2)
        assert known.asked == ["1"]
        assert field.state("A").health.ok == 0

    devices = [
        device("A", address="1", settings={"modem": "111"}),
        device("B", address="1", settings={"modem": "222"}),
    ]
    dialled(tmp_path, scenario, devices, hello=HELLO, hello_seconds=0.5)


def test_a_line_for_one_modem_asks_whoever_calls(tmp_path):
    async def scenario(field, dial):
        modem = await dial()
        await until(lambda: field.state("A").health.ok)
        assert modem.asked == ["A"]

    dialled(tmp_path, scenario, [device("A")])


def test_a_new_call_replaces_the_old_socket(tmp_path):
    async def scenario(field, dial):
        old = await dial("IMEI=111\n", answers=False)
        await until(lambda: old.asked)
        new = await dial("IMEI=111\n")
        await until(lambda: old.closed)
        await until(lambda: field.health().errors["replaced"])
        new.say("@A 8\n")
        await until(lambda: field.state("A").health.ok)
        assert connected(field, "111")

    dialled(tmp_path, scenario, [behind("111", "A")], hello=HELLO)


def test_a_modem_that_left_is_asked_when_it_is_back(tmp_path):
    async def scenario(field, dial):
        first = await dial("IMEI=111\n")
        await until(lambda: field.state("A").health.ok == 1)
        first.hang_up()
        await until(lambda: not connected(field, "111"))
        field.clock.pass_time(900)
        await until(lambda: field.errors("A").get("modem_away"))
        second = await dial("IMEI=111\n")
        await until(lambda: second.asked)
        await until(lambda: field.state("A").health.ok == 2)
        assert field.state("A").health.failures == 0

    dialled(tmp_path, scenario, [behind("111", "A")], hello=HELLO)


def test_a_modem_that_is_away_gets_no_background_work(tmp_path):
    async def scenario(field, dial):
        modem = await dial("IMEI=111\n")
        await until(lambda: field.state("A").health.ok == 1)
        field.state("A").schedule = replace(field.state("A").schedule, events=True)
        modem.hang_up()
        await until(lambda: not connected(field, "111"))
        await asyncio.sleep(1.2)
        assert field.errors("A") == {}

    dialled(tmp_path, scenario, [behind("111", "A")], hello=HELLO)


def test_modems_stay_connected_when_their_line_gets_another_device(tmp_path):
    async def scenario(field, dial):
        modem = await dial("IMEI=111\n")
        gone = await dial("IMEI=222\n")
        await until(lambda: field.state("A").health.ok and field.state("X").health.ok)
        del field.site.devices["X"]
        field.site.devices["B"] = behind("111", "B")
        await field.scheduler.apply(field.site, {})
        await until(lambda: field.state("B").health.ok)
        assert modem.asked == ["A", "B"]
        assert not modem.closed
        await until(lambda: gone.closed)
        await field.scheduler.stop()
        await until(lambda: modem.closed)

    dialled(tmp_path, scenario, [behind("111", "A"), behind("222", "X")], hello=HELLO)


def test_a_socket_without_a_word_is_closed(tmp_path):
    async def scenario(field, dial):
        modem = await dial("IMEI=111\n")
        await until(lambda: modem.closed)
        assert field.health().errors["idle"] == 1

    dialled(tmp_path, scenario, [behind("111", "A", poll=False)], hello=HELLO, idle_seconds=1.0)


def test_a_sign_of_life_is_answered_and_never_reaches_a_dialogue(tmp_path):
    async def scenario(field, dial):
        modem = await dial("IMEI=111\n", answers=False)
        await until(lambda: modem.asked)
        modem.say("PING\n")
        modem.say("PING\n=A 5\n")
        await until(lambda: field.state("A").health.ok)
        assert modem.got.count(b"PONG\r\n") == 2
        modem.say("PING\n")
        await until(lambda: modem.got.count(b"PONG\r\n") == 3)
        assert field.health().errors["noise"] == 0

    dialled(
        tmp_path, scenario, [behind("111", "A")], hello=HELLO,
        heartbeat="PING\n", heartbeat_answer=r"PONG\r\n",
    )


def test_a_caller_that_says_nothing_is_sent_away(tmp_path):
    async def scenario(field, dial):
        modem = await dial()
        await until(lambda: modem.closed)
        assert field.health().errors["hello_timeout"] == 1

    dialled(tmp_path, scenario, [behind("111", "A")], hello=HELLO, hello_seconds=0.3)


def test_a_caller_that_talks_without_end_is_sent_away_and_kept_for_the_operator(tmp_path):
    async def scenario(field, dial):
        modem = await dial("x" * 300)
        await until(lambda: modem.closed)
        assert field.health().errors["hello_too_long"] == 1
        [stranger] = field.scheduler.unassigned.listed()
        assert stranger.raw == "78" * 100
        assert (stranger.driver, stranger.sender) == ("modem", "127.0.0.1")

    dialled(tmp_path, scenario, [behind("111", "A")], hello=HELLO, hello_bytes=100)


def test_an_unknown_modem_is_kept_for_the_operator(tmp_path):
    async def scenario(field, dial):
        modem = await dial("IMEI=999\n")
        await until(lambda: modem.closed)
        [stranger] = field.scheduler.unassigned.listed()
        assert stranger.sender == "999"
        assert [event.code for event in field.store.events] == ["unassigned_meter"]

    dialled(tmp_path, scenario, [behind("111", "A")], hello=HELLO, hello_seconds=0.5)


def test_a_known_meter_behind_an_unknown_modem_is_still_heard(tmp_path):
    async def scenario(field, dial):
        modem = await dial("IMEI=999\n")
        await until(lambda: field.health().unassigned)
        modem.say("@A 7\n")
        await until(lambda: field.state("A").health.ok == 2)
        assert modem.asked == ["A"]

    dialled(tmp_path, scenario, [behind("111", "A")], hello=HELLO)


def test_the_system_watches_over_sockets_whose_peer_may_vanish(tmp_path):
    async def scenario(field, dial):
        await dial("IMEI=111\n")
        await until(lambda: connected(field, "111"))
        [modem] = field.scheduler.listeners["L1"].modems
        sock = modem.link._writer.get_extra_info("socket")
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000

    dialled(tmp_path, scenario, [behind("111", "A")], hello=HELLO, keepalive_seconds=30)


def test_only_listed_networks_may_call(tmp_path):
    async def scenario(field, dial):
        modem = await dial("IMEI=111\n")
        await until(lambda: modem.closed)
        assert field.health().errors["not_allowed"] == 1
        assert field.state("A").health.ok == 0

    dialled(tmp_path, scenario, [behind("111", "A")], hello=HELLO, allow=["10.1.0.0/16"])


def test_a_flood_of_callers_and_names_takes_no_place_from_a_known_modem(tmp_path):
    async def scenario(field, dial):
        flood = [await dial(f"IMEI=9{number:05}\n@F{number} 1\n") for number in range(150)]
        await dial("IMEI=111\n")
        await until(lambda: field.state("A").health.ok)
        await until(lambda: field.health().unassigned >= 150)
        assert len(field.scheduler.unassigned.listed()) <= 100
        assert field.scheduler.unassigned.beyond["L1"] > 0
        assert len(field.store.events) <= 60
        assert field.health().errors["hello_evicted"] > 0
        assert sum(modem.closed for modem in flood) > 100

    dialled(tmp_path, scenario, [behind("111", "A")], hello=HELLO, max_connections=20)


def test_fifty_modems_are_asked_at_once_and_a_silent_one_delays_nobody(tmp_path):
    async def scenario(field, dial):
        for number in range(50):
            await dial(f"IMEI={number}\n", answers=number != 7)
        loop = asyncio.get_running_loop()
        await until(lambda: sum(s.health.ok for s in field.scheduler.states.values()) == 49)
        ended = [each for each in field.modems if not each.asked]
        assert not ended
        started = loop.time()
        field.clock.pass_time(900)
        await until(lambda: sum(s.health.ok for s in field.scheduler.states.values()) == 98)
        assert loop.time() - started < 4
        assert field.state("D7").health.ok == 0
        assert field.errors("D7").get("no_answer")

    devices = [behind(str(number), f"D{number}") for number in range(50)]
    dialled(tmp_path, scenario, devices, hello=HELLO)


def test_two_meters_behind_one_modem_are_never_asked_at_once(tmp_path):
    async def scenario(field, dial):
        modem = await dial("IMEI=111\n", answers=False)
        await until(lambda: modem.asked)
        assert len(modem.asked) == 1
        modem.say(f"={modem.asked[0]} 5\n")
        await until(lambda: len(modem.asked) == 2)
        modem.say(f"={modem.asked[1]} 6\n")
        await until(lambda: field.state("A").health.ok and field.state("B").health.ok)

    dialled(tmp_path, scenario, [behind("111", "A"), behind("111", "B")], hello=HELLO)


def test_socat_joins_a_meter_to_the_collector_as_a_modem_does(tmp_path):
    async def scenario(field, dial):
        meter = CallingMeter()

        async def serve(reader, writer):
            meter.reader, meter.writer = reader, writer
            await meter._talk()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        there = server.sockets[0].getsockname()[1]
        socat = await asyncio.create_subprocess_exec(
            "socat", f"TCP:127.0.0.1:{field.port}", f"TCP:127.0.0.1:{there}"
        )
        await until(lambda: field.state("A").health.ok)
        # A modem that loses its power says nothing: the dialogue fails, the worker goes on.
        socat.send_signal(signal.SIGSTOP)
        field.clock.pass_time(900)
        await until(lambda: field.errors("A").get("no_answer"))
        socat.kill()
        await socat.wait()
        await until(lambda: not connected(field, "A"))
        server.close()

    dialled(tmp_path, scenario, [device("A")])
