"""The inlet from the command line: mail pipe, replay, looking into raw inputs."""

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import Error as DatabaseError
from django.utils import timezone

from inbox import pipeline
from inbox.accounts.models import User
from inbox.channels import inlet, registry
from inbox.channels.contract import BadSignature, ChannelError, RawRequest
from inbox.channels.models import Channel, Delivery, DeliveryState
from inbox.guard import inspecting
from inbox.people import services as people

Look = Callable[[str, bytes, Mapping[str, str]], Mapping[str, Any]]


class CannotReceive(Exception):
    """What came was not stored; `code` is the exit code that a mail server understands."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)
        self.text, self.code = text, code


def channel_named(name: str) -> Channel:
    """A channel by `key` or `kind/key`. Raises `CannotReceive`."""
    kind, slash, key = name.rpartition("/")
    found = list(Channel.objects.filter(key=key, **({"kind": kind} if slash else {})))
    if len(found) != 1:
        text = f"there is no channel {name!r}" if not found else f"{name!r} is not unique: kind/key"
        raise CannotReceive(text, os.EX_NOUSER)
    return found[0]


def receive(name: str, raw: bytes, header_lines: Sequence[str]) -> str:
    """Store one raw message; with headers it is a webhook's body and its signature is checked."""
    channel = channel_named(name)
    headers = headers_of(header_lines)
    request = RawRequest(headers=headers, body=raw)
    try:
        if headers:
            channel.type.verify(request, channel.config)
            key = channel.type.dedupe_key(request, channel.config)
        else:
            headers = {"x-source": "pipe"}
            key = channel.type.piped_key(raw)
        now = timezone.now()
        stored = inlet.receive(channel, dedupe_key=key, headers=headers, body=raw, now=now)
    except BadSignature as error:
        raise CannotReceive("bad or missing signature", os.EX_NOPERM) from error
    except ChannelError as error:
        raise CannotReceive(str(error) or "cannot be read", os.EX_DATAERR) from error
    except DatabaseError as error:
        raise CannotReceive("not stored, try again", os.EX_TEMPFAIL) from error
    return f"delivery {stored.pk}" if stored else "was here before"


def headers_of(lines: Sequence[str]) -> dict[str, str]:
    """`Name: value` lines as a mapping with lower-case names."""
    pairs = (line.partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def replay(pk: int, *, now: datetime) -> str:
    """Process a stored delivery again. Raises `Delivery.DoesNotExist`."""
    delivery = Delivery.objects.get(pk=pk)
    if delivery.state == DeliveryState.PROCESSING:
        return "is being processed"
    if delivery.done_at is not None and not delivery.body and not delivery.headers:
        return "was erased: what came is no longer here"
    Delivery.objects.filter(pk=pk).update(
        state=DeliveryState.PENDING, not_before=None, error="", reason=""
    )
    return pipeline.process_delivery(pk, now=now)


def ignore(delivery: Delivery) -> None:
    """A failed delivery that nobody will look at again."""
    Delivery.objects.filter(pk=delivery.pk, state__in=["failed", "unknown"]).update(
        state=DeliveryState.IGNORED, reason="ignored by a person"
    )


def inspector(name: str) -> Look:
    """The function that looks into inputs of a kind. Raises `CannotReceive`."""
    kinds = registry.all_kinds()
    found: dict[str, Look] = {"secrets": inspecting.inspect}
    found |= {k.inspect_name or n: k.inspect for n, k in kinds.items() if k.inspect}
    look = found.get(name)
    if look is None:
        raise CannotReceive(f"there is nothing to inspect as {name!r}: {', '.join(found)}", 1)
    return look


def bind_identity(user: User, text: str) -> None:
    """`email:a@example.com`, `github:login`, `slack:T024BE7LD/U061F7AUR`. Raises `ValueError`."""
    kind, colon, external_id = text.partition(":")
    if not colon or not external_id:
        raise ValueError(f"an identity is given as kind:id, not {text!r}")
    realm, slash, inner = external_id.rpartition("/")
    if kind == "email":
        realm, inner = "mail", external_id
    people.bind(
        user, kind=kind, realm=realm if slash or kind == "email" else kind, external_id=inner
    )
