"""One request to a vendor over HTTP: how it leaves, and what the answers of all vendors share.

What a refusal means, each vendor's own client says. Everything raised is a `VendorError`.
"""

import math
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError

from inbox.channels.errors import DeliveryError
from inbox.channels.jsontext import loads
from inbox.common import http

TIMEOUT_SECONDS = (5, 20)
LEAST_WAIT, LONGEST_WAIT = 1.0, 3600.0
MOST_FILE_BYTES, MOST_ANSWER_BYTES = 50_000_000, 20_000_000
MOMENT = 1e9  # a larger number is a moment in seconds of the epoch, not a time to wait

Row = dict[str, Any]
Headers = Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back, whatever it is."""

    status: int
    headers: Headers  # by any spelling of their names
    body: bytes


class VendorError(DeliveryError):
    """What a vendor answered; `status` is its code, 0 when there was none, `code` its own word."""

    def __init__(self, text: str, *, status: int = 0, code: str = "", **kinds: Any) -> None:
        super().__init__(text, **kinds)
        self.status = status
        self.code = code


def _usual_wait(_: Row, headers: Headers) -> float:
    return seconds(headers, "retry-after", usual=60.0)


@dataclass(frozen=True, kw_only=True)
class Line:
    """How one vendor is spoken to.

    `refused` makes an error of an answer from 300 to 499: of its status, its JSON object ({} where
    there is none) and its headers. `wait` says how long a 429 asks us to wait.
    """

    name: str  # as people read it
    error: type[VendorError]
    refused: Callable[[int, Row, Headers], VendorError]
    wait: Callable[[Row, Headers], float] = _usual_wait

    def ask(
        self, method: str, url: str, *, writes: bool, timeout: Any = TIMEOUT_SECONDS, **given: Any
    ) -> Answer:
        """The bare answer, whatever it is; no redirect is followed.

        `writes`: without an answer nobody knows whether it happened.
        """
        headers = {"Accept": "application/json", "User-Agent": "switchboard"}
        headers |= given.pop("headers", None) or {}
        try:
            with http.session() as session:
                session.max_redirects = 1  # requests also counts the one that it only looks at
                given |= {"headers": headers, "timeout": timeout, "stream": True}
                with session.request(method, url, allow_redirects=False, **given) as answer:
                    body = answer.raw.read(MOST_ANSWER_BYTES + 1, decode_content=True)
                    return Answer(status=answer.status_code, headers=answer.headers, body=body)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise self._lost(error, writes=writes) from error

    def _lost(self, error: Exception, *, writes: bool) -> VendorError:
        if http.never_left(error) or isinstance(error, requests.exceptions.InvalidURL):
            return self.error(f"{self.name} cannot be reached")
        return self.error(f"{self.name} did not answer", uncertain=writes)

    def read(self, answer: Answer, *, writes: bool) -> Any:
        """The JSON of a good answer; {} where it is empty."""
        status = answer.status
        if status >= 500:
            raise self.error(f"{self.name} answered {status}", status=status, uncertain=writes)
        try:
            found = loads(answer.body) if answer.body else {}
        except (ValueError, RecursionError):  # also what was too long and is cut
            found = None
        if status >= 300:
            raise self.refusal(answer, found if isinstance(found, dict) else {})
        if found is None:
            raise self.unreadable(writes=writes)
        return found

    def read_object(self, answer: Answer, *, writes: bool) -> Row:
        """The JSON object of a good answer; {} where it is empty."""
        found = self.read(answer, writes=writes)
        if not isinstance(found, dict):
            raise self.unreadable(writes=writes)
        return found

    def unreadable(self, *, writes: bool = False) -> VendorError:
        """A good answer that says nothing."""
        return self.error(f"{self.name}'s answer cannot be read", uncertain=writes)

    def refusal(self, answer: Answer, found: Row) -> VendorError:
        """What an answer from 300 to 499 means."""
        if answer.status == 429:
            return self.limited(self.wait(found, answer.headers), status=429)
        return self.refused(answer.status, found, answer.headers)

    def limited(self, seconds: float, **more: Any) -> VendorError:
        """Too many requests: nothing happened, and the vendor says when to come again."""
        return self.error(f"{self.name} asks us to wait", retry_after_seconds=seconds, **more)

    def download(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        gone: str = "the file is not there any more",
        onward: Callable[[str], None] | None = None,
        most: int = 0,
    ) -> bytes:
        """A file's bytes, up to `MOST_FILE_BYTES` unless told; `gone` is said when there are none.

        `onward` raises for an address to which nobody is to be sent; one that it lets pass is
        asked without `headers`, once.
        """
        try:
            with http.session() as session:
                session.max_redirects = 1
                with session.get(
                    url,
                    headers=headers,
                    timeout=TIMEOUT_SECONDS,
                    stream=True,
                    allow_redirects=False,
                ) as answer:
                    if onward is None or not answer.is_redirect:
                        return self._body(answer, gone, most or MOST_FILE_BYTES)
                    target = urljoin(url, answer.headers["location"])
        except (requests.RequestException, HTTPError, OSError) as error:
            raise self._lost(error, writes=False) from error
        onward(target)
        return self.download(target, gone=gone, most=most)

    def _body(self, answer: requests.Response, gone: str, most: int) -> bytes:
        if answer.status_code == 429:
            raise self.limited(self.wait({}, answer.headers), status=429)
        if answer.status_code >= 500:
            raise self.error(f"{self.name} answered {answer.status_code}")
        if answer.status_code != 200:
            raise self.error(gone, status=answer.status_code, permanent=True)
        body = answer.raw.read(most + 1, decode_content=True)
        if len(body) > most:
            text = f"the file is larger than {most // 1_000_000} MB"
            raise self.error(text, permanent=True)
        return bytes(body)


# ------------------------------------------------------------------ how long to wait


def seconds(headers: Headers, *names: str, usual: float) -> float:
    """How long the first of these headers asks us to wait, from a second to an hour."""
    for name in names:
        found = _seconds(headers.get(name, "").strip())
        if found is not None:
            return min(max(found, LEAST_WAIT), LONGEST_WAIT)
    return usual


def _seconds(text: str) -> float | None:
    """Seconds, a moment in seconds of the epoch, an HTTP date or an ISO time."""
    with suppress(ValueError):
        number = float(text)
        if math.isfinite(number):
            return number - time.time() if number > MOMENT else number
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        with suppress(ValueError, TypeError):
            at = read(text)
            return (
                (at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)
            ).total_seconds()
    return None


# ------------------------------------------------------------------ where an address lies


def lies_at(url: str, api: str, hosts: Iterable[str] = ()) -> bool:
    """Whether an address is on the API's own host, or by https on or below one of these."""
    try:
        parts, own = urlsplit(url), urlsplit(api)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return False
    if (parts.scheme, parts.netloc) == (own.scheme, own.netloc):
        return True
    below = any(host == name or host.endswith(f".{name}") for name in hosts)
    return parts.scheme == "https" and port in (None, 443) and below


def names_in(text: str) -> list[str]:
    """What a setting lists with commas."""
    return [name.strip().lower() for name in text.split(",") if name.strip()]
