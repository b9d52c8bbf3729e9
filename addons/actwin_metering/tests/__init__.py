from . import (
    test_access,
    test_collector,
    test_consumption_between,
    test_ingest,
    test_ingest_core,
    test_ingest_garbage,
    test_master,
    test_reading,
    test_rejects,
    test_rollup,
    test_rollup_random,
    test_xmlrpc,
)
