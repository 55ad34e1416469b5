"""A web server of a benchmark's own and a load on it."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from django.conf import settings

from hub.supervisor import granian

HOST = "127.0.0.1"
START_SECONDS = 30.0


@dataclass(frozen=True)
class Web:
    """A running server: its port, and the process that leads its workers."""

    port: int
    pid: int

    def url(self, path: str) -> str:
        return f"http://{HOST}:{self.port}{path}"

    def rss_mb(self) -> float:
        """Resident memory of the server and its workers together, in MB."""
        pages = 0
        for status in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError, ValueError):
                fields = status.read_text().rpartition(")")[2].split()
                if os.getpgid(int(status.parent.name)) == self.pid:
                    pages += int(fields[21])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@dataclass(frozen=True)
class Load:
    """What came of a load: answers per second, latencies in milliseconds, refusals and failures."""

    rate: float
    p50_ms: float
    p99_ms: float
    failed: int


@contextlib.contextmanager
def web_server(
    database: str, *, urlconf: str = "hub.urls", workers: int | None = None, port: int = 0
) -> Iterator[Web]:
    """Inside the block the hub's web server, started as the supervisor starts it, serves
    ``urlconf`` on ``database``, by default with as many workers as it would; afterwards its
    whole process group is gone."""
    port, workers = port or free_port(), workers or settings.ENV.workers
    with tempfile.TemporaryDirectory() as counters:
        variables = {
            "DJANGO_SETTINGS_MODULE": "tests.benchmarks.web_settings",
            "BENCH_DATABASE": database,
            "BENCH_URLCONF": urlconf,
            "HUB_DEBUG": "1",
            "HUB_LOG_LEVEL": "WARNING",
            "PROMETHEUS_MULTIPROC_DIR": counters,
        }
        process = subprocess.Popen(
            granian(HOST, port, workers), env=os.environ | variables, start_new_session=True
        )
        try:
            _wait_until_alive(port, process)
            yield Web(port, process.pid)
        finally:
            _end(process)


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def load(
    url: str, *, headers: dict[str, str] | None = None, connections: int = 16, seconds: int = 5
) -> Load:
    """GET ``url`` as fast as ``connections`` can for so long, with wrk, or without it in Python."""
    if not (wrk := shutil.which("wrk")):
        return _load_in_python(url, headers or {}, connections, seconds)
    sent = [part for name, value in (headers or {}).items() for part in ("-H", f"{name}: {value}")]
    command = [wrk, "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", *sent, url]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 30)
    return _read_wrk(done.stdout)


def rates(
    web: Web, paths: Sequence[str], *, headers: dict[str, str], runs: int, seconds: int
) -> dict[str, list[float]]:
    """Answers per second of each address, run in turns; a failed request ends it all."""
    seen: dict[str, list[float]] = {path: [] for path in paths}
    for run in range(runs + 1):
        for path in paths:
            got = load(web.url(path), headers=headers, seconds=seconds if run else 1)
            if got.failed:
                raise SystemExit(f"{path}: {got.failed} requests failed")
            if run:  # the first is for warming up
                seen[path].append(got.rate)
                print(
                    f"{path[:60]}: {got.rate:.0f}/s, p50 {got.p50_ms:.1f}, p99 {got.p99_ms:.1f} ms"
                )
    return seen


def latencies(web: Web, paths: Sequence[str], *, headers: dict[str, str]) -> list[float]:
    """Milliseconds of one GET after the other, over one connection; all must be answered 200."""
    line = HTTPConnection(HOST, web.port, timeout=60)
    seen = []
    for path in paths:
        begun = time.perf_counter()
        line.request("GET", path, headers=headers)
        answer = line.getresponse()
        answer.read()
        seen.append((time.perf_counter() - begun) * 1000)
        if answer.status != 200:
            raise SystemExit(f"{path[:60]}: {answer.status}")
    line.close()
    return seen


def _read_wrk(text: str) -> Load:
    def figure(pattern: str) -> float:
        found = re.search(pattern, text)
        return float(found[1]) if found else 0.0

    def milliseconds(share: str) -> float:
        found = re.search(rf"{share}%\s+([\d.]+)(us|ms|s)", text)
        return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000}[found[2]] if found else 0.0

    errors = re.search(
        r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text
    )
    broken = sum(int(count) for count in errors.groups()) if errors else 0
    return Load(
        rate=figure(r"Requests/sec:\s+([\d.]+)"),
        p50_ms=milliseconds("50"),
        p99_ms=milliseconds("99"),
        failed=int(figure(r"Non-2xx or 3xx responses: (\d+)")) + broken,
    )


def _load_in_python(url: str, headers: dict[str, str], connections: int, seconds: int) -> Load:
    address, _, path = url.removeprefix("http://").partition("/")
    times: list[float] = []
    failures: list[int] = []
    end = time.monotonic() + seconds

    def ask() -> None:
        connection = HTTPConnection(address, timeout=10)
        while (begun := time.monotonic()) < end:
            connection.request("GET", f"/{path}", headers=headers)
            answer = connection.getresponse()
            answer.read()
            times.append(time.monotonic() - begun)
            if answer.status >= 400:
                failures.append(answer.status)

    threads = [threading.Thread(target=ask) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=seconds + 30)
    ordered = sorted(times)
    p50, p99 = (ordered[int(len(ordered) * share)] * 1000 for share in (0.5, 0.99))
    return Load(len(times) / seconds, p50, p99, len(failures))


def _wait_until_alive(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        connection = HTTPConnection(HOST, port, timeout=2)
        with contextlib.suppress(OSError):
            connection.request("GET", "/live")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    sys.exit(f"the web server did not come up within {START_SECONDS:.0f} s")


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=10)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=10)
