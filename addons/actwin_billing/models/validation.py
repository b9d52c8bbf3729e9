from odoo import api, models

# a value that came, or was put, after the bill of its time was approved: the bill does not know it
_AFTER_THE_BILL = """
    SELECT r.channel_id, r.day, r.start_ts, r.end_ts, max(trim_scale(v.value::numeric)) AS found,
           NULL AS usual
      FROM ruled r
      JOIN actwin_reading_version v
        ON v.channel_id = r.channel_id AND v.ts > r.start_ts AND v.ts <= r.end_ts
       AND v.kind <> 'estimate'
      JOIN actwin_bill_reading b ON b.channel_id = r.channel_id
      JOIN actwin_bill i ON i.id = b.bill_id
     WHERE i.state = 'posted' AND r.start_ts < i.period_end AND r.end_ts > i.period_start
       AND v.date > i.approved_on
     GROUP BY 1, 2, 3, 4
"""


class ActwinValidation(models.AbstractModel):
    """V15: what billing alone can tell, that a day was billed already."""

    _inherit = "actwin.validation"

    @api.model
    def _day_rules(self):
        return super()._day_rules() | {"V15": _AFTER_THE_BILL}
