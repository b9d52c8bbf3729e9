#!/usr/bin/env bash
# The private PostgreSQL cluster: cluster.sh start|stop|status|dir
# It listens on a Unix socket only and runs as a non-root user.
. "$(dirname "$0")/lib.sh"

BIN="$(pg_bindir)"
USER_NAME="$(cluster_user)"
POINTER="$ACTWIN_HOME/pg.dir"

# Where the cluster lives: in ACTWIN_HOME, or, when its user cannot go there, in a folder
# it can reach (remembered in a pointer file).
place() {
    if [ -e "$POINTER" ]; then cat "$POINTER"; return; fi
    local dir="$ACTWIN_HOME/pg"
    mkdir -p "$ACTWIN_HOME"
    if [ "$(id -u)" -eq 0 ] && ! as_cluster_user test -x "$ACTWIN_HOME"; then
        dir="/var/lib/actwin/$(printf %s "$ACTWIN_HOME" | sha256sum | cut -c1-12)/pg"
        say "user $USER_NAME cannot enter $ACTWIN_HOME; the database cluster moves to $dir" >&2
    fi
    # A Unix socket path is limited to about 100 characters.
    if [ ${#dir} -gt 80 ]; then
        dir="/var/tmp/actwin-$(id -u)-$(printf %s "$dir" | sha256sum | cut -c1-12)/pg"
        say "the path is too long for a socket; the database cluster moves to $dir" >&2
    fi
    echo "$dir" > "$POINTER"
    echo "$dir"
}

DIR="$(place)"
running() { drop_dead_pid; as_cluster_user "$BIN/pg_ctl" -D "$DIR/data" status >/dev/null 2>&1; }

# A server that was killed and not yet reaped (usual in containers without an init) still counts
# as alive for PostgreSQL, which would then refuse to start for ever.
drop_dead_pid() {
    local file="$DIR/data/postmaster.pid" pid
    [ -e "$file" ] || return 0
    pid=$(head -n 1 "$file")
    if grep -q '^State:[[:space:]]*Z' "/proc/$pid/status" 2>/dev/null; then
        rm -f "$file" "$DIR"/socket/.s.PGSQL.*.lock
    fi
}

create() {
    [ -e "$DIR/data/PG_VERSION" ] && [ -e "$DIR/.complete" ] && return
    say "making the database cluster in $DIR"
    rm -rf "$DIR"
    mkdir -p "$DIR/socket"
    [ "$(id -u)" -ne 0 ] || chown -R "$USER_NAME" "$DIR"
    chmod 755 "$DIR"; chmod 700 "$DIR/socket"
    as_cluster_user "$BIN/initdb" -D "$DIR/data" -U actwin -A trust --locale=C.UTF-8 -E UTF8 >/dev/null \
        || die "initdb failed in $DIR"
    cat >> "$DIR/data/postgresql.conf" <<EOF
listen_addresses = ''
unix_socket_directories = '$DIR/socket'
unix_socket_permissions = 0700
shared_buffers = 512MB
work_mem = 32MB
maintenance_work_mem = 256MB
max_wal_size = 4GB
random_page_cost = 1.1
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
EOF
    touch "$DIR/.complete"
}

# After a crash the old server's children may hold its shared memory for some seconds more.
launch() {
    for _ in 1 2 3 4 5; do
        running && return
        as_cluster_user "$BIN/pg_ctl" -D "$DIR/data" -l "$DIR/log" -w -t 60 start >/dev/null 2>&1 && return
        sleep 2
    done
    return 1
}

case "${1:-}" in
    start)
        create
        launch || { tail -n 3 "$DIR/log" >&2; die "PostgreSQL did not start (log: $DIR/log)"; }
        ;;
    stop) if running; then as_cluster_user "$BIN/pg_ctl" -D "$DIR/data" -w -m "${2:-fast}" stop >/dev/null; fi ;;
    status) if running; then echo running; else echo stopped; exit 3; fi ;;
    dir) echo "$DIR" ;;
    *) die "usage: cluster.sh start|stop|status|dir" ;;
esac
