"""Time and statements per mail, from the stored delivery to the routed ticket.

Floor: the standard library's `policy.default`, every header and body read, and one committed row.
"""

import json
import statistics
import time
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - after setup
from django.db import connection  # noqa: E402 - after setup
from django.test.utils import CaptureQueriesContext  # noqa: E402 - after setup
from django.utils import timezone  # noqa: E402 - after setup

from inbox import pipeline  # noqa: E402 - after setup
from inbox.channels import inlet  # noqa: E402 - after setup
from inbox.channels.models import Channel, Lookup  # noqa: E402 - after setup
from inbox.handbook.services import load  # noqa: E402 - after setup

PRESET = Path("inbox/handbook/presets/devrel.yaml")
ROUNDS, PER_ROUND = 9, 20
HOPS = "".join(
    f"Received: from mx{n}.example.org (mx{n}.example.org [192.0.2.{n}])\r\n"
    f"\tby mx{n + 1}.example.org with ESMTPS id {n:032x}\r\n"
    f"\tfor <support@example.com>; Wed, 18 Nov 2026 10:00:0{n} +0000\r\n"
    for n in range(5)
)
BODY = "We run the pipeline every night and since the upgrade the slot grows. " * 20


def mail(n: int) -> bytes:
    """A mail as a community sends it: traces, a signature, plain text and HTML."""
    signature = "\r\n\t".join("A" * 70 for _ in range(5))
    return (
        f"{HOPS}DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s1;\r\n\tb={signature}\r\n"
        f"From: Writer {n} <w{n}@community.example.org>\r\nTo: Support <support@example.com>\r\n"
        f"Subject: =?utf-8?q?Caf=C3=A9_pipeline_{n}?=\r\nMessage-ID: <{n}@bench.example.org>\r\n"
        "Date: Wed, 18 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/alternative; boundary="xx"\r\n\r\n'
        f"--xx\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{BODY}\r\n"
        f"--xx\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>{BODY}</p>\r\n--xx--\r\n"
    ).encode()


def floor(n: int) -> None:
    """Parse with the standard library, read everything, commit one row."""
    parsed = message_from_bytes(mail(n), policy=default)
    _ = [str(value) for _, value in parsed.items()]
    _ = [part.get_content() for part in parsed.walk() if not part.is_multipart()]
    Lookup.objects.create(kind="bench", key=str(n), fetched_at=timezone.now())


def product(pk: int) -> None:
    """A stored delivery to a routed ticket."""
    pipeline.process_delivery(pk)


def timed(act: Callable[[int], None], numbers: list[int]) -> float:
    """Milliseconds of wall time per call: the child's share is in it, waiting for it is too."""
    begun = time.perf_counter()
    for n in numbers:
        act(n)
    return (time.perf_counter() - begun) * 1000 / len(numbers)


def main() -> None:
    """Print the figures."""
    call_command("migrate", verbosity=0)
    load(PRESET.read_text())
    channel = Channel.objects.get(kind="email", key="support")
    count = 0
    floors: list[float] = []
    products: list[float] = []
    statements: list[str] = []
    for _ in range(ROUNDS):
        numbers = list(range(count, count + PER_ROUND))
        count += PER_ROUND
        stored = [
            inlet.receive(
                channel,
                dedupe_key=str(n),
                headers={"x-source": "pipe"},
                body=mail(n),
                now=timezone.now(),
            )
            for n in numbers
        ]
        floors.append(timed(floor, numbers))
        products.append(timed(product, [row.pk for row in stored if row]))
    last = inlet.receive(
        channel, dedupe_key="x", headers={"x-source": "pipe"}, body=mail(10**6), now=timezone.now()
    )
    if last is not None:
        with CaptureQueriesContext(connection) as seen:
            product(last.pk)
        statements = [q["sql"] for q in seen if not q["sql"].startswith(("BEGIN", "COMMIT"))]
    base, ours = statistics.median(floors), statistics.median(products)
    figures = {"floor_ms": round(base, 2), "ms": round(ours, 2), "ratio": round(ours / base, 2)}
    print(json.dumps({"name": "mail", **figures, "goal": 2}))
    print(json.dumps({"name": "statements_per_new_mail", "n": len(statements), "goal": 16}))


if __name__ == "__main__":
    main()
