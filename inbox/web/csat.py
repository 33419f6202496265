"""Pages behind the links in mails to visitors: rate a chat, say that an address is one's own.

Nobody is signed in and no cookie is read: the signed link says what may be done, so a form of
another site could only send what its maker has got by mail. Looking changes nothing, for mail
scanners follow links; only the button does.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from inbox import pipeline
from inbox.common.work import Actor
from inbox.livechat import continuing, links, rating
from inbox.livechat.limits import TooMany, spend
from inbox.livechat.links import WrongLink
from inbox.livechat.models import Rating

MOST_COMMENT = 1000
METHODS = ["GET", "HEAD", "POST"]


@csrf_exempt  # no cookie is read: the signed link is what a forger lacks
@require_http_methods(METHODS)
def csat(request: HttpRequest, token: str) -> HttpResponse:
    """Rate one closing of a chat; for a week it may be changed."""
    return _answered(request, lambda: _rate(request, token))


@csrf_exempt  # as above
@require_http_methods(METHODS)
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Say that the address that was typed in a chat is one's own."""
    return _answered(request, lambda: _confirm(request, token))


def _answered(request: HttpRequest, act: Callable[[], HttpResponse]) -> HttpResponse:
    try:
        answer = act()
    except WrongLink:
        answer = render(request, "chat/csat.html", {"state": "gone"}, status=404)
    except rating.TooLate:
        answer = render(request, "chat/csat.html", {"state": "late"}, status=409)
    except TooMany as error:
        answer = render(request, "chat/csat.html", {"state": "many"}, status=429)
        answer["Retry-After"] = str(error.retry_after_seconds)
    answer["Referrer-Policy"] = "no-referrer"  # the address is the secret
    answer["X-Robots-Tag"] = "noindex"
    return answer


def _rate(request: HttpRequest, token: str) -> HttpResponse:
    conversation, closing = links.rated(token, timezone.now())
    row = Rating.objects.filter(conversation=conversation, closing=closing).first()
    score, comment = row.score if row else 0, row.comment if row else ""
    state, problem = "rate", ""
    if request.method == "POST":
        given, comment = request.POST.get("score", ""), request.POST.get("comment", "")
        comment = comment.replace("\x00", "").strip()[:MOST_COMMENT]
        if given in ("1", "2", "3", "4", "5"):
            score, state = int(given), "rated"
            with pipeline.change(Actor.system("live chat")):
                rating.rate(conversation, score=score, comment=comment, closing=closing)
        else:
            problem = "Choose one of the five."
    context = {
        "state": state,
        "problem": problem,
        "site": conversation.channel.address,
        "scores": rating.SCORES,
        "score": score,
        "comment": comment,
    }
    return render(request, "chat/csat.html", context, status=422 if problem else 200)


def _confirm(request: HttpRequest, token: str) -> HttpResponse:
    conversation = links.confirmed(token, timezone.now())
    state = "confirmed" if conversation.email_confirmed_at else "confirm"
    if request.method == "POST":
        spend("chat_identifies_per_hour", f"confirm:{conversation.pk}")
        with pipeline.change(Actor.system("live chat")):
            continuing.confirm(conversation)
        state = "confirmed"
    context = {"state": state, "site": conversation.channel.address, "email": conversation.email}
    return render(request, "chat/csat.html", context)
