from . import test_bill
from . import test_taxes
from . import test_ubl_amounts
from . import test_ubl_content
from . import test_ubl_party
from . import test_ubl_refund
from . import test_ubl_generation
from . import test_ubl_template
