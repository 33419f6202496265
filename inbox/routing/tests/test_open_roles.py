"""Which role a text is about: by the words of its title, in their order, never inside others."""

import pytest

from inbox.channels.openroles import OpenRole, best, phrases


def role(title: str, *, is_generic: bool = False) -> OpenRole:
    return OpenRole(title=title, url="", phrases=() if is_generic else phrases(title))


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Senior Developer Advocate (Remote)", "I would like to work as a developer advocate."),
        ("Developer Advocate", "Application: Senior Developer\nAdvocate, remote"),
        ("Developer Advocate", "you hire developer advocates"),
        ("Developer Advocate, EMEA", "DEVELOPER-ADVOCATE"),
        ("Developer Advocate – Berlin", "Developer advocate in Munich"),
        ("Engineer, Developer Relations", "the developer relations engineer role"),
        ("Engineer, Developer Relations", "engineer, developer relations"),
        ("Software Engineer II", "applying as a software engineer"),
        ("Senior Engineer", "the senior engineer position"),
        ("Ingénieur Développement", "ingenieur developpement"),
        ("Lead Technical Writer [Contract]", "a technical writer"),
        ("C++ Developer", "C++ developer since 2009"),
        ("Head of Community", "head of community"),
    ],
)
def test_role_is_found(title: str, text: str) -> None:
    assert best(text, [role(title)]) is not None


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Developer Advocate", "my developer friends; I advocate for them"),
        ("Developer Advocate", "developer advocatess"),
        ("Artist", "I am an artistic person"),
        ("Tester", "the greatester tools"),
        ("Senior Engineer", "I am an engineer"),
        ("Engineer", "I am an engineer"),
        ("C++ Developer", "C# developer"),
        ("Support Engineer", "support our engineer"),
        ("Developer Advocate", ""),
        ("(Remote)", "I work remote" * 0),
    ],
)
def test_role_is_not_found(title: str, text: str) -> None:
    assert best(text, [role(title)]) is None


def test_the_closest_title_wins() -> None:
    roles = [
        role("Developer Advocate"),
        role("Senior Developer Advocate (Lisbon)"),
        role("Senior Developer Advocate (Berlin)"),
        role("Advocate"),
    ]
    found = best("Senior Developer Advocate in Berlin", roles)
    assert found is not None
    assert found.title == "Senior Developer Advocate (Berlin)"
    found = best("developer advocate", roles)
    assert found is not None
    assert found.title.endswith("Developer Advocate") or "(" in found.title


def test_role_for_everybody_fits_nobody_by_its_title() -> None:
    assert best("General application", [role("General application", is_generic=True)]) is None


def test_long_texts_are_looked_at_in_no_time() -> None:
    roles = [role(f"Role {n} Maker") for n in range(300)]
    assert best("maker role " * 100_000, roles) is None
