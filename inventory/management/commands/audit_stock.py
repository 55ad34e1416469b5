"""``manage.py audit_stock``: does every balance follow from the ledger?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from hub.errors import HubError
from hub.stores.models import Store
from hub.stores.services import find_store
from inventory.services.auditing import Difference, compensate, differences, lines_behind
from inventory.services.catalog import find_items

DIFFERENCES_LEFT = 1
NOT_RUN = 2


class Command(BaseCommand):
    help = (
        "Recompute every balance of stock and print each difference with the ledger lines behind "
        "it. Changes nothing unless --repair is given. Exit 0: the books agree; 1: differences "
        "are left; 2: it could not run."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--store", help="code or id; default: every store")
        parser.add_argument("--sku", action="append", help="only this item; may be repeated")
        parser.add_argument("--repair", action="store_true", help="put the differences right")
        parser.add_argument(
            "--at-most",
            type=int,
            default=100,
            metavar="UNITS",
            help="leave a difference to a person if a balance would move by more (default 100)",
        )

    def handle(
        self, *, store: str | None, sku: list[str] | None, repair: bool, at_most: int, **_: Any
    ) -> None:
        """Go through the stores one by one; print, and with --repair compensate."""
        try:
            stores = [find_store(store)] if store else list(Store.objects.order_by("code"))
            items = [item.pk for item in find_items(sku).values()] if sku else None
        except HubError as error:
            raise CommandError(error.detail, returncode=NOT_RUN) from error
        found = left = 0
        for place in tqdm(stores, unit="store", delay=2, disable=None, leave=False):
            wrong = differences(store_id=place.pk, item_ids=items)
            found += len(wrong)
            left += self._settle(place, wrong, repair=repair, at_most=at_most)
        self.stdout.write(f"{len(stores)} stores, {found} differences, {left} left")
        if left:
            raise CommandError("the books do not agree", returncode=DIFFERENCES_LEFT)

    def _settle(
        self, store: Store, wrong: Iterable[Difference], *, repair: bool, at_most: int
    ) -> int:
        """Print the differences of a store, compensate them if asked; return how many are left."""
        left = 0
        for difference in wrong:
            self._tell(store, difference)
            done = repair and compensate(
                store_id=store.pk, item_id=difference.item_id, most_units=at_most
            )
            left += not done
            self.stdout.write(f"  {_verdict(difference, repair=repair, done=done, most=at_most)}")
        return left

    def _tell(self, store: Store, difference: Difference) -> None:
        self.stdout.write(f"{store.code} {difference.sku}:")
        for name, units in difference.level_changes.items():
            is_now, due = getattr(difference, name), getattr(difference, f"{name}_due")
            self.stdout.write(f"  {name} is {is_now}, should be {due} ({units:+})")
        for name, units in difference.ledger_changes.items():
            self.stdout.write(f"  the ledger lacks {name} {units:+}")
        for line in lines_behind(store_id=store.pk, item_id=difference.item_id):
            self.stdout.write(f"    {line}")


def _verdict(difference: Difference, *, repair: bool, done: bool, most: int) -> str:
    if done:
        return "put right"
    if not difference.within(most):
        return f"left to a person: more than {most} units, or a negative balance"
    return "changed meanwhile; run it again" if repair else "--repair would put this right"
