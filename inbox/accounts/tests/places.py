"""What stands at each address, for the role matrix: one place for each object and each verb."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from inbox.accounts.tests.world import ALL, OURS, THEIRS, World
from inbox.api.urls import PEOPLE_VERBS
from inbox.api.urls import QUOTE_VERBS as API_QUOTE_VERBS
from inbox.community.models import TopicState
from inbox.web.community import VERBS as NOMINATION_VERBS
from inbox.web.deadletters import DECISIONS
from inbox.web.drafts import VERBS as DRAFT_VERBS
from inbox.web.events import VERBS as EVENT_VERBS
from inbox.web.firstrun import VERBS as START_VERBS
from inbox.web.hooks import VERBS as HOOK_VERBS
from inbox.web.interviews import VERBS as INTERVIEW_VERBS
from inbox.web.loop import VERBS as LOOP_VERBS
from inbox.web.quotes import VERBS as QUOTE_VERBS
from inbox.web.runverbs import VERBS as RUN_VERBS
from inbox.web.series import VERBS as SERIES_VERBS
from inbox.web.streams import VERBS as STREAM_VERBS
from inbox.web.swapping import ACTS
from inbox.web.team import VERBS as TEAM_VERBS
from inbox.web.triage import VERBS as TRIAGE_VERBS
from inbox.web.verbs import VERBS
from inbox.web.views import ACTS as VIEW_VERBS


@dataclass(frozen=True, kw_only=True)
class Place:
    """An address with everything filled in, and who may see what stands there."""

    path: str
    sees: Callable[[World, str], bool] = lambda world, who: True
    verb: str = ""
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def mode(self) -> str:
        """A note or an answer."""
        return "note" if self.data.get("internal") else str(self.data.get("mode", ""))


def _only(name: str) -> Callable[[World, str], bool]:
    return lambda world, who: who == name


def scoped(scope: str) -> Callable[[World, str], bool]:
    return lambda world, who: world.sees(who, scope)


def places(world: World, route: str) -> list[Place]:
    """The places at a route: one for each object, and for each verb."""
    if "<" not in route:
        return [Place(path=f"/{route}", data=DATA.get(route, {}))]
    if route in OBJECTS:
        return OBJECTS[route](world)
    if "<int:number>" in route:
        return [
            Place(path=place.path.replace("<slug:verb>", verb), sees=place.sees, verb=verb,
                  data=data_for(world, scope, verb, mode) or DATA.get(route, {}))
            for scope in (ALL, THEIRS, OURS)
            for verb, mode in verbs_of(route)
            for place in [Place(path=numbered(world, route, scope), sees=scoped(scope))]
        ]  # fmt: skip
    raise AssertionError(f"write down in OBJECTS what stands at {route}")


def numbered(world: World, route: str, scope: str) -> str:
    return "/" + route.replace("<int:number>", str(world.things[scope].ticket.pk))


def verbs_of(route: str) -> list[tuple[str, str]]:
    if route.startswith("api/v1/tickets/") and route.endswith("/reply/"):
        return [("reply", "note"), ("reply", "reply")]
    if not route.endswith("<slug:verb>/"):
        return [("", "")]
    if route.startswith("triage/"):
        return [(verb, "") for verb in TRIAGE_VERBS]
    if "/draft/" in route:
        return [(verb, "") for verb in DRAFT_VERBS]
    return [*((verb, "") for verb in VERBS), ("reply", "note"), ("reply", "reply")]


def data_for(world: World, scope: str, verb: str, mode: str) -> dict[str, Any]:
    """A verb that looks for a message or an offer looks for one of its own ticket."""
    things = world.things[scope]
    if verb == "reply":
        return {"body": "words", "mode": mode, "internal": mode == "note"}
    found: dict[str, dict[str, Any]] = {
        "accept": {"message": things.message.pk},
        "amend": {"message": things.message.pk},
        "withdraw": {"message": things.message.pk},
        "promised": {"offer": things.offer.pk, "answer": "no"},
    }
    return found.get(verb, {})


def each(route: str, pick: Callable[[Any], object]) -> Callable[[World], list[Place]]:
    """One place for each ticket's own object."""
    return lambda world: [
        Place(path="/" + route.replace("<int:pk>", str(pick(things))).replace("<slug:key>", str(pick(things))),
              sees=scoped(scope))
        for scope, things in world.things.items()
    ]  # fmt: skip


