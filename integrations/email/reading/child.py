"""The child process that reads mails: limited in memory, killed on the clock, renewed often.

Its input is a length and a mail; its output a length, JSON, and the files' bytes. It imports
neither Django nor anything that could reach the network.
"""

import resource
import struct
import sys
from typing import BinaryIO

from integrations.email.reading.letter import read_letter, stub
from integrations.email.reading.wire import to_wire

ADDRESS_SPACE = 256 * 1024 * 1024
FRAME = struct.Struct(">QQ")  # bytes of JSON, bytes of files
LENGTH = struct.Struct(">Q")


def main() -> None:
    """Read mails until the pipe is closed."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while head := source.read(LENGTH.size):
        (size,) = LENGTH.unpack(head)
        _answer(source.read(size), sink)


def _answer(raw: bytes, sink: BinaryIO) -> None:
    try:
        text, blobs = to_wire(read_letter(raw))
        total = sum(map(len, blobs))
    except MemoryError:
        text, blobs, total = *to_wire(stub(raw[:20_000], TOO_BIG)), 0
    sink.write(FRAME.pack(len(text), total))
    sink.write(text)
    for blob in blobs:
        sink.write(blob)
    sink.flush()


TOO_BIG = "too big to show safely; the original is kept"

if __name__ == "__main__":
    main()
