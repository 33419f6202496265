"""Signing in with a provider: there, and back."""

import requests
from allauth.account.utils import get_next_redirect_url
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST, require_safe

from inbox.web.joining import INVITE, refusal
from inbox.web.oidc import NotProven


@require_POST
def begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    """To the provider. By a page that goes there by itself: our policy lets no form leave us."""
    try:
        provider = get_adapter().get_provider(request, provider_id)
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
    connects = request.user.is_authenticated and "connect" in request.POST
    if invite := request.POST.get("invite", ""):
        request.session[INVITE] = invite[:100]
    else:
        request.session.pop(INVITE, None)
    try:
        there = provider.redirect(
            request,
            process=AuthProcess.CONNECT if connects else AuthProcess.LOGIN,
            next_url=get_next_redirect_url(request),
        )
    except NotProven as error:
        return refusal(request, provider.app.name, error.text, status=503)
    except (requests.RequestException, ValueError):
        text = "It cannot be reached right now. Try again in a while."
        return refusal(request, provider.app.name, text, status=503)
    context = {"label": provider.app.name, "url": there["Location"]}
    return render(request, "account/going.html", context)


@require_safe
def back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """From the provider, with an answer to what this browser asked it."""
    try:
        provider = get_adapter().get_provider(request, provider_id)
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
    view = OAuth2CallbackView.adapter_view(provider.get_oauth2_adapter(request))
    answer: HttpResponse = view(request)
    return answer
