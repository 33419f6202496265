"""Inbound mail by webhook: Mailgun, Postmark, SendGrid and Amazon SES through SNS.

verify(raw, config) raises; raw_mail(raw) gives the mail. Documentation followed: vendor-specific
inbound pages of the four, as digested in docs/vendors.md.
"""

import base64
import binascii
import hmac
import json
import re
import time
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from functools import lru_cache
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from inbox.channels.contract import (
    BadSignature,
    ChannelConfig,
    MalformedBody,
    RawRequest,
    UnknownEvent,
    WrongType,
)
from inbox.common.http import fetch

WINDOW_SECONDS = 300
SNS_WINDOW_SECONDS = 3600
USER = "desk"
SNS_HOST = re.compile(r"^sns\.[a-z0-9-]{3,}\.amazonaws\.com(?:\.cn)?$")
SNS_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ),
    "UnsubscribeConfirmation": (
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ),
}
Form = Mapping[str, bytes]


# ------------------------------------------------------------------ forms


def form_of(raw: RawRequest) -> dict[str, bytes]:
    """The fields of a form post; of a repeated field the last counts. Raises `WrongType`."""
    kind = raw.headers.get("content-type", "")
    if kind.startswith("application/x-www-form-urlencoded"):
        pairs = parse_qsl(
            raw.body.decode("utf-8", "surrogateescape"), keep_blank_values=True, max_num_fields=500
        )
        return {name: value.encode("utf-8", "surrogateescape") for name, value in pairs}
    if kind.startswith("multipart/form-data"):
        return _multipart(kind, raw.body)
    raise WrongType(kind)


def _multipart(kind: str, body: bytes) -> dict[str, bytes]:
    boundary = re.search(r'boundary="?([^";,\s]{1,200})', kind)
    if boundary is None:
        raise MalformedBody("no boundary")
    fields: dict[str, bytes] = {}
    for section in body.split(b"--" + boundary[1].encode())[1:-1][:1000]:
        head, blank, content = section.partition(b"\r\n\r\n")
        # The field's own small headers only: the mail inside is read by the child process.
        name = re.search(rb'name="([^"]{1,200})"', head[:4000])
        if name and blank:
            fields[name[1].decode("utf-8", "replace")] = content.removesuffix(b"\r\n")
    return fields


def _text(form: Form, name: str) -> str:
    return form.get(name, b"").decode("utf-8", "replace")


# ------------------------------------------------------------------ signatures


def verify(raw: RawRequest, config: ChannelConfig) -> None:
    """Check that the provider sent this. Raises `BadSignature` or `WrongType`."""
    provider, secret = config.get("provider"), config.get("webhook_secret")
    if provider not in VERIFY or not secret:
        raise BadSignature("this mailbox takes no webhooks")
    VERIFY[provider](raw, secret)


def _fresh(stamp: str, window: float) -> bool:
    return (
        stamp.isascii()
        and stamp.isdigit()
        and len(stamp) < 15
        and abs(time.time() - int(stamp)) <= window
    )


def _mailgun(raw: RawRequest, secret: str) -> None:
    form = form_of(raw)
    stamp, token = _text(form, "timestamp"), _text(form, "token")
    wanted = hmac.new(secret.encode(), f"{stamp}{token}".encode(), sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), form.get("signature", b"")) or not token:
        raise BadSignature("signature")
    if not _fresh(stamp, WINDOW_SECONDS):
        raise BadSignature("too old")


