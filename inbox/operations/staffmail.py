"""Mails to people who are about to have an account."""

import secrets

from django.conf import settings
from django.urls import reverse

from inbox.accounts.models import Invite
from inbox.outbox import services as outbox

INVITE = (
    "{by} invites you to the help desk as {role}.\n\n"
    "Open this link to choose your name and password; it works once, until {until:%d %B}:\n"
    "{link}\n\n"
    "If you do not know {by}, leave this mail alone: without the link there is no account."
)


def mail_invite(invite: Invite, token: str) -> bool:
    """Mail an invite through the system channel. False when there is none."""
    by = invite.by.display_name if invite.by else "Somebody"
    link = str(settings.BASE_URL) + reverse("invite", args=[token])
    text = INVITE.format(
        by=by, role=invite.get_role_display().lower(), until=invite.expires_at, link=link
    )
    subject = f"{by} invites you to the help desk"
    key = f"invite:{invite.pk}:{secrets.token_hex(8)}"
    return (
        outbox.queue_system_mail(to=invite.email, subject=subject, text=text, key=key) is not None
    )
