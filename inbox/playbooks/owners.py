"""Who does a step: the person in its role, or whoever else there is (S100). Pure."""

from collections.abc import Mapping

from inbox.playbooks.shapes import NOT, Step, Template


def owner_of(step: Step, template: Template, roles: Mapping[str, int]) -> int | None:
    """The account that does a step; None while nobody is bound to its role."""
    if not step.role.startswith(NOT):
        return roles.get(step.role)
    busy = roles.get(step.role.removeprefix(NOT))
    others = (roles.get(role.key) for role in template.roles)
    return next((pk for pk in others if pk is not None and pk != busy), None)
