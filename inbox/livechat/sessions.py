"""Who a browser is: tokens of ours, identities that the site's server has signed, claims."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction
from django.db.models import Q

from inbox.channels.models import Channel
from inbox.common.crypto import digest_of
from inbox.livechat.limits import spend
from inbox.livechat.models import Conversation, Visitor, VisitorToken

KEPT = timedelta(days=180)
# a chat that ended this long ago is not gone on with: the next word opens another ticket
OVER_AFTER = timedelta(days=1)


class WrongProof(Exception):
    """The site's signature of who this is does not fit."""


@dataclass(frozen=True, kw_only=True)
class Claims:
    """What a page says of its visitor."""

    page: str = ""
    name: str = ""
    email: str = ""
    user_id: str = ""
    user_hash: str = ""


def known(channel: Channel, token: str, *, now: datetime) -> Visitor | None:
    """The visitor that a token was given to; a token of another channel is none."""
    row = (
        VisitorToken.objects.filter(digest=digest_of(token), expires_at__gt=now)
        .filter(visitor__channel=channel)
        .select_related("visitor")
        .first()
    )
    return row.visitor if row else None


def proof(secret: str, user_id: str, email: str) -> str:
    """Hex HMAC-SHA256 of the user's id, else of the address in lower case."""
    return hmac.new(secret.encode(), (user_id or email.lower()).encode(), sha256).hexdigest()


@transaction.atomic
def begin(
    channel: Channel, claims: Claims, *, token: str, address: str, now: datetime
) -> tuple[str, Conversation]:
    """(token, conversation) of a page that opens. The token changes when the person does.

    Raises `WrongProof`, `TooMany`.
    """
    before = known(channel, token, now=now) if token else None
    visitor = _proven(channel, claims, now) if claims.user_hash else before
    visitor = visitor or _stranger(channel, address, now)
    if before != visitor:
        if before is not None:  # what was handed out before the person was known is void
            VisitorToken.objects.filter(digest=digest_of(token)).delete()
        token = _hand_out(visitor, now)
    _take_claims(visitor, claims)
    return token, _conversation(visitor, claims, now)


def revoke(token: str) -> None:
    """Forget a browser: the person has signed out of the site."""
    VisitorToken.objects.filter(digest=digest_of(token)).delete()


def newest(visitor: Visitor) -> Conversation | None:
    """The visitor's current conversation."""
    rows = Conversation.objects.filter(visitor=visitor).order_by("-pk")
    return rows.select_related("channel", "visitor", "thread__ticket").first()


def _proven(channel: Channel, claims: Claims, now: datetime) -> Visitor:
    secret = channel.secrets.get("identity_secret", "")
    subject = claims.user_id or claims.email.lower()
    spend("chat_identifies_per_hour", f"{channel.pk}:{sha256(subject.encode()).hexdigest()}")
    right = proof(secret, claims.user_id, claims.email)
    given = claims.user_hash.encode("utf-8", "replace")
    if not (secret and subject) or not hmac.compare_digest(right.encode(), given):
        raise WrongProof
    kind = "id" if claims.user_id else "mail"
    key = f"{kind}-{sha256(subject.encode()).hexdigest()[:40]}"
    defaults = {"verified": True, "created_at": now}
    row, _ = Visitor.objects.get_or_create(channel=channel, external_key=key, defaults=defaults)
    return row


def _stranger(channel: Channel, address: str, now: datetime) -> Visitor:
    spend("chat_visitors_per_address_hour", f"{channel.pk}:{address}")
    key = f"anon-{secrets.token_hex(16)}"
    return Visitor.objects.create(channel=channel, external_key=key, created_at=now)


def _hand_out(visitor: Visitor, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    VisitorToken.objects.create(
        visitor=visitor, digest=digest_of(token), created_at=now, expires_at=now + KEPT
    )
    return token


def _take_claims(visitor: Visitor, claims: Claims) -> None:
    """A proof by id covers the id alone; the address beside it stays a claim."""
    changed = {"name": claims.name, "email": claims.email}
    changed = {n: v for n, v in changed.items() if v and getattr(visitor, n) != v}
    if changed:
        for name, value in changed.items():
            setattr(visitor, name, value)
        visitor.save(update_fields=list(changed))


def _conversation(visitor: Visitor, claims: Claims, now: datetime) -> Conversation:
    rows = Conversation.objects.filter(visitor=visitor)
    going_on = Q(ended_at=None) | Q(ended_at__gt=now - OVER_AFTER)
    row = rows.filter(going_on).select_related("channel", "visitor").order_by("-pk").first()
    if row is None:
        spend("chat_conversations_per_half_day", visitor.pk)
        row = Conversation.objects.create(
            channel=visitor.channel,
            visitor=visitor,
            key=secrets.token_hex(16),
            page=claims.page,
            email=claims.email or visitor.email,
            created_at=now,
        )
    elif claims.email and row.email != claims.email:
        row.email, row.email_confirmed_at = claims.email, None
        row.save(update_fields=["email", "email_confirmed_at"])
    return row
