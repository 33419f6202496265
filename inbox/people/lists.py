"""Lists of people as text: encodings, delimiters, columns, and what a line says. Pure."""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from zoneinfo import available_timezones

from inbox.common.cells import meant
from inbox.people.errors import PeopleError
from inbox.people.keys import folded
from inbox.people.lines import ADDRESS, LONGEST_TRAIT, MOST_TAGS, Account, Line, short

MOST_BYTES = 10 * 1024 * 1024
DELIMITERS = ",;\t"
LOOKED_AT = 20  # lines by which the delimiter is judged
# what a column can be, and the headings by which it is recognised
COLUMNS = {
    "name": "Name",
    "email": "E-mail address",
    "github": "GitHub login",
    "slack": "Slack member id",
    "twitter": "Twitter handle",
    "linkedin": "LinkedIn profile",
    "discord": "Discord name",
    "tags": "Tags",
    "level": "Level",
    "seen": "Last activity",
    "timezone": "Time zone",
    "champion": "Champion, with the reason",
    "note": "Note",
}
HEADINGS = {
    "name": "name fullname displayname realname person contact member".split(),
    "email": "email emailaddress mail address emails".split(),
    "github": "github githublogin githubusername githubhandle githuburl login".split(),
    "slack": "slack slackid slackuserid slackmemberid userid memberid".split(),
    "twitter": "twitter twitterhandle twitterusername twitterurl xhandle".split(),
    "linkedin": "linkedin linkedinurl linkedinprofile linkedinhandle".split(),
    "discord": "discord discordname discordhandle discordusername".split(),
    "tags": "tags tag taglist labels".split(),
    "level": "level orbitlevel memberlevel tier".split(),
    "seen": "lastactivity lastactive lastseen lastactivityat lastactivitydate "
    "lastactivityoccurredat lastactiveat".split(),
    "timezone": "timezone tz zone".split(),
    "champion": "champion championreason championfor".split(),
    "note": "note notes comment remark remarks".split(),
}
LOGIN = re.compile(r"^[a-z0-9](?:[a-z0-9-]{0,37}[a-z0-9])?$")  # GitHub's own rule
MEMBER = re.compile(r"^(?:[TE][A-Z0-9]{5,}/)?[UW][A-Z0-9]{5,}$")
TWITTER = re.compile(r"^[a-z0-9_]{1,15}$")  # https://help.x.com/en/managing-your-account
LINKEDIN = re.compile(r"^[\w%.-]{3,100}$")
DISCORD = re.compile(r"^[\w.]{2,32}(?:#\d{4})?$")
# what stands before a handle where people copy the address of a profile
PROFILE = re.compile(
    r"^(?:https?://)?(?:www\.)?[a-z0-9-]+\.(?:com|gg)/(?:in/|users/)?", re.IGNORECASE
)
DAYS = ("%Y-%m-%d", "%Y-%m-%d %H:%M:%S %Z", "%d.%m.%Y", "%B %d, %Y", "%d %B %Y")
ACCOUNTS = {"email", "github", "slack", "twitter", "linkedin", "discord"}


def decode(content: bytes) -> tuple[str, str]:
    """The text and its encoding: UTF-8 with or without mark, UTF-16 with one, else Windows-1252.

    Raises `PeopleError`.
    """
    if len(content) > MOST_BYTES:
        size = len(content) / 1024 / 1024
        raise PeopleError(f"The file has {size:.1f} MB; 10 MB is the most. Cut it in two.")
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return _text(content, encoding), encoding
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return _text(content, encoding), encoding.removesuffix("-sig")
        except UnicodeDecodeError:
            continue
    return _text(content, "latin-1"), "latin-1"


def _text(content: bytes, encoding: str) -> str:
    text = content.decode(encoding, errors="replace" if encoding == "utf-16" else "strict")
    if "\x00" in text:
        raise PeopleError("This is no text file. Save the table as CSV and try again.")
    return text


def delimiter_of(text: str) -> str:
    """The sign between columns: the one that cuts the first lines most evenly."""

    def evenness(sign: str) -> tuple[int, int]:
        counts = [len(cells) for _, cells, _ in rows(text, sign, LOOKED_AT)]
        return (min(counts, default=0), sum(counts))

    return max(DELIMITERS, key=evenness)


def rows(
    text: str, delimiter: str, most: int | None = None
) -> Iterator[tuple[int, list[str], str]]:
    """(line, cells, what is wrong with it) of every row that is not empty; the header first."""
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    found = 0
    while most is None or found < most:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield reader.line_num, [], f"cannot be read: {error}"
            found += 1
            continue
        if any(cell.strip() for cell in cells):
            yield reader.line_num, cells, ""
            found += 1


def guess(header: Sequence[str]) -> list[str]:
    """What each column probably is; no kind of column but addresses is guessed twice."""
    found: list[str] = []
    for heading in header:
        word = re.sub(r"[^a-z]", "", folded(heading))
        kind = next((kind for kind, known in HEADINGS.items() if _ends(word, known)), "")
        found.append("" if kind in found and kind != "email" else kind)
    return found


