"""Builders of cases, for the core's tests and for those that post them in Odoo."""

from decimal import Decimal

START, END = "2025-11-01T00:00:00+03:00", "2025-12-01T00:00:00+03:00"
LEVY_VAT, VAT = ["levy", "vat"], ["vat"]
LIMITS = {
    "reactive_inductive": [{"below_kva": "50", "ratio": "0.33"}, {"ratio": "0.20"}],
    "reactive_capacitive": [{"below_kva": "50", "ratio": "0.20"}, {"ratio": "0.15"}],
}


def energy(price, key="energy", **values):
    return {"key": key, "kind": "energy", "price": price, "taxes": LEVY_VAT, **values}


def distribution(price, **values):
    return {"key": "distribution", "kind": "distribution", "price": price, "taxes": VAT, **values}


def reactive(price="2.645474", **values):
    return [
        {"key": kind, "kind": kind, "price": price, "unit": "kVArh", "taxes": VAT,
         "limits": limits, **values}
        for kind, limits in LIMITS.items()
    ]


def capacity(price, excess=None):
    rows = [{"key": "capacity", "kind": "capacity", "price": price, "unit": "kW", "taxes": VAT}]
    if excess:
        rows.append({"key": "excess", "kind": "excess_demand", "price": excess, "unit": "kW",
                     "taxes": VAT})
    return rows


def taxes(levy="0.05", vat="0.20"):
    return [
        {"key": "levy", "rate": levy, "include_in_base": True},
        {"key": "vat", "rate": vat},
    ]


def case(components, quantities, levy="0.05", **values):
    """JSON object of a case for November 2025 unless ``values`` say otherwise."""
    return {
        "schema": 1,
        "period": {"start": START, "end": END},
        "quantities": quantities,
        "tariff": {"versions": [
            {"key": "v1", "valid_from": "2025-04-01T00:00:00+03:00", "components": components},
        ]},
        "taxes": taxes(levy),
        **values,
    }


def without_quantities(data):
    return {key: value for key, value in data.items() if key != "quantities"}


DISTRIBUTION = {
    ("KAMU_OZEL", "AG", "TT"): "1.877410", ("KAMU_OZEL", "OG", "TT"): "1.575810",
    ("KAMU_OZEL", "OG", "CT"): "1.263293", ("SANAYI", "AG", "TT"): "1.385324",
    ("SANAYI", "OG", "TT"): "0.895372", ("SANAYI", "OG", "CT"): "0.810595",
}
POWER = {"KAMU_OZEL": "43.37003", "SANAYI": "32.32565"}
DEAD_REGISTER = {"r19"}


def statement(row):
    """Case of a row of the real supplier statement (icmal_2025_11.csv)."""
    components = [energy("1"), distribution(
        DISTRIBUTION[row["group"], row["voltage"], row["term"]])]
    if row["term"] == "CT":
        price_kw = POWER[row["group"]]
        components += capacity(price_kw, str(2 * Decimal(price_kw)))
    components += reactive()
    if row["id"] in DEAD_REGISTER:
        components[-len(LIMITS)]["missing_rule"] = "ninety_percent"
    quantities = {"active_import": row["kwh_t0"]}
    for key, column in (("reactive_inductive", "inductive_kvarh"),
                        ("reactive_capacitive", "capacitive_kvarh"), ("demand", "demand_kw")):
        quantities[key] = row[column] or None
    no_load = str(Decimal(row["kwh_trafo"]) / 720)
    return case(
        components, quantities, levy="0.01" if row["group"] == "SANAYI" else "0.05",
        overrides={"energy": {"amount": row["energy_tl"], "reason": "printed amount"}},
        subscriber={
            "connection_kva": "100", "contract_kw": row["contract_kw"] or None,
            "transformer": {"mode": "no_load", "no_load_kw": no_load, "hours": "720"},
        },
    )


def w2():
    """Industry, three registers, printed energy amount: 222,031.10."""
    quantities = {
        "active_import.t1": "23142.50", "active_import.t2": "11566.20",
        "active_import.t3": "4110.40", "reactive_inductive": "838.70",
        "reactive_capacitive": "550.30",
    }
    components = [energy("3.347564"), distribution("1.385324"), *reactive()]
    return case(components, quantities, levy="0.01", overrides=printed("129949.40"))


def w9():
    """Supplier's e-invoice with printed energy amount: 874,281.42."""
    return case([energy("2.959642"), distribution("0.895372")], {"active_import": "187552.35"},
                levy="0.01", overrides=printed("555087.85"))


def printed(amount):
    return {"energy": {"amount": amount, "reason": "printed amount"}}
