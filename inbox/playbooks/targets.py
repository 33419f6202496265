"""Where an action goes: the connection, the place, the person. Nobody is guessed."""

from django.db.models import Q, QuerySet

from inbox.accounts.models import User
from inbox.channels import directory
from inbox.channels.contract import Capability
from inbox.channels.models import Channel, Source
from inbox.people.models import Identity
from inbox.playbooks.models import Run
from inbox.tickets.errors import VerbError


def channel_for(
    name: str,
    *,
    can: Capability,
    place: str = "",
    of: tuple[str, str] | None = None,
    tracks: bool = False,
) -> Channel:
    """The connection of this name, else the one that knows the place, else the first that can.

    `of`: the kind and realm that it has to be of, where the person is known there.

    Raises `VerbError`.
    """
    able = [c for c in directory.active() if can in c.type.capabilities]
    if of is not None:
        able = [c for c in able if (c.kind, c.realm) == of]
    if tracks:
        able = [c for c in able if c.type.tracker is not None]
    if name:
        able = [c for c in able if str(c) == name]
    if not able:
        raise VerbError(f"Nothing is connected that can do this{f': {name}' if name else ''}.")
    bare = place.lstrip("#")
    knows = Source.objects.filter(Q(label=bare) | Q(external_key=bare), channel__in=able)
    known = set(knows.values_list("channel", flat=True)) if len(able) > 1 and bare else set()
    return next((c for c in able if c.pk in known), able[0])


def person_for(run: Run, to: str) -> Identity:
    """Whom a message goes to: somebody's part in the run, or the person in a field.

    Raises `VerbError` where it is not one person who can be written to.
    """
    if to in {role.key for role in run.template.roles}:
        user = User.objects.filter(pk=run.roles.get(to)).first()
        if user is None:
            raise VerbError("Nobody has this part yet.", field=to)
        return _reachable(Identity.objects.filter(user=user), user.display_name)
    value = str(run.values.get(to) or "").strip()
    if not value:
        raise VerbError("Say first who it is.", field=to)
    return _reachable(_named(value), value)


def _named(value: str) -> QuerySet[Identity]:
    """By the identity's number, by its name at the vendor, or by a colleague's username."""
    if value.isdigit() and Identity.objects.filter(pk=int(value)).exists():
        contact = Identity.objects.filter(pk=int(value)).values("contact")
        return Identity.objects.filter(Q(pk=int(value)) | Q(contact__in=contact))
    bare = value.removeprefix("@")
    named = Q(external_id__iexact=bare) | Q(handle__iexact=bare) | Q(user__username__iexact=bare)
    return Identity.objects.filter(named)


def _reachable(found: QuerySet[Identity], name: str) -> Identity:
    """The one of them to whom a connection can send a direct message."""
    places = {
        (c.kind, c.realm) for c in directory.active() if Capability.CARD in c.type.capabilities
    }
    able = [one for one in found.order_by("pk") if (one.kind, one.realm) in places]
    if not able:
        raise VerbError(f"{name} cannot be sent a direct message from here.")
    if len({one.contact_id for one in able}) > 1:
        raise VerbError(f"“{name}” could be several people.")
    return able[0]
