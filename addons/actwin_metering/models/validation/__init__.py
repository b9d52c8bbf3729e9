from . import (
    validation_group,
    validation_rule,
    validation_exception,
    validation_mute,
    statistics,
    validation,
    validation_readings,
    validation_days,
    channel,
)
