"""Which mail a bounce returns, to whom it could not go, and whether that is final (RFC 3464)."""

import re
from dataclasses import dataclass

from integrations.email.reading.headers import message_ids
from integrations.email.reading.nature import STATUS_TYPES, walk
from integrations.email.reading.parts import Part, split

RECIPIENT = re.compile(
    rb"(?im)^(?:final|original)-recipient:[^;\r\n]*;?[ \t]*<?([^\s<>;]{1,250}@[^\s<>;]{1,250})>?"
)
ACTION = re.compile(rb"(?im)^action:[ \t]*(\w+)")
STATUS = re.compile(rb"(?im)^status:[ \t]*([245])\.")
ORIGINAL_ID = re.compile(rb"(?im)^[ \t>]*message-id:[ \t]*(<[^<>\s]{1,900}>)")


@dataclass(frozen=True, kw_only=True)
class Bounce:
    """What a bounce says."""

    original_message_id: str = ""
    recipients: tuple[str, ...] = ()
    permanent: bool = True


def bounce_of(root: Part) -> Bounce:
    """Read a bounce; what it does not say stays empty."""
    parts = walk(root)
    status = b"\n".join(part.content for part in parts if part.content_type in STATUS_TYPES)
    actions = [found.lower() for found in ACTION.findall(status)]
    soft = b"delayed" in actions and b"failed" not in actions
    soft = soft or (b"4" in STATUS.findall(status) and b"5" not in STATUS.findall(status))
    recipients = [found.decode("utf-8", "replace").lower() for found in RECIPIENT.findall(status)]
    failed = root.get("x-failed-recipients").decode("utf-8", "replace").lower()
    recipients += [word for word in re.split(r"[\s,;]+", failed) if "@" in word]
    return Bounce(
        original_message_id=_original_id(root, parts),
        recipients=tuple(dict.fromkeys(recipients)),
        permanent=not soft,
    )


def _original_id(root: Part, parts: list[Part]) -> str:
    for part in parts[1:]:
        if part.content_type in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers"):
            ids = message_ids(split(part.content[:100_000], []).get("message-id"))
            if ids:
                return ids[0]
    for part in parts:
        if not part.children and part.content_type.startswith("text/"):
            found = ORIGINAL_ID.search(part.content[:100_000])
            if found:
                return found[1].decode("utf-8", "replace")
    return (message_ids(root.get("in-reply-to")) or ("",))[0]
