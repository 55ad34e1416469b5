# ruff: noqa: ARG002  an override takes all that Django passes
"""Lists of growing tables: what can be chosen is named, and counting ends at some point."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext

MOST_COUNTED = 10_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]  # takes no argument at run time
    """Counts ten thousand rows at most: who looks for one beyond them searches or filters."""

    @cached_property
    def count(self) -> int:
        """How many rows there are, ``MOST_COUNTED`` at most."""
        rows = self.object_list
        if isinstance(rows, models.QuerySet):
            return int(rows.order_by()[:MOST_COUNTED].count())
        return len(rows)


def by_values(field: str, values: Callable[[], Iterable[str]]) -> type[SimpleListFilter]:
    """A filter of a text column by these values, with their words where they come as a mapping;
    the column is not read for those it has."""

    class ByValues(SimpleListFilter):
        parameter_name = field

        def __init__(
            self, request: HttpRequest, params: dict[str, Any], model: Any, page: Any
        ) -> None:
            self.title = gettext(str(model._meta.get_field(field).verbose_name))
            super().__init__(request, params, model, page)

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            found = values()
            words = found if isinstance(found, Mapping) else {}
            said = {value: words.get(value, value.replace("_", " ")) for value in found}
            return [(value, str(capfirst(said[value]))) for value in sorted(said)]

        def queryset(
            self, request: HttpRequest, queryset: models.QuerySet[Any]
        ) -> models.QuerySet[Any]:
            return queryset.filter(**{field: self.value()}) if self.value() else queryset

    return ByValues
