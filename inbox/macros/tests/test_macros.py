"""Macros on tickets: who finds which, what they do in one step, and how it is taken back."""

from collections.abc import Callable
from typing import Any

import pytest

from inbox import pipeline
from inbox.accounts.models import Team, User
from inbox.common.config import change_setting
from inbox.common.versions import bump
from inbox.common.work import Actor
from inbox.macros import queries, services
from inbox.macros.models import Macro
from inbox.macros.wording import BadMacro
from inbox.tickets import former, kinds
from inbox.tickets import services as tickets
from inbox.tickets.errors import NotAllowed, VerbError
from inbox.tickets.models import Ticket, TicketEvent
from rig.desk import NOW, agent, asker, mailbox, ticket

pytestmark = pytest.mark.django_db


def macro(key: str = "done", **fields: Any) -> Macro:
    """A macro that was checked as the admin checks it."""
    fields = {"name": key.capitalize(), "text": "Hello", **fields}
    services.check(fields["text"], fields.get("actions", []))
    row = Macro.objects.create(key=key, **fields)
    bump("macros")
    return row


def use(row: Ticket, used: Macro, user: User, **fields: Any) -> TicketEvent | None:
    """Apply it as a person does."""
    with pipeline.change(Actor.user(user), now=NOW):
        return services.apply(row, used, user=user, **fields)


def state(row: Ticket) -> former.State:
    """How the ticket stands."""
    return former.state_of(Ticket.objects.get(pk=row.pk))


# ------------------------------------------------------------------ words


def test_words_are_about_this_ticket_and_this_agent() -> None:
    change_setting("call_link", "https://cal.example.com/ana")
    mailbox("team", settings={"address": "team@example.com", "invite_url": "https://j.example"})
    who = asker("mira")
    who.name = "Mira [x](http://evil.example) evil.example"
    who.save()
    row = ticket(who=who)
    used = macro(
        text="Hi {{ requester.first_name }} ({{ requester.name }}), #{{ ticket.number }} "
        "{{ links.call }} {{ links.invite }} from {{ channel.name }}. {{ agent.first_name }}"
    )
    assert services.render(used, row, agent("ana", last_name="Sousa")).text == (
        f"Hi Mira (Mira x http evil example evil example), #{row.pk} https://cal.example.com/ana"
        f"?utm_source=desk&utm_content={row.pk}&email=mira@example.org&name=Mira%20%5Bx%5D%28http"
        "%3A%2F%2Fevil.example%29%20evil.example "
        "https://j.example from support@example.com. Ana"
    )


def test_somebody_without_a_name_is_greeted_all_the_same() -> None:
    who = asker("mira")
    who.name, who.contact.name = "", ""
    used = macro(text="Hi {{ requester.first_name }}")
    row = ticket(who=who)
    row.asker = who
    assert services.render(used, row, agent("ana")).text == "Hi there"


@pytest.mark.parametrize(
    ("text", "given", "said"),
    [
        ("", [], "words or an action"),
        ("Hi {{ nobody }}", [], "no variable “nobody”"),
        ("", [{"assign": "nobody"}], "no active account"),
        ("", [{"assign_team": "nobody"}], "no team"),
    ],
)
def test_what_cannot_be_is_said_when_it_is_saved(text: str, given: Any, said: str) -> None:
    with pytest.raises(BadMacro, match=said):
        services.check(text, given)


# ------------------------------------------------------------------ who and where


def test_everybody_finds_what_is_theirs_and_fits() -> None:
    ana, noor, boss = agent("ana"), agent("noor"), agent("boss", role="admin")
    team = Team.objects.create(key="devrel", name="DevRel")
    ana.teams.add(team)
    macro("all")
    macro("team", seen_by="team", team=team)
    macro("own", seen_by="owner", owner=ana)
    macro("off", enabled=False)
    macro("sales", categories=["Pre-sales"])
    macro("mail", channels=["email"], order=900)
    macro("chat", channels=["livechat"])
    row = ticket()

    def found(user: User, **fields: Any) -> list[str]:
        return [one.key for one in queries.for_ticket(user, row, **fields)]

    assert found(ana) == ["mail", "all", "own", "team"]  # made for mail alone: first
    assert found(noor) == ["mail", "all"]
    assert found(boss) == ["mail", "all", "team"]
    assert found(ana, q="TEA") == ["team"]
    row.category = "Pre-sales"
    assert found(noor) == ["mail", "sales", "all"]
    assert queries.find(noor, row, "own") is None
    assert {one.key for one in queries.visible_to(boss)} == {
        "all", "team", "off", "sales", "mail", "chat",
    }  # fmt: skip


