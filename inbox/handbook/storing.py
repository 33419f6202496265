"""From a checked handbook to rows: one writer per section, idempotent, each told what changed."""

from collections.abc import Callable
from typing import Any

from django.db.models import Model
from django.utils import timezone

from inbox.accounts.models import Team, User
from inbox.calendars.models import Calendar
from inbox.calendars.services import save_calendar
from inbox.channels import directory, registry, use
from inbox.channels.contract import ConfigError
from inbox.channels.models import Channel, Source, SourceGroup
from inbox.common.config import change_setting, setting
from inbox.common.versions import bump
from inbox.followups.models import FollowUp
from inbox.handbook.reading import Handbook, amount, follow_up_steps, series_values, turn_days
from inbox.macros.models import Macro, SeenBy
from inbox.macros.services import check as check_macro
from inbox.macros.wording import BadMacro
from inbox.oncall.models import Rotation, RotationMember
from inbox.playbooks.definition import template_from
from inbox.playbooks.models import Playbook, Series
from inbox.routing.models import Rule
from inbox.sla.models import Policy
from inbox.tickets.models import Category


class BadReference(ValueError):
    """A row names something that neither the file nor the database has."""


class Changes(list[str]):
    """What loading the file changes, one line each."""

    def put(self, model: type[Model], where: dict[str, Any], values: dict[str, Any]) -> Any:
        """Make or change one row and note the difference."""
        name = f"{model.__name__.lower()} {'/'.join(str(v) for v in where.values())}"
        row = model._default_manager.filter(**where).first()
        if row is None:
            self.append(f"+ {name}")
            return model._default_manager.create(**where, **values)
        changed = {k: v for k, v in values.items() if getattr(row, k) != v}
        if changed:
            self.append(f"~ {name}: {', '.join(sorted(changed))}")
            for field, value in changed.items():
                setattr(row, field, value)
            row.save(update_fields=[*changed])
        return row


def store(book: Handbook, *, prune: bool = False) -> Changes:
    """Write a handbook inside the caller's transaction. Raises `BadReference`."""
    changes = Changes()
    for name, write in WRITERS.items():
        for row in book.rows(name):
            write(row, changes)
    if "pleasantries" in book.sections and setting("pleasantries") != book.rows("pleasantries"):
        change_setting("pleasantries", book.rows("pleasantries"))
        changes.append("~ pleasantries")
    if prune:
        _prune(book, changes)
    for stamp in (
        "rules",
        "policies",
        "sources",
        "calendars",
        "agents",
        "teams",
        "categories",
        "rotations",
        "follow_ups",
        "macros",
        "playbooks",
    ):
        bump(stamp)
    directory.forget()
    return changes


def _find(model: type[Model], key: Any, field: str = "key") -> Any:
    if key in (None, ""):
        return None
    row = model._default_manager.filter(**{field: key}).first()
    if row is None:
        raise BadReference(f"there is no {model.__name__.lower()} “{key}”")
    return row


def _team(row: dict[str, Any], changes: Changes) -> None:
    values = {"name": row.get("name") or row["key"], "restricted": bool(row.get("restricted"))}
    changes.put(Team, {"key": row["key"]}, values)


def _person(row: dict[str, Any], changes: Changes) -> None:
    """People become accounts without a password; one that exists keeps its password."""
    first, _, last = str(row.get("name", "")).partition(" ")
    role = row.get("role", "agent")
    values = {"first_name": first, "last_name": last, "email": row.get("email", ""), "role": role}
    fresh = not User.objects.filter(username=row["username"]).exists()
    user = changes.put(User, {"username": row["username"]}, values)
    if fresh:
        user.set_unusable_password()
        user.is_staff = role == "admin"
        user.save(update_fields=["password", "is_staff"])
    if "teams" in row:
        user.teams.set([_find(Team, key) for key in row["teams"]])


def _calendar(row: dict[str, Any], changes: Changes) -> None:
    before = Calendar.objects.filter(key=row["key"]).first()
    versions = before.versions.count() if before else 0
    try:
        calendar = save_calendar(
            key=row["key"],
            name=row.get("name", ""),
            zone=row.get("zone", "UTC"),
            week=row.get("week") or {},
            holidays=row.get("holidays") or [],
            closed=[str(day) for day in row.get("closed") or []],
            feed_url=row.get("feed") or "",
        )
    except ValueError as error:
        raise BadReference(f"calendar {row['key']}: {error}") from error
    if calendar.versions.count() != versions:
        changes.append(f"{'~' if before else '+'} calendar {row['key']}")


