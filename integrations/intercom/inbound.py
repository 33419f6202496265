"""What Intercom sends: signatures, keys, and notifications as values of our vocabulary.

https://developers.intercom.com/docs/webhooks/webhook-notifications · topics:
https://developers.intercom.com/docs/references/2.15/webhooks/webhook-models
"""

import hmac
from collections.abc import Mapping
from hashlib import sha1, sha256
from typing import Any

from inbox.channels.contract import (
    BadSignature,
    ChannelConfig,
    InboundBatch,
    InboundThread,
    InboundTrouble,
    MalformedBody,
    RawRequest,
    UnknownEvent,
    WrongType,
)
from integrations.intercom import client, conversations
from integrations.intercom.client import IntercomError, parts_of
from integrations.intercom.payloads import Known, Row, inner, is_contact, key_of, moment

JSON = "application/json"
HISTORY = "desk.history"  # a conversation that we asked for, stored like a notification
MOST_PEOPLE = 5

# topics with a conversation in them; those in SPOKEN also hold what was said
CONVERSATION = ("conversation.", "conversation_part.")
SPOKEN = frozenset(
    "conversation.user.created conversation.user.replied conversation.admin.replied "
    "conversation.admin.single.created conversation.admin.noted "
    "conversation.operator.replied conversation_part.redacted".split()
)
# Families of topics that nobody waits for an answer to.
NOT_OURS = {
    "ping": "Intercom tried the address",
    "admin": "a teammate has changed; names are read anew within the hour",
    "article": "articles are Intercom's own",
    "call": "calls are Intercom's own",
    "company": "companies are not kept here",
    "contact": "people are read with their conversations; erase them here as well",
    "content_stat": "figures of messages are Intercom's own",
    "event": "events of people are not kept here",
    "fin": "the AI agent's own affairs",
    "job": "jobs are Intercom's own",
    "message": "campaigns are Intercom's own",
    "subscription": "subscriptions are Intercom's own",
    "ticket": "Intercom's tickets are not followed, only its conversations",
    "user": "people are read with their conversations; erase them here as well",
    "visitor": "visitors are read with their conversations",
}
REMOVED = "the app was uninstalled at Intercom; connect again to go on"


def verify(raw: RawRequest, config: ChannelConfig) -> None:
    """`X-Hub-Signature: sha1=` HMAC over the raw body, no timestamp.

    Raises `BadSignature`, `WrongType`.
    """
    secret = config.get("client_secret")
    if not secret:
        raise BadSignature("no client secret is set")
    wanted = "sha1=" + hmac.new(secret.encode(), raw.body, sha1).hexdigest()
    given = raw.headers.get("x-hub-signature", "")
    if not hmac.compare_digest(wanted.encode(), given.encode("utf-8", "replace")):
        raise BadSignature("the signature does not match")
    kind = raw.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if kind != JSON:
        raise WrongType(kind)


def dedupe_key(raw: RawRequest, config: ChannelConfig) -> str:
    """The notification's id, the same when it is sent again; else a hash of the body."""
    try:
        body = raw.json()
    except MalformedBody:
        body = None
    key = body.get("id") if isinstance(body, dict) else None
    if isinstance(key, str) and key:
        return f"notification:{key}"[:250]
    return "sha256:" + sha256(raw.body).hexdigest()


def _body(raw: RawRequest) -> dict[str, Any]:
    body = raw.json()
    if not isinstance(body, dict) or not ("topic" in body or "app_id" in body):
        raise MalformedBody("this is no notification")
    return body


def _item(body: Row) -> dict[str, Any]:
    return inner(inner(body, "data"), "item")


def _is_conversation(topic: str, item: Row) -> bool:
    return topic == HISTORY or (topic.startswith(CONVERSATION) and "id" in item)


# ------------------------------------------------------------------ what has to be asked


def complete(raw: RawRequest, config: ChannelConfig) -> Mapping[str, Any] | None:
    """The whole conversation where the notification does not say enough, and people's names.

    Raises `IntercomError` when Intercom has to be asked again later; what it will not tell is
    left out, and the notification is taken as it is.
    """
    body = _body(raw)
    topic, item = str(body.get("topic") or ""), _item(body)
    if not config.get("access_token") or not _is_conversation(topic, item):
        return None
    if _is_elsewhere(body, config) or topic == "conversation.deleted":
        return None
    found: dict[str, Any] = {}
    try:
        if topic in SPOKEN and _lacks(topic, item):
            item = client.conversation(config, key_of(item.get("id")))
            found["conversation"] = item
        people = _people(item, config)
    except IntercomError as error:
        if not error.permanent:
            raise
        people = {}
    return {**found, "people": people} if found or people else None


