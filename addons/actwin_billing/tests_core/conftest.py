"""Makes the core importable as ``actwin_billing_core`` without Odoo and without a path entry.

Importing it through the addon would import Odoo; the alias cannot clash with another addon's core.
"""

import importlib.util
import os
import sys
from pathlib import Path

import pytest

CORE = Path(__file__).resolve().parent.parent / "core"
NAME = "actwin_billing_core"

sys.path.insert(0, str(Path(__file__).resolve().parent))  # the case builders

if NAME not in sys.modules:
    spec = importlib.util.spec_from_file_location(
        NAME, CORE / "__init__.py", submodule_search_locations=[str(CORE)]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = module
    spec.loader.exec_module(module)


@pytest.fixture(scope="session")
def invoices():
    """Folder of real invoice figures outside the repository; its absence skips."""
    root = os.environ.get("ACTWIN_TEST_DATA") or CORE.parents[3] / "shared" / "data"
    folder = Path(root) / "invoices"
    if not folder.is_dir():
        pytest.skip("ACTWIN_TEST_DATA has no invoices")
    return folder
