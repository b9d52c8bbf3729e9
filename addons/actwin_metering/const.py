"""Names shared by models: quality and source codes of a reading, and their order of severity."""

VALID, SUSPECT, ESTIMATED, EDITED, REJECTED = range(5)
QUALITIES = [
    ("0", "Valid"),
    ("1", "Suspect"),
    ("2", "Estimated"),
    ("3", "Edited"),
    ("4", "Rejected"),
]
USABLE = (VALID, ESTIMATED, EDITED)
"""Only these qualities reach consumption, reports and bills."""

SEVERITY = (VALID, EDITED, ESTIMATED, SUSPECT, REJECTED)
"""Best to worst; a rollup row shows the worst quality among its readings."""

PULL, PUSH, IMPORT, MANUAL, ESTIMATE = range(1, 6)
SOURCES = [
    ("1", "Pulled"),
    ("2", "Pushed"),
    ("3", "Imported"),
    ("4", "Manual"),
    ("5", "Estimated"),
]

COMMODITIES = [
    ("electricity", "Electricity"),
    ("water", "Water"),
    ("gas", "Gas"),
    ("heat", "Heat"),
    ("cooling", "Cooling"),
]

METER_KINDS = [
    ("electromechanical", "Electromechanical"),
    ("electronic", "Electronic"),
    ("transformer", "Electronic, at transformers"),
    ("mechanical", "Mechanical (water)"),
    ("diaphragm", "Diaphragm"),
    ("rotary", "Rotary"),
    ("turbine", "Turbine"),
    ("ultrasonic", "Ultrasonic"),
]

SEVERITIES = [
    ("info", "Info"),
    ("warning", "Warning"),
    ("serious", "Serious"),
    ("critical", "Critical"),
]
"""Of alarms and of the messages that tell of them, mildest first."""

CHANNELS = [("app", "In the Application"), ("push", "Browser"), ("mail", "E-mail"), ("sms", "SMS")]
