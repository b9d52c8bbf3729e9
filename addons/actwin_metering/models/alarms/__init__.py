from . import alarm_rule, alarm_rule_input, alarm_mute, alarm, alarm_store, alarm_life, point, watch
