"""Invites: a link by mail that opens one account, once, within seven days."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.text import slugify

from inbox.accounts.errors import AccountError
from inbox.accounts.models import Invite, Role, Team, User
from inbox.common import work
from inbox.common.crypto import digest_of
from inbox.common.versions import bump

LASTS = timedelta(days=7)
GONE = "This invite was used, withdrawn or is older than seven days. Ask for a new one."


def make(email: str, *, role: str, teams: Iterable[Team], by: User) -> tuple[Invite, str]:
    """Invite an address. The link's token is returned once and kept only as its hash.

    An account that has the address and was never opened (the handbook's people) is opened by it.
    Raises `AccountError`.
    """
    email = email.strip().lower()
    known = User.objects.filter(email__iexact=email).order_by("pk").first()
    if known is not None and _was_opened(known):
        raise AccountError("Somebody here has this address already.", field="email")
    if known is not None and not known.is_active:
        raise AccountError("This account is deactivated: let it in again first.", field="email")
    if _open().filter(email=email).exists():
        raise AccountError("This address is invited already: send it again.", field="email")
    now, token = work.current().now, secrets.token_urlsafe(32)
    row = Invite.objects.create(
        email=email,
        role=known.role if known else role,
        user=known,
        by=by,
        digest=digest_of(token),
        made_at=now,
        expires_at=now + LASTS,
    )
    row.teams.set(known.teams.all() if known else teams)
    return row, token


def renew(invite: Invite) -> str:
    """Give an open invite a new link and seven more days; the old link is dead."""
    row = _locked(invite)
    token = secrets.token_urlsafe(32)
    row.digest, row.expires_at = digest_of(token), work.current().now + LASTS
    row.save(update_fields=["digest", "expires_at"])
    return token


def withdraw(invite: Invite) -> None:
    """Take an open invite back."""
    row = _locked(invite)
    row.withdrawn_at = work.current().now
    row.save(update_fields=["withdrawn_at"])


def waiting() -> QuerySet[Invite]:
    """Invites that nobody has answered, the expired ones among them, newest first."""
    return _open().prefetch_related("teams").order_by("-pk")


def by_token(token: str, now: datetime) -> Invite | None:
    """The invite that a link opens now; None when it opens none."""
    rows = _open().filter(digest=digest_of(token), expires_at__gt=now)
    return rows.select_related("user", "by").first()


def accept(token: str, *, name: str, password: str = "") -> User:
    """Make the account, or open the one that waits. Without a password a provider vouches for it.

    Raises `AccountError`; of two at once the second finds the invite used.
    """
    now = work.current().now
    found = by_token(token, now)
    if found is None:
        raise AccountError(GONE)
    row = _locked(found)
    others = User.objects.filter(email__iexact=row.email).exclude(pk=row.user_id or 0)
    if row.digest != found.digest or others.exists() or (row.user and _was_opened(row.user)):
        raise AccountError(GONE)
    user = row.user or User(username=free_username(row.email), email=row.email, role=row.role)
    fresh = user.pk is None
    user.first_name, _, user.last_name = name.strip()[:150].partition(" ")
    if password:
        _check(password, user)
        user.set_password(password)
    else:
        user.set_unusable_password()
    user.is_staff = user.role == Role.ADMIN
    user.save()
    if fresh:
        user.teams.set(row.teams.all())
    row.user, row.used_at = user, now
    row.save(update_fields=["user", "used_at"])
    bump("agents")
    bump("rotations")
    return user


def _was_opened(user: User) -> bool:
    """Whether somebody signs in to this account already: no link takes it over."""
    return user.has_usable_password() or user.last_login is not None


def _check(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise AccountError(" ".join(error.messages), field="password") from error


def _open() -> QuerySet[Invite]:
    return Invite.objects.filter(used_at__isnull=True, withdrawn_at__isnull=True)


def _locked(invite: Invite) -> Invite:
    row = _open().select_for_update(of=("self",)).filter(pk=invite.pk).first()
    if row is None:
        raise AccountError(GONE)
    return row


def free_username(email: str) -> str:
    """The part before the @, made unique."""
    name = slugify(email.partition("@")[0].replace(".", "-"))[:100] or "person"
    taken = set(User.objects.filter(username__startswith=name).values_list("username", flat=True))
    free = (f"{name}-{n}" for n in range(2, len(taken) + 3))
    return name if name not in taken else next(one for one in free if one not in taken)
