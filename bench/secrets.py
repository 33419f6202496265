"""Finding secrets: milliseconds for 100 KB of talk, and of what a hostile stranger would write.

The worst of the hostile texts is one true secret after the other, ten characters each.
"""

from bench import figures
from inbox.guard.finding import assignments, find, shapes

SIZE, ROUNDS = 100_000, 5
TALK = "Since yesterday the export of our project fails, the token is fine and so is the key. "
HOSTILE = (
    *(
        "a",
        "=",
        "eyJ",
        "eyJaaaaaaaa.",
        "://a:aaa",
        "-----BEGIN PRIVATE " + "KEY-----",
        "pw=a1b2c3 ",
    ),
    *(shape.mark for shape in shapes.SHAPES),
    *(name.stem + end for name in assignments.NAMES for end in ("", "=")),
)


def milliseconds(unit: str, rounds: int = ROUNDS) -> float:
    """The best of some rounds over a text made of one piece."""
    text = (unit * (SIZE // len(unit) + 1))[:SIZE]
    return min(figures.per_call(lambda _: find(text), [0]) for _ in range(rounds))


def main() -> None:
    """One line: talk, the worst, and what the worst was."""
    slowest = sorted((milliseconds(unit, 1), unit) for unit in HOSTILE)[-5:]
    worst, unit = max((milliseconds(unit), unit) for _, unit in slowest)
    figures.say("secrets", talk_ms=milliseconds(TALK), worst_ms=worst, worst=unit)


if __name__ == "__main__":
    main()
