"""`/healthz`, `/readyz`, `/metrics`: alive, able to work, and figures."""

from datetime import timedelta

from celery import current_app
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from inbox.channels.models import Delivery
from inbox.outbox.models import Outgoing
from inbox.tickets.models import TicketCount

PATIENCE = timedelta(minutes=10)
OPEN_DELIVERY = ("pending", "processing")
OPEN_OUTGOING = ("queued", "sending", "uncertain")


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("alive\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Whether the process can work: database, broker, and how long the oldest row waits."""
    database = _database()
    oldest = _oldest_pending_seconds() if database else None
    checks = {"database": database, "broker": _broker(), "oldest_pending_seconds": oldest}
    # A dead broker only slows work down: the sweep and `drain` do without.
    ready = database and (oldest or 0) < PATIENCE.total_seconds()
    return JsonResponse({"ready": ready, **checks}, status=200 if ready else 503)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus, read from the tables, so every process tells the same."""
    registry = CollectorRegistry()
    deliveries = Gauge("switchboard_deliveries", "Deliveries", ["state"], registry=registry)
    outgoing = Gauge("switchboard_outgoing", "Outgoing rows", ["state"], registry=registry)
    tickets = Gauge("switchboard_tickets", "Tickets", ["status"], registry=registry)
    oldest = Gauge(
        "switchboard_oldest_pending_seconds", "Age of the oldest open delivery", registry=registry
    )
    for state in (*OPEN_DELIVERY, "failed"):
        deliveries.labels(state).set(Delivery.objects.filter(state=state).count())
    for state in (*OPEN_OUTGOING, "held", "failed"):
        outgoing.labels(state).set(Outgoing.objects.filter(state=state).count())
    for key, n in _ticket_counts().items():
        tickets.labels(key.removeprefix("status:")).set(n)
    oldest.set(_oldest_pending_seconds() or 0)
    return HttpResponse(generate_latest(registry), content_type="text/plain; version=0.0.4")


def _ticket_counts() -> dict[str, int]:
    found: dict[str, int] = {}
    rows = TicketCount.objects.filter(key__startswith="status:").values_list("key", "n")
    for key, n in rows:
        found[key] = found.get(key, 0) + n
    return found


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker() -> bool:
    if not settings.REDIS_URL:
        return True
    try:
        with current_app.connection_for_write(connect_timeout=0.5) as broker:
            broker.ensure_connection(max_retries=1, timeout=1)
    except Exception:  # noqa: BLE001 - every way of being away is the same answer
        return False
    return True


def _oldest_pending_seconds() -> float | None:
    first = (
        Delivery.objects.filter(state__in=OPEN_DELIVERY, not_before=None)
        .order_by("id")
        .values_list("received_at", flat=True)
        .first()
    )
    return (timezone.now() - first).total_seconds() if first else None
