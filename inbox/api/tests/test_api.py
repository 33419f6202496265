"""The API as the contract prints it."""

from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from inbox import pipeline
from inbox.accounts.models import ApiAnswer, ApiToken, Role, User
from inbox.loop.tests.forge import connect
from inbox.outbox.models import Outgoing
from inbox.tickets.tests.test_verbs import make

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> User:
    """An agent."""
    return User.objects.create(username="ana", first_name="Ana")


@pytest.fixture
def api(ana: User) -> Client:
    """A client with Ana's token."""
    _, text = ApiToken.issue(ana)
    return Client(headers={"authorization": f"Bearer {text}"})


def post(api: Client, path: str, body: Any, **extra: Any) -> Any:
    """A JSON post."""
    return api.post(f"/api/v1{path}", body, content_type="application/json", **extra)


@pytest.mark.parametrize(
    "header", [{}, {"authorization": "Bearer no"}, {"authorization": "Basic x"}]
)
def test_no_valid_token_is_401_json(header: dict[str, str]) -> None:
    answer = Client(headers=header).get("/api/v1/tickets/")
    assert (answer.status_code, set(answer.json())) == (401, {"type", "detail", "errors"})


def test_deactivated_account_is_out_at_once(api: Client, ana: User) -> None:
    ana.is_active = False
    ana.save()
    assert api.get("/api/v1/tickets/").status_code == 401


def test_ticket_has_exactly_the_contracts_names(api: Client) -> None:
    ticket = make()
    found = api.get(f"/api/v1/tickets/{ticket.pk}/").json()
    wanted = (
        "number subject status waiting_on resolution category priority channel source permalink url "
        "requester assignee team tags created_at closed_at snoozed_until hold_reason next_due_at clocks "
        "links message_count"
    )
    assert set(wanted.split()) <= set(found)
    assert found["requester"]["identities"][0]["external_id"] == "mira1@example.org"


@pytest.mark.parametrize("count", [1, 3, 20])
def test_list_costs_the_same_at_any_size(
    count: int, api: Client, django_assert_max_num_queries: Any
) -> None:
    for n in range(count):
        make(n)
    api.get("/api/v1/tickets/")
    with django_assert_max_num_queries(8):
        found = api.get("/api/v1/tickets/").json()
    assert len(found["results"]) == count


def test_pages_lose_and_repeat_nothing(api: Client) -> None:
    for n in range(7):
        make(n)
    seen, url = [], "/api/v1/tickets/?page_size=3"
    while url:
        found = api.get(url).json()
        seen += [row["number"] for row in found["results"]]
        url = found["next"]
        if len(seen) == 3:
            make(99)
    assert len(seen) == len(set(seen)) == 7


def test_reply_waits_and_is_due_at_once(api: Client) -> None:
    ticket = make()
    answer = post(api, f"/tickets/{ticket.pk}/reply/", {"body": "Hello", "then": "wait"})
    row = Outgoing.objects.get()
    assert (answer.status_code, answer.json()["status"], answer.json()["waiting_on"]) == (
        200,
        "in_progress",
        "them",
    )
    assert row.not_before == row.created_at
    messages = api.get(f"/api/v1/tickets/{ticket.pk}/messages/").json()["results"]
    assert [m["direction"] for m in messages] == ["in", "out"]
    assert messages[1]["delivery"] == {"state": "queued", "error": None}


def test_idempotency_key_gives_the_first_answer_again(api: Client) -> None:
    ticket = make()
    path, key = f"/tickets/{ticket.pk}/reply/", {"headers": {"idempotency-key": "k1"}}
    first = post(api, path, {"body": "Hello"}, **key)
    again = post(api, path, {"body": "Hello"}, **key)
    other = post(api, path, {"body": "Other"}, **key)
    assert (first.json(), again.status_code, other.status_code) == (again.json(), 200, 422)
    assert Outgoing.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("[]", 400),
        ("null", 400),
        ('"x"', 400),
        ('{"body": NaN}', 400),
        ('{"body": "a", "body": "b"}', 400),
        ('{"body": "a", "colour": "b"}', 400),
        ("{}", 400),
        ('{"body": "a", "then": "fly"}', 400),
        ('{"body": "a", "last_seen_message": 0}', 409),
    ],
)
def test_bad_bodies_are_told_and_change_nothing(body: str, status: int, api: Client) -> None:
    ticket = make()
    answer = post(api, f"/tickets/{ticket.pk}/reply/", body)
    assert (answer.status_code, set(answer.json())) == (status, {"type", "detail", "errors"})
    assert Outgoing.objects.count() == 0


