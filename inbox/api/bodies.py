"""Bodies of the API's verbs: every field is known, nothing is dropped silently."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from inbox.community.models import ReferralState
from inbox.community.quotes import ANSWERS, LONGEST
from inbox.community.records import Consent
from inbox.tickets.models import Kind, Priority, Resolution


class Strict(serializers.Serializer[Any]):
    """Fields that are not known are refused, not dropped."""

    at_least_one = False

    def to_internal_value(self, data: Any) -> Any:
        """Raises `ValidationError` for unknown names."""
        unknown = sorted(set(data) - set(self.fields))
        if unknown:
            raise ValidationError({name: ["This field does not exist."] for name in unknown})
        if self.at_least_one and not data:
            raise ValidationError({"": [f"Give at least one of {', '.join(self.fields)}."]})
        return super().to_internal_value(data)


class Empty(Strict):
    """A verb without words."""


class Reply(Strict):
    """`body` is Markdown."""

    body = serializers.CharField(max_length=100_000)
    internal = serializers.BooleanField(default=False)
    last_seen_message = serializers.IntegerField(required=False, allow_null=True)
    then = serializers.ChoiceField(["none", "wait", "close"], default="none")
    anyway = serializers.BooleanField(
        default=False,
        help_text="An answer that looks as if it has a secret in it is refused with 400 and "
        "`errors.secret`; true sends it as it is. A note is stored with the secret masked.",
    )


class Assign(Strict):
    """`assignee`: a username, or null for nobody."""

    assignee = serializers.CharField(allow_null=True, required=False)
    team = serializers.CharField(allow_null=True, required=False)
    at_least_one = True


class Close(Strict):
    """`link` is needed by some resolutions, `note` by others; `there` closes the issue as well."""

    resolution = serializers.ChoiceField(Resolution.choices, default="answered")
    link = serializers.URLField(required=False, allow_blank=True, allow_null=True)
    note = serializers.CharField(required=False, allow_blank=True, default="")
    there = serializers.BooleanField(required=False, default=False)


class Hold(Strict):
    """The reason is mandatory."""

    reason = serializers.CharField(max_length=500)


class Snooze(Strict):
    """`until` null wakes the ticket."""

    until = serializers.CharField(allow_null=True)
    mode = serializers.ChoiceField(["time", "reply"], default="time")


class Tags(Strict):
    """Tags to put on and to take off."""

    add = serializers.ListField(child=serializers.CharField(max_length=80), default=list)
    remove = serializers.ListField(child=serializers.CharField(max_length=80), default=list)


class Merge(Strict):
    """The ticket that this one goes into."""

    into = serializers.IntegerField(min_value=1, max_value=2**63 - 1)


class Spam(Strict):
    """`block`: the sender's address (or account), or their whole domain, is not heard any more."""

    block = serializers.ChoiceField(["", "address", "domain"], default="")


class Split(Strict):
    """The messages that leave; `subject` names the new ticket."""

    subject = serializers.CharField(max_length=250, required=False, default="", allow_blank=True)
    messages = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), min_length=1
    )


class Link(Strict):
    """Something outside, or the address of another ticket: then it stands on both."""

    kind = serializers.CharField(required=False, default="", max_length=30)
    url = serializers.URLField(max_length=500)


class Issue(Strict):
    """`place` is a repository; `quote` names public messages; `named`: the asker agreed to it."""

    place = serializers.CharField(max_length=200)
    title = serializers.CharField(max_length=250)
    body = serializers.CharField(max_length=60_000, allow_blank=True, default="")
    labels = serializers.ListField(child=serializers.CharField(max_length=50), default=list)
    quote = serializers.ListField(child=serializers.IntegerField(min_value=1), default=list)
    named = serializers.BooleanField(default=False)
    close = serializers.BooleanField(default=False)
    confirmed = serializers.BooleanField(default=False)


class Unlink(Strict):
    """The address of the link."""

    url = serializers.URLField(max_length=500)


class Fields(Strict):
    """Plain fields of a ticket."""

    category = serializers.CharField(max_length=120, required=False, allow_blank=True)
    priority = serializers.ChoiceField(Priority.choices, required=False)
    kind = serializers.ChoiceField(Kind.choices, required=False)
    subject = serializers.CharField(max_length=250, required=False)
    at_least_one = True


class Wait(Strict):
    """Whose turn it is."""

    on = serializers.ChoiceField(["them", "research"], default="them")


class Refer(Strict):
    """Why product should see the ticket, and which part of the product it is about."""

    reason = serializers.CharField(max_length=500)
    area = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)


class ReferralAnswer(Strict):
    """How far product is with it; `note` stays inside, on the ticket."""

    state = serializers.ChoiceField(ReferralState.choices)
    note = serializers.CharField(max_length=5_000, required=False, default="", allow_blank=True)


class Keep(Strict):
    """`words` stand in the `message` exactly like this; `about` says what they are about."""

    message = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    words = serializers.CharField(max_length=LONGEST)
    about = serializers.CharField(max_length=250, required=False, default="", allow_blank=True)


class Ask(Strict):
    """What they are asked; empty: the words that the desk proposes."""

    body = serializers.CharField(max_length=100_000, required=False, default="", allow_blank=True)


class Withdraw(Strict):
    """`evidence`: a message of theirs; `words`: how else it is known."""

    evidence = serializers.IntegerField(required=False, allow_null=True, default=None)
    words = serializers.CharField(max_length=500, required=False, default="", allow_blank=True)


class Answer(Withdraw):
    """What they said. One of `evidence` and `words` is needed; `credit`: how to call them."""

    state = serializers.ChoiceField([(state, Consent(state).label) for state in ANSWERS])
    credit = serializers.CharField(max_length=200, required=False, default="", allow_blank=True)