def _ends(word: str, known: list[str]) -> bool:
    """Whether a heading is one of these, or one of the longer ones with something before it."""
    return word in known or any(len(one) > 4 and word.endswith(one) for one in known)


def check_mapping(mapping: Sequence[str]) -> None:
    """Raises `PeopleError` when the columns cannot be taken in like that."""
    used = [kind for kind in mapping if kind]
    twice = [kind for kind in used if used.count(kind) > 1 and kind != "email"]
    if set(used) - COLUMNS.keys():
        raise PeopleError("Choose what each column is.")
    if twice:
        raise PeopleError(f"Two columns are said to be “{COLUMNS[twice[0]]}”.")
    if not ACCOUNTS & set(used):
        raise PeopleError("One column has to be an address or an account: people are known by it.")


def read(number: int, cells: Sequence[str], mapping: Sequence[str], trouble: str = "") -> Line:
    """What a line says, with everything that is wrong in it."""
    line = Line(number=number, problems=[trouble] if trouble else [], cells=list(cells))
    if trouble:
        return line
    if len(cells) > len(mapping):
        line.problems.append("has more columns than the heading")
    for kind, cell in zip(mapping, cells, strict=False):
        _take(line, kind, meant(cell.strip()))
    if not (line.emails or line.accounts) and not line.problems:
        line.problems.append("names no address and no account")
    return line


def _take(line: Line, kind: str, text: str) -> None:
    if kind and text:
        TAKERS[kind](line, text)


def _zone(line: Line, text: str) -> None:
    if text in available_timezones():
        line.timezone = text
    else:
        line.problems.append(f"{short(text)} is no time zone such as Europe/Lisbon")


def _emails(line: Line, text: str) -> None:
    line.emails += [
        a
        for a in _several(line, text.lower(), ADDRESS, "is no mail address")
        if a not in line.emails
    ]


def _account(kind: str, shape: re.Pattern[str], wrong: str) -> Callable[[Line, str], None]:
    """Takes the handles of a cell, or the addresses of their profiles."""

    def take(line: Line, text: str) -> None:
        for handle in _several(line, text.lower(), shape, wrong, PROFILE):
            if (account := Account(kind, handle=handle)) not in line.accounts:
                line.accounts.append(account)

    return take


def _members(line: Line, text: str) -> None:
    for part in _several(line, text.upper(), MEMBER, "is no Slack member id"):
        team, _, member = part.rpartition("/")
        if (account := Account("slack", uid=member, realm=team)) not in line.accounts:
            line.accounts.append(account)


def _tags(line: Line, text: str) -> None:
    for part in re.split(r"[,;]", text):
        tag = " ".join(part.split())[:LONGEST_TRAIT]
        if tag and tag not in line.tags and len(line.tags) < MOST_TAGS:
            line.tags.append(tag)


def _level(line: Line, text: str) -> None:
    line.level = text[:LONGEST_TRAIT]


def _seen(line: Line, text: str) -> None:
    if (day := _day(text)) is None:
        line.problems.append(f"{short(text)} is no day such as 2024-05-31")
    line.seen = day


def _day(text: str) -> date | None:
    """A day in one of the ways that mean one day only."""
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        pass
    for form in DAYS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    return None


def _name(line: Line, text: str) -> None:
    line.name = " ".join(text.split())[:250]


def _champion(line: Line, text: str) -> None:
    line.champion = "" if text.lower() in ("no", "false", "0") else text[:250]


def _note(line: Line, text: str) -> None:
    line.note = text[:5_000]


TAKERS: dict[str, Callable[[Line, str], None]] = {
    "name": _name,
    "email": _emails,
    "github": _account("github", LOGIN, "is no GitHub login"),
    "slack": _members,
    "twitter": _account("twitter", TWITTER, "is no Twitter handle"),
    "linkedin": _account("linkedin", LINKEDIN, "is no LinkedIn profile"),
    "discord": _account("discord", DISCORD, "is no Discord name"),
    "tags": _tags,
    "level": _level,
    "seen": _seen,
    "timezone": _zone,
    "champion": _champion,
    "note": _note,
}


def _several(
    line: Line,
    text: str,
    shape: re.Pattern[str],
    wrong: str,
    before: re.Pattern[str] | None = None,
) -> list[str]:
    """The parts of a cell that have the shape; the others are problems of the line."""
    found: list[str] = []
    for part in re.split(r"[\s,;]+", text):
        bare = part.strip("<>\"'")
        if before is not None:
            bare = before.sub("", bare).strip("@/")
        if not bare:
            continue
        if len(bare) > 250 or not shape.match(bare):
            line.problems.append(f"{short(bare)} {wrong}")
        else:
            found.append(bare)
    return found
