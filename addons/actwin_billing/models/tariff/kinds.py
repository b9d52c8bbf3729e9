"""What the component kinds need: the palette of tariffs, as data."""

ENERGY = ("energy", "distribution", "pass_through")
MARKET = "market"
METERED = (*ENERGY, MARKET)
NETTING = ("netting", "feed_in")
REACTIVE = ("reactive_inductive", "reactive_capacitive")
MONTHLY = ("capacity", "fixed_month", "minimum")
SESSION = ("session_energy", "session_idle", "session_fee")
SHARES = ("discount", "surcharge")
BASED = (*SHARES, "minimum")
DERIVED = (*BASED, "formula")

LEVIED = ("energy", MARKET, "netting")
"""Kinds on which the energy levy is due unless the user says otherwise."""

BASES = {
    "energy": ("energy", MARKET, "netting"),
    "energy_distribution": ("energy", MARKET, "netting", "distribution"),
}
"""{choice: kinds of the lines that a share or a minimum is taken of}."""

UNITS = {
    "capacity": "kW",
    "excess_demand": "kW",
    "fixed_month": "month",
    "fixed_day": "day",
    "reactive_inductive": "kVArh",
    "reactive_capacitive": "kVArh",
    "session_energy": "kWh",
    "session_idle": "min",
    "session_fee": "session",
    "discount": "",
    "surcharge": "",
    "minimum": "",
    "formula": "",
}
REGISTER_UNITS = {"volume": "m³"}

PRODUCTS = {
    "energy": "product_energy",
    MARKET: "product_energy",
    "netting": "product_energy",
    "feed_in": "product_feed_in",
    "distribution": "product_distribution",
    "pass_through": "product_pass_through",
    "capacity": "product_capacity",
    "excess_demand": "product_excess",
    "fixed_month": "product_fixed",
    "fixed_day": "product_fixed",
    "minimum": "product_minimum",
    "reactive_inductive": "product_reactive",
    "reactive_capacitive": "product_reactive",
    "session_energy": "product_charging",
    "session_idle": "product_charging",
    "session_fee": "product_charging",
    "discount": "product_discount",
    "surcharge": "product_surcharge",
    "formula": "product_formula",
}
ADJUSTMENT = "product_adjustment"
