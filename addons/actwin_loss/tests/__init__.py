from . import test_balance, test_node, test_registers, test_rights
