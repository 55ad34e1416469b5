"""Kinds of settings: what values there are, how people write and read them, how JSON has them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy


class Kind:
    """What all kinds share. Plain values are those of JSON; ``control`` is how a page asks."""

    control: ClassVar[str] = "text"
    choices: ClassVar[tuple[tuple[str, Any], ...]] = ()

    def stored(self, value: Any) -> Any:
        """A stored value as it holds."""
        return value

    def plain(self, value: Any) -> Any:
        """The value as JSON has it."""
        return value

    def parse(self, plain: Any) -> Any:
        """The value of what JSON has. Raises ValueError or TypeError."""
        raise NotImplementedError

    def problem(self, value: Any) -> str:
        """Why this value cannot be; empty when it can."""
        raise NotImplementedError

    def field(self) -> forms.Field:
        """The field that reads what a person wrote; nothing written is None."""
        raise NotImplementedError

    def written(self, value: Any) -> str:
        """The value as the field reads it back."""
        return str(value)

    def words(self, value: Any) -> str:
        """The value as people say it."""
        return self.written(value)


@dataclass(frozen=True)
class Whole(Kind):
    """A whole number of a range."""

    allowed: range
    control: ClassVar[str] = "number"

    def parse(self, plain: Any) -> int:
        """The number itself: nothing else is one."""
        if type(plain) is not int:
            raise ValueError(plain)
        return plain

    def problem(self, value: Any) -> str:
        """The range, for a number outside of it."""
        inside = value in self.allowed
        return "" if inside else f"{self.allowed.start} to {self.allowed.stop - 1}"

    def field(self) -> forms.Field:
        """A whole number of the range."""
        first, last = self.allowed.start, self.allowed.stop - 1
        return forms.IntegerField(required=False, min_value=first, max_value=last)


class Clock(Kind):
    """A time of the store's day."""

    control: ClassVar[str] = "time"

    def plain(self, value: time | None) -> str | None:
        """ISO 8601."""
        return None if value is None else value.isoformat()

    def parse(self, plain: Any) -> time:
        """A time without a zone."""
        return time.fromisoformat(plain).replace(tzinfo=None)

    def problem(self, value: Any) -> str:
        """Any time can be."""
        return "" if isinstance(value, time) else "a time of the day"

    def field(self) -> forms.Field:
        """Hours and minutes."""
        return forms.TimeField(required=False, input_formats=["%H:%M", "%H:%M:%S"])

    def written(self, value: Any) -> str:
        """Hours and minutes."""
        return f"{value:%H:%M}"


class Switch(Kind):
    """Yes or no."""

    control: ClassVar[str] = "choice"
    choices: ClassVar[tuple[tuple[str, Any], ...]] = (
        ("yes", gettext_lazy("yes")),
        ("no", gettext_lazy("no")),
    )

    def parse(self, plain: Any) -> bool:
        """True or false: nothing else is one."""
        if not isinstance(plain, bool):
            raise TypeError(plain)
        return plain

    def problem(self, value: Any) -> str:
        """Only true and false can be."""
        return "" if isinstance(value, bool) else "true or false"

    def field(self) -> forms.Field:
        """One of the two."""
        return forms.TypedChoiceField(
            choices=self.choices,
            coerce=lambda said: said == "yes",
            empty_value=None,
            required=False,
        )

    def written(self, value: Any) -> str:
        """The choice."""
        return "yes" if value else "no"

    def words(self, value: Any) -> str:
        """The word."""
        return _("yes") if value else _("no")
