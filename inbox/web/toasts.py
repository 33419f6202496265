"""What was done, said in a corner of the page, with the way back while it is free."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from inbox.bulk.models import BulkRun
from inbox.bulk.services import Progress, progress
from inbox.web.conflicts import Again

UNDO = "undo:"  # before the address that takes it back


def say(request: HttpRequest, text: str, *, undo: str = "") -> None:
    """Say it on the next page, with an address that takes it back."""
    messages.success(request, text, extra_tags=UNDO + undo if undo else "")


def undo_of(run: BulkRun | None) -> str:
    """The address that takes a step back; "" without one."""
    return reverse("undo-run", args=[run.pk]) if run is not None else ""


def wanted(request: HttpRequest) -> bool:
    """Whether the answer goes into the corner of a page that stays."""
    htmx = getattr(request, "htmx", None)
    return bool(htmx and htmx.target == "toasts")


def answer(
    request: HttpRequest, text: str, *, undo: str = "", bad: bool = False, status: int = 200
) -> HttpResponse:
    """One toast as a fragment."""
    context = {"text": text, "undo": undo, "bad": bad}
    return render(request, "_toast.html", context, status=status)


def refused(
    request: HttpRequest, number: int, text: str, *, again: Again | None, status: int
) -> HttpResponse:
    """Why nothing was done to a ticket; whoever wants it in spite of a colleague may say so."""
    said = f"#{number}: {text}"
    context = {"text": said, "undo": "", "bad": True, "again": again, "number": number}
    return render(request, "_toast.html", context, status=status)


def of_run(request: HttpRequest, run: BulkRun) -> HttpResponse:
    """How far a run of many tickets is, as a toast that renews itself until it is done."""
    found = progress(run)
    context = {"progress": found, "text": words(found), "undo": "", "bad": False}
    if run.state == "done" and found.changed:
        context["undo"] = undo_of(run)
    return render(request, "_toast.html", context)


def words(found: Progress) -> str:
    """What a run has done, in a sentence."""
    said = found.run.said
    if found.undoing:
        said = f"Undone: {said[0].lower()}{said[1:]}" if said else "Undone"
    about = f"#{found.only}" if found.only else f"{found.changed:,} tickets"
    if found.total > 1 and found.changed == 1:
        about = "1 ticket"
    return f"{said}: {about}"
