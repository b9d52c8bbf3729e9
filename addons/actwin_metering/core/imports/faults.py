"""What can be wrong with a table or a cell: codes and figures; the words are the caller's."""


class TableFault(Exception):
    """The whole table cannot be taken. ``code`` names the reason, ``figures`` its numbers."""

    def __init__(self, code, **figures):
        super().__init__(code)
        self.code = code
        self.figures = figures


class CellFault(Exception):
    """A cell cannot be taken."""

    def __init__(self, code, **figures):
        super().__init__(code)
        self.code = code
        self.figures = figures