def _policy(row: dict[str, Any], changes: Changes) -> None:
    values: dict[str, Any] = {
        "name": row.get("name", ""),
        "soft": bool(row.get("soft")),
        "calendar": _find(Calendar, row.get("calendar")),
        "acknowledge": row.get("acknowledge") or "",
        "warn_minutes": int(row.get("warn_minutes", 60)),
        "categories": [str(name) for name in row.get("categories") or []],
        "priorities": [str(name) for name in row.get("priorities") or []],
    }
    for name, field in (
        ("first_response", "first_response"),
        ("next_response", "next_response"),
        ("update_every", "update"),
        ("team_response", "team_response"),
    ):
        number, unit = amount(row[name]) if row.get(name) else (None, "")
        values[f"{field}_amount"], values[f"{field}_unit"] = number, unit
    changes.put(Policy, {"key": row["key"]}, values)


def _channel(row: dict[str, Any], changes: Changes) -> None:
    where = {"kind": row["kind"], "key": row["key"]}
    known = Channel.objects.filter(**where).first()
    try:
        allowed = {spec.name for spec in registry.get(row["kind"]).settings if not spec.secret}
    except registry.UnknownKind as error:
        raise BadReference(str(error)) from error
    given = {name: str(value) for name, value in (row.get("settings") or {}).items()}
    unknown = set(given) - allowed
    if unknown:
        raise BadReference(f"channel {row['kind']}/{row['key']}: no setting “{min(unknown)}”")
    owner = row.get("owner")
    values: dict[str, Any] = {
        "label": row.get("label") or row["key"],
        "settings": {**(known.settings if known else {}), **given},
        "policy": _find(Policy, row.get("policy")),
        "owner_on_duty": owner == "on_duty",
        "owner": _find(User, owner, "username") if owner not in (None, "on_duty") else None,
        "purpose": row.get("purpose", "support"),
        # what was disconnected is connected by its credentials only
        "active": bool(row.get("active", True)) and not (known and known.disconnected_at),
    }
    channel = changes.put(Channel, where, values)
    try:
        registry.get(row["kind"]).validate(channel.config)
    except ConfigError as error:
        raise BadReference(f"channel {row['kind']}/{row['key']}: {error}") from error
    if "use" in row:
        _use(channel, row["use"] or {}, changes)


def _use(channel: Channel, wanted: dict[str, list[str]], changes: Changes) -> None:
    """Who may use it; empty lets everybody."""
    teams = [_find(Team, key) for key in wanted.get("teams", [])]
    people = [_find(User, name, "username") for name in wanted.get("people", [])]
    before = use.users_of(channel)
    use.limit(channel, teams=teams, people=people)
    if use.users_of(channel) != before:
        changes.append(f"~ channel {channel}: use")


def _source(row: dict[str, Any], changes: Changes) -> None:
    kind, _, key = str(row["channel"]).partition("/")
    channel = Channel.objects.filter(kind=kind, key=key).first()
    if channel is None:
        raise BadReference(f"there is no channel “{row['channel']}”")
    values: dict[str, Any] = {}
    if "policy" in row:
        values["policy"] = _find(Policy, row["policy"])
    if "owner" in row:
        values["owner"] = _find(User, row["owner"], "username")
    if "announce_to" in row:
        values["announce_to"] = row["announce_to"] or ""
    group = changes.put(SourceGroup, {"name": row["group"]}, values)
    if row.get("match"):
        where = {"channel": channel, "external_key": row["match"]}
        known = Source.objects.filter(**where).first()
        own = {name: row[name] for name in ("tags", "upgrade") if name in row}
        settings = {**(known.settings if known else {}), **own}
        filled = {name: value for name, value in settings.items() if value}
        place = {"group": group, "settings": filled}
        if "label" in row:
            place["label"] = row["label"]
        changes.put(Source, where, place)


def _setting(row: dict[str, Any], changes: Changes) -> None:
    if setting(row["key"]) != row["value"]:
        change_setting(row["key"], row["value"])
        changes.append(f"~ setting {row['key']}")


def _rotation(row: dict[str, Any], changes: Changes) -> None:
    calendar = _find(Calendar, row.get("calendar"))
    newest = calendar.versions.order_by("-version").first() if calendar else None
    known = Rotation.objects.filter(key=row["key"]).first()
    # a fixed day, so that loading the file on another day gives the same order
    begin = timezone.localdate().replace(month=1, day=1)
    turn, days = turn_days(row.get("turn", "day"))
    values = {
        "turn": turn,
        "turn_days": days,
        "rests_when_closed": bool(row.get("rests_when_closed", False)),
        "approver": _find(User, row.get("approver"), "username"),
        "roster": _roster(row.get("roster")),
        "name": row.get("name", ""),
        "handover": str(row.get("handover", "09:00")),
        "calendar": calendar,
        "zone": row.get("zone") or (newest.zone if newest else "UTC"),
        "starts_on": row.get("starts_on") or (known.starts_on if known else begin),
    }
    rotation = changes.put(Rotation, {"key": row["key"]}, values)
    members = [_find(User, name, "username").pk for name in row.get("members", [])]
    if list(rotation.places.values_list("user_id", flat=True)) != members:
        rotation.places.all().delete()
        RotationMember.objects.bulk_create(
            RotationMember(rotation=rotation, user_id=pk, position=n)
            for n, pk in enumerate(members)
        )
        changes.append(f"~ rotation {row['key']}: members")


