"""What is saved in the admin is written to the audit log, by whatever class does the saving."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from inbox.accounts.models import User
from inbox.audit import services as audit

NOTED = "_audited_fields"
PERSONAL = ("contact", "identity")  # of people outside the log keeps no word, only what was touched


class Audited(admin.ModelAdmin):
    """Every form, switch and deletion of the admin ends in one of these three calls of Django's."""

    def construct_change_message(
        self,
        request: HttpRequest,
        form: Any,
        formsets: Any,
        add: bool = False,  # noqa: FBT001, FBT002 - Django's signature
    ) -> Any:
        """Note what each field was, while the form still knows it."""
        setattr(request, NOTED, _fields(form))
        return super().construct_change_message(request, form, formsets, add)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Something was made."""
        self._record(request, obj, "added", message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Something was changed."""
        self._record(request, obj, "changed", message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Something was taken away."""
        for obj in queryset:
            self._record(request, obj, "deleted", None)
        return super().log_deletions(request, queryset)

    def _record(self, request: HttpRequest, obj: Any, verb: str, message: Any) -> None:
        old, new = request.__dict__.pop(NOTED, ({}, {}))
        new = {**new, **_parts(message)}
        if isinstance(message, str) and message:
            new["said"] = message
        if obj._meta.model_name in PERSONAL:
            old, new = {}, {"fields": sorted(new)}
        user = request.user
        audit.record(
            user if isinstance(user, User) else None,
            f"{obj._meta.model_name}.{verb}",
            name_of(obj),
            old=old or None,
            new=new or None,
            request=request,
        )


def name_of(obj: Model) -> str:
    """How the log calls a row: by its key; people outside by their number only."""
    own = [getattr(obj, field, "") for field in ("username", "key", "name")]
    own = [] if obj._meta.model_name in PERSONAL else [name for name in own if name]
    return str(own[0]) if own else f"{obj._meta.model_name} {obj.pk}"


def _fields(form: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the changed fields were, and what they are now."""
    old, new = {}, {}
    secret = {name for name, field in form.fields.items() if _is_secret(field)}
    for name in form.changed_data:
        label = name.removeprefix("set_")
        before, after = form.initial.get(name), form.cleaned_data.get(name)
        old[label] = audit.HIDDEN if name in secret and before else _plain(before)
        new[label] = audit.HIDDEN if name in secret and after else _plain(after)
    return old, new


def _is_secret(field: Any) -> bool:
    return getattr(field.widget, "input_type", "") == "password"


def _plain(value: Any) -> Any:
    """Rows as their keys, times as words: what `record` keeps."""
    if isinstance(value, Model):
        return name_of(value)
    if isinstance(value, QuerySet | list | tuple):
        return [_plain(one) for one in value]
    if value is None or isinstance(value, bool | int | str | dict):
        return value
    return str(value)


def _parts(message: Any) -> dict[str, list[str]]:
    """What was done to the rows inside a form: members of a rotation, identities of a person."""
    parts: Iterable[Any] = message if isinstance(message, list) else ()
    found: dict[str, list[str]] = {}
    for part in parts:
        for verb, about in part.items() if isinstance(part, dict) else ():
            if about.get("object"):
                found.setdefault(f"{about.get('name', '')} {verb}", []).append(str(about["object"]))
    return found
