"""Bring up the demo zone: database, meters, a year of readings, last month's invoices.

Every step looks at what is there and does only what is missing, so that a second call is quick
and an interrupted one goes on where it stopped.
"""

import time
from datetime import UTC, datetime, timedelta, timezone

from . import demo_billing, demo_collector, demo_database
from .home import DATABASE, LOG, RUN, URL
from .rpc import Odoo, wait_until_up

HELP = "set up the demo zone, bill last month, leave everything running"

SITE_ZONE = timezone(timedelta(hours=3))  # Europe/Istanbul, no daylight saving since 2016
LOGINS = (
    ("admin", "admin", "administrator"),
    ("accountant", "accountant", "billing, in Turkish"),
    ("operator", "operator", "points, readings, losses"),
    ("tenant1", "tenant1", "tenant's portal, three-time industrial subscriber"),
    ("tenant12", "tenant12", "tenant's portal, small business"),
)


def add_arguments(parser):
    parser.add_argument("--days", type=int, default=365, help="days of history (default 365)")
    parser.add_argument(
        "--port-base", type=int, default=18500, help="first port of the simulated meters"
    )
    parser.add_argument("--no-billing", action="store_true", help="stop before the billing run")


class Progress:
    """Prints what is being done and how long the last step took."""

    def __init__(self):
        self.began = self.last = time.monotonic()

    def __call__(self, text):
        now = time.monotonic()
        self.last = now
        print(f"• {text} [{now - self.began:.0f} s]", flush=True)


def last_month(today):
    """First and last day of the calendar month before a day."""
    end = today.replace(day=1) - timedelta(days=1)
    return end.replace(day=1), end


def run(arguments):
    RUN.mkdir(parents=True, exist_ok=True)
    LOG.mkdir(parents=True, exist_ok=True)
    say = Progress()
    if demo_database.create(say):
        say("database made")
    demo_database.serve()
    wait_until_up()
    odoo = Odoo("admin", "admin")
    config = demo_collector.configure(odoo, arguments.port_base)
    demo_collector.start_simulators(arguments.port_base)
    say("Odoo and the simulated meters are up")
    demo_collector.fill_history(odoo, config, arguments.days, say)
    demo_collector.balance(odoo)
    demo_collector.start_collector(config)
    if not arguments.no_billing:
        today = datetime.now(UTC).astimezone(SITE_ZONE).date()
        demo_billing.bill(*last_month(today), say)
    demo_collector.wait_for_live_readings(odoo, say)
    print_summary()


def print_summary():
    """Where to look and how to log in."""
    print(f"\nOdoo      {URL}/odoo   (database {DATABASE})\nPortal    {URL}/my")
    for login, password, what in LOGINS:
        print(f"  {login:<11}{password:<11}{what}")
    print("\nbin/actwin status   what has arrived      make stop   end everything")


