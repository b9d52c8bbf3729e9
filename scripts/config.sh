#!/usr/bin/env bash
# Writes $ACTWIN_HOME/odoo.conf from the repository's odoo.conf for the private cluster.
. "$(dirname "$0")/lib.sh"

socket="$("$ROOT/scripts/cluster.sh" dir)/socket"
mkdir -p "$ACTWIN_HOME/data" "$ACTWIN_HOME/run" "$ACTWIN_HOME/log"
addons="$ODOO_TREE/usr/lib/python3/dist-packages/odoo/addons,$ROOT/addons"
[ -z "${ODOO_BIN:-}" ] || addons="$ROOT/addons"
sed -e "s|^addons_path *=.*|addons_path = $addons|" \
    -e "s|^data_dir *=.*|data_dir = $ACTWIN_HOME/data|" \
    -e "s|^db_host *=.*|db_host = $socket|" \
    -e "s|^db_user *=.*|db_user = actwin|" \
    -e "s|^http_interface *=.*|http_interface = 127.0.0.1|" \
    -e "s|^http_port *=.*|http_port = $ACTWIN_HTTP_PORT|" \
    -e "s|^workers *=.*|workers = 0|" \
    -e "s|^proxy_mode *=.*|proxy_mode = False|" \
    -e "s|^admin_passwd *=.*|admin_passwd = $(head -c 24 /dev/urandom | base64 | tr -d '/+=')|" \
    "$ROOT/odoo.conf" > "$ACTWIN_HOME/odoo.conf.new"
chmod 600 "$ACTWIN_HOME/odoo.conf.new"
mv "$ACTWIN_HOME/odoo.conf.new" "$ACTWIN_HOME/odoo.conf"
