"""Inbound mail by webhook: the four providers against the channel contract and their vectors."""

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from inbox.channels.contract import BadSignature, ChannelConfig, RawRequest
from inbox.channels.testing import ChannelContract
from integrations.email import providers

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[3] / "rig" / "vectors.json").read_text("utf-8")
)
MAIL = (
    "From: Mira Fjord <mira@example.org>\r\nTo: support@example.com\r\nSubject: Café slots\r\n"
    "Message-ID: <m{n}@example.org>\r\nDate: Wed, 18 Nov 2026 10:00:00 +0000\r\n"
    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nHow {n}?\r\n"
)
HEADERS = (
    ("Message-ID", "<f@example.org>"),
    ("From", "Mira Fjord <mira@example.org>"),
    ("To", "support@example.com"),
    ("Subject", "Café slots"),
    ("Date", "Wed, 18 Nov 2026 10:00:00 +0000"),
)
FORM = "application/x-www-form-urlencoded"


def config(provider: str, secret: str) -> ChannelConfig:
    """A mailbox that a provider posts to."""
    return ChannelConfig(
        kind="email",
        key="support",
        settings={"address": "support@example.com", "provider": provider},
        secrets={"webhook_secret": secret},
    )


def basic(secret: str) -> str:
    """The header that the provider's URL carries."""
    return "Basic " + base64.b64encode(f"desk:{secret}".encode()).decode()


def multipart(fields: dict[str, str | bytes]) -> tuple[str, bytes]:
    """A form as SendGrid posts it."""
    parts = []
    for name, value in fields.items():
        content = value.encode() if isinstance(value, str) else value
        head = f'--xx\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        parts.append(head.encode() + content + b"\r\n")
    return "multipart/form-data; boundary=xx", b"".join(parts) + b"--xx--\r\n"


class TestMailgun(ChannelContract):
    """Signed fields of the form."""

    config = config("mailgun", "mailgun-signing-key")

    def post(self, token: str, **fields: str) -> RawRequest:
        """A signed form."""
        stamp = str(int(time.time()))
        key = b"mailgun-signing-key"
        signature = hmac.new(key, f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
        form = {"timestamp": stamp, "token": token, "signature": signature, **fields}
        return RawRequest(headers={"content-type": FORM}, body=urlencode(form).encode())

    def samples(self) -> list[RawRequest]:
        """As raw MIME and as parsed fields."""
        fields = {"message-headers": json.dumps(HEADERS), "body-plain": "How?"}
        return [
            self.post("a" * 50, **{"body-mime": MAIL.format(n=1)}),
            self.post("b" * 50, **fields),
        ]

    def test_published_vector(self) -> None:
        vector = VECTORS["mailgun"]
        wanted = hmac.new(vector["secret"].encode(), vector["signed"].encode(), hashlib.sha256)
        assert wanted.hexdigest() == vector["expected"]

    @pytest.mark.parametrize("age", [-4000, 4000])
    def test_old_and_future_stamps_are_refused(self, age: int, monkeypatch: Any) -> None:
        raw = self.samples()[0]
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + age)
        with pytest.raises(BadSignature):
            self.kind.verify(raw, self.config)

    def test_forms_without_raw_mime_read_like_the_mail(self) -> None:
        message = self.read(self.samples()[1]).messages[0]
        assert (message.subject, message.text) == ("Café slots", "How?")
        assert message.author.external_id == "mira@example.org"


class TestPostmark(ChannelContract):
    """JSON, guarded by basic auth."""

    config = config("postmark", "s3cret")
    signature_headers = ("authorization",)

    def post(self, **fields: Any) -> RawRequest:
        """A post with the right password."""
        headers = {"content-type": "application/json", "authorization": basic("s3cret")}
        return RawRequest(headers=headers, body=json.dumps(fields).encode())

    def samples(self) -> list[RawRequest]:
        """With the raw mail, and as fields with a file."""
        file = {"Name": "log.txt", "Content": base64.b64encode(b"boom").decode()}
        headers = [{"Name": name, "Value": value} for name, value in HEADERS]
        return [
            self.post(MessageID="1", RawEmail=MAIL.format(n=2)),
            self.post(MessageID="2", Headers=headers, TextBody="How?", Attachments=[file]),
        ]

    def changed(self, raw: RawRequest) -> Any:
        """The password covers no body; only the header counts."""
        yield from list(super().changed(raw))[1:]

    def test_nonsense_is_refused_and_never_crashes(self) -> None:  # type: ignore[override]  # no signature over the body: see below
        for raw in self.samples():
            with pytest.raises(BadSignature):
                self.kind.verify(
                    RawRequest(headers={"authorization": "Basic é"}, body=raw.body), self.config
                )

    def test_files_of_the_fields_are_kept(self) -> None:
        message = self.read(self.samples()[1]).messages[0]
        assert [(file.filename, file.content) for file in message.files] == [("log.txt", b"boom")]


