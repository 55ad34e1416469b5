"""Lets the names of apps, models, fields and choices be said in the reader's language.

Models name themselves in plain English. Once all are loaded, each name is replaced by its lazy
translation. Migrations see the words as they were written: Django keeps those beside.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig
from django.db.models import Field, Model
from django.utils.translation import gettext_lazy

OWN_APPS = ("hub", "inventory", "orders", "notifications")


def is_own(model: type[Model]) -> bool:
    """Whether the model is the project's, not a library's."""
    return model.__module__.partition(".")[0] in OWN_APPS


def translate_models(models: Iterable[type[Model]]) -> None:
    """From now on the project's models name themselves, their fields and choices in the
    language in force; without one, in English as before."""
    for model in filter(is_own, models):
        options = model._meta
        options.verbose_name = _lazy(options.verbose_name)
        options.verbose_name_plural = _lazy(options.verbose_name_plural)
        for field in (*options.local_fields, *options.local_many_to_many):
            _translate_field(field)


def translate_apps(configs: Iterable[AppConfig]) -> None:
    """From now on the project's apps name themselves so, at the head of their pages."""
    for config in configs:
        if config.name.partition(".")[0] in OWN_APPS:
            config.verbose_name = _lazy(config.verbose_name)


def _translate_field(field: Field[Any, Any]) -> None:
    field.verbose_name = _lazy(field.verbose_name)
    field.help_text = _lazy(field.help_text)
    if field.choices:
        field.choices = [_choice(value, label) for value, label in field.choices]


def _choice(value: Any, label: Any) -> tuple[Any, Any]:
    """A choice, or a group of choices."""
    if isinstance(label, list | tuple):
        return value, [_choice(*inner) for inner in label]
    return value, _lazy(label)


def _lazy(text: Any) -> Any:
    # the empty text is the catalogue's own head
    return gettext_lazy(str(text)) if text else text
