"""Make the core importable as ``sms_core`` without importing the addon, hence without Odoo."""

import importlib.util
import sys
from pathlib import Path

if "sms_core" not in sys.modules:
    core = Path(__file__).resolve().parents[1] / "core"
    spec = importlib.util.spec_from_file_location(
        "sms_core", core / "__init__.py", submodule_search_locations=[str(core)]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules["sms_core"] = module
    spec.loader.exec_module(module)
