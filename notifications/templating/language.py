"""The language templates are written in: names, choices between words, and nothing else.

It is Jinja2 in a sandbox, narrowed to ``{{ name }}``, ``{{ name|upper }}`` and ``{% if %}`` with
and, or, not and comparisons. No loops, calls, attributes or arithmetic: a template cannot do
anything but be read. A name without a value is an error, never a gap; whether it has one may be
asked by ``{% if name %}``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, TemplateError, Undefined, nodes
from jinja2.environment import Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

LONGEST_VALUE = 200
LONGEST_TEMPLATE = 5000
MOST_NODES = 400
DEEPEST = 16
FILTERS: dict[str, Callable[[object], str]] = {
    "upper": lambda value: str(value).upper(),
    "lower": lambda value: str(value).lower(),
    "capitalize": lambda value: str(value)[:1].upper() + str(value)[1:],
}

_ALLOWED = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.If, nodes.And),
    *(nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.Const, nodes.Filter),
)
_SPACES = re.compile(r"\s+")
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn"}
_UNREADABLE = (TemplateError, SyntaxError, ValueError, RecursionError, MemoryError)


class WordingError(Exception):
    """No template, or one that cannot be filled: nothing may be sent."""


class _Unsaid(Undefined):
    """A name that is known and has no value here: not true, and never written."""

    def __str__(self) -> str:
        """Refuse to be written."""
        raise WordingError(f"lacks {self._undefined_name}")

    __hash__ = Undefined.__hash__


@dataclass(frozen=True, eq=False)
class Compiled:
    """A template that has been read. ``wants`` are the names in it, ``always`` those of them that
    are written whatever the others are."""

    source: str
    wants: frozenset[str]
    always: frozenset[str]
    _template: Template

    def fill(self, values: Mapping[str, str]) -> str:
        """The words with the values in place. Raises WordingError when one that is written is
        missing or empty; values are taken as they are and never read as templates."""
        unknown = sorted(self.wants - values.keys())
        if unknown:
            raise WordingError(f"lacks {', '.join(unknown)}")
        said: dict[str, object] = {
            name: value or _Unsaid(name=name) for name, value in values.items()
        }
        try:
            return self._template.render(said)
        except TemplateError as error:
            raise WordingError(f"lacks a value: {error}") from None


def compiled(source: str) -> Compiled:
    """Read a template. Raises WordingError, saying what and in which line, for one that is not in
    the language or is too long."""
    if len(source) > LONGEST_TEMPLATE:
        raise WordingError(f"longer than {LONGEST_TEMPLATE} characters")
    return _compiled(source)


def one_line(text: str) -> str:
    """The text on one line, without control, direction or unassigned characters, cut to 200."""
    visible = (
        " " if character.isspace() else character
        for character in text
        if character.isspace() or unicodedata.category(character) not in _UNSEEN
    )
    return _SPACES.sub(" ", "".join(visible)).strip()[:LONGEST_VALUE]


def _environment() -> ImmutableSandboxedEnvironment:
    made = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # plain text; its HTML twin escapes every word of it
    )
    made.globals.clear()
    made.tests.clear()
    made.filters.clear()
    made.filters.update(FILTERS)
    return made


_LANGUAGE = _environment()


@lru_cache(maxsize=2048)
def _compiled(source: str) -> Compiled:
    try:
        tree = _LANGUAGE.parse(source)
        found = list(_walk(tree))
        template = _LANGUAGE.from_string(tree)
    except _UNREADABLE as error:
        line = getattr(error, "lineno", None)
        at = f" in line {line}" if line else ""
        raise WordingError(f"not readable{at}: {_said_of(error)}") from None
    names = frozenset(node.name for node in found if isinstance(node, nodes.Name))
    written = (node for node in tree.body if isinstance(node, nodes.Output))
    always = frozenset(name.name for node in written for name in node.find_all(nodes.Name))
    return Compiled(source, names, always, template)


def _walk(tree: nodes.Template) -> Iterator[nodes.Node]:
    """Every node, or WordingError at the first that is not of the language."""
    waiting: list[tuple[nodes.Node, int]] = [(tree, 0)]
    seen = 0
    while waiting:
        node, depth = waiting.pop()
        seen += 1
        _check(node)
        if seen > MOST_NODES or depth > DEEPEST:
            raise WordingError("too many names and choices")
        waiting += [(child, depth + 1) for child in node.iter_child_nodes()]
        yield node


def _check(node: nodes.Node) -> None:
    allowed = isinstance(node, _ALLOWED)
    if isinstance(node, nodes.Filter):
        extra: list[Any] = [*node.args, *node.kwargs, node.dyn_args, node.dyn_kwargs]
        allowed = node.name in FILTERS and not any(extra)
    if not allowed:
        what = node.name if isinstance(node, nodes.Filter) else type(node).__name__.lower()
        raise WordingError(f"line {node.lineno}: «{what}» is not part of the language")


def _said_of(error: BaseException) -> str:
    return str(getattr(error, "message", None) or type(error).__name__)
