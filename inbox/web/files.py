"""Files: taken with a reply, given out so that nothing in them can run."""

from urllib.parse import quote

from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from inbox.accounts.models import User
from inbox.channels.contract import InboundFile
from inbox.tickets import files, queries
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


def uploaded(request: HttpRequest, user: User) -> list[Attachment]:
    """The files of a form, on disk and described. Raises `VerbError`."""
    found = [file for file in request.FILES.getlist("files") if isinstance(file, UploadedFile)]
    if len(found) > MOST_FILES:
        raise VerbError(f"At most {MOST_FILES} files go with one message.", field="files")
    if sum(file.size or 0 for file in found) > MOST_BYTES:
        raise VerbError("The files are larger than 20 MB together.", field="files")
    return [
        files.keep(
            InboundFile(
                filename=file.name or "file",
                content=file.read(),
                content_type=file.content_type or "application/octet-stream",
            )
        )
        for file in found
    ]


@login_required
@require_safe
def attachment(request: HttpRequest, pk: int) -> HttpResponse:
    """A file of a ticket that the person may see; as a download unless it is a plain image."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    row = get_object_or_404(Attachment, pk=pk, message__ticket__in=queries.visible_to(user))
    try:
        content = files.content_of(row)
    except FileNotFoundError:
        raise Http404 from None
    image = _image(content)
    response = HttpResponse(content, content_type=image or "application/octet-stream")
    shown = "inline" if image and row.inline else "attachment"
    response["Content-Disposition"] = f"{shown}; filename*=utf-8''{quote(row.filename)}"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _image(content: bytes) -> str:
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for magic, kind in IMAGES.items() if content.startswith(magic)), "")
