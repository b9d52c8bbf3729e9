#!/usr/bin/env bash
# The performance goals, each against a limit measured in the same run: bench.sh [GROUP...]
# The bench uses its own home, cluster, database and ports, so a demo may run beside it.
. "$(dirname "$0")/lib.sh"
export ACTWIN_TOOLCHAIN="$TOOLCHAIN"
export ACTWIN_HOME="$ACTWIN_HOME/bench"
if [ -z "${ACTWIN_TEST_DATA:-}" ] && [ -d "$ROOT/../shared/data" ]; then
    ACTWIN_TEST_DATA="$(cd "$ROOT/../shared/data" && pwd)"
    export ACTWIN_TEST_DATA
fi
exec "$VENV/bin/python" "$ROOT/tests/bench/run.py" "$@"
