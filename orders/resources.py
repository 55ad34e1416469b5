"""Spots of the pickup areas as a table."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from hub.staff.tables.columns import Field, Text, Truth, column
from hub.staff.tables.resource import TableResource
from hub.stores.resources import all_stores, named_stores
from orders.curbside.registry import LABEL_CHARACTERS, ZONE_CHARACTERS
from orders.models import Spot
from orders.text import TextTooLong, clean

REASON_CHARACTERS = 80


class SpotResource(TableResource):
    """Spots by store and label; those that are no more have ``active`` no."""

    keys = ("store", "label")
    required = ("store", "label")

    class Meta(TableResource.Meta):
        model = Spot
        import_id_fields = ("store", "label")

    def columns(self) -> list[Field]:
        """The spot, and what may stand there."""
        return [
            column("store", named_stores(self.request)),
            column("label", Text(_line(LABEL_CHARACTERS))),
            column("zone", Text(_line(ZONE_CHARACTERS))),
            *(column("accessible", Truth()), column("oversize", Truth())),
            column("closed_for", Text(_line(REASON_CHARACTERS))),
            column("active", Truth()),
        ]

    def rows_of(self, request: HttpRequest) -> QuerySet[Spot]:
        """Those of the person's stores."""
        return Spot.objects.filter(store__in=all_stores(request)).select_related("store")


def _line(limit: int) -> Callable[[str], str]:
    """One line of text that is safe to show on signs and phones."""

    def made(text: str) -> str:
        try:
            return clean(text, limit=limit, what=_("it"))
        except TextTooLong:
            raise ValidationError(_("at most %(most)s characters") % {"most": limit}) from None

    return made
