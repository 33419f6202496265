"""Words that promise, and words that do not."""

from datetime import UTC, datetime

import pytest

from inbox.followups import phrases

AT = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)  # Wednesday noon less an hour in Berlin


def due(text: str) -> str:
    found = phrases.find(text, at=AT, zone="Europe/Berlin")
    return f"{found.due_at.astimezone(UTC):%a %d %H:%M}" if found else ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I will get back to you.", "Thu 19 17:00"),
        ("We'll get back to you by Friday.", "Fri 20 17:00"),
        ("I’ll look into it today.", "Wed 18 17:00"),
        ("I'll have an answer for you tomorrow", "Thu 19 17:00"),
        ("You will hear from us within two days.", "Fri 20 17:00"),
        ("We will fix it in 3 hours.", "Wed 18 13:00"),
        ("I'll send it by the end of the week.", "Fri 20 17:00"),
        ("I will publish it next week.", "Fri 27 17:00"),
        ("It will be fixed by Monday.", "Mon 23 17:00"),
        ("I'll do it next Wednesday.", "Wed 25 17:00"),
        ("Thanks!\n\nHi, nice find. I'll let you know.", "Thu 19 17:00"),
    ],
)
def test_promises_are_found_with_their_moment(text: str, expected: str) -> None:
    """S76."""
    assert due(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Try the new version.",
        "Could you send the log by Friday?",
        "Please send the log by Friday.",
        "Will you be there on Friday?",
        "> I will get back to you by Friday.\n\nDid you?",
        "The release came out on Monday.",
        "",
    ],
)
def test_questions_quotes_and_their_own_dates_are_no_promises(text: str) -> None:
    assert due(text) == ""
