# SPDX-License-Identifier: MIT
"""Decides which requests fetch a set of registers: few, but never over a gap that is refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from .registermap import Register

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
        found, at = [], self.address
        for register in self.registers:
            if register.address > at:
                found.append((self.function, at, register.address))
            at = max(at, register.address + register.size)
        return tuple(found)


def plan(
    registers: Iterable[Register], limit: int = 125, fill: int = 8, refused: Collection[Gap] = ()
) -> tuple[Request, ...]:
    """Return requests of at most ``limit`` registers, reading over gaps of at most ``fill``.

    A gap that touches one in ``refused`` is never read. A value is never cut in two.
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


def split(request: Request) -> tuple[Request, ...]:
    """Return the request cut at each of its gaps."""
    return plan(request.registers, request.count, fill=0)


def _join(
    request: Request, register: Register, limit: int, fill: int, refused: Collection[Gap]
) -> Request | None:
    end = max(request.end, register.address + register.size)
    too_far = register.address - request.end > fill or end - request.address > limit
    if request.function != register.function or too_far:
        return None
    if any(
        function == request.function and first < register.address and last > request.end
        for function, first, last in refused
    ):
        return None
    joined = (*request.registers, register)
    return Request(request.function, request.address, end - request.address, joined)
