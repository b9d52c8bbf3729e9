# SPDX-License-Identifier: MIT
"""A simulated module on a TCP port: ``python -m actwin_collector_pulse --port 18600``."""

from __future__ import annotations

import argparse
import asyncio
import contextlib

from actwin_collector.simulate.ports import TcpPort

from .simulator import PulseModule


def main() -> None:
    """Serve until interrupted; prints the port."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="TCP port (0: any free one)")
    parser.add_argument("--address", type=int, default=5)
    parser.add_argument("--serial", default="PC000123")
    args = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(args))


async def _serve(args: argparse.Namespace) -> None:
    module = PulseModule(args.address, args.serial)
    print(await TcpPort(lambda: module).start("127.0.0.1", args.port), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    main()
