from . import (
    occupied_mixin,
    ingest_batch,
    reading_store,
    store_upkeep,
    reading,
    reading_ingest,
    reading_version,
    reading_reject,
    device_event,
    device_comm,
    consumption,
    rollup,
)
