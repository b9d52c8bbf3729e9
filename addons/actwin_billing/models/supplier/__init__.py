from . import subscription, supplier_bill, supplier_bill_line, supplier_bill_finding, supplier_check
from . import supplier_reconcile, supplier_import
