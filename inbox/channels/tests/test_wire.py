"""The one way to vendors: what their answers and silences mean, and how long they ask us to wait."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from inbox.channels import wire
from inbox.channels.wire import Headers, Line, Row, VendorError, lies_at, seconds
from rig.vendor import Answer, Call, FakeVendor


def _refused(status: int, found: Row, _: Headers) -> VendorError:
    return VendorError(f"{status}: {found.get('why', '?')}", status=status, permanent=True)


LINE = Line(name="Acme", error=VendorError, refused=_refused)


class Acme(FakeVendor):
    """Answers with what a test has put there."""

    given = Answer(200, {"ok": True})

    def answer(self, call: Call) -> Answer:
        return self.given


@pytest.fixture
def acme(settings: object) -> Iterator[Acme]:
    with Acme() as fake:
        settings.OUTBOUND_ALLOW = fake.url.removeprefix("http://")  # type: ignore[attr-defined]  # pytest-django's wrapper
        yield fake


def asked(fake: Acme, *, writes: bool = False) -> object:
    return LINE.read(LINE.ask("POST", f"{fake.url}/x", json={}, writes=writes), writes=writes)


@pytest.mark.parametrize(
    ("answer", "text", "uncertain"),
    [
        (Answer(500, b"x"), "Acme answered 500", True),
        (Answer(200, b"<html>"), "Acme's answer cannot be read", True),
        (Answer(200, b"[" * 100_000), "Acme's answer cannot be read", True),
        (Answer(429, b""), "Acme asks us to wait", False),
        (Answer(422, {"why": "no"}), "422: no", False),
        (Answer(422, [1]), "422: ?", False),
        (Answer(302, b"", {"location": "http://127.0.0.1:1/"}), "302: ?", False),
    ],
)
def test_what_an_answer_means(acme: Acme, answer: Answer, text: str, *, uncertain: bool) -> None:
    acme.given = answer
    with pytest.raises(VendorError) as caught:
        asked(acme, writes=True)
    assert (caught.value.text, caught.value.uncertain) == (text, uncertain)


def test_a_lost_answer_is_uncertain_only_for_what_writes(acme: Acme) -> None:
    for writes in (True, False):
        acme.fail("/x", drop="after")
        with pytest.raises(VendorError, match="Acme did not answer") as caught:
            asked(acme, writes=writes)
        assert caught.value.uncertain == writes


@pytest.mark.parametrize("allowed", ["127.0.0.1:1", ""])
def test_what_never_left_is_not_uncertain(settings: object, allowed: str) -> None:
    """Nobody listens there, or nobody may go there."""
    settings.OUTBOUND_ALLOW = [allowed]  # type: ignore[attr-defined]  # pytest-django's wrapper
    for url in ("http://127.0.0.1:1/", "http://nosuch.invalid/", "http://["):
        with pytest.raises(VendorError, match="Acme cannot be reached") as caught:
            LINE.ask("POST", url, writes=True)
        assert not caught.value.uncertain


def test_an_answer_is_read_to_its_limit_and_no_further(
    acme: Acme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "MOST_ANSWER_BYTES", 1000)
    acme.given = Answer(200, {"text": "x" * 2000})
    with pytest.raises(VendorError, match="cannot be read"):
        asked(acme)


def test_what_no_database_keeps_is_taken_out(acme: Acme) -> None:
    acme.given = Answer(200, b'{"text": "a\\u0000b \\ud83d"}')
    assert asked(acme) == {"text": "ab ?"}


def test_an_empty_answer_is_an_empty_object(acme: Acme) -> None:
    acme.given = Answer(204)
    assert asked(acme) == {}
    acme.given = Answer(200, [1])
    with pytest.raises(VendorError, match="cannot be read"):
        LINE.read_object(LINE.ask("GET", acme.url, writes=False), writes=False)


# ------------------------------------------------------------------ files


def test_a_file_that_breaks_off_is_an_error_of_the_vendor(acme: Acme) -> None:
    acme.given = Answer(200, b"not gzip", {"content-encoding": "gzip"})
    with pytest.raises(VendorError, match="Acme did not answer") as caught:
        LINE.download(f"{acme.url}/file")
    assert not caught.value.permanent


def test_a_file_has_a_limit_and_an_end(acme: Acme) -> None:
    acme.given = Answer(200, b"x" * 3_000_000)
    assert len(LINE.download(f"{acme.url}/file")) == 3_000_000
    with pytest.raises(VendorError, match="larger than 2 MB"):
        LINE.download(f"{acme.url}/file", most=2_000_000)
    acme.given = Answer(404)
    with pytest.raises(VendorError, match="it went away") as caught:
        LINE.download(f"{acme.url}/file", gone="it went away")
    assert caught.value.permanent


def test_credentials_stay_at_the_first_address_of_a_file(acme: Acme) -> None:
    acme.given = Answer(302, b"", {"location": "/there"})
    seen: list[str] = []
    with pytest.raises(VendorError, match="not there any more"):  # nobody is sent on twice
        LINE.download(f"{acme.url}/file", headers={"Authorization": "x"}, onward=seen.append)
    assert seen == [f"{acme.url}/there"]
    assert ["authorization" in call.headers for call in acme.calls] == [True, False]


# ------------------------------------------------------------------ waiting


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("7", 7),
        ("0", 1),
        ("0.5", 1),
        ("-3", 1),
        ("99999", 3600),
        ("", 30),
        ("soon", 30),
        ("nan", 30),
        ("inf", 30),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 1),
    ],
)
def test_whatever_names_a_time_is_understood(value: str, wanted: float) -> None:
    assert seconds({"x": value}, "x", usual=30) == wanted


@pytest.mark.parametrize("written", ["epoch", "http", "iso"])
def test_a_moment_is_understood_in_each_spelling(written: str) -> None:
    at = datetime.now(UTC) + timedelta(seconds=120)
    spelled = {
        "epoch": f"{at.timestamp():.0f}",
        "http": format_datetime(at, usegmt=True),
        "iso": at.isoformat(),
    }
    found = seconds({"retry-after": spelled[written]}, "retry-after", usual=30)
    assert found == pytest.approx(120, abs=5)


def test_the_first_header_that_names_a_time_counts() -> None:
    assert seconds({"b": "9"}, "a", "b", usual=30) == 9
    assert seconds({"a": "5", "b": "9"}, "a", "b", usual=30) == 5


# ------------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("http://127.0.0.1:80/x", True),
        ("http://127.0.0.1:81/x", False),
        ("https://acme.example/x", True),
        ("https://files.ACME.example/x", True),
        ("https://files.acme.example:443/x", True),
        ("https://files.acme.example:8443/x", False),
        ("http://files.acme.example/x", False),
        ("https://acme.example.evil.test/x", False),
        ("https://notacme.example/x", False),
        ("https://acme.example@evil.test/x", False),
        ("https://[acme.example/x", False),
        ("https://acme.example:x/", False),
    ],
)
def test_an_address_is_theirs_or_not(url: str, wanted: bool) -> None:
    assert lies_at(url, "http://127.0.0.1:80/api", ["acme.example"]) == wanted
