from odoo import fields, models


class ActwinSubscriberTag(models.Model):
    """A free group of subscribers, beside their one type: any number of tags on any of them."""

    _name = "actwin.subscriber.tag"
    _description = "Subscriber Tag"
    _order = "name"

    name = fields.Char(required=True, translate=True)
    color = fields.Integer()
    active = fields.Boolean(default=True)

    _name_uniq = models.Constraint("UNIQUE (name)", "Another tag has this name.")
