"""The handbook file: load, dump, dry run, prune, and the one bad line that changes nothing."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command
from django.utils import timezone

from inbox.accounts.models import User
from inbox.channels import sources
from inbox.channels.models import Channel, Source, SourceGroup
from inbox.common.config import setting
from inbox.common.models import Setting
from inbox.common.versions import bump
from inbox.handbook.reading import BadHandbook
from inbox.handbook.services import load
from inbox.intake.tests.test_mail import PRESET
from inbox.macros.models import Macro
from inbox.playbooks.models import Series
from inbox.routing.models import Rule
from inbox.sla.models import Policy

pytestmark = pytest.mark.django_db


def dumped(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What `dump_handbook` prints."""
    capsys.readouterr()
    call_command("dump_handbook")
    found: dict[str, Any] = yaml.safe_load(capsys.readouterr().out)
    return found


def test_dump_loads_again_and_is_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    load(PRESET.read_text())
    first = dumped(capsys)
    for model in (Rule, Channel, Policy, Macro):
        model._default_manager.all().delete()
    load(yaml.safe_dump(first))
    assert dumped(capsys) == first


def test_dump_holds_no_secret(capsys: pytest.CaptureFixture[str]) -> None:
    load(PRESET.read_text())
    call_command("connect", "email", "support", "smtp_url=smtp://u:hunter22@127.0.0.1:25")
    assert "hunter22" not in yaml.safe_dump(dumped(capsys))


def test_loading_twice_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    load(PRESET.read_text())
    before = {rule.key: rule.pk for rule in Rule.objects.all()}
    load(PRESET.read_text())
    assert {rule.key: rule.pk for rule in Rule.objects.all()} == before


def test_dry_run_prints_the_difference_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(PRESET.read_text())
    book = yaml.safe_load(PRESET.read_text())
    book["rules"][0]["stop"] = not book["rules"][0].get("stop", False)
    book["teams"].append({"key": "newcomers"})
    file = tmp_path / "h.yaml"
    file.write_text(yaml.safe_dump(book))
    before = Rule.objects.get(key=book["rules"][0]["key"]).stop
    capsys.readouterr()
    call_command("load_handbook", str(file), "--dry-run")
    said = capsys.readouterr().out
    assert "newcomers" in said
    assert book["rules"][0]["key"] in said
    assert Rule.objects.get(key=book["rules"][0]["key"]).stop == before


PLACES = """
version: 1
people:
  - {username: ana, name: Ana}
channels:
  - {kind: slack, key: community}
sources:
  - channel: slack/community
    group: core
    match: example/core
    announce_to: "#core-issues"
    owner: ana
    label: Core
    tags: {"v*": packages/core, "docs-*": ""}
    upgrade: "pip install core=={version}"
  - {channel: slack/community, group: taps, match: example/tap-*, upgrade: Update the tap.}
settings:
  - {key: label_triage, value: "Needs triage"}
  - {key: release_text, value: "Hi {name}, {version} is out. {upgrade}"}
  - {key: short_queue, value: 3}
"""


def test_places_and_settings_are_carried_both_ways(capsys: pytest.CaptureFixture[str]) -> None:
    load(PLACES)
    first = dumped(capsys)
    assert setting("label_triage") == "Needs triage"
    core, taps = first["sources"]
    wanted = yaml.safe_load(PLACES)
    assert {name: core[name] for name in wanted["sources"][0]} == wanted["sources"][0]
    assert taps["upgrade"] == "Update the tap."
    assert {row["key"]: row for row in first["settings"]} == {
        row["key"]: row for row in wanted["settings"]
    }
    for model in (Source, SourceGroup, Setting):
        model._default_manager.all().delete()
    bump("settings")
    load(yaml.safe_dump(first))
    assert dumped(capsys) == first
    assert load(yaml.safe_dump(first)) == []


def test_place_takes_what_is_set_for_its_pattern() -> None:
    load(PLACES)
    channel = Channel.objects.get(kind="slack")
    sources.resolve(channel, "example/tap-csv", "tap-csv")
    assert sources.settings_of(channel, "example/tap-csv") == {"upgrade": "Update the tap."}
    assert sources.settings_of(channel, "example/other") == {}
    assert sources.settings_of(channel, "example/core")["tags"]["v*"] == "packages/core"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("packages/core,", "3,", "needs a folder"),
        ("key: label_triage", "key: label_sorting", "no setting"),
        ("value: 3", "value: three", "not a number"),
        ('value: "Needs triage"', 'value: " "', "not a text"),
        ("    match: example/core\n", "", "belong to a place"),
    ],
)
def test_mistakes_in_places_and_settings_are_explained(old: str, new: str, said: str) -> None:
    assert old in PLACES
    with pytest.raises(BadHandbook, match=said):
        load(PLACES.replace(old, new))
    assert not Source.objects.exists()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda book: book["rules"][3].update(then=[{"explode": "x"}]),
        lambda book: book["rules"][3].update({"if": {"colour": "red"}}),
        lambda book: book["calendars"][0].update(week={"mon": ["18:00-09:00"]}),
        lambda book: book["policies"][0].update(first_response="soon"),
        lambda book: book["channels"][0].update(policy="none_such"),
        lambda book: book.update(surprise=1),
        lambda book: book["people"][0].update(role="king"),
        lambda book: book["macros"][0].update(text="Hi {{ requester.secret }}"),
        lambda book: book["macros"][0].update(then=[{"close": "became_issue"}]),
        lambda book: book["macros"][0].update(team="nobody"),
        lambda book: book["macros"][0].update(channels=["pigeon"]),
        lambda book: book["macros"][-1].update(then=[]),
        lambda book: book["macros"][-1].update(then=[{"assign": "nobody"}]),
    ],
)
def test_one_bad_line_is_named_and_changes_nothing(spoil: Any, tmp_path: Path) -> None:
    book = yaml.safe_load(PRESET.read_text())
    spoil(book)
    file = tmp_path / "h.yaml"
    file.write_text(yaml.safe_dump(book))
    with pytest.raises(CommandError, match=r"\w+"):
        call_command("load_handbook", str(file))
    assert not Rule.objects.exists()
    assert not Channel.objects.exists()
    assert not User.objects.exists()


