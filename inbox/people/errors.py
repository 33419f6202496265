"""Why a verb about a person refused. The text is for the person who asked."""


class PeopleError(Exception):
    """It cannot be done; nothing was changed."""

    def __init__(self, text: str, *, field: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.field = field
