#!/usr/bin/env bash
# Everything a fresh Debian 12 machine with Python 3.11 needs. Every step is skipped when it
# is already done and resumes when it was interrupted.
. "$(dirname "$0")/lib.sh"

here="$ROOT/scripts"
mkdir -p "$ACTWIN_HOME"
"$here/packages.sh"
"$here/odoo.sh"
"$here/venv.sh"
"$here/cluster.sh" start
"$here/config.sh"
