"""Conversations become tickets, in any order, once each; answers go back into the same thread."""

import json
import random
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from inbox import pipeline
from inbox.channels.models import Channel, Delivery
from inbox.operations import draining
from inbox.outbox.models import Outgoing
from inbox.search.models import SearchDoc
from inbox.tickets import services as tickets
from inbox.tickets.files import path_of
from inbox.tickets.models import Attachment, Message, Ticket
from integrations.hubspot import asking
from integrations.hubspot.tests.conftest import connected, deliver
from rig import hubspot
from rig.desk import act, agent
from rig.hubspot import FakeHubSpot
from rig.vendor import Answer

pytestmark = pytest.mark.django_db


def test_conversation_is_a_ticket_and_the_answer_goes_back_into_it(portal: FakeHubSpot) -> None:
    connected(portal)
    thread = portal.inbox.start("V-501", "My sync hangs", subject="Sync")
    assert deliver(portal.take()) == "done"
    row = Ticket.objects.get()
    assert (row.subject, row.asker and row.asker.external_id) == ("Sync", "V-501")
    assert row.asker is not None
    assert (row.asker.name, row.asker.email) == ("Ada", "ada@example.org")
    assert row.source is not None
    assert row.source.label == "Support"
    portal.inbox.say(thread, "V-501", "Since yesterday")
    deliver(portal.take())
    assert [m.body_text for m in row.messages.order_by("sent_at")] == [
        "My sync hangs",
        "Since yesterday",
    ]
    ana = agent("ana")
    act(tickets.reply, row, body="Try **2.4**.", user=ana, then="wait")
    draining.drain(timeout_seconds=20)
    said = portal.inbox.messages[thread][-1]
    assert (said["text"], said["senders"][0]["actorId"]) == ("Try **2.4**.", "A-77")
    assert "<strong>2.4</strong>" in said["richText"]
    assert (said["channelId"], said["channelAccountId"]) == ("1002", "55")
    assert said["recipients"] == [
        {
            "recipientField": "TO",
            "actorId": "V-501",
            "deliveryIdentifiers": [{"type": "HS_EMAIL_ADDRESS", "value": "ada@example.org"}],
        }
    ]
    out = row.messages.get(direction="out")
    assert out.external_id == f"{thread}/{said['id']}"
    assert deliver(portal.take()) == "ignored"
    assert Delivery.objects.latest("pk").reason == "our own words came back"
    assert row.messages.count() == 3


def test_everything_that_happens_is_the_same_in_any_order(portal: FakeHubSpot) -> None:
    connected(portal)
    dice = random.Random(8)
    threads = []
    for n in range(12):
        portal.at = timezone.now() - timedelta(minutes=20 - n)
        who = portal.inbox.actor(f"V-{600 + n}", f"Asker {n}", f"a{n}@example.org")
        thread = portal.inbox.start(who, f"question {n}")
        portal.inbox.say(thread, who, f"more {n}")
        portal.inbox.say(thread, "A-77", f"answer {n}")
        threads.append(thread)
        if n % 2:
            portal.inbox.stand(thread, "CLOSED")
    events = portal.take()
    again = [dict(event, attemptNumber=1) for event in dice.sample(events, 12)]
    whole = [*events, *again]
    dice.shuffle(whole)
    for start in range(0, len(whole), 3):
        assert deliver(whole[start : start + 3]) in ("done", "ignored", "duplicate")
    assert Ticket.objects.count() == 12
    assert Message.objects.count() == 36
    for n, thread in enumerate(threads):
        row = Ticket.objects.get(threads__thread_key=thread)
        said = row.messages.order_by("sent_at", "pk").values_list("body_text", "role")
        assert set(said) == {
            (f"question {n}", "asker"),
            (f"more {n}", "asker"),
            (f"answer {n}", "team"),
        }
        if n % 2:
            assert row.threads.get().is_closed


def test_closed_there_is_closed_here_and_a_new_question_opens_it(portal: FakeHubSpot) -> None:
    connected(portal)
    portal.at = timezone.now() - timedelta(minutes=9)
    thread = portal.inbox.start("V-501", "My sync hangs")
    deliver(portal.take())
    portal.at = timezone.now() + timedelta(seconds=5)
    portal.inbox.stand(thread, "CLOSED")
    assert deliver(portal.take()) == "done"
    row = Ticket.objects.get()
    assert row.status == "closed"
    portal.at += timedelta(minutes=1)
    portal.inbox.say(thread, "V-501", "It still hangs")
    assert portal.inbox.threads[thread]["status"] == "OPEN"
    deliver(portal.take())
    row.refresh_from_db()
    assert row.status == "open"


def test_older_state_never_overwrites_a_newer_one(portal: FakeHubSpot) -> None:
    connected(portal)
    portal.at = timezone.now() - timedelta(minutes=9)
    thread = portal.inbox.start("V-501", "My sync hangs")
    deliver(portal.take())
    portal.at = timezone.now() + timedelta(seconds=5)
    portal.inbox.stand(thread, "CLOSED")
    (closed,) = portal.take()
    portal.at += timedelta(seconds=5)
    portal.inbox.stand(thread, "OPEN")
    (opened,) = portal.take()
    assert deliver([opened]) == "done"
    assert deliver([closed]) == "ignored"
    assert Delivery.objects.latest("pk").reason == "a later state is known"
    assert Ticket.objects.get().status == "open"


