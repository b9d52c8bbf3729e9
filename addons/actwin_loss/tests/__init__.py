from . import test_balance, test_ingest, test_node, test_registers, test_rights
