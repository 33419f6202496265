"""Who a browser is: tokens of ours, identities that the site's server has signed, claims."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from inbox.channels.models import Channel, Delivery
from inbox.common.crypto import digest_of
from inbox.livechat import identity, proofwork
from inbox.livechat.identity import Proven, WrongProof, proof
from inbox.livechat.limits import spend
from inbox.livechat.models import Conversation, Visitor, VisitorToken
from inbox.livechat.proofwork import Work

__all__ = ["Claims", "Conversation", "Work", "WrongProof", "begin", "known", "newest", "proof"]

KEPT = timedelta(days=180)
# a chat that ended this long ago is not gone on with: the next word opens another ticket
OVER_AFTER = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Claims:
    """What a page says of its visitor."""

    page: str = ""
    referrer: str = ""
    topic: str = ""
    name: str = ""
    email: str = ""
    user_id: str = ""
    user_hash: str = ""
    user_jwt: str = ""
    work: Work = field(default_factory=Work)


@dataclass(frozen=True, kw_only=True)
class Here:
    """A browser as it comes in: its channel, its token, the address it counts under."""

    channel: Channel
    token: str
    address: str
    now: datetime


def known(channel: Channel, token: str, *, now: datetime) -> Visitor | None:
    """The visitor that a token was given to; a token of another channel is none."""
    row = (
        VisitorToken.objects.filter(digest=digest_of(token), expires_at__gt=now)
        .filter(visitor__channel=channel)
        .select_related("visitor")
        .first()
    )
    return row.visitor if row else None


def still_valid(digests: Collection[str], *, now: datetime) -> list[str]:
    """Those of these tokens, by their digests, that still let somebody in."""
    rows = VisitorToken.objects.filter(digest__in=digests, expires_at__gt=now)
    return list(rows.filter(visitor__channel__active=True).values_list("digest", flat=True))


@transaction.atomic
def begin(here: Here, claims: Claims) -> tuple[str, Conversation]:
    """(token, conversation) of a page that opens. The token changes when the person does.

    Raises `WrongProof`, `TooMany`, `ProofRequired`.
    """
    before = known(here.channel, here.token, now=here.now) if here.token else None
    proven = _proven(here, claims)
    visitor = _person(here, proven) if proven else before
    visitor = visitor or _stranger(here, claims.work)
    if proven:
        name, email = proven.name or claims.name, proven.email or claims.email
        claims = replace(claims, name=name, email=email)
    token = here.token
    if before != visitor:
        if before is not None:  # what was handed out before the person was known is void
            revoke(here.token)
            _carry_over(before, visitor, here.now)
        token = _hand_out(visitor, here.now)
    _take_claims(visitor, claims, confirmed=proven.email.lower() if proven else "")
    return token, _conversation(visitor, claims, here.now)


def revoke(token: str) -> None:
    """Forget a browser: the person has signed out of the site."""
    VisitorToken.objects.filter(digest=digest_of(token)).delete()


def newest(visitor: Visitor) -> Conversation | None:
    """The visitor's current conversation."""
    return _newest_first(visitor).first()


def earlier(visitor: Visitor, key: str) -> Conversation | None:
    """One of the visitor's own conversations; anybody else's is as unknown as none."""
    return _mine(visitor).filter(key=key).first()


def _mine(visitor: Visitor) -> QuerySet[Conversation]:
    rows = Conversation.objects.filter(visitor=visitor)
    return rows.select_related("channel", "visitor", "thread__ticket")


def _newest_first(visitor: Visitor) -> QuerySet[Conversation]:
    """What goes on first, then what ended last: an old chat may have been opened again."""
    return _mine(visitor).order_by(F("ended_at").desc(nulls_first=True), "-pk")


# ------------------------------------------------------------------ who it is


def _proven(here: Here, claims: Claims) -> Proven | None:
    """Whom the site's server has signed; None when nothing was signed. Raises `WrongProof`."""
    if not (claims.user_hash or claims.user_jwt):
        return None
    known_secrets = here.channel.config.identity_secrets(here.now)
    try:
        if claims.user_jwt:
            return identity.by_jwt(
                known_secrets, claims.user_jwt, audience=here.channel.key, now=here.now
            )
        return identity.by_hash(
            known_secrets, user_id=claims.user_id, email=claims.email, given=claims.user_hash
        )
    except WrongProof:
        # counted by address: guesses must not lock out the person they are about
        spend("chat_identifies_per_hour", f"{here.channel.pk}:{here.address}")
        raise