def test_bad_element_costs_none_of_the_others(portal: FakeHubSpot) -> None:
    connected(portal)
    portal.inbox.start("V-501", "My sync hangs")
    events = portal.take()
    bad: list[Any] = [
        None, 7, [], "x", {}, {"subscriptionType": "conversation.newMessage"},
        {**events[1], "objectId": "../1"}, {**events[1], "messageId": "../../x"},
        {**events[1], "occurredAt": "soon"}, {**events[1], "occurredAt": 10**30},
        {**events[1], "objectId": 404404}, {**events[1], "messageId": "mX"},
        {**events[1], "portalId": 1}, {**events[1], "subscriptionType": "conversation.dancing"},
        {"subscriptionType": "contact.creation", "objectId": 5, "portalId": hubspot.PORTAL},
    ]  # fmt: skip
    assert deliver([*bad, *events]) == "done"
    assert Ticket.objects.get().messages.count() == 1


@pytest.mark.parametrize(
    ("events", "state", "words"),
    [
        ([], "ignored", "no events in it"),
        ([{"subscriptionType": "conversation.dancing"}], "unknown", "conversation.dancing"),
        ([{"subscriptionType": "contact.creation", "objectId": 1}], "ignored", "contact.creation"),
        ([{"subscriptionType": "conversation.newMessage"}], "failed", ""),
        (
            [
                {
                    "subscriptionType": "conversation.propertyChange",
                    "objectId": 1,
                    "propertyName": "isArchived",
                    "occurredAt": 1700000000000,
                }
            ],
            "ignored",
            "isArchived is not followed",
        ),
    ],
)
def test_what_makes_nothing_says_why(
    portal: FakeHubSpot, events: list[object], state: str, words: str
) -> None:
    connected(portal)
    portal.calls.clear()
    assert deliver(events) == state
    assert words in Delivery.objects.get().reason
    assert portal.calls == []


def test_robots_and_states_make_no_tickets(portal: FakeHubSpot) -> None:
    connected(portal)
    thread = portal.inbox.start("V-501", "hello", channel="1000")
    portal.take()
    portal.inbox.actor("B-1", "Chatflow")
    portal.inbox.say(thread, "B-1", "Hi! How can we help?", type="WELCOME_MESSAGE")
    portal.inbox.say(thread, "A-77", "", type="ASSIGNMENT")
    assert deliver(portal.take()) == "ignored"
    portal.inbox.start("B-1", "Buy now")
    assert deliver(portal.take()) == "ignored"
    assert Ticket.objects.count() == 0


def test_conversation_that_began_before_us_comes_with_its_question(portal: FakeHubSpot) -> None:
    thread = portal.inbox.start("V-501", "An old question", subject="Old")
    portal.inbox.say(thread, "A-77", "An old answer")
    portal.take()
    connected(portal)
    portal.inbox.say(thread, "V-501", "And now this")
    deliver(portal.take())
    row = Ticket.objects.get()
    assert row.subject == "Old"
    assert [m.body_text for m in row.messages.order_by("pk")] == ["An old question", "And now this"]


def test_truncated_words_are_fetched_whole(portal: FakeHubSpot) -> None:
    connected(portal)
    thread = portal.inbox.start(
        "V-501", "The log says …", truncationStatus="TRUNCATED_TO_MOST_RECENT_REPLY"
    )
    key = portal.inbox.messages[thread][0]["id"]
    portal.inbox.original[key] = {"text": "The log says it all", "richText": "<p>all</p>"}
    deliver(portal.take())
    message = Message.objects.get()
    assert (message.body_text, message.body_html) == ("The log says it all", "<p>all</p>")


def test_long_conversations_are_read_over_pages(portal: FakeHubSpot) -> None:
    connected(portal)
    thread = portal.inbox.start("V-501", "first")
    for n in range(250):
        portal.inbox.say(thread, "V-501", f"line {n}")
    last = portal.take()[-1]
    portal.calls.clear()
    deliver([last])
    assert [m.body_text for m in Message.objects.order_by("sent_at")] == ["first", "line 249"]
    assert len(portal.called("/messages")) == 3


def test_inbox_that_is_not_named_makes_no_tickets(portal: FakeHubSpot) -> None:
    connected(portal, inboxes="11")
    portal.inbox.start("V-501", "for sales", inbox="12")
    assert deliver(portal.take()) == "ignored"
    assert Delivery.objects.get().reason == "of an inbox that is not followed"


def test_deleted_conversation_is_deleted_here(portal: FakeHubSpot) -> None:
    connected(portal)
    thread = portal.inbox.start("V-501", "Oops, my password")
    deliver(portal.take())
    portal.inbox.remove(thread)
    assert deliver(portal.take()) == "done"
    assert Message.objects.get().deleted_at is not None
    assert Ticket.objects.get().status == "closed"


