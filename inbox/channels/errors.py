"""What goes wrong at the border.

No Django and no Celery in this module.
"""


class ChannelError(Exception):
    """Base of all errors at the border."""


class BadSignature(ChannelError):
    """The request is not from the vendor, or too old to tell. Answered with 401."""


class WrongType(ChannelError):
    """A content type that this vendor never sends. Answered with 415."""


class MalformedBody(ChannelError):
    """The body cannot be read. The delivery is kept and marked failed."""


class UnknownEvent(ChannelError):
    """An event that the integration has never heard of: recorded, answered with 200, visible."""


class ConfigError(ChannelError):
    """Settings of a channel that cannot work; the text is for the admin."""


class DeliveryError(ChannelError):
    """Sending did not succeed.

    `permanent`: the vendor refused for good. `uncertain`: it may have happened. Otherwise it did
    not happen and may be tried again, after `retry_after_seconds` if the vendor named a time.
    `blocked`: the connection or the place does not work; it could leave once that is repaired.
    `text` is shown to agents: no secrets, no exception names.
    """

    def __init__(
        self,
        text: str,
        *,
        permanent: bool = False,
        uncertain: bool = False,
        retry_after_seconds: float | None = None,
        blocked: bool = False,
    ) -> None:
        super().__init__(text)
        self.text = text
        self.permanent = permanent
        self.uncertain = uncertain
        self.retry_after_seconds = retry_after_seconds
        self.blocked = blocked
