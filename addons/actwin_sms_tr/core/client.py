"""HTTP calls that end: in time, in size and at the address they were meant for."""

import os
import socket
import threading
from contextlib import contextmanager, suppress

import requests

from .values import SERVER, GatewayError

SILENCE_SECONDS = 15
"""Of a connection, and between two octets."""
WHOLE_SECONDS = 45
"""Of an answer's body, however slowly it drips in."""
LIMIT = 2_000_000
"""Octets of an answer; a report of a thousand numbers has some 150,000."""


class Client:
    """One connection to one gateway.

    Redirections are not followed: they would carry the password to another address.
    """

    def __init__(self, silence=SILENCE_SECONDS, whole=WHOLE_SECONDS):
        self._silence = silence
        self._whole = whole
        self._session = requests.Session()

    def post(self, url, **options):
        """Body of an answer as text; GatewayError when there is none that could be the gateway's.

        Gateways tell their own errors with status 4xx as well as with 200, so those pass.
        """
        try:
            with self._session.post(
                url, timeout=self._silence, allow_redirects=False, stream=True, **options
            ) as response:
                status = response.status_code
                if status >= 500 or status == 429 or response.is_redirect:
                    raise GatewayError(SERVER, f"HTTP {status}")
                with _cut_off(response, self._whole) as is_over:
                    body = self._read(response)
                if is_over():
                    raise GatewayError(SERVER, "slow answer")
        except (requests.RequestException, OSError) as error:
            raise GatewayError(SERVER, type(error).__name__) from error
        return body.decode("utf-8", "replace")

    @staticmethod
    def _read(response):
        body = b""
        for piece in response.iter_content(8192):
            body += piece
            if len(body) > LIMIT:
                raise GatewayError(SERVER, "endless answer")
        return body


@contextmanager
def _cut_off(response, seconds):
    """Shut the line under whoever still reads after so long; yields whether that has happened.

    The timeout of a request does not end an answer that drips in.
    """
    line = socket.socket(fileno=os.dup(response.raw.fileno()))
    over = threading.Event()

    def shut():
        over.set()
        with suppress(OSError):  # the gateway may have hung up just now
            line.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, shut)
    timer.daemon = True
    timer.start()
    try:
        yield over.is_set
    finally:
        timer.cancel()
        timer.join()
        line.close()
