"""What a ticket is linked to outside: an issue, a pull request, a page."""

from django.db import models


class Link(models.Model):
    """A link of a ticket to something with an address of its own."""

    ticket = models.ForeignKey("inbox.Ticket", on_delete=models.CASCADE, related_name="links")
    kind = models.CharField(max_length=30)  # github_issue · github_pull · page · ticket …
    url = models.URLField(max_length=500)
    state = models.CharField(max_length=20, blank=True)
    released_in = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "url"], name="link_once")]

    def __str__(self) -> str:
        return self.url
