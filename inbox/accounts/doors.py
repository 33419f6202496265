"""Every address of the product, and what it takes to go through: the one table.

Keys are routes as Django's resolver prints them. The web's guard and the role matrix of the tests
read it; an address that is missing here fails the matrix.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from inbox.accounts.permissions import Right


class Open(StrEnum):
    """Addresses at which no account is asked for."""

    EVERYBODY = "everybody"  # signing in, liveness
    TOKEN = "token"  # a signed or random word in the address or a header says who asks  # noqa: S105 - no password
    VENDOR = "vendor"  # a signature over the body


Need = Right | Open


@dataclass(frozen=True, kw_only=True)
class Door:
    """What reading and changing need; None where the method does not exist."""

    get: Need | None = None
    post: Need | None = None
    # what a verb in the address needs instead, by its name
    verbs: Mapping[str, Need] | None = None
    more: tuple[str, ...] = ()  # PUT, PATCH, DELETE: they need what POST needs

    def has(self, method: str) -> bool:
        """Whether the method exists here."""
        known = {"GET": self.get is not None, "POST": self.post is not None}
        return known.get(method, method in self.more)

    def need(self, method: str, verb: str = "", mode: str = "") -> Need:
        """What a request needs, by any method. `mode`: a note is less than an answer."""
        if method in ("GET", "HEAD", "OPTIONS") and self.get is not None:
            return self.get
        if verb == "reply" and mode == "note":
            return Right.NOTE
        chosen = (self.verbs or {}).get(verb) or self.post or self.get
        return chosen or Right.MANAGE


def _reads(right: Need = Right.READ) -> Door:
    return Door(get=right)


def _does(right: Need) -> Door:
    return Door(post=right)


def _both(get: Need, post: Need | None = None) -> Door:
    return Door(get=get, post=post or get)


# verbs on a ticket by which something leaves the house; all others only change the ticket
LEAVING = ("reply", "ask-team", "amend", "withdraw", "transcript", "invite")
TICKET_VERBS = Door(post=Right.ACT, verbs=dict.fromkeys(LEAVING, Right.REPLY))
# on people a note is less than everything else, too
PEOPLE_VERBS = Door(post=Right.ACT, verbs={"note": Right.NOTE, "nominate": Right.NOTE})
# of quotes and interviews: what is asked, and what goes to a directory, leaves
QUOTE_VERBS = Door(post=Right.ACT, verbs={"ask": Right.REPLY, "elsewhere": Right.EXPORT})

DESK: Mapping[str, Door] = {
    "": _reads(),
    "queue/": _reads(),
    "queue/count/": _reads(Right.ACT),
    "queue/density/": _does(Right.READ),
    "tickets/new/": _both(Right.ACT),
    "tickets/bulk/": _does(Right.ACT),
    "tickets/bulk/<int:pk>/": _reads(Right.ACT),
    "undo/": _does(Right.ACT),
    "undo/<int:pk>/": _does(Right.ACT),
    "views/": _reads(),
    "views/counts/": _reads(),
    "views/save/": _does(Right.READ),
    "views/<int:pk>/<slug:verb>/": _does(Right.READ),
    "counts/": _reads(),
    "jump/": _reads(),
    "tickets/<int:number>/": _reads(),
    "tickets/<int:number>/similar/": _reads(),
    "tickets/<int:number>/issue/": _both(Right.REPLY),
    "tickets/<int:number>/macros/": _both(Right.MACROS),
    "tickets/<int:number>/here/": _both(Right.READ),
    "tickets/<int:number>/merge/": _both(Right.ACT),
    "tickets/<int:number>/split/": _both(Right.ACT),
    "tickets/<int:number>/older/": _reads(),
    "tickets/<int:number>/mentions/": _reads(Right.NOTE),
    "tickets/<int:number>/preview/": _does(Right.NOTE),
    "tickets/<int:number>/draft/": Door(get=Right.NOTE, more=("PUT",)),
    "tickets/<int:number>/draft/<slug:verb>/": _does(Right.NOTE),
    "tickets/<int:number>/files/": _does(Right.NOTE),
    "tickets/<int:number>/files/<int:pk>/": _does(Right.NOTE),
    "tickets/<int:number>/quotes/": _both(Right.READ, Right.ACT),
    "tickets/<int:number>/interview/": _does(Right.REPLY),
    "tickets/<int:number>/<slug:verb>/": TICKET_VERBS,
    "issues/new/": _both(Right.REPLY),
    "messages/<int:pk>/original/": _reads(),
    "attachments/<int:pk>/": _reads(),
    "people/": _reads(),
    "people/same/": _reads(),
    "people/export/": _does(Right.EXPORT),
    "people/import/": _both(Right.ACT),
    "people/import/<int:pk>/": _both(Right.ACT),
    "people/import/<int:pk>/left-out.csv": _reads(Right.ACT),
    "people/quotes/": _reads(),
    "people/quotes/export/": _does(Right.EXPORT),
    "people/quotes/<int:pk>/<slug:verb>/": QUOTE_VERBS,
    "people/interviews/": _reads(),
    "people/interviews/export/": _does(Right.EXPORT),
    "people/interviews/<int:pk>/<slug:verb>/": QUOTE_VERBS,
    "people/<int:pk>/interview/": _does(Right.ACT),
    "people/<int:pk>/look-up/": _does(Right.EXPORT),
    "people/undo/<int:pk>/": _does(Right.ACT),
    "people/community/": _reads(),
    "people/community.csv": _does(Right.EXPORT),
    "people/community/<int:pk>/<slug:verb>/": _does(Right.ACT),
    "people/referrals/": _reads(),
    "people/referrals/<int:pk>/": _does(Right.ACT),
    "people/topics/": _reads(),
    "people/topics/<int:pk>/<slug:verb>/": _does(Right.ACT),
    "people/docs-gaps/": _reads(),
    "people/docs-gaps.csv": _reads(Right.FIGURES),
    "people/<int:pk>/": _reads(),
    "people/<int:pk>/merge/": _reads(Right.ACT),
    "people/<int:pk>/do/<slug:verb>/": PEOPLE_VERBS,
    "people/<int:pk>/data/": _both(Right.MANAGE),
    "people/<int:pk>/data/<int:job>.zip": _reads(Right.MANAGE),
    "search/": _reads(),
    "search/values/": _reads(),
    "search/errors/<slug:key>/": _reads(),
    "oncall/": _reads(),
    "oncall/do/<slug:verb>/": _does(Right.DUTY),
    "oncall/handover/<int:pk>/": _reads(),
    "playbooks/": _reads(),
    "playbooks/exposed/": _does(Right.ACT),
    "playbooks/start/<slug:key>/": _both(Right.ACT),
    "playbooks/events/": _reads(),
    "playbooks/events/new/": _both(Right.ACT),
    "playbooks/events/<int:pk>/": _reads(),
    "playbooks/events/<int:pk>/edit/": _both(Right.ACT),
    "playbooks/events/<int:pk>/names/": _reads(),
    "playbooks/events/<int:pk>/do/<slug:verb>/": Door(post=Right.ACT, verbs={"tell": Right.REPLY}),
    "playbooks/series/new/": _both(Right.ACT),
    "playbooks/series/<slug:key>/": Door(get=Right.READ, post=Right.ACT),
    "playbooks/series/<slug:key>/<slug:verb>/": _does(Right.ACT),
    "playbooks/<int:pk>/": _reads(),
    "playbooks/<int:pk>/here/": _does(Right.READ),
    "playbooks/<int:pk>/<slug:verb>/": Door(post=Right.ACT, verbs={"act": Right.REPLY}),
    "channels/": _reads(Right.MANAGE),
    "channels/<slug:kind>/<slug:key>/": _both(Right.MANAGE),
    "channels/<slug:kind>/<slug:key>/history/": _both(Right.MANAGE),
    "channels/<slug:kind>/<slug:key>/consent/": _does(Right.MANAGE),
    "channels/<slug:kind>/<slug:key>/back/": _reads(Right.MANAGE),
    "channels/<slug:kind>/<slug:key>/check/": _does(Right.MANAGE),
    "channels/<slug:kind>/<slug:key>/use/": _does(Right.MANAGE),
    "channels/<slug:kind>/<slug:key>/disconnect/": _both(Right.MANAGE),
    "channels/<slug:kind>/<slug:key>/revoke/": _does(Right.MANAGE),
    "channels/<slug:kind>/<slug:key>/look/": _does(Right.MANAGE),
    "channels/<slug:kind>/<slug:key>/try/": _does(Right.MANAGE),
    "chat/<slug:key>/embed/": _reads(Right.MANAGE),
    "loop/": _reads(),
    "loop/approve/": _does(Right.REPLY),
    "loop/<int:pk>/<slug:verb>/": _does(Right.REPLY),
    "reports/": _reads(),
    "reports/<slug:key>.csv": _reads(Right.FIGURES),
    "sweep/": _reads(),
    "triage/": _reads(),
    "triage/<int:number>/<slug:verb>/": _does(Right.ACT),
    "review/": _reads(),
    "review/<int:number>/": _does(Right.ACT),
    "review/undo/<int:pk>/": _does(Right.ACT),
    "macros/": _reads(Right.MACROS),
    "macros/new/": _both(Right.MACROS),
    "macros/edit/<slug:key>/": _both(Right.MACROS),
    "macros/delete/<slug:key>/": _does(Right.MACROS),
    "secrets/<int:pk>/": _reads(Right.SECRETS),
    "secrets/<int:pk>/<slug:verb>/": _does(Right.SECRETS),
    "blocks/": _reads(Right.ACT),
    "blocks/do/<slug:verb>/": _does(Right.ACT),
    "notices/": _reads(),
    "notices/new/": _reads(),
    "notices/read/": _does(Right.READ),
    "streams/": _reads(Right.STREAMS),
    "streams/<slug:verb>/": _does(Right.STREAMS),
    "dead-letters/": _reads(Right.REPLY),
    "dead-letters/in/<int:pk>/<slug:verb>/": _does(Right.MANAGE),
    "dead-letters/out/<int:pk>/<slug:verb>/": _does(Right.REPLY),
    "preview/": _does(Right.NOTE),
    "live/": _reads(),
    "health/": _reads(Right.REPLY),
}
# what the installation is made of
MANAGED: Mapping[str, Door] = {
    "audit/": _reads(Right.MANAGE),
    "audit.csv": _reads(Right.MANAGE),
    "settings/statuses/": _both(Right.MANAGE),
    "settings/retention/": _both(Right.MANAGE),
    "start/": _reads(Right.MANAGE),
    "start/<slug:verb>/": _does(Right.MANAGE),
    "webhooks/": _reads(Right.MANAGE),
    "webhooks/new/": _both(Right.MANAGE),
    "webhooks/<int:pk>/": _both(Right.MANAGE),
    "webhooks/<int:pk>/<slug:verb>/": _does(Right.MANAGE),
    "team/": _reads(Right.MANAGE),
    "team/invite/": _does(Right.MANAGE),
    "team/invite/<int:pk>/<slug:verb>/": _does(Right.MANAGE),
    "team/second-factor/": _does(Right.MANAGE),
    "team/<int:pk>/": _does(Right.MANAGE),
    "team/<int:pk>/<slug:verb>/": _does(Right.MANAGE),
}
FACTORS = "account/two-factor/"
# everybody's own account: whoever may sign in at all
OWN: Mapping[str, Door] = {
    "account/": _both(Right.READ),
    "account/theme/": _does(Right.READ),
    "account/told/": _does(Right.READ),
    "account/tokens/": _does(Right.READ),
    "account/tokens/<int:pk>/revoke/": _does(Right.READ),
    "account/sessions/end/": _does(Right.READ),
    "account/connected/<int:pk>/end/": _does(Right.READ),
    "account/password/": _both(Right.READ),
    "account/password/first/": _both(Right.READ),
    "reauthenticate/": _both(Right.READ),
    FACTORS: _reads(),
    **{
        f"{FACTORS}{name}/": _both(Right.READ)
        for name in (
            *("reauthenticate", "totp/activate", "totp/deactivate", "recovery-codes/generate"),
            *("webauthn/add", "webauthn/reauthenticate"),
            *("webauthn/keys/<int:pk>/remove", "webauthn/keys/<int:pk>/edit"),
        )
    },
    f"{FACTORS}recovery-codes/": _reads(),
    f"{FACTORS}recovery-codes/download/": _reads(),
    f"{FACTORS}webauthn/": _reads(),
}
WITHOUT_ACCOUNT: Mapping[str, Door] = {
    "login/": _both(Open.EVERYBODY),
    "logout/": _both(Open.EVERYBODY),
    "signup/": _reads(Open.EVERYBODY),
    "password/reset/": _both(Open.EVERYBODY),
    "password/reset/sent/": _reads(Open.EVERYBODY),
    "password/reset/done/": _reads(Open.EVERYBODY),
    r"^password/reset/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": _both(Open.TOKEN),
    "inactive/": _reads(Open.EVERYBODY),
    # the second step of signing in, for whoever has done the first
    f"{FACTORS}authenticate/": _both(Open.EVERYBODY),
    f"{FACTORS}webauthn/login/": _both(Open.EVERYBODY),
    "sign-in/<slug:provider_id>/": _does(Open.EVERYBODY),
    "sign-in/<slug:provider_id>/back/": _reads(Open.EVERYBODY),
    "sign-in/github/": _does(Open.EVERYBODY),
    "sign-in/github/back/": _reads(Open.EVERYBODY),
    "invite/<str:token>/": _both(Open.TOKEN),
    "script/<slug:name>.js": _reads(Open.EVERYBODY),
    "style/desk.css": _reads(Open.EVERYBODY),
    "healthz": _reads(Open.EVERYBODY),
    "readyz": _reads(Open.EVERYBODY),
    "metrics": _reads(Open.EVERYBODY),
    "oncall/feed/<str:token>/oncall.ics": _reads(Open.TOKEN),
    "playbooks/events.ics": _reads(Open.TOKEN),
    "csat/<str:token>/": _both(Open.TOKEN),
    "confirm/<str:token>/": _both(Open.TOKEN),
    "chat/<slug:key>/widget.js": _reads(Open.EVERYBODY),
    "chat/<slug:key>/chat.js": _reads(Open.EVERYBODY),
    "chat/<slug:key>/frame/": _reads(Open.EVERYBODY),
    "chat/<slug:key>/stream/": _reads(Open.TOKEN),
    "chat/<slug:key>/files/<int:pk>/": _reads(Open.TOKEN),
    "chat/<slug:key>/<slug:verb>/": _both(Open.TOKEN),
    "hooks/<slug:kind>/<slug:key>/": _does(Open.VENDOR),
    "api/schema/": _reads(Open.EVERYBODY),
    "api/^.*$": _both(Open.EVERYBODY),
}
API: Mapping[str, Door] = {
    "api/v1/tickets/": _reads(),
    "api/v1/tickets/<int:number>/": _reads(),
    "api/v1/tickets/<int:number>/messages/": _reads(),
    "api/v1/tickets/<int:number>/events/": _reads(),
    "api/v1/tickets/<int:number>/trace/": _reads(),
    "api/v1/tickets/<int:number>/reply/": _does(Right.REPLY),
    **{
        f"api/v1/tickets/<int:number>/{verb}/": _does(Right.ACT)
        for verb in (
            *("assign", "close", "hold", "wait", "reopen", "snooze", "tags", "merge", "unmerge"),
            *("split", "link", "unlink", "fields", "trash", "restore", "spam"),
            *("refer", "quote"),
        )
    },
    "api/v1/tickets/<int:number>/issue/": _does(Right.REPLY),
    "api/v1/people/": _reads(),
    "api/v1/people/proposals/": _reads(),
    "api/v1/people/<int:pk>/": _reads(),
    "api/v1/people/<int:pk>/note/": _does(Right.NOTE),
    "api/v1/people/<int:pk>/nominate/": _does(Right.NOTE),
    **{
        f"api/v1/people/<int:pk>/{verb}/": _does(Right.ACT)
        for verb in ("champion", "champion_off", "name", "alias", "merge", "apart", "split", "undo")
    },
    "api/v1/quotes/": _reads(),
    "api/v1/quotes/<int:pk>/": _reads(),
    "api/v1/quotes/<int:pk>/ask/": _does(Right.REPLY),
    "api/v1/quotes/<int:pk>/answer/": _does(Right.ACT),
    "api/v1/quotes/<int:pk>/withdraw/": _does(Right.ACT),
    "api/v1/referrals/": _reads(),
    "api/v1/referrals/<int:pk>/answer/": _does(Right.ACT),
    "api/v1/rules/": _reads(),
    "api/v1/rules/<int:pk>/backtest/": _reads(Right.MANAGE),
    "api/v1/channels/": _reads(Right.MANAGE),
    "api/v1/deliveries/": _reads(Right.MANAGE),
    "api/v1/deliveries/<int:pk>/retry/": _does(Right.MANAGE),
    "api/v1/deliveries/<int:pk>/ignore/": _does(Right.MANAGE),
    "api/v1/outgoing/": _reads(),
    "api/v1/outgoing/<int:pk>/<slug:verb>/": _does(Right.REPLY),
    "api/v1/macros/": _reads(),
    "api/v1/playbooks/": _reads(),
    "api/v1/playbooks/runs/": _reads(),
    "api/v1/playbooks/runs/<int:pk>/": _reads(),
    "api/v1/oncall/now/": _reads(),
    "api/v1/reports/": _reads(),
    "api/v1/reports/<slug:key>/": _reads(),
    "api/v1/webhooks/": _both(Right.MANAGE),
    "api/v1/webhooks/<int:pk>/": Door(get=Right.MANAGE, more=("PATCH", "DELETE")),
    "api/v1/webhooks/<int:pk>/deliveries/": _reads(Right.MANAGE),
    "api/v1/webhooks/<int:pk>/ping/": _does(Right.MANAGE),
    "api/v1/webhooks/<int:pk>/secret/": _does(Right.MANAGE),
    "api/v1/webhooks/<int:pk>/replay/": _does(Right.MANAGE),
}
DOORS: Mapping[str, Door] = {**DESK, **MANAGED, **OWN, **WITHOUT_ACCOUNT, **API}
ADMIN = "admin/"  # everything below it needs the right to manage; its sign-in page nothing


def door_of(route: str) -> Door | None:
    """The door at a route; None where nobody has said what it takes."""
    if route.startswith(ADMIN):
        return _both(Right.MANAGE)
    return DOORS.get(route)
