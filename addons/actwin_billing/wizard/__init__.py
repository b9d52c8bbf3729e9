from . import (
    bill_accept,
    share_what_if,
    table_import,
    market_import,
    parameter_import,
    session_import,
    tariff_preview,
    tariff_comparison,
)
