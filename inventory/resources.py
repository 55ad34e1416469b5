# ruff: noqa: ARG002  an override takes all that the library passes
"""Products as a table: names, barcodes, zones, allergens and prices.

Saving a row is all there is to it: triggers of the database leave a touch in the change feed when
an item's category changes or it is sold no more, and prices are read when they are asked for.
"""

from __future__ import annotations

import re
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from hub.staff.tables.columns import (
    Beside,
    Choice,
    Field,
    Kind,
    Text,
    Truth,
    Whole,
    Words,
    column,
    wanted,
)
from hub.staff.tables.resource import TableResource
from inventory.models import Item, ItemCode, Zone

LARGEST = 2**31 - 1
LONGEST_LEAD = 10_080
OLDEST = 120
MOST_CODES = 20
_CODE = re.compile(
    r"(?P<system>[^\s:*]{1,30}):(?P<code>[^\s*]{1,60}?)(?:\*(?P<units>[1-9]\d{0,5}))?\Z"
)
_GTIN = re.compile(r"\d{8}|\d{12,14}")

Codes = list[tuple[str, str, int]]


class CodesKind(Kind):
    """Other codes with blanks between them: ``plu:4011 gtin:5901234123457*12``."""

    def read(self, text: str) -> Codes:
        """System, code and units of each, in order."""
        found = [_CODE.match(part) for part in text.split()]
        if not all(found) or len(found) > MOST_CODES:
            raise ValueError(_("write codes as plu:4011 or gtin:5901234123457*12, at most 20"))
        codes = [(one["system"], one["code"], int(one["units"] or 1)) for one in found if one]
        return sorted(set(codes))

    def render(self, value: Any, obj: Any = None, **how: Any) -> str:
        """The codes; how many units one stands for is left out when it is one."""
        return " ".join(
            f"{system}:{code}" + (f"*{units}" if units != 1 else "")
            for system, code, units in value or ()
        )


class ItemResource(TableResource):
    """Products by their SKU."""

    keys = ("sku",)
    required = ("sku",)

    class Meta(TableResource.Meta):
        model = Item
        import_id_fields = ("sku",)

    def columns(self) -> list[Field]:
        """All that a person may set of a product; prices are in the currency's smallest unit."""
        return [
            *(column("sku", Text()), column("name", Text()), column("category", Text())),
            *(column("gtin", Text(_gtin)), Beside("codes", CodesKind(), _codes_of)),
            column("unit", Choice(("each", "gram"))),
            column("zone", Choice(Zone.values)),
            *(column("fresh", Truth()), column("lead_minutes", Whole(0, LONGEST_LEAD, empty=0))),
            column("content", Whole(1, LARGEST)),
            column("allergens", Words(unknown=None)),
            column("diets", Words(unknown=None)),
            column("minimum_age", Whole(0, OLDEST, empty=0)),
            column("price_minor", Whole(0, LARGEST, empty=0)),
            column("active", Truth()),
        ]

    def rows_of(self, request: HttpRequest) -> QuerySet[Item]:
        """All products: they belong to no store."""
        return Item.objects.prefetch_related("codes")

    def validate_instance(self, instance: Item, errors: Any = None, **how: Any) -> None:
        """A code belongs to one product."""
        errors = dict(errors or {})
        for system, code, _units in wanted(instance, "codes") or ():
            others = ItemCode.objects.filter(system=system, code=code).exclude(item=instance.pk)
            if others.exists():
                errors["codes"] = ValidationError(
                    _("%(code)s is another product's") % {"code": f"{system}:{code}"},
                    code="taken",
                )
        super().validate_instance(instance, errors, **how)

    def after_save_instance(self, instance: Item, row: Any, **how: Any) -> None:
        """The product has just the codes that the file names."""
        codes: Codes | None = wanted(instance, "codes")
        if codes is None:
            return
        known = {(one.system, one.code, one.units): one for one in instance.codes.all()}
        for said, one in known.items():
            if said not in codes:
                one.delete()
        ItemCode.objects.bulk_create(
            ItemCode(item=instance, system=system, code=code, units=units)
            for system, code, units in codes
            if (system, code, units) not in known
        )


def _codes_of(item: Item) -> Codes:
    return sorted((one.system, one.code, one.units) for one in item.codes.all())


def _gtin(text: str) -> str:
    if text and not _GTIN.fullmatch(text):
        raise ValidationError(_("a GTIN has 8, 12, 13 or 14 digits"))
    return text
