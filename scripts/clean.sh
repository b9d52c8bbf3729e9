#!/usr/bin/env bash
# Removes what this clone made on this machine: databases, environments, downloads.
. "$(dirname "$0")/lib.sh"

for pointer in "$ACTWIN_HOME/pg.dir" "$ACTWIN_HOME"/*/pg.dir; do
    [ -e "$pointer" ] || continue
    ACTWIN_HOME="$(dirname "$pointer")" "$ROOT/scripts/cluster.sh" stop immediate || true
    dir="$(cat "$pointer")"
    case "$dir" in
        "$ACTWIN_HOME"/*) ;;
        */pg) rm -rf "$(dirname "$dir")" ;;
    esac
done
rm -rf "$ACTWIN_HOME"
say "removed $ACTWIN_HOME"
