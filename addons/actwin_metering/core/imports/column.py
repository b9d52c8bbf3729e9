"""What a column of an import holds, and by which headers people call it."""

from dataclasses import dataclass, field
from decimal import Decimal

from .text import fold

YES_NO = {
    **dict.fromkeys(["evet", "e", "var", "dogru", "yes", "y", "true", "1", "x"], True),
    **dict.fromkeys(["hayir", "h", "yok", "yanlis", "no", "n", "false", "0"], False),
}


@dataclass(frozen=True, slots=True)
class Column:
    """``kind`` is one of ``cells.KINDS``; ``headers`` are names in Turkish and English."""

    name: str
    kind: str = "text"
    headers: tuple = ()
    required: bool = False
    longest: int = 200
    low: Decimal | None = None
    high: Decimal | None = None
    decimals: int = 6
    units: tuple = ()
    choices: dict = field(default_factory=dict)
    example: str = ""


def column(name, kind, headers, **values):
    """A Column of headers separated by bars; bounds may be plain figures."""
    for bound in ("low", "high"):
        if values.get(bound) is not None:
            values[bound] = Decimal(str(values[bound]))
    if kind == "bool":
        values.setdefault("choices", YES_NO)
    names = tuple(dict.fromkeys(fold(part) for part in (*headers.split("|"), name)))
    return Column(name, kind, names, **values)


def choices(**words):
    """{folded word: key} of keys with their words, separated by bars; a key names itself."""
    return {fold(word): key for key, text in words.items() for word in (*text.split("|"), key)}
