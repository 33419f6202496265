"""Links in mails to visitors: signed for one purpose, one chat and a time; nothing is kept.

`<chat>.<subject>.<until>.<mac>`. Whoever has the mail may follow it, and nobody else can make one.
"""

import hmac
from datetime import datetime, timedelta

from django.conf import settings

from inbox.common.crypto import signature
from inbox.livechat.models import Conversation

RATE_WITHIN = timedelta(days=30)
CONFIRM_WITHIN = timedelta(days=7)


class WrongLink(Exception):
    """Nobody of us made this link, or its time is over."""


def rating_link(conversation: Conversation, now: datetime) -> str:
    """Where the newest closing of a chat is rated."""
    token = _token("csat", conversation, str(conversation.closings), now + RATE_WITHIN)
    return f"{settings.BASE_URL}/csat/{token}/"


def rated(token: str, now: datetime) -> tuple[Conversation, int]:
    """(the chat, which of its closings). Raises `WrongLink`."""
    conversation, closing = _read("csat", token, now)
    return conversation, int(closing)


def confirm_link(conversation: Conversation, now: datetime) -> str:
    """Where somebody says that the address of a chat is theirs."""
    token = _token("chat-address", conversation, _fingerprint(conversation), now + CONFIRM_WITHIN)
    return f"{settings.BASE_URL}/confirm/{token}/"


def confirmed(token: str, now: datetime) -> Conversation:
    """The chat; another address that was typed since makes the link void. Raises `WrongLink`."""
    conversation, fingerprint = _read("chat-address", token, now)
    if fingerprint != _fingerprint(conversation):
        raise WrongLink
    return conversation


def _fingerprint(conversation: Conversation) -> str:
    return signature("chat-address-of", conversation.email.lower())


def _token(purpose: str, conversation: Conversation, subject: str, until: datetime) -> str:
    said = f"{conversation.pk}.{subject}.{int(until.timestamp())}"
    return f"{said}.{_mac(purpose, said)}"


def _read(purpose: str, token: str, now: datetime) -> tuple[Conversation, str]:
    said, _, mac = token.rpartition(".")
    if not hmac.compare_digest(_mac(purpose, said).encode(), mac.encode("utf-8", "replace")):
        raise WrongLink
    pk, subject, until = said.split(".")  # ours: we have signed it
    rows = Conversation.objects.select_related("channel", "visitor", "thread__ticket")
    row = rows.filter(pk=int(pk)).first()
    if row is None or now.timestamp() > int(until):
        raise WrongLink
    return row, subject


def _mac(purpose: str, said: str) -> str:
    return signature(purpose, said, length=32)
