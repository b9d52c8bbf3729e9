# Shared by every script: places, messages, small checks. Sourced, never run.
set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
ACTWIN_HOME="${ACTWIN_HOME:-$ROOT/.local}"
case "$ACTWIN_HOME" in /*) ;; *) ACTWIN_HOME="$PWD/$ACTWIN_HOME" ;; esac
ACTWIN_DB="${ACTWIN_DB:-actwin_demo}"
ACTWIN_HTTP_PORT="${ACTWIN_HTTP_PORT:-8069}"
export ROOT ACTWIN_HOME ACTWIN_DB ACTWIN_HTTP_PORT

# Downloads and environments are the same for a demo and a test run; a test run points
# ACTWIN_HOME elsewhere and keeps using these.
TOOLCHAIN="${ACTWIN_TOOLCHAIN:-$ROOT/.local}"
VENV="$TOOLCHAIN/venv"
COLLECTOR_VENV="$TOOLCHAIN/venv-collector"
ODOO_TREE="$TOOLCHAIN/odoo"
export TOOLCHAIN

say() { printf '%s\n' "• $*"; }
die() { printf 'actwin: %s\n' "$*" >&2; exit 1; }

# The account PostgreSQL runs under: never root.
cluster_user() {
    if [ "$(id -u)" -ne 0 ]; then id -un; else echo postgres; fi
}

as_cluster_user() {
    if [ "$(id -u)" -eq 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

pg_bindir() {
    local dir
    dir=$(find /usr/lib/postgresql -maxdepth 2 -name bin -type d 2>/dev/null | sort -V | tail -n 1)
    [ -n "$dir" ] || die "PostgreSQL server programs are missing (package postgresql)"
    echo "$dir"
}

odoo_program() {
    if [ -n "${ODOO_BIN:-}" ]; then echo "$ODOO_BIN"; return; fi
    if [ -x "$ODOO_TREE/usr/bin/odoo" ]; then echo "$ODOO_TREE/usr/bin/odoo"; return; fi
    local found
    found=$(command -v odoo || true)
    if [ -n "$found" ] && "$found" --version 2>/dev/null | grep -q ' 19\.'; then echo "$found"; return; fi
    die "Odoo 19 is missing: run 'make setup'"
}
