"""Many clients that POST as fast as they are answered, at next to no cost of their own."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

from tests.benchmarks.harness import HOST, Web

Post = Callable[[int], bytes]  # the whole request of a number, head and body


@dataclass(frozen=True)
class Posted:
    """What came of a load: answers per second, latencies in milliseconds, statuses."""

    rate: float
    p50_ms: float
    p99_ms: float
    statuses: Counter[int]


def request(path: str, *, secret: str, key: str, body: bytes) -> bytes:
    """A POST of JSON under an idempotency key, as it goes over the wire."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {secret}\r\n"
        f"Content-Type: application/json\r\nIdempotency-Key: {key}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def post(web: Web, make: Post, *, clients: int, seconds: float) -> Posted:
    """Let ``clients`` send one request after the other for so long; numbers never repeat."""
    numbers, end = count(time.time_ns()), time.monotonic() + seconds
    with ThreadPoolExecutor(clients) as pool:
        running = [pool.submit(_client, web, make, numbers, end) for _ in range(clients)]
        seen = [answer for done in running for answer in done.result(seconds + 60)]
    took = sorted(milliseconds for _, milliseconds in seen)
    return Posted(
        rate=len(seen) / seconds,
        p50_ms=took[len(took) // 2],
        p99_ms=took[int(len(took) * 0.99)],
        statuses=Counter(status for status, _ in seen),
    )


def _client(web: Web, make: Post, numbers: Iterator[int], end: float) -> list[tuple[int, float]]:
    """Status and milliseconds of each answer over one connection."""
    seen = []
    with socket.create_connection((HOST, web.port), timeout=60) as line:
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while time.monotonic() < end:
            wire = make(next(numbers))
            begun = time.perf_counter()
            line.sendall(wire)
            seen.append((_status(line), (time.perf_counter() - begun) * 1000))
    return seen


def _status(line: socket.socket) -> int:
    """Read one answer to its end; its status."""
    answer = line.recv(65_536)
    while (split := answer.find(b"\r\n\r\n")) < 0:
        answer += line.recv(65_536)
    head = answer[:split].lower()
    length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
    left = length - (len(answer) - split - 4)
    while left > 0:
        left -= len(line.recv(min(left, 65_536)))
    return int(head[9:12])
