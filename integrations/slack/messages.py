"""Messages, edits, deletions and reactions of Slack as our values; pure but for `look_up`.

https://docs.slack.dev/reference/events/message
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from inbox.channels.contract import (
    Author,
    ChannelConfig,
    InboundBatch,
    InboundDelete,
    InboundFile,
    InboundMessage,
)
from integrations.slack import client, mrkdwn
from integrations.slack.mrkdwn import Names

SPOKEN = {None, "", "me_message", "file_share", "thread_broadcast", "bot_message"}
OUR_MARKS = ("desk_outbox", "desk_card")
DM_GROUP_SECONDS = 3600
NOWHERE = "nowhere"  # a message whose channel the sender left out is kept all the same
FULL, GUEST, STRANGER, BOT = "full", "guest", "stranger", "bot"
Event = Mapping[str, Any]


def moment(ts: Any) -> datetime | None:
    """A Slack timestamp; None when it is none."""
    whole, _, part = str(ts or "").partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) <= 11):
        return None
    micro = int(part[:6].ljust(6, "0")) if part.isascii() and part.isdigit() else 0
    return datetime.fromtimestamp(int(whole), UTC).replace(microsecond=micro)


def version_of(ts: Any) -> str:
    """A timestamp that compares as text."""
    whole, _, part = str(ts or "").partition(".")
    return f"{whole.zfill(12)}.{part.ljust(6, '0')}"[:40]


def team_of(body: Event, config: ChannelConfig) -> str:
    """The connected workspace: in shared channels the envelope may name the other one."""
    if config.get("team_id"):
        return config.get("team_id")
    granted = body.get("authorizations")
    first = granted[0] if isinstance(granted, list) and granted else {}
    return str((first or {}).get("team_id") or body.get("team_id") or "")


def own_users(body: Event) -> set[str]:
    """Our bot's user ids, as the envelope names them."""
    granted = body.get("authorizations")
    rows = granted if isinstance(granted, list) else []
    return {str(row.get("user_id")) for row in rows if isinstance(row, dict) and row.get("is_bot")}


def message_key(team: str, channel: str, ts: Any) -> str:
    """`team/channel/ts`."""
    return f"{team}/{channel}/{ts}"


def watched(config: ChannelConfig) -> set[str]:
    """Names and ids of the channels that are watched; empty means wherever the bot is."""
    return {
        part.strip().lstrip("#").lower() for part in config.get("watch").split(",") if part.strip()
    }


def asks_for_ticket(config: ChannelConfig, channel_id: str, name: str, emoji: str) -> bool:
    """Whether this emoji makes a ticket of a message in a channel where nothing else does."""
    wanted = {part.strip().lstrip("#").lower() for part in config.get("opt_in").split(",")}
    chosen = config.get("opt_in_emoji", "ticket")
    return emoji == chosen and bool({channel_id.lower(), name.lower()} & (wanted - {""}))


def is_opt_in(config: ChannelConfig, channel_id: str, name: str) -> bool:
    """Whether messages of a channel become tickets only by an emoji."""
    chosen = config.get("opt_in_emoji", "ticket")
    return asks_for_ticket(config, channel_id, name, chosen)


def is_named(name: str, place: str, completed: Event) -> bool:
    """Whether a setting names this channel, by its name or id."""
    known = str((completed.get("channels") or {}).get(place) or "")
    return bool(name) and name.strip().lstrip("#") in (place, known)


def is_watched(config: ChannelConfig, channel_id: str, name: str) -> bool:
    """Whether first messages of a channel make tickets; one of unknown name is not lost."""
    wanted = watched(config)
    return not wanted or not name or bool({channel_id.lower(), name.lower()} & wanted)


# ------------------------------------------------------------------ names


