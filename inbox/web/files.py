"""Files: taken with a reply, given out so that nothing in them can run."""

from typing import Any
from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from inbox.accounts.models import User
from inbox.channels.contract import InboundFile
from inbox.common.veiling import veil_file
from inbox.guard import screening
from inbox.tickets import drafts, files, queries
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Attachment

MOST_FILES = 20
MOST_BYTES = 20 * 1024 * 1024
# Only these are ever shown in place, and only when their bytes say so.
IMAGES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


MAILS = (".eml", ".msg", ".mbox", ".mht", ".mhtml", ".vcf", ".ics")


def uploaded(request: HttpRequest, user: User) -> list[Attachment]:
    """The files of a form, on disk and described. Raises `VerbError`."""
    found = [file for file in request.FILES.getlist("files") if isinstance(file, UploadedFile)]
    waiting = drafts.waiting_files(user, ids_of(request.POST))
    if len(found) + len(waiting) > MOST_FILES:
        raise VerbError(f"At most {MOST_FILES} files go with one message.", field="files")
    sizes = [file.size or 0 for file in found] + [file.size for file in waiting]
    if sum(sizes) > MOST_BYTES:
        raise VerbError("The files are larger than 20 MB together.", field="files")
    return [*waiting, *map(described, found)]


def ids_of(data: QueryDict) -> list[int]:
    """The keys of the files in a form that were uploaded before it."""
    keys = data.getlist("file")
    return [int(key) for key in keys if key.isascii() and key.isdigit() and len(key) < 19]


def described(file: "UploadedFile[Any]") -> Attachment:
    """A file of a form, written to the disk; its row is not saved yet.

    Raises `VerbError` where it holds a secret: neither a note nor an answer should have it.
    """
    given = InboundFile(
        filename=file.name or "file",
        content=file.read(),
        content_type=file.content_type or "application/octet-stream",
    )
    if screening.clean_file(given) is not given:
        raise VerbError(
            f"{given.filename} has what looks like a key or a password in it. Take it out first.",
            field="files",
        )
    return files.keep(given)


@login_required
@require_safe
def attachment(request: HttpRequest, pk: int) -> HttpResponse:
    """A file of a ticket that the person may see; as a download unless it is a plain image."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    seen = Q(message__ticket__in=queries.visible_to(user)) | Q(message=None, uploader=user)
    row = get_object_or_404(Attachment, seen, pk=pk)
    try:
        content = files.content_of(row)
    except FileNotFoundError:
        raise Http404 from None
    image = _image(content)
    if not image and not user.sees_addresses:
        content = _masked(row, content)
    response = HttpResponse(content, content_type=image or "application/octet-stream")
    shown = "inline" if image and row.inline else "attachment"
    response["Content-Disposition"] = f"{shown}; filename*=utf-8''{quote(row.filename)}"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _masked(row: Attachment, content: bytes) -> bytes:
    """A file for somebody who may not see addresses. A mail inside is encoded: not shown at all."""
    if row.content_type.startswith("message/") or row.filename.lower().endswith(MAILS):
        raise Http404
    return veil_file(content)


def _image(content: bytes) -> str:
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in IMAGES.items() if content.startswith(magic)), "")
