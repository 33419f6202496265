"""The rule book for somebody who cannot code: order, switch, editor, dry run."""

import pytest
from django.test import Client

from inbox.accounts.models import Role, User
from inbox.handbook.services import load
from inbox.intake.tests.test_mail import PRESET, arrive, mail
from inbox.outbox.models import Outgoing
from inbox.routing.models import Rule, RuleHit, RuleTrace
from inbox.tickets.models import Ticket, TicketEvent

pytestmark = pytest.mark.django_db
BOOK = "/admin/inbox/rule/"


@pytest.fixture
def lead(db: None) -> Client:
    """A DevRel lead with the handbook."""
    load(PRESET.read_text())
    user = User.objects.create(username="lead", role=Role.ADMIN, is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user)
    return client


def rule_form(**changes: str) -> dict[str, str]:
    """The editor's fields for: the subject has the word refund → tag it."""
    form = {
        "label": "Refunds",
        "trigger": "message",
        "enabled": "on",
        "c0_level": "0",
        "c0_what": "condition",
        "c0_field": "subject",
        "c0_operator": "words",
        "c0_value": "refund | money back",
        "a0_name": "category",
        "a0_value": "Refund",
    }
    return {**form, **changes}


def test_book_shows_every_rule_as_a_sentence_at_a_fixed_cost(
    lead: Client, django_assert_max_num_queries: object
) -> None:
    lead.get(BOOK)
    with django_assert_max_num_queries(10):  # type: ignore[operator]  # a fixture that is a function
        answer = lead.get(BOOK)
    text = answer.content.decode()
    assert "set the category <b>Security Issue</b>" in text
    assert text.count('class="rule"') + text.count('class="rule is-off"') == Rule.objects.count()


def test_rule_made_of_rows_sorts_the_next_mail(lead: Client) -> None:
    answer = lead.post(f"{BOOK}add/", rule_form())
    assert answer.status_code == 302
    rule = Rule.objects.get(key="refunds")
    assert rule.condition == {"subject": {"words": ["refund", "money back"]}}
    Rule.objects.exclude(pk=rule.pk).update(enabled=False)
    lead.post(f"{BOOK}{rule.pk}/set/", {"enabled": "1"})
    arrive(mail(subject="I want my money back"))
    assert Ticket.objects.get().category == "Refund"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"c0_operator": "matches", "c0_value": "(unclosed"}, "refused"),
        ({"a0_name": ""}, "at least one action"),
        ({"a0_name": "forward", "a0_value": "nobody"}, "not an address"),
        ({"c0_level": "3", "c1_what": "condition", "c1_level": "4", "c1_field": "body",
          "c1_operator": "contains", "c1_value": "x"}, "too deep"),
    ],
)  # fmt: skip
def test_rule_that_cannot_be_is_refused_in_words_and_nothing_is_lost(
    change: dict[str, str], said: str, lead: Client
) -> None:
    answer = lead.post(f"{BOOK}add/", rule_form(**change))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert said in text
    assert 'value="Refunds"' in text
    assert not Rule.objects.filter(label="Refunds").exists()


def test_dry_run_of_a_draft_changes_nothing(lead: Client) -> None:
    arrive(mail(subject="Refund please"))
    ticket = Ticket.objects.get()
    before = (ticket.version, TicketEvent.objects.count(), RuleTrace.objects.count())
    hits, rules = RuleHit.objects.count(), Rule.objects.count()
    answer = lead.post(f"{BOOK}add/", rule_form(_try="1"))
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "<b>1</b> would change" in text
    ticket.refresh_from_db()
    assert (ticket.version, TicketEvent.objects.count(), RuleTrace.objects.count()) == before
    assert (RuleHit.objects.count(), Rule.objects.count()) == (hits, rules)
    assert not Outgoing.objects.exists()


def test_rules_are_moved_and_switched(lead: Client) -> None:
    first, second, third = Rule.objects.all()[:3]
    lead.post(f"{BOOK}{third.pk}/set/", {"before": str(first.pk)})
    assert list(Rule.objects.all()[:3]) == [third, first, second]
    lead.post(f"{BOOK}{third.pk}/set/", {"move": "down"})
    assert list(Rule.objects.all()[:3]) == [first, third, second]
    lead.post(f"{BOOK}{first.pk}/set/", {"move": "up"})
    assert list(Rule.objects.all()[:3]) == [first, third, second]
    lead.post(f"{BOOK}{third.pk}/set/", {"enabled": "0"})
    assert not Rule.objects.get(pk=third.pk).enabled


def test_pasted_mail_says_where_it_would_go(lead: Client) -> None:
    raw = mail(to="security@example.com", subject="A hole").decode()
    answer = lead.post(f"{BOOK}try/", {"raw": raw, "mailbox": "security@example.com"})
    assert "A hole" in answer.content.decode()
    assert "yes</span>" in answer.content.decode()
    assert not Ticket.objects.exists()


@pytest.mark.parametrize("path", [BOOK, f"{BOOK}add/", f"{BOOK}try/"])
def test_agents_do_not_edit_rules(path: str, lead: Client) -> None:
    agent = Client()
    agent.force_login(User.objects.create(username="agent", role=Role.AGENT, is_staff=True))
    assert agent.get(path).status_code == 403
