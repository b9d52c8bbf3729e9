#!/usr/bin/env bash
# The two Python environments: one for Odoo and the tests, one for the collector (it carries
# another licence and must not see Odoo's libraries).
. "$(dirname "$0")/lib.sh"

PYTHON="${PYTHON:-}"
if [ -z "$PYTHON" ]; then
    for candidate in python3.11 python3; do
        if command -v "$candidate" >/dev/null && "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then
            PYTHON=$candidate; break
        fi
    done
fi
[ -n "$PYTHON" ] || die "Python 3.11 is missing"

# build DIR STAMP-TEXT COMMAND...: (re)makes a venv when what goes into it has changed.
build() {
    local dir=$1 want=$2; shift 2
    if [ "$(cat "$dir/.complete" 2>/dev/null)" = "$want" ]; then return; fi
    rm -f "$dir/.complete"
    [ -x "$dir/bin/python" ] || "$PYTHON" -m venv "$dir" || die "python3-venv is missing"
    say "installing Python packages into ${dir#"$ROOT"/}"
    "$@"
    echo "$want" > "$dir/.complete"
}

pip_install() {
    local dir=$1; shift
    "$dir/bin/pip" install -q --disable-pip-version-check --retries 5 "$@" 2> >(grep -vE 'is ignored: it is neither|DEPRECATION: |Ignored the following' >&2) \
        || die "Python packages could not be installed: $*"
}

odoo_environment() {
    pip_install "$VENV" -r "$ROOT/requirements/odoo.txt" -r "$ROOT/requirements/test.txt"
    echo "$ODOO_TREE/usr/lib/python3/dist-packages" > "$VENV/lib/python3.11/site-packages/odoo-tree.pth"
    cp "$VENV/bin/wkhtmltopdf-pack" "$VENV/bin/wkhtmltopdf"
}

collector_environment() {
    pip_install "$COLLECTOR_VENV" -e "$ROOT/collector[test]"
}

digest() { cat "$@" | sha256sum | cut -c1-16; }
mkdir -p "$TOOLCHAIN"
build "$VENV" "$(digest "$ROOT"/requirements/*.txt) $ODOO_TREE" odoo_environment
if [ -e "$ROOT/collector/pyproject.toml" ]; then
    build "$COLLECTOR_VENV" "$(digest "$ROOT/collector/pyproject.toml") $ROOT" collector_environment
fi
