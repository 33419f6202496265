"""Rating a chat: in the widget or by a link in a mail, once per closing, changeable for a week."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from inbox.channels.models import Channel
from inbox.livechat import links
from inbox.livechat.models import Conversation, Rating
from inbox.livechat.tests.conftest import Browser, answer
from inbox.operations import sweep
from inbox.outbox.models import Outgoing
from inbox.tickets import services as tickets
from inbox.tickets.models import Message, Ticket
from rig.desk import act, agent, mailbox

pytestmark = pytest.mark.django_db
ADDRESS = "mira@example.org"


@pytest.fixture
def gone(chat: Channel) -> Browser:
    """A visitor whose address is known to be theirs, who wrote and closed the tab."""
    mailbox("support")
    chat.settings["mail_channel"] = "email/support"
    chat.save()
    browser = Browser()
    browser.begin(email=ADDRESS, name="Mira")
    Conversation.objects.update(email_confirmed_at=timezone.now())
    browser.say("question")
    browser.call("POST", "leave/", {})
    return browser


def mails(minutes: float = 2) -> list[Outgoing]:
    """What is queued by mail, some minutes from now."""
    sweep.tick(now=timezone.now() + timedelta(minutes=minutes))
    return list(Outgoing.objects.filter(kind="chat_mail").order_by("pk"))


def link_in(row: Outgoing, name: str = "csat") -> str:
    """The path of a link in a mail; "" when there is none."""
    found = re.search(rf"http://127\.0\.0\.1:8000(/{name}/\S+/)", row.payload["text"])
    return found[1] if found else ""


def notes() -> list[str]:
    """What the team was told."""
    rows = Message.objects.filter(visibility="internal").order_by("pk")
    return list(rows.values_list("new_text", flat=True))


def stranger() -> Client:
    """Somebody with a link and nothing else, whose forms carry no CSRF token."""
    return Client(enforce_csrf_checks=True)


def test_the_last_answer_brings_the_link_and_looking_changes_nothing(gone: Browser) -> None:
    answer(Ticket.objects.get(), "With **pg_drop**.", then="close")
    (mail,) = mails()
    assert "With **pg_drop**." in mail.payload["text"]
    path = link_in(mail)
    for _ in range(3):  # a scanner of mails follows links
        page = stranger().get(path)
        assert page.status_code == 200
    assert stranger().head(path).status_code == 200
    assert not Rating.objects.exists()
    assert not page.cookies
    assert page["Referrer-Policy"] == "no-referrer"
    assert "unsafe" not in page["Content-Security-Policy"]
    done = stranger().post(path, {"score": "4", "comment": "quick <b>help</b>"})
    assert "Thank you" in done.content.decode()
    assert "quick &lt;b&gt;help" in done.content.decode()
    row = Rating.objects.get()
    assert (row.score, row.comment, row.closing) == (4, "quick <b>help</b>", 1)
    assert notes() == ["The visitor rated this chat 4 of 5: quick <b>help</b>"]
    assert gone.begin().json()["rating"] == 4


def test_only_what_is_new_or_another_is_told(gone: Browser) -> None:
    answer(Ticket.objects.get(), "done", then="close")
    path = link_in(mails()[0])
    for score in ("4", "4", "2"):
        assert stranger().post(path, {"score": score}).status_code == 200
    assert notes() == [
        "The visitor rated this chat 4 of 5",
        "The visitor now rates this chat 2 of 5",
    ]
    desk = Client()
    desk.force_login(agent("ana"))
    page = desk.get(f"/tickets/{Ticket.objects.get().number}/").content.decode()
    assert "Rated <b>2 of 5</b> (Bad)" in page


def test_a_week_later_it_stands(gone: Browser) -> None:
    answer(Ticket.objects.get(), "done", then="close")
    path = link_in(mails()[0])
    stranger().post(path, {"score": "4"})
    with time_machine.travel(timezone.now() + timedelta(days=6)):
        assert stranger().post(path, {"score": "3"}).status_code == 200
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert stranger().post(path, {"score": "1"}).status_code == 409
    assert Rating.objects.get().score == 3
    with time_machine.travel(timezone.now() + timedelta(days=31)):
        assert stranger().get(path).status_code == 404


def test_each_closing_has_a_rating_of_its_own(gone: Browser) -> None:
    ticket = Ticket.objects.get()
    answer(ticket, "done", then="close")
    first = link_in(mails()[0])
    stranger().post(first, {"score": "5"})
    gone.say("one more thing", "line-0002")
    assert gone.begin().json()["rating"] is None
    gone.call("POST", "leave/", {})
    ticket.refresh_from_db()
    answer(ticket, "done again", then="close")
    second = link_in(mails(40)[1])
    assert second != first
    stranger().post(second, {"score": "2"})
    stranger().post(first, {"score": "4"})  # the earlier one can still be changed
    assert dict(Rating.objects.values_list("closing", "score")) == {1: 4, 2: 2}
    assert gone.begin().json()["rating"] == 2


def test_the_widget_and_the_link_are_one_rating(gone: Browser) -> None:
    answer(Ticket.objects.get(), "done", then="close")
    path = link_in(mails()[0])
    assert gone.call("POST", "rating/", {"score": 4}).status_code == 204
    stranger().post(path, {"score": "4"})
    assert (Rating.objects.count(), len(notes())) == (1, 1)


def forged(path: str) -> list[str]:
    """Links that nobody of us made."""
    token = path.split("/")[2]
    pk, subject, until, mac = token.split(".")
    other = links.confirm_link(Conversation.objects.get(), timezone.now()).split("/")[-2]
    return [
        f"{pk}.2.{until}.{mac}",
        f"{int(pk) + 1}.{subject}.{until}.{mac}",
        f"{pk}.{subject}.{int(until) + 9}.{mac}",
        f"{pk}.{subject}.{until}.{mac[:-1]}",
        f"{pk}.{subject}.{until}.",
        other,  # signed for something else
        "x",
        "é",
        "." * 50,
    ]


def test_forged_links_are_unknown(gone: Browser) -> None:
    answer(Ticket.objects.get(), "done", then="close")
    for token in forged(link_in(mails()[0])):
        for answered in (
            stranger().get(f"/csat/{token}/"),
            stranger().post(f"/csat/{token}/", {"score": "1"}),
        ):
            assert answered.status_code == 404
    assert not Rating.objects.exists()


@pytest.mark.parametrize("score", ["", "0", "6", "4.5", "x", "٤", "1" * 5000])
def test_what_is_no_score_is_asked_again(gone: Browser, score: str) -> None:
    answer(Ticket.objects.get(), "done", then="close")
    path = link_in(mails()[0])
    page = stranger().post(path, {"score": score, "comment": "kept <i>words</i>"})
    assert page.status_code == 422
    assert "kept &lt;i&gt;words" in page.content.decode()
    assert not Rating.objects.exists()


def test_changing_it_all_day_has_a_limit(gone: Browser, window: None) -> None:
    answer(Ticket.objects.get(), "done", then="close")
    path = link_in(mails()[0])
    codes = [stranger().post(path, {"score": str(1 + n % 5)}) for n in range(12)]
    assert [one.status_code for one in codes] == [200] * 10 + [429] * 2
    assert int(codes[-1]["Retry-After"]) > 0
    assert len(notes()) == 10


# ------------------------------------------------------------------ who is asked


def test_silence_is_not_rated(gone: Browser) -> None:
    act(tickets.close, Ticket.objects.get(), resolution="solved", at=timezone.now())
    assert mails() == []


def test_who_is_still_here_is_asked_in_the_widget_alone(gone: Browser) -> None:
    gone.read()
    answer(Ticket.objects.get(), "done", then="close")
    last = gone.read()[-1]["id"]
    gone.call("POST", "read/", {"id": last})
    assert mails(60) == []


def test_who_has_rated_is_not_asked(gone: Browser) -> None:
    ticket = Ticket.objects.get()
    answer(ticket, "done")
    assert len(mails()) == 1
    act(tickets.close, ticket, resolution="solved", at=timezone.now())
    gone.call("POST", "rating/", {"score": 5})
    gone.call("POST", "leave/", {})
    assert len(mails(60)) == 1


def test_closed_later_a_confirmed_address_is_asked_once(gone: Browser) -> None:
    ticket = Ticket.objects.get()
    answer(ticket, "done")
    assert [link_in(mail) for mail in mails()] == [""]
    act(tickets.close, ticket, resolution="solved", at=timezone.now())
    first = mails(60)
    assert [bool(link_in(mail)) for mail in first] == [False, True]
    assert len(mails(120)) == 2


def test_a_typed_address_gets_no_mail_of_a_machine(gone: Browser) -> None:
    Conversation.objects.update(email_confirmed_at=None)
    ticket = Ticket.objects.get()
    answer(ticket, "done")
    assert len(mails()) == 1
    act(tickets.close, ticket, resolution="solved", at=timezone.now())
    assert len(mails(60)) == 1


@pytest.mark.parametrize("end", [tickets.mark_spam, tickets.trash])
def test_spam_and_trash_are_not_asked(gone: Browser, end: Any) -> None:
    ticket = Ticket.objects.get()
    answer(ticket, "done", then="close")
    act(end, ticket, at=timezone.now())
    assert mails() == []
