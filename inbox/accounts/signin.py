"""Who else vouches for people, and which of their people become members by themselves."""

from allauth.socialaccount.models import SocialApp
from django.db.models import QuerySet

from inbox.accounts.errors import AccountError
from inbox.accounts.invites import free_username
from inbox.accounts.models import ProviderKind, Role, SignInProvider, User
from inbox.common.versions import bump

TAKEN = (
    "There is an account with this address already. Sign in to it with your password, then connect "
    "the provider under “Your account”."
)


def enabled() -> QuerySet[SignInProvider]:
    """The providers of the sign-in page."""
    return SignInProvider.objects.filter(enabled=True)


def app_of(row: SignInProvider) -> SocialApp:
    """The provider as allauth wants it; never stored, for there its secret would lie in clear."""
    is_github = row.kind == ProviderKind.GITHUB
    return SocialApp(
        provider=ProviderKind.GITHUB if is_github else "openid_connect",
        provider_id=row.key,
        name=row.label,
        client_id=row.client_id,
        secret=row.secret,
        settings={"server_url": row.server, "oauth_pkce_enabled": True},
    )


def admitted(row: SignInProvider, proven: list[str]) -> str:
    """The first proven address whose domain joins by itself; empty when there is none."""
    domains = {str(domain).lower().lstrip("@") for domain in row.domains}
    return next((mail for mail in proven if mail.rpartition("@")[2].lower() in domains), "")


def join(row: SignInProvider, *, email: str, name: str) -> User:
    """Make an account for an address that the provider has proven.

    An account that has the address is never taken over (only its owner connects it). Raises
    `AccountError`.
    """
    if User.objects.filter(email__iexact=email).exists():
        raise AccountError(TAKEN)
    first, _, last = name.strip()[:150].partition(" ")
    role = Role.LIGHT if row.role == Role.ADMIN else row.role
    user = User(
        username=free_username(email), email=email, first_name=first, last_name=last, role=role
    )
    user.set_unusable_password()
    user.save()
    bump("agents")
    bump("rotations")
    return user
