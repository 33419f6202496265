"""Which glyph and which short words stand for a kind."""

CHANNEL_ICONS = {"email": "mail", "slack": "hash", "github": "git-issue", "livechat": "chat"}

RAIL_CHANNELS = {
    "slack": ("Slack", "hash"),
    "github": ("GitHub", "git"),
    "email": ("E-mail", "mail"),
    "livechat": ("Live chat", "chat"),
}

# By what a category is called, as every desk names its own; the first that fits counts.
CATEGORY_ICONS = (
    ("secur", "shield"),
    ("bug", "bug"),
    ("feature", "bulb"),
    ("docs", "pen"),
    ("question", "book"),
    ("how", "book"),
    ("deploy", "box"),
    ("connector", "plug"),
    ("contribut", "git-pr"),
    ("account", "receipt"),
    ("billing", "receipt"),
    ("hiring", "case"),
    ("marketing", "mail"),
    ("newsletter", "mail"),
    ("transaction", "auto"),
    ("automat", "auto"),
    ("ecosystem", "globe"),
    ("test", "flag"),
)

LINK_ICONS = {"issue": "git-issue", "pull": "git-pr", "discussion": "git-talk", "page": "book"}

SHORT_FLAGS = {
    "erased": "erased with the person who wrote it",
    "expired": "the text was removed, as set in the retention",
    "unverified_participant": "not known here",
    "sender_unverified": "sender not proven",
    "sender_forged": "forged sender",
    "not_sent_to_asker": "not addressed to the requester",
    "subject_changed": "another subject",
}
