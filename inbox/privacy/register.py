"""What becomes of each table when a person goes, by name; a table that is not named is guessed.

A row hangs on a person by its foreign keys: to the contact, an identity, a ticket that they asked,
a message that concerns them, their chat. Of such a row every column of words is emptied, unless it
is named here as ours. A table without such a key has to be named: the tests say so.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.admin.models import LogEntry
from django.db.models import Field, ForeignKey, Model, Q

from inbox.livechat.models import Conversation, Visitor
from inbox.people.models import Contact, Identity
from inbox.privacy.columns import empty, words_in
from inbox.privacy.masking import bare
from inbox.privacy.person import ERASED, Person
from inbox.tickets.models import Attachment, Message, Thread, Ticket
from inbox.webhooks.models import WebhookEvent

GONE = "(erased)"  # where something has to stand
Row = Any  # a row of whichever table

# tables in which nothing of a person from outside stands
STAFF = "of the team's own accounts"
RULES = "configuration"
FIGURES = "figures without names"
KEPT: Mapping[str, str] = {
    "account.emailaddress": STAFF,
    "account.emailconfirmation": STAFF,
    "auth.group": STAFF,
    "auth.permission": STAFF,
    "contenttypes.contenttype": "names of tables",
    "sessions.session": f"{STAFF}; ends by itself",
    "mfa.authenticator": STAFF,
    "socialaccount.socialaccount": STAFF,
    "socialaccount.socialtoken": STAFF,
    "usersessions.usersession": STAFF,
    "inbox.user": STAFF,
    "inbox.invite": STAFF,
    "inbox.team": STAFF,
    "inbox.apitoken": STAFF,
    "inbox.absence": STAFF,
    "inbox.override": STAFF,
    "inbox.rostershift": STAFF,
    "inbox.swaprequest": STAFF,
    "inbox.auditentry": "what the team did; people from outside are numbers in it",
    "inbox.rotation": RULES,
    "inbox.calendar": RULES,
    "inbox.calendarversion": RULES,
    "inbox.category": RULES,
    "inbox.channel": RULES,
    "inbox.configversion": RULES,
    "inbox.followup": RULES,
    "inbox.macro": RULES,
    "inbox.mirrortarget": RULES,
    "inbox.playbook": RULES,
    "inbox.policy": RULES,
    "inbox.rule": RULES,
    "inbox.series": RULES,
    "inbox.setting": RULES,
    "inbox.signingkey": RULES,
    "inbox.signinprovider": RULES,
    "socialaccount.socialapp": RULES,
    "inbox.webhook": RULES,
    "inbox.source": RULES,
    "inbox.sourcegroup": RULES,
    "inbox.tag": RULES,
    "inbox.latenote": "keys of conversations; it goes with its delivery",
    "inbox.closing": "public numbers of issues",
    "inbox.directorynote": "numbers at a directory; they go once the note is gone there",
    "inbox.release": "public releases",
    "inbox.reportsum": FIGURES,
    "inbox.importrun": FIGURES,
    "inbox.importproblem": "numbers of tickets at another desk, and what is wrong with them",
    "inbox.ticketcount": FIGURES,
    "inbox.erasure": FIGURES,
    "inbox.personjob": FIGURES,
    "inbox.retentionrun": FIGURES,
    "inbox.tombstone": "digests under our key, so that what is erased never comes back",
}
# tables that a step of their own looks after
OWN_STEP = frozenset(
    """inbox.message inbox.attachment inbox.delivery inbox.outgoing inbox.searchdoc inbox.word
    inbox.spelling inbox.fingerprint inbox.spike inbox.occurrence inbox.contact inbox.identity
    inbox.digest inbox.handover inbox.apianswer inbox.lookup inbox.item inbox.draft inbox.block
    inbox.peopleimporttext inbox.peopleimportrow inbox.savedview inbox.webhookevent
    inbox.webhookattempt inbox.event inbox.eventticket inbox.run inbox.runstep
    inbox.runentry""".split()
)
# the team's own words, in which only an address of theirs is masked
MENTIONS = frozenset({"inbox.bulkrun", "inbox.peopleexport", "inbox.peopleimport"})
# rows that say nothing without the person
GOES = frozenset(
    """admin.logentry inbox.activity inbox.automaticmail inbox.championship
    inbox.contactnote inbox.deed inbox.engagement inbox.fetch inbox.identitykey
    inbox.interview inbox.nomination inbox.notice inbox.proposal inbox.quote inbox.reaction
    inbox.secret inbox.trait inbox.visitortoken""".split()
)
# columns of words that are the product's own, or a number in words
OURS: Mapping[str, frozenset[str]] = {
    "inbox.clock": frozenset({"policy_key", "answered_by"}),
    "inbox.delayedaction": frozenset({"feature", "episode", "why"}),
    "inbox.eventticket": frozenset({"url"}),
    "inbox.message": frozenset({"realm", "version"}),
    "inbox.mirrorcard": frozenset({"place", "shown"}),
    "inbox.personevent": frozenset({"actor_label"}),
    "inbox.referral": frozenset({"area"}),
    "inbox.reportfact": frozenset({"category"}),
    "inbox.run": frozenset({"definition", "once", "roles"}),
    "inbox.thread": frozenset({"realm", "moved_from", "labels", "assignee_key"}),
    "inbox.ticket": frozenset({"category", "policy_reason", "state_seconds"}),
    "inbox.ticketevent": frozenset({"rule_key"}),
    "inbox.webhookevent": frozenset({"message_id"}),
}


def _filled(row: Row, name: str) -> str:
    """The database wants a reason where one was given."""
    return GONE if getattr(row, name) else ""


def _pauses(row: Row, person: Person) -> list[list[Any]]:
    return [[begin, end, ""] for begin, end, *_ in row.pauses]


def _label(row: Row, person: Person) -> str:
    return person.pseudonym if row.actor_kind == "contact" else str(row.actor_label)


def _data(row: Row, person: Person) -> dict[str, Any]:
    """Words of events go; what figures are made of stays."""
    found: dict[str, Any] = bare(row.data)
    if row.kind != "subject":
        moved = {name: row.data[name] for name in ("from", "to") if name in row.data}
        found |= moved
    return found


def _before(row: Row, person: Person) -> dict[str, Any]:
    """Ids stay, so that what was merged can still be parted; a former name does not."""
    found: dict[str, Any] = bare(row.data)
    return found | ({"before": person.pseudonym} if "before" in row.data else {})


def _thread_key(row: Row, person: Person) -> str:
    # others go on in a forum's thread, so its key stays
    return str(row.thread_key) if is_forum(row) else f"{ERASED}{row.pk}"


def _url(row: Row, person: Person) -> str:
    return str(row.url) if row.item_id else f"https://erased.invalid/{row.pk}"


# columns that are filled otherwise than with nothing
INSTEAD: Mapping[str, Mapping[str, Callable[[Row, Person], Any]]] = {
    "inbox.clock": {"pauses": _pauses},
    "inbox.conversation": {"key": lambda row, person: f"{ERASED}{row.pk}"},
    "inbox.link": {"url": _url},
    "inbox.personevent": {"data": _before},
    "inbox.thread": {"thread_key": _thread_key},
    "inbox.ticket": {
        "subject": lambda row, person: GONE,
        "hold_reason": lambda row, person: _filled(row, "hold_reason"),
        "resolution_note": lambda row, person: _filled(row, "resolution_note"),
    },
    "inbox.ticketevent": {"data": _data, "actor_label": _label},
    "inbox.ruletrace": {"steps": lambda row, person: [bare(step) for step in row.steps]},
    "inbox.visitor": {"external_key": lambda row, person: f"{ERASED}{row.pk}"},
}


def is_forum(thread: Thread) -> bool:
    """Whether the conversation is a public one, in which others go on."""
    return "forum" in thread.channel.type.capabilities


def whose(model: type[Model], person: Person) -> Q | None:
    """Which rows of a table hang on a person; None: there is no way from one to the other."""
    if model is Visitor:
        return Q(pk__in=person.visitors())
    if model is Thread:
        return Q(pk__in=person.threads)
    if model is LogEntry:
        return _edited_by_hand(person)
    found = Q()
    for column in model._meta.concrete_fields:
        if isinstance(column, ForeignKey) and column.related_model is not model:
            found |= _by(column, person)
    return found or None


def _by(column: "Field[Any, Any]", person: Person) -> Q:
    ends: dict[Any, Callable[[], Any]] = {
        Contact: lambda: [part.pk for part in person.parts],
        Identity: lambda: [identity.pk for identity in person.identities],
        Ticket: lambda: person.asked,
        Message: lambda: Message.objects.filter(person.concerns()).values("pk"),
        Attachment: lambda: Attachment.objects.filter(
            message__in=Message.objects.filter(person.concerns()).values("pk")
        ).values("pk"),
        Visitor: lambda: person.visitors().values("pk"),
        Conversation: lambda: Conversation.objects.filter(
            visitor__in=person.visitors().values("pk")
        ).values("pk"),
        WebhookEvent: lambda: WebhookEvent.objects.filter(ticket__in=person.asked).values("pk"),
    }
    end = ends.get(column.related_model)
    return Q(**{f"{column.name}__in": end()}) if end else Q()


def _edited_by_hand(person: Person) -> Q:
    """The admin's own log repeats how rows are called."""
    parts = [f"{part.pk}" for part in person.parts]
    rows = Q(content_type__model="contact", object_id__in=parts)
    keys = [f"{identity.pk}" for identity in person.identities]
    numbers = [f"{number}" for number in person.asked]
    rows |= Q(content_type__model="identity", object_id__in=keys)
    return rows | Q(content_type__model="ticket", object_id__in=numbers)


def emptied(row: Model, person: Person) -> dict[str, Any]:
    """What stands in a row's columns of words afterwards."""
    name = row._meta.label_lower
    instead, ours = INSTEAD.get(name, {}), OURS.get(name, frozenset())
    return {
        column.name: instead[column.name](row, person) if column.name in instead else empty(column)
        for column in words_in(type(row))
        if column.name not in ours
    }


def is_named(model: type[Model]) -> bool:
    """Whether somebody has said what becomes of a table."""
    name = model._meta.label_lower
    return name in KEPT or name in OWN_STEP or name in GOES or name in MENTIONS
