"""Amounts in Turkish words as invoices print them: YALNIZ: #BİNİKİYÜZ TL YİRMİDOKUZ KR#."""

from decimal import ROUND_HALF_UP, Decimal

ONES = ("", "BİR", "İKİ", "ÜÇ", "DÖRT", "BEŞ", "ALTI", "YEDİ", "SEKİZ", "DOKUZ")
TENS = ("", "ON", "YİRMİ", "OTUZ", "KIRK", "ELLİ", "ALTMIŞ", "YETMİŞ", "SEKSEN", "DOKSAN")
GROUPS = ("", "BİN", "MİLYON", "MİLYAR", "TRİLYON")
ZERO = "SIFIR"
CENT = Decimal("0.01")


def turkish_upper(text: str) -> str:
    """Upper-case with the Turkish dotted and dotless i, which ``str.upper`` does not know."""
    return text.replace("i", "İ").replace("ı", "I").upper()


def _three_digits(number: int) -> str:
    hundreds, rest = divmod(number, 100)
    head = {0: "", 1: "YÜZ"}.get(hundreds, f"{ONES[hundreds]}YÜZ")
    return head + TENS[rest // 10] + ONES[rest % 10]


def integer_in_words(number: int) -> str:
    """A whole number from 0 below 10**15, written together. Raises ValueError outside."""
    if not 0 <= number < 10 ** (3 * len(GROUPS)):
        raise ValueError(f"{number} cannot be written in words")
    if not number:
        return ZERO
    parts = []
    for name in GROUPS:
        number, group = divmod(number, 1000)
        if group == 1 and name == "BİN":
            parts.append(name)
        elif group:
            parts.append(_three_digits(group) + name)
        if not number:
            break
    return "".join(reversed(parts))


def amount_in_words(amount: Decimal, unit: str = "TL", subunit: str = "KR") -> str:
    """Words of an amount rounded to two decimals; the sign is dropped (a refund says its size)."""
    whole, cents = divmod(abs(Decimal(amount)).quantize(CENT, ROUND_HALF_UP), 1)
    return (
        f"YALNIZ: #{integer_in_words(int(whole))} {unit} "
        f"{integer_in_words(int(cents * 100))} {subunit}#"
    )
