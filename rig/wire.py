"""HTTP/1.1 and server-sent events by hand: hundreds of connections that cost the driver little."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

SILENCE_SECONDS = 40  # three heartbeats that did not come


class Broken(OSError):
    """The connection ended, or said what is no HTTP."""


class Refused(Exception):
    """A stream was answered with something else."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Event:
    """One event of a stream, and when it came (monotonic seconds)."""

    id: str
    name: str
    data: str
    at: float


@dataclass
class Line:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    port: int

    async def send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, dict[str, str]]:
        """Ask, and read the head of the answer. Raises OSError."""
        head = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        head += [f"{name}: {value}" for name, value in headers.items()]
        if body or method == "POST":
            head.append(f"Content-Length: {len(body)}")
        self.writer.write("\r\n".join([*head, "", ""]).encode() + body)
        await self.writer.drain()
        lines = (await self._until(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines[1:] if line)
        found = [(name.lower(), value.strip()) for name, _, value in pairs]
        cookies = "\n".join(value for name, value in found if name == "set-cookie")
        return int(lines[0].split()[1]), {**dict(found), "set-cookie": cookies}

    async def call(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Answer:
        """Ask, and read the whole answer. Raises OSError."""
        status, found = await self.send(method, path, headers, body)
        if found.get("transfer-encoding") == "chunked":
            said = b"".join([piece async for piece in self.pieces()])
        else:
            said = await self._exactly(int(found.get("content-length", "0")))
        return Answer(status, found, said)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The chunks of an answer. Raises OSError."""
        while size := int((await self._until(b"\r\n")).split(b";")[0], 16):
            yield (await self._exactly(size + 2))[:-2]
        await self._until(b"\r\n")

    async def events(self) -> AsyncIterator[Event]:
        """The events of a stream until it ends. Raises OSError, also after a long silence."""
        held, pieces = "", self.pieces()
        while True:
            try:
                async with asyncio.timeout(SILENCE_SECONDS):
                    held += (await anext(pieces)).decode()
            except StopAsyncIteration:
                return
            *whole, held = held.split("\n\n")
            for part in whole:
                said = dict(row.split(": ", 1) for row in part.split("\n") if ": " in row)
                yield Event(
                    said.get("id", ""),
                    said.get("event", ""),
                    said.get("data", ""),
                    time.monotonic(),
                )

    def close(self) -> None:
        """Drop it."""
        self.writer.close()

    async def _until(self, mark: bytes) -> bytes:
        try:
            return await self.reader.readuntil(mark)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            raise Broken(str(error)) from error

    async def _exactly(self, size: int) -> bytes:
        try:
            return await self.reader.readexactly(size)
        except asyncio.IncompleteReadError as error:
            raise Broken(str(error)) from error


@dataclass
class Pair:
    """Several servers in turn; who finds one shut goes to the next, as behind a proxy."""

    ports: tuple[int, ...]
    turns: "itertools.count[int]" = field(default_factory=itertools.count)

    async def connect(self) -> Line:
        """A new connection. Raises OSError when nobody is there."""
        turn = next(self.turns)
        for n in range(len(self.ports)):
            port = self.ports[(turn + n) % len(self.ports)]
            try:
                return Line(*await asyncio.open_connection("127.0.0.1", port), port)
            except OSError:
                continue
        raise Broken("nobody listens")
