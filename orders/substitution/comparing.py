"""How well one item stands in for another. Pure: all it needs is given to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from inventory.models import Item

ALLERGENS_UNKNOWN = "allergens_unknown"
DIETS_UNKNOWN = "diets_unknown"
BANDS = (0.1, 0.25, 0.5)  # how far a price or size is off, as a share of the original


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the customer bought, at which price, and what he would take: the named item, the cap."""

    original: Item
    unit_price_minor: int
    cap_minor: int | None = None
    named_id: int | None = None

    @property
    def most_minor(self) -> int:
        """The most that a unit may cost: the cap, else what the original costs."""
        return self.unit_price_minor if self.cap_minor is None else self.cap_minor

    def price_of(self, item: Item) -> int:
        """What a unit of the substitute costs the customer: its list price, at most the cap.

        An item without a list price costs what the original does, at most the cap.
        """
        return min(item.price_minor or self.unit_price_minor, self.most_minor)


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An item that could stand in: its units to promise, and how often it was taken before."""

    item: Item
    available: int
    accepted: int = 0
    declined: int = 0


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A candidate judged for one wish. ``over_cap``: its list price is above what may be paid."""

    item: Item
    available: int
    unit_price_minor: int
    named: bool
    over_cap: bool
    accepted: int
    declined: int
    warnings: list[str] = field(default_factory=list)


def warnings_of(original: Item, item: Item) -> list[str]:
    """What the customer has to know of the substitute before he agrees, as codes.

    ``allergen:…`` that the original is not known to have, ``diet:…`` that it suited and the
    substitute is not known to suit, ``age:…`` when it is sold from a higher age only, and what
    is not known at all of the substitute.
    """
    found: list[str] = []
    if item.allergens is None:
        found.append(ALLERGENS_UNKNOWN)
    else:
        found += [f"allergen:{one}" for one in sorted({*item.allergens} - _known(original))]
    if item.diets is None:
        found.append(DIETS_UNKNOWN)
    else:
        found += [f"diet:{one}" for one in sorted({*(original.diets or [])} - {*item.diets})]
    if item.minimum_age > original.minimum_age:
        found.append(f"age:{item.minimum_age}")
    return found


def ranked(wish: Wish, candidates: Iterable[Candidate]) -> list[Suggestion]:
    """The candidates, the best first.

    What the customer named leads. Then: within the price cap, without warnings, near in price,
    near in size, taken before by more of those who were asked, more of it there; the SKU decides
    the rest.
    """
    return sorted((_judged(wish, one) for one in candidates), key=lambda one: _rank(wish, one))


def _judged(wish: Wish, candidate: Candidate) -> Suggestion:
    item = candidate.item
    return Suggestion(
        item=item,
        available=candidate.available,
        unit_price_minor=wish.price_of(item),
        named=item.pk == wish.named_id,
        over_cap=item.price_minor > wish.most_minor,
        accepted=candidate.accepted,
        declined=candidate.declined,
        warnings=warnings_of(wish.original, item),
    )


def _rank(wish: Wish, one: Suggestion) -> tuple[object, ...]:
    return (
        not one.named,
        one.over_cap,
        len(one.warnings),
        _band(wish.original.price_minor or wish.unit_price_minor, one.item.price_minor),
        _band(wish.original.content, one.item.content),
        -(one.accepted + 1) / (one.accepted + one.declined + 2),
        -one.available,
        one.item.sku,
    )


def _band(wanted: int | None, found: int | None) -> int:
    """0 for nearly the same, up to 3; something unknown is in the middle."""
    if not wanted or not found:
        return len(BANDS) - 1
    off = abs(found - wanted) / wanted
    return sum(off > band for band in BANDS)


def _known(original: Item) -> set[str]:
    return {*(original.allergens or [])}
