"""Two changes that concern the same tickets never wait for each other: tickets are locked first."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from inbox import pipeline
from inbox.channels.contract import Author, InboundMove, InboundReaction
from inbox.channels.models import Channel, Source
from inbox.common import locks
from inbox.common.work import Actor
from inbox.intake import aftermath, moving
from inbox.tickets import services as tickets
from inbox.tickets.models import Thread, Ticket
from rig import desk

pytestmark = [pytest.mark.service, pytest.mark.django_db(transaction=True)]
REALM, OLD, NEW = "mail", "<old>", "<new>"
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"


@pytest.fixture(autouse=True)
def two_connections() -> None:
    """SQLite lets one writer in at a time: there nobody waits for somebody who waits."""
    if connection.vendor != "postgresql":
        pytest.skip("needs two connections that write at once: PostgreSQL")


def until_somebody_waits(done: "Future[object]") -> None:
    """Go on once the other connection stands before a lock, or is through."""
    end = time.monotonic() + 30
    while not done.done():
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return
        assert time.monotonic() < end, "the other change neither waits nor ends"
        time.sleep(0.02)


def beside(
    other: Callable[[], object], begin: Callable[[], object], go_on: Callable[[], object]
) -> object:
    """`other` starts on a connection of its own in the middle of a change of ours; what it gave."""
    started = threading.Event()

    def run() -> object:
        try:
            started.wait(30)
            with pipeline.change(Actor.system("other")):
                return other()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        future: Future[object] = pool.submit(run)
        with pipeline.change(Actor.system("ours")):
            begin()
            started.set()
            until_somebody_waits(future)
            go_on()
        return future.result(60)


def with_key(key: str) -> Ticket:
    """A ticket whose conversation has this key."""
    row = desk.ticket()
    Thread.objects.filter(ticket=row).update(thread_key=key)
    return row


def moved() -> str:
    """A transfer is filed."""
    found = InboundMove(
        thread_key=OLD, new_thread_key=NEW, message_key="<m-old>", new_message_key="<m-new>",
        place="example/elsewhere",
    )  # fmt: skip
    return moving.file_move(found, Channel.objects.get())


def test_a_transfer_beside_a_merge_of_the_same_two() -> None:
    one, two = with_key(OLD), with_key(NEW)
    said = beside(
        moved,
        lambda: tickets.lock_all([one.pk, two.pk]),
        lambda: tickets.merge(one, into=two),
    )
    assert said == "moved before"
    assert set(Thread.objects.values_list("ticket", flat=True)) == {two.pk}
    assert Ticket.objects.get(pk=one.pk).merged_into == two


def test_a_transfer_beside_a_merge_into_a_third() -> None:
    one, two, three = with_key(OLD), with_key(NEW), desk.ticket()
    beside(
        moved,
        lambda: tickets.lock_all([one.pk, three.pk]),
        lambda: tickets.merge(one, into=three),
    )
    # the conversation went to the third ticket, and what the new place had opened joins it there
    assert set(Thread.objects.values_list("ticket", flat=True)) == {three.pk}
    assert Ticket.objects.get(pk=two.pk).merged_into == three


def test_a_place_is_renamed_beside_a_merge() -> None:
    one, two, _ = (desk.ticket() for _ in range(3))
    channel = Channel.objects.get()
    before, after = (
        Source.objects.create(channel=channel, external_key=key, label=key) for key in ("a", "b")
    )
    Thread.objects.update(source=before)
    Ticket.objects.update(source=before)
    said = beside(
        lambda: moving.file_rename("a", "b", channel),
        lambda: tickets.lock_all([one.pk, two.pk]),
        lambda: tickets.merge(one, into=two),
    )
    assert said == ""
    assert set(Thread.objects.values_list("source", flat=True)) == {after.pk}
    assert set(Ticket.objects.values_list("source", flat=True)) == {after.pk}


def test_a_reaction_beside_whoever_files_messages_of_its_ticket() -> None:
    row = desk.ticket()
    message = row.messages.get()
    found = InboundReaction(
        message_key=message.external_id,
        thread_key=message.thread.thread_key,
        emoji="eyes",
        author=Author(external_id="vera@example.org", name="Vera"),
        added=True,
        at=timezone.now(),
    )
    said = beside(
        lambda: aftermath.file_reaction(found, Channel.objects.get()),
        lambda: tickets.lock(row.pk),
        lambda: locks.hold(REALM, message.external_id),
    )
    assert said == ""
    assert row.events.filter(kind="reacted").count() == 1
