"""Masking addresses: whatever stands around them, and nothing else."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.common.veiling import ADDRESS, veil, veil_all, veil_file


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ada@example.org", "a…@e….org"),
        ("Ada <ada@mail.example.org>,", "Ada <a…@m….org>,"),
        ("&lt;ada@example.org&gt;", "&lt;a…@e….org&gt;"),
        ('<a href="mailto:ada+x@example.org">', '<a href="mailto:a…@e….org">'),
        ("?q=ada%40example.org&page=2", "?q=a…@e….org&page=2"),
        ("jörg@exämple.org and bo@x.io.", "j…@e….org and b…@x….io."),
        ("Ada Sol", "Ada Sol"),
        ("@ada pkg@1.2.3 a @ b.org ada@localhost", "@ada pkg@1.2.3 a @ b.org ada@localhost"),
        ("", ""),
    ],
)
def test_veil(text: str, shown: str) -> None:
    assert veil(text) == shown


def test_the_reader_sees_their_own() -> None:
    text = "Vera@example.org, ada@example.org"
    assert veil(text, but="vera@example.org") == "Vera@example.org, a…@e….org"


def test_inside_of_everything() -> None:
    value = {"to": ["a1@x.org", 3, None], "b2@x.org": {"text": "see c3@x.org"}}
    assert veil_all(value) == {"to": ["a…@x….org", 3, None], "b…@x….org": {"text": "see c…@x….org"}}
    assert veil_all(True) is True


def test_files() -> None:
    assert veil_file("né ada@example.org".encode()) == "né a…@e….org".encode()
    assert veil_file(b"\xff ada@example.org") == "\udcff a…@e….org".encode(
        "utf-8", "surrogateescape"
    )
    assert veil_file(b"PK\x00ada@example.org") == b"PK\x00ada@example.org"


@given(st.text(alphabet="ab1.@<>& %4\"'=+-_\\/:;\n", max_size=80))
def test_nothing_is_left_and_json_stays_json(text: str) -> None:
    shown = veil(text)
    assert ADDRESS.search(shown) is None
    assert veil(shown) == shown
    assert json.loads(json.dumps(veil_all([text]))) == [shown]


def test_a_long_text_costs_one_look_per_sign() -> None:
    """A megabyte of base64 has no address; a pattern that went back would take hours."""
    assert veil("A" * 1_000_000 + " @ ") == "A" * 1_000_000 + " @ "
    assert re.fullmatch(r"…?a+", veil("a" * 500_000)) is not None
