"""The shipped playbooks: each can be followed to its end, and says what the handbook asks for."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from inbox import pipeline
from inbox.common.work import Actor
from inbox.handbook.services import PRESET
from inbox.notify.models import Notice
from inbox.playbooks import services as playbooks
from inbox.playbooks import starting
from inbox.playbooks.definition import template_from
from inbox.playbooks.models import Playbook, Run
from inbox.playbooks.shapes import Step, Template
from inbox.playbooks.tests.walking import Walk, ways
from inbox.tickets.errors import VerbError
from rig.desk import agent

ROWS: dict[str, Any] = {
    row["key"]: row for row in yaml.safe_load(PRESET.read_text("utf-8"))["playbooks"]
}
NOW = datetime(2026, 11, 19, 16, 0, tzinfo=UTC)  # two weeks before a Thursday's office hours
T = NOW + timedelta(days=14)
LIVE = ("secret-in-stream", "secret-in-channel")  # nobody knows of them before


def template(key: str) -> Template:
    return template_from(ROWS[key])


def step(key: str, name: str) -> Step:
    return template(key).step(name)


def start(key: str) -> Run:
    """A run with a person for every part and a value for every field that is needed."""
    row, said = ROWS[key], template(key)
    playbook = Playbook.objects.create(key=key, name=said.name, definition=row)
    values = {one.key: "https://example.com/video" for one in said.fields if one.required}
    with pipeline.change(Actor.user(agent("noor")), now=NOW):
        return playbooks.start(
            playbook=playbook,
            anchor_at=NOW if key in LIVE else T,
            roles={role.key: agent(role.key).pk for role in said.roles},
            values=values,
        )


def ends(run: Run) -> dict[str, str]:
    return dict(run.steps.values_list("key", "state"))


def all_ways() -> list[Any]:
    return [
        pytest.param(key, way, answers, id=f"{key} {' '.join(way.values())} answers={answers}")
        for key in ROWS
        for way in ways(template(key))
        for answers in ((True, False) if any(one.ack for one in template(key).steps) else (True,))
    ]


# ------------------------------------------------------------------ they can be followed


def test_these_are_shipped() -> None:
    assert list(ROWS) == [
        "office-hours",
        "demo-day",
        "stream",
        "after-stream",
        "secret-in-stream",
        "secret-in-channel",
    ]


@pytest.mark.django_db
@pytest.mark.parametrize(("key", "way", "answers"), all_ways())
def test_every_way_through_a_playbook_has_an_end(
    key: str, way: dict[str, str], *, answers: bool
) -> None:
    run = start(key)
    Walk(run, choices=way, answers=answers).to_its_end()
    left_out = {
        name
        for step in run.template.steps
        if step.branch
        for option in step.branch.options
        if option.key != way[step.key]
        for name in option.steps
    }
    if answers:
        left_out |= {step.ack.escalate_to for step in run.template.steps if step.ack}
    expected = {
        step.key: "skipped" if step.key in left_out else "done" for step in run.template.steps
    }
    assert ends(run) == expected


@pytest.mark.django_db
@pytest.mark.parametrize("key", ROWS)
def test_every_step_reminds_its_owner_once(key: str) -> None:
    run = start(key)
    Walk(run, choices=ways(template(key))[0], answers=False).to_its_end()
    done = run.steps.filter(state="done").exclude(entries__kind="by_itself")
    expected = sorted((str(row.owner), f"{row.step.title} ({run.title})") for row in done)
    told = Notice.objects.filter(kind="playbook").select_related("user")
    assert "None" not in {owner for owner, _ in expected}
    assert sorted((str(notice.user), notice.text) for notice in told) == expected


# ------------------------------------------------------------------ what they say


def test_office_hours_look_for_a_member_and_a_topic_two_weeks_before() -> None:
    find = step("office-hours", "find")
    assert (str(find.at), {need.field: need.count for need in find.needs}) == (
        "T-14d",
        {"members": 1, "topics": 1},
    )


def test_the_issue_comes_out_of_the_office_hours_template() -> None:
    action = step("office-hours", "issue").action
    assert action is not None
    assert (action.kind, action.params["template"]) == ("issue", "office-hours.md")


def test_the_issue_may_be_opened_by_hand_or_not_at_all() -> None:
    branch = step("office-hours", "where").branch
    assert branch is not None
    assert {option.key: option.steps for option in branch.options} == {
        "here": ("issue",),
        "page": ("issue-by-hand",),
        "none": (),
    }


def test_slack_is_posted_and_the_other_places_are_copied_in_good_time() -> None:
    told = {
        str(one.at): [
            (other.action.kind, other.action.params["text"])
            for other in template("office-hours").steps
            if other.action and other.key.startswith("tell-") and other.at == one.at
        ]
        for one in template("office-hours").steps
        if one.key.startswith("tell-")
    }
    assert told == {
        "T-7d": [
            ("post", "{early_slack}"),
            ("copy", "{early_twitter}"),
            ("copy", "{early_linkedin}"),
        ],
        "T-4h": [("post", "{day_slack}"), ("copy", "{day_twitter}")],
        "T": [("post", "{now_slack}")],
    }


def test_the_hour_is_fifteen_minutes_of_topic_and_forty_five_of_questions() -> None:
    agenda = step("office-hours", "agenda")
    assert agenda.checks[:2] == (
        "15 minutes for the topic",
        "45 minutes for questions, debugging, anything",
    )
    assert agenda.gate == "The agenda fills the hour, not more"


def test_contributors_are_called_by_names_that_are_written_down() -> None:
    assert [need.field for need in step("office-hours", "names").needs] == ["names"]


REMINDER = (
    "As a reminder, this session is streamed and recorded. Please close credential files and "
    "other private documents before you share your screen."
)


@pytest.mark.parametrize("key", ["office-hours", "demo-day", "stream"])
def test_a_host_has_the_cues_at_hand(key: str) -> None:
    cues = {cue.title: cue.text for cue in template(key).cues}
    assert cues == {
        "Before a screen is shared": REMINDER,
        "While people talk": "Stop sharing the screen when a discussion begins. "
        "People see each other then.",
        "Gallery view": "Switching to the gallery changes the view of everybody who watches. "
        "Say so first.",
        "Links": "Put every link that is talked about into the chat.",
    }


def test_the_reminder_is_at_hand_after_a_secret_was_shown() -> None:
    assert template("secret-in-stream").cues[0].text == REMINDER


def test_every_presenter_s_screen_is_checked() -> None:
    screens = step("demo-day", "screens")
    assert [(need.field, need.each_of) for need in screens.needs] == [("screens", "presenters")]
    assert screens.checks[:2] == (
        "The font has 20 px or more, in the editor and in the terminal",
        "The browser's zoom stands at 125 % or more",
    )


@pytest.mark.django_db
def test_a_screen_that_was_not_checked_holds_the_step() -> None:
    run = start("demo-day")
    screens = run.steps.get(key="screens")
    given: dict[str, Any] = {"presenters": ["Mira", "Ansel"], "screens": ["Mira"]}
    with pipeline.change(Actor.user(agent("noor")), now=T):
        playbooks.set_values(run, values=given)
        with pytest.raises(VerbError, match=r"still lacks Ansel\."):
            playbooks.finish_step(screens)
        playbooks.set_values(run, values={"screens": ["Ansel", "Mira"]})
        assert playbooks.finish_step(screens).state == "done"


def test_a_demo_day_is_recorded_timed_uploaded_and_described() -> None:
    keys = [one.key for one in template("demo-day").steps]
    wanted = ["features", "order", "screens", "record", "times", "upload", "describe-video"]
    assert [key for key in keys if key in wanted] == wanted


@pytest.mark.parametrize("key", ["office-hours", "stream"])
def test_a_stream_is_started_ten_minutes_ahead(key: str) -> None:
    begin = step(key, "start-stream")
    assert str(begin.at) == "T-10m"
    assert begin.checks == (
        "Sign in with the team's account",
        "Choose the brand account of the channel and not your own",
        "Leave the title as it stands; it is changed afterwards",
    )
    assert step(key, "wait-stream").gate == "The stream runs on YouTube"
    assert [error.text for error in template(key).known_errors] == [
        "Please grant necessary privilege for live streaming."
    ]


@pytest.mark.parametrize("key", ["office-hours", "after-stream"])
def test_the_video_is_cut_only_the_day_after(key: str) -> None:
    times = {one.key: str(one.at) for one in template(key).steps}
    assert (times["title-video"], times["edit-video"]) == ("T+2h", "T+24h")


def test_a_secret_is_told_of_and_hidden_by_whoever_does_not_present() -> None:
    first = {name: step("secret-in-stream", name) for name in ("notify", "private")}
    assert {(str(one.at), one.role) for one in first.values()} == {("at once", "not:presenter")}
    sign = first["notify"].ack
    assert sign is not None
    assert (sign.after_minutes, sign.escalate_to) == (2, "call-out")


@pytest.mark.django_db
def test_whoever_notices_a_secret_needs_one_word_to_begin() -> None:
    row = ROWS["secret-in-stream"]
    Playbook.objects.create(key=row["key"], name=row["name"], definition=row)
    with pipeline.change(Actor.user(agent("noor")), now=NOW):
        run, _ = starting.start_by_command("secret", user=agent("noor"))
    ready = run.steps.filter(state="ready").values_list("key", "owner__username")
    assert list(ready) == [("notify", "noor"), ("private", "noor")]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("about", "later", "is_new"),
    [
        ("", "", False),
        ("<@U0KIT|kit>", "<@U0KIT|kit>", False),
        ("<@U0KIT|kit>", "", False),
        ("<@U0KIT|kit>", "<@U0ADA|ada>", True),
        ("", "<@U0ADA|ada>", True),
    ],
)
def test_two_who_write_the_word_about_the_same_person_share_a_run(
    about: str, later: str, is_new: bool
) -> None:
    row = ROWS["secret-in-stream"]
    Playbook.objects.create(key=row["key"], name=row["name"], definition=row)
    with pipeline.change(Actor.user(agent("noor")), now=NOW):
        first, _ = starting.start_by_command("secret", user=agent("noor"), about=about)
    with pipeline.change(Actor.user(agent("ana")), now=NOW + timedelta(seconds=5)):
        second, found = starting.start_by_command("secret", user=agent("ana"), about=later)
    assert (found, second == first) == (is_new, not is_new)
    with pipeline.change(Actor.user(agent("ana")), now=NOW + timedelta(minutes=11)):
        assert starting.start_by_command("secret", user=agent("ana"), about=about)[1]


def test_a_secret_is_changed_however_short_it_was_seen() -> None:
    action = step("secret-in-stream", "notify").action
    assert action is not None
    assert "change it (rotate it)" in action.params["text"]
    assert "however short it was on screen" in action.params["text"]
    assert "{run_url}" in action.params["text"]


def test_an_edit_is_published_only_when_somebody_watched_it() -> None:
    watch = step("secret-in-stream", "watch")
    assert watch.gate == "We watched the edit, and the secret cannot be seen"
    for name in ("publish-in-place", "publish-new"):
        assert step("secret-in-stream", name).at.steps == ("watch", "rotated")


@pytest.mark.parametrize(
    ("key", "measured"),
    [
        ("secret-in-stream", ["To notify", "To private", "To rotate", "To public again"]),
        ("secret-in-channel", ["To notify", "To hidden", "To deleted", "To rotate"]),
    ],
)
def test_exposure_is_measured(key: str, measured: list[str]) -> None:
    found = [one.measure for one in template(key).steps if one.measure]
    assert list(dict.fromkeys(found)) == measured


def test_a_pasted_secret_starts_its_playbook_by_itself() -> None:
    said = template("secret-in-channel")
    assert (said.starts_on, [role.required for role in said.roles]) == ("secret_found", [False])
