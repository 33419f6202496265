"""What an attacker sends to the visitor API: refused with the right word, and nothing leaks.

The catalogue of bad input: an unknown site, no Origin, empty and 20 KB lines, emoji alone, two
tabs, no cookies, the visitor's clock and closed hours stand here; a storm of reconnecting streams
in `test_stream`; who leaves before the answer in `test_continuing` and `test_confirming`; forged,
foreign and stale identities in `test_identity`; another's chat in `test_asking`.
"""

import json
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from inbox.channels import directory
from inbox.channels.models import Channel, Delivery
from inbox.common.config import change_setting
from inbox.livechat.limits import group_of
from inbox.livechat.models import Conversation, VisitorToken
from inbox.livechat.tests.conftest import SITE, Browser, file_all
from inbox.operations.connecting import connect
from inbox.tickets.models import Attachment, Message, Ticket
from rig.desk import policy

pytestmark = pytest.mark.django_db
LINE = {"client_id": "line-0001", "body": "hello"}
VERBS = [
    ("sessions/", {}),
    ("messages/", LINE),
    ("typing/", {}),
    ("read/", {"id": 1}),
    ("rating/", {"score": 5}),
    ("transcript/", {}),
    ("end/", {}),
    ("leave/", {}),
    ("reset/", {}),
]

# ------------------------------------------------------------------ bodies


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"5",
        b'"x"',
        b"NaN",
        b'{"client_id": "line-0001", "body": NaN}',
        b'{"client_id": "line-0001", "body": "a", "body": "b"}',
        b'{"client_id": "line-0001", "body": "a", "admin": true}',
        b'{"client_id": "line-0001", "body": ["a"]}',
        b'{"client_id": "line-0001", "body": {"a": 1}}',
        b'{"client_id": "line-0001", "body": 5}',
        b'{"client_id": "line-0001", "body": null}',
        b'{"client_id": "line-0001", "body": ""}',
        b'{"client_id": "line-0001", "body": " \\u0000 "}',
        b'{"client_id": "short", "body": "a"}',
        b'{"client_id": "with space", "body": "a"}',
        b'{"client_id": "line\\n0001", "body": "a"}',
        b'{"client_id": ["line-0001"], "body": "a"}',
        b'{"client_id": "line-0001", "body": "\xff"}',
        b"[" * 19_000,
        b'{"a":' * 3_000,
        b'{"id": ' + b"9" * 10_000 + b"}",
        b'{"\\ud800": 1}',
    ],
)
def test_bodies_that_cannot_be_are_400(visitor: Browser, body: bytes) -> None:
    refused = visitor.raw("messages/", body)
    assert refused.status_code == 400
    assert refused.json()["type"] == "invalid"
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(("path", "data"), VERBS)
def test_unknown_fields_and_other_types_are_refused_everywhere(
    visitor: Browser, path: str, data: dict[str, Any]
) -> None:
    assert visitor.call("POST", path, {**data, "visitor": 1}).status_code == 400
    for name in data:
        for odd in ({"a": 1}, ["x"], True, 1.5, 2**70, -1, None):
            assert visitor.call("POST", path, {**data, name: odd}).status_code == 400


def test_four_thousand_characters_of_any_kind_are_kept_as_they_are(visitor: Browser) -> None:
    for number, text in enumerate(("👩‍💻🎉", "字" * 4000, "a\u202eb\u200d", "x" * 4000)):
        assert visitor.say(text, f"line-{number:04}").status_code == 201
        assert visitor.read()[-1]["text"] == text


def test_nul_and_half_characters_are_taken_out(visitor: Browser) -> None:
    body = b'{"client_id": "line-0001", "body": "a\\u0000b\\ud83dc"}'
    assert visitor.raw("messages/", body).status_code == 201
    file_all()
    assert visitor.read()[0]["text"] == "ab?c"


