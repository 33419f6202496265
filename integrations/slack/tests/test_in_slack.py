"""What people do in Slack itself: commands, buttons, modals, the home view, cards, shortcuts."""

import json
import urllib.parse
from datetime import timedelta
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.test import Client
from django.utils import timezone
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from inbox import pipeline
from inbox.channels.contract import Field, Form
from inbox.common.config import change_setting
from inbox.common.versions import bump
from inbox.common.work import Actor
from inbox.followups import promises
from inbox.handbook.services import PRESET, load
from inbox.mirrors.models import MirrorTarget
from inbox.mirrors.services import card_of
from inbox.oncall.models import Rotation, RotationMember
from inbox.operations import draining
from inbox.playbooks import acting
from inbox.playbooks.models import Playbook, Run
from inbox.playbooks.starting import STAMP
from inbox.tickets import services as tickets
from inbox.tickets.models import Ticket
from integrations.slack import blocks
from integrations.slack.tests.conftest import asked, connected, deliver
from rig.desk import act, agent
from rig.slack import BOT_USER, TEAM, FakeSlack, signed
from rig.slack_model import address
from rig.vendor import Answer

pytestmark = pytest.mark.django_db


class Desk:
    """The desk's door, in process."""

    def __init__(self, fake: FakeSlack) -> None:
        self.fake, self.client, self.n = fake, Client(), 0

    def _post(self, fields: dict[str, str]) -> dict[str, Any]:
        body = urllib.parse.urlencode(fields).encode()
        meta = {f"HTTP_{k.upper().replace('-', '_')}": v for k, v in signed(body).items()}
        kind = "application/x-www-form-urlencoded"
        answer = self.client.post("/hooks/slack/main/", body, content_type=kind, **meta)  # type: ignore[arg-type]  # headers
        assert answer.status_code == 200
        return dict(json.loads(answer.content)) if answer.content[:1] == b"{" else {}

    def command(self, user: str, text: str) -> str:
        self.n += 1
        return str(
            self._post(
                {
                    "team_id": TEAM,
                    "user_id": user,
                    "command": "/desk",
                    "text": text,
                    "channel_id": "C1",
                    "trigger_id": f"t{self.n}",
                    "response_url": "",
                }
            ).get("text", "")
        )

    def interact(self, user: str, **payload: Any) -> dict[str, Any]:
        self.n += 1
        whole = {
            "user": {"id": user, "team_id": TEAM},
            "team": {"id": TEAM},
            "trigger_id": f"t{self.n}",
            **payload,
        }
        return self._post({"payload": json.dumps(whole)})

    def press(self, user: str, action: str, value: str) -> dict[str, Any]:
        pressed = [{"action_id": action, "value": value}]
        return self.interact(user, type="block_actions", actions=pressed)


@pytest.fixture
def desk(workspace: FakeSlack) -> Desk:
    agent("ana")
    connected(workspace, triage_channel="#triage", support_channel="#support")
    workspace.room("triage")
    workspace.room("support")
    return Desk(workspace)


def settle() -> None:
    assert draining.drain(timeout_seconds=30)[1]


