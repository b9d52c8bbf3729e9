"""``actwin price CASE.json``: price one case without a database."""

import argparse
import json
import sys
from decimal import Decimal
from importlib import import_module
from pathlib import Path

if not __package__:  # run as a file: make the package importable under its own name
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    __package__ = "core"
    import_module(__package__)

from .answer import bill_to  # noqa: E402
from .engine import price  # noqa: E402
from .errors import PricingError  # noqa: E402
from .schema import case_from  # noqa: E402

HELP = """\
Prices one bill from plain facts and prints lines, taxes, totals, notes and trace as JSON.

CASE.json (schema 1; numbers are decimal strings, times ISO 8601 with offset; unknown or
missing facts are refused with their path):

  schema       1
  period       {start, end}: end is exclusive
  currency     text, default TRY
  rounding     {mode: half_up|half_even, money: 2, quantity: 3}
  payable      {step, carry}: round what is to be paid to a step; carry is what earlier
               roundings left over (minus the last rounding)
  price_split  lines|prices|weighted: where prices change inside the period a line for each
               version, for each price, or one at their mean
  subscriber   {contract_kw, connection_kva, reactive_exempt, reactive_waiver, units: flats,
               facts: {name: number} for formulas,
               transformer: {mode: none|no_load|full|fixed_percent, no_load_kw, load_kw,
                             rated_kva, cos_phi, percent, hours}}
  quantities   {register: value or null}: active_import, active_import.t1 … t4, active_export,
               reactive_inductive, reactive_capacitive, demand, or names of your own
  segments     instead of quantities: [{start, end, quantities}], a snapshot at a price change
  profile      {register: {start, minutes: 15|30|60, values: [value or null]}}: gives the bands
               of a calendar, the demand, the split at price changes and hourly prices; a
               register's own quantity stands
  market       {ptf: {start, minutes, values}, matched: {…}, ptf_mean,
               yekdem: [{valid_from, price}]}, in currency/MWh
  sessions     [{key, start, end, kwh, idle_minutes}] of vehicles, not billed yet: one is taken
               in when it ends, one from before the period at once
  tariff       {name, versions: [{key, valid_from, valid_to, calendar, components}]}
    calendar   {zone, holidays: [date], seasons: [{key, from: MM-DD, days: {workday, saturday,
               sunday, holiday: [[HH:MM, band]]}}]}
    components [{key, kind, price, label, unit, quantity, band, taxes: [tax key],
                 less: {tax key: part of the price outside its base}, …}] with
      energy distribution pass_through
                                     tiers: [{key, up_to, price, label}],
                                     tier_period: day|days30|days_in_month|period,
                                     tier_per_unit: limits are each flat's
      market                         market: {ptf, yekdem} factors, by: hour|mean (without
                                     it by the hours of a profile, if there is one); price is
                                     added
      netting feed_in                netting: period|interval
      capacity excess_demand         proration: none|days30|days_in_month
      fixed_month fixed_day
      reactive_inductive             limits: [{ratio, below_kva}], exempt_up_to_kva,
      reactive_capacitive            missing_rule: none|ninety_percent
      session_energy session_idle session_fee
      discount surcharge             price is the share, of: [component key]
      minimum                        price a month, of: [component key]
      formula                        formula over registers (active_import_t1), contract_kw,
                                     connection_kva, units, days, months, facts and
                                     amount_<component key>; + - * / min max abs sum ratio if
  taxes        [{key, rate, label, include_in_base, rounding: total|line}], in order
  adjustments  [{key, amount, label, taxes, quantity, unit}]: lines given as amounts
  overrides    {line key: {amount, reason}}: a printed amount instead of the computed one; the
               line of a tier has the key component.tier

Example:
  {"schema": 1,
   "period": {"start": "2025-11-01T00:00:00+03:00", "end": "2025-12-01T00:00:00+03:00"},
   "quantities": {"active_import.t1": "3200", "active_import.t2": "900",
                  "active_import.t3": "1400"},
   "tariff": {"versions": [{"valid_from": "2025-04-01T00:00:00+03:00", "components": [
     {"key": "t1", "kind": "energy", "band": "t1", "price": "2.75", "taxes": ["levy", "vat"]},
     {"key": "t2", "kind": "energy", "band": "t2", "price": "4.60", "taxes": ["levy", "vat"]},
     {"key": "t3", "kind": "energy", "band": "t3", "price": "1.48", "taxes": ["levy", "vat"]},
     {"key": "dist", "kind": "distribution", "price": "1.87741", "taxes": ["vat"]}]}]},
   "taxes": [{"key": "levy", "rate": "0.05", "include_in_base": true},
             {"key": "vat", "rate": "0.20"}]}
  prices to 26088.36 + 5217.67 VAT = 31306.03.

Exit status: 0 priced, 2 bad input (one line on standard error says why).
"""


def arguments():
    parser = argparse.ArgumentParser(
        prog="actwin price", description=HELP, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("case", metavar="CASE.json", help="file with the case, or - for stdin")
    return parser


def priced(source):
    """JSON text of a case → JSON object of the bill. Raises PricingError or ValueError."""
    case = case_from(json.loads(source, parse_float=Decimal))
    return bill_to(price(case), case.currency)


def main(argv=None):
    """Exit status of the command; never a traceback for bad input."""
    options = arguments().parse_args(argv)
    try:
        source = sys.stdin.read() if options.case == "-" else Path(options.case).read_text("utf-8")
        answer = priced(source)
    except OSError as error:
        return _fail(f"{options.case}: {error.strerror or error}")
    except PricingError as error:
        return _fail(f"{error.code}: {error}")
    except (ValueError, RecursionError) as error:
        return _fail(f"bad_json: {error}")
    sys.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2) + "\n")
    return 0


def _fail(reason):
    sys.stderr.write(" ".join(f"actwin price: {reason}".split()) + "\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