class TestSendGrid(ChannelContract):
    """Signed with ECDSA when the secret is a public key."""

    key = ec.generate_private_key(ec.SECP256R1())
    public = base64.b64encode(
        key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    ).decode()
    config = config("sendgrid", public)
    signature_headers = ("x-twilio-email-event-webhook-signature",)

    def post(self, **fields: str | bytes) -> RawRequest:
        """A signed form."""
        kind, body = multipart(fields)
        stamp = str(int(time.time()))
        signature = self.key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
        headers = {
            "content-type": kind,
            "x-twilio-email-event-webhook-timestamp": stamp,
            "x-twilio-email-event-webhook-signature": base64.b64encode(signature).decode(),
        }
        return RawRequest(headers=headers, body=body)

    def samples(self) -> list[RawRequest]:
        """Raw, and as fields in another charset."""
        head = "\n".join(f"{name}: {value}" for name, value in HEADERS)
        charsets = json.dumps({"text": "iso-8859-1"})
        text = "Où?".encode("iso-8859-1")
        return [
            self.post(email=MAIL.format(n=3)),
            self.post(headers=head, text=text, charsets=charsets),
        ]

    def test_fields_are_read_in_their_own_charset(self) -> None:
        assert self.read(self.samples()[1]).messages[0].text == "Où?"

    def test_published_vector(self) -> None:
        vector = VECTORS["sendgrid"]
        key = serialization.load_der_public_key(base64.b64decode(vector["public_key_der_base64"]))
        assert isinstance(key, ec.EllipticCurvePublicKey)
        signature = base64.b64decode(vector["expected"])
        key.verify(signature, vector["signed"].encode(), ec.ECDSA(hashes.SHA256()))


def own_certificate() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """A certificate as Amazon would serve it."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.test.example")])
    stored = x509.load_pem_x509_certificate(VECTORS["sns-certificate"]["pem"].encode())
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(stored.not_valid_before_utc)
        .not_valid_after(stored.not_valid_after_utc)
        .sign(key, hashes.SHA256())
    )
    return key, made


class TestSes(ChannelContract):
    """SNS: a certificate from Amazon's own host, and basic auth besides."""

    config = config("ses", "s3cret")
    signature_headers = ("authorization",)
    key, certificate = own_certificate()
    url = "https://sns.eu-west-1.amazonaws.com/cert.pem"

    @pytest.fixture(autouse=True)
    def amazon(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The certificate's download; which host it may come from is checked by the product."""
        pem = self.certificate.public_bytes(serialization.Encoding.PEM)
        monkeypatch.setattr(providers, "fetch", lambda url: pem)
        providers.certificate.cache_clear()

    def post(self, number: str, *, url: str = url, version: str = "2") -> RawRequest:
        """A signed notification."""
        content = {"notificationType": "Received", "content": MAIL.format(n=number)}
        data = {
            "Type": "Notification",
            "MessageId": number,
            "TopicArn": "arn:aws:sns:eu-west-1:1:mail",
            "Message": json.dumps(content),
            "Timestamp": "2026-11-18T10:00:00.000Z",
            "SigningCertURL": url,
            "SignatureVersion": version,
        }
        names = ("Message", "MessageId", "Timestamp", "TopicArn", "Type")
        signed = "".join(f"{name}\n{data[name]}\n" for name in names).encode()
        digest = hashes.SHA256() if version == "2" else hashes.SHA1()
        signature = self.key.sign(signed, padding.PKCS1v15(), digest)
        data["Signature"] = base64.b64encode(signature).decode()
        headers = {"content-type": "text/plain", "authorization": basic("s3cret")}
        return RawRequest(headers=headers, body=json.dumps(data).encode())

    def samples(self) -> list[RawRequest]:
        """Both versions of the signature."""
        return [self.post("1"), self.post("2", version="1")]

    @pytest.mark.parametrize(
        "url",
        [
            "http://sns.eu-west-1.amazonaws.com/cert.pem",
            "https://sns.eu-west-1.amazonaws.com.evil.example/cert.pem",
            "https://sns.eu-west-1.amazonaws.com:8443/cert.pem",
            "https://evil.example/sns.eu-west-1.amazonaws.com",
            "",
        ],
    )
    def test_certificate_of_another_host_is_refused(self, url: str) -> None:
        with pytest.raises(BadSignature):
            self.kind.verify(self.post("3", url=url), self.config)

    @pytest.mark.parametrize("version", ["signature_v1", "signature_v2"])
    def test_published_vector(self, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
        vector = VECTORS["sns-notification"]
        pem = VECTORS["sns-certificate"]["pem"].encode()
        monkeypatch.setattr(providers, "fetch", lambda url: pem)
        signed = {
            **vector["message"],
            "SignatureVersion": version[-1],
            "SigningCertURL": self.url,
            "Signature": vector[version],
        }
        providers.check_sns(signed)
        with pytest.raises(BadSignature):
            providers.check_sns({**signed, "Message": "Hello World!"})
