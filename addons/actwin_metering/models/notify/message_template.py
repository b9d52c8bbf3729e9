import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

import pytz
from markupsafe import Markup, escape

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import format_date, format_datetime
from odoo.tools.rendering_tools import parse_inline_template

from ...tools.decimals import plain

TEXTS = ("title", "text", "sms_text", "mail_body")
_PATH = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
_ALWAYS = {"record", "place", "point", "site", "severity", "time", "level", "recipient"}
"""Values every text may name."""
_OPEN_FIELDS = {"name", "display_name"}
"""All that texts see of models which are not the product's own."""
_SECRET_TYPES = {"binary", "image", "json", "html", "properties", "one2many", "many2many"}


class TemplateError(UserError):
    """A text that cannot be filled in, told in words for whoever wrote it."""


class ActwinMessageKind(models.Model):
    """Texts with ``{{ value }}`` and ``{{ object.field ||| otherwise }}``.

    The syntax is that of Odoo's mail templates, but nothing is evaluated: an expression is the name
    of a value or the path of a field, so whoever may write a text cannot make it run anything.
    """

    _inherit = "actwin.message.kind"

    variables = fields.Char(
        "Further Values",
        help="Names, apart by commas, of what the program gives to the texts of this kind.",
    )

    @api.constrains("model", "variables", *TEXTS)
    def _check_texts(self):
        for kind in self:
            known = _ALWAYS | set(kind._variable_names())
            for name in TEXTS:
                for _text, expression, _default in parse_inline_template(kind[name] or ""):
                    if expression:
                        kind._check_expression(expression, known)

    def _variable_names(self):
        return [name.strip() for name in (self.variables or "").split(",") if name.strip()]

    def _check_expression(self, expression, known):
        if not _PATH.fullmatch(expression):
            raise ValidationError(
                self.env._("%s is neither the name of a value nor of a field.", expression)
            )
        head, _dot, path = expression.partition(".")
        if head == "object" and path:
            if self.model in self.env:
                self._check_path(path)
        elif path or head not in known:
            raise ValidationError(
                self.env._(
                    "The text names %(name)s; only these are known: %(known)s.",
                    name=expression,
                    known=", ".join(sorted(known)),
                )
            )

    def _check_path(self, path):
        """Refuse a path that does not lead to a field texts may show."""
        model = self.env[self.model]
        *steps, last = path.split(".")
        for step in steps:
            field = model._fields.get(step)
            if not field or field.type != "many2one" or not _shown(model, step):
                raise ValidationError(self.env._("There is no way along object.%s.", path))
            model = self.env[field.comodel_name]
        field = model._fields.get(last)
        if not field or field.type in _SECRET_TYPES or not _shown(model, last):
            raise ValidationError(self.env._("object.%s cannot be shown in a text.", path))

    def _fill(self, name, values):
        """A text of the kind, in the language of the environment, with its values filled in.

        :param dict values: as ``_values`` gives them
        """
        self.ensure_one()
        html = name == "mail_body"
        parts = []
        for text, expression, default in parse_inline_template(self[name] or ""):
            parts.append(Markup(text) if html else text)
            if expression:
                shown = self._shown_value(expression, values) or default
                parts.append(escape(shown) if html else str(shown))
        return (Markup("") if html else "").join(parts)

    def _shown_value(self, expression, values):
        head, _dot, path = expression.partition(".")
        if head == "object" and path and _PATH.fullmatch(path):
            return self._field_value(values["object"], path, values["tz"])
        if expression not in values or expression in ("object", "tz"):
            if expression in self._variable_names():
                return ""
            raise TemplateError(
                self.env._("The text names %s, which is not known here.", expression)
            )
        return _words(self.env, values[expression], values["tz"])

    def _field_value(self, record, path, tz):
        """A field as its reader writes it."""
        if not record:
            return ""
        if record._name != self.model:
            raise TemplateError(self.env._("The text is for records of another model."))
        try:
            self._check_path(path)
        except ValidationError as error:
            raise TemplateError(error.args[0]) from error
        *steps, last = path.split(".")
        for step in steps:
            record = record[step]
        field, value = record._fields[last], record[last]
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, "")
        if field.type == "many2one":
            return value.display_name or ""
        if field.type == "boolean":
            return self.env._("yes") if value else self.env._("no")
        return "" if value is False else _words(self.env, value, tz)

    @api.model
    def _values(self, message):
        """What texts may name, in the language of the environment."""
        site, point, notice = message.site_id, message.point_id, message.notice_id
        labels = dict(message._fields["severity"]._description_selection(self.env))
        details, record = notice.details or {}, message._record()
        return {
            **details,
            "object": record,
            "tz": site.tz or "Europe/Istanbul",
            "record": record.display_name if record else "",
            "place": (point or site).display_name or "",
            "point": point.display_name or "",
            "site": site.display_name or "",
            "severity": labels[message.severity],
            "time": _moment(details.get("time")) or notice.create_date or fields.Datetime.now(),
            "level": notice.level,
            "recipient": message.partner_id.name or "",
            "count": message.bundled_count,
        }


def _shown(model, name):
    """Whether texts may show a field: open to everybody, and of the product or a mere name."""
    field = model._fields.get(name)
    return (
        bool(field)
        and not field.groups
        and (model._name.startswith("actwin.") or name in _OPEN_FIELDS)
    )


def _moment(text):
    """Moment of an ISO text or of Odoo's own form, in UTC without zone; None for anything else."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return moment.astimezone(pytz.utc).replace(tzinfo=None) if moment.tzinfo else moment


def _words(env, value, tz):
    """A value as the reader writes it: moments at the site, numbers with at most three decimals."""
    if isinstance(value, datetime):
        return format_datetime(env, value, tz=tz, dt_format="short")
    if isinstance(value, date):
        return format_date(env, value)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return "" if value is None or value is False else str(value)
    lang = env["res.lang"]._lang_get(env.lang or "en_US")
    try:
        number = round(Decimal(str(value)), 3)
    except InvalidOperation:
        return str(value)
    decimals = len(plain(number).partition(".")[2])
    return lang.format(f"%.{decimals}f", number, grouping=True)
