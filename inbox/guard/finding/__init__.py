"""Secrets in text: where they stand, what they are, and the text without them. No Django here.

Everything takes time linear in the text: literals are looked for first, no pattern repeats a
repetition, and what follows a hit is bounded. See `shapes` for a vendor's marks, `assignments`
for names with a value, `plausible` for what is only a placeholder.
"""

from inbox.guard.finding.kinds import ADVICE, LABELS
from inbox.guard.finding.spans import LIMIT, Span, find, masked

__all__ = ["ADVICE", "LABELS", "LIMIT", "Span", "find", "masked"]
