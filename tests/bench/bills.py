"""A billing run step by step, and the same invoices made by Odoo alone."""

import zone

from odoo.addons.actwin_billing.const import QUIET


def new_run(env, site):
    """A draft run of the measured month for the site with that code."""
    return env["actwin.billing.run"].create(
        {
            "site_id": env["actwin.site"].search([("code", "=", site)]).id,
            "date_from": "2025-03-01",
            "date_to": "2025-03-31",
            "invoice_date": zone.INVOICE_DATE,
        }
    )


def drain(env, after=lambda: None):
    """Work the queue off as the crons do, a chunk at a time; ``after`` each of them."""
    while env["actwin.billing.chunk"]._drain_one():
        after()


def compute(env, run, after=lambda: None):
    """Control invoices of the run, from readings to checks."""
    run.action_compute()
    drain(env, after)
    bills = run.bill_ids
    if not bills or set(bills.mapped("state")) != {"checked"}:
        raise SystemExit(f"bills are not as they should be: {bills.mapped('findings')[:3]}")
    return bills


def post(env, run, after=lambda: None):
    """Approve and post them."""
    run.action_approve()
    run.action_post()
    drain(env, after)
    if set(run.bill_ids.mapped("state")) != {"posted"}:
        raise SystemExit("not every bill was posted")


def vals_of(bills):
    """Vals of the same invoices, without the links to their bills."""
    found = [
        bill._prepare_move_vals(bill._line_groups(bill._intact_answer()))
        for bill in bills.sorted(lambda bill: (bill.date_from, bill.name, bill.id))
    ]
    for vals in found:
        del vals["actwin_bill_id"], vals["actwin_run_id"]
    return found


def bare(env, vals):
    """What Odoo itself takes to create and post them."""
    moves = env["account.move"].with_context(**QUIET).create(vals)
    moves.action_post()
    env.flush_all()
    return moves
