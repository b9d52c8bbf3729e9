"""Figures in the reader's language: the templates only place them."""

from odoo import fields
from odoo.tools import format_date, format_datetime, formatLang


def quantity(env, value, digits=None):
    """Localised number without unit; fewer decimals the larger it is."""
    if value is None:
        return "–"
    if digits is None:
        digits = 1 if abs(value) < 1000 else 0
    return formatLang(env, float(value), digits=digits)


def percent(env, value):
    return env._("%(number)s%%", number=formatLang(env, float(abs(value)), digits=1))


def month_name(env, first):
    return format_date(env, first, date_format="LLLL yyyy")


def day_name(env, day):
    return format_date(env, day, date_format="d MMM")


def change(env, value, whole):
    """{'text', 'icon', 'tone'} of a change in percent against the month before.

    whole: the month counts as a whole, else its days so far.
    """
    if value is None:
        return {"text": env._("nothing to compare with"), "icon": "fa-minus", "tone": "muted"}
    number = percent(env, value)
    if value > 0:
        text = (
            env._("%s more than the month before", number)
            if whole
            else env._("%s more than the same days of the month before", number)
        )
        return {"text": text, "icon": "fa-arrow-up", "tone": "danger"}
    text = (
        env._("%s less than the month before", number)
        if whole
        else env._("%s less than the same days of the month before", number)
    )
    return {"text": text, "icon": "fa-arrow-down", "tone": "success"}


def age(env, moment):
    """How long ago, in the largest fitting unit."""
    minutes = int((fields.Datetime.now() - moment).total_seconds() // 60)
    if minutes < 1:
        return env._("just now")
    if minutes < 60:
        return env._("%s min ago", minutes)
    if minutes < 48 * 60:
        return env._("%s h ago", minutes // 60)
    return env._("%s days ago", minutes // (24 * 60))


def last_reading(env, moment, tz):
    """{'text', 'age', 'tone', 'icon', 'word'}; late after three hours, silent after a day."""
    if not moment:
        return {
            "text": env._("none yet"), "age": "",
            "tone": "muted", "icon": "fa-chain-broken", "word": env._("No data"),
        }  # fmt: skip
    hours = (fields.Datetime.now() - moment).total_seconds() / 3600
    if hours <= 3:
        state = ("success", "fa-check", env._("Up to date"))
    elif hours <= 24:
        state = ("warning", "fa-exclamation-triangle", env._("Late"))
    else:
        state = ("danger", "fa-chain-broken", env._("No connection"))
    tone, icon, word = state
    return {
        "text": format_datetime(env, moment, tz=tz, dt_format="d MMM HH:mm"),
        "age": age(env, moment), "tone": tone, "icon": icon, "word": word,
    }  # fmt: skip