SERIES = """
version: 1
series:
  - {key: hours, name: Office hours, playbook: office-hours, calendar: weekdays, day: thu,
     time: "16:30", minutes: 45, every_weeks: 2, starts_on: 2026-12-03,
     announced_in: "#office-hours", meeting_url: "https://meet.example.com/hours"}
"""


def test_series_are_carried_both_ways_and_looked_at_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    load(PRESET.read_text())
    assert load(SERIES) == ["+ series hours"]
    row = Series.objects.get()
    assert (row.weekday, row.starts_on, row.look_at) == (3, date(2026, 12, 3), None)
    Series.objects.update(look_at=timezone.now())
    first = dumped(capsys)
    assert load(yaml.safe_dump(first)) == []
    assert Series.objects.get().look_at is not None  # nothing changed, so nobody need look
    assert load(SERIES.replace("16:30", "17:30")) == ["~ series hours: time"]
    assert Series.objects.get().look_at is None
    Series.objects.all().delete()
    load(yaml.safe_dump(first))
    assert dumped(capsys) == first


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("day: thu", "day: Thursday", "line 4: series hours: day is one of mon"),
        ('time: "16:30"', "time: 16:30", "write the time in quotes"),
        ('time: "16:30"', 'time: "half past"', "time: Write it like 17:00"),
        ("minutes: 45", "minutes: 0", "minutes: Ensure this value"),
        ("every_weeks: 2", "every_weeks: 0", "every_weeks is a number of weeks"),
        ("2026-12-03", "soon", "starts_on is a day"),
        ("https://meet", "meet", "meeting_url: Enter a valid URL"),
        ("office-hours,", "none-such,", "there is no playbook"),
        ("name: Office hours", "name: Office hours, room: 1", "unknown name “room”"),
    ],
)
def test_mistakes_in_series_are_explained(old: str, new: str, said: str) -> None:
    load(PRESET.read_text())
    with pytest.raises(BadHandbook, match=re.escape(said)):
        load(SERIES.replace(old, new, 1))
    assert not Series.objects.exists()


def test_prune_removes_what_the_file_lacks(tmp_path: Path) -> None:
    load(PRESET.read_text())
    book = yaml.safe_load(PRESET.read_text())
    gone = book["rules"].pop()
    file = tmp_path / "h.yaml"
    file.write_text(yaml.safe_dump(book))
    call_command("load_handbook", str(file))
    assert Rule.objects.filter(key=gone["key"]).exists()
    call_command("load_handbook", str(file), "--prune")
    assert not Rule.objects.filter(key=gone["key"]).exists()


def test_peoples_own_macros_are_no_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    load(PRESET.read_text())
    ana = User.objects.get(username="ana")
    Macro.objects.create(key="mine", name="Mine", text="Hi", seen_by="owner", owner=ana)
    book = dumped(capsys)
    assert "mine" not in [row["key"] for row in book["macros"]]
    gone = book["macros"].pop()["key"]
    assert load(yaml.safe_dump(book), prune=True) == [f"- macro {gone}"]
    assert Macro.objects.filter(key="mine").exists()
    book["macros"].append({"key": "mine", "text": "everybody's"})
    with pytest.raises(BadHandbook, match="somebody's own"):
        load(yaml.safe_dump(book))


def test_macros_of_a_team_are_carried(capsys: pytest.CaptureFixture[str]) -> None:
    row = {
        "key": "refund",
        "name": "Refund",
        "team": "finance",
        "text": "Hi {{ requester.first_name }},\n\nit is on its way.",
        "then": [{"category": "Billing"}, {"close": "solved"}],
        "channels": ["email"],
        "categories": ["Billing"],
        "order": 5,
        "enabled": False,
    }
    book = {"version": 1, "teams": [{"key": "finance"}], "macros": [row]}
    load(yaml.safe_dump(book))
    assert dumped(capsys)["macros"] == [row]
    assert load(yaml.safe_dump(book)) == []


def test_people_of_the_preset_become_accounts_without_a_password() -> None:
    load(PRESET.read_text())
    assert User.objects.exists()
    assert not any(user.has_usable_password() for user in User.objects.all())
