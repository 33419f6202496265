"""What happened to a ticket, as half a sentence behind a name."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from inbox.sla.explain import METRICS
from inbox.tickets import kinds

SHOWN_EVENTS = (
    kinds.CLOSED, kinds.REOPENED, kinds.HELD, kinds.ASSIGNED, kinds.CATEGORY, kinds.TRASHED,
    kinds.RESTORED, kinds.SPAM, kinds.SNOOZED, kinds.WOKEN, kinds.MERGED, kinds.UNMERGED,
    kinds.SPLIT, kinds.BLOCKED, kinds.UNBLOCKED,
    kinds.LINKED, kinds.UNLINKED, kinds.ISSUE_ASKED, kinds.ISSUE_OPENED,
    kinds.FORWARDED, kinds.BREACHED, kinds.DUE_WARNING, kinds.FLAGGED,
    kinds.SEND_FAILED,
    kinds.SEND_UNCERTAIN, kinds.RESTRICTED, kinds.MISSED, kinds.ESCALATED, kinds.PROMISED,
    kinds.FOLLOWED_UP, kinds.ASKED_TEAM, kinds.HANDED_OVER, kinds.REDIRECTED, kinds.CREDITED,
    kinds.MESSAGE_DELETED, kinds.RELEASED, kinds.MOVED, kinds.DECIDED, kinds.MACRO,
    kinds.MACRO_UNDONE, kinds.TAKEN_BACK, kinds.ERASED, kinds.ELSEWHERE,
    kinds.LEAK_FOUND, kinds.LEAK_GONE, kinds.LEAK_ACKNOWLEDGED, kinds.LEAK_ROTATED,
    kinds.LEAK_REVEALED, kinds.LEAK_UNANSWERED, kinds.LEAK_STANDS, kinds.LEAK_TIDIED,
    kinds.REFERRED, kinds.LIVE_TOPIC,
    kinds.QUOTED, kinds.CONSENT, kinds.INTERVIEW, kinds.WRITTEN_DOWN,
)  # fmt: skip
# What only says how a ticket is sorted: several in a row are one line that opens.
PLAIN_EVENTS = frozenset(
    {
        kinds.ASSIGNED, kinds.CATEGORY, kinds.SNOOZED, kinds.WOKEN, kinds.HELD, kinds.LINKED,
        kinds.CLOSED, kinds.REOPENED, kinds.TRASHED, kinds.RESTORED, kinds.DUE_WARNING,
        kinds.ESCALATED, kinds.FOLLOWED_UP, kinds.MESSAGE_DELETED, kinds.MACRO_UNDONE,
        kinds.MACRO, kinds.CREDITED, kinds.REDIRECTED, kinds.ELSEWHERE,
        kinds.REFERRED, kinds.LIVE_TOPIC,
    }
)  # fmt: skip
# what stands on the ticket that went or that messages left; and on the other one
JOINED = {
    kinds.MERGED: ("merged this into {into}", "merged {source} into this"),
    kinds.UNMERGED: ("took the merge into {into} back", "took the merge of {source} back"),
    kinds.SPLIT: ("split messages off into {into}", "split this off from {source}"),
}
FLAG_WORDS = {
    "secret": "had a secret in it, which is hidden",
    "unverified_participant": "has a valid id but an unknown sender; not copied on answers yet",
    "sender_unverified": "says to be one of us; the mail server did not prove it",
    "sender_forged": "the mail server says that this sender is forged",
    "not_sent_to_asker": "was not addressed to the requester",
    "subject_changed": "came under another subject",
    "bounced": "could not be delivered",
    "delayed": "is delayed on its way",
    "not_answered_automatically": "no automatic answer was sent",
}

WORDS = {
    kinds.CLOSED: "closed this as {resolution}",
    kinds.REOPENED: "opened this again: {why}",
    kinds.HELD: "put this on hold: {reason}",
    kinds.ASSIGNED: "gave this to {to}",
    kinds.CATEGORY: "set the category {to}",
    kinds.TRASHED: "put this in the trash",
    kinds.RESTORED: "restored this",
    kinds.SPAM: "marked this as spam",
    kinds.BLOCKED: "blocked {who}",
    kinds.UNBLOCKED: "lets {who} be heard again",
    kinds.ERASED: "{words}",
    kinds.ELSEWHERE: "{words}",
    kinds.WRITTEN_DOWN: "wrote this down for them",
    kinds.SNOOZED: "snoozed this until {until}",
    kinds.WOKEN: "woke this: {why}",
    kinds.LINKED: "linked {url}",
    kinds.UNLINKED: "took the link {url} off",
    kinds.ISSUE_ASKED: "made an issue for {place}: {title}",
    kinds.ISSUE_OPENED: "opened {name}",
    kinds.FORWARDED: "forwarded this to {address}",
    kinds.BREACHED: "The SLA was breached: {metric}",
    kinds.DUE_WARNING: "The SLA is due soon: {metric}",
    kinds.MISSED: "The target was missed: {metric}",
    kinds.ESCALATED: "Still late, so more people were told: {metric}",
    kinds.PROMISED: "promised something until {due_at}: {words}",
    kinds.FOLLOWED_UP: "followed up, because nobody answered ({chain})",
    kinds.ASKED_TEAM: "asked the team, and said so",
    kinds.HANDED_OVER: "handed this over to {to}: {note}",
    kinds.SEND_FAILED: "The answer could not be sent: {why}",
    kinds.SEND_UNCERTAIN: "The answer may have been sent; somebody has to decide",
    kinds.RESTRICTED: "restricted this to {to}",
    kinds.REDIRECTED: "invited them to {to}",
    kinds.CREDITED: "credited {name} for the answer",
    kinds.QUOTED: "kept what was said as a quote",
    kinds.CONSENT: "noted about a quote: {effect}",
    kinds.INTERVIEW: "noted about an interview: {effect}",
    kinds.RELEASED: "The fix is out in {version}",
    kinds.DECIDED: "decided on the product review: {words}",
    kinds.MESSAGE_EDITED: "changed a message",
    kinds.MESSAGE_DELETED: "deleted a message",
    kinds.MOVED: "moved the conversation to {to}",
    kinds.MACRO: "used the macro “{name}”",
    kinds.MACRO_UNDONE: "took the macro “{name}” back",
    kinds.LEAK_FOUND: "A {what} came with a message; it is hidden here",
    kinds.LEAK_GONE: "The {what} stands at its source no more",
    kinds.LEAK_STANDS: "The {what} still stands at its source",
    kinds.LEAK_TIDIED: "asked to {how} the {what} at its source",
    kinds.LEAK_ACKNOWLEDGED: "noted that the sender knows of the {what}",
    kinds.LEAK_ROTATED: "noted that the {what} was replaced",
    kinds.LEAK_REVEALED: "looked at the {what}: {reason}",
    kinds.LEAK_UNANSWERED: "Nobody has confirmed the {what} in time",
    kinds.REFERRED: "referred this to {area}: {state}",
    kinds.LIVE_TOPIC: "kept this for the office hours: {topic}",
    kinds.TAKEN_BACK: "took an answer back before it left",
}

MOMENTS = {"until", "due_at"}  # of an event's data, kept as text


def is_plain(kind: str) -> bool:
    """Whether an event only says how the ticket is sorted."""
    return kind in PLAIN_EVENTS


def _moment(text: str, zone: str) -> str:
    try:
        return f"{datetime.fromisoformat(text).astimezone(ZoneInfo(zone)):%a %d %b %H:%M}"
    except ValueError:
        return text


def event_words(kind: str, data: dict[str, Any], zone: str) -> str:
    """What happened, as half a sentence behind a name; moments in the reader's zone."""
    if kind == kinds.SEND_FAILED and not data.get("message"):
        return f"It could not be sent: {data.get('why', '')}".rstrip(": ")
    if kind == kinds.FLAGGED:
        return f"This message {FLAG_WORDS.get(data.get('flag', ''), data.get('flag', ''))}"
    if kind in JOINED:
        other = data.get("source", data.get("into", ""))
        name = f"#{other}" if isinstance(other, int) else other  # words: it is hidden
        return JOINED[kind]["source" in data].format(into=name, source=name)
    words = WORDS.get(kind, kind)
    known = {key: value if value is not None else "nobody" for key, value in data.items()}
    for name in MOMENTS & set(known):
        known[name] = _moment(known[name], zone)
    if "metric" in known:
        known["metric"] = METRICS.get(known["metric"], known["metric"]).lower()
    try:
        return words.format(**{"why": "", "to": "nobody", **known}).rstrip(": ")
    except (KeyError, IndexError):
        return kind