def test_a_body_of_20_kb_is_413_and_one_without_a_length_411(visitor: Browser) -> None:
    long = json.dumps({**LINE, "body": "x" * 20_000}).encode()
    assert visitor.raw("messages/", long).status_code == 413
    for length in ("100000000", "9" * 5000):
        lying = visitor.raw("messages/", b"{}", **{"content-length": length})
        assert (lying.status_code, lying.json()["type"]) == (413, "too_large")
    for length in ("-1", "+5", "1e3", "٤", "0x10"):
        lying = visitor.raw("messages/", b"{}", **{"content-length": length})
        assert (lying.status_code, lying.json()["type"]) == (411, "length_required")
    chunked = visitor.raw("messages/", b"{}", **{"transfer-encoding": "chunked"})
    assert (chunked.status_code, chunked.json()["type"]) == (411, "length_required")
    assert not Delivery.objects.exists()


# ------------------------------------------------------------------ doors


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "HEAD", "TRACE", "BREW"])
def test_other_methods_are_405(visitor: Browser, method: str) -> None:
    refused = visitor.call(method, "messages/")
    assert (refused.status_code, refused["Allow"]) == (405, "GET, POST, OPTIONS")
    assert visitor.call("GET", "end/").status_code == 405


def test_unknown_sites_and_verbs_are_404(chat: Channel) -> None:
    assert Browser(key="nowhere").begin().status_code == 404
    assert Browser().call("POST", "unknown/", {}).status_code == 404
    Channel.objects.update(active=False)
    connect("livechat", "blog", {"site_name": "Blog"})  # makes the channels be read anew
    assert Browser().begin().status_code == 404


