"""Netgsm, REST v2: JSON with HTTP Basic.

Codes of answers and reports as in Netgsm's own client library (@netgsm/sms 1.1.11).
"""

import json
from decimal import Decimal, InvalidOperation

from .gateway import Gateway
from .numbers import canonical, national
from .values import (
    ACCOUNT,
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

_TAKEN = ("00", "01", "02")
"""01 and 02: taken, with the dates put right."""
_NOTHING_FOUND = "60"
_PROBLEMS = {
    "20": REJECTED,
    "30": ACCOUNT,
    "40": SENDER,
    "50": ACCOUNT,
    "51": ACCOUNT,
    "70": REJECTED,
    "80": SERVER,
    "85": SERVER,
    "100": SERVER,
    "101": SERVER,
    "110": SERVER,
    "5000": SERVER,
}
_STATES = {
    0: WAITING,
    1: DELIVERED,
    2: EXPIRED,
    3: INVALID_DESTINATION,
    4: NOT_DELIVERED,
    11: REJECTED,
    12: NOT_DELIVERED,
    13: REJECTED,
    14: NOT_DELIVERED,
    15: NOT_ALLOWED,
    16: NOT_ALLOWED,
    17: REJECTED,
    103: NOT_DELIVERED,
}
_PAGE = 1000
_PAGES = 20
_ALL_ASSETS = 3
_APPLICATION = "Actwin"


class Netgsm(Gateway):
    """Messages of one call may differ in text; the whole call gets one job number."""

    url = "https://api.netgsm.com.tr"
    turkish_alphabet = True
    jobs_per_report = 50

    def _submit(self, package):
        answer = self._call(
            "/sms/rest/v2/send",
            {
                "msgheader": self.account.sender,
                "encoding": "TR" if self.turkish else "",
                # bills and alarms are no advertisements, so no consent is looked up
                "iysfilter": "0",
                "appname": _APPLICATION,
                "messages": [{"msg": text.body, "no": national(text.number)} for text in package],
            },
        )
        job = answer.get("jobid")
        if not job:
            raise GatewayError(SERVER, "no jobid")
        return str(job)

    def deliveries(self, jobs):
        rows = []
        for page in range(_PAGES):
            found = self._report(jobs, page)
            rows += found
            if len(found) < _PAGE:
                break
        return rows

    def _report(self, jobs, page):
        query = {"jobids": list(jobs), "pagenumber": page, "pagesize": _PAGE}
        try:
            answer = self._call("/sms/rest/v2/report", query)
        except GatewayError as error:
            if error.code == _NOTHING_FOUND:
                return []
            raise
        rows = answer.get("jobs")
        if not isinstance(rows, list):
            raise GatewayError(SERVER, "no jobs")
        return [_delivery(row) for row in rows if isinstance(row, dict)]

    def balance(self):
        answer = self._call(
            "/balance",
            {
                "usercode": self.account.user,
                "password": self.account.secret,
                "stip": _ALL_ASSETS,
                "appkey": "",
            },
        )
        found = answer.get("balance")
        rows = found if isinstance(found, list) else [{"amount": found, "balance_name": "TRY"}]
        try:
            balances = [
                Balance(Decimal(str(row["amount"]).replace(",", ".")), str(row["balance_name"]))
                for row in rows
            ]
        except (KeyError, TypeError, InvalidOperation) as error:
            raise GatewayError(SERVER, "no balance") from error
        return sorted(balances, key=lambda balance: not _of_plain_sms(balance))

    def _call(self, path, body):
        """A decoded answer whose code says that it was taken."""
        text = self._client.post(
            self._url + path,
            json=body,
            auth=(self.account.user.encode(), self.account.secret.encode()),
        )
        try:
            answer = json.loads(text, parse_float=Decimal)
        except ValueError as error:
            raise GatewayError(SERVER, "no JSON") from error
        if not isinstance(answer, dict):
            raise GatewayError(SERVER, "no JSON object")
        code = str(answer.get("code", "00"))
        if code not in _TAKEN:
            raise GatewayError(_PROBLEMS.get(code, SERVER), code)
        return answer


def _delivery(row):
    status = _whole(row.get("status"))
    fault = _whole(row.get("errorCode"))
    return Delivery(
        job=str(row.get("jobid")),
        number=canonical(row.get("number") or row.get("telno")) or "",
        state=_STATES.get(status, WAITING),
        code=f"{status}/{fault}" if fault else str(status),
        parts=max(0, _whole(row.get("msglen"))),
    )


def _whole(value):
    """A number the gateway writes as such or as text; 0 when it writes nothing of the sort."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


def _of_plain_sms(balance):
    """Packages of single-use passwords or flash messages do not pay for ordinary messages."""
    words = balance.unit.lower().split()
    return "sms" in words and not {"otp", "flash"} & set(words)