def test_commands_do_what_the_desk_does(desk: Desk) -> None:
    """S73, S75, S80."""
    rotation = Rotation.objects.create(
        key="daily", name="On call", starts_on=timezone.now().date() - timedelta(days=1)
    )
    RotationMember.objects.create(rotation=rotation, user=agent("ana"), position=0)
    row = asked(desk.fake, "help")
    assert desk.command("U0ANA", "").startswith("`oncall` who is on duty")
    assert desk.command("U0ADA", "oncall").startswith("*Ana* is on duty until ")
    assert (
        desk.command("U0ADA", "queue")
        == "This is for the team; ask an admin to name your account with `staff`."
    )
    assert f"#{row.pk}" in desk.command("U0ANA", "queue")
    assert desk.command("U0ANA", f"claim {row.pk}") == f"#{row.pk} is yours."
    assert f"#{row.pk}" in desk.command("U0ANA", "mine")
    assert f"#{row.pk}" in desk.command("U0ANA", "find question")
    assert desk.command("U0ANA", f"hold #{row.pk}") == "Write why this is on hold."
    assert desk.command("U0ANA", f"hold #{row.pk} a call") == f"#{row.pk} is on hold."
    assert (
        desk.command("U0ANA", f'note {row.pk} "she is new"')
        == f"Noted on #{row.pk}. Only the team sees it."
    )
    assert desk.command("U0ANA", f"close {row.pk} solved") == f"#{row.pk} is closed."
    assert desk.command("U0ANA", "close 99999") == "There is no ticket #99999."
    assert desk.command("U0ANA", "cover dentist") == "Asked everybody who is here for cover."
    agent("ben")
    given = desk.command("U0ANA", f"handoff {row.pk} @ben waits for a trace")
    assert given == f"#{row.pk} is with Ben now."
    assert desk.command("U0ANA", "fly").startswith("There is no command “fly”.")
    row.refresh_from_db()
    assert (row.status, row.resolution, row.owner and row.owner.username) == (
        "closed",
        "solved",
        "ben",
    )


def test_of_two_who_claim_one_has_it(desk: Desk) -> None:
    desk.fake.person("U0BEN", "ben", email="ben@example.com")
    agent("ben")
    row = asked(desk.fake, "help")
    desk.press("U0ANA", "desk_claim", str(row.pk))
    desk.press("U0BEN", "desk_claim", str(row.pk))
    row.refresh_from_db()
    assert row.owner == agent("ana")


def test_home_view_shows_the_queue_and_follows_what_is_pressed(desk: Desk) -> None:
    """S54–S56."""
    row = asked(desk.fake, "help")
    body = desk.fake.envelope({"type": "app_home_opened", "user": "U0ANA", "tab": "home"})
    raw = json.dumps(body).encode()
    meta = {f"HTTP_{k.upper().replace('-', '_')}": v for k, v in signed(raw).items()}
    desk.client.post("/hooks/slack/main/", raw, content_type="application/json", **meta)  # type: ignore[arg-type]  # headers
    settle()
    home = desk.fake.homes["U0ANA"]
    View(**home).validate_json()
    assert f"#{row.pk}" in json.dumps(home)
    desk.press("U0ANA", "desk_close", str(row.pk))
    settle()
    assert f"#{row.pk}" not in json.dumps(desk.fake.homes["U0ANA"])
    desk.press("U0ANA", "home_mine", "")
    settle()
    assert "Nothing waits here." in json.dumps(desk.fake.homes["U0ANA"])


def test_triage_card_follows_its_ticket_and_its_thread_is_notes(desk: Desk) -> None:
    """S67, L12."""
    row = asked(desk.fake, "help")
    settle()
    room = desk.fake.room("triage").id
    (card,) = desk.fake.posted(room)
    assert "nobody yet" in json.dumps(card.extra["blocks"])
    desk.press("U0ANA", "desk_claim", str(row.pk))
    settle()
    (card,) = desk.fake.posted(room)
    assert "With: *" not in json.dumps(card.extra["blocks"])
    assert "With: Ana" in json.dumps(card.extra["blocks"])
    assert row.threads.get(role="triage").thread_key == f"{room}/{card.ts}"


def test_asking_the_team_posts_the_question_with_its_address(desk: Desk) -> None:
    """S4, S6, S7, S77."""
    MirrorTarget.objects.filter(purpose="support").update(mention="S0ENG")
    row = asked(desk.fake, "help")
    act(
        promises.ask_team,
        row,
        question="Who knows slots?",
        tell="",
        user=agent("ana"),
        at=timezone.now(),
    )
    settle()
    (post,) = desk.fake.posted(desk.fake.room("support").id)
    shown = json.dumps(post.extra["blocks"])
    assert "Who knows slots?" in shown
    assert "<!subteam^S0ENG>" in shown
    assert "https://x.slack.com/archives/" in shown
    assert "ada" in shown
    told = desk.fake.posted(desk.fake.room("help").id)[-1].text
    assert told.startswith("Good question.")


