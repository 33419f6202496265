"""The bytes of attachments: under their hash in `DATA_DIR/files`, without name or extension."""

import os
from hashlib import sha256
from pathlib import Path

from django.conf import settings

from inbox.channels.contract import InboundFile
from inbox.common.crash import point
from inbox.tickets.models import Attachment


def keep(file: InboundFile) -> Attachment:
    """Write a file and describe it; the row comes later, with its message.

    A file whose bytes are still at the vendor is described only.
    """
    if file.url:
        described = Attachment(
            filename=file.filename[:200] or "file",
            content_type=file.content_type[:120],
            size=file.size,
            is_missing=True,
            missing_reason="on its way",
        )
        described.fetch_from = file.url  # type: ignore[attr-defined]  # read when the row is made
        return described
    return Attachment(
        filename=file.filename[:200] or "file",
        content_type=file.content_type[:120],
        size=len(file.content),
        sha256=store(file.content),
        content_id=file.content_id[:250],
        inline=file.inline,
    )


def store(content: bytes) -> str:
    """Temp file, fsync, rename: a crash leaves a whole file or none. Returns the SHA-256."""
    digest = sha256(content).hexdigest()
    place = path_of(digest)
    if place.exists():
        place.touch()  # in use again: nobody may take it for a file without a row
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = place.with_name(f"{digest}.{os.getpid()}.part")
        with draft.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        point("file_after_temp")
        draft.rename(place)
        point("file_after_rename")
    return digest


def path_of(digest: str) -> Path:
    """Where the bytes of a hash lie: outside every static root."""
    return Path(settings.DATA_DIR) / "files" / digest[:2] / digest[2:4] / digest


def content_of(attachment: Attachment) -> bytes:
    """The bytes. Raises `FileNotFoundError` when the file was erased."""
    return path_of(attachment.sha256).read_bytes()
