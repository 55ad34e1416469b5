"""The Golden Record: who the customers are, how they want to be told, what they agreed to.

Nothing here is merged by overwriting. A *source record* says what one system said once; a
profile is computed from the records that are linked to it, so that links can be moved and moved
back.
"""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from hub.crypto import EncryptedTextField
from hub.ids import new_id


def _profile_id() -> str:
    return new_id("cus")


class Channel(models.TextChoices):
    SMS = "sms"
    EMAIL = "email"


class Contact(models.Model):
    """The only home of names, phones and e-mail addresses. Hashes find, they do not tell.

    ``identity_hash`` covers name, phone and e-mail together: the same three again are the same
    contact, and a phone alone never links two people.
    """

    name = EncryptedTextField(default="")
    phone = EncryptedTextField(default="", help_text="E.164")
    email = EncryptedTextField(default="", help_text="lower case")
    name_hash = models.CharField(max_length=32, blank=True, db_index=True)
    phone_hash = models.CharField(max_length=32, blank=True, db_index=True)
    phone_last4_hash = models.CharField(max_length=32, blank=True, db_index=True)
    email_hash = models.CharField(max_length=32, blank=True, db_index=True)
    identity_hash = models.CharField(max_length=32, unique=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"contact {self.pk}"


class Profile(models.Model):
    """A projection: rebuilt from the source records linked to it, never edited.

    ``contact`` is the newest one its records name, ``locale`` what they say of his language;
    ``chosen_locale`` is what he chose himself, and by ``locale_source`` where: it outranks them;
    so do ``chosen_timezone`` and its source. Until ``paused_until`` he gets what is critical only.
    """

    public_id = models.CharField(max_length=30, unique=True, default=_profile_id, editable=False)
    contact = models.ForeignKey(Contact, null=True, on_delete=models.PROTECT, related_name="+")
    locale = models.CharField(max_length=10, blank=True)
    chosen_locale = models.CharField(max_length=10, blank=True, default="", db_default="")
    locale_source = models.CharField(
        max_length=10, blank=True, default="", db_default="", help_text="page, sms, staff"
    )
    timezone = models.CharField(max_length=50, blank=True)
    chosen_timezone = models.CharField(max_length=50, blank=True, default="", db_default="")
    timezone_source = models.CharField(
        max_length=10, blank=True, default="", db_default="", help_text="page, sms, staff, api"
    )
    paused_until = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return self.public_id


class Vehicle(models.Model):
    """The car a customer comes in, kept because he agreed to it; one per profile.

    ``details`` is JSON: make, model, colour, plate. ``plate_hash`` finds, it does not tell.
    """

    profile = models.OneToOneField(Profile, on_delete=models.CASCADE, related_name="vehicle")
    details = EncryptedTextField()
    plate_hash = models.CharField(max_length=32, blank=True)
    agreed_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"vehicle of {self.profile_id}"


class SourceRecord(models.Model):
    """What one system said about a customer, once; immutable. ``payload`` holds no contact data."""

    source = models.CharField(max_length=60, help_text="such as channel:web-uk")
    source_id = models.CharField(max_length=120, help_text="the order or account there")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="records")
    account_id = models.CharField(max_length=120, blank=True)
    payload = models.JSONField(default=dict)
    received_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "source_id"], name="source_record_once")
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.source_id}"


class IdentityLink(models.Model):
    """Which profile a record speaks of, and by which rule. Moving a link is a merge; the old
    link stays, inactive, so that it can be undone."""

    record = models.ForeignKey(
        SourceRecord, on_delete=models.CASCADE, related_name="links", db_index=False
    )
    profile = models.ForeignKey(Profile, on_delete=models.PROTECT, related_name="links")
    rule = models.CharField(max_length=40, help_text="account, guest, manual")
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["record"], condition=models.Q(active=True), name="link_one_active"
            )
        ]

    def __str__(self) -> str:
        return f"{self.record_id} is {self.profile_id} by {self.rule}"


class IdentityKey(models.Model):
    """The race-proof owner of a strong identity (an account, a guest contact): one profile each."""

    key_hash = models.CharField(max_length=32, unique=True)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="keys")

    def __str__(self) -> str:
        return f"key of {self.profile_id}"


class Preference(models.Model):
    """A channel for a purpose: rank 1 is tried first, rank 0 means not by this one; no row means
    not chosen."""

    profile = models.ForeignKey(
        Profile, on_delete=models.CASCADE, related_name="preferences", db_index=False
    )
    purpose = models.CharField(max_length=40, default="order_updates")
    channel = models.CharField(max_length=10, choices=Channel)
    rank = models.PositiveSmallIntegerField(default=1)
    source = models.CharField(max_length=40, help_text="who said so: order, page, sms, import")
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(
                fields=["profile", "purpose", "channel"], name="preference_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} by {self.channel}"


class ConsentEvent(models.Model):
    """One line of the consent log of an address; append-only, each line seals the one before.

    ``digest`` = SHA-256 over the previous digest and this line's own fields, so a changed or
    removed line shows. ``sequence`` counts per address hash from 1; the log's ConsentHead says how
    many lines there are.
    """

    address_hash = models.CharField(max_length=32)
    sequence = models.PositiveIntegerField()
    channel = models.CharField(max_length=10, choices=Channel)
    purpose = models.CharField(max_length=40)
    programme = models.CharField(max_length=40, default="orders")
    status = models.CharField(max_length=10, help_text="granted, denied, revoked")
    method = models.CharField(max_length=20, help_text="order, page, sms, import, staff")
    actor = models.CharField(max_length=60)
    wording = models.CharField(max_length=40, help_text="version of the words shown")
    locale = models.CharField(max_length=10, blank=True)
    reference = models.CharField(max_length=120, blank=True, help_text="order or message")
    occurred_at = models.DateTimeField()
    previous_digest = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["address_hash", "sequence"], name="consent_sequence")
        ]

    def __str__(self) -> str:
        return f"{self.purpose} by {self.channel}: {self.status}"


class ConsentHead(models.Model):
    """The newest line of an address's consent log, written with it: who cuts lines off the end
    leaves a head that counts more. ``seal`` is keyed, so that the database alone cannot make it.
    """

    address_hash = models.CharField(max_length=32, unique=True)
    count = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    seal = models.CharField(max_length=32)

    def __str__(self) -> str:
        return f"{self.count} lines of {self.address_hash}"


class AddressHealth(models.Model):
    """What is known of an address that once did not work; no row means nothing bad."""

    class State(models.TextChoices):
        SHAKY = "shaky", "failed lately"
        DEAD = "dead", "cannot be reached"

    address_hash = models.CharField(max_length=32)
    channel = models.CharField(max_length=10, choices=Channel)
    state = models.CharField(max_length=5, choices=State)
    reason = models.CharField(max_length=60, help_text="such as hard_bounce, landline, 30005")
    failures = models.PositiveSmallIntegerField(default=1)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name_plural = "address health"
        constraints = [
            models.UniqueConstraint(fields=["address_hash", "channel"], name="address_health_once")
        ]

    def __str__(self) -> str:
        return f"{self.channel}: {self.state}"
