"""Values to try templates with: what a customer might read, as long as it usually gets."""

from __future__ import annotations

from django.conf import settings

# Looks like a link of ours and opens nothing.
SAMPLE_TOKEN = "AbCdEfGhIjKlMnOpQrStUv"  # noqa: S105
SAMPLE_PIN = "482913"

_SAMPLES = {
    "brand": "Greenleaf",
    "store": "Greenleaf Nord",
    "address": "12 Main Street, Springfield",
    "phone": "+15550100",
    "order": "W-100234",
    "pin": SAMPLE_PIN,
    "promised": "16:30",
    "deadline": "23.11., 20:00",
    "window": "23.11., 14:00 - 14:30",
    "ready_by": "14:45",
    "until": "14:45",
    "other_store": "Greenleaf West",
    "wrong_store": "Greenleaf West",
    "closes": "14:00",
    "offers": "1) Oat drink 1 l; 2) Green tea 100 g",
    "supplied": "+ Oat drink 1 l; - Green tea 100 g",
    "missing": "Oat drink 1 l; Green tea 100 g",
    "goods": "Oat drink 1 l",
    "age": "18",
    "delegate": "Marie",
    "code": "204481",
    "answer": "The missing tea is on its way to you, we are sorry.",
    "topic": "reminders to collect, last day",
    "options": "1) W-100234; 2) W-100235",
    "last": "2",
    "spot": "12",
    "time": "14:45",
    "most": "180",
    "hours": "08:00 - 20:00",
}


def samples() -> dict[str, str]:
    """A value for every name that a template may use."""
    return {**_SAMPLES, "link": sample_link()}


def sample_link() -> str:
    """The address of a link that opens nothing."""
    return f"{settings.PUBLIC_BASE_URL}/p/{SAMPLE_TOKEN}"
