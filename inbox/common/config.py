"""Editable values with their shipped defaults."""

from typing import Any

from inbox.common.models import Setting
from inbox.common.versions import bump, kept

HOLDING_REPLY = (
    "Thank you for writing. The team is not at work right now; we have your message and will get "
    "back to you on the next business day."
)
ASKING_THE_TEAM = (
    "Good question. I am asking the people here who know this best and will get back to you."
)
REDIRECT_TEXT = (
    "Most of the community answers in our chat, usually much faster than here. Come over: {link}"
)
RELEASE_TEXT = (
    "Hi {name}, **{version}** of {place} is out, and it has the fix for what you reported.\n\n"
    "- Release notes: {notes}\n- {upgrade}\n\nShould it not work for you, answer here."
)
PAGE_TEXT = (
    "Hi {name}, the documentation now covers what you were missing: {link}\n\n"
    "Should something still be unclear, answer here."
)
SCOPING_TEXT = (
    "Thank you for this. It needs scoping first: our product team looks at it in the next product "
    "review, which is every Monday, and we will say here what comes of it."
)
BECAME_ISSUE = "This became {link}. We will tell you here when it is released."
DEFAULTS: dict[str, Any] = {
    "pleasantries": ["thanks", "thank you", "ty"],
    "require_admin_totp": False,
    "quiet_hours": ["22:00", "07:00"],
    "awake_hours": ["08:00", "22:00"],
    "working_hours": ["09:00", "18:00"],
    "escalate_after_minutes": 30,
    "alert_address": "",
    "holding_reply": HOLDING_REPLY,
    "asking_the_team": ASKING_THE_TEAM,
    "undo_seconds": 10,
    "emoji_done": ["white_check_mark", "heavy_check_mark", "ballot_box_with_check"],
    "emoji_mine": ["eyes"],
    "group_seconds": 120,
    "redirect_text": REDIRECT_TEXT,
    "release_text": RELEASE_TEXT,
    "upgrade_text": "Update to {version} to get it.",
    "page_text": PAGE_TEXT,
    "became_issue_text": BECAME_ISSUE,
    "call_link": "",
    "call_after_messages": 10,
    "automatic_per_address_hour": 3,
    "automatic_per_address_day": 6,
    "automatic_per_ticket_hour": 1,
    "automatic_per_ticket": 5,
    # live chat: the limits of one visitor or address, and when unread answers are mailed
    "chat_messages_per_minute": 20,
    "chat_conversations_per_half_day": 6,
    "chat_identifies_per_hour": 60,
    "chat_visitors_per_address_hour": 5,
    "chat_transcripts_per_day": 3,
    "chat_ratings_per_hour": 10,
    # so many strangers in a minute look like an attack: then browsers prove that they work for it
    "chat_strangers_per_channel_minute": 300,
    "chat_proofs_per_address_hour": 30,
    "chat_proof_bits": 16,
    "chat_mail_after_minutes": 10,
    # labels, exactly as they are written at the vendor
    "label_triage": "Triage 👀",
    "label_review": "Product review",
    "label_community": "Community",
    "label_sprint": "Sprint task",
    "label_contribution": "Open to contribution",
    "scoping_text": SCOPING_TEXT,
    # words that stand for one another here, beside the shipped ones: ["slot, replication slot", …]
    "search_synonyms": [],
    # reports: what is to be kept in 100, and whose hours count where nothing was promised
    "sla_goal_percent": 92,
    "report_calendar": "team",
    "short_queue": 5,  # with fewer tickets that wait for us, the queue offers the backlog
}


class UnknownSetting(KeyError):
    """There is no editable value of this name."""


def setting(name: str) -> Any:
    """The value of a setting. Raises `UnknownSetting`."""
    if name not in DEFAULTS:
        raise UnknownSetting(name)
    return kept("settings", _load).get(name, DEFAULTS[name])


def change_setting(name: str, value: Any) -> None:
    """Store a value; every process takes it over with its next change."""
    if name not in DEFAULTS:
        raise UnknownSetting(name)
    Setting.objects.update_or_create(name=name, defaults={"value": value})
    bump("settings")


def _load() -> dict[str, Any]:
    return dict(Setting.objects.values_list("name", "value"))
