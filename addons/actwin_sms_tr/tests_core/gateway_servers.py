"""Gateways on loopback: real HTTP servers that speak the formats of the three, faults included.

Each keeps what it took in ``texts`` [(job, number as it came, body)], and answers for it from
``states`` {last ten digits: its own status code}. ``fault`` makes it misbehave: a status code of
its own, or the name of a method of ``_Faults``, ``after_taking`` only once it has taken a text.
"""

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit
from xml.etree import ElementTree


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.gateway.handle(self, urlsplit(self.path).path, body)

    def log_message(self, *_args):
        """Tests are quiet."""

    def answer(self, body, status=200, kind="text/plain; charset=UTF-8"):
        data = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class _Faults:
    """Ways in which servers misbehave that no gateway documents."""

    @staticmethod
    def garbage(handler):
        handler.answer(b"\xff\xfe<html>502 upst\x00ream {", kind="text/html")

    @staticmethod
    def empty(handler):
        handler.answer("")

    @staticmethod
    def down(handler):
        handler.answer("Service Unavailable", 503)

    @staticmethod
    def busy(handler):
        handler.answer("Too Many Requests", 429)

    @staticmethod
    def elsewhere(handler):
        handler.send_response(302)
        handler.send_header("Location", "http://192.0.2.1/steal")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    @staticmethod
    def silent(handler):
        handler.server.gateway.released.wait(30)

    @staticmethod
    def cut(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b"{")
        handler.close_connection = True

    @staticmethod
    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        try:
            while not handler.server.gateway.released.is_set():
                handler.wfile.write(b"x" * 65536)
        except OSError:
            return

    @staticmethod
    def dripping(handler):
        handler.send_response(200)
        handler.end_headers()
        try:
            while not handler.server.gateway.released.is_set():
                handler.wfile.write(b" ")
                handler.wfile.flush()
                time.sleep(0.05)
        except OSError:
            return


class GatewayServer:
    """A gateway that runs as a context manager; ``url`` is where it listens."""

    user, secret, sender = "actwin", "s3cret&<\"'>ş", "ACTWIN"

    def __init__(self):
        self.texts, self.states, self.calls = [], {}, []
        self.fault = None
        self.refused_bodies = ()
        self.after_taking = False
        self.released = threading.Event()
        self._count = 1000

    def __enter__(self):
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self._server.gateway = self
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_error):
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def code(self):
        """The fault, when it is one of the gateway's own codes."""
        return self.fault if self.fault and self.fault.isdigit() else None

    def handle(self, handler, path, body):
        self.calls.append((path, body))
        misbehave = getattr(_Faults, self.fault) if self.fault and not self.code else None
        if misbehave and not self.after_taking:
            misbehave(handler)
            return
        answer = self.reply(path, body, handler.headers)
        if misbehave:
            misbehave(handler)
        else:
            handler.answer(*answer)

    def take(self, rows):
        """Keep texts [(number, body)] and return their job."""
        self._count += 1
        job = str(self._count)
        self.texts += [(job, number, body) for number, body in rows]
        return job

    def rows_of(self, job):
        """[(number, status or None)] of what was taken under a job."""
        return [
            (number, self.states.get(number[-10:])) for name, number, _ in self.texts if name == job
        ]


