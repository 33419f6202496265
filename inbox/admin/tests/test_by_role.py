"""The admin follows our roles, not Django's flags and permission rows."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from inbox.accounts.models import User
from inbox.routing.models import Rule
from rig.desk import agent

pytestmark = pytest.mark.django_db
FORM = {
    "label": "Refunds", "trigger": "message", "enabled": "on", "c0_level": "0",
    "c0_what": "condition", "c0_field": "subject", "c0_operator": "words", "c0_value": "refund",
    "a0_name": "category", "a0_value": "Refund",
}  # fmt: skip


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_an_admin_by_role_finds_every_list_of_ours() -> None:
    user = agent("ada", role="admin")
    assert (user.is_staff, user.is_superuser) == (False, False)
    said = client_of(user).get("/admin/").content.decode()
    ours = [m._meta.model_name for m in admin.site._registry if m._meta.app_label == "inbox"]
    missing = [name for name in ours if reverse(f"admin:inbox_{name}_changelist") not in said]
    assert (missing, len(ours) > 20) == ([], True)


def test_an_admin_by_role_makes_changes_and_deletes_a_rule() -> None:
    client = client_of(agent("ada", role="admin"))
    assert client.post("/admin/inbox/rule/add/", FORM).status_code == 302
    rule = Rule.objects.get(key="refunds")
    changed = {**FORM, "c0_value": "money back"}
    assert client.post(f"/admin/inbox/rule/{rule.pk}/change/", changed).status_code == 302
    rule.refresh_from_db()
    assert rule.condition == {"subject": {"words": "money back"}}
    gone = client.post(f"/admin/inbox/rule/{rule.pk}/delete/", {"post": "yes"})
    assert (gone.status_code, Rule.objects.count()) == (302, 0)


@pytest.mark.parametrize("role", ["agent", "light", "viewer"])
def test_django_flags_open_nothing_to_other_roles(role: str) -> None:
    client = client_of(agent("ben", role=role, is_staff=True))
    assert client.get("/admin/").status_code in (403, 404)
    assert client.post("/admin/inbox/rule/add/", FORM).status_code in (403, 404)
    assert Rule.objects.count() == 0


def test_the_admin_wears_the_colours_of_the_desk() -> None:
    said = client_of(agent("ada", role="admin")).get("/admin/").content.decode()
    assert '<svg class="logo"' in said
    assert "/static/css/pages/admin.css" in said
    assert said.index("admin/css/dark_mode.css") < said.index("pages/admin.css")
