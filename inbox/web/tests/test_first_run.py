"""The first run: an empty installation is made somebody's own, step by step."""

from typing import Any

import pytest
from django.test import Client

from inbox.accounts.models import User
from inbox.calendars.models import CalendarVersion
from inbox.channels.models import Channel
from inbox.common.config import setting
from inbox.common.queue import Job
from inbox.handbook.services import load_preset
from inbox.operations import connecting, firstrun
from inbox.tasks import load_shipped_handbook
from inbox.tickets import services as tickets
from rig.desk import act, agent, ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> Client:
    """The first admin, signed in."""
    user = agent("boss", role="admin")
    user.set_password("a long password")
    user.save()
    client = Client()
    client.force_login(user)
    return client


def done() -> set[str]:
    return {step.key for step in firstrun.steps() if step.is_done}


HOURS = {"zone": "Europe/Madrid", "days": ["mon", "tue"], "opens": "08:30", "closes": "16:30"}


def test_an_empty_installation_is_made_ones_own_step_by_step(boss: Client) -> None:
    assert done() == set()
    page = boss.get("/queue/").content.decode()
    assert "Make this desk yours: name the team." in page
    boss.post("/start/team/", {"name": " Developer   relations "})
    assert '<span class="rail__label">Developer relations</span>' in boss.get("/").content.decode()
    boss.post("/start/hours/", {**HOURS, "holidays": "es"})
    version = CalendarVersion.objects.get(calendar__key="team")
    assert (version.zone, version.holidays) == ("Europe/Madrid", ["ES"])
    assert version.week == {"mon": ["08:30-16:30"], "tue": ["08:30-16:30"]}
    assert done() == {"team", "hours"}
    settings = {"address": "help@example.com", "provider": "mailgun", "webhook_secret": "s" * 20}
    connecting.connect("email", "help", settings)
    assert done() == {"team", "hours", "channel"}
    load_shipped_handbook(0)
    assert done() == {"team", "hours", "channel", "handbook"}
    colleague = agent("ada")
    assert "people" not in done()  # an account that cannot sign in is nobody yet
    colleague.set_password("another long password")
    colleague.save()
    row = ticket()
    assert "It is the last step." in boss.get("/queue/").content.decode()
    act(tickets.reply, row, body="Hello", user=User.objects.get(username="boss"))
    assert len(done()) == 6
    assert "Make this desk yours" not in boss.get("/queue/").content.decode()
    assert "Everything is done." in boss.get("/start/").content.decode()


def test_the_shipped_handbook_alone_says_nobodys_hours(boss: Client) -> None:
    """Its calendar and mailboxes are examples."""
    load_preset()
    assert done() == {"handbook"}
    shown = boss.get("/start/").content.decode()
    assert "<option selected>Europe/Lisbon</option>" in shown
    assert 'href="/channels/email/' in shown
    version = CalendarVersion.objects.get(calendar__key="team")
    same = {"zone": version.zone, "days": list(version.week), "opens": "09:00", "closes": "18:00"}
    boss.post("/start/hours/", {**same, "holidays": "PT"})
    assert done() == {"handbook", "hours"}


def test_the_list_can_be_put_away_and_fetched_again(boss: Client) -> None:
    boss.post("/start/hide/")
    assert "Make this desk yours" not in boss.get("/queue/").content.decode()
    assert "Show it on the queue" in boss.get("/start/").content.decode()
    boss.post("/start/again/")
    assert "Make this desk yours" in boss.get("/queue/").content.decode()


@pytest.mark.parametrize(
    ("verb", "data", "says"),
    [
        ("team", {"name": " "}, "A name of at most 40 letters"),
        ("hours", {**HOURS, "zone": "Mars/Base"}, "Choose a time zone."),
        ("hours", {**HOURS, "days": []}, "Choose at least one day."),
        ("hours", {**HOURS, "opens": "18:00", "closes": "09:00"}, "Nothing was changed."),
        ("hours", {**HOURS, "opens": "soon"}, "Nothing was changed."),
        ("hours", {**HOURS, "holidays": "XX"}, "Nothing was changed."),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(
    verb: str, data: dict[str, Any], says: str, boss: Client
) -> None:
    answer = boss.post(f"/start/{verb}/", data)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert (setting("team_name"), CalendarVersion.objects.count()) == ("", 0)


def test_only_admins_are_guided() -> None:
    client = Client()
    client.force_login(agent("ana"))
    assert client.get("/start/").status_code == 404
    assert client.post("/start/hide/").status_code == 404
    assert "Make this desk yours" not in client.get("/queue/").content.decode()


def test_judging_costs_one_statement(django_assert_num_queries: Any) -> None:
    agent("boss", role="admin")
    firstrun.steps()
    with django_assert_num_queries(3):  # two of them read the stamps of the settings
        firstrun.steps()


def test_loading_is_a_job(boss: Client) -> None:
    boss.post("/start/handbook/")
    assert Channel.objects.count() == 0
    assert load_shipped_handbook.name == Job.HANDBOOK
