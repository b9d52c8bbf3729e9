#!/usr/bin/env bash
# Removes what this clone made on this machine: databases, environments, downloads.
. "$(dirname "$0")/lib.sh"
if [ -e "$ACTWIN_HOME/pg.dir" ]; then
    dir="$(cat "$ACTWIN_HOME/pg.dir")"
    case "$dir" in */pg) rm -rf "$dir" ;; esac
fi
rm -rf "$ACTWIN_HOME"
say "removed ${ACTWIN_HOME#"$ROOT"/}"
