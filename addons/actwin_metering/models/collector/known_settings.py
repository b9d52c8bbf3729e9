"""The settings the collector's own drivers and kinds of lines understand, for forms and checks.

A driver of another package has settings nobody knows here: what is not listed is passed on as is.
"""

from dataclasses import dataclass

from odoo.exceptions import ValidationError
from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)

TEXT, INTEGER, NUMBER, BOOLEAN, CHOICE, LIST, TABLE = (
    "text",
    "integer",
    "number",
    "boolean",
    "choice",
    "list",
    "table",
)
_TYPES = {
    TEXT: (str, int),
    INTEGER: int,
    NUMBER: (int, float),
    BOOLEAN: bool,
    CHOICE: (str, int),
    LIST: list,
    TABLE: (dict, str),
}


@dataclass(frozen=True)
class Setting:
    """One setting: ``default`` is what holds without it, for people."""

    name: str
    kind: str
    help: object
    default: str = ""
    choices: tuple = ()


_COMMON = (
    Setting(
        "phase_seconds",
        NUMBER,
        _lt("Shifts the device's readings on the grid by so many seconds."),
        "0",
    ),
    Setting("poll", BOOLEAN, _lt("Off for a device that is only heard, never asked."), "true"),
    Setting("modem", TEXT, _lt("Modem that the device is behind, where modems dial in.")),
)
_CLOCK = Setting(
    "utc_offset", TEXT, _lt("How far the meter's clock is from UTC, such as +03:00."), "+03:00"
)
_SERIAL = Setting(
    "serial", TEXT, _lt("Serial number the meter must report; another meter is an error.")
)
_DRIVERS = {
    "modbus": (
        Setting("map", TABLE, _lt("Register map: the name of one the collector has.")),
        Setting(
            "framing",
            CHOICE,
            _lt("Modbus TCP or RTU frames; by default what the line's kind says."),
            choices=("tcp", "rtu"),
        ),
        Setting("pause", NUMBER, _lt("Seconds of silence before each request."), "0"),
        Setting("settle", NUMBER, _lt("Seconds of silence before the first request."), "0"),
        Setting("echo", BOOLEAN, _lt("For two-wire converters that return what is sent."), "false"),
        Setting("single", BOOLEAN, _lt("Ask for each value in a request of its own."), "false"),
        Setting("fill", INTEGER, _lt("Widest gap between registers to read over.")),
        Setting("max_registers", INTEGER, _lt("Most registers in one request.")),
    ),
    "iec62056-21": (
        Setting(
            "mode",
            CHOICE,
            _lt("a, b, c: opens at 300 baud and takes the speed of that mode; fixed: one speed."),
            "c",
            ("a", "b", "c", "fixed"),
        ),
        Setting("baudrate", INTEGER, _lt("Speed to open with."), "300"),
        Setting(
            "max_speed",
            CHOICE,
            _lt("Highest speed character to accept; 0 stays at the opening speed."),
            "6",
            tuple("0123456"),
        ),
        Setting(
            "select",
            CHOICE,
            _lt("What to ask for: 0 full readout, 6 short and 7 history on Turkish meters."),
            "0",
            tuple("0123456789"),
        ),
        Setting(
            "acknowledge",
            BOOLEAN,
            _lt("Off for meters that send their data right after the identification."),
            "true",
        ),
        Setting("wakeup", INTEGER, _lt("NUL bytes to send first, for battery meters."), "0"),
        Setting("char_timeout", NUMBER, _lt("Longest pause inside an answer, in seconds."), "1.5"),
        Setting("max_seconds", NUMBER, _lt("Longest whole readout, in seconds."), "180"),
        _SERIAL,
        _CLOCK,
        Setting("profile", TEXT, _lt("Load profile to read."), "P.01"),
        Setting(
            "profile_command",
            CHOICE,
            _lt("Command that reads the load profile: R2 on Turkish meters."),
            "R5",
            ("R1", "R2", "R5", "R6"),
        ),
        Setting(
            "profile_form",
            CHOICE,
            _lt("How the profile's time span is written."),
            "vdew",
            ("vdew", "turkish"),
        ),
        Setting(
            "software_7e1",
            BOOLEAN,
            _lt("For device servers set to 8N1 before a meter that speaks 7E1."),
            "false",
        ),
    ),
    "mbus": (
        Setting("reset", CHOICE, _lt("Reset the link before each reading."), "yes", ("yes", "no")),
        Setting("telegrams", INTEGER, _lt("How many telegrams of a long answer to fetch.")),
        Setting("baudrate", INTEGER, _lt("The meter's speed where it is not the line's.")),
        _CLOCK,
    ),
    "dlms": (
        Setting(
            "framing",
            CHOICE,
            _lt("wrapper on TCP and hdlc on serial lines unless set."),
            choices=("wrapper", "hdlc"),
        ),
        Setting("client", INTEGER, _lt("Client address: 16 public, 1 management."), "16"),
        Setting(
            "authentication",
            CHOICE,
            _lt("How the meter lets us in: not at all, with a password, with keys."),
            "none",
            ("none", "low", "gmac"),
        ),
        Setting("ciphered", BOOLEAN, _lt("Password inside a ciphered association."), "false"),
        Setting("suite", INTEGER, _lt("Security suite of the keys: 0 or 1."), "0"),
        Setting("system_title", TEXT, _lt("Our own system title: 16 hex digits.")),
        Setting("meter_title", TEXT, _lt("The meter's system title; another one is refused.")),
        _SERIAL,
        Setting("clock", BOOLEAN, _lt("Read the meter's clock with each reading."), "true"),
        Setting("profile", TEXT, _lt("Load profile from which missed values are filled.")),
        Setting("gateway", TEXT, _lt("The meter's address behind a DLMS gateway.")),
        _CLOCK,
    ),
    "wmbus": (
        Setting(
            "allow_unencrypted",
            CHOICE,
            _lt("Take unencrypted telegrams although a key is set."),
            "no",
            ("no", "yes"),
        ),
        _CLOCK,
    ),
}
_ALLOW = Setting("allow", LIST, _lt("Networks that may send, such as 10.0.0.0/8; empty: any."))
_LISTEN = (Setting("listen", BOOLEAN, _lt("Also hear what devices send by themselves."), "false"),)
_BODY = (
    Setting(
        "format",
        CHOICE,
        _lt("What a message is: as the driver takes it, hex text, or JSON with the bytes in it."),
        "raw",
        ("raw", "hex", "json"),
    ),
    Setting("field", TEXT, _lt("Where the bytes stand in JSON."), "telegram"),
    Setting("encoding", CHOICE, _lt("Form of the bytes in JSON."), "hex", ("hex", "base64")),
)
_LINES = {
    "serial": _LISTEN,
    "tcp": _LISTEN,
    "rtu_tcp": _LISTEN,
    "udp": (
        Setting("bind_host", TEXT, _lt("Address to hear datagrams on."), "127.0.0.1"),
        Setting("bind_port", INTEGER, _lt("Port to hear datagrams on; 0 only asks."), "0"),
        _ALLOW,
    ),
    "dialin": (
        _ALLOW,
        Setting("max_connections", INTEGER, _lt("Modems at once."), "200"),
        Setting("hello", TEXT, _lt("Pattern of a modem's greeting; its group modem names it.")),
        Setting("hello_seconds", NUMBER, _lt("How long a caller may take to greet."), "30"),
        Setting("heartbeat", TEXT, _lt("Pattern of a modem's sign of life.")),
        Setting("heartbeat_answer", TEXT, _lt("What a sign of life is answered.")),
        Setting("idle_seconds", NUMBER, _lt("Silence after which a modem is let go."), "900"),
    ),
    "mqtt": (
        Setting("topics", LIST, _lt("What to subscribe to, such as meters/+/up.")),
        Setting("client_id", TEXT, _lt("Name at the broker.")),
        Setting("qos", INTEGER, _lt("Quality of service: 0, 1 or 2; 0 may lose messages."), "1"),
        Setting("user", TEXT, _lt("User at the broker; the password is the line's secret.")),
        Setting("tls", BOOLEAN, _lt("Encrypt, and check the broker's certificate."), "false"),
        Setting("ca_file", TEXT, _lt("PEM file of a private certificate authority.")),
        Setting("retained", BOOLEAN, _lt("Also take old values the broker kept."), "false"),
        *_BODY,
    ),
    "http": (
        Setting("path", TEXT, _lt("Where meters or gateways send to."), "/push"),
        Setting(
            "auth",
            CHOICE,
            _lt("How a sender proves itself by the line's secret."),
            "bearer",
            ("bearer", "hmac", "none"),
        ),
        Setting("header", TEXT, _lt("Header with the signature of the body."), "X-Signature"),
        _ALLOW,
        *_BODY,
    ),
}


