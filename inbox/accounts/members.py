"""The people of the desk: roles, teams, and what ends when somebody leaves."""

from collections.abc import Iterable

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet

from inbox.accounts.errors import AccountError
from inbox.accounts.models import ApiToken, Invite, Role, Team, User
from inbox.common import locks, work
from inbox.common.config import change_setting
from inbox.common.versions import bump

LAST_ADMIN = "This is the last administrator: make somebody else one first."


def change(user: User, *, role: str, teams: Iterable[Team]) -> User:
    """Give a member another role or other teams; a new role ends their sessions.

    Raises `AccountError` when the last administrator would be none any more.
    """
    row = _locked(user)
    is_admin = role == Role.ADMIN
    if not is_admin:
        _keep_an_admin(row)
    if role != row.role or row.is_admin != is_admin:
        row.role, row.is_staff = role, is_admin
        row.is_superuser = row.is_superuser and is_admin
        row.save(update_fields=["role", "is_staff", "is_superuser"])
        end_sessions(row)
    row.teams.set(teams)
    _told()
    return row


def deactivate(user: User) -> None:
    """Let somebody go: sessions and tokens end at once, open streams within two seconds.

    Raises `AccountError` for the last administrator.
    """
    row = _locked(user)
    _keep_an_admin(row)
    row.is_active = False
    row.save(update_fields=["is_active"])
    end_sessions(row)
    revoke_tokens(row)
    open_ones = Invite.objects.filter(user=row, used_at=None, withdrawn_at=None)
    open_ones.update(withdrawn_at=work.current().now)
    _told()


def reactivate(user: User) -> None:
    """Let somebody in again; what had ended stays ended."""
    row = _locked(user)
    row.is_active = True
    row.save(update_fields=["is_active"])
    _told()


def drop_second_factor(user: User) -> None:
    """Take away authenticator, passkeys and recovery codes of somebody who has lost them."""
    row = _locked(user)
    Authenticator.objects.filter(user=row).delete()
    end_sessions(row)


def require_factor(*, wanted: bool) -> None:
    """Ask administrators for a second factor; those without one sign in again, and get one."""
    change_setting("require_admin_totp", wanted)
    guarded = Authenticator.objects.filter(type__in=["totp", "webauthn"]).values("user_id")
    for user in admins().exclude(pk__in=guarded) if wanted else ():
        end_sessions(user)


def end_sessions(user: User, *, but: str = "") -> int:
    """End somebody's sessions, `but` the one of this key. Returns how many."""
    rows = UserSession.objects.filter(user=user).exclude(session_key=but)
    keys = list(rows.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    rows.delete()
    return len(keys)


def revoke_tokens(user: User, *, pk: int | None = None) -> int:
    """Revoke one of somebody's API tokens, or all of them. Returns how many."""
    rows = ApiToken.objects.filter(Q(pk=pk) if pk else Q(), user=user, revoked_at=None)
    return rows.update(revoked_at=work.current().now)


def admins() -> QuerySet[User]:
    """Active administrators."""
    may = Q(is_superuser=True) | Q(role=Role.ADMIN)
    return User.objects.filter(may, is_active=True)


def _keep_an_admin(user: User) -> None:
    if not admins().exclude(pk=user.pk).exists():
        raise AccountError(LAST_ADMIN)


def _locked(user: User) -> User:
    # one name for all of them: of two administrators who leave at once the second is refused
    locks.hold("members")
    return User.objects.select_for_update().get(pk=user.pk)


def _told() -> None:
    """Every process reads again who is there and may be assigned."""
    bump("agents")
    bump("rotations")
