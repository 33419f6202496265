"""A macro's words: fixed places, one pass, and nothing that runs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.macros import actions, wording
from inbox.macros.wording import VARIABLES, BadMacro
from inbox.outbox.rendering import to_html

MIRA = {"requester.first_name": "Mira", "ticket.number": "7"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("Hi {{ requester.first_name }}, #{{ticket.number}}", "Hi Mira, #7"),
        ("Hi {{\n requester.first_name\t}}", "Hi Mira"),
        (r"\{{ requester.first_name }} stays", "{{ requester.first_name }} stays"),
        (r"$\{{ secrets.X }}", "${{ secrets.X }}"),
        ("no places, } or { alone }}", "no places, } or { alone }}"),
    ],
)
def test_places_are_filled(text: str, filled: str) -> None:
    wording.check(text)
    assert wording.fill(text, MIRA).text == filled


@pytest.mark.parametrize(
    "text",
    [
        "{{ requester.password }}",
        "{{ settings.SECRET_KEY }}",
        "{{ requester.first_name|upper }}",
        "{{ requester.first_name.__class__ }}",
        "{{ 7*7 }}",
        "{{}}",
        "{{ requester.first_name",
        "{{ {{ requester.first_name }} }}",
    ],
)
def test_what_is_no_place_is_said_when_it_is_saved(text: str) -> None:
    with pytest.raises(BadMacro, match=r"variable|closed"):
        wording.check(text)


@pytest.mark.parametrize(
    "text", ["{% load x %}", "{% include '/etc/passwd' %}", "${7*7}", "<%= 7*7 %>", "#{7*7}"]
)
def test_other_languages_of_templates_are_only_words(text: str) -> None:
    wording.check(text)
    assert wording.fill(text, MIRA).text == text


def test_what_is_filled_in_is_not_read_again() -> None:
    given_name = {"ticket.subject": "{{ agent.name }}", "agent.name": "Ana"}
    assert wording.fill("{{ ticket.subject }}", given_name).text == "{{ agent.name }}"


def test_an_empty_place_is_named() -> None:
    found = wording.fill("Call: {{ links.call }} {{ links.call }}", {"links.call": ""})
    assert (found.text, found.missing) == ("Call:  ", ("links.call",))


@given(st.text(max_size=80))
def test_a_strangers_name_is_never_markup_nor_an_address(text: str) -> None:
    shown = to_html(f"Hi {wording.name(text)}!")
    assert "<a" not in shown
    assert shown.count("<") == 2  # the paragraph
    assert "\n" not in wording.name(text)


@given(st.text(alphabet="ab *_`[]()<>|~\\!\n#", max_size=40))
def test_a_subject_is_shown_as_it_is_written(text: str) -> None:
    shown = to_html(f"About “{wording.plain(text)}”.")
    assert not any(tag in shown for tag in ("<a", "<em", "<strong", "<code", "<s>", "<img"))


@given(st.text(), st.dictionaries(st.sampled_from(sorted(VARIABLES)), st.text()))
def test_a_text_that_was_accepted_leaves_no_place_unfilled(
    text: str, values: dict[str, str]
) -> None:
    try:
        wording.check(text)
    except BadMacro:
        return
    known = {**dict.fromkeys(VARIABLES, "·"), **dict.fromkeys(values, "x")}
    assert wording.fill(text.replace("\\{{", ""), known).text.count("{{") == 0


@pytest.mark.parametrize(
    ("given_actions", "said"),
    [
        ([{"explode": True}], "no action"),
        ([{"close": "became_issue"}], "one of answered"),
        ([{"close": "solved"}, {"snooze": "2 days"}], "cannot be snoozed"),
        ([{"wait": True}, {"close": "solved"}], "Only one"),
        ([{"category": "A"}, {"category": "B"}], "twice"),
        ([{"category": " "}], "needs a value"),
        ([{"category": ["A"]}], "needs a value"),
        ([{"snooze": "soon"}], "not a time"),
        ([{"priority": "huge"}], "one of low"),
        ([{"category": "A", "tag": "b"}], "one name"),
        ("close", "a list"),
        ([{"tag": str(n)} for n in range(11)], "at most"),
    ],
)
def test_actions_that_cannot_be_are_explained(given_actions: object, said: str) -> None:
    with pytest.raises(BadMacro, match=said):
        actions.check(given_actions)


def test_actions_are_done_in_their_order_and_said_in_words() -> None:
    given_actions: list[dict[str, object]] = [
        {"close": "solved"},
        {"tag": ["a", "b"]},
        {"assign": "me"},
        {"gone": 1},
    ]
    done = actions.in_order(given_actions)
    assert [actions.sentence(*pair) for pair in done] == [
        "tag it “a and b”",
        "give it to me",
        "close it as “solved”",
    ]
