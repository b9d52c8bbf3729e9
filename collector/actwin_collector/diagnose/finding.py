# SPDX-License-Identifier: MIT
"""What a check found: for people a block of text, for machines an object."""

from __future__ import annotations

from dataclasses import dataclass

MISTAKE, WARNING = "mistake", "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake: what was seen, what it means, what to change.

    ``where`` is ``file``, ``odoo``, ``line KEY`` or ``device KEY``; ``key`` names the setting
    below it (``settings.map``, ``address``) and ``value`` what it should be, where that is known.
    """

    where: str
    code: str
    seen: str
    means: str = ""
    change: str = ""
    key: str = ""
    value: str = ""
    severity: str = MISTAKE

    def lines(self) -> list[str]:
        """Return the block for people."""
        found = [f"{self.severity}: {self.where}: {self.seen} [{self.code}]"]
        if self.means:
            found.append(f"  meaning: {self.means}")
        if self.change:
            found.append(f"  change:  {self.change}")
        if self.key:
            shown = f" = {self.value}" if self.value else ""
            found.append(f"  key:     {self.where}, {self.key}{shown}")
        return found
