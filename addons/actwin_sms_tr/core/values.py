"""What goes into a gateway and what comes out of it."""

from dataclasses import dataclass, field
from decimal import Decimal

# Why a text was not taken. The first five are states Odoo's SMS queue knows or is taught.
SERVER = "server_error"
"""The gateway is down, busy or talks nonsense: another try may succeed."""
ACCOUNT = "account"
"""Wrong password, an address that may not call, an account without the right to send."""
SENDER = "sender"
"""The sender's name is not registered."""
CREDIT = "insufficient_credit"
NUMBER = "wrong_number_format"
REJECTED = "rejected"
"""This text to this number will never be taken: too long, empty, refused."""
REPEATED = "repeated"
"""The gateway has taken the same text to the same number a short while ago."""

OF_THE_ACCOUNT = (ACCOUNT, SENDER, CREDIT)
"""Refusals that hold for every text, so that asking again for the next one is of no use."""
OF_THE_TEXTS = (NUMBER, REJECTED)
"""Refusals of a package that may be due to one of its texts alone."""

# What became of a text that was taken. All but the first two are Odoo's names of failures.
WAITING = "waiting"
DELIVERED = "delivered"
EXPIRED = "expired"
NOT_DELIVERED = "not_delivered"
INVALID_DESTINATION = "invalid_destination"
NOT_ALLOWED = "not_allowed"


class GatewayError(Exception):
    """A call that did not bring what was asked for.

    :param str problem: one of the constants above
    :param str code: the gateway's own code, or what was seen instead of one
    """

    def __init__(self, problem, code=""):
        super().__init__(f"{problem} {code}".strip())
        self.problem = problem
        self.code = code


@dataclass(frozen=True)
class Account:
    """How to reach a gateway and as whom; the secret never shows in a log."""

    url: str
    user: str
    secret: str = field(repr=False)
    sender: str = ""


@dataclass(frozen=True)
class Text:
    """A text to one number; ``key`` is the caller's, ``number`` any form of it."""

    key: str
    number: str
    body: str


@dataclass(frozen=True)
class Receipt:
    """What a gateway said to one text: the package it went in, or the problem and its code."""

    key: str
    job: str = ""
    problem: str = ""
    code: str = ""


@dataclass(frozen=True)
class Delivery:
    """What became of the text to one number of a package; ``parts`` 0 when it is not told."""

    job: str
    number: str
    state: str
    code: str = ""
    parts: int = 0


@dataclass(frozen=True)
class Balance:
    """What is left on an account: so many of a unit, the gateway's own word or TRY or SMS."""

    amount: Decimal
    unit: str
