"""What a new installation still lacks, judged from its data and never from a flag."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from zoneinfo import available_timezones

from django.db.models import Exists, Q

from inbox.accounts.models import User
from inbox.calendars.models import CalendarVersion
from inbox.calendars.services import save_calendar
from inbox.channels.models import Channel, Delivery
from inbox.common.config import change_setting, setting
from inbox.common.statements import Places, Statement
from inbox.routing.models import Rule
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Message

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# the shipped handbook's calendar has these hours until somebody says their own
SHIPPED_HOURS = "Team hours"
ASKED = ("hours", "with_secrets", "delivered", "handbook", "people", "answer")


@dataclass(frozen=True)
class Step:
    """One thing to do first; `key` names its part of the page."""

    key: str
    name: str
    why: str
    is_done: bool


STEPS: tuple[tuple[str, str, str], ...] = (
    ("team", "Name the team", "Colleagues see whose desk this is."),
    ("hours", "Say when you work", "SLAs run in your hours and stand still in your nights."),
    ("channel", "Plug in your first channel", "We read only what you pick."),
    ("handbook", "Load the handbook", "Rules, SLAs and macros to begin with."),
    ("people", "Invite colleagues", "Everybody signs in as themselves."),
    ("answer", "Answer the first ticket", "Write to your channel, answer it here."),
)  # fmt: skip


def steps() -> list[Step]:
    """Every step, in its order; one statement."""
    found = _facts()
    return [Step(key, name, why, found[key]) for key, name, why in STEPS]


def _facts() -> dict[str, bool]:
    rows = _statement().ask(calendar=setting("report_calendar"))
    found = (
        dict(zip(ASKED, map(bool, rows[0]), strict=True)) if rows else dict.fromkeys(ASKED, False)
    )
    channel = found["with_secrets"] or found["delivered"]
    return {**found, "team": bool(setting("team_name")), "channel": channel}


@cache
def _statement() -> Statement:
    places = Places()
    hours = CalendarVersion.objects.filter(calendar__key=places.text("calendar")).filter(
        Q(version__gt=1) | ~Q(calendar__name=SHIPPED_HOURS)
    )
    with_secrets = Channel.objects.exclude(secrets_text="")
    cannot = Q(password="") | Q(password__startswith="!")  # noqa: S106 - how Django marks “none”
    may_sign_in = User.objects.filter(is_active=True).exclude(cannot)
    asked: dict[str, Exists] = {
        "hours": Exists(hours),
        "with_secrets": Exists(with_secrets),
        "delivered": Exists(Delivery.objects.all()),
        "handbook": Exists(Rule.objects.all()),
        "people": Exists(may_sign_in.order_by("pk")[1:2]),
        "answer": Exists(Message.objects.filter(direction="out", visibility="public")),
    }
    rows = User.objects.annotate(**asked).values_list(*ASKED).order_by("pk")[:1]
    return places.statement(*rows.query.sql_with_params())


def left() -> list[Step]:
    """The steps that are still to do, unless somebody has put the list away."""
    if setting("start_hidden"):
        return []
    return [step for step in steps() if not step.is_done]


# ------------------------------------------------------------------ what the page keeps


def name_team(name: str) -> None:
    """Raises `VerbError`."""
    wanted = " ".join(name.split())
    if not wanted or len(wanted) > 40:
        raise VerbError("A name of at most 40 letters is needed.", field="name")
    change_setting("team_name", wanted)


def set_hours(*, zone: str, days: list[str], opens: str, closes: str, holidays: str) -> None:
    """The team's week, each open day alike. Raises `VerbError`."""
    if zone not in available_timezones():
        raise VerbError("Choose a time zone.", field="zone")
    if not days:
        raise VerbError("Choose at least one day.", field="days")
    key = setting("report_calendar")
    last = CalendarVersion.objects.filter(calendar__key=key).order_by("-version").first()
    try:
        save_calendar(
            key=key,
            name=f"Hours of {setting('team_name') or 'the team'}",
            zone=zone,
            week={day: [f"{opens}-{closes}"] for day in DAYS if day in days},
            holidays=[code.strip().upper() for code in holidays.split(",") if code.strip()],
            closed=last.closed if last else [],
        )
    except ValueError as error:
        raise VerbError(str(error), field="opens") from error


def hours() -> Mapping[str, object]:
    """The week as the form shows it: one span for every open day."""
    key = setting("report_calendar")
    last = CalendarVersion.objects.filter(calendar__key=key).order_by("-version").first()
    week = last.week if last else {day: ["09:00-18:00"] for day in DAYS[:5]}
    spans = [span for day in week.values() for span in day] or ["09:00-18:00"]
    return {
        "zone": last.zone if last else "",
        "days": [day for day in DAYS if week.get(day)],
        "opens": min(span.partition("-")[0] for span in spans),
        "closes": max(span.partition("-")[2] for span in spans),
        "holidays": ", ".join(last.holidays) if last else "",
    }
