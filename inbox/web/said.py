"""What a verb answers: words for a toast, and where the way back is."""


class Said(str):
    """Words that can be undone: `undo` is the address that a post takes it back at."""

    __slots__ = ("undo",)

    undo: str

    def __new__(cls, words: str, *, undo: str) -> "Said":
        """The words, with their way back."""
        made = super().__new__(cls, words)
        made.undo = undo
        return made
