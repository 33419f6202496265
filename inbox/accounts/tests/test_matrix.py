"""The role matrix: every address × method × account × object says what the one table says.

Made from the URL table itself. An address that `inbox.accounts.doors` does not name fails, and so
does one whose objects nobody has written down here.
"""

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from inbox.accounts.doors import ADMIN, DOORS, FACTORS, TICKET_VERBS, WITHOUT_ACCOUNT, door_of
from inbox.accounts.permissions import ROLES, TABLE, Right, can, rights_of
from inbox.accounts.tests.places import CHANNEL, Place, places
from inbox.accounts.tests.world import World, build
from inbox.web.verbs import VERBS

ACCOUNTS = ("admin", "agent", "light", "viewer", "insider")
OUTSIDE = ("nobody", "gone")
# streams are read elsewhere: `test_canaries` and `web/tests/test_open_pages.py`
FORM = "application/x-www-form-urlencoded"
STREAMS = ("live/", "chat/<slug:key>/stream/")


def routes(found: Any = None, before: str = "") -> Iterator[str]:
    """Every route of the product, as the resolver has it."""
    for one in (found or get_resolver()).url_patterns:
        if isinstance(one, URLResolver):
            yield from routes(one, before + str(one.pattern))
        elif isinstance(one, URLPattern):
            yield before + str(one.pattern)


# needs a vendor that posts: `web/tests/test_slack_in_chromium.py`, `test_channel_pages.py`; or one
# with a consent page: `web/tests/test_connecting.py`
VENDORS = (f"{CHANNEL}try/", f"{CHANNEL}consent/")


# ------------------------------------------------------------------ what came, what should


def outcome(answer: Any) -> str:
    """How an answer treats whoever asked: in, out, or to the sign-in page."""
    if answer.status_code == 401:
        return "who?"
    if answer.status_code == 302 and answer["Location"].startswith(("/login/", "/admin/login/")):
        return "who?"
    if answer.status_code in (403, 404):
        return "out"
    return "in" if answer.status_code < 500 else f"broken {answer.status_code}"


def expected(world: World, who: str, method: str, route: str, place: Place) -> str:
    """What the table says. The API tells who has no right; a page is simply not there."""
    if who in (*OUTSIDE, "revoked"):
        return "who?"
    door = door_of(route)
    assert door is not None
    need = door.need(method, place.verb, place.mode)
    assert isinstance(need, Right)
    return "in" if can(world.users[who], need) and place.sees(world, who) else "out"


def ask(client: Client, method: str, route: str, place: Place) -> Any:
    """One request, undone afterwards."""
    with transaction.atomic():
        if method == "GET":
            answer = client.get(place.path)
        elif method != "POST":
            kind = "application/json" if route.startswith("api/") else FORM
            answer = client.generic(method, place.path, "{}" if "json" in kind else "", kind)
        elif route.startswith("api/"):
            body = {"body": "words", "internal": place.data["internal"]} if place.verb else {}
            answer = client.post(place.path, body, content_type="application/json")
        else:
            answer = client.post(place.path, place.data)
        transaction.set_rollback(True)
    return answer


def wrong_cells(world: World, wanted: Callable[[str], bool]) -> tuple[list[str], int]:
    """Cells that differ from the table, and how many there are."""
    wrong, cells = [], 0
    for route in filter(wanted, routes()):
        clients = world.tokens if route.startswith("api/") else world.clients
        door = door_of(route)
        assert door is not None
        for number, place in enumerate(places(world, route)):
            for method in ("GET", "POST", *door.more):
                exists = door.has(method)
                if not exists and number:
                    continue  # that there is no such method is the same for every object
                for who, client in clients.items():
                    answer = ask(client, method, route, place)
                    cells += 1
                    right = expected(world, who, method, route, place)
                    found = outcome(answer)
                    refused = answer.status_code == 405 or found == "out"
                    if not exists and refused and right != "who?":
                        continue
                    if found != right or (not exists and found == "in"):
                        line = f"{who} {method} {place.path} {place.data}: {found}, not {right}"
                        wrong.append(f"{line} ({answer.status_code})")
    return wrong, cells


@pytest.fixture
def world(db: None) -> Iterator[World]:
    """One of everything, and no line in the log for each of thousands of refusals."""
    made = build()
    logging.disable()
    yield made
    logging.disable(logging.NOTSET)


def test_every_address_is_in_the_table_and_every_row_of_it_exists() -> None:
    known = {route for route in routes() if not route.startswith(ADMIN)}
    assert {route for route in known if door_of(route) is None} == set(), "name them in doors.py"
    assert set(DOORS) - known == set(), "these are gone"


