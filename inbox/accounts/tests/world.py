"""A desk with one of everything, three times: for all, for another team, for one's own team."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.test import Client
from django.utils import timezone

from inbox import pipeline
from inbox.accounts import invites
from inbox.accounts.models import ApiToken, Invite, Role, Team, User
from inbox.bulk.models import BulkRun
from inbox.channels import directory
from inbox.channels.contract import InboundFile
from inbox.channels.models import Channel, Delivery
from inbox.common.work import Actor
from inbox.community import interviews, nominating, quotes, referring
from inbox.community.models import LiveTopic, Nomination, Referral
from inbox.community.records import Interview, Quote
from inbox.followups.models import Handover, PromiseOffer
from inbox.guard import services as guard
from inbox.guard.models import Block, Secret
from inbox.loop.models import Item, LoopNotice
from inbox.macros.models import Macro, SeenBy
from inbox.oncall.models import Rotation
from inbox.operations.connecting import connect
from inbox.outbox.models import Outgoing
from inbox.people import standing, taking
from inbox.people.models import Contact, Identity, PeopleImport, PersonEvent
from inbox.playbooks.models import Event, Playbook, Run, Series
from inbox.playbooks.services import start
from inbox.routing.models import Rule
from inbox.saved.models import SavedView, SharedWith
from inbox.tickets import drafts, files, kinds
from inbox.tickets import services as tickets
from inbox.tickets.models import Attachment, Message, Ticket, TicketEvent
from inbox.webhooks.models import Webhook
from rig import desk

ROLES = ("admin", "agent", "light", "viewer")
ALL, THEIRS, OURS = "all", "theirs", "ours"  # who may see a ticket, or what hangs on it
MAIL = "From: mira@example.org\r\nTo: support@example.com\r\nSubject: Hi\r\n\r\nHello\r\n"


@dataclass(kw_only=True)
class Things:
    """A ticket and what hangs on it."""

    ticket: Ticket
    message: Message
    file: Attachment
    asker: Identity
    outgoing: Outgoing
    notice: LoopNotice
    decision: TicketEvent
    offer: PromiseOffer
    error: str
    step: PersonEvent
    secret: Secret
    nomination: Nomination
    referral: Referral
    topic: LiveTopic
    quote: Quote
    interview: Interview


@dataclass(kw_only=True)
class Own:
    """What an account has for itself."""

    token: ApiToken
    run: BulkRun
    connected: SocialAccount


@dataclass(kw_only=True)
class World:
    """Accounts, what they may see, and how they ask."""

    users: dict[str, User]
    things: dict[str, Things]
    channel: Channel
    portal: Channel
    delivery: Delivery
    rule: Rule
    handover: Handover
    macros: dict[str, Macro]
    views: dict[str, SavedView]
    files: dict[str, Attachment]
    webhook: Webhook
    invite: Invite
    block: Block
    listing: PeopleImport
    runs: dict[str, Run]
    event: Event
    own: dict[str, Own] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    tokens: dict[str, Client] = field(default_factory=dict)

    def sees(self, who: str, scope: str) -> bool:
        """Whether an account sees what is for these."""
        if who == "insider":
            return scope != OURS
        return who == "admin" or scope != THEIRS


def build(canary: str = "") -> World:
    """Everything, made by the product's own verbs. `canary`: stands in all words of `theirs`."""
    security = Team.objects.create(key="security", name="Security", restricted=True)
    own = Team.objects.create(key="partners", name="Partners", restricted=True)
    users = {name: desk.agent(name, role=name) for name in ROLES}
    users["insider"] = desk.agent("insider", role=Role.AGENT)
    users["gone"] = desk.agent("gone", role=Role.ADMIN)
    users["insider"].teams.add(security)
    for name in ("agent", "light", "viewer"):
        users[name].teams.add(own)
    mail = {"address": "support@example.com", "imap_url": "imaps://desk:pw@127.0.0.1:1/INBOX"}
    connect("email", "support", mail)
    connect("livechat", "docs", {"site_name": "Docs", "origins": "https://docs.example.com"})
    Channel.objects.create(kind="zendesk", key="old", active=False)
    channel = Channel.objects.get(kind="email")
    things = {
        ALL: _things(channel, users["admin"], "alpha", None),
        THEIRS: _things(channel, users["admin"], canary or "beta", security),
        OURS: _things(channel, users["admin"], "gamma", own),
    }
    world = World(
        users=users,
        things=things,
        channel=channel,
        portal=_portal(),
        delivery=_delivery(channel),
        rule=Rule.objects.create(
            key="r",
            label="R",
            condition={"subject": {"words": ["zz"]}},
            actions=[{"category": "ZZ"}],
            trigger="message",
        ),
        handover=_handover(things),
        macros=_macros(users, security),
        views=_views(users),
        files={
            "agent": _file(things[ALL].ticket, users["agent"]),
            "light": _file(things[OURS].ticket, users["light"]),
            "insider": _file(things[THEIRS].ticket, users["insider"]),
        },
        **_managed(users["admin"]),
        **_playbooks(things),
    )
    _doors(world)
    return world


