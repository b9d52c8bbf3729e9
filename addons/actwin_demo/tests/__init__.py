from . import test_demo_zone
