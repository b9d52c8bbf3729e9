"""Texts of the findings of ``core.gib_check`` for the person who has to mend the invoice."""

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

MESSAGES = {
    "number": _lt(
        "Number %(number)s does not fit the form ABC2026000000001; give the journal a short code "
        "of three letters or digits."
    ),
    "uuid": _lt("The invoice has no valid identifier (UUID)."),
    "profile": _lt("Unknown invoice scenario %(profile)s."),
    "type": _lt("Unknown invoice type %(type)s."),
    "refund_profile": _lt("A refund cannot use the scenario %(profile)s."),
    "refund_reference": _lt("A refund must name the invoice it corrects."),
    "line_count": _lt("The file declares %(declared)s lines and has %(lines)s."),
    "period": _lt("The billing period %(start)s - %(end)s is not valid."),
    "no_lines": _lt("The invoice has no line."),
    "unit": _lt("Line %(line)s: unit code %(unit)s is not in the list of units."),
    "line_amount": _lt(
        "Line %(line)s: amount %(amount)s is not quantity times price (%(expected)s)."
    ),
    "tax_code": _lt("Tax code %(tax)s is not in the list of taxes."),
    "tax_amount": _lt(
        "Tax %(tax)s: amount %(amount)s is not base times rate (%(expected)s). Line: %(line)s"
    ),
    "tax_sum": _lt("The taxes add up to %(expected)s, not %(amount)s. Line: %(line)s"),
    "line_taxes": _lt("Tax %(tax)s: total %(amount)s, but the lines add up to %(lines)s."),
    "lines_sum": _lt("The lines add up to %(expected)s, not %(amount)s."),
    "tax_exclusive": _lt("The total without taxes is %(amount)s instead of %(expected)s."),
    "tax_inclusive": _lt("The total with taxes is %(amount)s instead of %(expected)s."),
    "payable": _lt("The amount payable is %(amount)s instead of %(expected)s."),
    "payment_means": _lt("Payment means code %(means)s is not in the list."),
    "party_scheme": _lt("%(party)s: identification %(scheme)s is not in the list."),
    "party_id": _lt(
        "%(party)s: %(number)s is neither a tax number of 10 nor an identity number of 11 digits."
    ),
    "person_name": _lt("%(party)s: a person needs a first name and a family name."),
    "zero_vat": _lt("VAT of zero needs an exemption reason."),
    "not_a_number": _lt("The file holds an amount that is not a number."),
}


def message_of(env, finding):
    """Text of one finding in the user's language."""
    text = env._(MESSAGES[finding.code])
    return text % finding.values