class NetgsmServer(GatewayServer):
    balance = [
        {"amount": 40, "balance_name": "Adet OTP SMS"},
        {"amount": "1250", "balance_name": "Adet SMS"},
        {"amount": "12,50", "balance_name": "TL"},
    ]

    def reply(self, path, body, headers):
        query = json.loads(body)
        if self.code:
            return self._code(self.code)
        if not self._known(path, query, headers):
            return self._code("30")
        return {
            "/sms/rest/v2/send": self._send,
            "/sms/rest/v2/report": self._report,
            "/balance": self._balance,
        }[path](query)

    def _known(self, path, query, headers):
        if path == "/balance":
            return (query["usercode"], query["password"]) == (self.user, self.secret)
        token = base64.b64encode(f"{self.user}:{self.secret}".encode()).decode()
        return headers["Authorization"] == f"Basic {token}"

    @staticmethod
    def _code(code):
        text = json.dumps({"code": code, "jobid": None, "description": "error"})
        return text, 406, "application/json"

    def _send(self, query):
        if query["msgheader"] != self.sender:
            return self._code("40")
        rows = [(message["no"], message["msg"]) for message in query["messages"]]
        if any(body in self.refused_bodies for _number, body in rows):
            return self._code("20")
        answer = {"code": "00", "jobid": self.take(rows), "description": "queued"}
        return json.dumps(answer), 200, "application/json"

    def _report(self, query):
        rows = [
            {
                "jobid": job,
                "number": "90" + number,
                "status": int(status),
                "operator": 30,
                "msglen": 2,
                "deliveredDate": "01.12.2026 10:00:00",
                "errorCode": 0,
            }
            for job in query["jobids"]
            for number, status in self.rows_of(job)
            if status is not None
        ]
        start = query["pagenumber"] * query["pagesize"]
        page = rows[start : start + query["pagesize"]]
        if not page:
            return self._code("60")
        return json.dumps({"code": "00", "jobs": page}), 200, "application/json"

    def _balance(self, _query):
        return json.dumps({"balance": self.balance}), 200, "application/json"


class IletiMerkeziServer(GatewayServer):
    def reply(self, path, body, headers):
        request = ElementTree.fromstring(body)
        if self.code:
            return self._status(self.code, int(self.code))
        who = (
            request.findtext("authentication/key"),
            request.findtext("authentication/hash"),
        )
        if who != (self.user, self.secret):
            return self._status("401", 401)
        return {
            "/v1/send-sms": self._send,
            "/v1/get-report": self._report,
            "/v1/get-balance": self._balance,
        }[path](request)

    @staticmethod
    def _status(code, status=200, more=""):
        text = (
            '<?xml version="1.0" encoding="UTF-8"?><response><status>'
            f"<code>{code}</code><message>İşlem</message></status>{more}</response>"
        )
        return text, status, "text/xml; charset=UTF-8"

    def _send(self, request):
        if request.findtext("order/sender") != self.sender:
            return self._status("450", 450)
        rows = [
            (number.text, message.findtext("text"))
            for message in request.iterfind("order/message")
            for number in message.iterfind("receipents/number")
        ]
        if any(body in self.refused_bodies for _number, body in rows):
            return self._status("453", 453)
        return self._status("200", more=f"<order><id>{self.take(rows)}</id></order>")

    def _report(self, request):
        rows = self.rows_of(request.findtext("order/id"))
        if not rows:
            return self._status("455", 455)
        count, page = (int(request.findtext(f"order/{name}")) for name in ("rowCount", "page"))
        shown = "".join(
            f"<message><number>+{number}</number><status>{status or 110}</status></message>"
            for number, status in rows[(page - 1) * count : page * count]
        )
        return self._status("200", more=f"<order><status>113</status>{shown}</order>")

    def _balance(self, _request):
        return self._status("200", more="<balance><amount>12,5</amount><sms>1250</sms></balance>")


class MutlucellServer(GatewayServer):
    def reply(self, path, body, headers):
        request = ElementTree.fromstring(body)
        if self.code:
            return (self.code,)
        if (request.get("ka"), request.get("pwd")) != (self.user, self.secret):
            return ("23",)
        return {
            "/smsgw-ws/sndblkex": self._send,
            "/smsgw-ws/gtblkrprtex": self._report,
            "/smsgw-ws/gtcrdtex": lambda _request: ("$1250.0",),
        }[path](request)

    def _send(self, request):
        if request.get("org") != self.sender:
            return ("21",)
        rows = [
            (number.strip(), message.findtext("metin"))
            for message in request.iterfind("mesaj")
            for number in message.findtext("nums").split(",")
        ]
        if any(body in self.refused_bodies for _number, body in rows):
            return ("20",)
        return (f"${self.take(rows)}#{len(rows)}.0",)

    def _report(self, request):
        rows = self.rows_of(request.get("id"))
        return ("".join(f"{number} {status or 1}\n" for number, status in rows) or "20",)


SERVERS = {
    "netgsm": NetgsmServer,
    "iletimerkezi": IletiMerkeziServer,
    "mutlucell": MutlucellServer,
}
