"""Who is who: from a vendor's author to an Identity, and merging contacts with undo."""

from django.db import IntegrityError, transaction

from inbox.accounts.models import User
from inbox.channels.contract import Author
from inbox.common import work
from inbox.people.models import Contact, ContactMerge, Identity

MAILBOX = "mailbox"  # Identity.member_kind of our own addresses


def resolve(kind: str, realm: str, author: Author) -> Identity:
    """The identity of an author, made on first sight.

    An address is a claim: it makes a contact of its own and is never merged with another (L23).
    """
    external_id = author.external_id.lower() if "@" in author.external_id else author.external_id
    found = (
        Identity.objects.select_related("contact", "user")
        .filter(kind=kind, realm=realm, external_id=external_id[:250])
        .first()
    )
    if found is None:
        return _first_sight(kind, realm, external_id, author)
    _freshen(found, author)
    return found


def _first_sight(kind: str, realm: str, external_id: str, author: Author) -> Identity:
    user = User.objects.filter(email__iexact=external_id, is_active=True).first()
    contact = Contact.objects.create(name=author.name[:250])
    identity = Identity(
        contact=contact,
        kind=kind,
        realm=realm,
        external_id=external_id[:250],
        handle=author.handle[:250],
        name=author.name[:250],
        verified=author.verified,
        timezone=author.timezone,
        utc_offset_minutes=author.utc_offset_minutes,
        member_kind=author.member_kind,
        user=user,
    )
    # A concurrent first sight ends in IntegrityError; the whole change is then tried again.
    identity.save(force_insert=True)
    return identity


def _freshen(identity: Identity, author: Author) -> None:
    """Take over what the vendor newly says; an empty word erases nothing."""
    news = {
        "name": author.name[:250] or identity.name,
        "handle": author.handle[:250] or identity.handle,
        "timezone": author.timezone or identity.timezone,
        "utc_offset_minutes": author.utc_offset_minutes
        if author.utc_offset_minutes is not None
        else identity.utc_offset_minutes,
    }
    changed = [name for name, value in news.items() if getattr(identity, name) != value]
    if changed:
        for name in changed:
            setattr(identity, name, news[name])
        identity.save(update_fields=changed)


def is_team(identity: Identity) -> bool:
    """Whether an active account of ours stands behind the identity."""
    return identity.user is not None and identity.user.is_active


def bind(user: User, *, kind: str, realm: str, external_id: str, handle: str = "") -> Identity:
    """Say that an identity is a member of staff's own (`manage.py staff`)."""
    external_id = external_id.lower() if kind == "email" else external_id
    identity = Identity.objects.filter(kind=kind, realm=realm, external_id=external_id).first()
    if identity is None:
        contact = Contact.objects.create(name=user.display_name)
        try:
            with transaction.atomic():
                identity = Identity.objects.create(
                    contact=contact,
                    kind=kind,
                    realm=realm,
                    external_id=external_id,
                    handle=handle,
                    name=user.display_name,
                )
        except IntegrityError:
            identity = Identity.objects.get(kind=kind, realm=realm, external_id=external_id)
    identity.user = user
    identity.save(update_fields=["user"])
    return identity


def merge(kept: Contact, merged: Contact) -> ContactMerge:
    """Move every identity of `merged` to `kept`. Only ever an agent's explicit act (L23)."""
    moved = list(merged.identities.values_list("pk", flat=True))
    current = work.current()
    Identity.objects.filter(pk__in=moved).update(contact=kept)
    return ContactMerge.objects.create(
        kept=kept,
        merged_name=merged.name,
        identity_ids=moved,
        merged_at=current.now,
        by_id=current.actor.user_id,
    )


def unmerge(done: ContactMerge) -> Contact:
    """Undo a merge: the identities that were moved go back to a contact of their own."""
    again = Contact.objects.create(name=done.merged_name)
    Identity.objects.filter(pk__in=done.identity_ids, contact=done.kept).update(contact=again)
    done.undone_at = work.current().now
    done.save(update_fields=["undone_at"])
    return again