def _person(here: Here, proven: Proven) -> Visitor:
    defaults = {"verified": True, "created_at": here.now}
    row, _ = Visitor.objects.get_or_create(
        channel=here.channel, external_key=proven.key, defaults=defaults
    )
    return row


def _stranger(here: Here, work: Work) -> Visitor:
    proofwork.admit(here.channel, work, address=here.address, now=here.now)
    key = f"anon-{secrets.token_hex(16)}"
    return Visitor.objects.create(channel=here.channel, external_key=key, created_at=here.now)


def _carry_over(before: Visitor, visitor: Visitor, now: datetime) -> None:
    """What somebody said before they signed in goes on: their token says that it was theirs.

    Not what another proven person said in this browser, and not beside a chat that goes on.
    """
    if before.verified:
        return
    row = Conversation.objects.filter(visitor=before, ended_at=None).order_by("-pk").first()
    if row is None or not (row.thread_id or _is_waiting(row)):
        return
    Visitor.objects.select_for_update().get(pk=visitor.pk)  # several devices may sign in at once
    open_ones = Conversation.objects.filter(visitor=visitor, ended_at=None)
    if open_ones.exclude(thread=None).exists():
        return
    open_ones.update(ended_at=now)  # a page that was only looked at
    Conversation.objects.filter(pk=row.pk).update(visitor=visitor)


def _is_waiting(row: Conversation) -> bool:
    """Whether a line is stored that is not filed yet."""
    lines = Delivery.objects.filter(channel=row.channel_id, state="pending")
    return lines.filter(dedupe_key__startswith=f"{row.key}:").exists()


def _hand_out(visitor: Visitor, now: datetime) -> str:
    if visitor.verified:
        spend("chat_identifies_per_hour", visitor.pk)
    token = secrets.token_urlsafe(32)
    VisitorToken.objects.create(
        visitor=visitor, digest=digest_of(token), created_at=now, expires_at=now + KEPT
    )
    return token


def _take_claims(visitor: Visitor, claims: Claims, *, confirmed: str) -> None:
    """A proof by id covers the id alone; the address beside it stays a claim."""
    wanted = {"name": claims.name, "email": claims.email, "confirmed_email": confirmed}
    changed = {n: v for n, v in wanted.items() if v and getattr(visitor, n) != v}
    if changed:
        spend("chat_identifies_per_hour", visitor.pk)
        for name, value in changed.items():
            setattr(visitor, name, value)
        visitor.save(update_fields=list(changed))


# ------------------------------------------------------------------ the conversation


def _conversation(visitor: Visitor, claims: Claims, now: datetime) -> Conversation:
    going_on = Q(ended_at=None) | Q(ended_at__gt=now - OVER_AFTER)
    mine = _newest_first(visitor).filter(going_on)
    row = mine.first()
    if row is None:  # tabs that open at the same moment share one
        Visitor.objects.select_for_update().get(pk=visitor.pk)
        row = mine.all().first()
    email = claims.email or (row.email if row else "") or visitor.email
    # an address that is known to be the visitor's needs no click in a mail
    known_at = now if email and email.lower() == visitor.confirmed_email else None
    if row is None:
        spend("chat_conversations_per_half_day", visitor.pk)
        return Conversation.objects.create(
            channel=visitor.channel,
            visitor=visitor,
            key=secrets.token_hex(16),
            page=claims.page,
            referrer=claims.referrer,
            topic=claims.topic,
            email=email,
            email_confirmed_at=known_at,
            created_at=now,
        )
    changed: dict[str, Any] = {}
    if email != row.email or (known_at and row.email_confirmed_at is None):
        changed = {"email": email, "email_confirmed_at": known_at}
    if claims.topic and row.thread_id is None:  # what was said later is no first question
        changed["topic"] = claims.topic
    _change(row, changed)
    return row


def _change(row: Conversation, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    if values:
        row.save(update_fields=list(values))
