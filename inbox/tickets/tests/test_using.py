"""S34: a connection that only some may use. Its tickets are read as before."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from inbox import pipeline
from inbox.accounts.models import ApiToken, Team, User
from inbox.audit.models import AuditEntry
from inbox.channels import use
from inbox.channels.models import Channel
from inbox.common.work import Actor
from inbox.handbook.services import dump, load
from inbox.macros.models import Macro
from inbox.outbox import deciding, effects
from inbox.outbox import services as outbox
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.errors import NotYours
from inbox.tickets.models import Message, Ticket
from rig.desk import NOW, act, agent, mailbox, ticket

pytestmark = pytest.mark.django_db
PAGE = "/channels/email/support/"
WHY = "Support desk is not yours to use: only Field and Bo use it."


@pytest.fixture
def row() -> Ticket:
    """A ticket of a mailbox that one team and Bo use."""
    channel = mailbox(label="Support desk")
    team = Team.objects.create(key="field", name="Field")
    agent("mia").teams.add(team)
    use.limit(channel, teams=[team], people=[agent("bo")])
    return ticket(channel=Channel.objects.get(pk=channel.pk))


def desk(name: str, **fields: Any) -> Client:
    client = Client()
    client.force_login(agent(name, **fields))
    return client


def by(who: User, verb: Any, /, *args: Any, **kwargs: Any) -> Any:
    with pipeline.change(Actor.user(who), now=NOW):
        return verb(*args, **kwargs)


# ------------------------------------------------------------------ the verbs


@pytest.mark.parametrize(("name", "may"), [("mia", True), ("bo", True), ("ana", False)])
def test_only_those_in_it_answer(row: Ticket, name: str, *, may: bool) -> None:
    user = agent(name)
    if may:
        by(user, tickets.reply, row, body="Yes.", user=user)
    else:
        with pytest.raises(NotYours) as refused:
            by(user, tickets.reply, row, body="Yes.", user=user)
        assert refused.value.text == WHY
    assert Outgoing.objects.filter(kind="reply").count() == may


def test_everything_that_sends_is_refused_and_the_rest_is_not(row: Ticket) -> None:
    ana, bo = agent("ana"), agent("bo")
    asked = Message.objects.get()
    with pytest.raises(NotYours):
        by(ana, outbox.forward, row, asked, address="friend@example.org")
    said = by(bo, tickets.reply, row, body="Yes.", user=bo)
    sent = Outgoing.objects.get(message=said)
    Outgoing.objects.filter(pk=sent.pk).update(state="failed")
    for verb, given in (
        (effects.amend, {"text": "No."}),
        (effects.withdraw, {}),
    ):
        with pytest.raises(NotYours):
            by(ana, verb, said, **given)
    with pytest.raises(NotYours):
        by(ana, deciding.retry, Outgoing.objects.get(pk=sent.pk))
    with pytest.raises(NotYours):
        by(
            ana,
            outbox.open_conversation,
            row.channel,
            kind="issue",
            key="k1",
            user=ana,
            delay=timedelta(),
            payload={"place": "p", "text": "t"},
        )
    by(ana, tickets.add_note, row, body="For Bo.", user=ana)
    by(ana, tickets.assign, row, bo)
    by(ana, tickets.close, row)
    row.refresh_from_db()
    assert (row.status, row.owner) == ("closed", bo)


def test_rules_and_automatic_answers_are_not_limited(row: Ticket) -> None:
    act(tickets.reply, row, body="We are away.", user=None)
    assert Outgoing.objects.filter(kind="auto_reply").count() == 1


def test_a_team_that_is_deleted_opens_it_to_nobody_else(row: Ticket) -> None:
    Team.objects.all().delete()
    User.objects.filter(username="bo").delete()
    channel = Channel.objects.get()
    assert not use.may_use(channel, agent("ana").pk)
    assert use.why_not(channel, agent("ana").pk).endswith("only some of us use it.")
    use.limit(channel, teams=[], people=[])
    assert use.may_use(channel, agent("ana").pk)


def test_a_restricted_team_is_not_named(row: Ticket) -> None:
    Team.objects.update(restricted=True)
    assert use.why_not(row.channel, agent("ana").pk) == (
        "Support desk is not yours to use: only Bo uses it."
    )


# ------------------------------------------------------------------ where it shows


def test_the_page_says_why_and_offers_a_note(row: Ticket) -> None:
    page = desk("ana").get(f"/tickets/{row.pk}/").content.decode()
    assert f"{WHY} You can leave a note." in page
    assert page.count("disabled aria-describedby") == 2
    assert WHY not in desk("bo").get(f"/tickets/{row.pk}/").content.decode()
    found = desk("ana").get("/jump/", {"q": ">reply", "ticket": str(row.pk)}).content.decode()
    assert WHY in found
    assert 'data-press="r"' not in found
    found = desk("bo").get("/jump/", {"q": ">reply", "ticket": str(row.pk)}).content.decode()
    assert 'data-press="r"' in found


def test_a_forged_form_is_refused_and_its_words_are_kept(row: Ticket) -> None:
    ana = desk("ana")
    answer = ana.post(f"/tickets/{row.pk}/reply/", {"body": "Yes, it is.", "mode": "reply"})
    assert answer.status_code == 422
    assert "Yes, it is.</textarea>" in answer.content.decode()
    assert not Outgoing.objects.filter(kind="reply").exists()


def test_the_api_answers_403_with_the_words(row: Ticket) -> None:
    for name, status in (("ana", 403), ("mia", 200)):
        _, token = ApiToken.issue(agent(name))
        headers = {"authorization": f"Bearer {token}"}
        path = f"/api/v1/tickets/{row.pk}/reply/"
        answer = Client().post(path, {"body": "Yes."}, "application/json", headers=headers)
        assert answer.status_code == status
        if status == 403:
            assert answer.json() == {"type": "not_yours", "detail": WHY, "errors": {}}


def test_a_macro_cannot_answer_for_somebody_else(row: Ticket) -> None:
    Macro.objects.create(key="yes", name="Yes", text="Yes.", actions=[])
    form = {"body": "Yes.", "mode": "reply", "macro": "yes"}
    assert desk("ana").post(f"/tickets/{row.pk}/reply/", form).status_code == 422


# ------------------------------------------------------------------ who says so


def test_an_admin_says_who_and_it_is_logged() -> None:
    mailbox(label="Support desk")
    team = Team.objects.create(key="field", name="Field")
    bo, boss = agent("bo"), desk("boss", role="admin")
    boss.post(f"{PAGE}use/", {"who": "some", "teams": [team.pk], "people": [bo.pk, "x", "9" * 30]})
    channel = Channel.objects.get()
    assert use.users_of(channel) == {"teams": ["field"], "people": ["bo"]}
    page = boss.post(f"{PAGE}use/", {"who": "some"}, follow=True).content.decode()
    assert "Choose at least one team or person" in page
    boss.post(f"{PAGE}use/", {"who": "all", "teams": [team.pk]})
    assert use.users_of(Channel.objects.get()) == {}
    rows = AuditEntry.objects.filter(what="channel.use").order_by("number")
    wanted = {"teams": ["field"], "people": ["bo"]}
    assert list(rows.values_list("old", "new")) == [("everybody", wanted), (wanted, "everybody")]


def test_an_admin_who_does_not_use_it_changes_no_settings_but_who_uses_it(row: Ticket) -> None:
    boss = desk("boss", role="admin")
    page = boss.get(PAGE).content.decode()
    assert "Only those who use this connection change its settings." in page
    refused = boss.post(PAGE, {"address": "other@example.com"})
    assert refused.status_code == 403
    assert "only those who use it change its settings" in refused.content.decode()
    assert boss.post(f"{PAGE}disconnect/").status_code == 403
    channel = Channel.objects.get()
    assert (channel.settings["address"], channel.active) == ("support@example.com", True)
    me = User.objects.get(username="boss")
    boss.post(f"{PAGE}use/", {"who": "some", "people": [me.pk]})
    assert boss.post(PAGE, {"address": "other@example.com"}).status_code == 302
    assert use.users_of(Channel.objects.get()) == {"teams": [], "people": ["boss"]}


def test_the_admin_lets_only_those_change_it_who_use_it(row: Ticket) -> None:
    boss, path = desk("boss", role="admin"), f"/admin/inbox/channel/{row.channel_id}/"
    for who, status in (([agent("bo")], 403), ([agent("boss")], 200)):
        use.limit(row.channel, teams=[], people=who)
        assert boss.get(f"{path}delete/").status_code == status
        assert ('name="_save"' in boss.get(f"{path}change/").content.decode()) == (status == 200)


def test_the_handbook_carries_who_may_use_it(row: Ticket) -> None:
    text = dump()
    assert load(text) == []
    use.limit(row.channel, teams=[], people=[])
    assert load(text) == ["~ channel email/support: use"]
    channel = Channel.objects.get()
    assert use.users_of(channel) == {"teams": ["field"], "people": ["bo"]}
