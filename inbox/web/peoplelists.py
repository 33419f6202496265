"""Lists of people that come in: read, mapped, checked, taken in, taken back as a whole."""

from itertools import zip_longest
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from inbox import pipeline
from inbox.accounts.models import User
from inbox.audit import services as audit
from inbox.channels import peoplefiles, use
from inbox.common.queue import Job, enqueue
from inbox.common.work import Actor
from inbox.people import lists, paging, staging, taking
from inbox.people.errors import PeopleError
from inbox.people.models import PeopleExport, PeopleImport
from inbox.people.records import BUSY, ImportState
from inbox.web.guard import entered
from inbox.web.onpaper import csv_of
from inbox.web.page import page


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """The lists so far, and a new one."""
    user, problem = entered(request), None
    if request.method == "POST":
        try:
            row = _begin(request, user)
            return HttpResponseRedirect(reverse("people-imported", args=[row.pk]))
        except PeopleError as error:
            problem = error
    context = {
        "problem": problem,
        "imports": PeopleImport.objects.select_related("by")[:20],
        "exports": PeopleExport.objects.select_related("by")[:20],
        "columns": lists.COLUMNS.values(),
        "systems": peoplefiles.labels(),
        "connections": [one for one in paging.channels() if use.may_use(one, user.pk)],
    }
    return page(request, "people/lists.html", context, status=422 if problem else 200)


def _begin(request: HttpRequest, user: User) -> PeopleImport:
    """Take the uploaded files: one table, or dumps of one system; or read from a connection.

    Raises `PeopleError`.
    """
    if "channel" in request.POST:
        return _begin_reading(request, user, request.POST["channel"])
    files = [file for file in request.FILES.getlist("file") if isinstance(file, UploadedFile)]
    if not files:
        raise PeopleError("Choose a file first.")
    if any(_is_json(file) for file in files):
        return _begin_dumps(request, user, files)
    if len(files) > 1:
        raise PeopleError("Take in one table after the other.")
    file = files[0]
    if (file.size or 0) > lists.MOST_BYTES:
        size = (file.size or 0) / 1024 / 1024
        raise PeopleError(f"The file has {size:.1f} MB; 10 MB is the most. Cut it in two.")
    with pipeline.change(Actor.user(user)):
        row = taking.begin(filename=file.name or "list.csv", content=file.read())
        target, new = f"people list {row.pk}", {"lines": row.lines}
        audit.record(user, "import.begun", target, new=new, request=request)
    return row


def _begin_reading(request: HttpRequest, user: User, name: str) -> PeopleImport:
    channel = next((one for one in paging.channels() if str(one) == name), None)
    if channel is None:
        raise PeopleError("This connection is not there any more.")
    if problem := use.why_not(channel, user.pk):
        raise PeopleError(problem)
    with pipeline.change(Actor.user(user)):
        row = paging.begin(channel)
        enqueue(Job.PEOPLE_LIST, row.pk)
        target, new = f"people list {row.pk}", {"channel": str(channel)}
        audit.record(user, "import.begun", target, new=new, request=request)
    return row


def _is_json(file: "UploadedFile[Any]") -> bool:
    """Whether the file begins as JSON does, whatever it is called."""
    head = file.read(1_024)
    file.seek(0)
    return head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")


def _begin_dumps(
    request: HttpRequest, user: User, files: "list[UploadedFile[Any]]"
) -> PeopleImport:
    folder, source = staging.keep(files)  # written before the change: a disk is slow
    names = [(file.name or "file.json")[:120] for file in files]
    try:
        with pipeline.change(Actor.user(user)):
            row = taking.begin_files(names=names, folder=folder, source=source)
            enqueue(Job.PEOPLE_LIST, row.pk)
            target, new = f"people list {row.pk}", {"files": len(files), "source": source}
            audit.record(user, "import.begun", target, new=new, request=request)
    except BaseException:
        staging.drop(folder)
        raise
    return row


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def imported(request: HttpRequest, pk: int) -> HttpResponse:
    """One list: its columns, what would become of it, its progress, and the way back."""
    user = entered(request)
    row, problem = get_object_or_404(PeopleImport.objects.select_related("by"), pk=pk), None
    if request.method == "POST":
        try:
            said = _act(row, request, user)
            if said:
                messages.success(request, said)
            return HttpResponseRedirect(reverse("people-imported", args=[pk]))
        except PeopleError as error:
            problem = error
    context = {"row": row, "problem": problem, **_shown(row, request, user)}
    fragments = {"taking"}
    status = 422 if problem else 200
    return page(request, "people/list.html", context, fragments=fragments, status=status)