def basic(raw: RawRequest, secret: str) -> None:
    """HTTP basic auth as `desk` with the channel's secret. Raises `BadSignature`."""
    given = raw.headers.get("authorization", "")
    scheme, _, coded = given.partition(" ")
    try:
        pair = base64.b64decode(coded.strip().encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        raise BadSignature("authorization") from None
    wanted = f"{USER}:{secret}".encode()
    if scheme.lower() != "basic" or not hmac.compare_digest(pair, wanted):
        raise BadSignature("authorization")


def _sendgrid(raw: RawRequest, secret: str) -> None:
    """Signed with ECDSA when the secret is a public key, else basic auth."""
    signature = raw.headers.get("x-twilio-email-event-webhook-signature", "")
    if not signature:
        if _public_key(secret) is not None:
            raise BadSignature("signature")
        basic(raw, secret)
        return
    stamp = raw.headers.get("x-twilio-email-event-webhook-timestamp", "")
    key = _public_key(secret)
    if key is None or not _fresh(stamp, WINDOW_SECONDS):
        raise BadSignature("signature")
    try:
        key.verify(
            base64.b64decode(signature), stamp.encode() + raw.body, ec.ECDSA(hashes.SHA256())
        )
    except (InvalidSignature, ValueError, binascii.Error) as error:
        raise BadSignature("signature") from error


def _public_key(text: str) -> ec.EllipticCurvePublicKey | None:
    try:
        key = serialization.load_der_public_key(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error):
        return None
    return key if isinstance(key, ec.EllipticCurvePublicKey) else None


def _ses(raw: RawRequest, secret: str) -> None:
    basic(raw, secret)
    check_sns(sns_of(raw))


def sns_of(raw: RawRequest) -> dict[str, Any]:
    """The SNS envelope. Raises `MalformedBody`."""
    data = raw.json()
    if not isinstance(data, dict) or data.get("Type") not in SNS_SIGNED:
        raise MalformedBody("not an SNS message")
    return data


def check_sns(data: Mapping[str, Any]) -> None:
    """The signature of an SNS message with its certificate. Raises `BadSignature`."""
    names = SNS_SIGNED[str(data.get("Type"))]
    signed = "".join(f"{n}\n{data[n]}\n" for n in names if data.get(n) is not None)
    algorithm = {"1": hashes.SHA1(), "2": hashes.SHA256()}.get(str(data.get("SignatureVersion")))  # noqa: S303 - version 1 of SNS is SHA-1
    if algorithm is None:
        raise BadSignature("signature version")
    key = certificate(str(data.get("SigningCertURL", ""))).public_key()
    try:
        assert isinstance(key, rsa.RSAPublicKey)  # noqa: S101 - SNS signs with RSA; others are refused
        key.verify(
            base64.b64decode(str(data.get("Signature", ""))),
            signed.encode(),
            padding.PKCS1v15(),
            algorithm,
        )
    except (AssertionError, InvalidSignature, ValueError, binascii.Error) as error:
        raise BadSignature("signature") from error


@lru_cache(maxsize=20)
def certificate(url: str) -> x509.Certificate:
    """The signing certificate, only from Amazon's own host, kept. Raises `BadSignature`."""
    place = urlsplit(url)
    if (
        place.scheme != "https"
        or place.port not in (None, 443)
        or not SNS_HOST.match(place.hostname or "")
    ):
        raise BadSignature("certificate address")
    try:
        return x509.load_pem_x509_certificate(fetch(url))
    except (OSError, ValueError) as error:
        raise BadSignature("certificate") from error


VERIFY: dict[str, Callable[[RawRequest, str], None]] = {
    "mailgun": _mailgun,
    "postmark": basic,
    "sendgrid": _sendgrid,
    "ses": _ses,
}


# ------------------------------------------------------------------ the mail inside


def raw_mail(raw: RawRequest, config: ChannelConfig) -> bytes:
    """The mail that a provider's post carries. Raises `MalformedBody`, `UnknownEvent`."""
    return MAILS[config.get("provider")](raw)


def _mailgun_mail(raw: RawRequest) -> bytes:
    form = form_of(raw)
    if form.get("body-mime"):
        return form["body-mime"]
    return built(
        headers=json.loads(form.get("message-headers") or b"[]"),
        text=_text(form, "body-plain"),
        html=_text(form, "body-html"),
        files=[(n, c) for n, c in form.items() if n.startswith("attachment-") and n[11:].isdigit()],
    )


def _postmark_mail(raw: RawRequest) -> bytes:
    data = raw.json()
    if not isinstance(data, dict) or "RecordType" in data:
        raise UnknownEvent("postmark: not an inbound mail")
    if data.get("RawEmail"):
        return str(data["RawEmail"]).encode("utf-8", "surrogateescape")
    files = [
        (str(f.get("Name", "file")), base64.b64decode(str(f.get("Content", ""))))
        for f in data.get("Attachments") or []
    ]
    headers = [(h["Name"], h["Value"]) for h in data.get("Headers") or []]
    known = {name.lower() for name, _ in headers}
    named = (
        ("From", "From"),
        ("To", "To"),
        ("Cc", "Cc"),
        ("Subject", "Subject"),
        ("Date", "Date"),
        ("ReplyTo", "Reply-To"),
    )
    headers += [(h, data[n]) for n, h in named if data.get(n) and h.lower() not in known]
    return built(
        headers=headers,
        text=data.get("TextBody") or "",
        html=data.get("HtmlBody") or "",
        files=files,
    )


def _sendgrid_mail(raw: RawRequest) -> bytes:
    form = form_of(raw)
    if form.get("email"):
        return form["email"]
    head = form.get("headers", b"").strip().replace(b"\r\n", b"\n")
    charsets = json.loads(form.get("charsets") or b"{}")

    def text(name: str) -> str:
        return form.get(name, b"").decode(str(charsets.get(name) or "utf-8"), "replace")

    parsed = BytesParser(policy=HTTP.clone(max_line_length=0)).parsebytes(
        head[:60_000] + b"\n\n", headersonly=True
    )
    pairs = [(name, str(value)) for name, value in parsed.raw_items()]
    files = [(n, c) for n, c in form.items() if re.fullmatch(r"attachment\d+", n)]
    return built(headers=pairs, text=text("text"), html=text("html"), files=files)


def _ses_mail(raw: RawRequest) -> bytes:
    data = sns_of(raw)
    if data["Type"] != "Notification":
        raise UnknownEvent(f"sns: {data['Type']}")
    try:
        message = json.loads(data["Message"])
    except ValueError as error:
        raise MalformedBody("the SNS message is not JSON") from error
    content = message.get("content") if isinstance(message, dict) else None
    if not content:
        raise UnknownEvent("ses: a notification without the mail itself")
    encoding = (message.get("receipt") or {}).get("action", {}).get("encoding", "UTF-8")
    return base64.b64decode(content) if encoding == "BASE64" else str(content).encode("utf-8")


MAILS: dict[str, Callable[[RawRequest], bytes]] = {
    "mailgun": _mailgun_mail,
    "postmark": _postmark_mail,
    "sendgrid": _sendgrid_mail,
    "ses": _ses_mail,
}
SKIPPED = frozenset(
    {"content-type", "content-transfer-encoding", "mime-version", "content-disposition"}
)


def built(*, headers: Any, text: str, html: str, files: list[tuple[str, bytes]]) -> bytes:
    """A raw mail from a provider's fields, so that everything goes one way from here."""
    body = EmailMessage()
    body.set_content(text or "")
    if html:
        body.add_alternative(html, subtype="html")
    for name, content in files:
        body.add_attachment(
            content, maintype="application", subtype="octet-stream", filename=_line(name)
        )
    # Boundaries from the content, not by chance: read again, a delivery gives the same mail.
    mark = sha256(repr((text, html, files)).encode("utf-8", "surrogateescape")).hexdigest()
    for number, part in enumerate(body.walk()):
        if part.is_multipart():
            part.set_boundary(f"{mark[:40]}={number}")
    head = b"".join(
        f"{_line(name)}: {_line(value)}\r\n".encode("utf-8", "surrogateescape")
        for name, value in headers
        if str(name).lower() not in SKIPPED
    )
    return head + body.as_bytes()


def _line(value: Any) -> str:
    return " ".join(str(value).split())


def sns_confirmation(raw: RawRequest) -> str:
    """The address that confirms a subscription, "" for any other message."""
    data = sns_of(raw)
    url = str(data.get("SubscribeURL", ""))
    good = data["Type"] == "SubscriptionConfirmation" and SNS_HOST.match(
        urlsplit(url).hostname or ""
    )
    return url if good and url.startswith("https://") else ""
