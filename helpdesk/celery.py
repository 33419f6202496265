"""The Celery application: four queues, one static schedule.

Celery is the engine, never the queue: every job can be driven again from a table, so a lost
message costs at most one turn of the sweep.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")

app = Celery("helpdesk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["inbox"])
