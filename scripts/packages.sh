#!/usr/bin/env bash
# Distribution packages the suite needs; installs only those that are missing.
. "$(dirname "$0")/lib.sh"

NEEDED=(postgresql chromium libmagic1 python3-venv socat mosquitto mbpoll fonts-dejavu-core libxrender1 libxext6 libfontconfig1 nodejs)

missing=()
for package in "${NEEDED[@]}"; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

command -v apt-get >/dev/null || die "this machine has no apt-get; install by hand: ${missing[*]}"
runner=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "these packages are missing and need root to install: ${missing[*]}"
    runner=(sudo)
fi
say "installing ${missing[*]}"
# The product has its own cluster; the one Debian would make and start is not wanted.
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    "${runner[@]}" mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' | "${runner[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
fi
"${runner[@]}" apt-get -qq -o Acquire::Retries=3 update || say "some package lists could not be refreshed; going on with what is there"
# Of mosquitto only the program is wanted: tests start their own broker on a port of their own.
if [[ " ${missing[*]} " == *" mosquitto "* ]] && [ ! -e /etc/systemd/system/mosquitto.service ]; then
    "${runner[@]}" mkdir -p /etc/systemd/system
    "${runner[@]}" ln -s /dev/null /etc/systemd/system/mosquitto.service
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
DEBIAN_FRONTEND=noninteractive "${runner[@]}" apt-get -qq -y -o Acquire::Retries=3 \
    --no-install-recommends install "${missing[@]}" >"$log" 2>&1 || {
    tail -n 5 "$log" >&2
    die "apt-get could not install: ${missing[*]}"
}
