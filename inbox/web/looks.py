"""Looks that turn with one press and stay on every device: density of rows, light or dark."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from inbox.accounts.models import User

# what a press turns to where the form does not say it: a browser without scripts
OTHER = {
    "density": {"": "compact", "compact": ""},
    "theme": {"": "dark", "light": "dark", "dark": "light"},
}


@login_required
@require_POST
def density(request: HttpRequest) -> HttpResponse:
    """Compact or roomy rows."""
    return _turn(request, "density")


@login_required
@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Light or dark; “as the system” is chosen in the account."""
    return _turn(request, "theme")


def _turn(request: HttpRequest, name: str) -> HttpResponse:
    user = request.user
    assert isinstance(user, User)  # noqa: S101 - login_required
    asked = request.POST.get(name, "-")
    known = OTHER[name]
    setattr(user, name, asked if asked in known else known[getattr(user, name)])
    user.save(update_fields=[name])
    wanted = request.POST.get("next", "")
    fits = url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()})
    return HttpResponseRedirect(wanted if fits else reverse("queue"))
