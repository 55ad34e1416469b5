"""The retailer's shape: brands, sales channels, stores, their hours, their POS and their staff."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from hub.crypto import EncryptedTextField
from hub.history import RuleHistory
from hub.ids import new_id


def _brand_id() -> str:
    return new_id("brd")


def _channel_id() -> str:
    return new_id("chn")


def _store_id() -> str:
    return new_id("str")


def _pos_id() -> str:
    return new_id("pos")


class Brand(models.Model):
    """A name over the door; stores and sales channels belong to one."""

    public_id = models.CharField(max_length=30, unique=True, default=_brand_id, editable=False)
    name = models.CharField(max_length=100, unique=True)

    def __str__(self) -> str:
        return self.name


class SalesChannel(models.Model):
    """A site or app that sends orders. Its API keys, webhooks and buffers hang on it."""

    public_id = models.CharField(max_length=30, unique=True, default=_channel_id, editable=False)
    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="channels")
    currency = models.CharField(max_length=3, help_text="ISO 4217")
    active = models.BooleanField(default=True)
    history: Any = RuleHistory()

    def __str__(self) -> str:
        return self.name


class Stage(models.TextChoices):
    """How far a store is on its way to the customers; see ``hub.integration.stages``."""

    SETUP = "setup", _("being set up")
    SHADOW = "shadow", _("shadow")
    LIVE = "live", _("live")
    PAUSED = "paused", _("paused")


HIDDEN_STAGES = (Stage.SETUP, Stage.SHADOW)


class Store(models.Model):
    """A place where goods wait for their buyers. Never deleted: ``active`` ends its life.

    Only a live store offers pickup. One that was never live is not told of outside; in shadow its
    stock is taken and compared, and orders come with test keys only.
    """

    public_id = models.CharField(max_length=30, unique=True, default=_store_id, editable=False)
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=100)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="stores")
    street = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100)
    region = models.CharField(max_length=100, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, help_text="ISO 3166-1 alpha-2")
    latitude = models.FloatField(help_text="degrees, WGS 84")
    longitude = models.FloatField(help_text="degrees, WGS 84")
    timezone = models.CharField(max_length=50, help_text="IANA name")
    locale = models.CharField(max_length=10, default="en")
    phone = models.CharField(max_length=20, blank=True, help_text="E.164, shown to customers")
    stage = models.CharField(
        max_length=6, choices=Stage, default=Stage.LIVE, db_default=Stage.LIVE, editable=False
    )
    pickup_enabled = models.BooleanField(default=True)
    lead_minutes = models.PositiveSmallIntegerField(default=60)
    cut_off = models.TimeField(
        null=True,
        blank=True,
        help_text="an order placed later in the day counts as placed the next day",
    )
    slot_minutes = models.PositiveSmallIntegerField(
        default=30, db_default=30, help_text="length of a pickup window"
    )
    slot_capacity = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="orders per pickup window; empty: as many as come"
    )
    orders_per_hour = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="how many it prepares in an hour; empty: its queue delays nobody",
    )
    active = models.BooleanField(default=True)
    history: Any = RuleHistory()

    class Meta:
        ordering = ["code"]
        indexes = [
            models.Index(
                fields=["latitude", "longitude"],
                condition=models.Q(active=True, pickup_enabled=True),
                name="store_pickup_place",
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(pickup_enabled=False) | models.Q(stage=Stage.LIVE),
                name="store_offers_only_live",
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def is_hidden(self) -> bool:
        """Whether the outside is told nothing of it."""
        return self.stage in HIDDEN_STAGES


class OpeningHours(models.Model):
    """One opening span of a weekday (0 = Monday) in the store's own time, within one day."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="hours")
    weekday = models.PositiveSmallIntegerField()
    opens = models.TimeField()
    closes = models.TimeField()
    history: Any = RuleHistory()

    class Meta:
        ordering = ["weekday", "opens"]
        verbose_name_plural = "opening hours"
        constraints = [
            models.UniqueConstraint(fields=["store", "weekday", "opens"], name="hours_once"),
            models.CheckConstraint(condition=models.Q(weekday__lte=6), name="hours_weekday"),
            models.CheckConstraint(
                condition=models.Q(closes__gt=models.F("opens")), name="hours_forward"
            ),
        ]

    def __str__(self) -> str:
        return f"{WEEKDAYS[self.weekday]} {self.opens:%H:%M}-{self.closes:%H:%M}"


class HoursException(models.Model):
    """A date on which other hours hold; without times the store is closed all day."""

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="exceptions")
    date = models.DateField()
    opens = models.TimeField(null=True, blank=True)
    closes = models.TimeField(null=True, blank=True)
    reason = models.CharField(max_length=100, blank=True)
    history: Any = RuleHistory()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["store", "date"], name="exception_once")]

    def __str__(self) -> str:
        return f"{self.date} {self.reason}"


