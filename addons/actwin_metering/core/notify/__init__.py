"""Notices to people: when, how many and how long; nothing of Odoo or a database."""

from . import backoff, quiet, sms_text, throttle
