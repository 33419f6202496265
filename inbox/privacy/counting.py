"""What is there of a person, in numbers."""

from collections import Counter

from django.db.models import Q

from inbox.outbox.models import Outgoing
from inbox.privacy import register, remains
from inbox.privacy.person import Person
from inbox.tickets.models import Attachment, Message, TicketEvent


def of(person: Person) -> dict[str, int]:
    """Rows by what they are called; nothing is changed."""
    messages = Message.objects.filter(person.concerns())
    places = person.asked | person.joined
    done: Counter[str] = Counter(
        {
            "identities": len(person.identities),
            "tickets": len(person.asked),
            "tickets of others": len(person.joined),
            "messages": messages.count(),
            "files": Attachment.objects.filter(message__in=messages).count(),
            "deliveries": messages.exclude(delivery=None).values("delivery").distinct().count(),
            "outgoing": Outgoing.objects.filter(
                Q(ticket__in=person.asked) | Q(message__in=messages)
            ).count(),
            "events": TicketEvent.objects.filter(ticket__in=places).count(),
        }
    )
    for model in remains.hanging():
        mine = register.whose(model, person)
        if mine is not None:
            done[str(model._meta.verbose_name_plural)] = model._default_manager.filter(mine).count()
    return dict(+done)
