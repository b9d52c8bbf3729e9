from . import (
    sms_gateway,
    sms_gateway_balance,
    res_company,
    res_config_settings,
    sms_sms,
    sms_tracker,
)
