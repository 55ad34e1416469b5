"""Writing a chain: loading the same chain again changes only what differs."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import Model

from hub.stores.models import Brand, OpeningHours, PosConnection, SalesChannel, Store
from inventory.models import Item, Zone
from orders.chain.rows import Chain, ItemRow, StoreRow
from orders.models import Spot, StagingLocation

_BATCH = 2000
# Label, zone, accessible, oversize.
_SPOTS = [
    *((str(number), "A", False, False) for number in range(1, 6)),
    ("6", "A", True, False),
    ("7", "B", True, False),
    ("8", "B", False, True),
]
# Where bags wait: code, zone.
_PLACES = [
    *((f"A{number}", Zone.AMBIENT) for number in range(1, 7)),
    *((f"COOLER {number}", Zone.CHILLED) for number in range(1, 3)),
    ("FREEZER 1", Zone.FROZEN),
]


@transaction.atomic
def load(chain: Chain) -> None:
    """Afterwards the chain's brand, channels, stores (with hours, spots, places for bags and a
    POS) and items are there as described; what it does not name is left alone."""
    brand, _ = Brand.objects.get_or_create(name=chain.brand)
    for channel in chain.channels:
        SalesChannel.objects.update_or_create(
            code=channel.code,
            defaults={"name": channel.name, "currency": channel.currency, "brand": brand},
        )
    _upsert(Store, [_store(row, brand) for row in chain.stores], unique="code")
    _upsert(Item, [_item(row) for row in chain.items], unique="sku")
    stores = Store.objects.in_bulk([row.code for row in chain.stores], field_name="code")
    _load_hours(chain.stores, stores)
    _load_spots(stores)
    _load_places(stores)
    _load_pos(stores)


def _upsert(model: type[Model], rows: Sequence[Model], *, unique: str) -> None:
    """Insert the rows, or update all but the keys of those whose ``unique`` field is known."""
    kept = {"id", "public_id", unique}
    fields = [field.name for field in model._meta.concrete_fields if field.name not in kept]
    model._default_manager.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=[unique],
        update_fields=fields,
        batch_size=_BATCH,
    )


def _store(row: StoreRow, brand: Brand) -> Store:
    values = {name: value for name, value in vars(row).items() if name != "hours"}
    return Store(brand=brand, **values)


def _item(row: ItemRow) -> Item:
    marks = {"allergens": row.allergens, "diets": row.diets}
    known = {name: None if codes is None else list(codes) for name, codes in marks.items()}
    return Item(**vars(row) | known)


def _load_hours(rows: Sequence[StoreRow], stores: dict[str, Store]) -> None:
    OpeningHours.objects.filter(store__in=stores.values()).delete()
    OpeningHours.objects.bulk_create(
        [
            OpeningHours(store=stores[row.code], weekday=day, opens=opens, closes=closes)
            for row in rows
            for day, (opens, closes) in row.hours.items()
        ],
        batch_size=_BATCH,
    )


def _load_spots(stores: dict[str, Store]) -> None:
    Spot.objects.bulk_create(
        [
            Spot(store=store, label=label, zone=zone, accessible=accessible, oversize=oversize)
            for store in stores.values()
            for label, zone, accessible, oversize in _SPOTS
        ],
        ignore_conflicts=True,
        batch_size=_BATCH,
    )


def _load_places(stores: dict[str, Store]) -> None:
    StagingLocation.objects.bulk_create(
        [
            StagingLocation(store=store, code=code, zone=zone)
            for store in stores.values()
            for code, zone in _PLACES
        ],
        ignore_conflicts=True,
        batch_size=_BATCH,
    )


def _load_pos(stores: dict[str, Store]) -> None:
    """Connect each store without a POS to the simulated one, at the address the hub has now."""
    known = {row.store_id: row for row in PosConnection.objects.filter(store__in=stores.values())}
    new = [PosConnection(store=s, secret=_secret()) for s in stores.values() if s.pk not in known]
    for connection in new:
        connection.base_url = _simulated(connection)
    PosConnection.objects.bulk_create(new, batch_size=_BATCH)
    moved = [row for row in known.values() if _is_simulated(row)]
    for connection in moved:
        connection.base_url = _simulated(connection)
    PosConnection.objects.bulk_update(moved, ["base_url"], batch_size=_BATCH)


def _simulated(connection: PosConnection) -> str:
    return f"{settings.PUBLIC_BASE_URL}/sim/pos/{connection.public_id}"


def _is_simulated(connection: PosConnection) -> bool:
    here = _simulated(connection)
    return connection.base_url != here and connection.base_url.endswith(
        f"/sim/pos/{connection.public_id}"
    )


def _secret() -> str:
    """A signing secret in the form of the Standard Webhooks specification: 32 random bytes."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
