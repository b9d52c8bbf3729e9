# SPDX-License-Identifier: MIT
"""Blocking calls beside the event loop, which never hold up the end of the process."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_thread(call: Callable[..., T], *args: object) -> T:
    """Run ``call`` in a daemon thread and return what it gives.

    An executor's threads are joined at exit: an upload to a silent server would delay a stop by
    its whole timeout. What runs here may be abandoned at any instruction (the outbox survives
    that by design).
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def work() -> None:
        result, error = None, None
        try:
            result = call(*args)
        except BaseException as raised:
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop may be closed by now
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=work, name=getattr(call, "__name__", "call"), daemon=True).start()
    return await future
