from . import (
    site,
    point,
    meter,
    installation,
    installation_index,
    channel,
    channel_series,
    subscriber_kind,
    subscriber,
    occupancy,
)
