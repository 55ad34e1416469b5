"""Which language a person reads."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class PersonLanguage(models.Model):
    """The language that a person chose for the staff pages; no row: as the tablet's store or the
    browser speaks."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        db_constraint=False,
        related_name="chosen_language",
    )
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)

    class Meta:
        verbose_name = _("chosen language")
        verbose_name_plural = _("chosen languages")
        default_permissions = ()

    def __str__(self) -> str:
        return self.language
