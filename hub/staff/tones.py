"""Colours of labels, found by the label that is shown, in whatever language it is shown."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext


class Tones(dict[str, str]):
    """Tones by English labels, read by translated ones: unfold colours a cell by its text."""

    def __contains__(self, shown: object) -> bool:
        return shown in self._spoken()

    def __getitem__(self, shown: str) -> str:
        return self._spoken()[shown]

    def get(self, shown: str, default: Any = None) -> Any:
        """The tone of a shown label."""
        return self._spoken().get(shown, default)

    def _spoken(self) -> dict[str, str]:
        return {gettext(label): tone for label, tone in self.items()}
