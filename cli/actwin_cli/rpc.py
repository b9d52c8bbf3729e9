"""A thin XML-RPC client of the local Odoo."""

import time
import urllib.error
import urllib.request
import xmlrpc.client

from . import CommandError
from .home import DATABASE, URL


class Odoo:
    """An authenticated session; `odoo('model', 'method', args…, **kw)` calls a method."""

    def __init__(self, login, password, url=URL, database=DATABASE):
        self.database = database
        self.password = password
        common = xmlrpc.client.ServerProxy(f"{url}/xmlrpc/2/common", allow_none=True)
        self.uid = common.authenticate(database, login, password, {})
        if not self.uid:
            raise CommandError(f"Odoo refuses the login {login!r}")
        self.proxy = xmlrpc.client.ServerProxy(f"{url}/xmlrpc/2/object", allow_none=True)

    def __call__(self, model, method, *args, **kwargs):
        try:
            return self.proxy.execute_kw(
                self.database, self.uid, self.password, model, method, list(args), kwargs
            )
        except xmlrpc.client.Fault as fault:
            lines = fault.faultString.strip().splitlines()
            raise CommandError(f"{model}.{method}: {lines[-1]}") from fault


def wait_until_up(url=URL, seconds=120):
    """Wait for Odoo's health page.

    :raise CommandError: when it does not answer in time
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"{url}/web/health", timeout=5):
                return
        except (TimeoutError, urllib.error.URLError, ConnectionError):
            time.sleep(0.5)
    raise CommandError(f"Odoo does not answer on {url} after {seconds} s")
