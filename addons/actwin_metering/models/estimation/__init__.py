from . import (
    estimate,
    validation_group,
    estimation_step,
    channel,
    reading_version,
    estimation,
    estimation_methods,
    estimation_references,
    estimation_register,
    extrapolation,
    rollup,
)