def test_the_preflight_names_what_is_allowed_and_only_to_the_sites(visitor: Browser) -> None:
    said = visitor.call("OPTIONS", "messages/", None, **{"access-control-request-method": "POST"})
    assert said.status_code == 204
    assert said["Access-Control-Allow-Origin"] == SITE
    assert said["Access-Control-Allow-Methods"] == "GET, POST"
    assert "authorization" in said["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in said
    assert said["Vary"] == "Origin"
    for origin in ("https://evil.example", "null", "", "*", f"{SITE}:8443", SITE.upper()):
        visitor.origin = origin
        refused = visitor.call("OPTIONS", "messages/")
        assert refused.status_code == 403
        assert "Access-Control-Allow-Origin" not in refused


def test_without_an_origin_only_where_the_setting_allows_it(visitor: Browser) -> None:
    visitor.origin = ""
    assert visitor.say("from an app").status_code == 403
    connect("livechat", "docs", {"without_origin": "yes"})
    assert visitor.say("from an app").status_code == 201
    visitor.origin = "https://evil.example"
    assert visitor.say("from elsewhere", "line-0002").status_code == 403


def test_no_cookie_is_set_or_read(visitor: Browser) -> None:
    client = Client()
    client.cookies["token"] = visitor.token
    headers = {"origin": SITE}
    assert client.get("/chat/docs/messages/", headers=headers).status_code == 401
    begun = client.post("/chat/docs/sessions/", {}, "application/json", headers=headers)
    assert begun.status_code == 200
    assert not begun.cookies


def test_the_visitors_clock_counts_for_nothing(visitor: Browser) -> None:
    refused = visitor.call("POST", "messages/", {**LINE, "at": "2001-01-01T00:00:00Z"})
    assert (refused.status_code, refused.json()["errors"]) == (400, {"at": "unknown"})
    before = timezone.now()
    visitor.say("now")
    assert before <= Message.objects.get().sent_at <= timezone.now()


def test_outside_hours_a_line_is_taken_and_the_page_knows(chat: Channel) -> None:
    chat.policy = policy()
    chat.save()
    directory.forget()
    with time_machine.travel("2026-11-22T12:00:00Z"):  # a Sunday
        browser = Browser()
        assert browser.begin().json()["hours"]["open"] is False
        assert browser.say("anybody?").status_code == 201
    assert Ticket.objects.get().status == "open"


# ------------------------------------------------------------------ tokens


def test_a_token_is_nobody_anywhere_but_at_its_site(visitor: Browser) -> None:
    visitor.say("secret")
    connect("livechat", "blog", {"site_name": "Blog", "origins": SITE})
    begun = Browser(key="blog", token=visitor.token)
    key = begun.begin().json()["conversation"]
    assert Conversation.objects.get(key=key).visitor != Conversation.objects.first().visitor  # type: ignore[union-attr]  # there are two
    assert begun.read() == []
    assert visitor.read()[0]["text"] == "secret"


@pytest.mark.parametrize(("path", "data"), [*VERBS[1:-1]])
def test_a_token_that_was_given_back_opens_nothing(
    visitor: Browser, path: str, data: dict[str, Any]
) -> None:
    assert visitor.call("POST", "reset/", {}).status_code == 204
    assert visitor.call("POST", path, data).status_code == 401
    assert not VisitorToken.objects.exists()


def test_what_is_refused_says_nothing_of_the_inside(visitor: Browser) -> None:
    visitor.say("canary")
    stranger = Browser(token="x" * 43)
    for refused in (
        stranger.call("GET", "messages/"),
        stranger.call("GET", "files/1/"),
        stranger.begin(user_id="user-42", user_hash="x"),
        stranger.call("POST", "messages/", {"body": 5}),
    ):
        text = refused.content.decode()
        assert set(refused.json()) == {"type", "detail", "errors"}
        for never in ("canary", "Traceback", "Error", "select", "secret"):
            assert never not in text


# ------------------------------------------------------------------ files


def test_five_files_at_once_and_no_more(visitor: Browser) -> None:
    five = [SimpleUploadedFile(f"{n}.txt", bytes([65 + n])) for n in range(5)]
    assert visitor.attach(*five).status_code == 201
    assert visitor.attach(*five).status_code == 200  # sent again: nothing new
    file_all()
    rows = visitor.read()
    assert [row["files"][0]["name"] for row in rows] == [f"{n}.txt" for n in range(5)]
    assert (Message.objects.count(), Ticket.objects.count()) == (5, 1)
    six = [*five, SimpleUploadedFile("6.txt", b"x")]
    refused = visitor.attach(*six, client_id="file-0002")
    assert (refused.status_code, refused.json()["errors"]) == (413, {"file": "too many"})


def test_one_bad_file_keeps_all_out(visitor: Browser) -> None:
    good = SimpleUploadedFile("a.txt", b"a")
    for bad, status in (
        (SimpleUploadedFile("x.svg", b"<svg onload=alert(1)>"), 415),
        (SimpleUploadedFile("x.html", b"<script>"), 415),
        (SimpleUploadedFile("x.txt.html", b"<script>"), 415),
        (SimpleUploadedFile("x", b"x"), 415),
        (SimpleUploadedFile("x.zip", b"0" * (10 * 1024 * 1024 + 1)), 413),
    ):
        good.seek(0)
        assert visitor.attach(good, bad).status_code == status
    assert not Delivery.objects.exists()


def test_forms_with_something_else_in_them_are_refused(visitor: Browser) -> None:
    headers = {"origin": SITE, "authorization": f"Bearer {visitor.token}"}
    file = SimpleUploadedFile("a.txt", b"a")
    for given in (
        {"client_id": "file-0001"},
        {"client_id": "file-0001", "file": "no file"},
        {"client_id": "file-0001", "other": file},
        {"client_id": "../../etc", "file": file},
        {"file": file},
        {"client_id": "file-0001", "file": file, "visitor": "1"},
    ):
        file.seek(0)
        assert Client().post("/chat/docs/files/", given, headers=headers).status_code == 400
    torn = Client().generic(
        "POST", "/chat/docs/files/", b"--x\r\nnonsense", "multipart/form-data; boundary=x",
        headers=headers,
    )  # fmt: skip
    assert torn.status_code == 400
    unbound = Client().generic(
        "POST", "/chat/docs/files/", b"x", "multipart/form-data", headers=headers
    )
    assert unbound.status_code == 400
    assert not Delivery.objects.exists()


def test_a_files_name_and_page_cannot_hurt(visitor: Browser) -> None:
    name = "..\\..\\<b onclick=x>\u202e 100%.txt"
    assert visitor.attach(SimpleUploadedFile(name, b"<script>alert(1)</script>")).status_code == 201
    file_all()
    row = Attachment.objects.get()
    got = visitor.call("GET", f"files/{row.pk}/")
    assert got["Content-Type"] == "application/octet-stream"
    assert got["X-Content-Type-Options"] == "nosniff"
    assert got["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    assert "<" not in got["Content-Disposition"]
    assert not set(row.filename) & set("/\\\u202e")


def test_an_empty_file_is_a_file(visitor: Browser) -> None:
    assert visitor.attach(SimpleUploadedFile("empty.log", b"")).status_code == 201
    file_all()
    assert visitor.read()[0]["files"][0]["size"] == 0


# ------------------------------------------------------------------ limits


def flood(browser: Browser, times: int) -> list[Any]:
    """As many lines."""
    return [
        browser.call("POST", "messages/", {"client_id": f"line-{n:05}", "body": "x"})
        for n in range(times)
    ]


def test_a_flood_is_told_when_it_may_go_on_and_others_are_served(
    window: None, visitor: Browser
) -> None:
    said = flood(visitor, 30)
    assert [one.status_code for one in said] == [201] * 20 + [429] * 10
    assert 0 < int(said[-1]["Retry-After"]) <= 60
    assert said[-1].json()["type"] == "too_many"
    assert said[-1]["Access-Control-Expose-Headers"] == "Retry-After"
    assert Delivery.objects.count() == 20
    other = Browser()
    other.begin()
    assert other.say("hello").status_code == 201


def test_two_tabs_share_one_limit_and_one_conversation(window: None, visitor: Browser) -> None:
    tab = Browser(token=visitor.token)
    assert tab.begin().json()["conversation"] == Conversation.objects.get().key
    codes = [one.status_code for one in (*flood(visitor, 12), *flood(tab, 12))]
    assert codes.count(429) == 4


def test_six_conversations_in_half_a_day(window: None, visitor: Browser) -> None:
    codes = []
    for _ in range(7):
        Conversation.objects.update(ended_at="2026-01-01T00:00:00Z")
        codes.append(visitor.begin().status_code)
    assert codes == [200] * 5 + [429] * 2  # the first one stands already


def test_names_and_addresses_change_sixty_times_an_hour(window: None, visitor: Browser) -> None:
    change_setting("chat_identifies_per_hour", 3)
    codes = [visitor.begin(name=f"Ada {n}").status_code for n in range(4)]
    assert codes == [200, 200, 200, 429]
    assert visitor.begin().status_code == 200  # a page that opens and says nothing new is free


def test_five_tokens_an_hour_for_an_address_and_a_household_is_one(
    chat: Channel, window: None
) -> None:
    for places in (
        ["203.0.113.9"] * 6,
        [f"2001:db8:1:2::{n}" for n in range(6)],
        [f"::ffff:198.51.100.{n // 9}" for n in range(6)],
    ):
        codes = [Browser(address=place).begin().status_code for place in places]
        assert codes == [200] * 5 + [429]
    assert Browser(address="2001:db8:1:3::1").begin().status_code == 200


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("", ""),
        ("no address", "no address"),
    ],
)
def test_what_counts_as_one_address(address: str, group: str) -> None:
    assert group_of(address) == group


def test_a_forwarded_address_of_a_stranger_is_not_believed(chat: Channel, window: None) -> None:
    """Only the server in front, which knows its proxies, sets the address: no view reads this."""
    codes = [
        Browser(address="203.0.113.9")
        .call("POST", "sessions/", {}, **{"x-forwarded-for": f"10.0.0.{n}", "x-real-ip": "1.1.1.1"})
        .status_code
        for n in range(6)
    ]
    assert codes == [200] * 5 + [429]
