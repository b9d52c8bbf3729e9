#!/usr/bin/env bash
# The test peers that npm offers, in the versions of peers/package-lock.json. Debian's own npm would
# bring four hundred packages, so it is not installed for them: without npm their tests are skipped
# and say so.
. "$(dirname "$0")/lib.sh"

peers="$TOOLCHAIN/peers"
want=$(sha256sum < "$ROOT/scripts/peers/package-lock.json")
[ "$(cat "$peers/.complete" 2>/dev/null)" != "$want" ] || exit 0
if ! command -v npm >/dev/null; then
    say "npm is missing: tests against peers from npm will be skipped"
    exit 0
fi
say "installing test peers into ${peers#"$ROOT"/}"
mkdir -p "$peers"
cp "$ROOT"/scripts/peers/package*.json "$peers/"
# Prebuilt binaries are in the packages: nothing is compiled, no script of theirs is run.
npm ci --prefix "$peers" --ignore-scripts --no-audit --no-fund --silent \
    || { say "test peers could not be installed: their tests will be skipped"; exit 0; }
echo "$want" > "$peers/.complete"
