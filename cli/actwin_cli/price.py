"""Price one bill from plain facts; the calculation core answers everything, --help included."""

import sys

from .home import ROOT


def main(argv):
    """Hand the arguments to the core's own command line and return its exit code."""
    # The core is plain Python inside the add-on and must not pull in Odoo, so it is reached
    # by path and not as odoo.addons.actwin_billing.
    sys.path.insert(0, str(ROOT / "addons" / "actwin_billing"))
    from core.cli_price import main as core_main

    return core_main(argv)
