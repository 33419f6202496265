"""Writing the audit log: one call beside what is done, in the same transaction."""

import json
import re
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from inbox.accounts.models import User
from inbox.audit.chain import seal_of
from inbox.audit.models import AuditEntry
from inbox.common.locks import hold
from inbox.common.work import Actor

LOCK = "audit"
NOBODY, COMMAND = "nobody", "command line"
HIDDEN = "(kept secret)"
SECRET = re.compile(r"secret|token|passw|private_key|credential|api_?key|signature|cookie|session")
LONGEST = 500  # signs of one value; the log says what was changed, it is no backup
MOST = 200  # values of one list

By = User | Actor | str | None


def record(
    by: By,
    what: str,
    target: object = "",
    *,
    old: object = None,
    new: object = None,
    request: HttpRequest | None = None,
) -> AuditEntry:
    """Write down who did what to which thing, and what it was before and after.

    `by`: an account, the actor of a change, or a word for what acts by itself ("command line").
    `what`: subject and verb, like `channel.changed`. `old` and `new`: only what differs; a value
    under a name that sounds like a secret is never kept. Names of people outside do not belong
    here: say `person 7`. The log is locked until the transaction ends, so call this last in it.
    """
    pk, actor = _who(by)
    with transaction.atomic():
        hold(LOCK)
        last = AuditEntry.objects.order_by("-number").values_list("number", "seal").first()
        number, previous = last or (0, "")
        row = AuditEntry(
            number=number + 1,
            at=timezone.now(),
            user_pk=pk,
            actor=_clean(actor, 150) or NOBODY,
            what=what[:60],
            target=_clean(target, 250),
            old=kept(old),
            new=kept(new),
            address=str(request.META.get("REMOTE_ADDR", ""))[:45] if request else "",
            previous=previous,
        )
        row.seal = seal_of(row)
        row.save(force_insert=True)
    return row


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What differs of two states, as `old` and `new` of `record`."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    old = {name: before[name] for name in names if name in before}
    return old, {name: after[name] for name in names if name in after}


def kept(value: object, name: str = "") -> Any:
    """A value as the log keeps it: plain, short, and never a secret."""
    if value in (None, "") or isinstance(value, bool):
        return value
    if name and SECRET.search(name.lower()):
        return HIDDEN
    if isinstance(value, Mapping):
        return {_clean(n, 120): kept(one, str(n)) for n, one in list(value.items())[:MOST]}
    if isinstance(value, list | tuple | set | frozenset):
        return [kept(one) for one in list(value)[:MOST]]
    if isinstance(value, int):
        return value
    return _clean(value, LONGEST)


def _who(by: By) -> tuple[int | None, str]:
    if isinstance(by, Actor):
        return by.user_id, by.label
    if isinstance(by, User):
        return by.pk, by.get_username()
    return None, by or NOBODY


def _clean(value: object, length: int) -> str:
    # text that neither database can store would lose the row
    text = str(value).replace("\x00", "").encode("utf-8", "replace").decode()
    return text if len(text) <= length else text[: length - 1] + "…"


def plain(value: object) -> str:
    """A kept value on one line, for pages and files."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
