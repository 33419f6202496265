"""Subscribers are told by real workers, one of which is killed while it waits for an answer."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from inbox.common.queue import Job, enqueue
from inbox.webhooks import services
from inbox.webhooks.models import Webhook, WebhookEvent
from rig import worker
from rig.desk import ticket
from rig.receiver import Receiver

pytestmark = [pytest.mark.service, pytest.mark.slow]


def test_killed_while_it_waits_and_told_again_under_the_same_id(
    process_env: dict[str, str], tmp_path: Path, settings: object
) -> None:
    with Receiver() as receiver:
        settings.OUTBOUND_ALLOW = receiver.place  # type: ignore[attr-defined]  # pytest-django's wrapper
        env = {**process_env, "OUTBOUND_ALLOW": receiver.place}
        slow = Webhook(label="slow", url=f"{receiver.url}/slow", events=["ticket.opened"])
        quick = Webhook(label="quick", url=f"{receiver.url}/hook", events=["ticket.opened"])
        services.save(slow)
        quick.secret = slow.secret
        services.save(quick)
        receiver.secret = slow.secret
        receiver.gate.clear()
        try:
            with worker.workers(env, folder=tmp_path, count=2) as running:
                ticket(at=timezone.now())
                # one worker waits for the slow receiver, the other one tells the quick one
                running[0].wait_until(lambda: len(receiver.called("/slow")) == 1)
                running[0].wait_until(lambda: len(receiver.called("/hook")) == 1)
                for process in running:
                    process.kill()
            receiver.gate.set()
            Webhook.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
            with worker.workers(env, folder=tmp_path) as running:
                # the quick one's answer may have come too late to be written down
                for hook in (slow, quick):
                    enqueue(Job.WEBHOOK, hook.pk)
                sent = WebhookEvent.objects.filter(state="sent")
                running[0].wait_until(lambda: sent.count() == 2)
        finally:
            receiver.gate.set()
        ids = [call.headers["webhook-id"] for call in receiver.called("/slow")]
        assert ids == [WebhookEvent.objects.get(webhook=slow).message_id] * 2
