"""Make the cores importable as ``vee_core`` and so on without importing the addon, hence without
Odoo.
"""

import importlib.util
import sys
from pathlib import Path

for name in ("vee", "convert", "formula", "notify", "imports"):
    core = Path(__file__).resolve().parents[1] / "core" / name
    if f"{name}_core" not in sys.modules and core.exists():
        spec = importlib.util.spec_from_file_location(
            f"{name}_core", core / "__init__.py", submodule_search_locations=[str(core)]
        )
        module = importlib.util.module_from_spec(spec)
        sys.modules[f"{name}_core"] = module
        spec.loader.exec_module(module)

registers = Path(__file__).resolve().parents[1] / "core" / "registers.py"
spec = importlib.util.spec_from_file_location("registers_core", registers)
sys.modules.setdefault("registers_core", importlib.util.module_from_spec(spec))
spec.loader.exec_module(sys.modules["registers_core"])
