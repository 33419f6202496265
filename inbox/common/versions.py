"""Configuration kept in each process and read again only when its stamp has risen.

A change reads all stamps in one SELECT; whatever is compiled from the configuration (rules,
policies, calendars, settings) is kept until its stamp differs.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any, TypeVar

from django.db import connection
from django.db.models import F

from inbox.common import work
from inbox.common.models import ConfigVersion

T = TypeVar("T")
_kept: dict[str, tuple[int, Any]] = {}
_lock = Lock()
_page: ContextVar[dict[str, dict[str, int]] | None] = ContextVar("stamps_of_page", default=None)


@contextmanager
def one_reading() -> Iterator[None]:
    """Read the stamps once at most inside, as for one page; a change inside reads its own."""
    token = _page.set({})
    try:
        yield
    finally:
        _page.reset(token)


def stamps() -> dict[str, int]:
    """Every stamp; inside a change, or for one page, they are read once."""
    current = work.open_change()
    if current is None:
        page = _page.get()
        if page is None:
            return _read_stamps()
        if "stamps" not in page:
            page["stamps"] = _read_stamps()
        return page["stamps"]
    if "stamps" not in current.cache:
        current.cache["stamps"] = _read_stamps()
    found: dict[str, int] = current.cache["stamps"]
    return found


def _read_stamps() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, version FROM inbox_configversion")
        return dict(cursor.fetchall())


def stamp(name: str) -> int:
    """The stamp of one part of the configuration; 0 before its first change."""
    return stamps().get(name, 0)


def bump(name: str) -> None:
    """Say that a part of the configuration has changed. Call it where it is saved."""
    ConfigVersion.objects.get_or_create(name=name)
    ConfigVersion.objects.filter(name=name).update(version=F("version") + 1)
    current = work.open_change()
    if current is not None:
        current.cache.pop("stamps", None)
    page = _page.get()
    if page is not None:
        page.clear()
    with _lock:
        _kept.pop(name, None)


def kept(name: str, load: Callable[[], T]) -> T:
    """What `load` made of a part of the configuration, loaded again only when its stamp rose."""
    now = stamp(name)
    with _lock:
        known = _kept.get(name)
    if known is not None and known[0] == now:
        found: T = known[1]
        return found
    value = load()
    with _lock:
        _kept[name] = (now, value)
    return value


def kept_many(loads: dict[str, Callable[[], Any]]) -> dict[str, Any]:
    """Several parts of the configuration under one reading of the stamps."""
    now = stamps()
    found = {}
    for name, load in loads.items():
        with _lock:
            known = _kept.get(name)
        if known is None or known[0] != now.get(name, 0):
            known = (now.get(name, 0), load())
            with _lock:
                _kept[name] = known
        found[name] = known[1]
    return found


def forget() -> None:
    """Drop everything that is kept in this process."""
    with _lock:
        _kept.clear()
