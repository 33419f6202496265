"""Why a verb refused. The text is for the person who asked."""


class VerbError(Exception):
    """A verb that cannot be done; nothing was changed."""

    def __init__(self, text: str, *, field: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.field = field


class StaleReply(VerbError):
    """There is a newer message than the one that was answered (L11)."""

    def __init__(self, newer_message_id: int) -> None:
        super().__init__("There is a newer message in this ticket.", field="last_seen_message")
        self.newer_message_id = newer_message_id


class NotYours(VerbError):
    """The connection by which it would leave is for others to use (S34)."""


class NotAllowed(VerbError):
    """The ticket's status does not admit the verb."""
