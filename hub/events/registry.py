"""Who reacts to which fact. ``handlers.py`` modules are found at start-up and register here."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from hub.events.catalog import CATALOG
from hub.events.happening import Happening

F = TypeVar("F", bound=Happening)


class UnknownFact(Exception):
    """This process is older than the fact; a newer one will understand it."""


@dataclass(frozen=True)
class Handler:
    """One reaction. ``network`` handlers run outside any transaction, in a lane of their own;
    those that work ``together`` take what is due for them in one call and one transaction."""

    name: str
    react: Callable[..., None]
    lane: Callable[[Any], str]
    key: Callable[[Any], str]
    network: bool
    envelope: bool
    together: bool = False
    waits: tuple[float, ...] = ()
    only: Callable[[Any], bool] | None = None


_by_fact: dict[str, list[Handler]] = defaultdict(list)
_by_name: dict[str, Handler] = {}


def handles(
    *kinds: type[F],
    lane: str | Callable[[F], str] = "db",
    key: Callable[[F], str] | None = None,
    envelope: bool = False,
    together: bool = False,
    waits: tuple[float, ...] = (),
    only: Callable[[F], bool] | None = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register a reaction to facts of ``kinds``.

    In the lane ``db`` the handler touches only the database and commits with its delivery, so
    its effect happens exactly once. In any other lane it may call the network, runs outside a
    transaction, and may run twice. ``key`` names what is handled in order: deliveries with the
    same key and lane run one after another. With ``envelope`` it gets the Fact's row as second
    argument. ``waits`` are the seconds from each failed try to the next, where the usual ones do
    not fit. Facts for which ``only`` says no make no delivery at all.

    A handler of the lane ``db`` that works ``together`` is called with a list of facts, oldest
    first, and the list of their rows: as many as were claimed with one another. Its queries should
    be as many for fifty facts as for one. What it raises for several is tried with each alone.
    """

    def register(react: Callable[..., None]) -> Callable[..., None]:
        handler = Handler(
            name=f"{react.__module__}.{react.__qualname__}",
            react=react,
            lane=lane if callable(lane) else lambda _fact: lane,
            key=key or (lambda _fact: ""),
            network=lane != "db",
            envelope=envelope,
            together=together,
            waits=waits,
            only=only,
        )
        _know(handler, kinds)
        return react

    return register


def _know(handler: Handler, kinds: Sequence[type[Happening]]) -> None:
    """Let the facts lead to the handler; who is known already stays as it is."""
    if _by_name.setdefault(handler.name, handler) is handler:
        for kind in kinds:
            _by_fact[kind.name].append(handler)


def handlers_of(fact: Happening) -> list[Handler]:
    """The reactions to this fact, in the order of their registration."""
    return [one for one in _by_fact[fact.name] if one.only is None or one.only(fact)]


def handler_named(name: str) -> Handler:
    """The handler of that name; raises UnknownFact when this process has none."""
    try:
        return _by_name[name]
    except KeyError:
        raise UnknownFact(f"no handler {name}") from None


def decode(*, name: str, v: int, data: dict[str, Any]) -> Happening:
    """The fact as its class. Members it does not know are left out (facts only ever grow).

    Raises UnknownFact when the name or a newer version is unknown to this process.
    """
    kind = CATALOG.get(name)
    if kind is None or v > kind.v:
        raise UnknownFact(f"no fact {name} v{v}")
    known = {field.name for field in dataclasses.fields(kind)}
    return kind(**{member: value for member, value in data.items() if member in known})
