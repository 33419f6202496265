"""What statuses are called here (L19): names to change, categories that stay."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from inbox.audit import services as audit
from inbox.tickets import naming
from inbox.tickets.errors import VerbError
from inbox.web.guard import entered
from inbox.web.page import page

MEANINGS = {
    "open": "Ours to answer; its SLA runs.",
    "them": "In progress, and it is their turn: the SLA pauses.",
    "research": "In progress, and somebody here is looking into it: the SLA runs.",
    "on_hold": "Nobody’s turn for a reason that is written down.",
    "closed": "Ended, with how it ended.",
    "trashed": "Thrown away; can be brought back for 30 days.",
    "spam": "Never answered, counted nowhere.",
    "merged": "Goes on in another ticket.",
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def statuses(request: HttpRequest) -> HttpResponse:
    """The form; an empty field is a mistake, “as shipped” puts every name back."""
    known, problem = naming.names(), None
    if request.method == "POST":
        reset = "reset" in request.POST
        known = naming.SHIPPED if reset else {key: request.POST.get(key, "") for key in known}
        try:
            with transaction.atomic():
                old, new = audit.differences(naming.names(), known)
                naming.rename(known)
                audit.record(entered(request), "status.renamed", old=old, new=new, request=request)
            messages.success(request, "The shipped names are back." if reset else "Kept.")
            return HttpResponseRedirect(reverse("statuses"))
        except VerbError as error:
            problem = error
    rows = [(key, known[key], shipped, MEANINGS[key]) for key, shipped in naming.SHIPPED.items()]
    context = {"rows": rows, "problem": problem, "longest": naming.LONGEST}
    return page(request, "settings/statuses.html", context, status=422 if problem else 200)