def look_up(event: Event, config: ChannelConfig) -> dict[str, Any]:
    """Names of the people and places in an event, asked once and kept with its delivery."""
    inner = event.get("message") if isinstance(event.get("message"), dict) else event
    text = str((inner or {}).get("text") or "")
    users, channels = mrkdwn.mentioned(text)
    for name in ("user", "item_user"):
        if isinstance((inner or {}).get(name), str):
            users.add(str((inner or {})[name]))
    place = event.get("channel") or (event.get("item") or {}).get("channel")
    if isinstance(place, str) and place[:1] in ("C", "G"):
        channels.add(place)
    found: dict[str, Any] = {
        "users": {u: person(row) for u in users if (row := client.user(config, u))},
        "channels": {
            c: row.get("name", "") for c in channels if (row := client.channel(config, c))
        },
    }
    if "<!subteam^" in text:
        found["groups"] = client.groups(config)
    if event.get("item_user") and is_named(config.get("bridge_channel"), str(place), found):
        found["root"] = _root(event, config)
    emoji = str(event.get("reaction") or "").partition("::")[0]
    name = str(found["channels"].get(place, ""))
    asked: Event = {}
    if emoji and isinstance(place, str) and asks_for_ticket(config, place, name, emoji):
        asked = client.message(config, place, str((event.get("item") or {}).get("ts")))
        found["message"] = asked
        writer = str(asked.get("user") or "")
        found["users"] |= {writer: person(row)} if (row := client.user(config, writer)) else {}
    if asked or _begins(event, str(place), name, config):
        said = asked or event
        ts = str(said.get("thread_ts") or said.get("ts"))
        found["permalink"] = client.permalink(config, str(place), ts)
    return {name: value for name, value in found.items() if value}


def _begins(event: Event, place: str, name: str, config: ChannelConfig) -> bool:
    """Whether a ticket may begin with this: somebody's first message, or a mention of ours."""
    ts = event.get("ts")
    if not ts or event.get("bot_id") or not isinstance(event.get("user"), str):
        return False
    if event.get("type") == "app_mention" or place.startswith("D"):
        return True
    is_first = event.get("thread_ts") in (None, ts) and (event.get("subtype") or None) in SPOKEN
    return is_first and is_watched(config, place, name) and not is_opt_in(config, place, name)


def _root(event: Event, config: ChannelConfig) -> str:
    """Where a line of ours stands that somebody has put an emoji on: it is no message here."""
    if event.get("item_user") != client.known_own_user(config):
        return ""
    item = event.get("item") or {}
    return client.root_of(config, str(item.get("channel")), str(item.get("ts")))


def person(row: Event) -> dict[str, Any]:
    """What we keep of a profile."""
    profile = row.get("profile") or {}
    kind = FULL
    if row.get("is_bot") or row.get("is_app_user"):
        kind = BOT
    elif row.get("is_stranger"):
        kind = STRANGER
    elif row.get("is_restricted") or row.get("is_ultra_restricted"):
        kind = GUEST
    return {
        "name": profile.get("display_name")
        or profile.get("real_name")
        or row.get("real_name")
        or row.get("name")
        or "",
        "handle": row.get("name") or "",
        "email": str(profile.get("email") or "").lower(),
        "tz": row.get("tz") or "",
        "tz_offset": row.get("tz_offset"),
        "team": row.get("team_id") or "",
        "kind": kind,
    }


def names_of(completed: Event) -> Names:
    """The looked-up names for texts."""
    users = {u: str(row.get("name") or "") for u, row in (completed.get("users") or {}).items()}
    return Names(
        users=users,
        channels=completed.get("channels") or {},
        groups=completed.get("groups") or {},
    )


def author_of(
    user: str, body: Event, config: ChannelConfig, completed: Event, event: Event
) -> Author:
    """A person, from the profile where it is known."""
    row = (completed.get("users") or {}).get(user) or {}
    team = team_of(body, config)
    theirs = str(row.get("team") or event.get("user_team") or event.get("source_team") or team)
    kind = str(row.get("kind") or "")
    if kind == FULL and theirs != team:
        kind = STRANGER
    offset = row.get("tz_offset")
    return Author(
        external_id=user,
        name=str(row.get("name") or ""),
        handle=str(row.get("handle") or ""),
        email=str(row.get("email") or ""),
        timezone=str(row.get("tz") or ""),
        utc_offset_minutes=int(offset) // 60 if isinstance(offset, int) else None,
        member_kind=kind,
        is_bot=kind == BOT,
        realm=theirs if theirs and theirs != team else "",
    )