def test_erasure_for_privacy_takes_the_conversation_here(portal: FakeHubSpot) -> None:
    """HubSpot does not say whose it was: the words and files go, the person stays."""
    connected(portal)
    key = portal.crm.file("passport.txt", b"P-4711")
    file = {"type": "FILE", "fileId": key, "name": "passport.txt", "fileUsageType": "OTHER"}
    thread = portal.inbox.start("V-501", "My address is 5 Elm Road", attachments=[file])
    deliver(portal.take())
    draining.drain(timeout_seconds=20)
    name = Attachment.objects.get().sha256
    portal.inbox.say(thread, "V-501", "And my number is 555-0199")
    deliver(portal.take())
    portal.inbox.remove(thread, privacy=True)
    assert deliver(portal.take()) == "done"

    ticket = Ticket.objects.get()
    for message in ticket.messages.all():
        assert (message.body_text, message.new_text, message.body_html) == ("", "", "")
        assert (message.author_label, message.flags) == ("(erased)", ["erased"])
        assert message.deleted_at is not None
    assert ticket.messages.count() == 2
    assert (ticket.status, ticket.subject) == ("closed", "(erased)")
    assert Attachment.objects.get().filename == "file"
    assert not path_of(name).exists()
    assert not Outgoing.objects.exclude(payload__effect="card").exists()  # nothing to close there
    for word in ("Elm", "555-0199", "passport"):
        assert [d.words for d in SearchDoc.objects.all() if word.lower() in d.words.lower()] == []
        assert [row.pk for row in Delivery.objects.all() if word.encode() in bytes(row.body)] == []
    told = ticket.events.get(kind="erased").data["words"]
    assert told.startswith("HubSpot erased this conversation")
    assert Channel.objects.get().active


def test_what_comes_after_an_erasure_is_not_kept(portal: FakeHubSpot) -> None:
    """A message was read at HubSpot, and waits here, while the conversation is erased there."""
    channel = connected(portal)
    thread = portal.inbox.start("V-501", "My address is 5 Elm Road")
    body = json.dumps(portal.take()).encode()
    now = timezone.now()
    row = Delivery.objects.create(channel=channel, dedupe_key="slow", body=body, received_at=now)
    row.completed = asking.complete(row.raw, channel.config)
    row.save()
    portal.inbox.remove(thread, privacy=True)
    assert deliver(portal.take()) == "ignored"
    assert pipeline.process_delivery(row.pk) == "ignored"
    row.refresh_from_db()
    assert (row.completed, bytes(row.body)) == (None, b"")
    assert Message.objects.count() == 0


def test_files_are_fetched_without_our_token(portal: FakeHubSpot) -> None:
    connected(portal)
    key = portal.crm.file("trace.txt", b"Traceback")
    file = {"type": "FILE", "fileId": key, "name": "trace.txt", "fileUsageType": "OTHER"}
    portal.inbox.start("V-501", "Here it is", attachments=[file])
    deliver(portal.take())
    draining.drain(timeout_seconds=20)
    attachment = Message.objects.get().attachments.get()
    assert (attachment.filename, attachment.size, attachment.is_missing) == ("trace.txt", 9, False)


def test_limits_and_outages_put_a_delivery_off_and_lose_nothing(portal: FakeHubSpot) -> None:
    connected(portal)
    portal.inbox.start("V-501", "My sync hangs")
    limit = Answer(429, {**hubspot.LIMIT, "policyName": "TEN_SECONDLY_ROLLING"})
    portal.fail("/messages", answer=limit)
    assert deliver(portal.take()) == "pending"
    put_off = Delivery.objects.get()
    assert put_off.error == "HubSpot asks us to wait"
    assert put_off.not_before is not None
    asked = put_off.not_before - timezone.now()
    assert timedelta(seconds=8) < asked <= timedelta(seconds=12.5)  # ten, and a little more
    for trouble in (Answer(503, b""), Answer(200, b"<html>")):
        portal.fail("/messages", answer=trouble)
        Delivery.objects.update(not_before=None)
        assert pipeline.process_delivery(Delivery.objects.get().pk) == "pending"
    Delivery.objects.update(not_before=None)
    draining.drain(timeout_seconds=20)
    assert Ticket.objects.get().messages.count() == 1


def test_unknown_fields_are_no_trouble(portal: FakeHubSpot) -> None:
    connected(portal)
    portal.inbox.start(
        "V-501", "My sync hangs", newFangled={"a": [1]}, senders=[{"actorId": "V-501", "mood": 3}]
    )
    events = [dict(event, somethingNew={"x": 1}) for event in portal.take()]
    assert deliver(events) == "done"
    assert Ticket.objects.get().asker is not None


def test_revoked_token_fails_the_answer_in_words(portal: FakeHubSpot) -> None:
    connected(portal)
    portal.inbox.start("V-501", "My sync hangs")
    deliver(portal.take())
    portal.access.clear()
    act(tickets.reply, Ticket.objects.get(), body="Hello", user=agent("ana"), then="wait")
    draining.drain(timeout_seconds=20)
    out = Outgoing.objects.get()
    assert (out.state, out.error) == ("failed", "HubSpot refuses the token; connect again")
