#!/usr/bin/env bash
# Every check that needs no database: Python, add-on manifests, XML, JavaScript, translations.
. "$(dirname "$0")/lib.sh"
cd "$ROOT"
failed=0
check() { local what=$1; shift; if "$@"; then say "$what: clean"; else say "$what: findings above"; failed=1; fi; }

# forbid TEXT PATTERN FILES...: fails when a tracked file matches.
forbid() {
    local why=$1 pattern=$2; shift 2
    if git grep -nE "$pattern" -- "$@"; then say "$why"; return 1; fi
}

addons=(addons/*/)
check "ruff" "$VENV/bin/ruff" check -q addons collector tests scripts cli examples
check "pylint-odoo" "$VENV/bin/pylint" --rcfile=.pylintrc --disable=missing-return,consider-merging-classes-inherited "${addons[@]%/}"
check "add-on checks" "$VENV/bin/oca-checks-odoo-module" --disable=prefer-readme-rst "${addons[@]%/}"
check "views" forbid "use <list>, not <tree>" '<tree|view_mode[^/]*tree' 'addons/*.xml'
check "constraints" forbid "use models.Constraint" '_sql_constraints' 'addons/*.py'
check "routes" forbid 'use type="jsonrpc"' 'type="json"' 'addons/*.py'
check "exceptions" forbid "name the exception" 'except:' '*.py'
check "prints" forbid "log instead of printing" '^[^#"]*\bprint\(' 'addons/*/models/*.py' 'addons/*/controllers/*.py' 'addons/*/wizard/*.py'
check "JavaScript" find addons -name '*.js' -not -path '*/lib/*' -exec sh -c '
    status=0; for file; do node --input-type=module --check < "$file" || { echo "$file"; status=1; }; done; exit $status' sh {} +
check "templates" "$VENV/bin/python" scripts/templates.py --check
check "translations" "$VENV/bin/python" scripts/translations.py "${addons[@]%/}"
exit $failed
