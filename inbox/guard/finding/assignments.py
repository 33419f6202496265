"""Secrets that only the words before them tell: a name, a sign, a value.

Each pattern begins with a literal and every piece behind it is bounded and possessive, so the time
is that of the names in the text. The search runs over lower case, what is judged is the text.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from inbox.guard.finding.plausible import (
    UUID,
    is_chance,
    is_password,
    is_random,
    is_stand_in,
    is_token,
)

Hit = tuple[int, int, str]

_QUOTE: Final = "\"'`“”‘’"
_VALUE: Final = rf"(?:[^\s{_QUOTE}<>\\&;]|[&;](?!\s?[a-z_]{{1,20}}[ =])|\\(?![nrt\"])){{4,256}}+"
_REST: Final = (
    r"(?P<tail>[a-z0-9_]{0,24}+(?:-[a-z0-9_]{1,24}+)?+)"
    rf"(?P<closed>\\{{0,2}}+[{_QUOTE}]?+[\])}}*]{{0,2}}+)[ \t]{{0,8}}+"
    r"(?P<sign>:{1,4}=|=>|={1,3}|\?=|:|->|,|(?<=[ \t])(?:is|was)(?=[ \t:])|(?<=[ \t]))"
    rf":?\*{{0,2}}+[ \t]{{0,8}}+(?P<quote>\\{{0,2}}+[{_QUOTE}]{{0,3}}+)(?P<value>{_VALUE})"
)
# these make the value something else: an address of a secret, its size, when it was made
_NOT_THE_SECRET: Final = re.compile(
    r"[_\-]?(?:ids?|names?|url|uri|files?|path|length|len|size|type|count|expir\w*|policy|fields?|"
    r"format|vault\w*|arn|endpoint|hash|hashed|hint|reset\w*|at|date|algorithm|version|label|"
    r"placeholder|prompt|board\w*|word\w*|ring\w*|stone|note|less|ing|frame\w*)"
)
_TRAILING: Final = ".,;:)]}>!?*|"
# `api_key`: a secret as it stands. `alert_key`: one of many that only number things
_TOLD: Final = re.compile(
    r"(?:api|access|private|signing|encryption|master|shared|account|licen[cs]e|service|auth|app|"
    r"client|secret|storage|ssh|deploy|session|hmac|webhook|integration|routing)[_\-. ]?\Z"
)
_NUMBERS: Final = re.compile(
    r"(?:ad|alert|incident|dedup|primary|foreign|unique|cache|sort|partition|public|pub|idempotency|"
    r"message|object|item|row|issue|project|storage|state|thread|map|host|hot)[_\-. ]?\Z"
)


Match = re.Match[str]
Judge = Callable[[str, Match], bool]

_JUMBLE: Final = re.compile(r"(?=[a-z]*[A-Z])(?=[A-Z]*[a-z])[A-Za-z]{12,120}={0,2}")
# tokens that a page or a list carries along for everybody to see
_SHOWN: Final = re.compile(r"(?:public|csrf|xsrf|page|next|cursor|continuation|sync)[_\-. ]?\Z")
# `getenv("api_token", "…")`, `--secret …`
_ARGUMENT: Final = re.compile(r"\([\"'][\w.\-]*\Z")
_OPTION: Final = re.compile(r"(?:^|\s)--?[\w\-]*\Z")
_ISSUED: Final = re.compile(r"(?:[A-Za-z+/=_\-]*+[0-9]){3}[A-Za-z0-9+/=_\-]*+")


@dataclass(frozen=True)
class Named:
    """A name's stem, the rest of the name and the value behind it."""

    kind: str
    stem: str
    pattern: re.Pattern[str]
    good: Judge
    signed: bool

    def spans(self, text: str, lowered: str) -> Iterator[Hit]:
        """Where such a value stands."""
        if self.stem not in lowered:
            return
        for match in self.pattern.finditer(lowered):
            start, end = match.span("value")
            value = text[start:end].rstrip(_TRAILING)
            if self.good(value, match) and (not self.signed or _is_assigned(match, value)):
                yield start, start + len(value), self.kind


def _is_assigned(match: Match, value: str) -> bool:
    """The name means the secret itself, and the sign says that what follows is its value."""
    tail, sign = match.group("tail", "sign")
    if tail and _NOT_THE_SECRET.fullmatch(tail):
        return False
    if sign == ",":
        return is_token(value) and bool(_ARGUMENT.search(_before(match)))
    if sign:
        return True
    return is_token(value) and bool(match["quote"] or _OPTION.search(_before(match)))


def _before(match: Match) -> str:
    return match.string[max(0, match.start() - 20) : match.start()]


def _password(value: str, _: Match) -> bool:
    return is_password(value)


def _cookie(value: str, _: Match) -> bool:
    return any(is_random(part.partition("=")[2]) for part in value.split(";"))


def _issued(value: str, _: Match) -> bool:
    return is_token(value) or (bool(_JUMBLE.fullmatch(value)) and not is_stand_in(value))


def _login(value: str, _: Match) -> bool:
    return is_password(value) or bool(_JUMBLE.fullmatch(value))


def _token(value: str, match: Match) -> bool:
    return is_token(value) and not _SHOWN.search(_before(match))


