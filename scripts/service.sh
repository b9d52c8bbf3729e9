#!/usr/bin/env bash
# Background processes of a running installation, each with a pid file in $ACTWIN_HOME/run:
#   service.sh start NAME COMMAND...   service.sh stop [NAME]   service.sh running NAME   service.sh logs
. "$(dirname "$0")/lib.sh"
RUN="$ACTWIN_HOME/run"; LOG="$ACTWIN_HOME/log"
mkdir -p "$RUN" "$LOG"

# A pid file counts only while that very process lives: pid plus its start time. A dead one that
# nobody has reaped yet (state Z, usual in containers without an init) does not.
birth() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | awk '$1 != "Z" && $1 != "X" {print $20}'; }
alive() {
    local pid started
    read -r pid started 2>/dev/null < "$RUN/$1.pid" || return 1
    [ -n "$started" ] && [ "$(birth "$pid")" = "$started" ]
}

start() {
    local name=$1; shift
    alive "$name" && return
    setsid nohup "$@" >>"$LOG/$name.log" 2>&1 </dev/null &
    local pid=$!
    echo "$pid $(birth "$pid")" > "$RUN/$name.pid"
}

stop() {
    local name=$1 pid
    if alive "$name"; then
        read -r pid _ < "$RUN/$name.pid"
        kill -TERM "$pid" 2>/dev/null || true
        for _ in $(seq 100); do alive "$name" || break; sleep 0.1; done
        if alive "$name"; then kill -KILL "$pid" 2>/dev/null || true; fi
    fi
    rm -f "$RUN/$name.pid"
}

case "${1:-}" in
    start) shift; start "$@" ;;
    running) alive "$2" ;;
    stop)
        if [ $# -gt 1 ]; then stop "$2"; exit; fi
        for name in collector simulators odoo; do stop "$name"; done
        [ ! -e "$ACTWIN_HOME/pg.dir" ] || "$ROOT/scripts/cluster.sh" stop
        say "stopped"
        ;;
    logs) tail -n 50 "$LOG"/*.log ;;
    *) die "usage: service.sh start NAME COMMAND... | stop [NAME] | running NAME | logs" ;;
esac
