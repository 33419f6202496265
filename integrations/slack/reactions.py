"""Emoji that people put on messages, as our values; pure.

https://docs.slack.dev/reference/events/reaction_added
"""

from inbox.channels.contract import ChannelConfig, InboundBatch, InboundReaction
from integrations.slack import client, messages
from integrations.slack.messages import Event


def read(event: Event, body: Event, config: ChannelConfig, completed: Event) -> InboundBatch:
    """`reaction_added`, `reaction_removed`; our own are no news."""
    item = event.get("item")
    user, emoji = event.get("user"), str(event.get("reaction") or "").partition("::")[0]
    if not isinstance(item, dict) or item.get("type", "message") != "message" or not item.get("ts"):
        return InboundBatch(ignored="a reaction on something else than a message")
    if not isinstance(user, str) or not emoji:
        return InboundBatch(ignored="a reaction by nobody")
    if user in messages.own_users(body) or user == client.known_own_user(config):
        return InboundBatch(ignored="our own reaction")
    at = (
        messages.moment(event.get("event_ts"))
        or messages.moment(body.get("event_time"))
        or messages.moment(item["ts"])
    )
    if at is None:
        return InboundBatch(ignored="a reaction without a time")
    root = str(completed.get("root") or "")
    key = messages.message_key(
        messages.team_of(body, config), str(item.get("channel") or ""), item["ts"]
    )
    reaction = InboundReaction(
        message_key=key,
        author=messages.author_of(user, body, config, completed, event),
        emoji=emoji,
        added=event.get("type") == "reaction_added",
        at=at,
        thread_key=f"{item.get('channel')}/{root}" if root else "",
    )
    asked = completed.get("message")
    if reaction.added and isinstance(asked, dict):
        # the emoji that makes a ticket: the message first, as if the bot had been called
        place = str(item.get("channel") or "")
        wanted = {**asked, "type": "app_mention", "channel": place}
        made = messages.spoken(asked, place, wanted, body, config, completed)
        return InboundBatch(messages=made.messages, reactions=(reaction,))
    return InboundBatch(reactions=(reaction,))
