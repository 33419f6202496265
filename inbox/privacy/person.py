"""Everything that is one person: accounts, tickets, chats, and the words that mean them."""

from dataclasses import dataclass
from functools import cached_property

from django.db.models import Q, QuerySet

from inbox.livechat.models import Visitor
from inbox.people.models import Contact, Identity
from inbox.people.services import MAILBOX
from inbox.privacy.masking import Mask, Said, is_certain, without_quotes
from inbox.tickets.models import Direction, Message, Thread, Ticket

ERASED = "erased-"  # before the row's own number: an id that no vendor gives


class CannotErase(Exception):
    """Somebody of whom the desk cannot let go this way; the text says why."""


@dataclass(frozen=True)
class Person:
    """A contact with all its identities, also of those that were merged into it.

    Read while they are still there.
    """

    contact: Contact

    @cached_property
    def parts(self) -> list[Contact]:
        """The contact, and everybody who turned out to be the same person."""
        merged = Contact.objects.filter(root=self.contact).order_by("pk")
        return [self.contact, *merged]

    @cached_property
    def identities(self) -> list[Identity]:
        """Their accounts and addresses."""
        return list(self.contact.identities.order_by("pk"))

    @property
    def pseudonym(self) -> str:
        """What stands where the name stood."""
        return f"Erased person {self.contact.pk}"

    @cached_property
    def asked(self) -> frozenset[int]:
        """The tickets that they opened."""
        mine = Ticket.objects.filter(asker__in=self._keys)
        return frozenset(mine.values_list("pk", flat=True))

    @cached_property
    def joined(self) -> frozenset[int]:
        """The tickets of others in which they wrote."""
        wrote = Message.objects.filter(author__in=self._keys).order_by()
        return frozenset(wrote.values_list("ticket_id", flat=True).distinct()) - self.asked

    @property
    def _keys(self) -> list[int]:
        return [identity.pk for identity in self.identities]

    def wrote(self) -> Q:
        """Messages by them."""
        return Q(author__in=self._keys)

    @cached_property
    def threads(self) -> list[int]:
        """The conversations that began on their tickets, wherever merges have brought them."""
        places = self.asked | self.joined
        rows = Thread.objects.filter(ticket__in=places).values_list("pk", "ticket_id", "moved_from")
        homes = {pk: moved[0] if moved else number for pk, number, moved in rows}
        return [pk for pk, home in homes.items() if home in self.asked]

    def concerns(self) -> Q:
        """Messages that are about them alone: theirs, and what was answered on their tickets.

        What other people wrote there is theirs, and stays.
        """
        others = Q(direction=Direction.IN, author__isnull=False, author__user__isnull=True)
        return self.wrote() | (Q(thread__in=self.threads) & ~others)

    def visitors(self) -> QuerySet[Visitor]:
        """Their browsers and sign-ins on sites with a chat."""
        talked = Q(conversations__thread__ticket__in=self.asked)
        keys = [i.external_id for i in self.identities if i.external_id]
        rows = Visitor.objects.filter(talked | Q(external_key__in=keys)).select_related("channel")
        realms = {(i.realm, i.external_id) for i in self.identities}
        mine = [
            row.pk
            for row in rows.distinct()
            if (row.channel.realm, row.external_key) in realms or row.external_key not in keys
        ]
        return Visitor.objects.filter(pk__in=mine)

    @cached_property
    def addresses(self) -> list[str]:
        """What means them wherever it stands: addresses, and ids of their accounts."""
        ids = [identity.external_id.rpartition("/")[2] for identity in self.identities]
        ids += [identity.email for identity in self.identities]
        certain = [word for word in ids if is_certain(word) and not word.startswith(ERASED)]
        return list(dict.fromkeys(certain))

    @cached_property
    def names(self) -> list[str]:
        """What means them on tickets where they took part; elsewhere it may be a namesake."""
        words = [part.name for part in self.parts]
        for identity in self.identities:
            words += [identity.name, identity.handle, f"@{identity.handle}"]
        certain = [word for word in words if is_certain(word) and word != self.pseudonym]
        return list(dict.fromkeys(certain))

    @cached_property
    def labels(self) -> set[str]:
        """How events call them, short names too."""
        names = {part.name for part in self.parts}
        return {*names, *(identity.label for identity in self.identities)} - {""}

    @cached_property
    def said(self) -> Said:
        """What they wrote anywhere, to be found again in quotes. Read before it is erased."""
        rows = Message.objects.filter(self.wrote()).order_by("pk")
        texts = rows.values_list("subject", "body_text", "new_text")
        return Said(text for row in texts.iterator(chunk_size=500) for text in row)

    @cached_property
    def keys(self) -> set[str]:
        """The ids of their messages, as others' mails name them."""
        rows = Message.objects.filter(self.wrote()).order_by()
        return set(rows.values_list("external_id", flat=True))

    @cached_property
    def mask(self) -> Mask:
        """For tickets where they took part."""
        return Mask([*self.addresses, *self.names])

    @cached_property
    def mask_anywhere(self) -> Mask:
        """For everything else."""
        return Mask(self.addresses)

    def without(self, text: str) -> str:
        """Words of somebody else, without quotes of this person and without their names."""
        return self.mask.text(without_quotes(text, self.said))

    def without_anywhere(self, text: str) -> str:
        """The same for tickets where they took no part: a name there may be a namesake's."""
        return self.mask_anywhere.text(without_quotes(text, self.said))


def whole(contact_id: int) -> Person:
    """The person that a contact is today, whoever it was merged into.

    Raises `Contact.DoesNotExist`.
    """
    contact = Contact.objects.select_related("root").get(pk=contact_id)
    return Person(contact.root or contact)


def find(contact_id: int) -> Person:
    """As `whole`, to be erased. Raises `CannotErase` for staff and mailboxes too."""
    person = whole(contact_id)
    if any(identity.user_id for identity in person.identities):
        raise CannotErase("This is one of the team: deactivate the account, then take it off here.")
    if any(identity.member_kind == MAILBOX for identity in person.identities):
        raise CannotErase("This is a mailbox of ours.")
    return person
