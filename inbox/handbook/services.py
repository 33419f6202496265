"""Load and dump the whole configuration as one reviewed file."""

from pathlib import Path
from typing import Any

import yaml
from django.db import transaction

from inbox.accounts.models import Team, User
from inbox.audit import services as audit
from inbox.calendars.clock import DAYS
from inbox.calendars.models import Calendar
from inbox.channels import use
from inbox.channels.models import Channel, Source
from inbox.common.config import DEFAULTS, setting
from inbox.common.models import Setting
from inbox.followups.models import FollowUp
from inbox.handbook import storing
from inbox.handbook.reading import BadHandbook, read
from inbox.macros.models import Macro, SeenBy
from inbox.oncall.models import Rotation
from inbox.playbooks.models import Playbook, Series
from inbox.routing.models import Rule
from inbox.sla.models import Policy
from inbox.tickets.models import Category

PRESET = Path(__file__).parent / "presets" / "devrel.yaml"


def load(
    text: str, *, dry_run: bool = False, prune: bool = False, by: audit.By = audit.COMMAND
) -> list[str]:
    """Load a file; the differences, a line each. One bad line changes nothing.

    Raises `BadHandbook`.
    """
    book = read(text)
    with transaction.atomic():
        try:
            changes = storing.store(book, prune=prune)
        except storing.BadReference as error:
            raise BadHandbook([str(error)]) from error
        if changes and not dry_run:
            audit.record(by, "handbook.loaded", new={"changes": list(changes), "prune": prune})
        if dry_run:
            transaction.set_rollback(True)
    return list(changes)


def load_preset() -> list[str]:
    """Load the shipped handbook; the differences, a line each."""
    return load(PRESET.read_text("utf-8"))


def dump() -> str:
    """The configuration as a file that `load` takes; no secrets."""
    data: dict[str, Any] = {
        "version": 1,
        "teams": [
            {"key": team.key, "name": team.name, "restricted": team.restricted}
            for team in Team.objects.order_by("key")
        ],
        "people": [_person(user) for user in User.objects.filter(is_active=True).order_by("pk")],
        "calendars": [_calendar(calendar) for calendar in Calendar.objects.order_by("key")],
        "policies": [_policy(policy) for policy in Policy.objects.order_by("key")],
        "channels": [_channel(channel) for channel in Channel.objects.order_by("kind", "key")],
        "sources": [
            _source(source)
            for source in Source.objects.exclude(group=None)
            .select_related("channel", "group__policy", "group__owner")
            .order_by("pk")
        ],
        "rotations": [_rotation(rotation) for rotation in Rotation.objects.order_by("key")],
        "categories": [category.name for category in Category.objects.all()],
        "follow_ups": [_follow_up(row) for row in FollowUp.objects.order_by("key")],
        "rules": [_rule(rule) for rule in Rule.objects.all()],
        "macros": [
            _macro(row)
            for row in Macro.objects.exclude(seen_by=SeenBy.OWNER).select_related("team")
        ],
        "playbooks": [
            {**book.definition, "active": book.active} for book in Playbook.objects.order_by("key")
        ],
        "series": [_series(row) for row in Series.objects.select_related("playbook", "calendar")],
        "pleasantries": setting("pleasantries"),
        "settings": [
            {"key": row.name, "value": row.value}
            for row in Setting.objects.filter(name__in=DEFAULTS).order_by("name")
            if row.name != "pleasantries"  # has a section of its own
        ],
    }
    filled = {name: rows for name, rows in data.items() if rows}
    return str(yaml.safe_dump(filled, sort_keys=False, allow_unicode=True, width=110))


def _person(user: User) -> dict[str, Any]:
    return {
        "username": user.username,
        "name": user.get_full_name(),
        "email": user.email,
        "teams": [team.key for team in user.teams.order_by("key")],
        "role": user.role,
    }


def _series(series: Series) -> dict[str, Any]:
    """What it lacks is left out."""
    row = {
        "key": series.key,
        "name": series.name,
        "playbook": series.playbook.key if series.playbook else None,
        "announced_in": series.channel_label,
        "meeting_url": series.meeting_url,
        "calendar": series.calendar.key if series.calendar else None,
        "day": DAYS[series.weekday],
        "time": series.time,
        "minutes": series.minutes,
        "every_weeks": series.every,
        "starts_on": series.starts_on,
    }
    return {**{k: v for k, v in row.items() if v not in (None, "")}, "active": series.active}


