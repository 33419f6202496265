"""What somebody gives to a run, checked: who takes which part, and what its fields say."""

from collections.abc import Mapping
from typing import Any

from inbox.accounts.models import User
from inbox.guard.screening import clean
from inbox.playbooks.models import Run
from inbox.tickets.errors import VerbError


def checked_roles(run: Run, roles: Mapping[str, int]) -> dict[str, int]:
    """Parts that there are, taken by active accounts. Raises `VerbError`."""
    known = {role.key: role for role in run.template.roles}
    unknown = sorted(set(roles) - set(known))
    if unknown:
        raise VerbError(f"There is no role “{unknown[0]}”.", field="roles")
    people = set(
        User.objects.filter(pk__in=roles.values(), is_active=True).values_list("pk", flat=True)
    )
    for key, pk in roles.items():
        if pk not in people:
            raise VerbError(f"“{known[key].label}” needs an active account.", field=key)
    return dict(roles)


def checked_values(run: Run, values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields that there are, each in its shape, without secrets. Raises `VerbError`."""
    known = {one.key: one for one in run.template.fields}
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise VerbError(f"There is no field “{unknown[0]}”.", field="values")
    for key, value in values.items():
        if (known[key].kind == "list") is not isinstance(value, list):
            kind = "a list" if known[key].kind == "list" else "one value"
            raise VerbError(f"“{known[key].label}” is {kind}.", field=key)
    # an address has to stay whole: a meeting's often carries its password
    return {
        key: value if known[key].kind == "url" else clean(value) for key, value in values.items()
    }


def need_required(run: Run) -> None:
    """Parts and fields without which a run cannot begin."""
    for role in run.template.roles:
        if role.required and role.key not in run.roles:
            raise VerbError(f"Somebody has to be “{role.label}”.", field=role.key)
    for one in run.template.fields:
        if one.required and not run.values.get(one.key):
            raise VerbError(f"“{one.label}” is needed to start.", field=one.key)
