"""The words of imports: what columns are called, and what is wrong with a cell or a table."""

from collections import defaultdict

from odoo.tools.translate import LazyTranslate

_lt = LazyTranslate(__name__)

COLUMNS = {
    "area_m2": _lt("Area (m²)"),
    "authorised_email": _lt("Authorised e-mail"),
    "authorised_name": _lt("Authorised person"),
    "authorised_phone": _lt("Authorised phone"),
    "authorised_role": _lt("Authorised role"),
    "building": _lt("Building"),
    "calibration_date": _lt("Calibration date"),
    "channel": _lt("Channel key"),
    "city": _lt("City"),
    "clock": _lt("Time"),
    "code": _lt("Point code"),
    "commodity": _lt("Commodity"),
    "contract_power_kw": _lt("Contract power (kW)"),
    "ct": _lt("CT ratio"),
    "decimals": _lt("Index decimals"),
    "digits": _lt("Index digits"),
    "door": _lt("Door no"),
    "email": _lt("E-mail"),
    "fax": _lt("Fax"),
    "flag": _lt("FLAG code"),
    "floor": _lt("Floor"),
    "groups": _lt("Groups"),
    "iban": _lt("IBAN"),
    "installed": _lt("Installation date"),
    "latitude": _lt("Latitude"),
    "longitude": _lt("Longitude"),
    "manufacturer": _lt("Manufacturer"),
    "meter_kind": _lt("Construction"),
    "meter_model": _lt("Meter model"),
    "moment": _lt("Date and time"),
    "name": _lt("Point name"),
    "obis": _lt("OBIS code"),
    "occupied_from": _lt("Occupied from"),
    "opening_index": _lt("Opening index"),
    "parcel_block": _lt("Parcel block"),
    "parcel_no": _lt("Parcel no"),
    "parcel_sheet": _lt("Map sheet"),
    "parent": _lt("Fed from"),
    "phone": _lt("Phone"),
    "point": _lt("Point code"),
    "production_year": _lt("Production year"),
    "registers": _lt("OBIS codes"),
    "role": _lt("Role"),
    "serial": _lt("Serial number"),
    "site": _lt("Site"),
    "start_date": _lt("Activity start"),
    "street": _lt("Address"),
    "subscriber_kind": _lt("Subscriber kind"),
    "subscriber_name": _lt("Subscriber name"),
    "subscriber_number": _lt("Customer no"),
    "tags": _lt("Tags"),
    "tax_number": _lt("Tax number"),
    "value": _lt("Value"),
    "vt": _lt("VT ratio"),
}
TABLE_FAULTS = {
    "empty": _lt("There are no rows in it."),
    "too_many_rows": _lt("At most %(limit)s rows are taken at once. Divide the table."),
    "too_many_columns": _lt("At most %(limit)s columns are taken."),
    "too_large": _lt("More than %(megabytes)s MB are not taken at once. Divide the table."),
    "long_cell": _lt("Row %(row)s holds a cell of more than %(limit)s characters."),
    "old_excel": _lt("Files of Excel 97-2003 are not read. Save it as .xlsx first."),
    "unreadable": _lt("The file is neither an XLSX workbook nor a text with separated columns."),
}
CELL_FAULTS = {
    "ambiguous_number": _lt(
        "May be a thousand or a decimal: the column writes decimals both with comma and point"
    ),
    "archived": _lt("Exists, but is archived"),
    "bad_date": _lt("Not a date: write 31.12.2026"),
    "bad_email": _lt("Not an e-mail address"),
    "bad_iban": _lt("The check digits of the IBAN are wrong"),
    "bad_integer": _lt("Not a whole number"),
    "bad_number": _lt("Not a number"),
    "bad_phone": _lt("Not a phone number"),
    "bad_ratio": _lt("Not a ratio: write 150/5"),
    "bad_tax_number": _lt("The check digits of the tax number are wrong"),
    "bad_time": _lt("Not a time: write 07:15"),
    "database": _lt("Refused: %(text)s"),
    "double_hour": _lt("This hour comes twice on that day: add the offset, as in 02:30+02:00"),
    "formula": _lt("A formula, not its result"),
    "key_taken": _lt("Channel %(key)s exists already"),
    "meter_ambiguous": _lt("Several makers have this serial number: give the manufacturer"),
    "meter_commodity": _lt("The meter measures something else"),
    "meter_elsewhere": _lt("The meter hangs at point %(point)s at that time"),
    "meter_other_site": _lt("The meter belongs to another site"),
    "missing": _lt("Empty, but needed"),
    "name_ambiguous": _lt("Several subscribers have this name: give the customer number"),
    "name_differs": _lt("The customer number belongs to %(name)s"),
    "needs_register": _lt("An opening index needs OBIS codes"),
    "needs_serial": _lt("Needs the serial number of a meter"),
    "needs_subscriber": _lt("Needs a subscriber"),
    "needs_name": _lt("No subscriber has this number: give the name, and one is created"),
    "no_column": _lt("No column holds this"),
    "no_right": _lt("You may not put points into groups"),
    "not_yours": _lt("Exists, but you may not see it"),
    "other_site": _lt("Rows of one import belong to one site, here %(site)s"),
    "out_of_range": _lt("Outside of what is possible"),
    "parent_commodity": _lt("Feeds another kind of energy"),
    "parent_cycle": _lt("A point cannot feed itself"),
    "parent_faulty": _lt("The row of this point has faults"),
    "percent": _lt("A percentage is not expected here"),
    "point_keeps_meter": _lt("The point exists with another meter: use the meter change"),
    "point_keeps_subscriber": _lt("The point exists with another subscriber: end that first"),
    "point_has_meter": _lt("Meter %(serial)s hangs there: use the meter change"),
    "point_has_subscriber": _lt("%(name)s occupies the point: end that first"),
    "repeated": _lt("Repeats row %(row)s"),
    "scientific": _lt("Digits were lost: widen the column in the spreadsheet and copy again"),
    "skipped_hour": _lt("The clock was put forward: this hour did not exist on that day"),
    "spreadsheet_error": _lt("An error of the spreadsheet"),
    "subscriber_differs": _lt("Differs from row %(row)s, which has the same subscriber"),
    "subscriber_other_site": _lt("The subscriber belongs to another site"),
    "too_long": _lt("Longer than %(limit)s characters"),
    "too_many_decimals": _lt("More than %(limit)s decimals"),
    "unknown_choice": _lt("Not one of the known words"),
    "unknown_group": _lt("No group is called %(name)s"),
    "unknown_kind": _lt("No subscriber kind is called so"),
    "unknown_parent": _lt("No such point, neither here nor in the table"),
    "unknown_point": _lt("No such point"),
    "unknown_register": _lt("Neither an OBIS code nor a device template: %(name)s"),
}


def say(env, words, code, figures=None):
    """The words of a code with its figures, in the language of ``env``."""
    text = env._(words[code])
    return text % figures if figures else text


def say_of_any(env, code):
    """What is wrong, said of many cells at once: their figures differ."""
    text = env._(CELL_FAULTS[code])
    return text % defaultdict(lambda: "…") if "%(" in text else text
