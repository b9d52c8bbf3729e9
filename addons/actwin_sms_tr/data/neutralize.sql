-- a copy of a database sends nothing and asks nobody: its gateways have no password
UPDATE actwin_sms_gateway SET secret_encrypted = NULL;
UPDATE sms_tracker SET actwin_poll_date = NULL;
