"""Where words can stand: the text columns of every table, also of tables that come later."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import models
from django.db.models.functions import Cast

if TYPE_CHECKING:
    Column = models.Field[Any, Any]  # generic for the type checker only

SHORTEST = 32  # a column that holds less is a word of ours: a state, a kind, a colour


def tables() -> list[type[models.Model]]:
    """Every table that somebody's words may stand in, in a fixed order."""
    found = [m for m in apps.get_models() if m._meta.managed and not m._meta.proxy]
    return sorted((m for m in found if words_in(m)), key=lambda model: model._meta.label_lower)


def words_in(model: type[models.Model]) -> "list[Column]":
    """The columns of a table in which text, JSON or bytes can stand."""
    return [column for column in model._meta.concrete_fields if _holds_words(column)]


def _holds_words(column: "Column") -> bool:
    if column.primary_key or getattr(column, "generated", False) or column.is_relation:
        return False
    if isinstance(column, models.CharField):
        return not column.choices and (column.max_length or SHORTEST) >= SHORTEST
    return isinstance(column, models.TextField | models.JSONField | models.BinaryField)


def empty(column: "Column") -> Any:
    """What stands in a column of which nothing is left."""
    if isinstance(column, models.JSONField):
        given = column.get_default()
        return given if given is not None or column.null else {}
    if isinstance(column, models.BinaryField):
        return b""
    return None if column.null else ""


def rows_with(
    model: type[models.Model], columns: "list[Column]", words: Iterator[str] | list[str]
) -> "models.QuerySet[models.Model]":
    """The rows that have one of some words in one of their columns, however it is written there."""
    readable = [c for c in columns if not isinstance(c, models.BinaryField)]
    found = models.Q(pk__in=[])
    named = {f"seen_{c.name}": Cast(c.name, models.TextField()) for c in readable}
    for word in words:
        for name in named:
            found |= models.Q(**{f"{name}__icontains": word})
    rows: models.QuerySet[models.Model] = model._default_manager.annotate(**named)
    return rows.filter(found)
