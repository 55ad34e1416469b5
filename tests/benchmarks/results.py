"""How a benchmark says what it measured: words for people, one JSON line at the end."""

from __future__ import annotations

import json
import resource
import sys
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Check:
    """One figure held against what is wanted. ``ratio`` is at least ``gate`` when it is met."""

    name: str
    measured: float
    wanted: float
    ratio: float
    gate: float

    @classmethod
    def rate(cls, name: str, *, hub: float, floor: float, gate: float) -> Check:
        """Hub's rate beside the floor's in the same run."""
        return cls(name, hub, floor * gate, hub / floor, gate)

    @classmethod
    def at_least(cls, name: str, *, measured: float, wanted: float) -> Check:
        """A rate or count that must reach a number."""
        return cls(name, measured, wanted, measured / wanted, 1.0)

    @classmethod
    def at_most(cls, name: str, *, measured: float, wanted: float) -> Check:
        """A latency or size that must stay within a number."""
        return cls(name, measured, wanted, wanted / measured, 1.0)

    @property
    def met(self) -> bool:
        """Whether the figure is good enough."""
        return self.ratio >= self.gate


def report(
    name: str, *, hub: float, floor: float, unit: str, checks: list[Check], rss_mb: float = 0.0
) -> None:
    """Print each check, then the closing JSON line; exit 1 when a gate is missed."""
    for check in checks:
        mark = "met   " if check.met else "MISSED"
        print(f"{mark} {check.name}: {check.measured:.4g} (gate {check.wanted:.4g})")
    line = {
        "name": name,
        "hub": round(hub, 3),
        "floor": round(floor, 3),
        "ratio": round(min(check.ratio for check in checks), 3),
        "unit": unit,
        "rss_mb": round(rss_mb or own_peak_mb(), 1),
        "checks": [asdict(check) | {"met": check.met} for check in checks],
    }
    print(json.dumps(line))
    if not all(check.met for check in checks):
        sys.exit(1)


def own_peak_mb() -> float:
    """The largest resident size this process has had, in MB (ru_maxrss is in KiB on Linux)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