def _key(value: str, match: Match) -> bool:
    before = _before(match)
    if _NUMBERS.search(before):
        return False
    if _TOLD.search(before):
        return is_token(value)
    return not UUID.fullmatch(value) and bool(_ISSUED.fullmatch(value)) and is_random(value)


def _in_address(value: str, _: Match) -> bool:
    return value.lower() not in _WEAK and not is_stand_in(value)


_WEAK: Final = frozenset(
    "pass password passwd pwd secret postgres root user admin test guest token xxx pw".split()
)


def _named(kind: str, stem: str, more: str, good: Judge) -> Named:
    """A name that goes on as it likes, a sign, a value."""
    return Named(kind, stem, re.compile(re.escape(stem) + more + _REST), good, signed=True)


def _plain(kind: str, stem: str, pattern: str, good: Judge) -> Named:
    """A literal that the value follows in a way of its own."""
    return Named(kind, stem, re.compile(re.escape(stem) + pattern), good, signed=False)


_OWN: Final = (
    *("pasword passowrd paswd psword pword psswd psswrd pswd kennwort contraseña".split()),
    *("contrasena senha пароль 비밀번호 패스워드 비번 암호 密码 密碼 パスワード".split()),
    "identified by",
)
_SESSIONS: Final = ("sessionid", "session_id", "sessid", "connect.sid")
# names of services' settings that do not say what they are
_VENDORS: Final = ("sonar.login", "sumologic", "sumo_")
_SHORT: Final = ("pw", "pwd", "psw", "mdp")
_VARIANTS: Final = (
    r"(?:words?|wo?rd|w?r?d|wort|phrase|code|(?![a-z])(?<!bypass)(?<!compass)(?<!trespass))"
    r"(?:[ ](?:for|of)[ ][^\s:=]{1,40}+)?+"
)
_HEADER: Final = (
    r"[\"']?+[ \t]{0,3}+[:=,]\s{0,40}+[\"']?+(?:value[\"']\s{0,3}+:\s{0,3}+[\"'])?+"
    r"(?:(?:bearer|basic|token|apikey|api-key|digest|negotiate)[ \t:=]{1,3}+)?+"
    r"(?P<value>[^\s\"'`<>,;\\]{6,4000}+)"
)
_COOKIE: Final = (
    r"[\"']?+[ \t]{0,3}+(?::|,\s{0,40}+[\"']value[\"']\s{0,3}+:)\s{0,3}+[\"']?+"
    r"(?P<value>[^\n\"'<>]{16,4000}+)"
)
_SCHEME: Final = r"[ \t]{1,3}+(?P<value>[\w\-.~+/=]{16,4000}+)"
_LOGIN: Final = (
    r"[ =]{0,2}+[\"']{0,2}+[^\s:\"'$]{1,64}+[\"']?+:[\"']{0,2}+(?P<value>[^\s\"'`@]{3,120}+)"
)
_ADDRESS: Final = r"[^\s/:@?#\"'<>]{0,80}+:(?P<value>[^\s/@?#\"'<>]{3,160}+)@"

# said in passing: a word of these on the line, and soon something that is only chance
_RUN: Final = re.compile(r"(?<![\w+/=.\-%])[A-Za-z0-9+/_=\-]{20,200}+(?![\w.])")
_OPEN: Final = re.compile("public|csrf|xsrf|cursor|_?id\\b")
_NEAR: Final = re.compile(
    r"(?:(?:public|csrf|xsrf)[_\- ]?)?"
    r"(?:secret|token|password|credential|api.?key|access.?key)[^\n]*+\Z"
)

NAMES: Final = (
    _plain("authorization_header", "authorization", _HEADER, _issued),
    _plain("authorization_header", "x-jfrog-art-api", _HEADER, _token),
    _plain("authorization_header", "bearer", _SCHEME, _token),
    _plain("authorization_header", "basic", _SCHEME, _token),
    _plain("session_cookie", "cookie", _COOKIE, _cookie),
    _plain("basic_auth_url", "://", _ADDRESS, _in_address),
    _plain("password_assignment", " -u", _LOGIN, _login),
    _plain("password_assignment", "-user", _LOGIN, _login),
    _named("password_assignment", "pass", _VARIANTS, _password),
    *(_named("password_assignment", stem, "", _password) for stem in _OWN),
    *(_named("password_assignment", stem, "(?![a-z])", _password) for stem in _SHORT),
    _named("key_assignment", "key", "(?:value|string)?(?![a-z])", _key),
    _named("secret_assignment", "secret", "s?", _token),
    _named("secret_assignment", "credential", "s?", _token),
    _named("token_assignment", "token", "", _token),
    _named("token_assignment", "auth", "(?![a-z])", _token),
    *(_named("token_assignment", stem, "", _token) for stem in (*_SESSIONS, *_VENDORS)),
)


def spans(text: str) -> Iterator[Hit]:
    """Values of names such as `password`, of headers, of a command's options, in addresses."""
    lowered = text.replace("İ", "i").lower()  # the one letter whose small form is longer
    for name in NAMES:
        yield from name.spans(text, lowered)
    for run in _RUN.finditer(text):
        near = _NEAR.search(lowered, max(0, run.start() - 60), run.start())
        if near and not _OPEN.search(near[0]) and is_chance(run[0]):
            yield *run.span(), "high_entropy"
