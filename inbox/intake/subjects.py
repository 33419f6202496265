"""Subjects: without their reply marks, or made from a message's first words."""


def bare_subject(text: str) -> str:
    """A subject without leading `Re:`, `AW:`, `Fwd:` and the like."""
    bare = " ".join(text.split())
    while True:
        head, colon, rest = bare.partition(":")
        if not colon or not (head.isalpha() or head.rstrip("0123456789[]()").isalpha()):
            return bare
        if len(head) > 6 or head.casefold().rstrip("0123456789[]()") not in PREFIXES:
            return bare
        bare = rest.strip()


PREFIXES = frozenset(
    "re aw wg sv vs fw fwd tr rv antw odp ref enc res rif i r ynt vl doorst".split()
)


def first_words(text: str) -> str:
    """A title for a message that has none: its first line, cut at a word."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if len(line) <= LONGEST_TITLE:
        return line
    return line[:LONGEST_TITLE].rpartition(" ")[0].rstrip(",;:") + " …"


LONGEST_TITLE = 90
