"""The pictures in the docs: all there, all named, and small."""

import struct
import zlib

from scripts.pictures import FOLDER, indexed
from scripts.shots import LOOKS, SHOTS

EACH, ALL = 110_000, 6_000_000


def test_every_state_is_there_in_its_looks_and_the_index_names_it() -> None:
    pictures = {path.stem: path.stat().st_size for path in FOLDER.glob("*.png")}
    known = {f"{shot.name}-{look.name}" for shot in SHOTS for look in shot.looks(LOOKS)}
    assert set(pictures) == known
    index = (FOLDER / "README.md").read_text("utf-8")
    assert [s.name for s in SHOTS if f"[{s.name}]({s.name}-1440-light.png)" not in index] == []
    assert [name for name, size in pictures.items() if size > EACH] == []
    assert sum(pictures.values()) <= ALL


def test_a_picture_of_few_colours_is_a_png() -> None:
    made = indexed(2, [0xFF0000, 0x00FF00], b"\0\1\1\0")
    assert made[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", made[16:24]) == (2, 2)
    at = made.index(b"IDAT")
    (length,) = struct.unpack(">I", made[at - 4 : at])
    assert zlib.decompress(made[at + 4 : at + 4 + length]) == b"\0\0\1\0\1\0"
