import hashlib
import re
from pathlib import Path

from odoo.tests import TransactionCase, tagged

ADDON = Path(__file__).resolve().parents[1]
ROW = re.compile(r"^\| `(static/lib/[^`]+)` \|.*\| `([0-9a-f]{64})` \|$", re.MULTILINE)


@tagged("post_install", "-at_install")
class TestThirdParty(TransactionCase):
    def test_vendored_files_are_the_listed_ones(self):
        listed = dict(ROW.findall((ADDON / "THIRD_PARTY.md").read_text()))
        files = [path for path in (ADDON / "static/lib").rglob("*") if path.is_file()]
        found = {
            str(path.relative_to(ADDON)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in files
        }
        self.assertEqual(found, listed)
        self.assertGreaterEqual(len(listed), 5)
