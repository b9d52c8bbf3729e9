from . import (
    alarm_rule,
    alarm_rule_input,
    alarm_mute,
    alarm,
    alarm_store,
    alarm_life,
    point,
    reactive_limit,
    watch,
    watch_events,
    watch_scope,
    watch_absence,
)
