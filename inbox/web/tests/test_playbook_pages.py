"""Playbooks as the pages show them: started, followed, taken back; by everybody who may."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from inbox.accounts.models import Team, User
from inbox.common import presence
from inbox.playbooks.models import Playbook, Run, RunState, RunStep
from inbox.playbooks.services import start
from rig.desk import NOW, act, agent, ticket

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
HTMX = {"HX-Request": "true", "HX-Target": "run"}

LEAK: dict[str, Any] = {
    "key": "secret-in-stream",
    "name": "Secret shown during a livestream",
    "summary": "The secret is changed, however short it was on screen.",
    "anchor": "Seen",
    "starts_on": "secret_found",
    "roles": [{"key": "presenter", "label": "Presenter"}, {"key": "host", "label": "Host"}],
    "fields": [{"key": "guests", "label": "Guests", "kind": "list"}],
    "cues": [{"title": "Before sharing", "text": "As a reminder, this session is recorded."}],
    "known_errors": [{"text": "Please grant necessary privilege.", "remedy": "Authorise again."}],
    "steps": [
        {
            "key": "tell",
            "title": "Tell the presenter to change the secret",
            "role": "not:presenter",
            "ack": {"after_minutes": 3, "escalate_to": "call-out", "question": "Did they answer?"},
            "measure": "Time to tell",
        },
        {"key": "call-out", "title": "Say it in the video chat", "at": "when called"},
        {
            "key": "cut",
            "title": "How is the recording cut?",
            "branch": {
                "question": "Which way?",
                "options": [
                    {"key": "wait", "label": "Wait for it", "steps": ["wait"]},
                    {"key": "load", "label": "Download it", "steps": ["load"]},
                ],
            },
        },
        {"key": "wait", "title": "Wait up to a day"},
        {"key": "load", "title": "Edit the download"},
        {
            "key": "public",
            "title": "Make it public again",
            "at": "T+1h",
            "gate": "I have watched the edit",
        },
    ],
}


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def book() -> Playbook:
    return Playbook.objects.create(
        key=LEAK["key"], name=LEAK["name"], summary=LEAK["summary"], definition=LEAK
    )


@pytest.fixture
def run(book: Playbook) -> Run:
    roles = {"presenter": agent("luca").pk, "host": agent("noor").pk}
    return act(start, playbook=book, anchor_at=NOW, roles=roles, values={})


def state(run: Run, key: str) -> str:
    return RunStep.objects.get(run=run, key=key).state


def post(who: str, run: Run, verb: str, **data: Any) -> Any:
    return client_of(agent(who)).post(f"{run.get_absolute_url()}{verb}/", data)


def test_one_press_starts_the_response_to_a_secret(book: Playbook) -> None:
    """S94: from the page, with a ticket when it began there."""
    asked = ticket()
    noor = client_of(agent("noor"))
    with time_machine.travel(NOW, tick=False):
        answer = noor.post("/playbooks/exposed/", {"ticket": asked.pk})
    run = Run.objects.get()
    assert answer["Location"] == f"/playbooks/{run.pk}/"
    assert (run.playbook, run.ticket, run.anchor_at, run.started_by) == (
        book,
        asked,
        NOW,
        agent("noor"),
    )
    listing = noor.get("/playbooks/").content.decode()
    assert "Secret exposed" in listing
    assert "Running now" in listing
    option = noor.get("/jump/?q=exposed").content.decode()
    assert 'formaction="/playbooks/exposed/"' in option


def test_whoever_presses_takes_the_part_that_somebody_must_have(book: Playbook) -> None:
    """S94: nothing is asked first; the part can be handed over."""
    roles = [{"key": "presenter", "label": "Presenter"},
             {"key": "host", "label": "Host", "required": True}]  # fmt: skip
    Playbook.objects.filter(pk=book.pk).update(definition={**LEAK, "roles": roles})
    noor = agent("noor")
    client_of(noor).post("/playbooks/exposed/")
    assert Run.objects.get().roles == {"host": noor.pk}


def test_two_who_press_are_in_one_run(book: Playbook) -> None:
    """A second press, by the same or another, joins; a later one is another secret."""
    about = ticket().pk
    with time_machine.travel(NOW, tick=False):
        for who, data in (("noor", {}), ("noor", {}), ("luca", {}), ("luca", {"ticket": about})):
            answer = client_of(agent(who)).post("/playbooks/exposed/", data)
    assert answer["Location"] == Run.objects.latest("pk").get_absolute_url()
    assert list(Run.objects.order_by("pk").values_list("ticket", flat=True)) == [None, about]
    with time_machine.travel(NOW + 20 * MINUTE, tick=False):
        for data in ({"ticket": about}, {}):
            client_of(agent("luca")).post("/playbooks/exposed/", data)
    assert list(Run.objects.order_by("pk").values_list("ticket", flat=True)) == [None, about, None]


def test_what_cannot_begin_at_once_asks_for_the_rest(book: Playbook) -> None:
    """What must be known is asked for; a secret in a ticket is another playbook."""
    needs = {**LEAK, "fields": [{"key": "guests", "label": "Guests", "required": True}]}
    needs.pop("starts_on")
    needs["steps"] = [{"key": "tell", "title": "Tell them", "role": "presenter"}]
    Playbook.objects.filter(pk=book.pk).update(definition=needs)
    pasted = {"key": "pasted", "name": "Pasted", "starts_on": "secret_found",
              "steps": [{"key": "mask", "title": "Mask it"}]}  # fmt: skip
    other = Playbook.objects.create(key="pasted", name="Pasted", definition=pasted)
    noor = client_of(agent("noor"))
    answer = noor.post("/playbooks/exposed/")
    assert answer["Location"] == "/playbooks/start/secret-in-stream/"
    assert Run.objects.count() == 0
    assert "It starts as soon as this is said." in noor.get(answer["Location"]).content.decode()
    noor.post("/playbooks/exposed/", {"ticket": ticket().pk})
    assert Run.objects.get().playbook == other


def test_start_form_reads_the_persons_own_zone(book: Playbook) -> None:
    noor = agent("noor", timezone="America/Denver")
    desk = client_of(noor)
    form = desk.get("/playbooks/start/secret-in-stream/").content.decode()
    assert "Seen, in America/Denver" in form
    wrong = desk.post(
        "/playbooks/start/secret-in-stream/", {"anchor_at": "soon", "title": "Thursday’s"}
    )
    assert wrong.status_code == 422
    assert "Thursday’s" in wrong.content.decode()
    desk.post(
        "/playbooks/start/secret-in-stream/",
        {
            "anchor_at": "2026-11-18T03:00",
            "role-presenter": "noor",
            "value-guests": "Mira\r\n\r\nPriya ",
        },
    )
    run = Run.objects.get()
    assert (run.anchor_at, run.roles, run.values) == (
        NOW,
        {"presenter": noor.pk},
        {"guests": ["Mira", "Priya"]},
    )


def test_a_run_is_followed_to_its_end_without_a_script(run: Run) -> None:
    """Each button is a form; what is done is told, in the log with its time."""
    with time_machine.travel(NOW + 2 * MINUTE, tick=False):
        answer = post("noor", run, "done", step="tell")
        assert answer["Location"] == f"/playbooks/{run.pk}/#step-tell"
        text = client_of(agent("noor")).get(run.get_absolute_url()).content.decode()
        assert "Did they answer?" in text
        post("luca", run, "ack", step="tell")
        assert state(run, "call-out") == "skipped"
        post("noor", run, "choose", step="cut", option="load")
    assert (state(run, "wait"), state(run, "load")) == ("skipped", "ready")
    with time_machine.travel(NOW + 61 * MINUTE, tick=False):
        assert post("noor", run, "done", step="public").status_code == 422
        post("noor", run, "confirm", step="public")
        post("noor", run, "done", step="public")
        post("noor", run, "skip", step="load", why="nobody saw it")
        text = client_of(agent("noor")).get(run.get_absolute_url()).content.decode()
    run.refresh_from_db()
    assert run.state == RunState.FINISHED
    assert "<dt>Time to tell</dt><dd>2 min</dd>" in text
    assert "Confirmed: I have watched the edit" in text
    assert "nobody saw it" in text


def test_a_step_can_be_done_before_its_time_from_the_page(run: Run) -> None:
    """Behind a fold, with everything that it asks for."""
    text = client_of(agent("noor")).get(run.get_absolute_url()).content.decode()
    form = text.partition('id="do-public"')[2].partition("</form>")[0]
    assert "Done already" not in form.partition("<details")[0]
    assert "I have watched the edit" in form.partition("<details")[2]
    post("noor", run, "confirm", step="public")
    text = client_of(agent("noor")).get(run.get_absolute_url()).content.decode()
    form = text.partition('id="do-public"')[2].partition("</form>")[0]
    assert re.search(r'<button class="btn">.*?Done already', form.partition("<details")[2])
    post("noor", run, "done", step="public")
    assert state(run, "public") == "done"


def test_what_is_done_can_be_taken_back(run: Run) -> None:
    with time_machine.travel(NOW, tick=False):
        post("noor", run, "done", step="tell")
        assert state(run, "tell") == "done"
        post("noor", run, "reopen", step="tell")
        assert state(run, "tell") == "ready"


def test_the_answer_to_htmx_is_the_run_alone(run: Run) -> None:
    desk, path = client_of(agent("noor")), f"{run.get_absolute_url()}done/"
    good = desk.post(path, {"step": "tell"}, headers=HTMX)
    assert good.content.decode().lstrip().startswith('<div id="run"')
    again = desk.post(path, {"step": "tell"}, headers=HTMX)
    assert again.status_code == 422
    assert "This step is over already." in again.content.decode()


def test_roles_and_steps_are_handed_over(run: Run) -> None:
    """S100: whoever is not presenting does it; with another presenter it is somebody else."""
    assert RunStep.objects.get(run=run, key="tell").owner == agent("noor")
    post("noor", run, "bind", role="presenter", user="noor")
    post("noor", run, "bind", role="host", user="luca")
    assert RunStep.objects.get(run=run, key="tell").owner == agent("luca")
    agent("ana")
    post("noor", run, "own", step="tell", user="ana")
    assert RunStep.objects.get(run=run, key="tell").owner == agent("ana")
    assert post("noor", run, "own", step="tell", user="nobody").status_code == 422


def test_cues_and_known_errors_stand_on_the_page(run: Run) -> None:
    """S92, S93."""
    text = client_of(agent("noor")).get(run.get_absolute_url()).content.decode()
    assert "As a reminder, this session is recorded." in text
    assert "Please grant necessary privilege." in text
    assert "Authorise again." in text


def test_moving_the_start_moves_what_hangs_on_it(run: Run) -> None:
    post("noor", run, "move", anchor_at="2026-11-19T10:00")
    row = RunStep.objects.get(run=run, key="public")
    assert row.due_at == NOW + timedelta(days=1, hours=1)
    assert post("noor", run, "move", anchor_at="").status_code == 422
    post("noor", run, "cancel", reason="a false alarm")
    text = client_of(agent("noor")).get(run.get_absolute_url()).content.decode()
    assert "Cancelled: a false alarm" in text
    assert 'name="anchor_at"' not in text


def test_viewers_read_and_do_nothing(run: Run) -> None:
    vera = client_of(agent("vera", role="viewer"))
    text = vera.get(run.get_absolute_url()).content.decode()
    assert re.findall(r"<form[^>]*playbooks/[^>]*>", text) == []
    assert vera.post(f"{run.get_absolute_url()}done/", {"step": "tell"}).status_code == 404
    assert vera.post("/playbooks/exposed/").status_code == 404


def test_a_run_on_a_restricted_ticket_is_for_those_who_see_that(book: Playbook) -> None:
    team = Team.objects.create(key="sec", name="Security", restricted=True)
    run = act(
        start,
        playbook=book,
        anchor_at=NOW,
        roles={},
        values={},
        ticket=ticket(restricted_team=team),
    )
    agent("ben").teams.add(team)
    ana, ben = client_of(agent("ana")), client_of(agent("ben"))
    assert (ana.get(run.get_absolute_url()).status_code, post("ana", run, "done", step="tell").status_code) == (404, 404)  # fmt: skip
    assert ben.get(run.get_absolute_url()).status_code == 200
    assert run.title not in ana.get("/playbooks/").content.decode().partition("Start one")[0]


def test_who_has_it_open_is_told_to_the_others(run: Run) -> None:
    presence.forget()
    ana, ben = client_of(agent("ana")), client_of(agent("ben"))
    path = f"{run.get_absolute_url()}here/"
    assert ana.post(path, {"tab": "0123456789abcdef"}).content.decode().strip() == ""
    assert "Ana is here" in ben.post(path, {"tab": "fedcba9876543210"}).content.decode()
    ana.post(path, {"tab": "0123456789abcdef", "left": "1"})
    assert "Ana" not in ben.post(path, {"tab": "fedcba9876543210"}).content.decode()
    assert ana.post(path, {"tab": "<x>"}).status_code == 400


@pytest.mark.parametrize("many", [1, 30])
def test_the_list_costs_the_same_for_any_number(
    many: int, book: Playbook, django_assert_max_num_queries: Any
) -> None:
    desk = client_of(agent("ana"))
    for _ in range(many):
        act(start, playbook=book, anchor_at=NOW, roles={}, values={}, ticket=ticket())
    desk.get("/playbooks/")
    with django_assert_max_num_queries(12):
        desk.get("/playbooks/")


@pytest.mark.parametrize("many", [1, 30])
def test_a_run_costs_the_same_for_any_number_of_steps(
    many: int, django_assert_max_num_queries: Any
) -> None:
    steps = [{"key": f"s{n}", "title": f"Step {n}", "role": "host"} for n in range(many)]
    data = {"key": "long", "name": "Long", "roles": ["host"], "steps": steps}
    book = Playbook.objects.create(key="long", name="Long", definition=data)
    run = act(start, playbook=book, anchor_at=NOW, roles={"host": agent("ana").pk}, values={})
    desk = client_of(agent("ana"))
    desk.get(run.get_absolute_url())
    with django_assert_max_num_queries(14):
        desk.get(run.get_absolute_url())
