"""Who changed what of the installation stands in the audit log, whichever door it came through."""

from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from inbox.accounts.models import ApiToken, Invite, User
from inbox.audit.models import AuditEntry
from inbox.audit.queries import verify
from inbox.operations import handing_out
from inbox.people.models import PeopleImport, PersonEvent
from inbox.saved.models import SavedView
from inbox.webhooks.models import Webhook
from rig import desk

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-enough-word-7"


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    """Nobody has tried anything yet."""
    cache.clear()


@pytest.fixture
def ana() -> User:
    """An administrator with a password."""
    user = desk.agent("ana", role="admin")
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def client(ana: User) -> Client:
    """Ana's browser, just signed in with her password."""
    found = Client()
    found.post("/login/", {"login": "ana", "password": PASSWORD})
    return found


def written() -> list[tuple[str, str]]:
    """What and target of every entry; the chain holds, and each says who and from where."""
    assert verify() is None
    rows = list(AuditEntry.objects.exclude(what__startswith="sign-in").order_by("number"))
    assert {(row.actor, row.address) for row in rows} <= {("ana", "127.0.0.1")}
    return [(row.what, row.target) for row in rows]


def test_accounts_are(client: Client, ana: User) -> None:
    ben = desk.agent("ben")
    client.post("/team/invite/", {"email": "new@example.com", "role": "agent"})
    invite = Invite.objects.get()
    for verb in ("again", "withdraw"):
        client.post(f"/team/invite/{invite.pk}/{verb}/")
    client.post(f"/team/{ben.pk}/", {"role": "viewer"})
    for verb in ("deactivate", "reactivate"):
        client.post(f"/team/{ben.pk}/{verb}/")
    client.post("/account/tokens/", {"label": "ci"})
    token = ApiToken.objects.get(user=ana)
    client.post(f"/account/tokens/{token.pk}/revoke/")
    fresh = {"oldpassword": PASSWORD, "password1": "another-long-word-8"}
    client.post("/account/password/", {**fresh, "password2": fresh["password1"]})
    assert written() == [
        ("invite.made", f"invite {invite.pk}"),
        ("invite.renewed", f"invite {invite.pk}"),
        ("invite.withdrawn", f"invite {invite.pk}"),
        ("user.changed", "ben"),
        ("user.deactivate", "ben"),
        ("user.reactivate", "ben"),
        ("apitoken.added", f"apitoken {token.pk}"),
        ("apitoken.revoked", f"apitoken {token.pk}"),
        ("user.password_changed", "ana"),
    ]
    changed = AuditEntry.objects.get(what="user.changed")
    assert (changed.old, changed.new) == ({"role": "agent"}, {"role": "viewer"})


def test_webhooks_are_by_page_and_by_api(client: Client, ana: User) -> None:
    given = {"label": "Hook", "url": "https://example.com/hook", "events": ["ticket.opened"]}
    client.post("/webhooks/new/", given)
    hook = Webhook.objects.get()
    client.post(f"/webhooks/{hook.pk}/", {**given, "label": "Other"})
    client.post(f"/webhooks/{hook.pk}/secret/")
    _, text = ApiToken.issue(ana)
    api = Client(headers={"authorization": f"Bearer {text}"})
    path = f"/api/v1/webhooks/{hook.pk}/"
    api.patch(path, {"label": "Third"}, content_type="application/json")
    api.delete(path)
    name = f"webhook {hook.pk}"
    assert written() == [
        ("webhook.added", name),
        ("webhook.changed", name),
        ("webhook.secret", name),
        ("webhook.changed", name),
        ("webhook.delete", name),
    ]
    renamed = AuditEntry.objects.filter(what="webhook.changed").order_by("number").first()
    assert renamed is not None
    assert (renamed.old, renamed.new) == ({"label": "Hook"}, {"label": "Other"})
    assert hook.secret not in str(list(AuditEntry.objects.values()))


def test_names_views_and_blocks_are(client: Client) -> None:
    client.post("/settings/statuses/", {"reset": "1"})
    client.post("/views/save/", {"name": "Mine", "query": "q=is:mine"})
    client.post("/views/save/", {"name": "All", "query": "q=is:open", "shared_with": "everybody"})
    shared = SavedView.objects.get(name="All")
    client.post(f"/views/{shared.pk}/delete/")
    client.post("/blocks/do/add/", {"value": "spam.example.org"})
    words = [what for what, _ in written()]
    assert words == ["status.renamed", "view.shared", "view.shared", "block.added"]
    assert "spam.example.org" not in str(list(AuditEntry.objects.values()))


def test_lists_and_merges_of_people_are_by_number_alone(client: Client) -> None:
    one, other = desk.asker("mira").contact, desk.asker("uma").contact
    client.post("/people/export/", {"q": "mira"})
    client.post("/people/import/", {"file": SimpleUploadedFile("a.csv", b"Name\nUma\n")})
    client.post(f"/people/{one.pk}/do/merge/", {"with": other.pk})
    step = PersonEvent.objects.latest("pk")
    client.post(f"/people/undo/{step.pk}/")
    listing = PeopleImport.objects.get()
    assert written() == [
        ("export.read", "people"),
        ("import.begun", f"people list {listing.pk}"),
        ("person.merge", f"person {one.pk}"),
        ("person.undone", f"person {one.pk}"),
    ]
    assert "mira" not in str(list(AuditEntry.objects.values()))


def test_handing_out_and_forgetting_a_person_are(tmp_path: Path, ana: User) -> None:
    who = desk.asker("mira").contact
    handing_out.export(who.pk, tmp_path / "a.zip", by=ana)
    call_command("person_erase", who.pk, "--yes")
    call_command("retention")
    found = list(AuditEntry.objects.order_by("number").values_list("actor", "what", "target"))
    assert found == [
        ("ana", "person.exported", f"person {who.pk}"),
        ("command line", "person.erased", f"person {who.pk}"),
        ("command line", "retention.run", ""),
    ]
    assert verify() is None
