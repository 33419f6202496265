"""Whether a request is HubSpot's: signature version 3, older ones only where they are allowed.

https://developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests
"""

import base64
import hmac
import re
import time
from hashlib import sha256
from urllib.parse import urlsplit

from inbox.channels.contract import BadSignature, ChannelConfig, RawRequest, WrongType

WINDOW_SECONDS = 300
# the escapes that are decoded before signing; all others stay as they are
DECODED = {
    "3A": ":", "2F": "/", "3F": "?", "40": "@", "21": "!", "24": "$", "27": "'", "28": "(",
    "29": ")", "2A": "*", "2C": ",", "3B": ";",
}  # fmt: skip
ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")


def verify(raw: RawRequest, config: ChannelConfig) -> None:
    """The client secret's HMAC, not older than five minutes. Raises `BadSignature`, `WrongType`."""
    secret = config.get("client_secret")
    if not secret:
        raise BadSignature("no client secret is set")
    if config.get("legacy_signatures") == "yes" and "x-hubspot-signature-v3" not in raw.headers:
        _verify_legacy(raw, config, secret)
    else:
        _verify(raw, config, secret)
    kind = raw.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise WrongType(kind)


def _verify(raw: RawRequest, config: ChannelConfig, secret: str) -> None:
    stamp = raw.headers.get("x-hubspot-request-timestamp", "")
    if not re.fullmatch(r"[0-9]{1,15}", stamp):
        raise BadSignature("no timestamp")
    if abs(time.time() - int(stamp) / 1000) > WINDOW_SECONDS:
        raise BadSignature("too old, or from the future")
    source = raw.method.encode() + signed_url(raw, config).encode() + raw.body + stamp.encode()
    mark = base64.b64encode(hmac.new(secret.encode(), source, sha256).digest())
    _compare(mark, raw.headers.get("x-hubspot-signature-v3", ""))


def _verify_legacy(raw: RawRequest, config: ChannelConfig, secret: str) -> None:
    """Version 1 signs the body, version 2 also method and address; neither knows a time."""
    version = raw.headers.get("x-hubspot-signature-version", "").lower()
    if version not in ("v1", "v2"):
        raise BadSignature("no signature")
    address = raw.method + public_url(raw, config) if version == "v2" else ""
    mark = sha256(secret.encode() + address.encode() + raw.body).hexdigest()
    _compare(mark.encode(), raw.headers.get("x-hubspot-signature", ""))


def _compare(wanted: bytes, given: str) -> None:
    if not hmac.compare_digest(wanted, given.encode("utf-8", "replace")):
        raise BadSignature("the signature does not match")


def public_url(raw: RawRequest, config: ChannelConfig) -> str:
    """The address as HubSpot knows it: the public one, with the query that came."""
    seen = urlsplit(raw.url)
    if not config.webhook_url:
        return raw.url.partition("#")[0]
    return config.webhook_url + (f"?{seen.query}" if seen.query else "")


def signed_url(raw: RawRequest, config: ChannelConfig) -> str:
    """The public address with the escapes decoded that HubSpot decodes."""
    return ESCAPE.sub(
        lambda found: DECODED.get(found[1].upper(), found[0]), public_url(raw, config)
    )
