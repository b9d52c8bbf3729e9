from . import (
    site,
    point,
    calibration_period,
    meter,
    meter_calibration,
    installation,
    installation_index,
    channel,
    channel_series,
    subscriber_kind,
    subscriber,
    occupancy,
)
