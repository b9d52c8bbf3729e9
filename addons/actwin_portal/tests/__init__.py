from . import test_days, test_isolation, test_pages, test_role, test_third_party, test_tour
