"""Files for a message that is not sent yet: uploaded one by one, kept with the draft."""

from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.views.decorators.http import require_POST

from inbox import pipeline
from inbox.accounts.models import User
from inbox.common.work import Actor
from inbox.tickets import drafts, queries
from inbox.tickets.errors import VerbError
from inbox.tickets.models import Attachment
from inbox.web.files import MOST_BYTES, MOST_FILES, described


@login_required
@require_POST
def upload(request: HttpRequest, number: int) -> HttpResponse:
    """Take one file; its key goes into the form that sends it."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    row = get_object_or_404(queries.visible_to(user), pk=number)
    given = request.FILES.get("files")
    if not isinstance(given, UploadedFile):
        return _refused("No file came.")
    waiting = Attachment.objects.filter(draft__ticket=row, draft__user=user, message=None)
    sizes = list(waiting.values_list("size", flat=True))
    if len(sizes) >= MOST_FILES:
        return _refused(f"At most {MOST_FILES} files go with one message.")
    if sum(sizes) + (given.size or 0) > MOST_BYTES:
        return _refused(f"All files together may have {filesizeformat(MOST_BYTES)}.")
    try:
        file = described(given)  # written before the change: a disk is slow
    except VerbError as error:
        return _refused(error.text)
    with pipeline.change(Actor.user(user)):
        drafts.attach(row, user, file)
    return JsonResponse({"id": file.pk, "name": file.filename, "size": filesizeformat(file.size)})


@login_required
@require_POST
def remove(request: HttpRequest, number: int, pk: int) -> HttpResponse:
    """Take a file off again."""
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    row = get_object_or_404(queries.visible_to(user), pk=number)
    mine = Attachment.objects.filter(pk=pk, uploader=user, message=None)
    get_object_or_404(mine, draft__ticket=row).delete()
    return HttpResponse(status=204)


def _refused(why: str) -> HttpResponse:
    return JsonResponse({"why": why}, status=422)
