from odoo import api

from .const import CHART, PRICE_DIGITS


def post_init_hook(env: api.Environment):
    """Give the Turkish companies that exist already what the chart gives the later ones."""
    companies = env["res.company"].search(
        [("chart_template", "=", CHART), ("parent_id", "=", False)], order="parent_path"
    )
    for company in companies:
        env["account.chart.template"]._actwin_tr_load(company)
    _raise_precision(env, "Product Price", PRICE_DIGITS)
    _raise_precision(env, "Product Unit", 3)


def _raise_precision(env, name, digits):
    """Never lower a precision someone has raised."""
    precision = env["decimal.precision"].search([("name", "=", name)])
    if precision and precision.digits < digits:
        precision.digits = digits