def _things(channel: Channel, by: User, word: str, team: Team | None) -> Things:
    now = timezone.now()
    who = desk.asker(f"{word}-asker")
    row = desk.ticket(at=now - timedelta(hours=3), channel=channel, who=who)
    desk.act(tickets.set_subject, row, f"{word} subject", at=now)
    if team is not None:
        desk.act(tickets.restrict, row, team, at=now)
    name = InboundFile(
        filename=f"{word}.txt",
        content=f"{word} file of {who.external_id}".encode(),
        content_type="text/plain",
    )
    text = f"{word} body\n{word.capitalize()}Error: broken at line 7"
    message = desk.writes(
        row, who, at=now, new_text=text, body_text=text, body_html=f"<p>{word}</p>",
        sender_key=who.external_id, files=[files.keep(name)],
    )  # fmt: skip
    with pipeline.change(Actor.user(by)):
        mine = tickets.lock(row.pk)
        tickets.add_tags(mine, [f"{word}-tag"])
        answer = tickets.reply(mine, body=f"{word} answer", user=by, then="none")
        tickets.record(
            tickets.lock(row.pk), kinds.DECIDED, outcome="sprint", words=f"{word} decision",
            added=[], removed=[], why="", told=None,
        )  # fmt: skip
    row.refresh_from_db()
    outgoing = Outgoing.objects.get(message=answer)
    return Things(
        ticket=row,
        message=message,
        file=message.attachments.get(),
        asker=who,
        outgoing=outgoing,
        notice=_notice(row, who, outgoing, word),
        decision=row.events.get(kind=kinds.DECIDED),
        offer=PromiseOffer.objects.create(
            ticket=row, message=answer, words=f"{word} soon", due_at=now + timedelta(days=1)
        ),
        step=desk.act(standing.add_note, who.contact, f"{word} note"),
        secret=Secret.objects.create(
            ticket=row,
            message=message,
            kind="github_token",
            place="text",
            fingerprint="f" * 32,
            original="sesame",
            found_at=now,
            expires_at=now,
        ),
        nomination=_nomination(who, word),
        referral=desk.act(referring.refer, row, why=f"{word} reason", area=f"{word} area"),
        topic=desk.act(referring.talk_about, row, topic=f"{word} topic"),
        quote=_quote(row, message, word),
        interview=desk.act(
            interviews.invite, row, body=f"{word} invitation", about=f"{word} talk", user=by, at=now
        ),
        error=str(row.occurrences.values_list("fingerprint__key", flat=True).first() or ""),
    )


def _nomination(who: Identity, word: str) -> Nomination:
    desk.act(nominating.nominate, who.contact, reason=f"{word} helps")
    return who.contact.nominations.get()


def _portal() -> Channel:
    """A directory at which nobody answers."""
    settings = {"api_url": "http://127.0.0.1:1"}
    made = Channel.objects.create(kind="hubspot", key="crm", settings=settings)
    directory.forget()
    return made


def _quote(row: Ticket, message: Message, word: str) -> Quote:
    """Allowed with a name, so that every page shows as much of it as there is."""
    kept: Quote = desk.act(quotes.keep, row, message=message, words=f"{word} body")
    desk.act(quotes.answer, kept, state="attributed", words=f"{word} said so", credit=f"{word} Inc")
    return kept


def _notice(row: Ticket, who: Identity, about: Outgoing, word: str) -> LoopNotice:
    draft = Outgoing.objects.create(
        ticket=row, thread=about.thread, channel=row.channel, kind="notice", state="held",
        payload={"text": f"{word} is out", "to": [who.external_id]}, held_reason="approval",
        idempotency_key=f"draft:{row.pk}", not_before=row.created_at, created_at=row.created_at,
    )  # fmt: skip
    item = Item.objects.create(
        channel=row.channel, kind="issue", place="example/core", number=row.pk, title=f"{word} item",
        url=f"https://example.com/{row.pk}", key=f"{word}-item",
    )  # fmt: skip
    return LoopNotice.objects.create(
        item=item, ticket=row, contact=who.contact, channel=row.channel, outgoing=draft,
        created_at=row.created_at,
    )  # fmt: skip


