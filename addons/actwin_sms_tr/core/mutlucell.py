"""Mutlucell: XML in, lines of text out."""

import re
from decimal import Decimal, InvalidOperation

from lxml import etree

from .gateway import Gateway
from .numbers import canonical
from .values import (
    ACCOUNT,
    CREDIT,
    DELIVERED,
    EXPIRED,
    INVALID_DESTINATION,
    NOT_ALLOWED,
    NOT_DELIVERED,
    REJECTED,
    SENDER,
    SERVER,
    WAITING,
    Balance,
    Delivery,
    GatewayError,
)

_PROBLEMS = {
    "20": REJECTED,
    "21": SENDER,
    "22": CREDIT,
    "23": ACCOUNT,
    "24": SERVER,
    "25": SERVER,
    "30": ACCOUNT,
    "34": ACCOUNT,
}
_STATES = {
    "0": WAITING,
    "1": WAITING,
    "2": WAITING,
    "3": DELIVERED,
    "4": WAITING,
    "5": EXPIRED,
    "6": NOT_DELIVERED,
    "7": REJECTED,
    "11": WAITING,
    "12": INVALID_DESTINATION,
    "13": NOT_DELIVERED,
    "15": INVALID_DESTINATION,
    "16": NOT_ALLOWED,
    "17": NOT_DELIVERED,
    "18": NOT_DELIVERED,
    "19": NOT_ALLOWED,
    "20": NOT_DELIVERED,
}
_TAKEN = re.compile(r"\$(\d+)#[\d.]+")
_CODE = re.compile(r"\d{1,3}")
_ROW = re.compile(r"\+?(\d{10,15})\s+(\d{1,3})")


class Mutlucell(Gateway):
    """A package is answered by ``$number#credit``, a refusal by a bare number."""

    url = "https://smsgw.mutlucell.com"
    turkish_alphabet = True

    def _submit(self, package):
        content = self._request("smspack")
        if self.account.sender:
            content.set("org", self.account.sender)
        content.set("charset", "turkish" if self.turkish else "default")
        for text in package:
            message = etree.SubElement(content, "mesaj")
            etree.SubElement(message, "metin").text = text.body
            etree.SubElement(message, "nums").text = text.number
        answer = self._call("sndblkex", content)
        found = _TAKEN.fullmatch(answer)
        if not found:
            raise GatewayError(SERVER, "no package number")
        return found[1]

    def deliveries(self, jobs):
        return [row for job in jobs for row in self._report(job)]

    def _report(self, job):
        content = self._request("smsrapor")
        content.set("id", job)
        lines = self._call("gtblkrprtex", content).splitlines()
        found = [_ROW.fullmatch(line.strip()) for line in lines]
        if not found or not all(found):
            raise GatewayError(SERVER, "no report")
        return [
            Delivery(job, canonical(row[1]) or "", _STATES.get(row[2], WAITING), row[2])
            for row in found
        ]

    def balance(self):
        answer = self._call("gtcrdtex", self._request("smskredi"))
        try:
            return [Balance(Decimal(answer.removeprefix("$")), "SMS")]
        except InvalidOperation as error:
            raise GatewayError(SERVER, "no balance") from error

    def _request(self, name):
        return etree.Element(name, ka=self.account.user, pwd=self.account.secret)

    def _call(self, path, content):
        """An answer that is no code of a refusal."""
        text = self._client.post(
            f"{self._url}/smsgw-ws/{path}",
            data=etree.tostring(content, encoding="UTF-8", xml_declaration=True),
            headers={"Content-Type": "text/xml; charset=UTF-8"},
        )
        answer = text.strip()
        if _CODE.fullmatch(answer):
            raise GatewayError(_PROBLEMS.get(answer, SERVER), answer)
        return answer
