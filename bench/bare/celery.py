"""`celery -A bench.bare.celery worker`: a no-op, and nothing else."""

import os
import time

import django
import redis
from celery import Celery

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.bare.settings"
django.setup()
app = Celery("bare", broker=os.environ["REDIS_URL"])
app.conf.task_default_queue = "bare"
app.conf.task_ignore_result = True
client = redis.Redis.from_url(os.environ["REDIS_URL"])


@app.task
def noop(name: str) -> None:
    """Say when it ran."""
    client.rpush(name, time.time())