def one(path: str, **fields: Any) -> Callable[[World], list[Place]]:
    return lambda world: [Place(path=path, **fields)]


def with_verbs(
    route: str, verbs: Any, pick: Callable[[Any], object]
) -> Callable[[World], list[Place]]:
    return lambda world: [
        Place(path=f"/{route}".replace("<int:pk>", str(pick(things))).replace("<slug:verb>", verb),
              sees=scoped(scope))
        for scope, things in world.things.items()
        for verb in verbs
    ]  # fmt: skip


QUOTE = "people/quotes/<int:pk>/<slug:verb>/"
INTERVIEW = "people/interviews/<int:pk>/<slug:verb>/"


def with_verb(
    route: str, verbs: Any, pick: Callable[[Any], object]
) -> Callable[[World], list[Place]]:
    """One place for each verb on each ticket's own object; the verb asks for its own right."""
    return lambda world: [
        Place(path=f"/{route}".replace("<int:pk>", str(pick(things))).replace("<slug:verb>", verb),
              sees=scoped(scope), verb=verb, data={"directory": world.portal.pk})
        for scope, things in world.things.items()
        for verb in verbs
    ]  # fmt: skip


def directory_places(world: World) -> list[Place]:
    """A directory that nobody answers at: it is asked, and what went wrong is said."""
    return [
        Place(path=f"/people/{things.asker.contact_id}/look-up/", sees=scoped(scope),
              data={"directory": world.portal.pk})
        for scope, things in world.things.items()
    ]  # fmt: skip


def own(route: str, pick: Callable[[Any], object]) -> Callable[[World], list[Place]]:
    """One place for what each account has of its own; nobody else's opens."""

    def made(world: World, name: str) -> Place:
        path = "/" + route.replace("<int:pk>", str(pick(world.own[name])))
        return Place(path=path, sees=lambda world, who: who == name)

    return lambda world: [made(world, name) for name in world.own]


def _files(world: World) -> list[Place]:
    """Files of drafts: of whoever is writing, on a ticket that they see."""
    return [
        Place(
            path=f"/tickets/{file.draft.ticket_id}/files/{file.pk}/",  # type: ignore[union-attr]  # it has one
            sees=_only(name),
        )
        for name, file in world.files.items()
    ]


def _views(world: World) -> list[Place]:
    """Everybody's is found by all, and one's own by oneself; what is refused is said in words."""
    return [
        Place(
            path=f"/views/{row.pk}/{verb}/",
            data={"on": "1"},
            sees=_only(name) if name else (lambda world, who: True),
        )
        for name, row in world.views.items()
        for verb in VIEW_VERBS
        if verb != "restore" or name  # only whoever may change one takes its end back
    ]


PEOPLE = "people/<int:pk>/do/<slug:verb>/"
ON_PEOPLE = {
    "champion": {"reason": "helped"},
    "champion-off": {},
    "note": {"text": "words"},
    "name": {"name": "words"},
    "alias": {"alias": "words"},
    "nominate": {"why": "words"},
}


def _on_people(world: World) -> list[Place]:
    """Verbs on one person; those on two need both to be known."""
    found = [
        Place(path=f"/people/{things.asker.contact_id}/do/{verb}/", sees=scoped(scope), verb=verb,
              data=data)
        for scope, things in world.things.items()
        for verb, data in ON_PEOPLE.items()
    ]  # fmt: skip
    for verb in ("merge", "apart"):
        for scope, one, other in ((THEIRS, ALL, THEIRS), (THEIRS, THEIRS, ALL), (OURS, OURS, ALL)):
            pk, other_pk = (world.things[name].asker.contact_id for name in (one, other))
            path = f"/people/{pk}/do/{verb}/"
            data = {"with": other_pk}
            found.append(Place(path=path, sees=scoped(scope), verb=verb, data=data))
    for scope, things in world.things.items():
        path, data = f"/people/{things.asker.contact_id}/do/split/", {"identity": things.asker.pk}
        found.append(Place(path=path, sees=scoped(scope), verb="split", data=data))
    return found