# ------------------------------------------------------------------ messages


def read(event: Event, body: Event, config: ChannelConfig, completed: Event) -> InboundBatch:
    """`message` in all its subtypes, and `app_mention`."""
    subtype = event.get("subtype") or None
    if subtype == "message_changed":
        return _changed(event, body, config, completed)
    if subtype == "message_deleted":
        return _deleted(event, body, config)
    if subtype not in SPOKEN:
        return InboundBatch(ignored=f"{subtype}: said by Slack itself")
    return spoken(event, str(event.get("channel") or ""), event, body, config, completed)


def spoken(
    inner: Event, place: str, event: Event, body: Event, config: ChannelConfig, completed: Event
) -> InboundBatch:
    """Something that somebody has said: a message, or a newer version of one."""
    ts = inner.get("ts") or event.get("event_ts") or body.get("event_time")
    at = moment(ts)
    if at is None:
        return InboundBatch(ignored="a message without a time")
    inner, place = {**inner, "ts": ts}, place or NOWHERE
    why = _not_ours(inner, body, config)
    if why:
        return InboundBatch(ignored=why)
    root = str(inner.get("thread_ts") or ts)
    is_reply = root != str(ts)
    asked = event.get("type") == "app_mention"
    direct = str(event.get("channel_type") or "") in ("im", "mpim") or place.startswith("D")
    name = str((completed.get("channels") or {}).get(place) or "")
    opted = is_opt_in(config, place, name)
    joins_only = not (asked or direct or (is_watched(config, place, name) and not opted))
    if joins_only and not is_reply:
        why = "makes tickets by its emoji only" if opted else "is not watched"
        return InboundBatch(ignored=f"#{name} {why}")
    message = _message(inner, place, root, at, body, config, completed)
    fields = {
        "source_label": name,
        "joins_only": joins_only,
        "permalink": str(completed.get("permalink") or "")[:500],
        "group_seconds": 0 if is_reply else DM_GROUP_SECONDS if direct else _window(config),
        "facts": {"dm": direct, "mentioned": asked, **_before(event)},
    }
    return InboundBatch(messages=(InboundMessage(**{**message, **fields}),))


def _window(config: ChannelConfig) -> int:
    given = config.get("group_seconds", "120")
    return int(given) if given.isdigit() else 120


def _not_ours(inner: Event, body: Event, config: ChannelConfig) -> str:
    metadata = inner.get("metadata") if isinstance(inner.get("metadata"), dict) else {}
    own_app = body.get("api_app_id")
    if (metadata or {}).get("event_type") in OUR_MARKS:
        return "our own message"
    if own_app and inner.get("app_id") == own_app:
        return "our own message"
    # only people's clients give a message an id of their own
    ours = own_users(body) | ({client.known_own_user(config)} - {""})
    if str(inner.get("user")) in ours and not inner.get("client_msg_id"):
        return "our own message"
    if inner.get("bot_id") or inner.get("bot_profile") or inner.get("subtype") == "bot_message":
        return "written by a bot"
    if not isinstance(inner.get("user"), str):
        return "nobody wrote it"
    return ""


