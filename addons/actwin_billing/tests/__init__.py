from . import (
    test_hard_cases,
    test_tariff,
    test_run,
    test_progress,
    test_checks,
    test_review,
    test_posting,
    test_real_bills,
    test_access,
    test_rules,
    test_adjustment,
    test_tour,
)
