"""Search, the pure parts: the language, the words, the fingerprints."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.search import fingerprints, synonyms, vocabulary
from inbox.search.language import KEYS, LONGEST, Group, day_of, parse, quoted
from inbox.search.words import document, spans, stem, telling

PIECES = [*"'\"%_\\:-#*()&|!<> \x00\n", "OR", "is:", "before:", "é", "日本", "a"]
ODD = st.lists(st.sampled_from(PIECES), max_size=600).map("".join)


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("replication slot", [Group(("replication",)), Group(("slot",))]),
        (
            '"replication slot" grows',
            [Group(("replication slot",), phrase=True), Group(("grows",))],
        ),
        ("slot -inactive", [Group(("slot",)), Group(("inactive",), negated=True)]),
        ('-"not this"', [Group(("not this",), negated=True, phrase=True)]),
        ("slot OR wal OR log", [Group(("slot", "wal", "log"))]),
        ("OR slot OR", [Group(("slot",))]),
        ('"unbalanced phrase', [Group(("unbalanced phrase",), phrase=True)]),
        ("TypeError: x.y", [Group(("TypeError:",)), Group(("x.y",))]),
        ("http://x.example/y", [Group(("http://x.example/y",))]),
        ("std::string", [Group(("std::string",))]),
        ("'\"%_\\", []),
    ],
)
def test_words_phrases_not_and_or(text: str, groups: list[Group]) -> None:
    assert list(parse(text).groups) == groups


def test_filters_are_tokens_and_can_be_taken_off() -> None:
    query = parse('is:open from:"Mira D" slot -tag:wal,disk #1842')
    assert [(t.key, t.values, t.negated) for t in query.tokens] == [
        ("is", ("open",), False),
        ("from", ("Mira D",), False),
        ("tag", ("wal", "disk"), True),
        ("number", ("1842",), False),
    ]
    assert query.plain == "slot"
    assert query.removals()[1] == ("From", "Mira D", "is:open slot -tag:wal,disk #1842")
    assert parse(query.without(query.tokens[0])).tokens[0].key == "from"


@pytest.mark.parametrize(
    ("text", "impossible", "note"),
    [
        ("is:banana", True, "“is:banana” is not known"),
        ("is:open,banana", False, "“is:banana” is not known"),
        ("-is:banana", False, "“is:banana” is not known"),
        ("before:2026-13", True, "“2026-13” is no date"),
        ("sla:soon", True, "“sla:soon” is not known"),
        ("colour:red", False, "“colour:” is no filter"),
    ],
)
def test_what_is_not_understood_is_said(text: str, impossible: bool, note: str) -> None:
    query = parse(text)
    assert query.impossible is impossible
    assert [said for said in query.notes if note in said] == list(query.notes)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-21", date(2026, 11, 21)),
        ("2026-11", date(2026, 11, 1)),
        ("2026", date(2026, 1, 1)),
        ("yesterday", date(2026, 11, 20)),
        ("7d", date(2026, 11, 14)),
        ("2026-02-30", None),
        ("soon", None),
    ],
)
def test_days(text: str, day: date | None) -> None:
    assert day_of(text, date(2026, 11, 21)) == day


@given(ODD | st.text(max_size=LONGEST + 50))
def test_reading_never_raises(text: str) -> None:
    query = parse(text)
    assert len(query.text) <= LONGEST
    assert {token.key for token in query.tokens} <= {*KEYS, "number"}
    for token in query.tokens:
        assert len(query.without(token)) <= len(query.text)


@given(st.sampled_from(["tag", "from"]), st.text(min_size=1, max_size=40))
def test_quoted_value_reads_back(key: str, value: str) -> None:
    token = parse(quoted(key, value.replace("\x00", ""))).tokens
    clean = value.replace("\x00", "").replace('"', "").strip()
    assert [t.values for t in token] == ([(clean,)] if clean else [])


@pytest.mark.parametrize(
    ("words", "same"),
    [
        ("connect connects connected connecting connection connections", "connect"),
        ("configure configured configuration configuring", "configur"),
        ("replicate replication replicated", "replic"),
        ("slot slots", "slot"),
        ("ponies", "poni"),
        ("2.4.0", "2.4.0"),
        ("größe", "größe"),
    ],
)
def test_stems(words: str, same: str) -> None:
    assert {stem(word) for word in words.split()} == {same}


def test_document_has_parts_of_joined_words_and_pairs_of_unspaced_scripts() -> None:
    assert document("GitHub replicationSlot") == "github replicationslot git hub replic slot"
    assert document("tap-postgres ZOË") == "tap postgr zoe"
    assert document("日本語") == "日本 本語"


@given(st.text(max_size=300))
def test_spans_are_places_of_the_text(text: str) -> None:
    found = list(spans(text))
    assert all(0 <= start < end <= len(text) for start, end, _ in found)
    assert [start for start, _, _ in found] == sorted(start for start, _, _ in found)
    assert not set(document(text)) & set("'\"%_\\():&|!*")


def test_questions_words_tell_nothing() -> None:
    assert telling("How do I drop the slot, please?") == ["drop", "slot"]


def test_synonyms_stand_for_each_other() -> None:
    assert "sign in" in synonyms.others("login")
    assert "login" in synonyms.others("sign in")
    assert synonyms.others("mill", ["mill, the mine"]) == ("the mine",)
    assert synonyms.others("nowhere") == ()


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [("slot", "slot", 0), ("slot", "solt", 1), ("slot", "slots", 1), ("slot", "plan", 3)],
)
def test_distance(one: str, other: str, slips: int) -> None:
    assert vocabulary.distance(one, other) == slips


SAME = [
    (
        "Traceback (most recent call last):\n"
        "  File \"/home/a/x.py\", line 12, in run\n    foo()\nKeyError: 'user_id'",
        "2026-11-20 10:00:01 worker KeyError: 'user_id'",
    ),
    (
        'psycopg.OperationalError: connection to server at "10.0.0.3", port 5432 failed: timeout',
        'psycopg.OperationalError: connection to server at "192.168.7.1", port 6432 failed: timeout',
    ),
    (
        "TypeError: Cannot read properties of undefined (reading 'id')\n    at Foo.bar (/a/i.js:1:2)",
        "Uncaught TypeError: Cannot read properties of undefined (reading 'id')",
    ),
    (
        'Exception in thread "main" java.io.FileNotFoundException: /tmp/a1/b.csv (No such file)',
        "Caused by: java.io.FileNotFoundException: /var/lib/x/c.csv (No such file)",
    ),
    (
        "panic: runtime error: index out of range [5] with length 3",
        "panic: runtime error: index out of range [9] with length 2",
    ),
    (
        "app/models/user.rb:12:in `name': undefined method `foo' for nil (NoMethodError)",
        "lib/other.rb:99:in `call': undefined method `foo' for nil (NoMethodError)",
    ),
    (
        "thread 'main' panicked at src/main.rs:4:5:\nindex out of bounds: the len is 3",
        "thread 'worker-2' panicked at src/lib.rs:40:9:\nindex out of bounds: the len is 7",
    ),
    ("error[E0382]: borrow of moved value: `v`", "error[E0382]: borrow of moved value: `v`  "),
    (
        'ERROR:  relation "orders" does not exist at character 15',
        'FATAL 12:00:01 x\nERROR:  relation "orders" does not exist at character 99',
    ),
    (
        "Error response from daemon: manifest for foo/bar:1.2.3 not found",
        "Error response from daemon: manifest for foo/bar:1.2.4 not found",
    ),
    ("State: Waiting, Reason: CrashLoopBackOff (5m)", "pod x is in CrashLoopBackOff"),
    ("< HTTP/1.1 502 Bad Gateway", "curl: HTTP/1.1 502 Bad Gateway"),
    ("Error: connect ECONNREFUSED 127.0.0.1:5432", "connect ECONNREFUSED 10.1.1.1:6432"),
]


@pytest.mark.parametrize(("one", "other"), SAME, ids=lambda text: text[:30])
def test_same_error_has_the_same_fingerprint(one: str, other: str) -> None:
    first = {error.key for error in fingerprints.find(one)}
    assert first
    assert first <= {error.key for error in fingerprints.find(other)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("KeyError: 'user_id'", "KeyError: 'order_id'"),
        ("HTTP/1.1 502 Bad Gateway", "HTTP/1.1 503 Service Unavailable"),
        ("ERROR 1045 (28000): Access denied", "ERROR 1146 (42S02): No such table"),
        ("error[E0382]: borrow of moved", "error[E0499]: borrow of moved"),
        ("process exited with code 1", "process exited with code 137"),
    ],
)
def test_other_error_has_another(one: str, other: str) -> None:
    first, second = fingerprints.find(one), fingerprints.find(other)
    assert len(first) == len(second) == 1
    assert first[0].key != second[0].key


@pytest.mark.parametrize(
    "text",
    ["I had an error yesterday, how do I exit this?", "see the exception in the docs", "EVERY 12"],
)
def test_talk_about_errors_is_none(text: str) -> None:
    assert fingerprints.find(text) == []


@given(
    st.text(max_size=3000)
    | st.lists(st.sampled_from([o for o, _ in SAME]), max_size=9).map("\n".join)
)
def test_fingerprinting_never_raises_and_is_stable(text: str) -> None:
    found = fingerprints.find(text)
    assert len(found) <= fingerprints.MOST_FOUND
    for error in found:
        assert fingerprints.normal(error.words) == error.words
