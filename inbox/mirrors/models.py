"""Places where tickets are shown again, and the cards that were posted there."""

from django.db import models


class Purpose(models.TextChoices):
    """What a place is for."""

    SUPPORT = "support", "Asking the team"
    TRIAGE = "triage", "Triage cards"
    BRIDGE = "bridge", "Live-chat bridge"
    ANNOUNCE = "announce", "Announcements"


class MirrorTarget(models.Model):
    """A place of a channel with a purpose; `topic` "" is for everything."""

    channel = models.ForeignKey("inbox.Channel", on_delete=models.CASCADE, related_name="mirrors")
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    place = models.CharField(max_length=120)
    topic = models.CharField(max_length=120, blank=True)  # a category, for the one who knows it
    mention = models.CharField(max_length=120, blank=True)  # a person or group at the vendor

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "purpose", "topic"], name="mirror_once_per_topic"
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} in {self.place}"


class MirrorCard(models.Model):
    """A ticket's card in a place: posted once, then changed with the ticket."""

    ticket = models.ForeignKey("inbox.Ticket", on_delete=models.CASCADE, related_name="cards")
    channel = models.ForeignKey("inbox.Channel", on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    place = models.CharField(max_length=120)
    outgoing = models.OneToOneField("inbox.Outgoing", on_delete=models.PROTECT, related_name="card")
    shown = models.CharField(max_length=64, blank=True)  # hash of what it shows

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["ticket", "channel", "purpose"], name="mirror_card_once"
            )
        ]

    def __str__(self) -> str:
        return f"card of #{self.ticket_id} in {self.place}"
