"""A blinded quote says nothing of who said it."""

import pytest

from inbox.community.blinding import Known, blind

MIRA = Known(
    names=["Mirela Ana Dutko", "mdutko", "mira-d"],
    keys=["mirela.dutko@solvane.example", "T0MILLRACE/U0MIRELA", "4711", "md@gmail.com"],
    companies=["Solvane Energy"],
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("It cut our bill in half.", "It cut our bill in half."),
        ("I am Mirela Dutko.", "I am […] […]."),
        ("MIRELA and dutko", "[…] and […]"),
        ("ask @mdutko or mira-d", "ask […] or […]"),
        ("mail mirela.dutko@solvane.example", "mail […]"),
        ("mail other.person@elsewhere.example", "mail […]"),
        ("see https://github.com/mdutko/x?a=1 now", "see […] now"),
        ("see www.solvane.example/blog now", "see […] now"),
        ("we at Solvane Energy love it", "we at […] love it"),
        ("we at solvane love it", "we at […] love it"),
        ("on solvane.example it runs", "on […] it runs"),
        ("<@U0MIRELA> says 4711", "[…] says […]"),
        ("U0MIRELA was here", "[…] was here"),
        ("in gmail it looks fine", "in gmail it looks fine"),
        ("dutkology and amirela", "dutkology and amirela"),
    ],
)
def test_what_stands_for_a_person_is_masked(text: str, wanted: str) -> None:
    assert blind(text, MIRA) == wanted


@pytest.mark.parametrize("written", ["José", "Jose", "JOSÉ", "Jose\u0301"])
def test_accents_hide_nobody(written: str) -> None:
    assert blind(f"{written} says so", Known(names=["José Núñez"])) == "[…] says so"


def test_somebody_unknown_leaves_the_words_alone() -> None:
    assert blind("Faster by half.", Known(names=["", " "], keys=[""])) == "Faster by half."
