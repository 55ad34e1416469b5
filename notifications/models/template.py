"""Words that staff wrote in place of, or beside, those shipped with the hub."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from hub.customers.models import Channel


class TemplateVersion(models.Model):
    """One wording of one purpose for a channel and a language. Once published, never changed.

    Messages keep the version they were written with. Publishing one retires the one before;
    ``withdrawn_at`` is set where the shipped words took its place.
    """

    class State(models.TextChoices):
        DRAFT = "draft"
        PUBLISHED = "published"
        RETIRED = "retired"

    purpose = models.CharField(max_length=40)
    channel = models.CharField(max_length=10, choices=Channel)
    locale = models.CharField(max_length=10)
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    title = models.CharField(max_length=200, blank=True, help_text="subject of an e-mail")
    body = models.TextField()
    digest = models.CharField(max_length=64, editable=False, help_text="SHA-256 of its words")
    note = models.CharField(max_length=200, blank=True, help_text="why it was changed")
    created_by = models.CharField(max_length=150, blank=True, editable=False)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    published_by = models.CharField(max_length=150, blank=True, editable=False)
    published_at = models.DateTimeField(null=True, editable=False)
    withdrawn_by = models.CharField(max_length=150, blank=True, db_default="", editable=False)
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    withdrawn_why = models.CharField(max_length=200, blank=True, db_default="")

    class Meta:
        ordering = ["purpose", "channel", "locale", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["purpose", "channel", "locale", "number"], name="template_number"
            ),
            models.UniqueConstraint(
                fields=["purpose", "channel", "locale"],
                condition=models.Q(state="published"),
                name="template_one_published",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.locale}/{self.purpose}.{self.channel}@{self.number}"
