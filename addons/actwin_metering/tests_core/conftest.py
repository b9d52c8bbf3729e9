"""Make the core importable as ``vee_core`` without importing the addon, hence without Odoo."""

import importlib.util
import sys
from pathlib import Path

CORE = Path(__file__).resolve().parents[1] / "core" / "vee"

if "vee_core" not in sys.modules:
    spec = importlib.util.spec_from_file_location(
        "vee_core", CORE / "__init__.py", submodule_search_locations=[str(CORE)]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["vee_core"] = module
    spec.loader.exec_module(module)
