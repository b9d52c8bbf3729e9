from . import (
    parameter,
    calendar,
    market,
    tariff,
    version,
    version_facts,
    component,
    component_facts,
    component_formula,
    tier,
)
