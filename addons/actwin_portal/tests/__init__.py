from . import (
    test_days,
    test_isolation,
    test_pages,
    test_role,
    test_shared_costs,
    test_third_party,
    test_tour,
)
