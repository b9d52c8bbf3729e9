"""What all gateways have in common: packages, and how their refusals are taken."""

import re
from abc import ABC, abstractmethod
from dataclasses import replace

from .client import Client
from .numbers import canonical
from .values import (
    NUMBER,
    OF_THE_ACCOUNT,
    OF_THE_TEXTS,
    REPEATED,
    SERVER,
    GatewayError,
    Receipt,
)

PACKAGE = 500
"""Texts of one call."""
_NO_USE = (*OF_THE_ACCOUNT, SERVER)
_UNSENDABLE = re.compile(r"[^\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What neither XML nor a phone can carry."""


class Gateway(ABC):
    """A gateway's account. Adapters say how a package is posted and how answers are read.

    :param Account account: address and credentials
    :param bool turkish: send Turkish letters in the gateway's own alphabet for them
    """

    url = ""
    """Its address, unless the account names another one."""
    turkish_alphabet = False
    """Whether a text with Turkish letters keeps nearly the length of a plain one."""
    jobs_per_report = 1

    def __init__(self, account, turkish=True, client=None):
        self.account = account
        self.turkish = turkish
        self._client = client or Client()
        self._url = (account.url or self.url).rstrip("/")

    def send(self, texts):
        """One receipt for each text, in their order; never raises for what a gateway does.

        Once the account is refused, or the gateway is silent, the rest is not asked for.
        """
        receipts, ready, stop = {}, [], None
        for text in texts:
            number = canonical(text.number)
            if number:
                body = _UNSENDABLE.sub("", text.body.replace("\r\n", "\n"))
                ready.append(replace(text, number=number, body=body))
            else:
                receipts[text.key] = Receipt(text.key, problem=NUMBER)
        for package in packages(ready):
            if stop:
                receipts |= {text.key: replace(stop, key=text.key) for text in package}
                continue
            found = self._send_package(package)
            receipts |= found
            stop = next((item for item in found.values() if item.problem in _NO_USE), None)
        return [receipts[text.key] for text in texts]

    def _send_package(self, package):
        """Receipts by key; a package refused for one of its texts is halved until that is found."""
        try:
            job = self._submit(package)
        except GatewayError as error:
            if error.problem in OF_THE_TEXTS and len(package) > 1:
                half = len(package) // 2
                return self._send_package(package[:half]) | self._send_package(package[half:])
            # repeated: an earlier call that seemed to fail had arrived, so the person has the text
            problem = "" if error.problem == REPEATED else error.problem
            return {text.key: Receipt(text.key, "", problem, error.code) for text in package}
        return {text.key: Receipt(text.key, job=job) for text in package}

    @abstractmethod
    def _submit(self, package):
        """Post a package in which no number stands twice; returns the gateway's name of it."""

    @abstractmethod
    def deliveries(self, jobs):
        """[Delivery] of at most ``jobs_per_report`` packages; numbers as ``canonical`` gives them.

        Numbers a gateway says nothing about yet may be missing.
        """

    @abstractmethod
    def balance(self):
        """[Balance], the one that matters for sending first."""


def packages(texts):
    """Lists of at most PACKAGE texts without a number twice: reports know texts by their number."""
    found = []
    for text in texts:
        for package, numbers in found:
            if text.number not in numbers and len(package) < PACKAGE:
                break
        else:
            package, numbers = [], set()
            found.append((package, numbers))
        package.append(text)
        numbers.add(text.number)
    return [package for package, _numbers in found]