def _calendar(calendar: Calendar) -> dict[str, Any]:
    now = calendar.versions.order_by("-version").first()
    head = {"key": calendar.key, "name": calendar.name}
    if calendar.feed_url:
        head["feed"] = calendar.feed_url
    if now is None:
        return head
    rest = {"zone": now.zone, "week": now.week, "holidays": now.holidays, "closed": now.closed}
    return {**head, **rest}


def _policy(policy: Policy) -> dict[str, Any]:
    row: dict[str, Any] = {"key": policy.key, "name": policy.name, "soft": policy.soft}
    if policy.calendar:
        row["calendar"] = policy.calendar.key
    for name, amount, unit in (
        ("first_response", policy.first_response_amount, policy.first_response_unit),
        ("next_response", policy.next_response_amount, policy.next_response_unit),
        ("update_every", policy.update_amount, policy.update_unit),
        ("team_response", policy.team_response_amount, policy.team_response_unit),
    ):
        if amount:
            row[name] = f"{amount} {unit}"
    if policy.acknowledge:
        row["acknowledge"] = policy.acknowledge
    for name in ("categories", "priorities"):
        if getattr(policy, name):
            row[name] = getattr(policy, name)
    return {**row, "warn_minutes": policy.warn_minutes}


def _follow_up(chain: FollowUp) -> dict[str, Any]:
    """Its steps in the file's shape: times stand between what is done."""
    first, *others = chain.steps
    then: list[dict[str, Any]] = _step_actions(first)
    for step in others:
        then += [{"after": f"{step['after_minutes']} minutes"}, *_step_actions(step)]
    return {
        "key": chain.key,
        "label": chain.label,
        "channels": chain.channels,
        "after": f"{first['after_minutes']} minutes",
        "waiting_on": "them",
        "then": then,
        "enabled": chain.enabled,
    }


def _step_actions(step: dict[str, Any]) -> list[dict[str, Any]]:
    return [{name: step[name]} for name in ("message", "close") if step.get(name)]


def _channel(channel: Channel) -> dict[str, Any]:
    owner = "on_duty" if channel.owner_on_duty else channel.owner and channel.owner.username
    row: dict[str, Any] = {"kind": channel.kind, "key": channel.key, "label": channel.label}
    row |= {"settings": channel.settings, "purpose": channel.purpose, "active": channel.active}
    if channel.policy:
        row["policy"] = channel.policy.key
    users = use.users_of(channel)
    if any(users.values()):
        row["use"] = users
    return {**row, "owner": owner} if owner else row


def _source(source: Source) -> dict[str, Any]:
    group = source.group
    return {
        "channel": str(source.channel),
        "group": group.name if group else "",
        "match": source.external_key,
        "policy": group.policy.key if group and group.policy else None,
        "announce_to": group.announce_to if group else "",
        **({"owner": group.owner.username} if group and group.owner else {}),
        **({"label": source.label} if source.label else {}),
        **{name: source.settings[name] for name in ("tags", "upgrade") if name in source.settings},
    }


def _rotation(rotation: Rotation) -> dict[str, Any]:
    return {
        "key": rotation.key,
        "name": rotation.name,
        "members": [place.user.username for place in rotation.places.select_related("user")],
        "handover": rotation.handover,
        "calendar": rotation.calendar.key if rotation.calendar else None,
        "zone": rotation.zone,
        "starts_on": rotation.starts_on,
        "turn": rotation.turn if rotation.turn != "custom" else f"{rotation.turn_days} days",
        "rests_when_closed": rotation.rests_when_closed,
        **({"approver": rotation.approver.username} if rotation.approver else {}),
        **({"roster": str(rotation.roster)} if rotation.roster else {}),
    }


def _macro(macro: Macro) -> dict[str, Any]:
    row: dict[str, Any] = {"key": macro.key, "name": macro.name}
    if macro.team:
        row["team"] = macro.team.key
    given = (
        ("text", macro.text),
        ("then", macro.actions),
        ("channels", macro.channels),
        ("categories", macro.categories),
    )
    filled = {name: value for name, value in given if value}
    return {**row, **filled, "order": macro.order, "enabled": macro.enabled}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "key": rule.key,
        "label": rule.label,
        "order": rule.order,
        "when": rule.trigger,
        "if": rule.condition,
        "then": rule.actions,
        "stop": rule.stop,
        "enabled": rule.enabled,
    }
