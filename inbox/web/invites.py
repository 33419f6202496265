"""Answering an invite: a name and a password, or a provider."""

from allauth.account.utils import perform_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from inbox import pipeline
from inbox.accounts import invites, signin
from inbox.accounts.errors import AccountError
from inbox.audit import services as audit
from inbox.common.work import Actor
from inbox.web.accountforms import AcceptForm


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link; accepting it signs in."""
    row = invites.by_token(token, timezone.now())
    if row is None:
        context = {"label": "This link", "text": invites.GONE}
        return render(request, "account/refused.html", context, status=410)
    known = row.user.display_name if row.user else ""
    form = AcceptForm(request.POST or None, initial={"name": known})
    if request.method == "POST" and form.is_valid():
        try:
            with pipeline.change(Actor.system("invite")):
                user = invites.accept(token, **form.cleaned_data)
                audit.record(user, "invite.accepted", f"invite {row.pk}", request=request)
            answer: HttpResponse = perform_login(request, user)
            return answer
        except AccountError as error:
            form.add_error(error.field or None, error.text)
    shown = {"invite": row, "form": form, "token": token, "providers": signin.enabled()}
    return render(request, "account/invite.html", shown, status=422 if form.errors else 200)
