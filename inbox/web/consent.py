"""Connecting by the vendor's own consent page: there with a state of ours, and back with a code.

https://datatracker.ietf.org/doc/html/rfc6749#section-4.1
"""

import re
import secrets

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.views.decorators.http import require_POST, require_safe

from inbox.channels.contract import ChannelKind, ConfigError, DeliveryError
from inbox.channels.models import Channel
from inbox.channels.ports import Consent, OAuth
from inbox.operations.connecting import connect, prepare
from inbox.web import channelform, channels
from inbox.web.connection import back_of, kind_or_404, refusal
from inbox.web.guard import entered

SALT = "inbox.web.consent"
LASTS_SECONDS = 600
BEGUN = "consents"  # in the session: the consents that this browser has begun, the newest last
MOST = 5
# what a vendor says of itself is shown only when it is a plain word
WORD = re.compile(r"^[a-z][a-z_]{0,39}$")
REFUSALS = {
    "access_denied": "{} was told no, so nothing is connected.",
    "invalid_scope": "{} does not give what is asked for: look at what the app may do there.",
    "unauthorized_client": "{} does not let this app ask: look at its settings there.",
    "server_error": "{} could not answer. Try again in a while.",
    "temporarily_unavailable": "{} could not answer. Try again in a while.",
}


@login_required
@require_POST
def begin(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """Keep what was filled in, and go to the vendor's consent page."""
    user, known = entered(request), kind_or_404(kind)
    oauth = _oauth(known)
    if problem := refusal(request, kind, key):
        return channels.show(request, known, key, problem=problem, status=403)
    try:
        given = channelform.given(request, known)
        channel = prepare(kind, key, given, by=user, request=request)
    except ConfigError as error:
        return channels.show(request, known, key, problem=str(error), status=422)
    url = oauth.authorize(channel.config, _consent(kind, key, _state(request, kind, key)))
    if not url.startswith(("https://", "http://")):
        problem = f"{known.label} has no address to go to: look at the settings."
        return channels.show(request, known, key, problem=problem, status=422)
    return render(request, "account/going.html", {"label": known.label, "url": url})


@login_required
@require_safe
def back(request: HttpRequest, kind: str, key: str) -> HttpResponse:
    """From the vendor: with a code, which is worth the credentials, or with a refusal."""
    user = entered(request)
    channel = get_object_or_404(Channel, kind=kind, key=key)
    problem = _problem(request, channel) or refusal(request, kind, key)
    if not problem:
        try:
            # the vendor is asked here, outside of any transaction
            consent, code = _consent(kind, key, request.GET["state"]), request.GET["code"][:2_000]
            given = _oauth(channel.type).exchange(channel.config, consent, code)
            said = connect(kind, key, given, by=user, request=request)
        except (DeliveryError, ConfigError) as error:
            text = str(error).rstrip(".")
            problem = f"{channel.type.label} did not connect: {text}. Start again."
        else:
            messages.success(request, f"Connected. {said['check']}")
    if problem:
        messages.error(request, problem)
    return HttpResponseRedirect(reverse("channel-setup", args=[kind, key]))


def _oauth(kind: ChannelKind) -> OAuth:
    if kind.oauth is None:
        raise Http404
    return kind.oauth


def _state(request: HttpRequest, kind: str, key: str) -> str:
    """A word that only this browser brings back: signed, for ten minutes, used once."""
    nonce = secrets.token_urlsafe(16)
    request.session[BEGUN] = [*request.session.get(BEGUN, []), nonce][-MOST:]
    return signing.dumps([kind, key, nonce], salt=SALT)


def _consent(kind: str, key: str, state: str) -> Consent:
    """The visit that a state stands for; its verifier is made of the state by our own key."""
    verifier = salted_hmac(SALT, state, algorithm="sha256").hexdigest()
    return Consent(back=back_of(kind, key), state=state, verifier=verifier)


def _problem(request: HttpRequest, channel: Channel) -> str:
    """What is wrong with how somebody came back; "" when a code of theirs is to be exchanged."""
    label = channel.type.label
    try:
        said = signing.loads(request.GET.get("state", ""), salt=SALT, max_age=LASTS_SECONDS)
    except signing.SignatureExpired:
        return f"Coming back from {label} took longer than ten minutes. Start again."
    except signing.BadSignature:
        return f"This way back from {label} was not begun here. Start again."
    kind, key, nonce = said
    begun = request.session.get(BEGUN, [])
    if (kind, key) != (channel.kind, channel.key) or nonce not in begun:
        return f"This way back from {label} was used before, or began in another browser."
    request.session[BEGUN] = [one for one in begun if one != nonce]
    request.session.save()  # before the vendor is asked: nobody comes back twice meanwhile
    if "error" in request.GET:
        return _refused(label, request.GET["error"])
    return "" if request.GET.get("code") else f"{label} sent no code. Start again."


def _refused(label: str, word: str) -> str:
    if word in REFUSALS:
        return REFUSALS[word].format(label)
    shown = f" ({word})" if WORD.match(word) else ""
    return f"{label} refused{shown}. Nothing was connected."
