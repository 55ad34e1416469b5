"""Tablets of stores, what people switch on them with, and which roles need a second factor."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_totp.models import TOTPDevice
from simple_history import register

from hub.crypto import lookup_hash
from hub.history import RuleHistory
from hub.ids import new_id
from hub.staff.person_language import PersonLanguage as PersonLanguage
from hub.staff.roles import TABLET_RIGHTS
from hub.stores.models import Store

IDLE_MINUTES = 5
LONGEST_IDLE_MINUTES = 120


def _tablet_id() -> str:
    return new_id("tab")


class Tablet(models.Model):
    """A device that stays in one store and that several people share.

    Its browser keeps 256 random bits, of which this row has a keyed hash. ``ended_at`` ends it
    and whatever anybody does on it, with the next request. The permissions of the workspace that
    belong to no other table stand here.
    """

    public_id = models.CharField(max_length=30, unique=True, default=_tablet_id, editable=False)
    store = models.ForeignKey(
        Store, on_delete=models.PROTECT, related_name="tablets", verbose_name=_("store")
    )
    name = models.CharField(
        _("name"), max_length=60, help_text=_("what is written on it, or where it lies")
    )
    idle_minutes = models.PositiveSmallIntegerField(
        _("minutes until it asks who is there"),
        default=IDLE_MINUTES,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_IDLE_MINUTES)],
    )
    token_hash = models.CharField(max_length=32, unique=True, editable=False)
    enrolled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        verbose_name=_("enrolled by"),
    )
    enrolled_at = models.DateTimeField(_("enrolled"), db_default=Now(), editable=False)
    last_seen_at = models.DateTimeField(_("last seen"), null=True, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)
    ended_by = models.CharField(max_length=150, blank=True, editable=False)

    class Meta:
        verbose_name = _("tablet")
        verbose_name_plural = _("tablets")
        permissions = [
            ("enrol_tablet", "Can enroll a tablet for a store, and end it"),
            ("issue_badge", "Can issue badges to the people of a store"),
            ("export_data", "Can take data out as a file"),
            ("view_audit", "Can read who did what"),
            ("see_all_stores", "Sees every store unless named for some"),
            ("work_in_all_stores", "Works in every store unless named for some"),
        ]

    def __str__(self) -> str:
        return self.name


class StaffKey(models.Model):
    """What a person switches with on a tablet: a badge, a PIN, or both.

    The badge's code is kept as a keyed hash; the PIN as a slow hash of a keyed one, so that a
    copy of the table alone does not let its million values be tried.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="staff_key"
    )
    badge_hash = models.CharField(max_length=32, null=True, unique=True, editable=False)
    badge_issued_at = models.DateTimeField(_("badge issued"), null=True, editable=False)
    badge_issued_by = models.CharField(max_length=150, blank=True, editable=False)
    pin = models.CharField(max_length=128, blank=True, editable=False)
    pin_set_at = models.DateTimeField(_("PIN set"), null=True, editable=False)

    class Meta:
        verbose_name = _("badge and PIN")
        verbose_name_plural = _("badges and PINs")

    def __str__(self) -> str:
        return str(self.user)


class RolePolicy(models.Model):
    """What a role asks of its people at log-in."""

    group = models.OneToOneField(Group, on_delete=models.CASCADE, related_name="policy")
    second_factor = models.BooleanField(
        _("asks for a second factor"),
        default=False,
        help_text=_("people of this role show a code of an app after their password"),
    )
    history: Any = RuleHistory()

    class Meta:
        verbose_name = _("log-in of this role")
        verbose_name_plural = _("log-in of this role")
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.group)


class TabletPerson(User):
    """A person who works on a shared tablet: the rights of the store's roles that are theirs.

    What a person may do elsewhere, a superuser too, ends at the tablet's edge: whoever takes the
    device up while it is unlocked gets no more than the store's work.
    """

    class Meta:
        proxy = True
        default_permissions = ()

    @classmethod
    def from_db(cls, db: Any, field_names: Any, values: Any, **how: Any) -> Self:
        """As stored, but never a superuser; ``has_all_rights`` says who is one elsewhere."""
        person = super().from_db(db, field_names, values, **how)
        person.has_all_rights = person.is_superuser  # type: ignore[attr-defined]
        person.is_superuser = False
        return person

    def save(self, *args: Any, **kwargs: Any) -> None:
        """What was taken from the person for the tablet is not written back."""
        names = kwargs.get("update_fields") or [
            field.name for field in self._meta.concrete_fields if not field.primary_key
        ]
        kwargs["update_fields"] = [name for name in names if name != "is_superuser"]
        super().save(*args, **kwargs)

    def get_all_permissions(self, obj: Any = None) -> set[str]:
        """The person's permissions that have a place on a tablet."""
        if self.has_all_rights:  # type: ignore[attr-defined]
            return set(TABLET_RIGHTS)
        return super().get_all_permissions(obj) & TABLET_RIGHTS

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Whether the permission is among them."""
        return self.is_active and perm in self.get_all_permissions(obj)

    def has_module_perms(self, app_label: str) -> bool:
        """Whether any of them is of the app."""
        return any(perm.startswith(f"{app_label}.") for perm in self.get_all_permissions())


class AppFactor(TOTPDevice):  # type: ignore[misc]  # django-otp ships no types
    """An app that shows a new code every half minute.

    The database keeps a random number; the secret is made of it with a key that the database has
    not. A copy of the table shows no codes.
    """

    class Meta:
        proxy = True
        default_permissions = ()

    @property
    def bin_key(self) -> bytes:
        """The secret that the app shares: 128 bits."""
        return bytes.fromhex(lookup_hash("second factor", self.key))


# Who may do what has a history: roles, and who has which. Names and addresses are left out.
register(Group, app="hub.staff", records_class=RuleHistory, m2m_fields=["permissions"])
register(
    User,
    app="hub.staff",
    records_class=RuleHistory,
    m2m_fields=["groups"],
    excluded_fields=[
        *("password", "last_login", "date_joined", "first_name", "last_name", "email"),
    ],
)
