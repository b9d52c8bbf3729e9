from . import bill_accept