def test_shortcut_makes_a_ticket_of_a_message_that_nobody_watched(desk: Desk) -> None:
    room = desk.fake.room("random").id
    ts = desk.fake.say("U0ADA", room, "my tap is broken")
    message = {"type": "message", "user": "U0ADA", "text": "my tap is broken", "ts": ts}
    payload = {
        "type": "message_action",
        "callback_id": "desk_create_ticket",
        "message": message,
        "channel": {"id": room},
    }
    desk.interact("U0ANA", **payload)
    desk.interact("U0ANA", **payload)
    row = Ticket.objects.get()
    assert (row.subject, row.asker and row.asker.name) == ("my tap is broken", "ada")
    desk.interact("U0ANA", **{**payload, "callback_id": "desk_refer_product"})
    assert [tag.name for tag in row.tags.all()] == ["product"]


def shipped(*keys: str) -> None:
    """Playbooks of the preset."""
    rows = yaml.safe_load(PRESET.read_text("utf-8"))["playbooks"]
    for row in rows:
        if row["key"] in keys:
            Playbook.objects.create(key=row["key"], name=row["name"], definition=row)
    bump(STAMP)


def test_a_message_with_a_secret_starts_its_playbook_once(desk: Desk) -> None:
    """S94: whoever notices it needs one shortcut; who wrote it is filled in."""
    shipped("secret-in-channel")
    room = desk.fake.room("random").id
    ts = desk.fake.say("U0ADA", room, "see my screenshot")
    message = {"type": "message", "user": "U0ADA", "text": "see my screenshot", "ts": ts}
    for _ in range(2):
        desk.interact(
            "U0ANA",
            type="message_action",
            callback_id="desk_secret",
            message=message,
            channel={"id": room},
        )
    row = Ticket.objects.get()
    run = Run.objects.get()
    assert (run.ticket, run.started_by, run.values["sharer"]) == (row, agent("ana"), "ada")
    assert run.values["place"] == f"{settings.BASE_URL}{row.get_absolute_url()}"
    assert [tag.name for tag in row.tags.all()] == ["secret-exposed"]


def test_a_word_starts_the_playbook_with_whoever_shared_it(desk: Desk) -> None:
    """S94: `/desk secret @who`, as Slack sends it: a mention is an escaped number."""
    shipped("secret-in-stream")
    told = desk.command("U0ANA", "secret <@U0ADA|ada>")
    run = Run.objects.get()
    assert run.get_absolute_url() in told
    assert (run.values, run.roles) == ({"sharer": "U0ADA"}, {"responder": agent("ana").pk})
    assert list(run.steps.filter(state="ready").values_list("key", "owner__username")) == [
        ("notify", "ana"),
        ("private", "ana"),
    ]
    asked(desk.fake, "help")  # ada is known from now on
    with pipeline.change(Actor.user(agent("ana"))):
        acting.act(run.steps.get(key="notify"))
    settle()
    sent = [post.text for place in desk.fake.rooms for post in desk.fake.posted(place)]
    written = [text for text in sent if text.startswith("A secret was visible on your screen")]
    assert [run.get_absolute_url() in text for text in written] == [True]


def test_strangers_start_no_playbook(desk: Desk) -> None:
    shipped("secret-in-stream")
    assert desk.command("U0ADA", "secret").startswith("This is for the team")
    assert Run.objects.count() == 0


def test_dm_is_documented_on_its_ticket(desk: Desk) -> None:
    """S71."""
    row = asked(desk.fake, "help")
    desk.interact("U0ANA", type="shortcut", callback_id="desk_document_dm")
    (modal,) = desk.fake.modals
    View(**modal).validate_json()
    values = {
        name: {name: {"value": value}}
        for name, value in (("number", str(row.pk)), ("note", "We talked."))
    }
    desk.interact("U0ANA", type="view_submission", view={**modal, "state": {"values": values}})
    row.refresh_from_db()
    assert (row.status, row.resolution, row.resolution_note) == (
        "closed",
        "moved_to_dm",
        "We talked.",
    )


