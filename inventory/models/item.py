"""Sellable things, and the codes that others know them by."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models

from hub.ids import new_id


def _item_id() -> str:
    return new_id("itm")


class Zone(models.TextChoices):
    AMBIENT = "ambient"
    CHILLED = "chilled"
    FROZEN = "frozen"


class Item(models.Model):
    """A sellable thing. Never deleted: ``active`` ends its life.

    ``names`` maps a locale to its name there; ``name`` is the fallback. Quantities count
    ``unit`` (``each``, or ``gram`` for goods by weight).
    """

    public_id = models.CharField(max_length=30, unique=True, default=_item_id, editable=False)
    sku = models.CharField(max_length=40, unique=True)
    gtin = models.CharField(max_length=14, blank=True, db_index=True)
    name = models.CharField(max_length=200)
    names = models.JSONField(default=dict, blank=True)
    category = models.CharField(max_length=60, blank=True)
    unit = models.CharField(
        max_length=5, choices=[("each", "each"), ("gram", "gram")], default="each"
    )
    zone = models.CharField(max_length=8, choices=Zone, default=Zone.AMBIENT)
    fresh = models.BooleanField(
        default=False, db_default=False, help_text="waits until closing time, is never put back"
    )
    lead_minutes = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="to prepare it, when that takes longer than the store's"
    )
    content = models.PositiveIntegerField(
        null=True, blank=True, help_text="size of one unit in grams, millilitres or pieces"
    )
    allergens = models.JSONField(
        null=True, blank=True, help_text="EU list codes; [] = none, null = not known"
    )
    diets = models.JSONField(
        null=True, blank=True, help_text="what it suits: vegan, halal, …; null = not known"
    )
    minimum_age = models.PositiveSmallIntegerField(default=0)
    price_minor = models.PositiveIntegerField(default=0, help_text="list price, chain currency")
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["sku"]

    def __str__(self) -> str:
        return f"{self.sku} {self.name}"

    def name_in(self, locale: str) -> str:
        """The name in a locale (``pl-PL`` falls back to ``pl``), else the default one."""
        return str(self.names.get(locale) or self.names.get(locale[:2]) or self.name)


class ItemCode(models.Model):
    """Another code of an item, in a ``system`` of codes: a PLU, a case's GTIN, a site's own SKU.

    ``units`` are what one of it stands for: 12 for a case of 12. An item's own SKU and GTIN need
    no row here.
    """

    system = models.CharField(max_length=30, help_text="gtin, plu, or whatever a source calls it")
    code = models.CharField(max_length=60)
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="codes")
    units = models.PositiveIntegerField(default=1, db_default=1)

    class Meta:
        ordering = ["system", "code"]
        constraints = [
            models.UniqueConstraint(fields=["system", "code"], name="item_code_once"),
            models.CheckConstraint(condition=models.Q(units__gt=0), name="item_code_units"),
        ]

    def __str__(self) -> str:
        return f"{self.system} {self.code}"


class BundlePart(models.Model):
    """``quantity`` units of ``part`` in every unit of ``bundle``.

    A bundle has no stock of its own: it can be promised as often as its scarcest part allows,
    and its parts are what holds and orders set aside. A part is never a bundle itself.
    """

    bundle = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="parts")
    part = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="bundles")
    quantity = models.PositiveIntegerField(default=1, db_default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bundle", "part"], name="bundle_part_once"),
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="bundle_part_units"),
            models.CheckConstraint(
                condition=~models.Q(bundle=models.F("part")), name="bundle_of_others"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.part_id} in {self.bundle_id}"

    def clean(self) -> None:
        """Refuse bundles of bundles: neither may the part have parts, nor the bundle be one."""
        if self.part_id and self.part_id == self.bundle_id:
            raise ValidationError({"part": "A bundle is no part of itself."}, code="nested_bundle")
        if self.part_id and BundlePart.objects.filter(bundle=self.part_id).exists():
            raise ValidationError({"part": "This item is a bundle itself."}, code="nested_bundle")
        if self.bundle_id and BundlePart.objects.filter(part=self.bundle_id).exists():
            raise ValidationError(
                "This item is a part of a bundle already, so it cannot be one itself.",
                code="nested_bundle",
            )
