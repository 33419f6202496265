"""People found as somebody types: beginnings of names, handles and addresses; typos tolerated."""

from django.db import connection
from django.db.models import Q, QuerySet

from inbox.accounts.models import User
from inbox.people import proposing
from inbox.people.keys import words_of
from inbox.people.models import Contact, Identity, IdentityKey
from inbox.search.vocabulary import distance
from inbox.tickets import queries

MOST_WORDS, MOST_NEAR = 5, 2_000
SHORTEST_TYPO = 4


def narrowed(
    rows: QuerySet[Contact], user: User, show: str, text: str
) -> tuple[QuerySet[Contact], dict[str, str]]:
    """Those of a filter and of what was typed, and what misspelt words were read as."""
    if show == "champions":
        rows = rows.filter(champion=True)
    elif show == "team":
        rows = rows.filter(pk__in=Identity.objects.filter(user__isnull=False).values("contact"))
    elif show == "open":
        live = queries.live(queries.visible_to(user))
        rows = rows.filter(pk__in=live.values("asker__contact"))
    elif show == "same":
        waiting = proposing.waiting()
        one, other = waiting.values("one__contact"), waiting.values("other__contact")
        rows = rows.filter(Q(pk__in=one) | Q(pk__in=other))
    return find_people(rows, text, user) if text else (rows, {})


def find_people(
    people: QuerySet[Contact], text: str, user: User
) -> tuple[QuerySet[Contact], dict[str, str]]:
    """Those of `people` who are meant, and what misspelt words were read as.

    Who sees no addresses finds nobody by them either.
    """
    whole = text.strip().lower().removeprefix("@")
    if "@" in whole:
        kinds, words = (["address"], [whole]) if user.sees_addresses else ([], [])
    else:
        kinds = ["word", "part"] if user.sees_addresses else ["word"]
        words = words_of(whole)[:MOST_WORDS]
    if not words:
        return people.none(), {}
    found = people
    for word in words:
        found = found.filter(_named(_begins("value", word, kinds), word, user))
    if "@" in whole or found.exists():
        return found, {}
    return _misspelt(people, words, kinds, user)


def _misspelt(
    people: QuerySet[Contact], words: list[str], kinds: list[str], user: User
) -> tuple[QuerySet[Contact], dict[str, str]]:
    found, meant = people, {}
    for word in words:
        keys = _begins("value", word, kinds)
        if not IdentityKey.objects.filter(keys).exists() and (near := _near(word)):
            meant[word] = near[0]
            keys |= Q(kind="word", value__in=near)
        found = found.filter(_named(keys, word, user))
    return (found, meant) if meant else (people.none(), {})


def _named(keys: Q, word: str, user: User) -> Q:
    """By their keys; whoever came a moment ago has none yet."""
    by_key = IdentityKey.objects.filter(keys).values("identity__contact")
    fresh = Q(name__icontains=word) | Q(handle__icontains=word)
    if user.sees_addresses:
        fresh |= Q(external_id__icontains=word) | Q(email__icontains=word)
    unlooked = Identity.objects.filter(fresh, looked_at=None)
    if not user.sees_addresses:
        unlooked = unlooked.exclude(Q(name__contains="@") | Q(handle__contains="@"))
    return Q(pk__in=by_key) | Q(pk__in=unlooked.values("contact"))


def _begins(column: str, text: str, kinds: list[str]) -> Q:
    """A beginning, as this database can look it up in its index."""
    if connection.vendor == "sqlite":
        return Q(kind__in=kinds, **{f"{column}__gte": text, f"{column}__lt": f"{text}\U0010ffff"})
    return Q(kind__in=kinds, **{f"{column}__startswith": text})


def _near(word: str) -> list[str]:
    """Known words one slip away, two in a long one; one of their halves is written right."""
    if len(word) < SHORTEST_TYPO:
        return []
    half, reach = len(word) // 2, 2 if len(word) >= 8 else 1
    either = _begins("value", word[:half], ["word"]) | _begins(
        "backwards", word[::-1][:half], ["word"]
    )
    values = IdentityKey.objects.filter(either).values_list("value", flat=True).distinct()
    ranked = [
        (slips, value) for value in values[:MOST_NEAR] if (slips := distance(word, value)) <= reach
    ]
    return [value for _, value in sorted(ranked)[:8]]
