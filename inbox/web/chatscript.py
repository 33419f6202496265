"""The scripts that a site and the frame load: ours as they are written, joined, without comments.

The frame's modules travel as one: a request less for each, and a third of the size.
`test_widget_texts.py` holds that no two of them use one name at the top.
"""

import gzip
import re
from functools import cache
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse

FOLDER = Path(settings.ROOT) / "static" / "chat"
# each after what it uses while it is read
MODULES = "texts page wire sound entries head write panels live chat".split()
IMPORT = re.compile(r"^import .*? from \"\./\w+\.js\";\n", re.MULTILINE)
EXPORT = re.compile(r"^export (?=(async )?(function|const|let|class) )", re.MULTILINE)
# whole lines only: what stands behind code may be part of a text
COMMENT = re.compile(r"^ *(//[^\n]*|/\*.*?\*/)\n", re.MULTILINE | re.DOTALL)
BLANK = re.compile(r"^ +|\n(?=\n)", re.MULTILINE)


@cache
def widget() -> bytes:
    """The one script of a host's page."""
    return _bare((FOLDER / "widget.js").read_text())


@cache
def frame() -> bytes:
    """The script of the chat itself, one module."""
    parts = [(FOLDER / f"{name}.js").read_text() for name in MODULES]
    return _bare(EXPORT.sub("", IMPORT.sub("", "".join(parts))))


@cache
def version() -> str:
    """Changes when the frame's script does, so that browsers may keep it."""
    return sha256(frame()).hexdigest()[:12]


@cache
def _packed(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def answer(
    request: HttpRequest, content: bytes, *, seconds: int, kind: str = "javascript"
) -> HttpResponse:
    """A script or a style sheet, gzipped for whom takes it, kept by browsers for a time."""
    packs = "gzip" in request.headers.get("accept-encoding", "")
    response = HttpResponse(
        _packed(content) if packs else content, content_type=f"text/{kind}; charset=utf-8"
    )
    if packs:
        response["Content-Encoding"] = "gzip"
    response["Vary"] = "Accept-Encoding"
    response["Cache-Control"] = f"public, max-age={seconds}"
    return response


def _bare(script: str) -> bytes:
    return BLANK.sub("", COMMENT.sub("", script)).encode()
