from odoo import api

from .const import CHART


def post_init_hook(env: api.Environment):
    """Give the Turkish companies that exist already what the chart gives the later ones."""
    companies = env["res.company"].search(
        [("chart_template", "=", CHART), ("parent_id", "=", False)], order="parent_path"
    )
    for company in companies:
        env["account.chart.template"]._actwin_tr_load(company)
