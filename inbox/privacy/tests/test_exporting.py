"""A person gets everything that is kept about them, and nothing of anybody else."""

import json
import zipfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from inbox.guard.models import Secret
from inbox.operations import forgetting, handing_out
from inbox.privacy.person import Person
from inbox.privacy.tests import planting
from inbox.privacy.tests.planting import Planter
from rig import desk

pytestmark = pytest.mark.django_db(transaction=True)


def _text(folder: Path) -> str:
    return "\n".join(path.read_text() for path in folder.rglob("*.json"))


def test_an_export_has_every_channel_every_table_and_the_files(tmp_path: Path) -> None:
    word = planting.canary()
    person = planting.write_in(word)
    planting.chats(person, word)
    planted = Planter(word, Person(person.contact)).plant()
    Secret.objects.update(delivery=None)  # else the mail had a secret in it, and is not given out
    counts = handing_out.export(person.contact.pk, tmp_path / "out", notes=True)
    assert (counts["identities"], counts["tickets"], counts["files"]) == (2, 3, 1)
    told = {"inbox.contact", "inbox.identity", "inbox.ticketevent", "inbox.visitortoken"}
    here = {f"inbox.{path.stem}" for path in (tmp_path / "out" / "tables").iterdir()}
    assert {name for name in planted if name.startswith("inbox.")} - told <= here
    (file,) = (tmp_path / "out" / "files").iterdir()
    assert word in file.read_text()
    assert counts["raw"] == 1


def test_notes_only_when_asked_for_and_others_only_as_somebody(tmp_path: Path) -> None:
    word = planting.canary()
    person = planting.write_in(word)
    handing_out.export(person.contact.pk, tmp_path / "plain")
    handing_out.export(person.contact.pk, tmp_path / "notes", notes=True)
    plain, full = _text(tmp_path / "plain"), _text(tmp_path / "notes")
    assert (f"{word} is impatient" in plain, f"{word} is impatient" in full) == (False, True)
    assert f"Hi {word}, try again." in plain
    assert "noor@others.example" not in full
    said = json.loads((tmp_path / "plain" / "conversations.json").read_text())
    assert [len(one["messages"]) for one in said] == [2, 1]


def test_an_archive_is_made_and_nothing_is_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    who = desk.asker()
    desk.ticket(who=who)
    target = tmp_path / "mira.zip"
    call_command("person_export", who.contact_id, "--to", str(target))
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["tickets"] == 1
    names = zipfile.ZipFile(target).namelist()
    assert f"person-{who.contact_id}/conversations.json" in names
    assert [path.name for path in tmp_path.iterdir()] == ["mira.zip"]
    with pytest.raises(CommandError, match="is here already"):
        call_command("person_export", who.contact_id, "--to", str(target))


def test_after_an_erasure_there_is_nothing_to_export(tmp_path: Path) -> None:
    word = planting.canary()
    person = planting.write_in(word)
    forgetting.erase(person.contact.pk)
    handing_out.export(person.contact.pk, tmp_path / "out", notes=True)
    assert planting.files_with(tmp_path, word) == []
