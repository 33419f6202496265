"""What people choose for themselves."""

from collections.abc import Mapping, Sequence

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount

from inbox.accounts.errors import AccountError
from inbox.accounts.models import User
from inbox.common.versions import bump

LAST_WAY = "This is your only way in: set a password or a passkey first."


def tell(user: User, *, told: Mapping[str, Sequence[str]], quiet_hours: Sequence[str]) -> None:
    """Keep where somebody is told of what, and their night; an empty night is the desk's."""
    user.told, user.quiet_hours = dict(told), list(quiet_hours)
    user.save(update_fields=["told", "quiet_hours"])
    bump("told")
    bump("rotations")


def disconnect(user: User, pk: int) -> None:
    """Take away one way to sign in.

    Raises `AccountError` when it is the only one, `SocialAccount.DoesNotExist` when it is not
    theirs.
    """
    row = SocialAccount.objects.select_for_update().get(user=user, pk=pk)
    others = SocialAccount.objects.filter(user=user).exclude(pk=pk).exists()
    passkey = Authenticator.objects.filter(user=user, type="webauthn").exists()
    if not (user.has_usable_password() or others or passkey):
        raise AccountError(LAST_WAY)
    row.delete()
