"""Builders of cases for the core's tests."""

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
