"""How many parts a text message is charged as, by the alphabet it needs (3GPP TS 23.038)."""

from dataclasses import dataclass

_BASIC = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = set("\f^{}\\[~]|€")
_TURKISH = set("ŞşĞğİıç")
"""Letters that only the Turkish shift table of the standard adds; each costs an escape."""

_ASCII = str.maketrans("ŞşĞğİıÇçÖöÜü", "SsGgIiCcOoUu")
_TYPOGRAPHIC = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "...", "\u00a0": " "}
)

GSM7, TURKISH, UCS2 = "gsm7", "turkish", "ucs2"
_SIZES = {GSM7: (160, 153), TURKISH: (155, 149), UCS2: (70, 67)}
"""(one part, each part of several): the Turkish shift costs three octets of header."""


@dataclass(frozen=True)
class SmsSize:
    """Alphabet, units (septets, or UTF-16 code units) and parts of a text."""

    alphabet: str
    units: int
    parts: int


def plain(text):
    """The text with typographic marks that would force the dear alphabet made plain."""
    return text.translate(_TYPOGRAPHIC)


def without_turkish(text):
    """The text in letters every phone and the cheapest alphabet know."""
    return plain(text).translate(_ASCII)


def sms_size(text, turkish=True):
    """Size of a text; ``turkish`` when the gateway sends with the Turkish shift table.

    Without it Turkish letters outside the basic alphabet force UCS-2.
    """
    letters = set(text)
    if letters <= _BASIC | _EXTENDED:
        return _septets(text, GSM7, _EXTENDED)
    if turkish and letters <= _BASIC | _EXTENDED | _TURKISH:
        return _septets(text, TURKISH, _EXTENDED | _TURKISH)
    units = len(text.encode("utf-16-be", "surrogatepass")) // 2
    return SmsSize(UCS2, units, _parts(_ucs2_costs(text), units, *_SIZES[UCS2]))


def _septets(text, alphabet, double):
    costs = [2 if letter in double else 1 for letter in text]
    return SmsSize(alphabet, sum(costs), _parts(costs, sum(costs), *_SIZES[alphabet]))


def _ucs2_costs(text):
    return [2 if ord(letter) > 0xFFFF else 1 for letter in text]


def _parts(costs, units, alone, each):
    """Parts of a text; a letter of two units is never cut, so it may leave a unit unused."""
    if units <= alone:
        return 1
    parts, room = 1, each
    for cost in costs:
        if cost > room:
            parts, room = parts + 1, each
        room -= cost
    return parts
