"""Orbit's dumps are read entry by entry; whatever stands in them, the answer is plain."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from inbox.channels.peoplefiles import (
    FileAccount,
    FileActivity,
    FilePerson,
    FileProblem,
    Item,
    UnreadableFile,
)
from integrations.crm_import import orbit
from rig import orbit as dumps


def items(content: bytes | str | dict[str, Any]) -> list[Item]:
    text = json.dumps(content) if isinstance(content, dict) else content
    file = io.BytesIO(text.encode() if isinstance(text, str) else text)
    return [item for piece in orbit.read(file, {}) for item in piece.items]


def test_a_member_is_said_in_our_words() -> None:
    (found,) = items({"data": [dumps.member(3, title="Engineer", company="Example")]})
    assert isinstance(found, FilePerson)
    assert (found.key, found.name, found.emails) == ("m3", "Person 3", ("person3@example.org",))
    assert found.accounts == (FileAccount(kind="github", handle="person-3"),)
    assert found.refers == ("github_identity:1003", "discord_identity:1003")
    assert (found.tags, found.level, found.is_teammate) == (("Speaker",), "4", False)
    assert found.note == "From Orbit: Engineer at Example · Writes connectors, number 3"
    assert found.seen_at is not None
    assert (found.url, f"{found.seen_at:%F}") == (
        "https://app.orbit.love/example/members/person-3",
        "2024-03-01",
    )


def test_identities_and_activities_are_said_in_our_words() -> None:
    account, _, doing = items(
        {"included": dumps.identities(2), "data": [dumps.activity(7, by=2)], "links": {"next": 1}}
    )
    assert account == FileAccount(
        kind="github",
        key="github_identity:1002",
        uid="500002",
        handle="Person-2",
        realm="github.com",
    )
    assert isinstance(doing, FileActivity)
    assert (doing.key, doing.person, doing.title, doing.kind, doing.url) == (
        "orbit:a7",
        "m2",
        "Thing 7",
        "discord:message",
        "https://example.com/things/7",
    )


@pytest.mark.parametrize(
    ("entry", "words", "is_bad"),
    [
        (dumps.member(1, deleted_at="2024-01-01"), "was deleted in Orbit", False),
        (dumps.member(1, merged_at="2024-01-01"), "was merged there", False),
        (dumps.activity(1, by=1, occurred_at="soon"), "has no time that can be read", True),
        (dumps.activity(1, by=1) | {"relationships": None}, "says of no member", True),
        ({"type": "note", "id": "4", "attributes": {}}, "of which nothing is taken in", False),
        ({"type": "member"}, "has no type, id or attributes", True),
        (7, "is no entry of Orbit’s", True),
    ],
)
def test_what_is_not_taken_in_has_a_reason(entry: Any, words: str, is_bad: bool) -> None:
    (found,) = items({"data": [entry]})
    assert isinstance(found, FileProblem)
    assert (words in found.words, found.is_bad) == (True, is_bad)


@pytest.mark.parametrize(
    "arranged",
    [
        '{"data": [%s, %s]}',
        '\ufeff\n {"links": {"self": [1, {"a": "}"}]}, "data":[%s\n,%s ] , "meta": 12}',
        '{"data": [%s]}\n{"data": [%s]}\n',
        "[%s, %s]",
        '[{"data": [%s]}, {"data": [%s]}]',
        '{"data": %s}{"data": %s}',
    ],
)
def test_documents_pages_and_lists_are_read_alike(arranged: str) -> None:
    entries = [json.dumps(dumps.member(n, name="Tomás “T” 🚀")) for n in (1, 2)]
    found = items(arranged % tuple(entries))
    assert [(one.key, one.name) for one in found if isinstance(one, FilePerson)] == [
        ("m1", "Tomás “T” 🚀"),
        ("m2", "Tomás “T” 🚀"),
    ]


def test_reading_goes_on_behind_any_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inbox.channels.jsonstream.BLOCK", 61)  # cuts words and letters in two
    entries = ",".join(
        json.dumps(dumps.member(n, name="Ünïcødé 🚀"), ensure_ascii=False) for n in range(9)
    )
    file = io.BytesIO(f'{{"meta": 1, "data": [{entries}], "included": []}}'.encode())
    pieces = list(orbit.read(file, {}))
    assert len(pieces) == 9
    for n, piece in enumerate(pieces):
        rest = [one.items[0] for one in orbit.read(file, json.loads(json.dumps(piece.cursor)))]
        assert rest == [one.items[0] for one in pieces[n + 1 :]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"data": [' + b"[" * 200_000, "nested too deeply"),
        (b'{"data": [{"type": "member"', "cannot be read"),
        (b'{"data": [', "ends in the middle"),
        (b'{"data": [\xff\xfe]}', "no UTF-8"),
        ('{"data": []}'.encode("utf-16"), "no UTF-8"),
        (b'{"data": [nope]}', "cannot be read"),
        (b"Name,Mail\n", "no list of entries in JSON"),
        (b"{data: 1}", "a name and a colon"),
        (b'{"data": ["' + b"x" * 9_000_000, "cannot be read"),
    ],
)
def test_hostile_files_break_off_with_a_plain_word(content: bytes, words: str) -> None:
    with pytest.raises(UnreadableFile, match=words):
        items(content)


def test_huge_numbers_nul_and_half_letters_do_no_harm() -> None:
    text = json.dumps(dumps.member(1, name="A\u0000B\ud800C", love="x", email=None))
    hostile = text.replace('"x"', "9" * 100_000).replace("2,", '1e999999, "reach": NaN,', 1)
    (found,) = items(f'{{"data": [{hostile}]}}')
    assert isinstance(found, FilePerson)
    assert found.name == "AB?C"


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http:///x", "//x.example", 5, None])
def test_only_addresses_of_the_web_become_links(url: Any) -> None:
    (found,) = items({"data": [dumps.activity(1, by=1, activity_link=url)]})
    assert isinstance(found, FileActivity)
    assert found.url == ""


def test_only_orbits_files_are_taken_for_orbits(tmp_path: Path) -> None:
    for place in dumps.community(tmp_path, members=2, activities=2):
        assert orbit.sniff(place.read_bytes())
    assert not orbit.sniff(b'{"data": [{"type": "ticket"}]}')
    assert not orbit.sniff(b'Name,Mail\n"type": "member"')
