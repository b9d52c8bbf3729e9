# SPDX-License-Identifier: MIT
"""Decides which requests fetch a set of registers: few, but never over a gap that is refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from .register import Register

# (function, first, end) of registers nobody asked for; first = end: a seam between two neighbours.
Gap = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Request:
    """One read request and the values it brings."""

    function: int
    address: int
    count: int
    registers: tuple[Register, ...]

    @property
    def end(self) -> int:
        """The address behind the last register."""
        return self.address + self.count

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """(function, first, end) of each run of registers nobody asked for."""
        return tuple(
            (self.function, first, end) for first, end in self._joints() if first < end
        )

    @property
    def seams(self) -> tuple[Gap, ...]:
        """(function, at, at) of each place where one value ends and the next one starts."""
        return tuple(
            (self.function, first, end) for first, end in self._joints() if first == end
        )

    def _joints(self) -> Iterable[tuple[int, int]]:
        at = self.registers[0].end
        for register in self.registers[1:]:
            if register.address >= at:
                yield at, register.address
            at = max(at, register.end)


def plan(
    registers: Iterable[Register], limit: int = 125, fill: int = 8, refused: Collection[Gap] = ()
) -> tuple[Request, ...]:
    """Return requests of at most ``limit`` registers, reading over gaps of at most ``fill``.

    A gap that touches one in ``refused`` is never read, a seam in it never joined. A value is
    never cut in two; a ``fill`` below 0 gives every value a request of its own.
    """
    requests: list[Request] = []
    for register in sorted(registers, key=lambda r: (r.function, r.address, r.size)):
        joined = _join(requests[-1], register, limit, fill, refused) if requests else None
        if joined:
            requests[-1] = joined
        else:
            single = Request(register.function, register.address, register.size, (register,))
            requests.append(single)
    return tuple(requests)


def split(request: Request) -> tuple[tuple[Request, ...], tuple[Gap, ...]]:
    """Return a refused request in smaller ones, and the gaps or the seam it is cut at.

    All gaps come first: one of them is what devices refuse most. Without gaps the middle seam is
    cut, so that a register the device does not have is found in few steps. One value, or several
    in the same registers, cannot be cut: no parts.
    """
    if cuts := request.gaps:
        return plan(request.registers, request.count, fill=0), cuts
    if not request.seams:
        return (), ()
    seam = request.seams[len(request.seams) // 2]
    return plan(request.registers, request.count, 0, {seam}), (seam,)


def _join(
    request: Request, register: Register, limit: int, fill: int, refused: Collection[Gap]
) -> Request | None:
    end = max(request.end, register.end)
    too_far = register.address - request.end > fill or end - request.address > limit
    if request.function != register.function or too_far:
        return None
    gap = (request.function, request.end, register.address)
    if gap in refused or any(_overlap(gap, other) for other in refused):
        return None
    joined = (*request.registers, register)
    return Request(request.function, request.address, end - request.address, joined)


def _overlap(gap: Gap, other: Gap) -> bool:
    return gap[0] == other[0] and other[1] < gap[2] and other[2] > gap[1]
