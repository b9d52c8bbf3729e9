"""Constants shared by the billing models."""

CHUNK_SIZE = 50  # records per chunk: past it a batch gains nothing and a crash loses more
RUN_NOW_LIMIT = 200  # bills a request may work off itself
HISTORY_BILLS = 13

ACTIVE = "active_import"
BANDS = ("t1", "t2", "t3", "t4")
REGISTERS = {
    "active_import": "active_import",
    "active_export": "active_export",
    "reactive_inductive": "reactive_inductive",
    "reactive_capacitive": "reactive_capacitive",
    "demand": "demand",
    "volume": "volume",
    "heat": "heat",
}
LIVE_STATES = ("draft", "checked", "blocked", "approved", "posted")

# No mail follower or tracking work for rows a run makes: a third of the queries otherwise.
QUIET = {
    "tracking_disable": True,
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "mail_notrack": True,
}
