"""Providers that people sign in with; what allauth would register beside them is taken away."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from allauth.usersessions.models import UserSession
from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import reverse

from inbox.accounts.models import Role, SignInProvider
from inbox.admin.audited import Audited

# secrets in clear, rows that the team page and one's own account change, and groups: who may do
# what is said by roles alone
ELSEWHERE = (
    *(EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken, UserSession),
    Group,
)
for model in ELSEWHERE:
    if admin.site.is_registered(model):
        admin.site.unregister(model)


class ProviderForm(forms.ModelForm):
    """The secret is written, never shown; domains are words with commas."""

    secret = forms.CharField(
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Empty keeps what is there.",
    )
    domains = forms.CharField(
        required=False,
        help_text="With commas, such as example.com: proven addresses there join by themselves.",
    )
    issuer = forms.URLField(
        required=False,
        assume_scheme="https",
        help_text="For OpenID Connect, or a GitHub of one's own.",
    )
    role = forms.ChoiceField(
        choices=[choice for choice in Role.choices if choice[0] != Role.ADMIN],
        help_text="What they join as. Nobody becomes an administrator by themselves.",
    )

    class Meta:
        model = SignInProvider
        fields = (
            "kind", "key", "label", "client_id", "secret", "issuer", "domains", "role", "enabled",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["secret"] = ""
        self.initial["domains"] = ", ".join(self.instance.domains)

    def clean_secret(self) -> str:
        """An empty one keeps the old one."""
        return str(self.cleaned_data["secret"] or self.instance.secret)

    def clean_domains(self) -> list[str]:
        """Lower case, without an @ before them."""
        words = self.cleaned_data["domains"].lower().replace(",", " ").split()
        return [word.lstrip("@") for word in words]


@admin.register(SignInProvider)
class SignInProviderAdmin(Audited):
    """Who vouches for people; the address to register at the provider is shown."""

    form = ProviderForm
    list_display = ("label", "kind", "enabled", "role")
    readonly_fields = ("come_back",)

    @admin.display(description="Redirect address, to register at the provider")
    def come_back(self, row: SignInProvider) -> str:
        """Where the provider sends people back to."""
        if not row.key:
            return "known once the key is kept"
        return str(settings.BASE_URL) + reverse("openid_connect_callback", args=[row.key])
