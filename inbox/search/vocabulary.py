"""The words that are known: how rare each is, what begins with it, what was meant by a typo.

Learned behind the writes by one batch at a time, so counts are a minute old and nobody waits for
a row that everybody counts up. A word is shown to people only as a whole word of its own.
"""

from collections import Counter
from collections.abc import Iterable

from django.db import connection
from django.db.models import Sum

from inbox.search.models import SearchDoc, Spelling, Word
from inbox.search.words import STOP, surfaces

AT_ONCE = 400
SHORTEST, LONGEST = 4, 24
MOST_BEGINNINGS = 8
SURE_AFTER = 2  # a word seen once may be a typo itself


def learn(texts: Iterable[str | None]) -> None:
    """Count the words of some documents. Under the index's lock."""
    counted: Counter[str] = Counter()
    roots: dict[str, str] = {}
    for text in texts:
        found = surfaces(text or "")
        roots.update(found)
        counted.update(found.keys())
    known = set(Word.objects.filter(word__in=list(counted)).values_list("word", flat=True))
    _count(sorted(counted.items()), roots)
    _spell([word for word in counted if word not in known and word not in STOP])


def _count(counted: list[tuple[str, int]], roots: dict[str, str]) -> None:
    for start in range(0, len(counted), AT_ONCE):
        part = counted[start : start + AT_ONCE]
        marks = ", ".join(["(%s, %s, %s)"] * len(part))
        values = [value for word, n in part for value in (word, roots[word][:32], n)]
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO inbox_word (word, stem, n) VALUES {marks}"  # noqa: S608 - marks only
                " ON CONFLICT (word) DO UPDATE SET n = inbox_word.n + excluded.n",
                values,
            )


def _spell(words: list[str]) -> None:
    found = [
        Spelling(key=key, word=word)
        for word in words
        if SHORTEST <= len(word) <= LONGEST and word.isalpha()
        for key in keys_of(word)
    ]
    Spelling.objects.bulk_create(found, batch_size=AT_ONCE, ignore_conflicts=True)


def keys_of(word: str) -> set[str]:
    """The word, and the word without each of its letters."""
    return {word} | {word[:n] + word[n + 1 :] for n in range(len(word))}


def size() -> int:
    """About how many documents there are."""
    return SearchDoc.objects.order_by("-pk").values_list("pk", flat=True).first() or 1


def frequencies(roots: Iterable[str]) -> dict[str, int]:
    """In about how many documents each stem stands; one that is not known is left out."""
    found = Word.objects.filter(stem__in=list(roots)).values("stem").annotate(total=Sum("n"))
    return {row["stem"]: row["total"] for row in found.order_by()}


def beginning_with(start: str) -> list[str]:
    """The stems of the most frequent words that begin so."""
    found = Word.objects.filter(word__startswith=start, n__gte=SURE_AFTER).order_by("-n")
    return list(dict.fromkeys(found.values_list("stem", flat=True)[:MOST_BEGINNINGS]))


def nearest(word: str) -> str:
    """The known word that was probably meant: one slip away, two in a long word; else ""."""
    if not (SHORTEST <= len(word) <= LONGEST and word.isalpha()):
        return ""
    near = Spelling.objects.filter(key__in=keys_of(word)).exclude(word=word)
    candidates = Word.objects.filter(word__in=near.values("word"), n__gte=SURE_AFTER)
    reach = 2 if len(word) >= 8 else 1
    ranked = [
        (slips, -row.n, row.word)
        for row in candidates.order_by("-n")[:50]
        if (slips := distance(word, row.word)) <= reach
    ]
    return min(ranked)[2] if ranked else ""


def distance(one: str, other: str) -> int:
    """Letters left out, put in, exchanged, or two neighbours swapped: how many slips apart."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for n, letter in enumerate(one, 1):
        line = [n]
        for m, facing in enumerate(other, 1):
            cost = min(last[m] + 1, line[m - 1] + 1, last[m - 1] + (letter != facing))
            if n > 1 and m > 1 and letter == other[m - 2] and one[n - 2] == facing:
                cost = min(cost, before[m - 2] + 1)
            line.append(cost)
        before, last = last, line
    return last[-1]
