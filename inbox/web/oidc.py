"""OpenID Connect and GitHub: allauth's flow, with what it leaves to the transport proven here.

allauth trusts an ID token that came over TLS and knows no nonce. Here its signature, issuer,
audience, expiry and nonce are checked, always.
https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
"""

import hashlib
from typing import Any

import jwt
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.github.provider import GitHubProvider
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest

# never `none`, and never a secret that is shared: the keys are the provider's public ones
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384"]
CLOCKS_DIFFER_SECONDS = 30
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri", "issuer")
KEPT = ("sub", "email", "email_verified", "name", "preferred_username")
REASONS: list[tuple[type[jwt.PyJWTError], str]] = [
    (jwt.ExpiredSignatureError, "Its answer has expired. Start again."),
    (jwt.InvalidAudienceError, "Its answer was meant for another application."),
    (jwt.InvalidIssuerError, "Its answer was made by somebody else."),
    (jwt.InvalidSignatureError, "Its answer is not signed by the provider."),
    (jwt.MissingRequiredClaimError, "Its answer lacks what proves who you are."),
    (jwt.PyJWTError, "Its answer cannot be verified."),
]


class NotProven(OAuth2Error):  # type: ignore[misc]  # allauth ships no types
    """What the provider said is refused. The text is for the person who signs in."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


def nonce_of(verifier: str) -> str:
    """The nonce of one sign-in, made of its PKCE secret, which never leaves the session."""
    return hashlib.sha256(b"nonce:" + verifier.encode()).hexdigest()


class OpenID(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # allauth ships no types
    """One sign-in with a provider that speaks OpenID Connect."""

    _verifier = ""

    @property
    def openid_config(self) -> dict[str, Any]:
        """The provider's own description; it must be about the issuer that we asked."""
        config: dict[str, Any] = super().openid_config
        server = self.get_provider().app.settings["server_url"]
        if any(not config.get(name) for name in NEEDED):
            raise NotProven("Its description is incomplete.")
        if str(config["issuer"]).rstrip("/") != server:
            raise NotProven("Its description is about another provider.")
        return config

    def get_access_token_data(
        self, request: HttpRequest, app: Any, client: Any, pkce_code_verifier: str | None = None
    ) -> Any:
        """The tokens for the code; the secret that proves that we began is kept for the nonce."""
        self._verifier = pkce_code_verifier or ""
        return super().get_access_token_data(request, app, client, self._verifier)

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        """Who it is: the verified token, and what the user endpoint adds about the same person."""
        said = self._verified(app, str(kwargs["response"].get("id_token") or ""))
        if self.openid_config.get("userinfo_endpoint"):
            more = self._fetch_user_info(token.token)
            if more.get("sub") != said["sub"]:
                raise NotProven("Its answers are about two different people.")
            said = {**said, **more}
        # "false" is true for allauth
        said["email_verified"] = said.get("email_verified") in (True, "true")
        person = {name: said[name] for name in KEPT if name in said}
        return self.get_provider().sociallogin_from_response(request, {"userinfo": person})

    def _verified(self, app: Any, token: str) -> dict[str, Any]:
        try:
            key = self._key(jwt.get_unverified_header(token).get("kid"))
            said: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=app.client_id,
                issuer=self.openid_config["issuer"],
                leeway=CLOCKS_DIFFER_SECONDS,
                options={"require": ["exp", "iat", "sub", "aud", "iss"]},
            )
        except jwt.PyJWTError as error:
            raise NotProven(next(w for kind, w in REASONS if isinstance(error, kind))) from error
        if not self._verifier or said.get("nonce") != nonce_of(self._verifier):
            raise NotProven("Its answer belongs to another sign-in.")
        return said

    def _key(self, kid: str | None) -> jwt.PyJWK:
        with get_adapter().get_requests_session() as http:
            answer = http.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
        keys = jwt.PyJWKSet.from_dict(answer.json()).keys
        found = [key for key in keys if kid is None or key.key_id == kid]
        if not found:
            raise jwt.InvalidSignatureError("no key has this id")
        return found[0]


class OpenIDProvider(OpenIDConnectProvider):  # type: ignore[misc]  # allauth ships no types
    """A provider row that speaks OpenID Connect."""

    oauth2_adapter_class = OpenID

    def get_pkce_params(self) -> dict[str, str]:
        """The challenge of this sign-in, and the nonce that belongs to it."""
        params: dict[str, str] = super().get_pkce_params()
        return {**params, "nonce": nonce_of(params["code_verifier"])}


class GitHub(GitHubOAuth2Adapter):  # type: ignore[misc]  # allauth ships no types
    """One sign-in with GitHub, or with a GitHub server of one's own."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request)
        if web := self.get_provider().app.settings["server_url"]:
            self.access_token_url = f"{web}/login/oauth/access_token"
            self.authorize_url = f"{web}/login/oauth/authorize"
            self.profile_url = f"{web}/api/v3/user"
            self.emails_url = f"{web}/api/v3/user/emails"


class GitHubHere(GitHubProvider):  # type: ignore[misc]  # allauth ships no types
    """The provider row for GitHub."""

    oauth2_adapter_class = GitHub