@pytest.mark.parametrize(("role", "internal", "status"), [
    (Role.VIEWER, True, 403), (Role.LIGHT, True, 200), (Role.LIGHT, False, 403), (Role.AGENT, False, 200),
])  # fmt: skip
def test_roles_decide_who_answers(
    role: str, internal: bool, status: int, api: Client, ana: User
) -> None:
    ana.role = role
    ana.save()
    body = {"body": "Hello", "internal": internal}
    assert post(api, f"/tickets/{make().pk}/reply/", body).status_code == status


def test_unknown_filter_and_page_are_told(api: Client) -> None:
    assert api.get("/api/v1/tickets/?colour=red").status_code == 400
    assert api.get("/api/v1/tickets/?status=flying").status_code == 400
    assert api.get("/api/v1/tickets/999/").status_code == 404


def test_schema_is_valid(capsys: pytest.CaptureFixture[str]) -> None:
    """`spectacular --validate --fail-on-warn`."""
    call_command("spectacular", validate=True, fail_on_warn=True, file="/dev/null")
    assert capsys.readouterr().err == ""


def test_answer_to_a_key_is_stored_with_the_change_or_not_at_all(
    api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = make()
    path, body = f"/tickets/{ticket.pk}/reply/", {"body": "once"}
    key = {"headers": {"idempotency-key": "k1"}}

    stored = ApiAnswer.save

    def dies(row: ApiAnswer, **how: Any) -> None:
        if "update_fields" in how:
            raise SystemExit("killed before the answer was stored")
        stored(row, **how)

    with monkeypatch.context() as patch:
        patch.setattr(ApiAnswer, "save", dies)
        with pytest.raises(SystemExit):
            post(api, path, body, **key)
    assert Outgoing.objects.count() == 0
    assert post(api, path, body, **key).status_code == 200
    assert post(api, path, body, **key).status_code == 200
    assert Outgoing.objects.count() == 1


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("/tickets/?cursor=nonsense", 400, "invalid"),
        ("/people/?nme=x", 400, "invalid"),
        ("/tickets/999999/", 404, "not_found"),
        ("/nothing/", 404, "not_found"),
    ],
)
def test_errors_have_one_shape(api: Client, path: str, status: int, kind: str) -> None:
    answer = api.get(f"/api/v1{path}")
    assert (answer.status_code, answer.json()["type"]) == (status, kind)
    assert set(answer.json()) == {"type", "detail", "errors"}


@pytest.mark.parametrize("verb", ["assign", "fields"])
def test_verb_that_asks_for_nothing_is_refused(api: Client, verb: str) -> None:
    assert post(api, f"/tickets/{make().pk}/{verb}/", {}).status_code == 400


def test_people_are_found_by_address(api: Client) -> None:
    make(1)
    make(2)
    found = api.get("/api/v1/people/?q=mira1@").json()["results"]
    assert [row["identities"][0]["external_id"] for row in found] == ["mira1@example.org"]


def test_issue_is_opened_with_quotes_and_without_secrets(
    api: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S45: as the desk does it, at once."""
    forge, row = connect(monkeypatch), make()
    said = row.messages.get()
    body = {"place": "acme/zeta", "title": "It hangs", "body": "password=hunter22", "close": True}
    answer = post(api, f"/tickets/{row.pk}/issue/", {**body, "quote": [said.pk], "labels": ["bug"]})
    assert answer.status_code == 200, answer.json()
    assert pipeline.deliver(Outgoing.objects.get().pk) == "sent"
    (out,) = forge.opened
    assert (out.place, out.subject, out.labels) == ("acme/zeta", "It hangs", ("bug",))
    assert out.text == (
        "password=[removed: password]\n\n**A community member** wrote:\n\n> text 1 0\n\n"
        f"From support ticket {row.pk}."
    )
    found = api.get(f"/api/v1/tickets/{row.pk}/").json()
    assert (found["status"], found["resolution"]) == ("closed", "became_issue")
    url = found["links"][0]["url"]
    assert post(api, f"/tickets/{row.pk}/unlink/", {"url": url}).status_code == 409
    post(api, f"/tickets/{row.pk}/reopen/", {})
    assert post(api, f"/tickets/{row.pk}/unlink/", {"url": url}).json()["links"] == []


def test_issue_in_an_unknown_place_is_refused(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch)
    answer = post(api, f"/tickets/{make().pk}/issue/", {"place": "acme/none", "title": "x"})
    assert (answer.status_code, Outgoing.objects.count()) == (400, 0)
    assert answer.json()["errors"]["place"] == ["No issue can be opened there."]
