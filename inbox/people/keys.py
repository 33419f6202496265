"""What an identity is found and compared by. Pure: letters in, letters out."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

WORD = re.compile(r"[^\W_]+")
NOREPLY = re.compile(r"^(?:\d+\+)?([a-z0-9-]+)@users\.noreply\.github\.com$")
LONGEST, SHORTEST_HANDLE = 120, 4
# what stands before the @ of many: it says nothing about who writes
ROLES = frozenset(
    "admin bot contact dev devrel engineering hello help hi hr info it jobs mail marketing me news "
    "newsletter no noreply office ops postmaster root sales security service support team test "
    "user web webmaster".split()
)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What is known of one identity, as far as comparing needs it."""

    pk: int
    contact: int
    kind: str
    name: str
    handle: str
    external_id: str
    addresses: frozenset[str]  # all that it names
    proven: frozenset[str]  # those of them that somebody proved
    zone: str = ""
    user: int | None = None
    vouched: frozenset[str] = frozenset()  # its vendor's profile names them, for a full member


def folded(text: str) -> str:
    """Small letters without accents; other scripts keep their letters."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def words_of(*texts: str) -> list[str]:
    """The folded words of some texts, each once, in their order."""
    found = [word[:LONGEST] for text in texts for word in WORD.findall(folded(text))]
    return list(dict.fromkeys(word for word in found if word))


def local_part(address: str) -> str:
    """What stands before the @, without a plus-part; "" where it names no person."""
    local = address.partition("@")[0].partition("+")[0]
    bare = re.sub(r"[._-]", "", local)
    return "" if bare in ROLES or len(bare) < SHORTEST_HANDLE else bare


def handles_of(one: Known) -> set[str]:
    """The handle and the local parts of its addresses, folded, without dots and dashes."""
    handle = re.sub(r"[._-]", "", folded(one.handle.lstrip("@").partition("@")[0]))
    found = {handle} if len(handle) >= SHORTEST_HANDLE and handle not in ROLES else set()
    return found | {part for a in one.addresses if (part := local_part(a))} | noreplies(one)


def noreplies(one: Known) -> set[str]:
    """GitHub logins that its addresses spell out (`1234+login@users.noreply.github.com`)."""
    hits = (NOREPLY.match(address) for address in one.addresses)
    return {hit[1].replace("-", "") for hit in hits if hit}


def full_name(one: Known) -> str:
    """The name in any order of its words; "" unless there are two of them."""
    words = words_of("" if "@" in one.name else one.name)
    return " ".join(sorted(words)) if len(words) >= 2 else ""


def keys_of(one: Known, contact_name: str) -> set[tuple[str, str]]:
    """(kind, value) of everything the identity is found or compared by."""
    named = [text for text in (contact_name, one.name, one.handle) if "@" not in text]
    found = {("word", word) for word in words_of(*named)}
    found |= {("part", word) for word in words_of(one.external_id, *one.addresses)}
    found |= {("address", address[:LONGEST]) for address in one.addresses}
    found |= {("handle", handle[:LONGEST]) for handle in handles_of(one)}
    found |= {("name", name[:LONGEST]) for name in [full_name(one)] if name}
    return found


# ------------------------------------------------------------------ how alike two are

# what speaks for one person, and how sure it makes us by itself, in per cent
WEIGHTS = {
    "proven": 96,  # one address, proven on both sides
    "profile": 85,  # the profile of a full member names the other's address
    "noreply": 85,  # GitHub's own address for the account
    "address": 60,  # both name it, nobody proved it
    "list": 58,  # one entry of a list names both
    "login": 55,  # the same handle in two systems
    "teammate": 45,  # a list calls them one of the team, under an account's address
    "local": 40,  # a handle like what stands before the @
    "name": 38,  # the same full name
    "twin": 25,  # two addresses with the same beginning: too little alone
    "zone": 10,
}
TOLD = ("list", "teammate")  # nothing in the identities shows it
LEAST = 35
WORDS = ((90, "Almost certain"), (70, "Very likely"), (45, "Likely"), (0, "Perhaps"))


def reasons(one: Known, other: Known) -> list[tuple[str, str]]:
    """(code, value) of everything that speaks for one person, the strongest first."""
    found = [*_address_reasons(one, other), *_handle_reasons(one, other)]
    name = full_name(one)
    if name and name == full_name(other):
        found.append(("name", one.name))
    if found and one.zone and one.zone == other.zone:
        found.append(("zone", one.zone))
    return sorted(found, key=lambda reason: -WEIGHTS[reason[0]])


def _address_reasons(one: Known, other: Known) -> Iterable[tuple[str, str]]:
    for address in sorted(one.addresses & other.addresses):
        if address in one.proven and address in other.proven:
            yield "proven", address
        elif address in one.vouched | other.vouched:
            yield "profile", address
        else:
            yield "address", address
    for here, there in ((one, other), (other, one)):
        login = re.sub(r"[._-]", "", folded(there.handle))
        if there.kind == "github" and login and login in noreplies(here):
            yield "noreply", there.handle


def _handle_reasons(one: Known, other: Known) -> Iterable[tuple[str, str]]:
    common = handles_of(one) & handles_of(other)
    if not common or one.addresses & other.addresses:
        return
    value = max(common, key=len)
    if one.kind == other.kind == "email":
        yield "twin", value
    elif one.handle and other.handle and "email" not in (one.kind, other.kind):
        yield "login", value
    else:
        yield "local", value


def score(found: Iterable[tuple[str, str]]) -> int:
    """How sure the reasons make us together, in per cent."""
    doubt = 1.0
    for code in {code for code, _ in found}:
        doubt *= 1 - WEIGHTS[code] / 100
    return round(100 * (1 - doubt))


def sureness(per_cent: int) -> str:
    """The score as people say it."""
    return next(words for least, words in WORDS if per_cent >= least)
