"""Applicants are met with the role that fits, else with the generic one (S24, S25)."""

import pytest
from django.test import Client

from inbox.accounts.models import User
from inbox.common.config import change_setting
from inbox.handbook.services import load
from inbox.intake.tests.test_mail import NOW, PRESET, arrive, mail
from inbox.macros import services as macros
from inbox.macros.models import Macro
from inbox.operations import sweep
from inbox.outbox.models import Outgoing
from inbox.routing.engine import BadRule, RuleSpec, compile_rule
from inbox.tickets.drafts import Draft
from inbox.tickets.models import Message, Ticket
from integrations.greenhouse.tests.conftest import connected
from rig.greenhouse import FakeGreenhouse

pytestmark = pytest.mark.django_db
APPLIES = {
    "to": "jobs@example.com",
    "sender": "Nadia Rehman <nadia@applicants.example.org>",
    "subject": "Application: Developer Advocate",
    "body": "Hello, I would like to apply for the position.",
}


@pytest.fixture(autouse=True)
def handbook(db: None) -> None:
    """The shipped preset."""
    load(PRESET.read_text())


def applied(**changes: str) -> Ticket:
    assert arrive(mail(**{**APPLIES, **changes}), key="jobs") == "done"
    return Ticket.objects.latest("pk")


def test_fitting_role_is_drafted_with_its_link(vendor: FakeGreenhouse) -> None:
    number = vendor.put("Senior Developer Advocate (Remote)")
    vendor.put("General application", prospects=True)
    connected(vendor)
    sweep.tick(now=NOW)
    row = applied()
    draft = Draft.objects.get()
    assert (row.category, draft.ticket, draft.user, draft.shared) == ("Hiring", row, None, True)
    assert draft.body.startswith("Hi Nadia,")
    assert "Senior Developer Advocate (Remote)" in draft.body
    assert draft.body.endswith(f"https://boards.greenhouse.io/example/jobs/{number}")
    assert row.owner is None or row.owner.username != "ilse"


def test_without_a_fitting_role_the_hiring_lead_gets_it_with_the_generic_role(
    vendor: FakeGreenhouse,
) -> None:
    vendor.put("Support Engineer")
    number = vendor.put("General application", prospects=True)
    connected(vendor)
    sweep.tick(now=NOW)
    row = applied()
    assert row.owner is not None
    assert (row.category, row.owner.username) == ("Hiring", "ilse")
    assert Draft.objects.get().body.endswith(f"/example/jobs/{number}")


def test_without_any_link_nothing_is_drafted(vendor: FakeGreenhouse) -> None:
    connected(vendor)
    sweep.tick(now=NOW)
    row = applied()
    assert row.owner is not None
    assert row.owner.username == "ilse"
    assert not Draft.objects.exists()
    change_setting("generic_role_link", "https://example.com/jobs")
    applied(sender="Otto <otto@applicants.example.org>")
    assert Draft.objects.get().body.endswith("https://example.com/jobs")


def test_draft_leaves_only_when_somebody_sends_it(vendor: FakeGreenhouse) -> None:
    vendor.put("Developer Advocate")
    connected(vendor)
    sweep.tick(now=NOW)
    row = applied()
    draft = Draft.objects.get()
    browser = Client()
    browser.force_login(User.objects.get(username="ilse"))
    page = browser.get(f"/tickets/{row.pk}/").content.decode()
    assert "Draft by the rule “Applicants for a role that is open”" in page
    assert not Outgoing.objects.exists()
    taken = browser.post(
        f"/tickets/{row.pk}/draft/take/", {"draft": draft.pk}, follow=True
    ).content.decode()
    assert "The rule&#x27;s draft is yours now." in taken
    mine = Draft.objects.get()
    assert mine.user is not None
    assert (mine.user.username, mine.body) == ("ilse", draft.body)
    assert not Outgoing.objects.exists()
    form = {"body": mine.body, "mode": "reply"}
    assert browser.post(f"/tickets/{row.pk}/reply/", form).status_code == 302
    assert Outgoing.objects.get().kind == "reply"
    assert Message.objects.latest("pk").new_text == draft.body
    assert not Draft.objects.exists()


def test_macro_names_the_role_that_a_ticket_is_about(vendor: FakeGreenhouse) -> None:
    vendor.put("Support Engineer", number=7)
    connected(vendor)
    sweep.tick(now=NOW)
    change_setting("generic_role_link", "https://example.com/jobs")
    text = "{{ role.title }}: {{ role.url }}, else {{ role.generic_url }}"
    ana = User.objects.get(username="ana")
    row = applied(subject="A support engineer writes")
    assert macros.render(Macro(text=text), row, ana).text == (
        "Support Engineer: https://boards.greenhouse.io/example/jobs/7, "
        "else https://example.com/jobs"
    )
    other = applied(sender="Otto <otto@applicants.example.org>")
    assert macros.render(Macro(text=text), other, ana).missing == ("role.title", "role.url")


def test_title_is_words_and_never_markup(vendor: FakeGreenhouse) -> None:
    vendor.put("Developer Advocate [win](https://evil.example)")
    connected(vendor)
    sweep.tick(now=NOW)
    applied(body="I apply for the role of developer advocate win https evil example.")
    assert r"\[win\](https://evil.example)" in Draft.objects.get().body


def test_rule_drafts_once_a_ticket(vendor: FakeGreenhouse) -> None:
    vendor.put("Developer Advocate")
    connected(vendor)
    sweep.tick(now=NOW)
    row = applied()
    arrive(mail(**{**APPLIES, "message_id": "<2@community.example>"},
                extra="In-Reply-To: <1@community.example>\r\n"), key="jobs")  # fmt: skip
    assert row.messages.count() == 2
    assert Draft.objects.count() == 1


@pytest.mark.parametrize("text", ["Hi {{ agent.first_name }}", "{{ nobody }}", "{{ role.title"])
def test_rule_says_nothing_in_somebodys_name(text: str) -> None:
    spec = RuleSpec(
        key="k", label="k", trigger="opened", condition={"all": []}, actions=[{"draft": text}]
    )
    with pytest.raises(BadRule):
        compile_rule(spec)
