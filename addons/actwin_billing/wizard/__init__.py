from . import bill_accept
from . import share_what_if
from . import bill_accept, table_import, market_import, parameter_import, session_import
