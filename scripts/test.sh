#!/usr/bin/env bash
# Every test of the repository; the last line is 'N passed, N failed, N skipped'.
# Tests use their own home, cluster, database and ports, so a demo may run beside them.
. "$(dirname "$0")/lib.sh"
export ACTWIN_TOOLCHAIN="$TOOLCHAIN"
export ACTWIN_HOME="$ACTWIN_HOME/test"
if [ -z "${ACTWIN_TEST_DATA:-}" ] && [ -d "$ROOT/../shared/data" ]; then
    ACTWIN_TEST_DATA="$(cd "$ROOT/../shared/data" && pwd)"
    export ACTWIN_TEST_DATA
fi
exec "$VENV/bin/python" "$ROOT/tests/run.py" "$@"
