#!/usr/bin/env bash
# Every test of the repository; the last line is 'N passed, N failed, N skipped'.
# Tests use their own home, cluster, database and ports, so a demo may run beside them.
. "$(dirname "$0")/lib.sh"
export ACTWIN_TOOLCHAIN="$TOOLCHAIN"
export ACTWIN_PEERS="$TOOLCHAIN/peers" ACTWIN_WMBUSMETERS="$TOOLCHAIN/wmbusmeters/run"
export ACTWIN_HOME="$ACTWIN_HOME/test"
ACTWIN_TEST_DATA="${ACTWIN_TEST_DATA:-$ROOT/../shared/data}"
if [ -d "$ACTWIN_TEST_DATA" ]; then
    # Absolute, because suites run in different folders.
    ACTWIN_TEST_DATA="$(cd "$ACTWIN_TEST_DATA" && pwd)"
    export ACTWIN_TEST_DATA
else
    unset ACTWIN_TEST_DATA
fi
"$ROOT/scripts/peers.sh"
"$ROOT/scripts/wmbusmeters.sh"
exec "$VENV/bin/python" "$ROOT/tests/run.py" "$@"
