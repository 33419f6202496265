"""A fake Toybox: talks made of lines, an OAuth server, and webhooks that are signed."""

import hmac
import json
import secrets
import time
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from rig.consents import Consents
from rig.vendor import Answer, Call, FakeVendor

CLIENT, SECRET = "toy-client", "of-the-toy"
TEAM = "T7"
LONGEST = 1_000  # characters of a line, as Toybox documents it


@dataclass
class Talk:
    """A conversation."""

    id: str
    title: str
    closed: bool = False
    lines: list[dict[str, Any]] = field(default_factory=list)


class FakeToybox(FakeVendor):
    """One team with its talks; what a person does there makes a signed webhook."""

    def __init__(self) -> None:
        super().__init__()
        self.signing_secret = secrets.token_hex(16)
        self.talks: dict[str, Talk] = {}
        self.tokens: set[str] = set()
        self.consents = Consents(CLIENT, pkce=True)

    def answer(self, call: Call) -> Answer:
        """One of the vendor's addresses: OAuth by client, everything else by token."""
        if call.path == "/oauth/authorize":  # somebody's browser, and they say yes
            there = self.agree(f"{self.url}{call.path}?{urlencode(call.query, doseq=True)}")
            return Answer(302, headers={"Location": there})
        if call.path == "/oauth/token":
            return self._token(call)
        if call.path == "/oauth/revoke":
            return self._revoke(call)
        if call.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return Answer(401, {"error": "the token is not known"})
        if call.path == "/me":
            return Answer(body={"team": TEAM, "name": "Playroom"})
        return self._in_talk(call)

    def _in_talk(self, call: Call) -> Answer:
        _, _, talk_id, what = call.path.split("/")
        talk = self.talks.get(talk_id)
        if talk is None:
            return Answer(404, {"error": "there is no such talk"})
        if what == "lines" and call.method == "GET":
            return Answer(body={"lines": talk.lines})
        if what == "lines":
            return self._say(talk, call.json())
        talk.closed = {"close": True, "open": False}[what]
        return Answer(body={"closed": talk.closed})

    def _say(self, talk: Talk, said: Any) -> Answer:
        text = said.get("text")
        if not isinstance(text, str) or not 0 < len(text) <= LONGEST:
            return Answer(422, {"error": f"text: 1 to {LONGEST} characters"})
        line = self._line(talk, text, by={"id": "app", "name": "app", "bot": True})
        line["mark"] = str(said.get("mark", ""))
        return Answer(201, {"id": line["id"]})

    def _line(self, talk: Talk, text: str, *, by: dict[str, Any]) -> dict[str, Any]:
        at, number = int(time.time()), len(talk.lines) + 1
        line = {"id": f"{talk.id}-{number}", "text": text, "by": by, "at": at, "mark": ""}
        talk.lines.append(line)
        return line

    # ------------------------------------------------------------ OAuth

    def agree(self, url: str) -> str:
        """What somebody's browser does on the consent page. Returns where it is sent back to."""
        assert url.startswith(f"{self.url}/oauth/authorize?")
        assert parse_qs(urlsplit(url).query)["response_type"] == ["code"]
        return self.consents.agree(url)

    def _token(self, call: Call) -> Answer:
        form = call.form()
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return Answer(401, {"error": "invalid_client"})
        if not self.consents.redeem(form):
            return Answer(400, {"error": "invalid_grant"})
        token = secrets.token_urlsafe(12)
        self.tokens.add(token)
        granted = {"access_token": token, "signing_secret": self.signing_secret, "team": TEAM}
        return Answer(body=granted)

    def _revoke(self, call: Call) -> Answer:
        form = call.form()
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return Answer(401, {"error": "invalid_client"})
        self.tokens.discard(form.get("token", ""))  # RFC 7009: an unknown one is revoked already
        return Answer()

    # ------------------------------------------------------------ what people do there

    def ask(self, name: str, text: str, *, title: str = "A question") -> bytes:
        """Somebody opens a talk; the webhook's body."""
        talk = Talk(f"k{len(self.talks) + 1}", title)
        self.talks[talk.id] = talk
        return self.write(talk, name, text)

    def write(self, talk: Talk, name: str, text: str) -> bytes:
        """Somebody writes in a talk; the webhook's body."""
        by = {"id": f"p-{name}", "name": name.capitalize(), "bot": False}
        line = self._line(talk, text, by=by)
        return event("line.created", id=line["id"], talk=talk.id)

    def close(self, talk: Talk, name: str) -> bytes:
        """Somebody closes a talk there; the webhook's body."""
        talk.closed = True
        by = {"id": f"p-{name}", "name": name.capitalize(), "bot": False}
        return event("talk.closed", talk=talk.id, by=by, at=int(time.time()))

    def signed(self, body: bytes, *, at: int | None = None) -> dict[str, str]:
        """The headers of a webhook."""
        return signed(body, self.signing_secret, at=at)


def event(kind: str, **what: Any) -> bytes:
    """A webhook's body."""
    return json.dumps({"type": kind, "event": secrets.token_hex(6), **what}).encode()


def signed(body: bytes, secret: str, *, at: int | None = None) -> dict[str, str]:
    """The headers by which Toybox proves a webhook."""
    moment = str(at if at is not None else int(time.time()))
    mark = hmac.new(secret.encode(), moment.encode() + b"." + body, sha256).hexdigest()
    named = {"toybox-time": moment, "toybox-signature": mark}
    return {"content-type": "application/json", **named}