def _message(
    inner: Event,
    place: str,
    root: str,
    at: datetime,
    body: Event,
    config: ChannelConfig,
    completed: Event,
) -> dict[str, Any]:
    team, names = team_of(body, config), names_of(completed)
    if is_named(config.get("bridge_channel"), place, completed):
        names = replace(names, unknown="somebody")  # what is said there is read outside
    raw = mrkdwn.with_emoji(text_of(inner), inner.get("blocks"))
    text = mrkdwn.to_text(raw, names)
    edited = inner.get("edited") if isinstance(inner.get("edited"), dict) else {}
    edited_ts = (edited or {}).get("ts")
    return {
        "thread_key": f"{place}/{root}",
        "message_key": message_key(team, place, inner.get("ts")),
        "author": author_of(str(inner["user"]), body, config, completed, inner),
        "sent_at": at,
        "subject": mrkdwn.title(raw, names) if root == str(inner.get("ts")) else "",
        "text": text,
        "new_text": text,
        "html": mrkdwn.to_html(raw, names),
        "files": tuple(files_of(inner)),
        "source_key": place,
        "edited_at": moment(edited_ts) if edited_ts else None,
        "version": version_of(edited_ts or 0),
    }


def text_of(inner: Event) -> str:
    """The mrkdwn text; of blocks or attachments where the message carries no other."""
    text = inner.get("text")
    if isinstance(text, str) and text.strip():
        return text
    found = mrkdwn.from_blocks(inner.get("blocks") or []).strip()
    if found:
        return found
    attached = inner.get("attachments")
    rows = attached if isinstance(attached, list) else []
    words = (row.get("text") or row.get("fallback") or "" for row in rows if isinstance(row, dict))
    return "\n".join(str(word) for word in words if word)


def files_of(inner: Event) -> Iterator[InboundFile]:
    """Files by their private address; what Slack hides has none."""
    rows = inner.get("files")
    for row in rows if isinstance(rows, list) else []:
        if not isinstance(row, dict) or row.get("mode") in ("tombstone", "hidden_by_limit"):
            continue
        url = row.get("url_private_download") or row.get("url_private")
        if isinstance(url, str) and url:
            size = row.get("size")
            yield InboundFile(
                filename=str(row.get("name") or row.get("title") or "file"),
                content=b"",
                content_type=str(row.get("mimetype") or "application/octet-stream"),
                url=url,
                size=size if isinstance(size, int) and size >= 0 else 0,
            )


def _changed(event: Event, body: Event, config: ChannelConfig, completed: Event) -> InboundBatch:
    inner = event.get("message")
    before = event.get("previous_message")
    before = before if isinstance(before, dict) else {}
    if not isinstance(inner, dict):
        return InboundBatch(ignored="an edit without its message")
    inner = {"ts": before.get("ts"), **inner}
    place = str(event.get("channel") or "")
    if inner.get("subtype") == "tombstone":
        return _deleted({**event, "deleted_ts": inner.get("ts")}, body, config)
    same = text_of(inner) == text_of(before) and _ids(inner) == _ids(before)
    if before and same and not inner.get("edited"):
        return InboundBatch(ignored="only a link's preview was added")
    if not inner.get("edited"):
        inner["edited"] = {"ts": event.get("ts") or event.get("event_ts")}
    if inner.get("subtype") not in SPOKEN:
        return InboundBatch(ignored=f"{inner.get('subtype')}: said by Slack itself")
    return spoken(inner, place, event, body, config, completed)


def _before(event: Event) -> dict[str, str]:
    """What an edited message said until then."""
    before = event.get("previous_message")
    return {"before": text_of(before)} if isinstance(before, dict) else {}


def _ids(inner: Event) -> list[Any]:
    rows = inner.get("files")
    return (
        [row.get("id") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    )


def _deleted(event: Event, body: Event, config: ChannelConfig) -> InboundBatch:
    before = event.get("previous_message")
    ts = event.get("deleted_ts") or (before.get("ts") if isinstance(before, dict) else None)
    at = moment(event.get("ts") or event.get("event_ts")) or moment(ts)
    if moment(ts) is None or at is None:
        return InboundBatch(ignored="a deletion without its message")
    key = message_key(team_of(body, config), str(event.get("channel") or ""), ts)
    return InboundBatch(deletes=(InboundDelete(message_key=key, at=at),))
