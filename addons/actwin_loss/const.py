"""Words and numbers shared by the models of this addon."""

STATES = [
    ("ok", "In band"),
    ("over", "Missing energy"),
    ("under", "Negative loss"),
    ("incomplete", "Incomplete"),
]
OUT_OF_BAND = ("over", "under")

PARTS = [
    ("main", "Main"),
    ("generator", "Generator"),
    ("child", "Child"),
    ("common", "Common"),
]
REACTIVE = "reactive"
"""Registers that only shape the load loss; they are no part of the energy sum."""

PART_OF_ROLE = {
    "main": "child",
    "feeder": "child",
    "sub": "child",
    "common": "common",
    "generator": "generator",
    "production": "generator",
}
"""What a point below the main point is to the balance; a check meter is nothing to it."""

ALARM_WINDOW_DAYS = 7
"""Days looked back over; three of them out of band make a warning (in the views)."""

KILO_FACTOR = {"Wh": "0.001", "kWh": "1", "MWh": "1000"}
KILO_FACTOR |= {"varh": "0.001", "kvarh": "1", "kVArh": "1", "Mvarh": "1000", "MVArh": "1000"}