def _lacks(topic: str, item: Row) -> bool:
    """Whether a notification leaves out what was said, or how it began."""
    if not (inner(item, "source") or inner(item, "conversation_message")):
        return True
    parts = parts_of(item)
    total = inner(item, "conversation_parts").get("total_count")
    if isinstance(total, int) and total > len(parts):
        return True
    if topic.endswith(".created"):
        return False
    return not parts or _is_first_answer(item, parts)


def _is_first_answer(item: Row, parts: list[dict[str, Any]]) -> bool:
    """A customer answers what we or a bot began: the words before it are wanted as well."""
    began = inner(inner(item, "source") or inner(item, "conversation_message"), "author")
    if is_contact(began):
        return False
    answered = moment(inner(item, "first_contact_reply").get("created_at"))
    asks = [moment(part.get("created_at")) for part in parts if is_contact(inner(part, "author"))]
    return bool(asks) and (answered is None or answered in asks)


def _people(item: Row, config: ChannelConfig) -> dict[str, Any]:
    """Names and addresses of customers that the payload leaves out, and of who has it."""
    found: dict[str, Any] = {}
    said = [inner(item, "source"), *parts_of(item)]
    for author in (inner(row, "author") for row in said):
        key = key_of(author.get("id"))
        bare = not (author.get("name") or author.get("email"))
        if is_contact(author) and bare and key and key not in found and len(found) < MOST_PEOPLE:
            found[key] = _contact(config, key)
    assignee = key_of(item.get("admin_assignee_id"))
    if assignee:
        found[assignee] = client.admins(config).get(assignee, {})
    return {key: person for key, person in found.items() if person}


def _contact(config: ChannelConfig, key: str) -> dict[str, str]:
    """https://developers.intercom.com/docs/references/2.15/rest-api/api.intercom.io/contacts/showcontact."""
    if not key.isalnum():
        return {}
    try:
        row = client.call(config, "GET", f"/contacts/{key}")
    except IntercomError as error:
        if not error.permanent:
            raise
        return {}
    return {"name": str(row.get("name") or ""), "email": str(row.get("email") or "")}


# ------------------------------------------------------------------ reading


def parse(
    raw: RawRequest, config: ChannelConfig, completed: Mapping[str, Any] | None
) -> InboundBatch:
    """One notification. Raises `UnknownEvent`, `MalformedBody`."""
    body = _body(raw)
    topic, item = str(body.get("topic") or ""), _item(body)
    if _is_elsewhere(body, config):
        return InboundBatch(ignored="another workspace of the same app")
    if set(body) == {"app_id"}:
        return InboundBatch(trouble=InboundTrouble(text=REMOVED, pauses=True))
    if not _is_conversation(topic, item):
        return _no_conversation(topic)
    if not key_of(item.get("id")):
        raise MalformedBody("the conversation has no id")
    if topic == "conversation.deleted":
        return _deleted(body, item)
    told = completed or {}
    fetched = told.get("conversation")
    known = Known(config=config, people=told.get("people") or _people_in(item))
    whole = topic == HISTORY or isinstance(fetched, dict)
    return conversations.read(fetched or item, known, topic=topic, whole=whole)


def _people_in(item: Row) -> dict[str, Any]:
    """Payloads of old versions name the customer once, beside the messages."""
    user = inner(item, "user")
    key = key_of(user.get("id"))
    return {key: user} if key else {}


def _is_elsewhere(body: Row, config: ChannelConfig) -> bool:
    """An app gets the notifications of all workspaces in which it is installed."""
    own, theirs = config.get("app_id"), str(body.get("app_id") or "")
    return bool(own and theirs) and own != theirs


def _no_conversation(topic: str) -> InboundBatch:
    family = topic.partition(".")[0]
    if topic.startswith(CONVERSATION):
        return InboundBatch(ignored=f"{topic[:100]}: it names no conversation")
    if family in NOT_OURS:
        return InboundBatch(ignored=f"{topic[:100]}: {NOT_OURS[family]}")
    if not topic:
        raise MalformedBody("the notification has no topic")
    raise UnknownEvent(topic[:100])


def _deleted(body: Row, item: Row) -> InboundBatch:
    """The conversation is gone there: nobody can be answered, so nothing waits for an answer."""
    at = moment(body.get("created_at")) or moment(item.get("updated_at"))
    if at is None:
        return InboundBatch(ignored="a conversation was deleted, nobody says when")
    gone = InboundThread(
        thread_key=key_of(item.get("id")), author=conversations.SYSTEM, at=at, closed=True
    )
    return InboundBatch(threads=(gone,))
