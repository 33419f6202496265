"""The desk's style sheets stay small: what every page loads first."""

import gzip
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "static" / "css"
MOST_BYTES = 25_000
SHEETS = ("tokens.css", "components.css", "desk.css")


def test_the_three_sheets_together_fit_their_budget() -> None:
    sizes = {name: len(gzip.compress((FOLDER / name).read_bytes(), 9)) for name in SHEETS}
    assert {path.name for path in FOLDER.glob("*.css")} == set(SHEETS)
    assert sum(sizes.values()) <= MOST_BYTES, sizes
