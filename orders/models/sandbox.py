"""Orders that people make to try things out; their goods are put right at the end."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from orders.models.order import Order


class SandboxRun(models.Model):
    """A sandbox order, who made it, and when its goods were put right (empty: it goes on).

    ``stopped`` lists the items whose sale the store had stopped already when it began.
    """

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="sandbox")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    token = models.CharField(max_length=64, unique=True)
    stopped = models.JSONField(default=list)
    begun_at = models.DateTimeField(db_default=Now(), editable=False)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        permissions = [("drive_sandbox", "Can make sandbox orders and drive them")]

    def __str__(self) -> str:
        return str(self.order)
