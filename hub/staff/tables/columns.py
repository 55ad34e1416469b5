# ruff: noqa: ARG002  an override takes all that the library passes
"""What may stand in a column: each kind reads text, refuses what it is not, and writes it back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

if TYPE_CHECKING:  # the library ships no types

    class Field:
        """What is used of the library's class."""

        column_name: str
        attribute: str
        widget: Any

        def __init__(self, **options: Any) -> None: ...

        def clean(self, row: Mapping[str, str], **how: Any) -> Any: ...

        def get_value(self, instance: Any) -> Any: ...

    class Widget:
        """What is used of the library's class."""
else:
    from import_export.fields import Field
    from import_export.widgets import Widget

_TRUE = {"yes", "true", "1", "x", "ja", "oui", "tak", "да", "sí", "si"}
_FALSE = {"no", "false", "0", "", "nein", "non", "nie", "нет"}


class Kind(Widget):
    """Text of a cell to a value and back; refuses by ValueError."""

    def clean(self, value: str, row: Mapping[str, str] | None = None, **how: Any) -> Any:
        """The value that stands in the cell."""
        return self.read(value)

    def render(self, value: Any, obj: Any = None, **how: Any) -> str:
        """The cell that the value makes."""
        return "" if value is None else str(value)

    def read(self, text: str) -> Any:
        """The value, or ValueError with a sentence."""
        return text


class Text(Kind):
    """Text as it is; ``made`` may refuse or change it."""

    def __init__(self, made: Callable[[str], str] | None = None) -> None:
        super().__init__()
        self._made = made

    def read(self, text: str) -> str:
        """The text."""
        if self._made is None:
            return text
        try:
            return self._made(text)
        except ValidationError as error:
            raise ValueError(" ".join(error.messages)) from None


class Whole(Kind):
    """A whole number within bounds; an empty cell is ``empty``."""

    def __init__(self, least: int, most: int, *, empty: int | None = None) -> None:
        super().__init__()
        self._least, self._most, self._empty = least, most, empty

    def read(self, text: str) -> int | None:
        """The number."""
        if not text:
            return self._empty
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdecimal()) or len(digits) > 12:  # noqa: PLR2004  enough
            raise ValueError(_("“%(value)s” is no whole number") % {"value": text[:40]})
        number = int(text)
        if not self._least <= number <= self._most:
            raise ValueError(
                _("give %(least)s to %(most)s") % {"least": self._least, "most": self._most}
            )
        return number


class Degrees(Kind):
    """A latitude or longitude, to six places."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most

    def read(self, text: str) -> float:
        """The degrees."""
        try:
            number = Decimal(text.replace(",", "."))
        except InvalidOperation:
            raise ValueError(_("“%(value)s” is no number") % {"value": text[:40]}) from None
        if not number.is_finite() or abs(number) > self._most:
            raise ValueError(
                _("give %(least)s to %(most)s") % {"least": -self._most, "most": self._most}
            )
        return float(number)

    def render(self, value: Any, obj: Any = None, **how: Any) -> str:
        """Without an exponent."""
        return "" if value is None else f"{value:.6f}".rstrip("0").rstrip(".")


class Truth(Kind):
    """Yes or no."""

    def read(self, text: str) -> bool:
        """Whether it says yes."""
        said = text.casefold()
        if said in _TRUE:
            return True
        if said in _FALSE:
            return False
        raise ValueError(_("“%(value)s” is neither yes nor no") % {"value": text[:40]})

    def render(self, value: Any, obj: Any = None, **how: Any) -> str:
        """The same word in every language: files travel."""
        return "yes" if value else "no"


class Choice(Kind):
    """One of a few codes."""

    def __init__(self, codes: Collection[str]) -> None:
        super().__init__()
        self._codes = codes

    def read(self, text: str) -> str:
        """The code, in small letters."""
        said = text.casefold()
        if said not in self._codes:
            raise ValueError(_("give one of %(codes)s") % {"codes": ", ".join(self._codes)})
        return said


class Clock(Kind):
    """A time of the day as 09:00; may be empty where the table says so."""

    def read(self, text: str) -> time | None:
        """The time."""
        if not text:
            return None
        try:
            hours, minutes = text.split(":")[:2]
            return time(int(hours), int(minutes))
        except ValueError:
            raise ValueError(
                _("“%(value)s” is no time such as 09:00") % {"value": text[:40]}
            ) from None

    def render(self, value: Any, obj: Any = None, **how: Any) -> str:
        """Hours and minutes."""
        return "" if value is None else f"{value:%H:%M}"


class Day(Kind):
    """A date as 2026-12-24."""

    def read(self, text: str) -> date:
        """The date."""
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise ValueError(
                _("“%(value)s” is no date such as 2026-12-24") % {"value": text[:40]}
            ) from None

    def render(self, value: Any, obj: Any = None, **how: Any) -> str:
        """Year, month and day."""
        return "" if value is None else str(value.isoformat())


class Words(Kind):
    """A list of words with commas between them; ``unknown`` is what an empty cell means."""

    def __init__(self, *, unknown: list[str] | None, none: str = "none") -> None:
        super().__init__()
        self._unknown, self._none = unknown, none

    def read(self, text: str) -> list[str] | None:
        """The words, each once."""
        if not text:
            return self._unknown
        if text.casefold() == self._none:
            return []
        return list(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))

    def render(self, value: Any, obj: Any = None, **how: Any) -> str:
        """With commas; an empty list is its own word, as not known is an empty cell."""
        if value is None:
            return ""
        return ", ".join(value) if value else ("" if self._unknown == [] else self._none)


class Known(Kind):
    """Another row by its code; ``found`` holds those that may be named."""

    def __init__(self, found: Mapping[str, Any], code: str, what: str) -> None:
        super().__init__()
        self._found, self._code, self._what = found, code, what

    def read(self, text: str) -> Any:
        """The row."""
        if text not in self._found:
            raise ValueError(
                _("there is no %(what)s “%(value)s”") % {"what": self._what, "value": text[:40]}
            )
        return self._found[text]

    def render(self, value: Any, obj: Any = None, **how: Any) -> str:
        """Its code."""
        return "" if value is None else str(getattr(value, self._code))


def column(name: str, kind: Kind, *, attribute: str = "") -> Field:
    """A column of that name, of the attribute of the same name."""
    return Field(attribute=attribute or name, column_name=name, widget=kind)


class Beside(Field):
    """A column of what stands in other tables: ``stored`` reads it from there.

    What the file says waits on the row until its table writes it, see ``wanted``.
    """

    def __init__(self, name: str, kind: Kind, stored: Callable[[Any], Any]) -> None:
        super().__init__(attribute=name, column_name=name, widget=kind)
        self._stored = stored

    def get_value(self, instance: Any) -> Any:
        """What the file says, else what is stored; nothing of a row that is not there yet."""
        said = _wishes(instance)
        if self.attribute in said:
            return said[self.attribute]
        return self._stored(instance) if instance.pk else None

    def save(self, instance: Any, row: Mapping[str, str], *_: Any, **how: Any) -> None:
        """Let the row know what the file says."""
        _wishes(instance)[self.attribute] = self.clean(row)


def wanted(instance: Any, name: str) -> Any:
    """What the file says of a column that stands beside; None: the file has no such column."""
    return _wishes(instance).get(name)


def _wishes(instance: Any) -> dict[str, Any]:
    said: dict[str, Any] = instance.__dict__.setdefault("_said_in_file", {})
    return said
