"""Formulas of components, checked and worked out by what computes virtual channels.

That is plain Python of the metering add-on. Inside Odoo it is imported as such; outside, where
importing an add-on would load Odoo's models, its folder is loaded by path.
"""

import importlib.util
import sys
from functools import lru_cache
from importlib import import_module
from pathlib import Path

OUTSIDE = "actwin_formula"


def _package():
    if __package__.startswith("odoo.addons."):
        return "odoo.addons.actwin_metering.core.formula"
    if OUTSIDE not in sys.modules:
        folder = Path(__file__).resolve().parents[2] / "actwin_metering/core/formula"
        spec = importlib.util.spec_from_file_location(
            OUTSIDE, folder / "__init__.py", submodule_search_locations=[str(folder)])
        sys.modules[OUTSIDE] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[OUTSIDE])
    return OUTSIDE


Formula = import_module(f"{_package()}.evaluate").Formula
FormulaError = import_module(f"{_package()}.check").FormulaError


@lru_cache(maxsize=1024)
def formula_of(text, names):
    """A formula over ``names``; the same one is read once. Raises FormulaError."""
    return Formula(text, names)