def _roster(name: Any) -> Channel | None:
    if not name:
        return None
    kind, _, key = str(name).partition("/")
    channel = Channel.objects.filter(kind=kind, key=key).first()
    if channel is None:
        raise BadReference(f"there is no channel “{name}”")
    return channel


def _follow_up(row: dict[str, Any], changes: Changes) -> None:
    values = {
        "label": row.get("label") or row["key"],
        "channels": [str(kind) for kind in row.get("channels") or []],
        "steps": follow_up_steps(row),
        "enabled": bool(row.get("enabled", True)),
    }
    changes.put(FollowUp, {"key": row["key"]}, values)


def _rule(row: dict[str, Any], changes: Changes) -> None:
    known = Rule.objects.filter(key=row["key"]).first()
    last = Rule.objects.order_by("-order").values_list("order", flat=True).first() or 0
    values = {
        "label": row.get("label") or row["key"],
        "order": row.get("order", known.order if known else last + 10),
        "trigger": row.get("when", "message"),
        "condition": row.get("if") or {},
        "actions": row.get("then") or [],
        "stop": bool(row.get("stop")),
        "enabled": bool(row.get("enabled", True)),
    }
    changes.put(Rule, {"key": row["key"]}, values)
    names = [a["category"] for a in values["actions"] if "category" in a]
    Category.objects.bulk_create([Category(name=n) for n in names], ignore_conflicts=True)


def _category(name: Any, changes: Changes) -> None:
    changes.put(Category, {"name": str(name)}, {})


def _macro(row: dict[str, Any], changes: Changes) -> None:
    """One that is shared: what people keep for themselves is no configuration."""
    text, then = str(row.get("text") or "").strip(), row.get("then") or []
    kinds = [str(kind) for kind in row.get("channels") or []]
    known = Macro.objects.filter(key=row["key"]).first()
    if known is not None and known.seen_by == SeenBy.OWNER:
        raise BadReference(f"macro {row['key']}: somebody's own macro has this key")
    try:
        check_macro(text, then, kinds)
    except BadMacro as error:
        raise BadReference(f"macro {row['key']}: {error}") from error
    team = _find(Team, row.get("team"))
    values = {
        "name": row.get("name") or row["key"],
        "text": text,
        "actions": then,
        "seen_by": SeenBy.TEAM if team else SeenBy.EVERYBODY,
        "team": team,
        "channels": kinds,
        "categories": [str(name) for name in row.get("categories") or []],
        "order": row.get("order", known.order if known else 100),
        "enabled": bool(row.get("enabled", True)),
    }
    changes.put(Macro, {"key": row["key"]}, values)


def _playbook(row: dict[str, Any], changes: Changes) -> None:
    """Stored as it is written; runs that go on keep what they were started with."""
    definition = {name: value for name, value in row.items() if name != "active"}
    template = template_from(definition)
    _find(Calendar, template.calendar)
    values = {
        "name": template.name[:120],
        "summary": template.summary[:500],
        "definition": definition,
        "active": bool(row.get("active", True)),
    }
    changes.put(Playbook, {"key": template.key}, values)


def _series(row: dict[str, Any], changes: Changes) -> None:
    """Its events follow with the next look at it, which is at once when something changed."""
    known = len(changes)
    values = {
        **series_values(row),
        "playbook": _find(Playbook, row.get("playbook")),
        "calendar": _find(Calendar, row.get("calendar")),
    }
    made = changes.put(Series, {"key": row["key"]}, values)
    if len(changes) > known:
        Series.objects.filter(pk=made.pk).update(look_at=None)


WRITERS: dict[str, Callable[[Any, Changes], None]] = {
    "teams": _team,
    "people": _person,
    "calendars": _calendar,
    "policies": _policy,
    "channels": _channel,
    "sources": _source,
    "rotations": _rotation,
    "categories": _category,
    "rules": _rule,
    "follow_ups": _follow_up,
    "macros": _macro,
    "playbooks": _playbook,
    "series": _series,
    "settings": _setting,
}


def _prune(book: Handbook, changes: Changes) -> None:
    """Remove what the file lacks, for the sections that it has; nothing in use is removed."""
    for name, rows in (
        ("rules", Rule.objects.all()),
        ("rotations", Rotation.objects.all()),
        ("policies", Policy.objects.all()),
        ("follow_ups", FollowUp.objects.all()),
        ("macros", Macro.objects.exclude(seen_by=SeenBy.OWNER)),
        ("series", Series.objects.filter(events=None)),
        ("playbooks", Playbook.objects.filter(runs=None)),
    ):
        if name not in book.sections:
            continue
        for row in rows.exclude(key__in=[row["key"] for row in book.rows(name)]):
            changes.append(f"- {type(row).__name__.lower()} {row.key}")
            row.delete()
