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

# Sets APT to an apt-get that knows Debian unstable from the machine's mirror and nothing else: its
# lists lie in the folder given, nothing is installed. Fails when no mirror or keyring is there.
unstable_apt() {
    local cache=$1 mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    mkdir -p "$cache/lists/partial" "$cache/archives/partial"
    : > "$cache/status"
    mirror=$(apt-get indextargets --format '$(SITE)' 'Identifier: Packages' 2>/dev/null \
        | awk '$1 ~ /\/debian\/?$/ {print $1; exit}') || true
    [ -n "${mirror:-}" ] || { say "no Debian mirror is configured in apt"; return 1; }
    [ -e "$keyring" ] || { say "$keyring is missing (package debian-archive-keyring)"; return 1; }
    echo "deb [signed-by=$keyring] $mirror unstable main" > "$cache/sources.list"
    # A frozen mirror's lists are past their date but still signed, which is what matters here.
    APT=(apt-get -qq -o Acquire::Check-Valid-Until=false -o "Dir::Etc::sourcelist=$cache/sources.list" -o Dir::Etc::sourceparts=-
        -o "Dir::State::Lists=$cache/lists" -o "Dir::State::status=$cache/status"
        -o "Dir::Cache::pkgcache=" -o "Dir::Cache::srcpkgcache=" -o Acquire::Retries=3 -o APT::Sandbox::User=root)
}
