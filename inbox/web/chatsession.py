"""`POST sessions/`: a page opens; who it is, and all that the widget needs to draw itself."""

from urllib.parse import urlsplit

from django.http import HttpResponse, JsonResponse
from django.utils import timezone

from inbox.livechat import asking, continuing, history, identity, office, passing, rating, sessions
from inbox.livechat.identity import MOST_TOKEN
from inbox.livechat.models import Conversation
from inbox.livechat.sessions import Claims, Here, Work
from inbox.web.chatdoor import Ask, Refused, need_known, text_of

FIELDS = "page referrer name email topic user_id user_hash user_jwt proof"
MOST_PAGE = 2000


def begin(ask: Ask) -> HttpResponse:
    """The token, the conversation, and how things stand."""
    here = Here(channel=ask.channel, token=ask.token, address=ask.address, now=timezone.now())
    claims = _claims(ask)
    token, row = sessions.begin(here, claims)
    passing.moves(row, claims.page)
    return JsonResponse({"token": token, **_shown(ask, row)})


def _claims(ask: Ask) -> Claims:
    email = ask.text("email", identity.MOST_EMAIL)
    if email and not identity.ADDRESS.match(email):
        raise Refused(400, "This is no e-mail address.", email="not an address")
    topic = ask.text("topic", 80)
    if topic and topic not in asking.topics(ask.channel):
        raise Refused(400, "This is no topic of this chat.", topic="unknown")
    return Claims(
        page=_address(ask.text("page", MOST_PAGE)),
        referrer=_address(ask.text("referrer", MOST_PAGE)),
        name=ask.text("name", identity.MOST_NAME),
        email=email,
        topic=topic,
        user_id=ask.text("user_id", identity.MOST_ID),
        user_hash=ask.text("user_hash", 64),
        user_jwt=ask.text("user_jwt", MOST_TOKEN),
        work=_work(ask),
    )


def _address(page: str) -> str:
    """A page without what its query, its fragment and its sign-in may hold: nobody's business."""
    try:
        parts = urlsplit(page)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return ""
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:500]
    except ValueError:
        return ""


def _work(ask: Ask) -> Work:
    given = ask.data.get("proof", {})
    if not isinstance(given, dict):
        raise Refused(400, "proof is an object.", proof="not an object")
    need_known(given, "challenge nonce")
    return Work(challenge=text_of(given, "challenge", 200), nonce=text_of(given, "nonce", 64))


def _shown(ask: Ask, row: Conversation) -> dict[str, object]:
    config, rated = ask.channel.settings, rating.of(row)
    return {
        "conversation": row.key,
        "greeting": config.get("greeting", ""),
        "hours": office.hours(ask.channel, timezone.now()),
        "site": ask.channel.address,
        "invite_url": config.get("invite_url", ""),
        "purpose": config.get("purpose", "support"),
        "name": row.visitor.name,
        "email": row.email,
        "topic": row.topic,
        "fields": asking.fields(ask.channel),
        "topics": asking.topics(ask.channel),
        "person": office.person(row, timezone.now()),
        "read": row.read_entry,
        "team_read": row.team_read,
        "ended": row.ended_at is not None,
        "rating": rated.score if rated else None,
        "transcript": continuing.may_send_transcript(row),
        "history": history.of(row),
        "kept_months": None,  # nothing is erased by age yet: no time is promised
    }
