from decimal import Decimal

import pytest
from gateway_servers import SERVERS
from sms_core.client import Client
from sms_core.gateway import PACKAGE
from sms_core.kinds import GATEWAYS
from sms_core.values import (
    ACCOUNT,
    CREDIT,
    DELIVERED,
    EXPIRED,
    INVALID_DESTINATION,
    NOT_ALLOWED,
    NOT_DELIVERED,
    NUMBER,
    REJECTED,
    SENDER,
    SERVER,
    WAITING,
    Account,
    GatewayError,
    Text,
)

TURKISH = "Şalter açıldı: ğüşiöç İIı & <%> €"
KINDS = sorted(GATEWAYS)


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def server(kind):
    with SERVERS[kind]() as running:
        yield running


def reach(kind, server, **changes):
    values = {
        "url": server.url,
        "user": server.user,
        "secret": server.secret,
        "sender": server.sender,
        **changes,
    }
    return GATEWAYS[kind](Account(**values), client=Client(silence=0.5, whole=1))


def texts(count, body="text"):
    return [Text(f"k{number}", f"+90532{number:07}", f"{body}") for number in range(count)]


def test_letters_arrive_as_they_were_written(kind, server):
    receipts = reach(kind, server).send([Text("a", "0532 123 45 67", TURKISH)])
    assert [(item.key, item.problem) for item in receipts] == [("a", "")]
    [(job, number, body)] = server.texts
    assert (job, body) == (receipts[0].job, TURKISH)
    assert number == ("5321234567" if kind == "netgsm" else "905321234567")


def test_the_gateway_is_told_which_alphabet_to_use(kind, server):
    gateway = reach(kind, server)
    gateway.turkish = False
    gateway.send(texts(1))
    gateway.turkish = True
    gateway.send(texts(1))
    plain, turkish = (body.decode() for _path, body in server.calls)
    marks = {"netgsm": '"encoding": "TR"', "mutlucell": 'charset="turkish"'}
    if kind in marks:
        assert marks[kind] not in plain
        assert marks[kind] in turkish
    else:
        assert plain == turkish


def test_consent_for_advertisements_is_not_asked_for(kind, server):
    reach(kind, server).send(texts(1))
    marks = {"netgsm": '"iysfilter": "0"', "iletimerkezi": "<iys>0</iys>"}
    assert marks.get(kind, "") in server.calls[0][1].decode()


def test_a_number_twice_goes_in_two_packages(kind, server):
    twice = [Text(key, "05321234567", f"text {key}") for key in "abc"]
    receipts = reach(kind, server).send(twice)
    assert len({item.job for item in receipts}) == 3
    assert [row[2] for row in server.texts] == ["text a", "text b", "text c"]


def test_many_texts_go_in_few_calls(kind, server):
    receipts = reach(kind, server).send(texts(PACKAGE + 1))
    assert len(server.calls) == 2
    assert len(server.texts) == PACKAGE + 1
    assert not any(item.problem for item in receipts)


def test_different_texts_share_a_call(kind, server):
    ready = [Text(str(number), f"0532123{number:04}", f"text {number}") for number in range(20)]
    reach(kind, server).send(ready)
    assert len(server.calls) == 1
    assert {body for _job, _number, body in server.texts} == {text.body for text in ready}


def test_bad_numbers_stop_no_other(kind, server):
    mixed = [Text("bad", "0212 123 45 67", "x"), *texts(2), Text("none", False, "x")]
    receipts = {item.key: item for item in reach(kind, server).send(mixed)}
    assert receipts["bad"].problem == receipts["none"].problem == NUMBER
    assert receipts["k0"].job == receipts["k1"].job != ""


def test_a_refused_text_stops_no_other(kind, server):
    server.refused_bodies = ("bad",)
    mixed = [*texts(5), Text("bad", "05330000000", "bad"), *texts(9)[5:]]
    receipts = {item.key: item for item in reach(kind, server).send(mixed)}
    assert receipts["bad"].problem == REJECTED
    assert len(server.texts) == 9
    assert all(item.job for key, item in receipts.items() if key != "bad")


def test_what_no_phone_can_show_is_left_out(kind, server):
    reach(kind, server).send([Text("a", "05321234567", "one\r\ntwo\x00\x0b\ud800 three")])
    assert server.texts[0][2] == "one\ntwo three"


@pytest.mark.parametrize(
    ("kind", "code", "problem"),
    [
        ("netgsm", "20", REJECTED),
        ("netgsm", "30", ACCOUNT),
        ("netgsm", "40", SENDER),
        ("netgsm", "50", ACCOUNT),
        ("netgsm", "70", REJECTED),
        ("netgsm", "80", SERVER),
        ("netgsm", "85", SERVER),
        ("netgsm", "100", SERVER),
        ("netgsm", "777", SERVER),
        ("iletimerkezi", "400", REJECTED),
        ("iletimerkezi", "401", ACCOUNT),
        ("iletimerkezi", "402", CREDIT),
        ("iletimerkezi", "450", SENDER),
        ("iletimerkezi", "452", NUMBER),
        ("iletimerkezi", "453", REJECTED),
        ("iletimerkezi", "503", SERVER),
        ("mutlucell", "20", REJECTED),
        ("mutlucell", "21", SENDER),
        ("mutlucell", "22", CREDIT),
        ("mutlucell", "23", ACCOUNT),
        ("mutlucell", "24", SERVER),
        ("mutlucell", "25", SERVER),
        ("mutlucell", "30", ACCOUNT),
        ("mutlucell", "34", ACCOUNT),
    ],
)
def test_codes_of_refusals_are_understood(kind, code, problem):
    with SERVERS[kind]() as server:
        server.fault = code
        [receipt] = reach(kind, server).send(texts(1))
    assert receipt.problem == problem
    assert code in receipt.code


