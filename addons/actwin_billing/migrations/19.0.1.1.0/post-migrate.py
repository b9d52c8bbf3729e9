"""The bands of tariff versions were three hours; they are calendars now."""

from odoo import SUPERUSER_ID, Command, api

USUAL = (6, 17, 22)


def migrate(cr, version):
    """Give each version a calendar with the hours it had."""
    env = api.Environment(cr, SUPERUSER_ID, {})
    usual = env.ref("actwin_billing.calendar_three_bands")
    cr.execute(
        "SELECT company_id, t1_start, t2_start, t3_start, array_agg(id)"
        "  FROM actwin_tariff_version GROUP BY 1, 2, 3, 4"
    )
    for company_id, *hours, ids in cr.fetchall():
        calendar = usual if tuple(hours) == USUAL else _calendar(env, company_id, hours)
        env["actwin.tariff.version"].browse(ids).calendar_id = calendar


def _calendar(env, company_id, hours):
    slots = zip(hours, ("t1", "t2", "t3"), strict=True)
    return env["actwin.calendar"].create({
        "name": "T1 {}:00, T2 {}:00, T3 {}:00".format(*hours),
        "company_id": company_id,
        "season_ids": [Command.create({
            "name": "All year",
            "slot_ids": [Command.create({"start": at, "band": band}) for at, band in slots],
        })],
    })
