"""What a site loads of live chat: the script, the frame; and the page that says how to embed it."""

import json
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from inbox.channels.models import Channel
from inbox.web import chatscript
from inbox.web.chat import VERBS, Refused, origins, site
from inbox.web.page import page

A_YEAR, FIVE_MINUTES = 31_536_000, 300
# the mouths of the rating's five faces, as paths
FACES = (
    (1, "M5.6 11c.6-1.2 1.4-1.7 2.4-1.7s1.8.5 2.4 1.7"),
    (2, "M5.9 10.7c.6-.6 1.3-.9 2.1-.9s1.5.3 2.1.9"),
    (3, "M5.9 10.2h4.2"),
    (4, "M5.9 9.7c.6.6 1.3.9 2.1.9s1.5-.3 2.1-.9"),
    (5, "M5.4 9.2h5.2c-.4 1.5-1.4 2.2-2.6 2.2s-2.2-.7-2.6-2.2z"),
)
# how a site's server proves who is signed in: what it is called, its id on the page, the code
EXAMPLES = (
    (
        "Python",
        "python",
        "import hashlib, hmac\n\nuser_hash = hmac.new(\n"
        "    IDENTITY_SECRET.encode(), str(user.id).encode(), hashlib.sha256\n).hexdigest()",
    ),
    (
        "Node.js",
        "node",
        'const { createHmac } = require("node:crypto");\n\n'
        'const userHash = createHmac("sha256", process.env.IDENTITY_SECRET)\n'
        '  .update(String(user.id)).digest("hex");',
    ),
    (
        "Ruby",
        "ruby",
        'require "openssl"\n\n'
        'user_hash = OpenSSL::HMAC.hexdigest("SHA256", ENV["IDENTITY_SECRET"], user.id.to_s)',
    ),
)
FRAME_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)


def _channel(key: str) -> Channel:
    try:
        return site(key)
    except Refused as error:
        raise Http404 from error


@require_safe
def widget(request: HttpRequest, key: str) -> HttpResponse:
    """The one script of a host's page; it may be loaded from anywhere."""
    _channel(key)
    response = chatscript.answer(request, chatscript.widget(), seconds=FIVE_MINUTES)
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Access-Control-Allow-Origin"] = "*"
    return response


@require_safe
def script(request: HttpRequest, key: str) -> HttpResponse:
    """The frame's script; its address names its version."""
    _channel(key)
    is_newest = request.GET.get("v") == chatscript.version()
    return chatscript.answer(
        request, chatscript.frame(), seconds=A_YEAR if is_newest else FIVE_MINUTES
    )


@require_safe
def frame(request: HttpRequest, key: str) -> HttpResponse:
    """The chat's page. Only the channel's sites, and our own embed page, may frame it."""
    channel = _channel(key)
    known = {"origins": json.dumps(origins(channel)), "faces": FACES}
    context = {"channel": channel, "version": chatscript.version(), **known}
    context["takes"] = VERBS["POST", "sessions"][0]
    response = render(request, "chat/frame.html", context)
    response["Content-Security-Policy"] = " ".join([FRAME_POLICY, *origins(channel)])
    return response


def _origin_of(address: str) -> str:
    """The origin of a page as browsers send it; what is no address stays as it is."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else address


@login_required
@require_safe
def embed(request: HttpRequest, key: str) -> HttpResponse:
    """How to put the widget on a site, a live preview, and whether an origin may show it."""
    channel = _channel(key)
    asked = request.GET.get("origin", "").strip()
    origin = _origin_of(asked)
    context = {
        "channel": channel,
        "base": settings.BASE_URL,
        "origins": origins(channel),
        "asked": asked,
        "origin": origin,
        "is_allowed": origin in origins(channel),
        "examples": EXAMPLES,
        "has_secret": bool(channel.secrets.get("identity_secret")),
    }
    return page(request, "chat/embed.html", context)
