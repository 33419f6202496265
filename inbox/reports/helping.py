"""Reports on people: who answers, who of the community helps, how chats were rated, docs gaps."""

from inbox.reports.charts import bars
from inbox.reports.gathering import Found
from inbox.reports.shapes import Column, Figure, Report, percent, shown

WHO = {"team": "The team", "community": "The community", "champion": "Champions"}
MOST = 10
STARS = 5


def community(found: Found) -> Report:
    """Whose answer came first (S3)."""
    total = found.tally.count("first")
    rows = [
        (name, n := found.tally.count("first", label=label), percent(n, total))
        for label, name in WHO.items()
    ]
    ours, theirs = rows[0][1], total - rows[0][1]
    advice = "Nothing was answered in these days."
    if total:
        advice = f"{theirs} of {total} questions were answered by the community first."
        advice += " Thank them in the channel." if theirs else " Leave easy ones open for an hour."
    return Report(
        key="community",
        title="Answered by",
        lead="Whose answer came first",
        finding=f"First answers: {ours} by the team, {theirs} by the community.",
        advice=advice,
        columns=(Column("Who", is_number=False), Column("First answers"), Column("Share", "%")),
        rows=rows,
        chart="bars",
        drawing=bars([(name, n, 0, shown(n), f"{share or 0} %", "") for name, n, share in rows]),
    )


def champions(found: Found) -> Report:
    """Everybody of the community who answered; champions carry a star."""
    rows = [(name, "yes" if champion else "", n) for name, champion, n in found.helpers]
    new = next((name for name, champion, _ in found.helpers if not champion), None)
    advice = "Nobody of the community answered in these days."
    if found.helpers:
        advice = "All who answered are champions already."
    if new is not None:
        advice = f"{new} answers most of those who are no champion yet."
    return Report(
        key="champions",
        title="Who of the community answers",
        lead="Answers in all tickets; champions have a star",
        finding=", ".join(f"{name} {n}" for name, _, n in rows[:MOST])
        or "Nobody of the community answered in these days.",
        advice=advice,
        columns=(
            Column("Name", is_number=False),
            Column("Champion", is_number=False),
            Column("Answers"),
        ),
        rows=rows,
        chart="bars",
        drawing=bars(
            [
                (name, n, 0, shown(n), "", "star" if champion else "")
                for name, champion, n in found.helpers[:MOST]
            ]
        ),
    )


def gaps(found: Found) -> Report:
    """What the docs lacked, by how many people asked for it (S9)."""
    rows = [(url, people, n) for url, people, n in found.gaps]
    advice = "No ticket was closed as a docs gap in these days."
    if rows:
        url, people, _ = rows[0]
        advice = f"Write this first, {people} {'person' if people == 1 else 'people'} asked: {url}"
    return Report(
        key="docs-gaps",
        title="What the docs lacked",
        lead="People who asked, each counted once",
        finding=", ".join(f"{url} {people}" for url, people, _ in rows[:MOST]) or advice,
        advice=advice,
        columns=(
            Column("Page or issue", is_number=False),
            Column("People"),
            Column("Tickets"),
        ),
        rows=rows,
        chart="bars",
        drawing=bars(
            [
                (url.split("://")[-1], people, 0, shown(people), "", "")
                for url, people, _ in rows[:MOST]
            ]
        ),
    )


def ratings(found: Found) -> Report:
    """How visitors rated their chats."""
    total = sum(found.ratings.values())
    rows = [
        (f"{stars} of {STARS}", n := found.ratings.get(stars, 0), percent(n, total))
        for stars in range(STARS, 0, -1)
    ]
    good = sum(found.ratings.get(stars, 0) for stars in (4, 5))
    share = percent(good, total)
    advice = "No chat was rated in these days."
    if share is not None:
        advice = f"{share} % of {total} ratings are a four or a five: read the others’ comments."
    return Report(
        key="ratings",
        title="How chats were rated",
        lead="Live chat",
        finding=advice,
        advice=advice,
        columns=(Column("Rating", is_number=False), Column("Chats"), Column("Share", "%")),
        rows=rows,
        chart="bars",
        drawing=bars([(name, n, 0, shown(n), f"{p or 0} %", "") for name, n, p in rows]),
    )


def figure_community(found: Found) -> Figure:
    """The third number of the page."""
    total = found.tally.count("first")
    theirs = total - found.tally.count("first", label="team")
    stars = found.tally.count("first", label="champion")
    share = percent(theirs, total)
    says = f"{theirs} of {total} questions"
    return Figure(
        name="Answered by the community",
        state="today",
        value="–" if share is None else f"{share} %",
        share=share or 0,
        says=f"{says}, {stars} by champions" if stars else says,
    )
