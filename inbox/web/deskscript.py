"""The desk's scripts and style sheets as pages load them: files joined to a few addresses.

A page asks for three of these instead of a dozen files. Each module keeps a room of its own, so
that two may use one name; what it gives to others is asked for by its import, as in the files.
"""

import re
from functools import cache
from hashlib import sha256
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from inbox.web import chatscript

FOLDER = Path(settings.ROOT) / "static"
A_YEAR, FIVE_MINUTES = 31_536_000, 300
VENDOR = ("htmx.min", "sse", "idiomorph-ext.min")  # in this order: extensions need htmx
# each module after those that it imports
BUNDLES = {
    "desk": "keys palette focus desk notices undo queue".split(),
    "ticket": "emoji complete uploads ticket composer".split(),
    "queue": ["filter"],
    "run": ["run"],
}
SHEETS = ("tokens", "components", "desk")  # in the order of their layers
IMPORT = re.compile(r'^import (\{.*?\}) from "\./(\w+)\.js";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?:const|function) (\w+)", re.MULTILINE)


@require_safe
def script(request: HttpRequest, name: str) -> HttpResponse:
    """One of the joined scripts; its address names its version."""
    if name not in {"vendor", *BUNDLES}:
        raise Http404
    is_newest = request.GET.get("v") == version(name)
    seconds = A_YEAR if is_newest else FIVE_MINUTES
    return chatscript.answer(request, joined(name), seconds=seconds)


@require_safe
def style(request: HttpRequest) -> HttpResponse:
    """The sheets that every page has; its address names its version."""
    is_newest = request.GET.get("v") == style_version()
    seconds = A_YEAR if is_newest else FIVE_MINUTES
    return chatscript.answer(request, sheets(), seconds=seconds, kind="css")


@cache
def sheets() -> bytes:
    """The joined style sheet."""
    return b"\n".join((FOLDER / "css" / f"{name}.css").read_bytes() for name in SHEETS)


@cache
def style_version() -> str:
    """Changes when a sheet does."""
    return sha256(sheets()).hexdigest()[:12]


def style_address() -> str:
    """Where a page finds the joined sheet."""
    return f"{reverse('style')}?v={style_version()}"


def address(name: str) -> str:
    """Where a page finds a joined script: another address whenever a module has changed."""
    return f"{reverse('script', args=[name])}?v={version(name)}"


@cache
def version(name: str) -> str:
    """Changes when the script does, so that browsers may keep it."""
    return sha256(joined(name)).hexdigest()[:12]


@cache
def joined(name: str) -> bytes:
    """The script itself."""
    if name == "vendor":
        files = [(FOLDER / "vendor" / f"{one}.js").read_text() for one in VENDOR]
        return ";\n".join(files).encode()
    return "".join(_room(one) for one in BUNDLES[name]).encode()


def _room(name: str) -> str:
    text = (FOLDER / "js" / f"{name}.js").read_text()
    gives = ", ".join(EXPORT.findall(text))
    text = IMPORT.sub(lambda found: f"const {_renamed(found[1])} = in_{found[2]};", text)
    text = re.sub(r"^export ", "", text, flags=re.MULTILINE)
    return f"const in_{name} = (() => {{\n{text}\nreturn {{ {gives} }};\n}})();\n"


def _renamed(names: str) -> str:
    return names.replace(" as ", ": ")
