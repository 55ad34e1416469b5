"""Charts as SVG: geometry only. Colour never stands alone: lines differ by dash and mark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

TOP, RIGHT, BOTTOM, LEFT = 14, 12, 26, 52
TICKS = 4
SPARK_WIDTH, SPARK_HEIGHT = 120, 32
WIDE = (760, 250, 9)  # width, height, labels below
NARROW = (344, 210, 4)
MOST_MARKS = 45  # with more points than this, marks would hide the line
_HUNDRED = 100.0


@dataclass(frozen=True)
class Mark:
    """A bar, or a point of a line; ``said`` is the same in words."""

    x: float
    y: float
    width: float
    height: float
    said: str


@dataclass(frozen=True)
class Line:
    """A line through points, with gaps where there is nothing; ``name`` is its style."""

    name: str
    path: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Label:
    """Words at a place on an axis."""

    x: float
    y: float
    words: str


@dataclass(frozen=True)
class Chart:
    """All that a template draws."""

    width: int
    height: int
    bars: tuple[Mark, ...]
    lines: tuple[Line, ...]
    ticks: tuple[Label, ...]
    labels: tuple[Label, ...]

    @property
    def left(self) -> int:
        """Where the picture begins, right of its scale."""
        return LEFT

    @property
    def right(self) -> int:
        """Where it ends."""
        return self.width - RIGHT

    @property
    def base(self) -> int:
        """The line of nothing."""
        return self.height - BOTTOM


@dataclass(frozen=True)
class Row:
    """One line or set of bars to draw: figures by step, each in words."""

    name: str
    values: Sequence[float | None]
    words: Sequence[str]
    bars: bool = False


def chart(
    rows: Sequence[Row],
    names: Sequence[str],
    *,
    size: tuple[int, int, int],
    scale: Sequence[tuple[float, str]],
) -> Chart:
    """Rows over the steps named, on a scale of (value, words) from nothing to its last."""
    width, height, most_labels = size
    place = _Place(width, height, len(names), scale[-1][0])
    bars = tuple(mark for row in rows if row.bars for mark in place.bars(row))
    lines = tuple(place.line(row) for row in rows if not row.bars)
    ticks = tuple(Label(LEFT - 8, place.y(value) + 4, words) for value, words in scale)
    every = max(1, math.ceil(len(names) / most_labels))
    labels = tuple(
        Label(place.x(number), height - 8, name)
        for number, name in enumerate(names)
        if number % every == 0
    )
    return Chart(width, height, bars, lines, ticks, labels)


def nice_steps(most: float, *, units: Sequence[float] = (1, 2, 2.5, 5, 10)) -> list[float]:
    """Round values from 0 to at least ``most``, about four of them."""
    if most <= 0:
        return [0.0, 1.0]
    rough = most / TICKS
    power = 10 ** math.floor(math.log10(rough))
    step = next((unit * power for unit in units if unit * power >= rough), 10 * power)
    return [number * step for number in range(math.ceil(most / step) + 1)]


def time_steps(most: float) -> list[float]:
    """The same for seconds: round minutes and hours where these are meant."""
    rough = most / TICKS
    usual = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400)
    step = next((float(one) for one in usual if one >= rough), 0.0)
    if not step:
        return nice_steps(most)
    return [number * step for number in range(max(1, math.ceil(most / step)) + 1)]


def share_steps(most: float) -> list[float]:
    """The same for percent: never above a hundred."""
    return [step for step in nice_steps(most) if step <= _HUNDRED] if most > 0 else [0, _HUNDRED]


def spark(values: Sequence[float | None]) -> str:
    """The path of a small line without scale; empty when there are not two points."""
    known = [value for value in values if value is not None]
    if len(known) < 2:  # noqa: PLR2004  a line has two ends
        return ""
    most, step = max(known) or 1, SPARK_WIDTH / max(1, len(values) - 1)
    points = [
        None
        if value is None
        else (number * step, SPARK_HEIGHT - 3 - (SPARK_HEIGHT - 6) * value / most)
        for number, value in enumerate(values)
    ]
    return _path(points)


class _Place:
    """Where values lie in a picture of this size."""

    def __init__(self, width: int, height: int, steps: int, most: float) -> None:
        self.step = (width - LEFT - RIGHT) / max(1, steps)
        self.base, self.high = height - BOTTOM, height - BOTTOM - TOP
        self.most = most or 1

    def x(self, number: int) -> float:
        return round(LEFT + (number + 0.5) * self.step, 2)

    def y(self, value: float) -> float:
        return round(self.base - self.high * min(value, self.most) / self.most, 2)

    def bars(self, row: Row) -> list[Mark]:
        width = round(max(1.5, self.step * 0.66), 2)
        return [
            Mark(
                round(self.x(number) - width / 2, 2),
                self.y(value),
                width,
                round(self.base - self.y(value), 2),
                words,
            )
            for number, (value, words) in enumerate(zip(row.values, row.words, strict=True))
            if value
        ]

    def line(self, row: Row) -> Line:
        points = [
            None if value is None else (self.x(number), self.y(value))
            for number, value in enumerate(row.values)
        ]
        few = len(points) <= MOST_MARKS
        marks = tuple(
            Mark(*point, 0, 0, words)
            for point, words in zip(points, row.words, strict=True)
            if point and few
        )
        return Line(row.name, _path(points), marks)


def _path(points: Sequence[tuple[float, float] | None]) -> str:
    """A point between two gaps is a line to itself: a round cap shows it."""
    path, lifted = [], True
    for point in points:
        if point is not None:
            x, y = point
            path.append(f"{'M' if lifted else 'L'}{x:.1f} {y:.1f}")
            if lifted:
                path.append(f"L{x:.1f} {y:.1f}")
        lifted = point is None
    return " ".join(path)
