from . import (
    api_key,
    command_ask,
    line_stop,
    meter_change,
    reading_correction,
    scan_create,
    template_apply,
    template_file,
    validation_decision,
    validation_run,
)
from . import alarm_decision
