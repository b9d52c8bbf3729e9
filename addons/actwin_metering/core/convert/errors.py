"""Why a quantity cannot be converted."""


class ConversionError(ValueError):
    """A conversion that cannot be done; ``code`` says why, ``name`` what it hangs on."""

    def __init__(self, code, name=""):
        super().__init__(f"{code}: {name}" if name else code)
        self.code, self.name = code, name
