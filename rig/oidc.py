"""A provider of OpenID Connect: discovery, keys, authorisation, tokens, and the user's own data.

It checks what a provider checks (client, redirect address, PKCE, each code once), signs with RS256,
and can be told to lie in one way or another.
"""

import base64
import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from rig.vendor import Answer, Call, FakeVendor

CLIENT, SECRET = "desk", "of-the-desk"
LASTS_SECONDS = 300


@dataclass
class Lies:
    """What differs from the truth: claims, and who signs."""

    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    discovery: dict[str, Any] = field(default_factory=dict)
    leaves_out: tuple[str, ...] = ()
    signs_with_another_key: bool = False
    algorithm: str = "RS256"


class OpenIdServer(FakeVendor):
    """One provider with one person, who says yes to everything."""

    def __init__(self) -> None:
        super().__init__()
        self.person: dict[str, Any] = {
            "sub": "248289761001",
            "email": "noor@example.com",
            "email_verified": True,
            "name": "Noor Haddad",
        }
        self.lies = Lies()
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.other_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._codes: dict[str, dict[str, str]] = {}
        self._tokens: set[str] = set()

    def answer(self, call: Call) -> Answer:
        """One of the provider's addresses."""
        known = {
            "/.well-known/openid-configuration": self._discovery,
            "/authorize": self._authorize,
            "/token": self._token,
            "/keys": self._keys,
            "/userinfo": self._userinfo,
        }
        found = known.get(call.path)
        return found(call) if found else Answer(404)

    def agree(self, url: str) -> str:
        """What the person's browser does: says yes at `url`. Returns where it is sent back to."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        return self._sent_back(query)

    def _discovery(self, call: Call) -> Answer:
        named = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }
        return Answer(body={**named, **self.lies.discovery})

    def _authorize(self, call: Call) -> Answer:
        query = {name: values[0] for name, values in call.query.items()}
        return Answer(302, headers={"Location": self._sent_back(query)})

    def _sent_back(self, query: dict[str, str]) -> str:
        assert query["client_id"] == CLIENT
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._codes[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def _token(self, call: Call) -> Answer:
        form = call.form()
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None or (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return Answer(400, {"error": "invalid_grant"})
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked["code_challenge"] != challenge or asked["redirect_uri"] != form["redirect_uri"]:
            return Answer(400, {"error": "invalid_grant"})
        access = secrets.token_urlsafe(16)
        self._tokens.add(access)
        token = self._signed(asked.get("nonce", ""))
        return Answer(body={"access_token": access, "token_type": "Bearer", "id_token": token})

    def _signed(self, nonce: str) -> str:
        now = int(time.time())
        claims = {
            **self.person,
            "iss": self.url,
            "aud": CLIENT,
            "iat": now,
            "exp": now + LASTS_SECONDS,
            "nonce": nonce,
            **self.lies.claims,
        }
        claims = {name: claims[name] for name in claims if name not in self.lies.leaves_out}
        if self.lies.algorithm == "none":
            return jwt.encode(claims, "", algorithm="none", headers={"kid": "k1"})
        key = self.other_key if self.lies.signs_with_another_key else self.key
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": "k1"})

    def _keys(self, call: Call) -> Answer:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return Answer(body={"keys": [{**public, "kid": "k1", "use": "sig", "alg": "RS256"}]})

    def _userinfo(self, call: Call) -> Answer:
        if call.headers.get("authorization", "").removeprefix("Bearer ") not in self._tokens:
            return Answer(401, {"error": "invalid_token"})
        return Answer(body={**self.person, **self.lies.userinfo})


class GitHubLogin(FakeVendor):
    """Signing in at a GitHub server: a code, a token, a user and their addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.emails = [
            {"email": "old@example.org", "primary": False, "verified": True},
            {"email": "noor@example.com", "primary": True, "verified": True},
        ]

    def answer(self, call: Call) -> Answer:
        """One of GitHub's addresses."""
        if call.path == "/login/oauth/access_token":
            known = call.form().get("client_secret") == SECRET
            return Answer(body={"access_token": "gho_1"} if known else {"error": "wrong"})
        if call.headers.get("authorization") != "token gho_1":
            return Answer(401)
        if call.path == "/api/v3/user":
            return Answer(body={"id": 7, "login": "noor-h", "name": "Noor Haddad", "email": None})
        return Answer(body=self.emails) if call.path == "/api/v3/user/emails" else Answer(404)
