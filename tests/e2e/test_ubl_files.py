"""The demo's e-invoice files, checked with the revenue administration's own rules."""

import base64
import sys
from pathlib import Path

import pytest
from lxml import etree

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "addons" / "actwin_l10n_tr" / "tests"))

import validator  # noqa: E402  (plain Python beside the add-on's own tests)

CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"


@pytest.fixture(scope="module")
def files(house):
    """{file name: (invoice total, xml)} of every posted bill."""
    call = house.rpc()
    moves = call(
        "account.move", "search_read", [("actwin_run_id", "!=", False)],
        ["actwin_ubl_name", "amount_total", "ubl_cii_xml_file"],
    )
    return {
        move["actwin_ubl_name"]: (
            move["amount_total"], base64.b64decode(move["ubl_cii_xml_file"] or "")
        )
        for move in moves
    }


def test_every_invoice_has_a_file_with_a_lawful_number(files):
    assert len(files) == 12
    for name, (_total, xml) in files.items():
        number = etree.fromstring(xml).findtext(f"{CBC}ID")
        assert name == f"{number}.xml"
        assert len(number) == 16


def test_payable_amount_is_the_posted_total(files):
    for total, xml in files.values():
        payable = etree.fromstring(xml).find(f".//{CBC}PayableAmount").text
        assert payable == f"{total:.2f}"


@pytest.fixture(scope="module", autouse=True)
def end_the_processor():
    yield
    validator.Schematron.stop()


@pytest.mark.skipif(bool(validator.reason_to_skip()), reason=validator.reason_to_skip() or "-")
def test_files_pass_schema_and_schematron(files):
    for name, (_total, xml) in files.items():
        assert not validator.findings(xml), name