def test_looking_for_macros_costs_two_statements_at_most(django_assert_num_queries: Any) -> None:
    ana, row = agent("ana"), ticket()
    team = Team.objects.create(key="devrel", name="DevRel")
    for n in range(30):
        macro(f"m{n}", seen_by="team", team=team)
    queries.for_ticket(ana, row)
    with django_assert_num_queries(2):  # the stamps and the teams
        assert queries.for_ticket(ana, row) == []


# ------------------------------------------------------------------ one step, and back

EVERYTHING = [
    {"category": "Billing"},
    {"priority": "high"},
    {"kind": "bug"},
    {"tag": ["slot", "wal"]},
    {"untag": "new"},
    {"assign": "noor"},
    {"assign_team": "devrel"},
]
ENDINGS: list[list[dict[str, Any]]] = [
    [{"wait": True}],
    [{"hold": "a release"}],
    [{"close": "solved"}],
    [{"snooze": "2 days"}],
    [{"wait": True}, {"snooze": "3 hours"}],
    [],
]


BEGINNINGS: dict[str, Callable[[Ticket], Any]] = {
    "open": lambda row: None,
    "them": lambda row: tickets.wait(row),
    "research": lambda row: tickets.wait(row, on="research"),
    "held": lambda row: tickets.hold(row, reason="the vendor"),
    "closed": lambda row: tickets.close(row, resolution="answered"),
    "snoozed": lambda row: tickets.snooze(row, until=NOW.replace(day=30)),
}
# what is closed can neither be held nor snoozed
NEED_LIVE = (ENDINGS[1], ENDINGS[3])
CASES = [
    (begin, ending)
    for begin in BEGINNINGS
    for ending in ENDINGS
    if begin != "closed" or ending not in NEED_LIVE
]


@pytest.mark.parametrize("ending", NEED_LIVE)
def test_what_cannot_be_done_changes_nothing(ending: list[dict[str, Any]]) -> None:
    ana, row = agent("ana"), ticket()
    with pipeline.change(Actor.user(ana), now=NOW):
        tickets.close(row, resolution="answered")
    before = state(row)
    with pytest.raises(VerbError):
        use(row, macro(actions=[{"category": "A"}, *ending]), ana)
    assert state(row) == before


@pytest.mark.parametrize(("begin", "ending"), CASES)
def test_it_is_one_step_and_undone_in_one(begin: str, ending: list[dict[str, Any]]) -> None:
    ana, row = agent("ana"), ticket()
    agent("noor")
    Team.objects.create(key="devrel", name="DevRel")
    with pipeline.change(Actor.user(ana), now=NOW):
        tickets.add_tags(row, ["new", "wal"])
        BEGINNINGS[begin](row)
    used = macro(text="", actions=[*EVERYTHING, *ending])
    before = state(row)
    event = use(row, used, ana)
    assert event is not None
    after = state(row)
    assert after["tags"] == ["slot", "wal"]
    assert (after["owner"], after["team"], after["category"]) == ("noor", "devrel", "Billing")
    with pipeline.change(Actor.user(ana), now=NOW):
        services.undo(row, event.pk)
    assert state(row) == before


def test_undo_leaves_what_somebody_changed_since() -> None:
    ana, row = agent("ana"), ticket()
    event = use(row, macro(actions=[{"category": "A"}, {"priority": "high"}]), ana)
    assert event is not None
    with pipeline.change(Actor.user(ana), now=NOW):
        tickets.set_category(row, "B")
    with pipeline.change(Actor.user(ana), now=NOW):
        services.undo(row, event.pk)
    now = state(row)
    assert (now["category"], now["priority"]) == ("B", "normal")
    with pipeline.change(Actor.user(ana), now=NOW), pytest.raises(NotAllowed, match="already"):
        services.undo(row, event.pk)


def test_another_tickets_step_cannot_be_undone_here() -> None:
    ana, row, other = agent("ana"), ticket(), ticket()
    event = use(row, macro(actions=[{"category": "A"}]), ana)
    assert event is not None
    with pipeline.change(Actor.user(ana), now=NOW), pytest.raises(VerbError, match="nothing"):
        services.undo(other, event.pk)
    assert state(row)["category"] == "A"


def test_only_what_was_left_on_is_done() -> None:
    ana, row = agent("ana"), ticket()
    used = macro(actions=[{"category": "A"}, {"close": "solved"}])
    use(row, used, ana, only={"category"})
    assert (state(row)["category"], state(row)["status"][0]) == ("A", "open")
    assert use(row, used, ana, only=set()) is None
    assert TicketEvent.objects.filter(kind=kinds.MACRO).count() == 1


def test_me_is_who_uses_it_and_nobody_on_duty_is_an_error() -> None:
    ana, row = agent("ana"), ticket()
    use(row, macro("mine", actions=[{"assign": "me"}]), ana)
    assert state(row)["owner"] == "ana"
    with pytest.raises(VerbError, match="not here"):
        use(row, macro("duty", actions=[{"assign": "on_duty"}]), ana)
