"""Why an account could not be made or changed. The text is for the person who asked."""


class AccountError(Exception):
    """A verb that cannot be done; nothing was changed."""

    def __init__(self, text: str, *, field: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.field = field