def _act(row: PeopleImport, request: HttpRequest, user: User) -> str:
    """One button. Raises `PeopleError`."""
    verb = request.POST.get("do", "")
    with pipeline.change(Actor.user(user)):
        if verb == "check":
            taking.check(row, request.POST.getlist("column")[: len(row.header)])
        elif verb == "run":
            taking.run(row, skip_bad="skip" in request.POST)
        elif verb == "undo":
            taking.take_back(row)
        elif verb == "map":
            taking.map_again(row)
            return ""
        else:
            raise PeopleError("Choose one of the buttons.")
        enqueue(Job.PEOPLE_LIST, row.pk)
        audit.record(user, f"import.{verb}", f"people list {row.pk}", request=request)
    return ""


def _shown(row: PeopleImport, request: HttpRequest, user: User) -> dict[str, Any]:
    if row.state == ImportState.MAPPING:
        chosen = request.POST.getlist("column") or row.mapping
        examples = taking.samples(row)
        columns = zip_longest(row.header, chosen, *examples, fillvalue="")
        return {
            "columns": [(cells[0], cells[1], cells[2:]) for cells in columns][: len(row.header)],
            "kinds": lists.COLUMNS.items(),
        }
    old = row.finished_at is None or timezone.now() - row.finished_at > taking.KEPT_FOR
    return {
        "busy": row.state in BUSY,
        **_progress(row),
        "system": peoplefiles.label_of(row.source) if row.source else "",
        "may_undo": row.state == ImportState.DONE and not old,
        "until": row.finished_at + taking.KEPT_FOR if row.finished_at else None,
        "figures": [
            (words, count)
            for name, words in FIGURES.items()
            if (count := row.counts.get(name, 0)) or name in ALWAYS
        ],
        "examples": [
            (words, [who for word, who in row.examples if word == name])
            for name, words in EXAMPLES.items()
            if any(word == name for word, _ in row.examples)
        ],
    }


def _progress(row: PeopleImport) -> dict[str, Any]:
    """How far the job is: of what is known to come."""
    total = row.lines + row.doings
    if row.state == ImportState.UNDOING:
        total = row.taken.count() + row.activities.count() + row.position
    if row.state == ImportState.READING:
        read, size = staging.progress(row)
        return {"total": 0, "percent": min(100, 100 * read // size) if size else 0}
    return {"total": total, "percent": min(100, 100 * row.position // total) if total else 0}


ALWAYS = ("new", "filled", "same")
FIGURES = {
    "new": "new",
    "filled": "get something added",
    "same": "stay as they are",
    "conflict": "name somebody else too: you will be asked, nobody is merged",
    "teammate": "called one of the team: nothing follows from it",
    "done_new": "new activities",
    "done_same": "activities that are here already",
    "left": "left out on purpose",
}
EXAMPLES = {
    "new": "New, for example",
    "conflict": "Maybe the same as somebody else, for example",
    "teammate": "Called one of the team, for example",
}


# ------------------------------------------------------------------ what was not taken in


@login_required
@require_safe
def wrong(request: HttpRequest, pk: int) -> HttpResponse:
    """Every line that cannot be taken in, as CSV, with its cells as they came."""
    row = get_object_or_404(PeopleImport, pk=pk)
    lines = ([data["n"], data["words"], *data.get("cells", [])] for data in taking.wrong(row))
    return csv_of(f"people-{pk}-left-out", ["Line", "What is wrong", *row.header], lines)
