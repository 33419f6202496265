"""`manage.py run`: everything in one process."""

import os
import threading
from typing import Any

from celery import current_app
from django.core.asgi import get_asgi_application
from django.core.management.base import BaseCommand, CommandParser

from inbox.actions import listening
from inbox.operations import embedded
from inbox.web.bodycap import capped


class Command(BaseCommand):
    """Web, worker and scheduler in the foreground; Ctrl-C stops all of it."""

    help = "Run web, worker and scheduler in one process."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to listen."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until Ctrl-C."""
        app = capped(get_asgi_application())
        listening.start(threading.Event().is_set)  # daemon threads: they end with the process
        embedded.serve(current_app, app, host=options["host"], port=options["port"])