def _delivery(channel: Channel) -> Delivery:
    return Delivery.objects.create(
        channel=channel, dedupe_key="d1", body=MAIL.encode(), state="failed", error="odd",
        received_at=timezone.now(),
    )  # fmt: skip


def _handover(things: dict[str, Things]) -> Handover:
    now = timezone.now()
    rotation = Rotation.objects.create(key="daily", starts_on=now.date())
    open_ = [
        {"number": one.ticket.pk, "subject": one.ticket.subject, "why": ""}
        for one in things.values()
    ]
    return Handover.objects.create(
        rotation=rotation, shift_at=now, made_at=now, sheet={"open": open_}
    )


def _macros(users: dict[str, User], security: Team) -> dict[str, Macro]:
    made = {
        name: Macro(key=f"of-{name}", name=f"of {name}", seen_by=SeenBy.OWNER, owner=users[name])
        for name in ("admin", "agent", "insider")
    }
    made["shared"] = Macro(key="shared", name="shared", seen_by=SeenBy.EVERYBODY)
    made["security"] = Macro(
        key="of-security", name="of security", seen_by=SeenBy.TEAM, team=security
    )
    for macro in made.values():
        macro.text, macro.enabled = "Hello", True
        macro.save()
    return made


def _views(users: dict[str, User]) -> dict[str, SavedView]:
    """Everybody's under no name, and one that only its owner finds."""
    made = {"": users["agent"], "agent": users["agent"], "viewer": users["viewer"]}
    return {
        name: SavedView.objects.create(
            name=f"view of {name}",
            query="q=subject",
            owner=user,
            shared_with=SharedWith.OWNER if name else SharedWith.EVERYBODY,
        )
        for name, user in made.items()
    }


def _file(row: Ticket, user: User) -> Attachment:
    file = files.keep(InboundFile(filename="a.txt", content=b"words", content_type="text/plain"))
    return desk.act(drafts.attach, row, user, file)


def _managed(admin: User) -> dict[str, Any]:
    """What administrators look after, and a list of people."""
    return {
        "webhook": Webhook.objects.create(
            label="Hook", url="https://example.com/hook", events=["ticket.opened"]
        ),
        "invite": desk.act(invites.make, "new@example.com", role="agent", teams=[], by=admin)[0],
        "block": desk.act(guard.block, "domain", "spam.example.com", by=admin),
        "listing": desk.act(taking.begin, filename="a.csv", content=b"Name\nUma\n"),
    }


def _playbooks(things: dict[str, Things]) -> dict[str, Any]:
    """A run for each ticket, and an event."""
    now = timezone.now()
    data = {"key": "drill", "name": "Drill", "roles": ["host"],
            "steps": [{"key": "first", "title": "First"}]}  # fmt: skip
    book = Playbook.objects.create(key="drill", name="Drill", definition=data)
    begin = {"playbook": book, "anchor_at": now, "roles": {}, "values": {}}
    Series.objects.create(key="hours", name="Hours")
    return {
        "runs": {
            scope: desk.act(start, **begin, ticket=one.ticket, title=f"{scope} run", at=now)
            for scope, one in things.items()
        },
        "event": Event.objects.create(
            title="Office hours", starts_at=now, ends_at=now + timedelta(hours=1)
        ),
    }


def _doors(world: World) -> None:
    for name, user in world.users.items():
        client, (token, text) = Client(), ApiToken.issue(user)
        run = BulkRun.objects.create(
            user=user, operation="close", said="Closed", state="done", created_at=timezone.now()
        )
        connected = SocialAccount.objects.create(user=user, provider="github", uid=name)
        world.own[name] = Own(token=token, run=run, connected=connected)
        client.force_login(user)
        world.clients[name] = client
        world.tokens[name] = Client(headers={"authorization": f"Bearer {text}"})
    User.objects.filter(username="gone").update(is_active=False)
    _, text = ApiToken.issue(world.users["admin"], label="revoked")
    ApiToken.objects.filter(label="revoked").update(revoked_at=timezone.now())
    world.tokens["revoked"] = Client(headers={"authorization": f"Bearer {text}"})
    world.clients["nobody"] = world.tokens["nobody"] = Client()


def contacts(world: World) -> dict[str, Contact]:
    """The people who asked."""
    return {scope: one.asker.contact for scope, one in world.things.items()}
