from . import (
    api_key,
    command_ask,
    line_stop,
    scan_create,
    template_apply,
    template_file,
    validation_decision,
)
