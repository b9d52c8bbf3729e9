"""What people ask of the running collector from Odoo, through every part of the house."""

import time
from datetime import UTC, datetime

import pytest

DEVICE = "T07"
WAIT = 60


@pytest.fixture
def ask(house):
    """Press a button of a device as the operator, and return the command once it is answered."""
    call = house.rpc("operator")

    def press(button, key=DEVICE):
        device = call("actwin.device", "search", [("key", "=", key)])
        command = call("actwin.device", button, device)["res_id"]
        fields = ["state", "error_code", "text", "data"]
        for _ in range(10 * WAIT):
            found = call("actwin.collector.command", "read", [command], fields)[0]
            if found["state"] not in ("queued", "sent"):
                return found
            time.sleep(0.1)
        raise AssertionError(f"{button} was not answered: {found}")

    return press


def wait_for(look, seconds=WAIT):
    """What ``look`` returns as soon as it is true."""
    for _ in range(2 * seconds):
        if found := look():
            return found
        time.sleep(0.5)
    raise AssertionError("it did not come")


def now():
    return datetime.now(UTC).replace(tzinfo=None)


def answers(house, since):
    """How many dialogues the device answered, and how many readings came, since then."""
    return house.sql(
        """
        SELECT d.last_ok, count(r.ts) FROM actwin_device d
          JOIN actwin_device_parameter p ON p.device_id = d.id
          LEFT JOIN actwin_reading r ON r.channel_id = p.channel_id AND r.ts > %s
         WHERE d.key = %s GROUP BY d.id
        """,
        since,
        DEVICE,
    )[0]


def test_read_now_brings_a_value_to_the_screen_and_to_the_readings(house, ask):
    began = now()
    answer = ask("action_read_now")
    assert answer["state"] == "done", answer
    shown = {row["channel"]: row["value"] for row in answer["data"]["values"]}
    assert shown
    stored = wait_for(
        lambda: house.sql(
            "SELECT c.key, r.value::text FROM actwin_reading r"
            " JOIN actwin_channel c ON c.id = r.channel_id WHERE r.ts >= %s AND c.key = ANY(%s)",
            began,
            list(shown),
        )
    )
    assert set(stored) & set(shown.items())


def test_trace_and_check_are_told_in_words(house, ask):
    trace = ask("action_trace")
    assert trace["state"] == "done"
    assert " tx " in trace["text"] and " rx " in trace["text"]
    findings = ask("action_check")["data"]["findings"]
    assert all(row["ok"] for row in findings), findings


def test_a_stopped_line_is_silent_until_a_supervisor_starts_it(house, ask):
    admin = house.rpc("admin")
    device = admin("actwin.device", "search_read", [("key", "=", DEVICE)], ["line_id"])[0]
    line = [device["line_id"][0]]
    with pytest.raises(Exception, match="energy manager"):
        house.rpc("operator")("actwin.line", "stop", line, "by mistake")
    assert admin("actwin.line", "stop", line, "the cabinet is rewired")
    try:
        version = admin("actwin.collector", "search_read", [], ["config_version"])[0]
        wait_for(
            lambda: admin("actwin.collector", "read", [version["id"]], ["running_version"])[0][
                "running_version"
            ]
            == version["config_version"]
        )
        began, before = now(), answers(house, now())
        time.sleep(20)
        assert answers(house, began) == before
        with pytest.raises(Exception, match="rewired"):
            ask("action_read_now")
    finally:
        admin("actwin.line", "start", line)
    wait_for(lambda: answers(house, began)[0] > before[0])
    assert ask("action_read_now")["state"] == "done"