def _macro_places(route: str) -> Callable[[World], list[Place]]:
    """Whose they are edits them; everybody's are the admins', a team's its members'."""
    owners = {
        "admin": ("admin",),
        "agent": ("agent",),
        "insider": ("insider",),
        "shared": ("admin",),
        "security": ("insider", "admin"),
    }

    def editors(name: str) -> Callable[[World, str], bool]:
        return lambda world, who: who in owners[name]

    return lambda world: [
        Place(path="/" + route.replace("<slug:key>", macro.key), sees=editors(name))
        for name, macro in world.macros.items()
    ]


MESSAGE, FILE = "messages/<int:pk>/original/", "attachments/<int:pk>/"
LOOP, LETTER = "loop/<int:pk>/<slug:verb>/", "dead-letters/out/<int:pk>/<slug:verb>/"
API_OUT, DELIVERY = "api/v1/outgoing/<int:pk>/<slug:verb>/", "dead-letters/in/<int:pk>/<slug:verb>/"
CHANNEL, SEARCHED = "channels/<slug:kind>/<slug:key>/", "search/errors/<slug:key>/"
EDIT, DELETE = "macros/edit/<slug:key>/", "macros/delete/<slug:key>/"
# these look for a swap or an absence first; who may do what to one: `oncall/tests/test_rota.py`
NEED_A_SWAP = ("take", "approve", "decline", "withdraw", "back")


def on_call(world: World, verb: str) -> dict[str, Any]:
    """Words and signatures stand on a sheet."""
    return {"handover": world.handover.pk} if verb in ("write", "sign") else {}


def _hook(verb: str) -> Callable[[World], list[Place]]:
    return lambda world: [Place(path=f"/api/v1/webhooks/{world.webhook.pk}/{verb}")]


def _run(rest: str, before: str = "/playbooks") -> Callable[[World], list[Place]]:
    """Of each ticket's run, and of one that began on no ticket."""
    return lambda world: [
        Place(path=f"{before}/{run.pk}/{rest}", sees=scoped(scope), data=DATA[HERE])
        for scope, run in world.runs.items()
    ]


def _run_verbs(world: World) -> list[Place]:
    return [
        Place(
            path=f"/playbooks/{run.pk}/{verb}/",
            sees=scoped(scope),
            verb=verb,
            data={"step": "first", **ON_RUNS.get(verb, {})},
        )
        for scope, run in world.runs.items()
        for verb in RUN_VERBS
    ]


# what a verb on a run is told, so that nothing but the role decides
ON_RUNS = {"bind": {"role": "host"}, "move": {"anchor_at": "2026-11-18T10:00"}}
HERE = "tickets/<int:number>/here/"


def _event(rest: str, **fields: Any) -> Callable[[World], list[Place]]:
    return lambda world: [Place(path=f"/playbooks/events/{world.event.pk}/{rest}", **fields)]


