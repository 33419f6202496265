"""Questions like this one: what was answered before, and what was asked elsewhere these days."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import OuterRef, QuerySet, Subquery

from inbox.accounts.models import User
from inbox.common.config import setting
from inbox.search import filters, ranking, vocabulary
from inbox.search.ranking import Choice, Match, Wanted
from inbox.search.services import SYNONYM, alternatives, counted
from inbox.search.words import telling
from inbox.tickets import queries
from inbox.tickets.models import AuthorRole, Message, Status, Ticket, Visibility

MOST_WORDS = 12
READ_WORDS = 60
FIRST_MESSAGES = 3
SHOWN, LOOKED_AT = 5, 30
SOLVED, SAME_CATEGORY, SAME_PLACE = 1.3, 1.15, 1.05
# of what the question's own words would score: below it, the words are shared by chance
LEAST_LIKE, NEARLY_EQUAL = 0.3, 0.7
DAYS = timedelta(days=7)
LONGEST_ANSWER = 1500


@dataclass(frozen=True, kw_only=True)
class Like:
    """A ticket that is like another: how much, and the answer it got."""

    ticket: Ticket
    share: float
    answer: Message | None = None
    why: str = ""

    @property
    def quote(self) -> str:
        """The answer as it can be put into a reply: quoted, with where it was given."""
        if self.answer is None:
            return ""
        text = (self.answer.new_text or self.answer.body_text).strip()[:LONGEST_ANSWER]
        lines = [f"> {line}".rstrip() for line in text.splitlines()]
        return "\n".join([*lines, "", self.ticket.permalink] if self.ticket.permalink else lines)


@dataclass(frozen=True, kw_only=True)
class Alike:
    """Everything that is like one ticket."""

    solved: list[Like]
    elsewhere: list[Like]


def alike(user: User, ticket: Ticket) -> Alike:
    """Similar solved tickets, best first, and the same question in another channel.

    A restricted ticket is in neither list, whoever looks (S69).
    """
    rows = _others(user, ticket)
    wanted = _wanted(ticket)
    size = vocabulary.size()
    found = ranking.best(wanted, size=size, among=rows, is_narrow=False, need_all=False)
    whole = sum(one.choices[0].worth(size) for one in wanted) * (1 + ranking.TOGETHER)
    near = _near(rows, [m for m in found if m.words > 1][:LOOKED_AT], whole, ticket)
    solved = [like for like in near if _is_solved(like.ticket) and like.share >= LEAST_LIKE]
    return Alike(solved=_answered(solved[:SHOWN]), elsewhere=_elsewhere(rows, near, ticket))


def _others(user: User, ticket: Ticket) -> QuerySet[Ticket]:
    rows = queries.visible_to(user).filter(restricted_team=None).exclude(pk=ticket.pk)
    return rows.exclude(status__in=filters.GONE)


def _wanted(ticket: Ticket) -> list[Wanted]:
    """The rarest words of the question, with what may stand for them."""
    asked = ticket.messages.filter(deleted_at=None, visibility=Visibility.PUBLIC)
    theirs = asked.filter(role=AuthorRole.ASKER).order_by("sent_at", "pk")
    # in a chat the first line is often only a greeting
    said = theirs.values_list("new_text", flat=True)[:FIRST_MESSAGES]
    roots = telling("\n".join([ticket.subject, *said]), READ_WORDS)
    known = vocabulary.frequencies(roots)
    # a word that stands nowhere else finds nothing
    told = sorted((root for root in roots if root in known), key=lambda root: known[root])
    extra = tuple(setting("search_synonyms"))
    return counted(
        [
            [Choice((root,)), *(Choice(way, SYNONYM) for way in alternatives((root,), extra))]
            for root in told[:MOST_WORDS]
        ]
    )


def _near(rows: QuerySet[Ticket], matches: list[Match], whole: float, ticket: Ticket) -> list[Like]:
    """The tickets of the matches, those first that are solved and of the same kind."""
    known = rows.select_related(*queries.RELATED).in_bulk([match.number for match in matches])
    found = [
        (match.score * _boost(known[match.number], ticket), match)
        for match in matches
        if match.number in known
    ]
    found.sort(key=lambda pair: -pair[0])
    return [
        Like(ticket=known[match.number], share=match.score / whole if whole else 0)
        for _, match in found
    ]


def _boost(other: Ticket, ticket: Ticket) -> float:
    boost = SOLVED if _is_solved(other) else 1.0
    if other.category and other.category == ticket.category:
        boost *= SAME_CATEGORY
    return boost * SAME_PLACE if other.source_id == ticket.source_id else boost


def _is_solved(ticket: Ticket) -> bool:
    unanswered = ("no_reply", "duplicate", "spam")
    return ticket.status == Status.CLOSED and ticket.resolution not in unanswered


def _answered(found: list[Like]) -> list[Like]:
    """With the last answer that each got; what nobody answered is left out."""
    answers = Message.objects.filter(
        ticket=OuterRef("pk"),
        deleted_at=None,
        visibility=Visibility.PUBLIC,
        message_class="normal",
        role__in=[AuthorRole.TEAM, AuthorRole.COMMUNITY],
    ).order_by("-sent_at", "-pk")
    rows = Ticket.objects.filter(pk__in=[like.ticket.pk for like in found])
    last = dict(rows.values_list("pk", Subquery(answers.values("pk")[:1])))
    known = Message.objects.select_related("author").in_bulk([pk for pk in last.values() if pk])
    return [
        Like(ticket=like.ticket, share=like.share, answer=known[pk])
        for like in found
        if (pk := last.get(like.ticket.pk))
    ]


def _elsewhere(rows: QuerySet[Ticket], near: list[Like], ticket: Ticket) -> list[Like]:
    """The same person, or nearly the same words, in another channel within days."""
    since, until = ticket.created_at - DAYS, ticket.created_at + DAYS
    found: dict[int, Like] = {}
    if ticket.asker is not None:
        theirs = rows.filter(
            asker__contact=ticket.asker.contact_id, created_at__range=(since, until)
        ).exclude(channel=ticket.channel_id)
        for other in theirs.select_related(*queries.RELATED).order_by("-number")[:SHOWN]:
            found[other.pk] = Like(ticket=other, share=0, why="by the same person")
    for like in near:
        other = like.ticket
        if (
            like.share >= NEARLY_EQUAL
            and other.channel_id != ticket.channel_id
            and since <= other.created_at <= until
        ):
            found.setdefault(
                other.pk, Like(ticket=other, share=like.share, why="in nearly the same words")
            )
    return list(found.values())[:SHOWN]
