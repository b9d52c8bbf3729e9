# SPDX-License-Identifier: MIT
"""Real and re-encrypted radio telegrams against the readings wmbusmeters reports."""

from __future__ import annotations

import pytest
from mbus_support import PROTOCOLS, lines, missing_numbers, needs_data

from actwin_collector.model import CollectorError
from actwin_collector.protocol.wmbus import WmbusDriver

pytestmark = needs_data

CLEAR = lines(PROTOCOLS / "wmbus" / "wmbusmeters_telegrams.jsonl")
DERIVED = lines(PROTOCOLS / "wmbus" / "derived_encrypted.jsonl")
FORMS = {"raw": "telegram", "a": "frame_format_a", "b": "frame_format_b"}
# At most this share of the expected numbers may be missing. What is: battery lives in years,
# which the records have in seconds; sums and square roots that the source computes; two energies
# and one volume that its source gives in another unit, or otherwise, than the bytes say; and one
# compact frame whose check value does not fit the full frame it stands for.
MISSING_SHARE = 0.02


def _name(row: dict) -> str:
    return f"{row['driver']}-{row.get('name') or row['meter_id']}-{row['telegram'][-8:]}"


def _decode(row: dict, with_key: bool = False):
    key = row.get("key") if with_key else None
    return WmbusDriver.decode({"telegram": row["telegram"], "key": key})


@pytest.mark.parametrize("row", CLEAR, ids=_name)
def test_telegram_opens_and_names_its_meter(row):
    telegram = _decode(row, with_key=True)
    assert telegram.records
    assert telegram.meter.manufacturer
    assert telegram.meter.id.lower() == row["expected"]["id"].lower()


def test_share_of_missing_numbers():
    expected = missing = 0
    for row in CLEAR:
        numbers = [v for v in row["expected"].values() if isinstance(v, (int, float))]
        expected += len(numbers)
        records = _decode(row, with_key=True).records
        missing += len(missing_numbers(row["expected"], records))
    assert missing <= MISSING_SHARE * expected, f"{missing} of {expected} numbers are not decoded"


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("row", DERIVED, ids=lambda row: f"{row['security_mode']}-{_name(row)}")
def test_encrypted_telegram_gives_the_records_of_the_plain_one(row, form):
    plain = WmbusDriver.decode({"telegram": row["telegram_decrypted"]})
    request = {"telegram": row[FORMS[form]], "key": row["key"], "format": form}
    assert WmbusDriver.decode(request).records == plain.records
    # Receivers do not always say what they deliver.
    assert WmbusDriver.decode({**request, "format": None}).records == plain.records


@pytest.mark.parametrize("row", DERIVED, ids=lambda row: f"{row['security_mode']}-{_name(row)}")
def test_wrong_or_missing_key_gives_no_reading(row):
    request = {"telegram": row["telegram"], "format": "raw"}
    wrong = f"{int(row['key'], 16) ^ 1:032X}"
    for key, codes in ((wrong, {"wrong_key", "bad_mac"}), (None, {"key_missing"})):
        with pytest.raises(CollectorError) as caught:
            WmbusDriver.decode({**request, "key": key})
        assert caught.value.code in codes
        assert wrong not in caught.value.message


@pytest.mark.parametrize(
    "row", [row for row in DERIVED if row["security_mode"] == 7], ids=lambda row: row["meter_id"]
)
def test_authenticated_telegram_with_a_changed_byte_gives_no_other_reading(row):
    request = {"key": row["key"], "format": "raw"}
    wire = bytes.fromhex(row["telegram"])
    good = WmbusDriver.decode({"telegram": wire.hex(), **request}).records
    start, accepted = wire.index(b"\x90", 10), 0
    for position in range(start, len(wire)):
        changed = wire[:position] + bytes((wire[position] ^ 1,)) + wire[position + 1 :]
        try:
            records = WmbusDriver.decode({"telegram": changed.hex(), **request}).records
        except CollectorError:
            continue
        assert records == good
        accepted += 1
    # Only the fragment and key numbers of the authentication layer are not under its MAC.
    assert accepted <= 3


@pytest.mark.parametrize("form", ["a", "b"])
def test_every_damaged_byte_of_a_radio_frame_is_found(form):
    row = DERIVED[0]
    wire = bytes.fromhex(row[FORMS[form]])
    for position in range(len(wire)):
        changed = wire[:position] + bytes((wire[position] ^ 0x10,)) + wire[position + 1 :]
        with pytest.raises(CollectorError):
            WmbusDriver.decode({"telegram": changed.hex(), "key": row["key"], "format": form})