def test_reaction_can_be_a_rules_trigger(desk: Desk) -> None:
    load(
        "version: 1\nrules: [{key: bug, when: reaction, if: {emoji: bug}, then: [{kind: bug}, {tag: seen}]}]"
    )
    row = asked(desk.fake, "help")
    (ts,) = desk.fake.room("help").posts
    deliver(desk.fake.envelope(desk.fake.react("U0HELP", desk.fake.room("help").id, ts, "bug")))
    row.refresh_from_db()
    assert row.kind == "bug"


def test_emoji_makes_the_ticket_where_a_channel_is_opt_in(desk: Desk) -> None:
    fake = desk.fake
    connected(fake, opt_in="#random")
    room = fake.room("random").id
    ts = fake.say("U0ADA", room, "may I ask something?")
    raw = fake.envelope(fake.message_event(room, ts))
    deliver(raw, state="ignored")
    deliver(fake.envelope(fake.react("U0ANA", room, ts, "tada")), state="ignored")
    assert not Ticket.objects.exists()
    deliver(fake.envelope(fake.react("U0ANA", room, ts, "ticket")))
    row = Ticket.objects.get()
    assert (row.subject, row.asker and row.asker.name) == ("may I ask something?", "ada")
    assert row.permalink == address(fake.rooms[room], ts)
    answer = fake.say("U0HELP", room, "ask away", thread=ts)
    deliver(fake.envelope(fake.message_event(room, answer)))
    assert row.messages.count() == 2


def test_a_ticket_leads_to_its_thread_at_slack(desk: Desk) -> None:
    """Of a first message, and of a mention inside a thread that nobody watched."""
    connected(desk.fake, opt_in="#random")
    row = asked(desk.fake, "help")
    room = desk.fake.room("help").id
    (ts,) = desk.fake.rooms[room].posts
    assert row.permalink == address(desk.fake.rooms[room], ts)
    elsewhere = desk.fake.room("random").id
    first = desk.fake.say("U0ADA", elsewhere, "talk among us")
    deliver(desk.fake.envelope(desk.fake.message_event(elsewhere, first)), state="ignored")
    assert len(desk.fake.called("chat.getPermalink")) == 1  # not for what makes no ticket
    later = desk.fake.say("U0ADA", elsewhere, f"<@{BOT_USER}> help", thread=first)
    mention = {**desk.fake.message_event(elsewhere, later), "type": "app_mention"}
    deliver(desk.fake.envelope(mention))
    found = Ticket.objects.exclude(pk=row.pk).get()
    assert found.permalink == address(desk.fake.rooms[elsewhere], first)


def test_a_ticket_is_made_though_its_address_cannot_be_had(desk: Desk) -> None:
    desk.fake.fail("chat.getPermalink", answer=Answer(500))
    assert asked(desk.fake, "help").permalink == ""
    assert asked(desk.fake, "random").permalink != ""


def test_strangers_tick_does_nothing_and_a_taken_off_tick_opens_again(desk: Desk) -> None:
    """H 2."""
    row = asked(desk.fake, "help")
    room = desk.fake.room("help").id
    (ts,) = desk.fake.rooms[room].posts
    seen = []
    for user, added in (("U0HELP", True), ("U0ANA", True), ("U0ANA", False)):
        deliver(
            desk.fake.envelope(desk.fake.react(user, room, ts, "heavy_check_mark", added=added))
        )
        row.refresh_from_db()
        seen.append(row.status)
    assert seen == ["open", "closed", "open"]


def test_cards_and_forms_are_valid_block_kit(desk: Desk) -> None:
    change_setting("emoji_mine", ["eyes"])
    row = asked(desk.fake, "help")
    act(tickets.set_subject, row, "<b>" + "x" * 240)
    message = row.messages.get()
    message.new_text = "&<>" * 2000
    for block in blocks.render(card_of(row, message, mention="U0ANA")):
        parsed = Block.parse(block)
        assert parsed is not None
        parsed.validate_json()
    field = Field(name="a", label="L" * 300, options=(("v" * 200, "o" * 100),), hint="h")
    form = Form(key="k", title="T" * 60, fields=(field, Field(name="b", label="B", value="x")))
    View(**blocks.modal(form)).validate_json()