def _known(group, name):
    if group == "driver":
        return (*_DRIVERS.get(name, ()), *_COMMON)
    return _LINES.get(name, ())


def settings_help(env, group, name):
    """What a form offers for a driver or a kind of line, in the user's language."""
    return [
        {
            "name": setting.name,
            "kind": setting.kind,
            "help": env._(setting.help),
            "default": setting.default,
            "choices": list(setting.choices),
        }
        for setting in _known(group, name)
    ]


def check_settings(env, group, name, settings):
    """ValidationError in words when a known setting has a value that cannot be meant."""
    if not isinstance(settings or {}, dict):
        raise ValidationError(env._("Settings are a list of names and values."))
    known = {setting.name: setting for setting in _known(group, name)}
    for key, value in (settings or {}).items():
        setting = known.get(key)
        if setting and value is not None and not _fits(setting, value):
            raise ValidationError(
                env._(
                    "Setting %(name)s: %(value)s is not %(expected)s.",
                    name=key,
                    value=str(value)[:80],
                    expected=_expected(env, setting),
                )
            )


def _fits(setting, value):
    if isinstance(value, bool) and setting.kind != BOOLEAN:
        return False
    if not isinstance(value, _TYPES[setting.kind]):
        return False
    return setting.kind != CHOICE or str(value) in setting.choices


def _expected(env, setting):
    return {
        TEXT: env._("a text"),
        INTEGER: env._("a whole number"),
        NUMBER: env._("a number"),
        BOOLEAN: env._("true or false"),
        CHOICE: env._("one of %s", ", ".join(setting.choices)),
        LIST: env._("a list"),
        TABLE: env._("a name or a table"),
    }[setting.kind]
