"""Make the core importable as ``tr_core`` without importing the addon, hence without Odoo."""

import importlib.util
import os
import sys
from pathlib import Path

import pytest

CORE = Path(__file__).resolve().parents[1] / "core"

if "tr_core" not in sys.modules:
    spec = importlib.util.spec_from_file_location(
        "tr_core", CORE / "__init__.py", submodule_search_locations=[str(CORE)]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["tr_core"] = module
    spec.loader.exec_module(module)


@pytest.fixture(scope="session")
def gib():
    """Folder of GİB's lists and of sample invoices outside the repository."""
    root = os.environ.get("ACTWIN_TEST_DATA") or CORE.parents[3] / "shared" / "data"
    folder = Path(root) / "ubltr"
    if not folder.is_dir():
        pytest.skip("ACTWIN_TEST_DATA has no ubltr")
    return folder
