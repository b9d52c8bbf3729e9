from odoo import api, fields, models


class ActwinSubscriber(models.Model):
    """A customer's subscription to the site: who pays for what its points measure.

    One partner may hold several; facts without a field of their own are user-defined
    properties.
    """

    _name = "actwin.subscriber"
    _description = "Subscriber"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "number"
    _rec_names_search = ["number", "partner_id.name"]
    _check_company_auto = True

    number = fields.Char(
        required=True, copy=False, index=True, readonly=False, default="/", tracking=True
    )
    partner_id = fields.Many2one(
        "res.partner", required=True, index=True, check_company=True, tracking=True
    )
    kind_id = fields.Many2one("actwin.subscriber.kind", tracking=True)
    start_date = fields.Date("Activity Start", default=fields.Date.context_today)
    authorised_partner_id = fields.Many2one(
        "res.partner", "Authorised Person", check_company=True, tracking=True
    )
    phone = fields.Char(related="partner_id.phone")
    email = fields.Char(related="partner_id.email")
    parcel_block = fields.Char()
    parcel_no = fields.Char("Parcel No.")
    site_id = fields.Many2one("actwin.site", required=True, index=True, check_company=True)
    company_id = fields.Many2one(
        "res.company", compute="_compute_company_id", store=True, precompute=True, index=True
    )
    occupancy_ids = fields.One2many("actwin.occupancy", "subscriber_id", string="Points")
    point_count = fields.Integer(compute="_compute_point_count")
    properties = fields.Properties(
        "Own Fields",
        definition="kind_id.subscriber_properties_definition",
        copy=True,
        groups="actwin_metering.group_reader",
    )
    note = fields.Html(groups="actwin_metering.group_reader")
    active = fields.Boolean(default=True)

    _number_uniq = models.Constraint(
        "UNIQUE (company_id, number)", "Another subscriber has this number."
    )

    @api.depends("site_id")
    def _compute_company_id(self):
        for subscriber in self:
            subscriber.company_id = subscriber.site_id.company_id or self.env.company

    @api.depends("number", "partner_id.name")
    def _compute_display_name(self):
        for subscriber in self:
            name = subscriber.partner_id.name or ""
            subscriber.display_name = f"{subscriber.number} {name}".strip()

    @api.depends("occupancy_ids")
    def _compute_point_count(self):
        for subscriber in self:
            subscriber.point_count = len(subscriber.occupancy_ids.point_id)

    @api.model_create_multi
    def create(self, vals_list):
        sequence = self.env["ir.sequence"]
        for vals in vals_list:
            if vals.get("number", "/") in ("/", False, ""):
                vals["number"] = sequence.next_by_code("actwin.subscriber")
        return super().create(vals_list)

    def action_open_points(self):
        self.ensure_one()
        actions = self.env["ir.actions.act_window"]
        action = actions._for_xml_id("actwin_metering.actwin_point_action")
        return action | {"domain": [("id", "in", self.occupancy_ids.point_id.ids)], "context": {}}
