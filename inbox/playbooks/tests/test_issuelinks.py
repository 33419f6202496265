"""A tracker's page for a new issue, filled in by its address."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.playbooks.issuelinks import CUT, LONGEST_URL, prefilled_issue_url

GITHUB = "https://github.com/acme/docs/issues/new"
GITLAB = "https://gitlab.example.org/group/project/-/issues/new"


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (GITHUB, {"title": ["Office Hours & more"], "body": ["Steps"], "labels": ["event,devrel"]}),
        (
            GITLAB,
            {
                "issue[title]": ["Office Hours & more"],
                "issue[description]": ['Steps\n\n/label ~"event" ~"devrel"'],
            },
        ),
    ],
)
def test_each_tracker_is_told_in_its_own_words(page: str, expected: dict[str, list[str]]) -> None:
    url = prefilled_issue_url(
        page, title="Office Hours & more", text="Steps", labels=["event", "devrel"]
    )
    assert url.partition("?")[0] == page
    assert parse_qs(urlsplit(url).query) == expected


@pytest.mark.parametrize(
    ("page", "name", "expected"),
    [(GITHUB, "template", "office-hours.md"), (GITLAB, "issuable_template", "office-hours")],
)
def test_a_template_is_named_where_no_text_is_given(page: str, name: str, expected: str) -> None:
    url = prefilled_issue_url(page, title="Office Hours", text="", template="office-hours.md")
    assert parse_qs(urlsplit(url).query)[name] == [expected]


def test_what_the_address_had_is_dropped() -> None:
    assert prefilled_issue_url(f"{GITHUB}?title=old#top", title="new", text="") == (
        f"{GITHUB}?title=new"
    )


@pytest.mark.parametrize(
    "page",
    [
        "",
        "acme/docs",
        "https://github.com/acme/docs",
        "javascript:/issues/new",
        "https:///issues/new",
    ],
)
def test_another_address_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="/issues/new is needed"):
        prefilled_issue_url(page, title="Office Hours", text="")


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20_000))
def test_a_text_is_cut_where_the_address_would_be_too_long(text: str) -> None:
    url = prefilled_issue_url(GITHUB, title="Office Hours", text=text)
    body = parse_qs(urlsplit(url).query, keep_blank_values=True).get("body", [""])[0]
    assert len(url) <= LONGEST_URL
    assert body == text or body.endswith(CUT)
