"""The house as its users find it after `make demo`."""

import re
import time
import urllib.request
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

LIVE_SECONDS = 120


def last_month():
    """First day, and first day after, of the billed month in the zone's own time."""
    today = (datetime.now(UTC) + timedelta(hours=3)).date()
    end = today.replace(day=1)
    return (end - timedelta(days=1)).replace(day=1), end


def posted(house):
    """Posted moves of the run, keyed by the point's code."""
    rows = house.sql(
        """
        SELECT p.code, m.name, m.amount_untaxed::text, m.amount_tax::text, m.amount_total::text
          FROM account_move m JOIN actwin_bill b ON b.move_id = m.id
          JOIN actwin_point p ON p.id = b.point_id
         WHERE m.state = 'posted'
        """
    )
    return {code: (name, *map(Decimal, amounts)) for code, name, *amounts in rows}


def test_invoices_equal_an_independent_recomputation(house):
    from oracle import expected_totals

    first, end = last_month()
    expected = expected_totals(house.meters, first, end)
    found = {code: total for code, (_name, _net, _tax, total) in posted(house).items()}
    assert found == expected
    assert len(found) == 12


def test_table_shows_what_is_posted(house):
    printed = house.output
    for name, _net, _tax, total in posted(house).values():
        assert name.replace("/", "") in printed.replace("/", "")
        amount = f"{total:.2f}"
        assert amount in printed.replace(".", "").replace(",", ".") or amount in printed


def test_second_demo_duplicates_nothing(house):
    def counts():
        return house.sql(
            "SELECT (SELECT count(*) FROM account_move), (SELECT count(*) FROM actwin_bill),"
            " (SELECT count(*) FROM actwin_point), (SELECT count(*) FROM actwin_channel),"
            " (SELECT count(*) FROM actwin_reading WHERE ts < %s)",
            date.today(),
        )

    before = counts()
    house.demo()
    assert counts() == before


def test_history_holds_every_slot_once(house):
    first, end = last_month()
    start = datetime(first.year, first.month, 1) - timedelta(hours=3)
    stop = datetime(end.year, end.month, 1) - timedelta(hours=3)
    slots = int((stop - start).total_seconds() // 900)
    rows = house.sql(
        """
        SELECT c.key, count(*) FROM actwin_reading r JOIN actwin_channel c ON c.id = r.channel_id
         WHERE r.ts > %s AND r.ts <= %s AND c.kind = 'index' GROUP BY c.key
        """,
        start,
        stop,
    )
    wrong = {key: count for key, count in rows if count != slots}
    assert rows
    assert not wrong


def test_live_readings_arrive_from_every_device(house):
    """New readings through the real protocols, and equal to what the meters showed."""
    began = datetime.now(UTC).replace(tzinfo=None)
    deadline = time.monotonic() + LIVE_SECONDS
    query = """
        SELECT d.key, count(r.ts) FROM actwin_device d
          JOIN actwin_device_parameter p ON p.device_id = d.id
          LEFT JOIN actwin_reading r ON r.channel_id = p.channel_id AND r.ts > %s
         GROUP BY d.key
    """
    while time.monotonic() < deadline:
        rows = dict(house.sql(query, began))
        if rows and all(rows.values()):
            break
        time.sleep(2)
    assert len(rows) == 16
    assert all(rows.values()), rows


def test_status_counts_by_device(house):
    text = house.run("bin/actwin", "status")
    assert re.search(r"T01\s+iec62056-21\s+\d+", text)
    assert re.search(r"W01\s+mbus\s+\d+", text)
    assert "stopped" not in text
    about = int(re.search(r"readings about ([\d,.]+)", text)[1].replace(",", ""))
    assert about > 100_000


@pytest.mark.parametrize("login", ["tenant1", "tenant12"])
def test_tenant_reads_nothing_but_its_own(house, login):
    call = house.rpc(login)
    points = call("actwin.point", "search_read", [], ["code"])
    assert [point["code"] for point in points] == [{"tenant1": "T01", "tenant12": "T12"}[login]]
    partner = call("actwin.subscriber", "search_read", [], ["partner_id"])
    assert len(partner) == 1
    invoices = call("account.move", "search_read", [], ["partner_id"])
    assert {move["partner_id"][0] for move in invoices} <= {partner[0]["partner_id"][0]}


def test_no_other_port_is_opened(house):
    """Nothing listens but Odoo and the simulated meters, and those on loopback only."""
    allowed = set(range(house.port_base, house.port_base + 40))
    ours = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        local, state = line.split()[1], line.split()[3]
        address, port = local.split(":")
        if state == "0A" and int(port, 16) in allowed:
            ours.add((address, int(port, 16)))
    assert (("0100007F", house.port_base + 39)) in ours
    assert {address for address, _port in ours} == {"0100007F"}


def test_health_page_answers(house):
    with urllib.request.urlopen(f"{house.url}/web/health", timeout=10) as answer:
        assert answer.status == 200
