"""What can be wrong with a case. Every error has a code and names the place."""


class PricingError(Exception):
    """A case that must not become a bill. ``code`` is for programs, ``str()`` for people."""

    code = "pricing"

    def __init__(self, message, **data):
        super().__init__(message)
        self.data = data


class CaseError(PricingError):
    """The facts are malformed; ``path`` is the JSON path of the mistake."""

    code = "bad_case"

    def __init__(self, path, message):
        super().__init__(f"{path}: {message}", path=path)
        self.path = path


class MissingQuantity(PricingError):
    """A component needs a register that has no value. Missing is not zero."""

    code = "missing_quantity"


class TariffGap(PricingError):
    """No tariff version is valid in some interval of the period."""

    code = "tariff_gap"
