# SPDX-License-Identifier: MIT
"""What knows the mistakes of one protocol; found by entry point, by the driver's name."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import ClassVar

from ..model import LineSpec, ReadResult
from .case import Attempt, Case, SerialForm
from .finding import Finding


class Diagnoser(ABC):  # noqa: B024 - each question may be left unanswered
    """Every method sends reads only and minds ``case.left()``.

    ``forms`` are the usual speeds and forms of the protocol's serial lines, the likeliest first.
    """

    name: ClassVar[str] = ""
    forms: ClassVar[Sequence[SerialForm]] = ()

    async def greet(self, case: Case, line: LineSpec) -> str:
        """Return who speaks this protocol on a line, in words; empty when nobody does."""
        return ""

    async def judge(self, case: Case, result: ReadResult) -> list[Finding]:
        """Return what is suspicious about a reading."""
        return []

    async def refused(self, case: Case, attempt: Attempt) -> list[Finding]:
        """Return why the meter answered, but not with a reading."""
        return []

    async def search(self, case: Case) -> list[Finding]:
        """Return where on the line the meter is, when it does not answer where it should."""
        return []

    async def overhear(self, cases: Sequence[Case]) -> list[Finding] | None:
        """Listen to the line of these devices, which only send by themselves, for ``limit``.

        Returns what is wrong with them or their line; None when this protocol is not listened to.
        """
        return None
