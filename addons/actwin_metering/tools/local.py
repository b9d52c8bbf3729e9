"""Site-local calendar in SQL."""

from odoo.tools import SQL


def local_date(moment, site_id):
    """SQL of the date at the site ``site_id`` of the UTC timestamp ``moment``."""
    return SQL(
        "((%s AT TIME ZONE 'UTC') AT TIME ZONE (SELECT tz FROM actwin_site WHERE id = %s))::date",
        moment,
        site_id,
    )
