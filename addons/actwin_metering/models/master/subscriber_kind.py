from odoo import fields, models


class ActwinSubscriberKind(models.Model):
    """Class of subscribers (industry, trade, residence …); tariffs and rules go by it."""

    _name = "actwin.subscriber.kind"
    _description = "Subscriber Kind"
    _order = "sequence, name"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    subscriber_properties_definition = fields.PropertiesDefinition("Own Subscriber Fields")

    _code_uniq = models.Constraint("UNIQUE (code)", "Another kind has this code.")
