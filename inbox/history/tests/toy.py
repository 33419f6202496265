"""A toy desk to leave: its importer reads pages from a list, or makes them from their number."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from inbox.channels import registry
from inbox.channels.contract import (
    Author,
    ChannelConfig,
    ChannelKind,
    InboundBatch,
    InboundFile,
    InboundMessage,
)
from inbox.channels.ports import ImportedTicket, Importer, ImportPage

START = datetime(2024, 3, 1, 9, 0, tzinfo=UTC)
NOEMI = Author(external_id="a1", name="Noemi", member_kind="full", email="noemi@example.com")


def asker(n: int) -> Author:
    """One of forty people."""
    return Author(external_id=f"u{n % 40}", name=f"Asker {n % 40}", email=f"a{n % 40}@example.org")


def said(key: str, author: Author, at: datetime, text: str, **more: Any) -> InboundMessage:
    """A message."""
    return InboundMessage(
        thread_key="", message_key=key, author=author, sent_at=at, text=text, new_text=text, **more
    )


def old_ticket(n: int, *, messages: tuple[InboundMessage, ...] = (), **more: Any) -> ImportedTicket:
    """A question, an internal note and an answer; closed two days later."""
    at = START + timedelta(hours=n)
    usual = (
        said(f"t{n}-1", asker(n), at, f"The connector stops at table {n}", subject=f"Stops {n}"),
        said(f"t{n}-2", NOEMI, at + timedelta(hours=1), "Seen before.", is_internal=True),
        said(f"t{n}-3", NOEMI, at + timedelta(hours=2), "Please update it."),
    )
    values: dict[str, Any] = {
        "external_id": f"{n}",
        "thread_key": f"t{n}",
        "batch": InboundBatch(messages=messages or usual, historic=True),
        "created_at": at,
        "updated_at": at + timedelta(days=2),
        "status": "closed",
        "resolution": "solved",
        "closed_at": at + timedelta(days=2),
        "assignee_email": "noemi@example.com",
        "tags": ("connector",),
        **more,
    }
    return ImportedTicket(**values)


def a_file() -> InboundFile:
    """A file whose bytes are still there."""
    return InboundFile(
        filename="log.txt",
        content=b"",
        content_type="text/plain",
        url="https://desk.example.com/log.txt",
        size=12,
    )


Page = Callable[[ChannelConfig, Mapping[str, Any]], ImportPage]


def paged(pages: Sequence[tuple[ImportedTicket, ...]], *, total: int | None = None) -> Page:
    """An export of these pages."""

    def page(config: ChannelConfig, cursor: Mapping[str, Any]) -> ImportPage:
        at = cursor.get("at", 0)
        last = at + 1 >= len(pages)
        return ImportPage(
            tickets=pages[at], cursor={"at": min(at + 1, len(pages))}, is_last=last, total=total
        )

    return page


@contextmanager
def desk(page: Page) -> Iterator[ChannelKind]:
    """A kind `toydesk` whose history this is, while the block lasts."""
    kind = ChannelKind(
        kind="toydesk",
        label="Toy desk",
        settings=(),
        capabilities=frozenset(),
        realm=lambda config: "toydesk",
        address=lambda config: "toydesk",
        verify=lambda raw, config: None,
        dedupe_key=lambda raw, config: "",
        parse=lambda raw, config, completed: InboundBatch(ignored="nothing"),
        importer=Importer(page=page),
    )
    before = registry._kinds.get(kind.kind)
    registry._kinds[kind.kind] = kind
    try:
        yield kind
    finally:
        registry._kinds.pop(kind.kind)
        if before is not None:
            registry.register(before)
