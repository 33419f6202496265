"""The pages that are seldom opened, in each state that they have: what to open, and what to do there."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page

from inbox.accounts import invites
from inbox.accounts.models import ApiToken, Role, SignInProvider, Team, User
from inbox.channels.health import ill
from inbox.channels.models import Channel, Delivery
from inbox.common.config import change_setting
from inbox.followups.models import Handover
from inbox.guard import services as guard
from inbox.livechat import links
from inbox.livechat.models import Conversation, Visitor
from inbox.notify.models import Notice
from inbox.oncall.models import Rotation
from inbox.operations.connecting import connect
from inbox.outbox.models import Outgoing
from inbox.people.models import Contact
from inbox.tickets.models import Ticket
from inbox.webhooks.models import Webhook, WebhookAttempt, WebhookEvent
from rig.desk import act
from rig.issues import issue

PASSWORD = "a-long-enough-word-7"
NOBODY, ANA, NEW = "", "ana", "new"  # who looks: nobody signed in, an admin, half signed in


@dataclass(frozen=True)
class State:
    """One picture: where it is, who looks, and what is done there first."""

    name: str
    address: str
    do: Callable[[Page], None] | None = None
    who: str = ANA


def opened(tab: Page) -> None:
    """Everything unfolded that a page folds away."""
    tab.evaluate("for (const one of document.querySelectorAll('main details')) one.open = true")


def sends(button: str, **fields: str) -> Callable[[Page], None]:
    """Fill these fields of a form and press its button, whatever the browser thinks of it."""

    def do(tab: Page) -> None:
        tab.evaluate("for (const form of document.forms) form.noValidate = true")
        for name, value in fields.items():
            field = tab.locator(f'main [name="{name}"]').first
            if field.evaluate("node => node.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
        tab.locator("main").get_by_role("button", name=button, exact=True).first.click()
        tab.wait_for_load_state("load")

    return do


def opens(text: str) -> Callable[[Page], None]:
    """Unfold something by what stands on it."""

    def do(tab: Page) -> None:
        tab.locator("summary", has_text=text).first.click()

    return do


def _upload(tab: Page) -> None:
    lines = "Name,E-mail address,Note\nMira Dutko,mira@example.org,met in Lisbon\n,broken,\n"
    file = {"name": "meet-up.csv", "mimeType": "text/csv", "buffer": lines.encode()}
    tab.locator("#file").set_input_files(file)  # type: ignore[arg-type]  # a mapping is one
    tab.get_by_role("button", name="Read it").click()
    tab.wait_for_load_state("load")


# ------------------------------------------------------------------ the desk of these pictures


def session_of(user: User, *, fresh: bool = True) -> str:
    """The cookie of somebody signed in; `fresh`: who has just given the password."""
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(user)
    session = client.session
    at = time.time() if fresh else 0
    session["account_authentication_methods"] = [{"method": "password", "at": at}]
    session.save()
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def administrator(name: str) -> User:
    """Somebody who may open everything."""
    user = User.objects.get_or_create(username=name, defaults={"email": f"{name}@example.com"})[0]
    user.role, user.is_staff = Role.ADMIN, True
    user.set_password(PASSWORD)
    user.save()
    return user


def fill() -> dict[str, Any]:
    """The sample community, and something on every page. Returns what stands in addresses."""
    call_command("load_handbook", "inbox/handbook/presets/devrel.yaml", verbosity=0)
    call_command("sample_data", verbosity=0)
    ana, now = administrator("ana"), timezone.now()
    TOTP.activate(ana, generate_totp_secret())
    for kind, label in (("github", "GitHub"), ("google", "Google")):
        SignInProvider.objects.create(
            kind=kind, key=kind, label=label, client_id="desk", domains=["example.com"]
        )
    team = Team.objects.filter(restricted=True).first()
    found = act(
        invites.make, "kit@example.com", role="agent", teams=[team] if team else [], by=ana, at=now
    )
    ApiToken.issue(ana, label="nightly export")
    User.objects.filter(username="tomas").update(is_active=False)
    hook = _hook(ana)
    _letters()
    _notices(ana)
    ill_channel = Channel.objects.exclude(kind="livechat").filter(kind="email").latest("pk")
    Channel.objects.filter(pk=ill_channel.pk).update(**ill("the password is refused"))
    for value, why in (("spam@example.net", "adverts"), ("bulk.example", "")):
        act(guard.block, "address" if "@" in value else "domain", value, by=ana, reason=why)
    change_setting("retention", RETENTION)
    issue("Dry run with row counts", labels=("Triage 👀",), at=now - timedelta(days=2))
    issue("Key pairs", labels=("Product review",), at=now - timedelta(days=1))
    rotation = Rotation.objects.earliest("pk")
    sheet = Handover.objects.filter(rotation=rotation).first() or Handover.objects.create(
        rotation=rotation, shift_at=now, made_at=now, outgoing=ana
    )
    rows = Ticket.objects.filter(restricted_team=None)
    return {
        "ticket": rows.filter(lane="us").latest("number").number,
        "other": rows.filter(lane="us").earliest("number").number,
        "people": list(Contact.objects.order_by("pk").values_list("pk", flat=True)[:2]),
        "hook": hook.pk,
        "sheet": sheet.pk,
        "invite": found[1],
        "chat": _chat(),
    }


RETENTION_PAGE = "/settings/retention/"
RETENTION = [
    {"category": "Hiring", "files_days": 90, "texts_days": 180},
    {"name": "support", "channel": "email/support", "files_days": 30, "texts_days": 730},
    {"name": "everything else", "files_days": 365, "texts_days": 730},
]


def _hook(ana: User) -> Webhook:
    now, url = timezone.now(), "https://example.com/hooks/switchboard"
    ok = Webhook.objects.create(
        label="Board", url=url, events=["ticket.opened"], made_by=ana, last_ok_at=now
    )
    Webhook.objects.create(
        label="Old mirror", url=url, state="paused", stopped_because="20 failures in a row"
    )
    for state, status, answer in (
        ("sent", 200, "ok"),
        ("failed", 500, "<h1>Internal Server Error</h1>"),
        ("queued", 0, ""),
    ):
        row = WebhookEvent.objects.create(
            webhook=ok, name="ticket.opened", ticket=Ticket.objects.latest("number"), state=state,
            attempts=1, not_before=now, queued_at=now, created_at=now,
        )  # fmt: skip
        WebhookAttempt.objects.create(
            row=row, at=now, status=status, milliseconds=84, answer=answer,
            error="" if status else "no answer within 10 s",
        )  # fmt: skip
    return ok


def _letters() -> None:
    now, channel = timezone.now(), Channel.objects.filter(kind="email").earliest("pk")
    Delivery.objects.create(
        channel=channel, dedupe_key="broken", body=b"x", state="failed", attempts=5,
        error="the mail has 14 levels of parts; 10 are read", received_at=now,
    )  # fmt: skip
    sent = Outgoing.objects.filter(kind="reply").order_by("-pk")[:2]
    for row, state, error in zip(
        sent, ("failed", "uncertain"), ("550 no such mailbox", "no answer after DATA"), strict=False
    ):
        held = "uncertain" if state == "uncertain" else ""
        Outgoing.objects.filter(pk=row.pk).update(state=state, error=error, held_reason=held)


def _notices(ana: User) -> None:
    now, row = timezone.now(), Ticket.objects.latest("number")
    for n, text in enumerate((f"#{row.pk} was given to you", "Ilse asks you for cover on Friday")):
        Notice.objects.create(
            key=f"look-{n}", user=ana, ticket=None if n else row, kind="assigned", text=text,
            url="/oncall/", made_at=now, not_before=now, told_at=now,
        )  # fmt: skip


def _chat() -> dict[str, str]:
    connect("livechat", "docs", {"site_name": "Docs", "origins": "https://docs.example.com"})
    channel, now = Channel.objects.get(kind="livechat", key="docs"), timezone.now()
    visitor = Visitor.objects.create(channel=channel, external_key="anon-1", created_at=now)
    row = Conversation.objects.create(
        channel=channel, visitor=visitor, key="c0ffee", email="mira@example.org",
        created_at=now, closings=1, ended_at=now,
    )  # fmt: skip
    return {
        "rate": links.rating_link(row, now).partition("/csat/")[2],
        "confirm": links.confirm_link(row, now).partition("/confirm/")[2],
    }


# ------------------------------------------------------------------ what is looked at


def states(world: dict[str, Any]) -> Iterator[State]:
    """Every state of a desk that is at work."""
    yield from _doors(world)
    yield from _own()
    yield from _managed(world)
    yield from _work(world)
    yield from _outside(world)


def _doors(world: dict[str, Any]) -> Iterator[State]:
    yield State("login", "/login/", who=NOBODY)
    yield State("login-wrong", "/login/", sends("Sign in", login="ana", password="no"), NOBODY)
    yield State("login-factor", "/login/", sends("Sign in", login="ana", password=PASSWORD), NEW)
    yield State("login-factor-wrong", "", sends("Sign in", code="000000"), NEW)
    yield State("reset", "/password/reset/", who=NOBODY)
    yield State("reset-sent", "/password/reset/sent/", who=NOBODY)
    yield State("reset-old-link", "/password/reset/1-abc/", who=NOBODY)
    yield State("invite", f"/invite/{world['invite']}/", who=NOBODY)
    yield State(
        "invite-wrong",
        f"/invite/{world['invite']}/",
        sends("Join", name="", password="1"),
        NOBODY,
    )
    yield State("invite-gone", "/invite/of-nobody/", who=NOBODY)
    yield State("logout", "/logout/")
    yield State("again", "/reauthenticate/?next=/account/")


def _own() -> Iterator[State]:
    yield State("account", "/account/")
    yield State("account-wrong", "/account/", sends("Keep it", timezone="Nowhere/Else"))
    yield State("account-token", "/account/", sends("Make a token", label="board"))
    yield State("password", "/account/password/")
    yield State(
        "password-wrong",
        "/account/password/",
        sends("Keep it", oldpassword="no", password1="1", password2="2"),
    )
    yield State("factor", "/account/two-factor/")
    yield State("factor-off", "/account/two-factor/totp/deactivate/")
    yield State("factor-passkey", "/account/two-factor/webauthn/add/")
    yield State("factor-codes-new", "/account/two-factor/recovery-codes/generate/")
    yield State("notices", "/notices/")


def _managed(world: dict[str, Any]) -> Iterator[State]:
    yield State("team", "/team/", opens("Change"))
    yield State("team-wrong", "/team/", sends("Invite", email="nobody"))
    yield State("retention", RETENTION_PAGE)
    yield State("retention-look", RETENTION_PAGE, sends("Look what would go", keep_raw_days="1"))
    yield State("retention-wrong", RETENTION_PAGE, sends("Keep it", files="soon"))
    yield State("audit", "/audit/")
    yield State("audit-none", "/audit/?who=nobody-here")
    yield State("webhooks", "/webhooks/")
    yield State("webhook", f"/webhooks/{world['hook']}/")
    yield State("webhook-new", "/webhooks/new/")
    yield State("webhook-wrong", "/webhooks/new/", sends("Add it", url="http://127.0.0.1/"))
    yield State("health", "/health/")
    yield State("statuses", "/settings/statuses/")
    yield State("statuses-wrong", "/settings/statuses/", sends("Keep these names", open=""))
    yield State("channels", "/channels/")
    for kind in ("email/support", "email/fresh", "slack/main", "github/main", "livechat/docs"):
        yield State(f"channel-{kind.replace('/', '-')}", f"/channels/{kind}/")
    yield State("channel-wrong", "/channels/slack/main/", sends("Keep and check", team_id="no!"))
    yield State("channel-pagerduty", "/channels/pagerduty/main/")
    yield State("embed", "/chat/docs/embed/")
    yield State("embed-asked", "/chat/docs/embed/?origin=https://elsewhere.example")
    yield State("letters", "/dead-letters/")
    yield State("blocks", "/blocks/")
    yield State("blocks-wrong", "/blocks/", sends("Block it", value="nonsense"))
    yield State("admin", "/admin/")
    yield State("admin-list", "/admin/inbox/setting/")
    yield State("admin-form", "/admin/inbox/team/add/")


def _work(world: dict[str, Any]) -> Iterator[State]:
    first, second = world["people"]
    yield State("macros", "/macros/")
    yield State("macro", "/macros/edit/use-case/")
    yield State("macro-wrong", "/macros/new/", sends("Keep it", name=""))
    yield State("triage", "/triage/")
    yield State("sweep", "/sweep/")
    yield State("review", "/review/")
    yield State("releases", "/loop/")
    yield State("handover", f"/oncall/handover/{world['sheet']}/")
    yield State("views", "/views/")
    yield State("issue", "/issues/new/")
    yield State("people-lists", "/people/import/")
    yield State("people-list", "/people/import/", _upload)
    yield State("people-same", "/people/same/")
    for tab in ("champions", "first", "silent"):
        yield State(f"community-{tab}", f"/people/community/?tab={tab}")
    yield State("community-nominations", "/people/community/?tab=nominations", opened)
    yield State("ticket-quotes", f"/tickets/{world['ticket']}/quotes/", opened)
    yield State("interview", "/people/interviews/", opened)
    yield State("quotes-none", "/people/quotes/?q=flux+capacitor")
    yield State("person-data", f"/people/{first}/data/")
    yield State("person-merge", f"/people/{first}/merge/?with={second}")
    yield State("person-merge-none", f"/people/{first}/merge/")
    yield State("merge", f"/tickets/{world['ticket']}/merge/?into={world['other']}")
    yield State("merge-wrong", f"/tickets/{world['ticket']}/merge/?into=999999")
    yield State("merge-none", f"/tickets/{world['ticket']}/merge/")
    yield State("split", f"/tickets/{world['ticket']}/split/")


def _outside(world: dict[str, Any]) -> Iterator[State]:
    yield State("csat", f"/csat/{world['chat']['rate']}", who=NOBODY)
    yield State("csat-gone", "/csat/1.1.1.x/", who=NOBODY)
    yield State("confirm", f"/confirm/{world['chat']['confirm']}", who=NOBODY)
    yield State("offline", "/notices/", lambda tab: tab.context.set_offline(True))
    yield State("nothing-here", "/no/such/page/")
    yield State("nothing-here-nobody", "/no/such/page/", who=NOBODY)


def empty_states() -> Iterator[State]:
    """What a desk shows on which nothing has happened yet."""
    for name, address in (
        *(("notices", "/notices/"), ("team", "/team/"), ("audit", "/audit/")),
        *(("webhooks", "/webhooks/"), ("health", "/health/"), ("channels", "/channels/")),
        *(("letters", "/dead-letters/"), ("blocks", "/blocks/"), ("macros", "/macros/")),
        *(("triage", "/triage/"), ("sweep", "/sweep/"), ("review", "/review/")),
        *(("releases", "/loop/"), ("on-call", "/oncall/"), ("views", "/views/")),
        *(("people", "/people/"), ("people-lists", "/people/import/")),
        *(("community", "/people/community/"), ("referrals", "/people/referrals/")),
        *(("topics", "/people/topics/"), ("docs-gaps", "/people/docs-gaps/")),
        *(("quotes", "/people/quotes/"), ("interviews", "/people/interviews/")),
        *(("people-same", "/people/same/"), ("reports", "/reports/"), ("search", "/search/?q=x")),
        *(("queue", "/queue/"), ("issue", "/issues/new/"), ("factor", "/account/two-factor/")),
    ):
        yield State(f"empty-{name}", address)
