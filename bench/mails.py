"""Mails to measure with, and the standard library's reading of them as the floor."""

from email import message_from_bytes
from email.policy import default

HOPS = "".join(
    f"Received: from mx{n}.example.org (mx{n}.example.org [192.0.2.{n}])\r\n"
    f"\tby mx{n + 1}.example.org with ESMTPS id {n:032x}\r\n"
    f"\tfor <support@example.com>; Wed, 18 Nov 2026 10:00:0{n} +0000\r\n"
    for n in range(5)
)
BODY = "We run the pipeline every night and since the upgrade the slot grows. " * 20
SIGNATURE = "\r\n\t".join("A" * 70 for _ in range(5))


def mail(n: int) -> bytes:
    """A mail as a community sends it: traces, a signature, plain text and HTML."""
    return (
        f"{HOPS}DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s1;\r\n\tb={SIGNATURE}\r\n"
        f"From: Writer {n} <w{n}@community.example.org>\r\nTo: Support <support@example.com>\r\n"
        f"Subject: =?utf-8?q?Caf=C3=A9_pipeline_{n}?=\r\nMessage-ID: <{n}@bench.example.org>\r\n"
        "Date: Wed, 18 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/alternative; boundary="xx"\r\n\r\n'
        f"--xx\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{BODY}\r\n"
        f"--xx\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>{BODY}</p>\r\n--xx--\r\n"
    ).encode()


def read_by_the_library(raw: bytes) -> None:
    """Parse with `policy.default` and read every header and text."""
    parsed = message_from_bytes(raw, policy=default)
    _ = [str(value) for _, value in parsed.items()]
    _ = [part.get_content() for part in parsed.walk() if not part.is_multipart()]
