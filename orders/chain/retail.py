"""Real stores and real order lines from files.

Stores: ``store_code, street, city, state, postal_code, latitude, longitude`` (US states).
Lines: ``invoice, stock_code, description, quantity, invoiced_at, unit_price_gbp, customer_id``;
plain or gzip.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from statistics import median_low
from typing import IO

from tqdm import tqdm

from hub.errors import Invalid
from orders.chain.rows import Chain, ChannelRow, ItemRow, StoreRow, gtin_13

# A stock code of goods begins with five digits, or names a dotcom gift box; the rest (postage,
# bank charges, manual corrections, samples) is money, not goods.
_GOODS = re.compile(r"\d{5}|DCGS")
_OPEN, _CLOSE = time(6, 0), time(23, 0)
_OWN_USE_PREFIX = 210
_ZONES = {
    "America/New_York": "CT DC DE FL GA IN KY MA MD ME MI NC NH NJ NY OH PA RI SC VA VT WV",
    "America/Chicago": "AL AR IA IL KS LA MN MO MS ND NE OK SD TN TX WI",
    "America/Denver": "CO ID MT NM UT WY",
    "America/Phoenix": "AZ",
    "America/Los_Angeles": "CA NV OR WA",
    "America/Anchorage": "AK",
    "Pacific/Honolulu": "HI",
    "America/Puerto_Rico": "PR VI",
}
# By the zone in which most of a state's people live.
_ZONE_OF_STATE = {state: zone for zone, states in _ZONES.items() for state in states.split()}


@dataclass(frozen=True)
class Line:
    """One line of an invoice, as the file has it; the price in pence."""

    invoice: str
    stock_code: str
    description: str
    quantity: int
    invoiced_at: str
    unit_price_minor: int
    customer_id: str


def is_goods(stock_code: str) -> bool:
    """Whether a stock code names something that lies on a shelf."""
    return _GOODS.match(stock_code) is not None


def retail_chain(*, stores: Path, lines: Path) -> Chain:
    """The chain of the two files. Raises Invalid when one cannot be read as described above."""
    channel = ChannelRow(code="web-retail", name="Retail site", currency="GBP")
    return Chain(
        brand="Retail",
        channels=[channel],
        stores=list(read_stores(stores)),
        items=_items(tqdm(read_lines(lines), desc="reading", unit=" lines", delay=2, disable=None)),
    )


def read_stores(path: Path) -> Iterator[StoreRow]:
    """The stores of a file, open every day from 06:00 to 23:00."""
    with _rows(path) as rows:
        for row in rows:
            yield StoreRow(
                code=f"US-{row['store_code']}",
                name=f"{row['city']} {row['store_code']}",
                street=row["street"],
                city=row["city"],
                region=row["state"],
                postal_code=row["postal_code"],
                country="US",
                latitude=float(row["latitude"]),
                longitude=float(row["longitude"]),
                timezone=_ZONE_OF_STATE[row["state"]],
                locale="en",
                phone="",
                hours=dict.fromkeys(range(7), (_OPEN, _CLOSE)),
            )


def read_lines(path: Path, *, day: str = "") -> Iterator[Line]:
    """The order lines of a file in its order; only those of a day (YYYY-MM-DD) when it is given."""
    with _rows(path) as rows:
        for row in rows:
            if row["invoiced_at"].startswith(day):
                yield Line(
                    invoice=row["invoice"],
                    stock_code=row["stock_code"],
                    description=row["description"],
                    quantity=int(row["quantity"]),
                    invoiced_at=row["invoiced_at"],
                    unit_price_minor=round(float(row["unit_price_gbp"]) * 100),
                    customer_id=row["customer_id"],
                )


@contextmanager
def _rows(path: Path) -> Iterator[Iterator[dict[str, str]]]:
    """Rows of a CSV file; whatever is wrong with the file becomes one Invalid."""
    try:
        with _open(path) as file:
            yield csv.DictReader(file)
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise Invalid(f"{path} cannot be read: {error}") from error
    except (KeyError, ValueError, TypeError) as error:
        raise Invalid(f"{path} does not have the columns or values expected: {error}") from error


def _open(path: Path) -> IO[str]:
    opener = gzip.open if path.suffix == ".gz" else open
    return opener(path, "rt", encoding="utf-8", newline="")


def _items(lines: Iterable[Line]) -> list[ItemRow]:
    """One item per stock code, with its commonest description and its median price above zero."""
    descriptions: dict[str, Counter[str]] = defaultdict(Counter)
    prices: dict[str, list[int]] = defaultdict(list)
    for line in lines:
        if is_goods(line.stock_code):
            descriptions[line.stock_code][line.description.strip()] += 1
            if line.unit_price_minor > 0:
                prices[line.stock_code].append(line.unit_price_minor)
    return [
        ItemRow(
            sku=code,
            gtin=gtin_13(f"{_OWN_USE_PREFIX}{number:09d}"),
            name=descriptions[code].most_common(1)[0][0] or code,
            category="gifts",
            price_minor=median_low(prices[code]) if prices[code] else 0,
        )
        for number, code in enumerate(sorted(descriptions), start=1)
    ]
