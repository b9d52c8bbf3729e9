# SPDX-License-Identifier: MIT
"""Work that somebody else asks of a line, done in the turn of the line's worker."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeVar

from .channel.base import Link
from .model import LineSpec, LinkError

T = TypeVar("T")
Errand = Callable[[Link], Awaitable[T]]


class Errands:
    """A queue of errands; whoever waits for one gets what it returns or raises."""

    def __init__(self, line: LineSpec) -> None:
        self._line = line
        self._waiting: deque[tuple[Errand, asyncio.Future]] = deque()

    def __bool__(self) -> bool:
        return bool(self._waiting)

    async def wait_for(self, errand: Errand[T]) -> T:
        """Queue an errand and return its result; LinkError when the line is stopped first."""
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((errand, done))
        return await done

    async def run_one(self, link: Link) -> bool:
        """Run the oldest errand; False when there is none."""
        if not self._waiting:
            return False
        errand, done = self._waiting.popleft()
        if done.cancelled():  # nobody waits for it any more
            return True
        try:
            result = await errand(link)
        except Exception as error:
            _settle(done, error=error)
        except BaseException:
            _settle(done, error=self.stopped())
            raise
        else:
            _settle(done, result)
        await asyncio.sleep(0)  # whoever waited may have a next errand, before the line naps
        return True

    def dismiss(self) -> None:
        """Tell all who still wait that the line was stopped."""
        while self._waiting:
            _settle(self._waiting.popleft()[1], error=self.stopped())

    def stopped(self) -> LinkError:
        """Return what an errand on a stopped line ends with."""
        return LinkError(f"line {self._line.key} was stopped meanwhile", "line_stopped")


def _settle(done: asyncio.Future, result: object = None, error: Exception | None = None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(result)
    else:
        done.set_exception(error)
