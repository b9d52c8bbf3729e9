# SPDX-License-Identifier: MIT
"""A stream on which beeping meters speak first, and what stands at its other end."""
import asyncio
import contextlib

from push_support import Field, device, line, until


class Receiver:
    """A TCP server that a line connects to, as a radio receiver behind a device server is."""

    first = ""

    def __init__(self):
        self.writers = []

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error):
        self.drop()
        self.server.close()

    async def _serve(self, reader, writer):
        self.writers.append(writer)
        self.got = b""
        with contextlib.suppress(OSError):
            while data := await reader.read(100):
                self.got += data
                for question in data.decode().splitlines():
                    writer.write(f"{self.first}={question[1:]} 5\n".encode())

    def say(self, text):
        for writer in self.writers:
            writer.write(text if isinstance(text, bytes) else text.encode())

    def drop(self):
        for writer in self.writers:
            writer.close()
        self.writers = []


def silent_device(key="M1", **values):
    return device(key, settings={"poll": False} | values.pop("settings", {}), **values)


def on_tcp(tmp_path, scenario, *devices, **settings):
    async def go():
        async with Receiver() as receiver:
            lines = [line("tcp", port=receiver.port, settings=settings)]
            async with Field(lines, devices or [silent_device()], tmp_path) as field:
                await until(lambda: receiver.writers)
                await scenario(field, receiver)

    asyncio.run(go())
