"""A whole community moves in and out again, at a steady pace and in little memory."""

import resource
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from inbox.operations import peoplelists
from inbox.people import staging, taking
from inbox.people.models import Activity, Contact, Identity, PeopleImport, PeopleImportRow, Trait
from rig import orbit as dumps
from rig.desk import act

MEGABYTES = 1024


def memory() -> int:
    """The most this process ever had, in kilobytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def there() -> list[int]:
    return [model.objects.count() for model in (Contact, Identity, Activity, Trait)]


def work(row: PeopleImport) -> tuple[PeopleImport, float]:
    """Let the job go on to its end; seconds that it took."""
    begun = time.monotonic()
    peoplelists.work(row.pk, timezone.now())
    row.refresh_from_db()
    return row, time.monotonic() - begun


def moves_in_and_out(folder: Path, *, members: int, activities: int) -> dict[str, float]:
    """Read, check, take in, take in again, take back; entries a second of each step."""
    before, entries, rates = there(), members + activities, {}
    places = dumps.community(folder, members=members, activities=activities)
    files = [SimpleUploadedFile(place.name, place.read_bytes()) for place in places]
    kept, source = staging.keep(files)
    del files
    at_most = memory()
    row = act(taking.begin_files, names=[p.name for p in places], folder=kept, source=source)
    row, seconds = work(row)
    rates["read and checked"] = entries / seconds
    assert (row.state, row.counts) == ("checked", {"new": members, "done_new": activities})
    assert there() == before
    act(taking.run, row, skip_bad=False)
    row, seconds = work(row)
    rates["taken in"] = entries / seconds
    assert (row.state, row.counts) == ("done", {"new": members, "done_new": activities})
    assert there()[0] == before[0] + members
    assert there()[2] == before[2] + activities
    assert not PeopleImportRow.objects.exists()
    act(taking.take_back, row, at=timezone.now())
    row, seconds = work(row)
    rates["taken back"] = entries / seconds
    assert (row.state, row.counts["stayed"], there()) == ("undone", 0, before)
    return {**rates, "more memory, MB": (memory() - at_most) / MEGABYTES}


@pytest.fixture(autouse=True)
def _disk(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "data"


@pytest.mark.slow
@pytest.mark.django_db
def test_five_hundred_members_with_five_thousand_activities_move_in_and_out(tmp_path: Path) -> None:
    found = moves_in_and_out(tmp_path, members=500, activities=5_000)
    assert found["more memory, MB"] < 100


@pytest.mark.soak
@pytest.mark.django_db
def test_ten_thousand_members_with_a_hundred_thousand_activities(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = moves_in_and_out(tmp_path, members=10_000, activities=100_000)
    with capsys.disabled():
        sys.stdout.write(f"\n{ {name: round(value) for name, value in found.items()} }\n")
    assert found["more memory, MB"] < 150
    assert min(found[name] for name in ("read and checked", "taken in", "taken back")) > 200
