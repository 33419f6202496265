"""The one door for everything that comes in: a row first, an answer second, work later."""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection, transaction

from inbox.channels.models import Channel, Delivery, DeliveryState
from inbox.common.queue import Job, enqueue

# Headers that no reading needs and that would keep a secret in the row.
SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})


def receive(
    channel: Channel,
    *,
    dedupe_key: str,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    received_at: datetime | None = None,
) -> Delivery | None:
    """Store a delivery and ring for it; None when it was here before.

    Raises `django.db.Error` when it could not be stored: then nothing was acknowledged.
    """
    delivery = Delivery(
        channel=channel,
        dedupe_key=dedupe_key[:250],
        headers={name: value for name, value in headers.items() if name not in SECRET_HEADERS},
        body=channel.type.kept(body),
        state=DeliveryState.PENDING,
        received_at=received_at or now,
    )
    with transaction.atomic():
        if not _insert_once(delivery):
            return None
        enqueue(Job.PROCESS_DELIVERY, delivery.pk)
    return delivery


def _insert_once(delivery: Delivery) -> bool:
    """INSERT … ON CONFLICT DO NOTHING RETURNING: one statement says whether it is new."""
    fields = [field for field in Delivery._meta.concrete_fields if not field.primary_key]
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    values = [
        field.get_db_prep_save(getattr(delivery, field.attname), connection) for field in fields
    ]
    table = connection.ops.quote_name(Delivery._meta.db_table)
    sql = (
        f"INSERT INTO {table} ({columns}) VALUES ({marks}) "  # noqa: S608 - names are the model's own
        "ON CONFLICT (channel_id, dedupe_key) DO NOTHING RETURNING id"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        row = cursor.fetchone()
    if row is None:
        return False
    delivery.pk = row[0]
    return True
