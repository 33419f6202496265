"""How a connection is, as it is written: what is wrong, and since when."""

from typing import Any

from django.db.models import Case, F, When
from django.db.models.functions import Now

OK = "ok"
WELL: dict[str, Any] = {"health": OK, "health_text": "", "health_since": None}


def ill(text: str, *, state: str = "error") -> dict[str, Any]:
    """Values of an UPDATE of channels: what has to be repaired; it counts from the first time."""
    since = Case(When(health=OK, then=Now()), default=F("health_since"))
    return {"health": state, "health_text": text[:250], "health_since": since}
