"""The Celery application: four queues, one static schedule.

Celery is the engine, never the queue: every job can be driven again from a table, so a lost
message costs at most one turn of the sweep.
"""

import os
from typing import Any

from celery import Celery
from celery.signals import task_prerun, worker_process_init
from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "helpdesk.settings")

app = Celery("helpdesk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["inbox"])
# Celery closes the connection after every job unless this is set; a new one costs ten milliseconds.
app.conf["CELERY_DB_REUSE_MAX"] = 1_000_000


@worker_process_init.connect
def use_one_connection(**_: Any) -> None:
    """A worker's process has one thread, so it keeps one connection.

    The pool is for the web process; here it would only wake its own threads for every job.
    """
    database = connections[DEFAULT_DB_ALIAS].settings_dict
    if database["OPTIONS"].pop("pool", None):
        database["CONN_MAX_AGE"], database["CONN_HEALTH_CHECKS"] = 600, True


@task_prerun.connect
def replace_dead_connections(**_: Any) -> None:
    """Before every job, as Django does before every request: Celery itself only counts jobs."""
    close_old_connections()
