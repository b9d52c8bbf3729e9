from . import sms_test
