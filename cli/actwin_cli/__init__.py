"""The suite's command line: demo, status, price, backup, restore."""


class CommandError(Exception):
    """A command cannot go on; the text is the one line the user reads."""