def _mine(prefix: str) -> Callable[[str], bool]:
    def wanted(route: str) -> bool:
        special = route in WITHOUT_ACCOUNT or route in STREAMS or route in VENDORS
        api = route.startswith("api/")
        others = route.startswith((ADMIN, FACTORS))
        return not special and not others and api == (prefix == "api/")

    return wanted


def tell(what: str, cells: int, wrong: list[str]) -> None:
    """How large the matrix is: `pytest -s`."""
    said = {"name": f"matrix_{what}", "cells": cells, "wrong": len(wrong)}
    print(json.dumps(said))  # noqa: T201 - a promise of the product has this number


def test_pages_let_in_whom_the_table_lets_in(world: World) -> None:
    wrong, cells = wrong_cells(world, _mine(""))
    tell("pages", cells, wrong)
    assert wrong == []
    assert cells > 1500


def test_the_api_lets_in_whom_the_table_lets_in(world: World) -> None:
    wrong, cells = wrong_cells(world, _mine("api/"))
    tell("api", cells, wrong)
    assert wrong == []
    assert cells > 500


def admin_paths(world: World) -> Iterator[str]:
    """Every address of the Django admin, with a row where one is needed."""
    for route in routes():
        if route.startswith(ADMIN) and "login" not in route and "logout" not in route:
            for name, value in (
                ("<path:object_id>", str(world.rule.pk)), ("<int:pk>", str(world.rule.pk)),
                ("<int:content_type_id>", "1"), ("<id>", str(world.users["agent"].pk)),
                ("<path:url>", "nowhere"), ("(?P<url>.*)$", "nowhere"),
                ("^(?P<app_label>auth|inbox)/$", "inbox/"),
            ):  # fmt: skip
                route = route.replace(name, value)
            yield "/" + route


def test_the_admin_is_for_admins(world: World) -> None:
    wrong = []
    for path in admin_paths(world):
        for who, client in world.clients.items():
            found = outcome(client.get(path))
            right = "who?" if who in OUTSIDE else "out"
            if who == "admin":
                right = "in" if found == "in" else "out"  # some rows are for reading only
            if found != right:
                wrong.append(f"{who} {path}: {found}, not {right}")
    assert wrong == []
    for name in ("user", "rule", "channel", "setting", "policy"):
        assert outcome(world.clients["admin"].get(f"/admin/inbox/{name}/")) == "in"
        assert outcome(world.clients["agent"].post(f"/admin/inbox/{name}/add/")) == "out"


def test_factors_are_for_whoever_has_signed_in(world: World) -> None:
    """The library's own pages: one's password comes first, a key that is none is not there."""
    for route in routes():
        if not route.startswith(FACTORS) or route in WITHOUT_ACCOUNT:
            continue
        path = "/" + route.replace("<int:pk>", "1")
        for who in OUTSIDE:
            assert outcome(world.clients[who].get(path)) == "who?", path
            assert outcome(world.clients[who].post(path)) == "who?", path
        for who in ACCOUNTS:
            assert outcome(world.clients[who].get(path)) in ("in", "out"), path


def test_open_addresses_are_the_same_for_everybody(world: World) -> None:
    """An account opens no visitor's chat and no signed address."""
    filled = (
        ("<slug:kind>", "email"), ("<slug:key>", "docs"), ("<slug:verb>", "messages"),
        ("<str:token>", "x"), ("<int:pk>", "1"), ("^.*$", "nothing/"),
        ("<slug:provider_id>", "unknown"), ("<slug:name>", "desk"),
    )  # fmt: skip
    for route in sorted(set(WITHOUT_ACCOUNT) - set(STREAMS) - {"login/", "logout/"}):
        path = "/" + route
        for name, value in filled:
            path = path.replace(name, value)
        for method in ("get", "post"):
            codes = set()
            for client in (
                world.clients["nobody"],
                world.clients["viewer"],
                world.clients["admin"],
            ):
                with transaction.atomic():
                    codes.add(getattr(client, method)(path).status_code)
                    transaction.set_rollback(True)
            assert len(codes) == 1, (path, method, codes)
            assert max(codes) < 500, (path, codes)


def test_the_table_of_rights_is_whole() -> None:
    assert set(TABLE) == set(Right)
    assert rights_of("admin") == frozenset(Right)
    assert rights_of("viewer") == {Right.READ, Right.FIGURES}
    assert rights_of("light") == {Right.READ, Right.ADDRESSES, Right.NOTE, Right.DUTY}
    assert rights_of("agent") == frozenset(Right) - {Right.MANAGE}
    assert rights_of("owner") == frozenset()
    assert len(ROLES) == 4
    assert set(TICKET_VERBS.verbs or {}) <= set(VERBS)
