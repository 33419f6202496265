"""`manage.py listen`."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inbox.actions import listening


class Command(BaseCommand):
    """Keep connections to vendors that cannot post to us (Slack's Socket Mode)."""

    help = "Listen to channels that have an app token, until Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        """Until Ctrl-C or SIGTERM."""
        over = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: over.set())
        threads = listening.start(over.is_set)
        if not threads:
            raise CommandError("no channel is set up for it: connect slack main app_token=xapp-…")
        self.stdout.write(f"Listening to {len(threads)}. Ctrl-C stops it.")
        over.wait()
        for thread in threads:
            thread.join(5)
