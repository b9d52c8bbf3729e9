"""Last month's bills, made the way an accountant makes them."""

from .rpc import Odoo

SITE = "OSB1"


def bill(first, last, say):
    """Run, check, approve and post the bills of a month, and print them."""
    accountant = Odoo("accountant", "accountant")
    run = find_or_create(accountant, first, last)
    state = accountant("actwin.billing.run", "read", [run], ["state"])[0]["state"]
    if state not in ("done", "posted"):
        say(f"billing {first:%m/%Y}")
        accountant("actwin.billing.run", "action_compute", [run])
        accountant("actwin.billing.run", "run_now", [run])
        accountant("actwin.billing.run", "action_approve", [run])
        accountant("actwin.billing.run", "action_post", [run])
        accountant("actwin.billing.run", "run_now", [run])
    write_files(accountant, run)
    print_table(accountant("actwin.billing.run", "result_table", [run]), first)


def find_or_create(odoo, first, last):
    """The month's run of the demo site."""
    site = odoo("actwin.site", "search", [("code", "=", SITE)])[0]
    period = {"site_id": site, "date_from": str(first), "date_to": str(last)}
    found = odoo("actwin.billing.run", "search", [(k, "=", v) for k, v in period.items()], limit=1)
    return found[0] if found else odoo("actwin.billing.run", "create", period)


def write_files(odoo, run):
    """Have the e-invoice files of posted invoices written that are not there yet."""
    moves = odoo(
        "account.move", "search", [("actwin_run_id", "=", run), ("state", "=", "posted")]
    )
    odoo("account.move", "action_actwin_generate_ubl", moves)


def print_table(rows, month):
    """The table `make demo` ends with."""
    print(f"\nInvoices of {month:%m/%Y}")
    print(f"{'subscriber':<42}{'kWh':>14}{'amount TL':>16}  {'invoice':<20}UBL-TR file")
    for row in rows:
        print(
            f"{row['subscriber'][:40]:<42}{row['consumption']:>14}{row['amount']:>16}  "
            f"{row['number']:<20}{row['ubl']}"
        )
