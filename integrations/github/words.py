"""What pull requests say in words: which issues they close, and what they are a backport of; pure.

https://docs.github.com/en/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue
"""

import re
from collections.abc import Mapping
from typing import Any

from inbox.channels.tracker import ItemRef

# what is shown as code, or not shown at all, is not read
UNREAD = re.compile(
    r"^ {0,3}(?P<fence>`{3,}|~{3,})[^\n]*\n(?:.*?^ {0,3}(?P=fence)[`~]*[ \t]*$|.*\Z)"
    r"|<!--.*?(?:-->|\Z)"
    r"|(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)(?P=ticks)(?!`)",
    re.MULTILINE | re.DOTALL,
)
PLACE = r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[\w.-]{1,100}"
CLOSING = re.compile(
    r"(?<![\w-])(?:close[sd]?|fix(?:es|ed)?|resolve[sd]?):?[ \t]+"
    rf"(?:https?://[^\s/]+/(?P<there>{PLACE})/(?P<page>issues|pull)/(?P<linked>\d{{1,9}})"
    rf"|(?P<place>{PLACE})?\#(?P<number>\d{{1,9}}))(?!\w)",
    re.IGNORECASE,
)
# the words of people, of Mergify and of the backport actions
BACKPORT = re.compile(
    r"\b(?:back-?port(?:s|ed|ing)?|cherry[- ]?pick(?:s|ed)?)(?:[ \t]+(?:of|from))?:?[ \t]+"
    rf"(?:pull request[ \t]+|PR[ \t]+)?(?P<place>{PLACE})?\#(?P<number>\d{{1,9}})(?!\w)",
    re.IGNORECASE,
)
# backport-12-to-1.x · backport/12-to-1.x · mergify/bp/1.x/pr-12 · automated-cherry-pick-of-#12-…
BRANCH = re.compile(
    r"(?:^|/)backport[-/](?:pr-)?(?P<a>\d{1,9})-to-|^mergify/bp/.+/pr-(?P<b>\d{1,9})$"
    r"|cherry-pick-of-\#?(?P<c>\d{1,9})-",
    re.IGNORECASE,
)


def closes(text: str, place: str) -> tuple[ItemRef, ...]:
    """The issues that a text closes by GitHub's keywords; `#12` alone is one of `place`.

    Code, fences and hidden comments do not count, as at GitHub.
    """
    found: dict[ItemRef, None] = {}
    for match in CLOSING.finditer(UNREAD.sub(" ", text)):
        where = match["there"] or match["place"] or place
        kind = "pull" if match["page"] == "pull" else "issue"
        number = int(match["linked"] or match["number"])
        found[ItemRef(kind=kind, place=where, number=number)] = None
    return tuple(found)


def backport_of(row: Mapping[str, Any]) -> int:
    """The number of the pull request that this one brings to another branch; 0 for none.

    `row` is a pull request as REST and webhooks show it.
    """
    head, base = row.get("head") or {}, row.get("base") or {}
    repository, title = base.get("repo") or {}, str(row.get("title") or "")
    default = repository.get("default_branch")
    if (default and base.get("ref") == default) or title.startswith('Revert "'):
        return 0
    text = UNREAD.sub(" ", f"{title}\n{row.get('body') or ''}")
    own = str(repository.get("full_name") or "").lower()
    for match in BACKPORT.finditer(text):
        if not match["place"] or match["place"].lower() == own:
            return int(match["number"])
    named = BRANCH.search(str(head.get("ref") or ""))
    return int(named["a"] or named["b"] or named["c"]) if named else 0
