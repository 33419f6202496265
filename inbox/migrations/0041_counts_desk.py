"""Counts of what is live by channel, and of what is snoozed, for the tickets there are."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import Count, Q

LIVE = ("open", "in_progress", "on_hold")


def _count(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    counts = apps.get_model("inbox", "TicketCount")
    tickets = apps.get_model("inbox", "Ticket").objects.filter(status__in=LIVE).order_by()
    by_channel = tickets.values_list("restricted_team", "channel").annotate(n=Count("pk"))
    asleep = tickets.filter(snoozed_until__isnull=False).values_list("restricted_team")
    rows = [(team, f"channel:{channel}", n) for team, channel, n in by_channel]
    rows += [(team, "snoozed", n) for team, n in asleep.annotate(n=Count("pk"))]
    counts.objects.bulk_create(counts(scope=f"{team or ''}", key=key, n=n) for team, key, n in rows)


def _forget(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    new = Q(key__startswith="channel:") | Q(key="snoozed")
    apps.get_model("inbox", "TicketCount").objects.filter(new).delete()


class Migration(migrations.Migration):
    dependencies = [("inbox", "0040_secret_standing")]

    operations = [migrations.RunPython(_count, _forget)]
