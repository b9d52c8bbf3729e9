"""External ids of chart records and limits shared by the models."""

CHART = "tr"
LEVY_ACCOUNT = "actwin_tr360100"
LEVY_GROUP = "actwin_tr_tax_group_btv"
LEVY_TAXES = {"actwin_tr_s_btv_5": 5.0, "actwin_tr_s_btv_1": 1.0}
LEVY_CODE = "4071"
VAT_CODE = "0015"
PRICE_DIGITS = 8
QUANTITY_DIGITS = 6
UBL_BATCH = 50
# Context key under which no code path may ask the integrator about a customer.
NO_NETWORK = "actwin_tr_no_network"