@pytest.mark.parametrize("changes", [{"secret": "wrong"}, {"sender": "NOTMINE"}])
def test_a_refused_account_is_asked_once(kind, server, changes):
    receipts = reach(kind, server, **changes).send(texts(PACKAGE + 1))
    assert {item.problem for item in receipts} == {ACCOUNT if "secret" in changes else SENDER}
    assert len(server.calls) == 1
    assert not server.texts


@pytest.mark.parametrize(
    "fault",
    ["garbage", "empty", "down", "busy", "elsewhere", "silent", "cut", "endless", "dripping"],
)
def test_a_misbehaving_gateway_is_tried_later(kind, server, fault):
    server.fault = fault
    gateway = reach(kind, server)
    receipts = gateway.send(texts(PACKAGE + 1))
    assert {item.problem for item in receipts} == {SERVER}
    assert len(server.calls) == 1
    for ask in (gateway.balance, lambda: gateway.deliveries(["1"])):
        with pytest.raises(GatewayError) as caught:
            ask()
        assert caught.value.problem == SERVER


def test_nobody_listening_is_a_problem_of_the_gateway(kind):
    account = Account("http://127.0.0.1:9", "user", "secret")
    [receipt] = GATEWAYS[kind](account, client=Client(silence=1)).send(texts(1))
    assert (receipt.problem, receipt.code) == (SERVER, "ConnectionError")


def test_an_order_that_was_taken_though_its_answer_was_lost_is_not_a_failure():
    with SERVERS["iletimerkezi"]() as server:
        server.fault = "451"
        [receipt] = reach("iletimerkezi", server).send(texts(1))
    assert (receipt.problem, receipt.job) == ("", "")


DELIVERIES = {
    "netgsm": {
        "0": WAITING,
        "1": DELIVERED,
        "2": EXPIRED,
        "3": INVALID_DESTINATION,
        "4": NOT_DELIVERED,
        "11": REJECTED,
        "12": NOT_DELIVERED,
        "13": REJECTED,
        "15": NOT_ALLOWED,
        "16": NOT_ALLOWED,
        "103": NOT_DELIVERED,
        "999": WAITING,
    },
    "iletimerkezi": {"110": WAITING, "111": DELIVERED, "112": NOT_DELIVERED, "999": WAITING},
    "mutlucell": {
        "0": WAITING,
        "1": WAITING,
        "2": WAITING,
        "3": DELIVERED,
        "5": EXPIRED,
        "6": NOT_DELIVERED,
        "7": REJECTED,
        "15": INVALID_DESTINATION,
        "16": NOT_ALLOWED,
        "99": WAITING,
    },
}


def test_deliveries_are_told_by_number(kind, server):
    gateway = reach(kind, server)
    expected = DELIVERIES[kind]
    ready = texts(len(expected))
    job = gateway.send(ready)[0].job
    server.states = {text.number[-10:]: code for text, code in zip(ready, expected, strict=True)}
    found = {row.number: row for row in gateway.deliveries([job])}
    assert [found[text.number[1:]].state for text in ready] == list(expected.values())
    assert {row.job for row in found.values()} == {job}
    assert {row.parts for row in found.values()} == {2 if kind == "netgsm" else 0}


def test_reports_of_many_numbers_are_read_to_the_end(kind, server):
    gateway = reach(kind, server)
    job = server.take(
        [(f"90532{number:07}"[-10 if kind == "netgsm" else -12 :], "x") for number in range(2500)]
    )
    done = {"netgsm": "1", "iletimerkezi": "111", "mutlucell": "3"}[kind]
    server.states = {f"532{number:07}": done for number in range(2500)}
    assert {row.state for row in gateway.deliveries([job])} == {DELIVERED}
    assert len(gateway.deliveries([job])) == 2500


def test_a_job_nobody_knows_yet_says_nothing():
    for kind in ("netgsm", "iletimerkezi"):
        with SERVERS[kind]() as server:
            assert reach(kind, server).deliveries(["77"]) == []


def test_the_balance_that_pays_for_messages_comes_first(kind, server):
    balances = reach(kind, server).balance()
    assert balances[0].amount == Decimal(1250)
    assert "SMS" in balances[0].unit
    if kind == "netgsm":
        server.balance = "12,50"
        assert reach(kind, server).balance()[0].amount == Decimal("12.50")


def test_a_secret_shows_in_no_log():
    account = Account("https://x", "user", "hidden", "ME")
    assert "hidden" not in repr(account)
