"""Consent pages of fake vendors: the codes that they give, and to whom."""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import parse_qs, urlencode, urlsplit


@dataclass
class Consents:
    """What one app was given; each code works once, and only for the address that it was sent to.

    With `pkce` only for whoever knows the secret behind the visit (RFC 7636, S256); a vendor that
    does not document it must not be sent any.
    """

    client: str
    pkce: bool = False
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)

    def agree(self, url: str) -> str:
        """What a browser does on the page: somebody says yes. Where it is sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["client_id"] == self.client
        assert asked.get("code_challenge_method", "") == ("S256" if self.pkce else "")
        return self.given(asked["redirect_uri"], asked.get("code_challenge", ""), asked["state"])

    def given(self, back: str, challenge: str, state: str) -> str:
        """The way back with a new code."""
        code = secrets.token_urlsafe(12)
        self.codes[code] = (back, challenge)
        return f"{back}?{urlencode({'code': code, 'state': state})}"

    def redeem(self, form: Mapping[str, str]) -> bool:
        """Whether an exchange is for a code of ours, by whoever it was given to."""
        verifier = form.get("code_verifier", "")
        proof = challenge_of(verifier) if verifier else ""
        back = self.codes.pop(form.get("code", ""), None)
        return back is not None and back == (form.get("redirect_uri"), proof)


def challenge_of(verifier: str) -> str:
    """What a consent page was shown for a verifier."""
    return base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