class StoreGroup(models.Model):
    """Stores that rules speak of by one name: a region, a format, a pilot wave.

    Where a store is in several groups, the setting of the lowest ``rank`` holds; of equal ranks
    that of the older group.
    """

    name = models.CharField(max_length=60, unique=True)
    rank = models.PositiveSmallIntegerField(
        default=100, db_default=100, help_text=_("the lowest decides where groups disagree")
    )
    stores = models.ManyToManyField(Store, related_name="groups", blank=True)
    history: Any = RuleHistory(m2m_fields=["stores"])

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class SettingsLevel(models.Model):
    """Settings of the chain (neither group nor store), of a group or of one store.

    An empty value is inherited from the level above. The columns of Store, and of the models that
    apps declare (``hub.stores.declaring``), hold what follows from all levels, and are rewritten
    whenever a level changes; see ``hub.stores.levels``. ``others`` maps names of apps' settings to
    values. A setting named in ``unlimited`` is set to nothing here: no cut-off, no limit.
    """

    group = models.OneToOneField(
        StoreGroup, null=True, blank=True, on_delete=models.CASCADE, related_name="settings_level"
    )
    store = models.OneToOneField(
        Store, null=True, blank=True, on_delete=models.CASCADE, related_name="settings_level"
    )
    lead_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    cut_off = models.TimeField(null=True, blank=True)
    slot_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    slot_capacity = models.PositiveSmallIntegerField(null=True, blank=True)
    orders_per_hour = models.PositiveSmallIntegerField(null=True, blank=True)
    unlimited = models.JSONField(default=list, blank=True)
    others = models.JSONField(
        default=dict, db_default=models.Value({}, models.JSONField()), blank=True
    )
    changed_at = models.DateTimeField(db_default=Now(), editable=False)
    changed_by = models.CharField(max_length=150, blank=True, editable=False)
    history: Any = RuleHistory()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(group__isnull=True) | models.Q(store__isnull=True),
                name="settings_of_one_level",
            ),
            models.UniqueConstraint(
                models.Value(1),
                condition=models.Q(group__isnull=True, store__isnull=True),
                name="settings_one_chain",
            ),
        ]

    def __str__(self) -> str:
        return str(self.store or self.group or _("The whole chain"))


class StoreSwitch(models.Model):
    """Something a lead switched on for a store: no new orders, an early closing, a dead POS.

    At most one of a kind is on; ``closed_at`` is when it was undone or ran out (``until``).
    ``before`` keeps what undoing puts back.
    """

    class Kind(models.TextChoices):
        PAUSED = "paused", "no new orders"
        CLOSING_EARLY = "closing_early", "closing early"
        POS_DOWN = "pos_down", "POS down"

    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="switches")
    kind = models.CharField(max_length=13, choices=Kind)
    reason = models.CharField(max_length=200, blank=True)
    until = models.DateTimeField(null=True, blank=True, help_text="empty: until it is undone")
    before = models.JSONField(default=dict, editable=False)
    opened_at = models.DateTimeField(db_default=Now(), editable=False)
    opened_by = models.CharField(max_length=150, blank=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    closed_by = models.CharField(max_length=150, blank=True, editable=False)

    class Meta:
        verbose_name_plural = "store switches"
        constraints = [
            models.UniqueConstraint(
                fields=["store", "kind"],
                condition=models.Q(closed_at__isnull=True),
                name="switch_one_on",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} at {self.store_id}"


class PosConnection(models.Model):
    """How the hub reaches a store's POS, and what the POS says of its own figures."""

    public_id = models.CharField(max_length=30, unique=True, default=_pos_id, editable=False)
    store = models.OneToOneField(Store, on_delete=models.PROTECT, related_name="pos")
    connector = models.CharField(max_length=40, default="webhook")
    base_url = models.URLField(max_length=300)
    secret = EncryptedTextField(help_text="whsec_…, signs both directions")
    previous_secret = EncryptedTextField(null=True, help_text="still good while it is replaced")
    counts_include_orders = models.BooleanField(
        default=False, help_text="its counts already lack goods of orders not yet handed off"
    )
    sales_include_orders = models.BooleanField(
        default=False, help_text="its sales log repeats orders that the hub handed off"
    )
    layout = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
        help_text="what is peculiar to it; see hub.connectors.pos.layout",
    )
    active = models.BooleanField(default=True)
    history: Any = RuleHistory(excluded_fields=["secret", "previous_secret"])

    def __str__(self) -> str:
        return f"{self.connector} of {self.store}"


class StaffScope(models.Model):
    """A person may see and work a store. Superusers work all of them."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="store_scopes"
    )
    store = models.ForeignKey(Store, on_delete=models.CASCADE, related_name="staff_scopes")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    history: Any = RuleHistory()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "store"], name="scope_once")]

    def __str__(self) -> str:
        return f"{self.user} at {self.store}"
