"""Open boards as the page's script keeps them, what they cost, and when a change is on them."""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.test import Client
from django.urls import reverse

from hub.stores.models import StaffScope
from orders.pulse import ticket_for
from tests.benchmarks.harness import HOST, Web
from tests.factories import make_person

POLL_SECONDS = 1.6
TICKS = os.sysconf("SC_CLK_TCK")
_CARD = re.compile(rb'data-card="([^"]+)"')


@dataclass
class Board:
    """One tablet: what it asks for, as whom, and when each card came onto its screen."""

    kind: str
    store: int
    pulse_path: str
    cards_path: str
    cookie: str
    known: str = ""
    shown: dict[str, float] = field(default_factory=dict)
    asked: int = 0
    renewed: int = 0

    def show(self, cards: bytes) -> None:
        """Take what stands on the cards as seen now."""
        now = time.monotonic()
        self.known = cards.partition(b'data-pulse="')[2][:16].decode()
        for key in _CARD.findall(cards):
            self.shown.setdefault(key.decode(), now)


def open_board(kind: str, store) -> Board:
    """A board of that kind in the hands of somebody who works in that store."""
    person = make_person()
    StaffScope.objects.create(user=person, store=store)
    browser = Client()
    browser.force_login(person)
    cookie = browser.cookies[settings.SESSION_COOKIE_NAME].value
    return Board(
        kind=kind,
        store=store.pk,
        pulse_path=reverse("board-pulse", args=[ticket_for([store.pk], kind)]),
        cards_path=reverse(f"admin:orders_fulfillmentorder_{kind}_cards"),
        cookie=f"{settings.SESSION_COOKIE_NAME}={cookie}",
    )


async def load_all(boards: list[Board], web: Web) -> None:
    """Every board is opened, one after the other, before anything is measured."""
    line = await asyncio.open_connection(HOST, web.port)
    for board in boards:
        board.show(await get(line, board.cards_path, board.cookie) or b"")
    line[1].close()


async def watch(boards: list[Board], web: Web, seconds: float) -> None:
    """All boards live for so long, each beginning somewhere in its round."""
    until = time.monotonic() + seconds
    phases = (place / len(boards) for place in range(len(boards)))
    await asyncio.gather(
        *(_live(board, web, until, phase) for board, phase in zip(boards, phases, strict=True))
    )


async def ask_for_floor(count: int, web: Web, seconds: float) -> None:
    """As many requests for the emptiest page there is."""
    until = time.monotonic() + seconds

    async def ask(phase: float) -> None:
        await asyncio.sleep(phase * POLL_SECONDS)
        line = await asyncio.open_connection(HOST, web.port)
        while (round_begun := time.monotonic()) < until:
            await get(line, "/live")
            await asyncio.sleep(max(0.0, round_begun + POLL_SECONDS - time.monotonic()))
        line[1].close()

    await asyncio.gather(*(ask(place / count) for place in range(count)))


async def _live(board: Board, web: Web, until: float, phase: float) -> None:
    await asyncio.sleep(phase * POLL_SECONDS)
    line = await asyncio.open_connection(HOST, web.port)
    while (round_begun := time.monotonic()) < until:
        pulse = await get(line, board.pulse_path)
        board.asked += 1
        changed = pulse is not None and json.loads(pulse)["pulse"] != board.known
        cards = await get(line, board.cards_path, board.cookie) if changed else None
        if cards is not None:
            board.renewed += 1
            board.show(cards)
        await asyncio.sleep(max(0.0, round_begun + POLL_SECONDS - time.monotonic()))
    line[1].close()


async def get(line, path: str, cookie: str = "") -> bytes | None:
    """The body of the answer; None when the server was too busy, and the next round has to do."""
    reader, writer = line
    extra = f"Cookie: {cookie}\r\n" if cookie else ""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n{extra}\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    status = head.split(b" ", 2)[1]
    if status not in (b"200", b"503"):
        raise SystemExit(f"{path[:60]}: {head[:80]!r}")
    length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
    body = await reader.readexactly(length)
    return body if status == b"200" else None


def ticks_of(web: Web, database: str) -> int:
    """Processor time of the web's processes and of the database's for them, in clock ticks."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            [database],
        )
        backends = {str(pid) for (pid,) in cursor.fetchall()}
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            mine = stat.parent.name in backends or os.getpgid(int(stat.parent.name)) == web.pid
            if mine:
                fields = stat.read_text().rpartition(")")[2].split()
                total += int(fields[11]) + int(fields[12])
        except (OSError, ValueError):
            continue
    return total


def percent_of(ticks: int, begun: float) -> float:
    """The share of a core that so many ticks since then are."""
    return ticks / TICKS / (time.monotonic() - begun) * 100
