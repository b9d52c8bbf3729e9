"""İleti Merkezi, API v1: XML with a key and its hash; codes as its status page lists them."""

from decimal import Decimal, InvalidOperation

from lxml import etree

from .gateway import Gateway
from .numbers import canonical
from .values import (
    ACCOUNT,
    CREDIT,
    DELIVERED,
    NOT_DELIVERED,
    NUMBER,
    REJECTED,
    REPEATED,
    SENDER,
    SERVER,
    WAITING,
    Balance,
    Delivery,
    GatewayError,
)

_TAKEN = "200"
_NOTHING_FOUND = ("455", "456")
"""The order is not there, or not yet."""
_PROBLEMS = {
    "400": REJECTED,
    "401": ACCOUNT,
    "402": CREDIT,
    "404": SERVER,
    "422": REJECTED,
    "450": SENDER,
    "451": REPEATED,
    "452": NUMBER,
    "453": REJECTED,
    "454": REJECTED,
    "459": SENDER,
    "460": SENDER,
    "466": NUMBER,
    "467": ACCOUNT,
    "468": ACCOUNT,
    "469": ACCOUNT,
    "470": ACCOUNT,
    "503": SERVER,
}
_STATES = {"110": WAITING, "111": DELIVERED, "112": NOT_DELIVERED}
_PAGE = 1000
_PAGES = 20


class IletiMerkezi(Gateway):
    """An order may hold several texts, each with its recipients (which the API spells so)."""

    url = "https://api.iletimerkezi.com"

    def _submit(self, package):
        order = etree.Element("order")
        _add(order, "sender", self.account.sender)
        _add(order, "sendDateTime")
        # bills and alarms are no advertisements, so no consent is looked up
        _add(order, "iys", "0")
        for body, numbers in _by_body(package).items():
            message = _add(order, "message")
            _add(message, "text", body)
            recipients = _add(message, "receipents")
            for number in numbers:
                _add(recipients, "number", number)
        job = self._call("/v1/send-sms", order).findtext("order/id")
        if not job:
            raise GatewayError(SERVER, "no order id")
        return job.strip()

    def deliveries(self, jobs):
        rows = []
        for job in jobs:
            for page in range(1, _PAGES + 1):
                found = self._report(job, page)
                rows += found
                if len(found) < _PAGE:
                    break
        return rows

    def _report(self, job, page):
        order = etree.Element("order")
        _add(order, "id", job)
        _add(order, "page", str(page))
        _add(order, "rowCount", str(_PAGE))
        try:
            answer = self._call("/v1/get-report", order)
        except GatewayError as error:
            if error.code in _NOTHING_FOUND:
                return []
            raise
        return [_delivery(job, row) for row in answer.iterfind("order/message")]

    def balance(self):
        answer = self._call("/v1/get-balance")
        try:
            return [
                Balance(Decimal(answer.findtext("balance/sms").replace(",", ".")), "SMS"),
                Balance(Decimal(answer.findtext("balance/amount").replace(",", ".")), "TRY"),
            ]
        except (AttributeError, InvalidOperation) as error:
            raise GatewayError(SERVER, "no balance") from error

    def _call(self, path, content=None):
        """The root of an answer whose status says that it was taken."""
        request = etree.Element("request")
        authentication = _add(request, "authentication")
        _add(authentication, "key", self.account.user)
        _add(authentication, "hash", self.account.secret)
        if content is not None:
            request.append(content)
        text = self._client.post(
            self._url + path,
            data=etree.tostring(request, encoding="UTF-8", xml_declaration=True),
            headers={"Content-Type": "text/xml; charset=UTF-8"},
        )
        answer = read_xml(text)
        code = (answer.findtext("status/code") or "").strip()
        if code != _TAKEN:
            raise GatewayError(_PROBLEMS.get(code, SERVER), code or "no status")
        return answer


def read_xml(text):
    """Root of an answer; entities stay unresolved, whatever a false gateway puts there."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        return etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise GatewayError(SERVER, "no XML") from error


def _delivery(job, row):
    code = (row.findtext("status") or "").strip()
    number = canonical(row.findtext("number")) or ""
    return Delivery(job, number, _STATES.get(code, WAITING), code)


def _by_body(package):
    """{text: numbers that get it}."""
    bodies = {}
    for text in package:
        bodies.setdefault(text.body, []).append(text.number)
    return bodies


def _add(parent, name, text=None):
    element = etree.SubElement(parent, name)
    element.text = text
    return element
