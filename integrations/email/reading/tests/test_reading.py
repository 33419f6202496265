"""Reading mails: what is odd is repaired, what is hostile is stopped, nothing is lost."""

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.email.reading.headers import addresses, decode_words
from integrations.email.reading.letter import read_letter
from integrations.email.reading.reader import Reader
from integrations.email.reading.reply import cut

HEAD = b"From: Mira <mira@example.org>\r\nSubject: Hi\r\n"


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    """One child for all of them."""
    made = Reader()
    made.read(HEAD + b"\r\nwarm")
    yield made
    made.close()


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (b"victim@corp.test <a@evil.test>", [("victim@corp.test", "a@evil.test")]),
        (b'"Doe, Jane" <jane@x.test>, b@y.test', [("Doe, Jane", "jane@x.test"), ("", "b@y.test")]),
        (b"=?utf-8?q?Andr=C3=A9?= <a@x.test>", [("André", "a@x.test")]),
        (b"a@x.test (Ann)", [("Ann", "a@x.test")]),
        (b"undisclosed-recipients:;", []),
        (b"Bob", [("Bob", "")]),
        (b"", []),
    ],
)
def test_addresses_are_what_stands_in_brackets(value: bytes, wanted: list[tuple[str, str]]) -> None:
    assert addresses(value) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("=?iso-8859-1?q?caf=E9?=", "café"),
        ("=?utf-8?b?4oKs?= =?utf-8?b?IDU=?=", "€ 5"),
        ("=?x-unknown?q?a=E9?=", "aé"),
        ("=?utf-8?q?a=0d=0aBcc:_x?=", "a\r\nBcc: x"),
        ("plain", "plain"),
    ],
)
def test_encoded_words(text: str, wanted: str) -> None:
    assert decode_words(text) == wanted


@pytest.mark.parametrize(
    ("raw", "subject", "text"),
    [
        (b"", "", ""),
        (HEAD, "Hi", ""),
        (HEAD.replace(b"\r\n", b"\n") + b"\ntext", "Hi", "text"),
        (HEAD.replace(b"\r\n", b"\r") + b"\rtext", "Hi", "text"),
        (b"From mira Wed Nov 18\n" + HEAD + b"\r\ntext", "Hi", "text"),
        (
            HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\nna\xefve \x93q\x94",
            "Hi",
            "naïve “q”",
        ),
        (HEAD + b"Content-Type: text/html\r\n\r\n<p>a</p><script>x</script><p>b", "Hi", "a\n\nb"),
        (HEAD + b"Content-Transfer-Encoding: base64\r\n\r\naGVsbG8", "Hi", "hello"),
        (HEAD + b"Content-Type: text/plain; format=flowed\r\n\r\na \r\nb", "Hi", "a b"),
        (HEAD + b"\r\na\x00b", "Hi", "ab"),
    ],
)
def test_odd_mails_are_read(raw: bytes, subject: str, text: str) -> None:
    """Trust §5: the catalogue of bad input."""
    letter = read_letter(raw)
    assert (letter.subject, letter.body_text) == (subject, text)


@pytest.mark.parametrize(
    ("headers", "wanted"),
    [
        (b"", "normal"),
        (b"Auto-Submitted: auto-replied\r\n", "auto_reply"),
        (b"Auto-Submitted: no\r\n", "normal"),
        (b"X-Autoreply: yes\r\n", "auto_reply"),
        (b"List-Id: <x.example.org>\r\n", "list"),
        (b"Precedence: bulk\r\n", "list"),
        (b"Content-Type: multipart/report; report-type=delivery-status; boundary=x\r\n", "bounce"),
        (
            b"Content-Type: multipart/report; report-type=feedback-report; boundary=x\r\n",
            "feedback",
        ),
        (b"X-Failed-Recipients: a@b.test\r\n", "bounce"),
    ],
)
def test_classes(headers: bytes, wanted: str) -> None:
    """L8."""
    assert read_letter(HEAD + headers + b"\r\ntext").mail_class == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Yes.\n\nOn Wed, 18 Nov 2026 at 10:00, Ana wrote:\n> Is it?", "Yes."),
        ("Yes.\n\nOn Wed, 18 Nov 2026 at 10:00, Ana\n<ana@example.com> wrote:\n> Is it?", "Yes."),
        ("Ja.\n\nAm 18.11.2026 um 10:00 schrieb Ana:\n> Ist es?", "Ja."),
        ("Oui.\n\nLe 18 nov. 2026 à 10:00, Ana a écrit :\n> C'est ?", "Oui."),
        ("Yes.\n\n-----Original Message-----\nFrom: Ana\nSent: today\nTo: me\n\nIs it?", "Yes."),
        (
            "Yes.\n\nFrom: Ana <a@example.com>\nSent: Wednesday\nTo: Mira\nSubject: Re\n\nIs it?",
            "Yes.",
        ),
        ("Yes.\n\n-- \nMira\nSolvane", "Yes."),
        ("Yes.\n\nSent from my iPhone", "Yes."),
        ("From: header is missing in my mail. Why?", "From: header is missing in my mail. Why?"),
        ("Run it with\n\n> --data x\n\nand tell me.", "Run it with\n\n> --data x\n\nand tell me."),
        ("> Is it?\n\nYes, below.", "> Is it?\n\nYes, below."),
    ],
)
def test_new_text_is_told_from_the_quote(text: str, wanted: str) -> None:
    assert cut(text) == wanted


HOSTILE = {
    "quotes": b"From: " + b'"' * 50_000 + b"\r\n\r\nx",
    "semicolons": b"Content-Type: text/plain" + b";" * 100_000 + b"\r\n\r\nx",
    "words": b"Subject: " + b"=?utf-8?q?a?= " * 50_000 + b"\r\n\r\nx",
    "addresses": b"To: " + b"a@b.test, " * 100_000 + b"\r\n\r\nx",
    "comments": b"To: " + b"(" * 60_000 + b"\r\n\r\nx",
    "nested": b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n)
        for n in range(1000)
    ),
    "on": HEAD + b"\r\n" + b"On " * 7000,
    "from lines": HEAD + b"\r\n" + b"From: a\r\n" * 5000,
    "divs": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<div>" * 100_000,
    "brackets": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<" * 300_000,
    "comments in html": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<!--" * 100_000,
    "large": HEAD + b"\r\n" + b"a" * (24 * 1024 * 1024),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_costs_little_and_the_next_one_is_read(name: str, reader: Reader) -> None:
    """Trust 21: each within its two seconds, or a stub; the reader goes on."""
    begun = time.monotonic()
    reader.read(HOSTILE[name])
    assert time.monotonic() - begun < 3
    assert reader.read(HEAD + b"\r\nnext").body_text == "next"


@given(st.binary(max_size=2000))
def test_no_bytes_ever_raise(raw: bytes) -> None:
    assert isinstance(read_letter(raw).subject, str)


@given(st.integers(0, 400), st.binary(max_size=6))
def test_no_mutation_ever_raises(place: int, junk: bytes) -> None:
    mail = HEAD + b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\na\r\n--x--"
    assert isinstance(read_letter(mail[:place] + junk + mail[place:]).body_text, str)
