from . import bill_accept
from . import share_what_if
