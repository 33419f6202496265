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
LEAK_TEXT = (
    "Hi {name}, your message had what looks like a {label} in it. We have hidden it on our side. "
    "Please replace it now, however short it was visible: others may have read it.\n\n"
    "{advice}\n\n{where}Answer here once it is replaced, so that we know."
)
QUOTE_ASK_TEXT = (
    "Hi {name}, you said it better than we could:\n\n{quote}\n\n"
    "May we share this, for example on our website or in a talk? Fully attributed, with your name "
    "and company as you like to be called; or “blinded”, without anything that says who you are; "
    "or not at all. Just answer here. You can take it back at any time."
)
INTERVIEW_TEXT = (
    "Hi {name}, what you are building is just what we would like to learn from. Would you have "
    "half an hour for a call with our product team? Pick a time that suits you: {link}"
)
STORY_TEXT = (
    "Hi {name}, your use case would help many others here. May we interview you about it and share "
    "the story? You read it before anybody else does. Pick a time that suits you: {link}"
)
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
    "draft_days": 30,  # what nobody sent for so long is deleted
    "emoji_done": ["white_check_mark", "heavy_check_mark", "ballot_box_with_check"],
    "emoji_mine": ["eyes"],
    "group_seconds": 120,
    "redirect_text": REDIRECT_TEXT,
    "release_text": RELEASE_TEXT,
    "upgrade_text": "Update to {version} to get it.",
    "page_text": PAGE_TEXT,
    "became_issue_text": BECAME_ISSUE,
    "quote_ask_text": QUOTE_ASK_TEXT,
    "interview_text": INTERVIEW_TEXT,
    "story_text": STORY_TEXT,
    "call_link": "",
    "zoom_link": "",  # where a call goes on when a stream had to end
    "generic_role_link": "",  # where everybody may apply, when the job board does not say
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
    # the first run: whose desk this is, and whether its list of steps was put away
    "team_name": "",
    "start_hidden": False,
    # what statuses are called here: {"open": "To do", …}; see inbox/tickets/naming.py
    "status_names": {},
    # days that things are kept, 0 for ever; after closing it is said per channel or category, by
    # rows that `privacy.policies` explains
    "retention": [],
    "keep_raw_days": 30,
    "keep_notices_days": 90,
    "keep_api_answers_days": 7,
    # a secret that was sent to us: how long its encrypted original is kept, when the team is told
    # that nobody has confirmed it, what its sender is told, and whether that leaves by itself
    "secret_days": 7,
    "secret_answer_minutes": 30,
    "secret_look_minutes": 60,  # after somebody confirmed it the source is looked at again
    "secret_text": LEAK_TEXT,
    "secret_automatic": False,
    # kinds of channels in the order in which who is on call answers them; then come the others
    "lane_order": ["slack", "github"],
    # community: points for each deed, the most that a kind brings, how much of it counts up to so
    # many days, and from which sum on somebody is what; people who take part for nothing are new
    "community_points": {
        "answered": 5,
        "credited": 3,
        "merged": 8,
        "proposed": 4,
        "reported": 3,
        "asked": 1,
        "event": 2,
        "elsewhere": 1,
    },
    "community_most": {"asked": 4, "elsewhere": 4},
    "community_ages": [[90, 100], [365, 50]],
    "community_levels": {"asking": 1, "helping": 5, "regular": 30, "candidate": 60},
    "community_quiet_days": 120,  # a declined nomination is not proposed again before
    "community_silent_days": 30,  # after a close, somebody who was active
    "product_areas": [],  # what product can be asked about, offered where a ticket is referred
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
