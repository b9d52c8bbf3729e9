"""Text as people type it, brought to a form that compares: blanks, capitals, Turkish letters."""

import re
import unicodedata

_INVISIBLE = dict.fromkeys((0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD))
_BLANKS = re.compile(r"\s+")
_NOT_A_WORD = re.compile(r"[^0-9a-z%]+")
_I = str.maketrans("İIı", "iii")
_BRACKETS = re.compile(r"[(\[][^)\]]*[)\]]")


def clean(text):
    """One line of composed text: no-break and repeated blanks are one, invisible signs none."""
    text = unicodedata.normalize("NFC", text.translate(_INVISIBLE))
    return _BLANKS.sub(" ", text).strip()


def fold(text):
    """Small letters without accents and points: İ, I, ı and i are one, and so are ş and s."""
    text = unicodedata.normalize("NFKD", clean(text).translate(_I).casefold().translate(_I))
    text = "".join(char for char in text if not unicodedata.combining(char))
    return _NOT_A_WORD.sub(" ", text).strip()


def folds(text):
    """Forms of a header to look up: whole, then without what stands in brackets."""
    return list(dict.fromkeys((fold(text), fold(_BRACKETS.sub(" ", text)))))
