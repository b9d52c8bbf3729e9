from . import test_deliveries, test_gateway, test_sending