HOOK = "api/v1/webhooks/<int:pk>/"
NOMINATION, TOPIC = "people/community/<int:pk>/<slug:verb>/", "people/topics/<int:pk>/<slug:verb>/"
TOKEN, CONNECTED = "account/tokens/<int:pk>/revoke/", "account/connected/<int:pk>/end/"
OBJECTS: dict[str, Callable[[World], list[Place]]] = {
    MESSAGE: each(MESSAGE, lambda things: things.message.pk),
    FILE: each(FILE, lambda things: things.file.pk),
    "people/<int:pk>/": each("people/<int:pk>/", lambda things: things.asker.contact_id),
    "api/v1/people/<int:pk>/": each(
        "api/v1/people/<int:pk>/", lambda things: things.asker.contact_id
    ),
    SEARCHED: each(SEARCHED, lambda things: things.error),
    "review/undo/<int:pk>/": each("review/undo/<int:pk>/", lambda things: things.decision.pk),
    LOOP: with_verbs(LOOP, LOOP_VERBS, lambda things: things.notice.pk),
    LETTER: with_verbs(LETTER, DECISIONS, lambda things: things.outgoing.pk),
    API_OUT: with_verbs(
        API_OUT, set(DECISIONS) - {"undo"}, lambda things: things.outgoing.pk
    ),
    DELIVERY: lambda world: [
        Place(path=f"/dead-letters/in/{world.delivery.pk}/{verb}/") for verb in ("retry", "ignore")
    ],
    "api/v1/deliveries/<int:pk>/retry/": lambda world: [
        Place(path=f"/api/v1/deliveries/{world.delivery.pk}/retry/")
    ],
    "api/v1/deliveries/<int:pk>/ignore/": lambda world: [
        Place(path=f"/api/v1/deliveries/{world.delivery.pk}/ignore/")
    ],
    "api/v1/rules/<int:pk>/backtest/": lambda world: [
        Place(path=f"/api/v1/rules/{world.rule.pk}/backtest/")
    ],
    "oncall/do/<slug:verb>/": lambda world: [
        Place(path=f"/oncall/do/{verb}/", data=on_call(world, verb))
        for verb in ACTS
        if verb not in NEED_A_SWAP
    ],
    "oncall/handover/<int:pk>/": lambda world: [Place(path=f"/oncall/handover/{world.handover.pk}/")],
    CHANNEL: one("/channels/email/support/"),
    # which kinds have one: `history/tests`
    f"{CHANNEL}history/": one("/channels/zendesk/old/history/", data={"do": "stop"}),
    **{
        f"{CHANNEL}{verb}/": one(f"/channels/email/support/{verb}/")
        for verb in ("use", "disconnect", "revoke", "check", "back")
    },
    f"{CHANNEL}look/": one("/channels/email/support/look/", data={"since": "2026-11-01"}),
    "chat/<slug:key>/embed/": one("/chat/docs/embed/"),
    "reports/<slug:key>.csv": one("/reports/all.csv"),
    "api/v1/reports/<slug:key>/": one("/api/v1/reports/sla/"),
    "api/v1/playbooks/runs/<int:pk>/": _run("", before="/api/v1/playbooks/runs"),
    EDIT: _macro_places(EDIT),
    DELETE: _macro_places(DELETE),
    "tickets/bulk/<int:pk>/": own("tickets/bulk/<int:pk>/", lambda mine: mine.run.pk),
    # of somebody else's there is nothing to undo: `bulk/tests`
    "undo/<int:pk>/": lambda world: [Place(path=f"/undo/{world.own['agent'].run.pk}/")],
    "views/<int:pk>/<slug:verb>/": _views,
    "tickets/<int:number>/files/<int:pk>/": _files,
    "people/import/<int:pk>/": lambda world: [Place(path=f"/people/import/{world.listing.pk}/")],
    "people/import/<int:pk>/left-out.csv": lambda world: [
        Place(path=f"/people/import/{world.listing.pk}/left-out.csv")
    ],
    "people/undo/<int:pk>/": each("people/undo/<int:pk>/", lambda things: things.step.pk),
    NOMINATION: with_verbs(NOMINATION, NOMINATION_VERBS, lambda things: things.nomination.pk),
    "people/referrals/<int:pk>/": each(
        "people/referrals/<int:pk>/", lambda things: things.referral.pk
    ),
    TOPIC: with_verbs(TOPIC, TopicState.values, lambda things: things.topic.pk),
    QUOTE: with_verb(QUOTE, QUOTE_VERBS, lambda things: things.quote.pk),
    INTERVIEW: with_verb(INTERVIEW, INTERVIEW_VERBS, lambda things: things.interview.pk),
    "people/<int:pk>/interview/": each(
        "people/<int:pk>/interview/", lambda things: things.asker.contact_id
    ),
    "people/<int:pk>/look-up/": directory_places,
    "api/v1/quotes/<int:pk>/": each("api/v1/quotes/<int:pk>/", lambda things: things.quote.pk),
    **{
        f"api/v1/quotes/<int:pk>/{verb}/": each(
            f"api/v1/quotes/<int:pk>/{verb}/", lambda things: things.quote.pk
        )
        for verb in API_QUOTE_VERBS
    },
    "api/v1/referrals/<int:pk>/answer/": each(
        "api/v1/referrals/<int:pk>/answer/", lambda things: things.referral.pk
    ),
    "people/<int:pk>/merge/": each("people/<int:pk>/merge/", lambda things: things.asker.contact_id),
    PEOPLE: _on_people,
    "people/<int:pk>/data/": each("people/<int:pk>/data/", lambda things: things.asker.contact_id),
    # a file that was never made is nobody's
    "people/<int:pk>/data/<int:job>.zip": one("/people/1/data/1.zip", sees=lambda world, who: False),
    "streams/<slug:verb>/": lambda world: [
        Place(path=f"/streams/{verb}/", data={"channel": "0", "stream": "none"})
        for verb in STREAM_VERBS
    ],
    "secrets/<int:pk>/": each("secrets/<int:pk>/", lambda things: things.secret.pk),
    "secrets/<int:pk>/<slug:verb>/": each(
        "secrets/<int:pk>/acknowledge/", lambda things: things.secret.pk
    ),
    "playbooks/start/<slug:key>/": one("/playbooks/start/drill/"),
    "playbooks/series/<slug:key>/": one("/playbooks/series/hours/"),
    "playbooks/series/<slug:key>/<slug:verb>/": lambda world: [
        Place(path=f"/playbooks/series/hours/{verb}/")
        for verb in SERIES_VERBS
        if verb != "back"  # this looks for an event first
    ],
    "playbooks/<int:pk>/": _run(""),
    "playbooks/<int:pk>/here/": _run("here/"),
    "playbooks/<int:pk>/<slug:verb>/": _run_verbs,
    **{
        f"playbooks/events/<int:pk>/{rest}": _event(rest) for rest in ("", "edit/", "names/")
    },
    "playbooks/events/<int:pk>/do/<slug:verb>/": lambda world: [
        place
        for verb in EVENT_VERBS
        if verb not in ("drop", "stamp")  # these look for a chosen ticket first
        for place in _event(f"do/{verb}/", verb=verb)(world)
    ],
    "blocks/do/<slug:verb>/": lambda world: [
        Place(path="/blocks/do/add/", data={"value": "spam.example.org"}),
        Place(path="/blocks/do/remove/", data={"block": world.block.pk}),
    ],
    "start/<slug:verb>/": lambda world: [Place(path=f"/start/{verb}/") for verb in START_VERBS],
    "webhooks/<int:pk>/": lambda world: [Place(path=f"/webhooks/{world.webhook.pk}/")],
    "webhooks/<int:pk>/<slug:verb>/": lambda world: [
        Place(path=f"/webhooks/{world.webhook.pk}/{verb}/") for verb in (*HOOK_VERBS, "secret")
    ],
    "team/invite/<int:pk>/<slug:verb>/": lambda world: [
        Place(path=f"/team/invite/{world.invite.pk}/{verb}/") for verb in ("again", "withdraw")
    ],
    "team/<int:pk>/": lambda world: [
        Place(path=f"/team/{world.users['viewer'].pk}/", data={"role": "agent"})
    ],
    "team/<int:pk>/<slug:verb>/": lambda world: [
        Place(path=f"/team/{world.users['insider'].pk}/{verb}/") for verb in TEAM_VERBS
    ],
    TOKEN: own(TOKEN, lambda mine: mine.token.pk),
    CONNECTED: own(CONNECTED, lambda mine: mine.connected.pk),
    **{
        f"api/v1/people/<int:pk>/{verb}/": each(
            f"api/v1/people/<int:pk>/{verb}/", lambda things: things.asker.contact_id
        )
        for verb in PEOPLE_VERBS
    },
    **{
        f"{HOOK}{verb}": _hook(verb)
        for verb in ("", "deliveries/", "ping/", "secret/", "replay/")
    },
}  # fmt: skip
DATA: dict[str, dict[str, Any]] = {
    "tickets/<int:number>/here/": {"tab": "0123456789ab", "doing": "looking"},
    "review/<int:number>/": {"outcome": "none of these"},
}
