"""Every word of the staff pages that can be said in another language. Reads, changes nothing.

Four sources: calls of gettext in Python, ``translate`` and ``blocktranslate`` in templates, the
names and choices of models, and the refusals that services raise. Needs no gettext tools.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import unfold
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.template import Engine, Origin, Template, engines
from django.templatetags.i18n import BlockTranslateNode, TranslateNode
from django.utils.translation import override

from hub.errors import HubError
from hub.staff.model_words import OWN_APPS, is_own
from hub.staff.refusals import REFUSAL

ROOT = Path(settings.BASE_DIR)
UNFOLD = Path(unfold.__file__).parent
# parts of unfold that our pages do not show
_UNUSED = (
    *("contrib/forms", "contrib/guardian", "contrib/constance", "contrib/location_field"),
    *("templates/unfold_crispy", "contrib/hijack"),
)
_UNTOLD = ("hub/api/", "hub/connectors/", "hub/inbox/", "hub/simulators/", "hub/demo/")
_FEWEST_LETTERS = 6  # a refusal with fewer of its own says nothing that could be recognised

# name of the function -> names of its first arguments
_CALLS = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop"), ("text",)),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), ("text", "plural")),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ("context", "text")),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ("context", "text", "plural")),
}


@dataclass(frozen=True, order=True)
class Word:
    """One message: its English text, its English plural if it counts, its context if it has one."""

    text: str
    plural: str = ""
    context: str = ""


def all_words() -> set[Word]:
    """Every message of the project and of unfold."""
    found: set[Word] = set()
    with override(None):
        found.update(words_of_models(), words_of_refusals(), words_of_settings())
        for root in (*(ROOT / name for name in OWN_APPS), UNFOLD):
            found.update(_in_python(root), _in_templates(root))
    return {word for word in found if word.text.strip()}


def words_of_models() -> Iterator[Word]:
    """Names of the models that have a page, with their fields; choices of all: wherever they are
    shown, ``hub.staff.model_words`` translates them."""
    shown = _shown_models()
    for model in filter(is_own, apps.get_models()):
        texts = (*_choices(model), *(_names(model) if model in shown else ()))
        yield from (Word(str(text)) for text in texts)


def _shown_models() -> set[type[Model]]:
    pages = admin.site._registry.values()
    return {page.model for page in pages} | {
        inline.model for page in pages for inline in page.inlines
    }


def _names(model: type[Model]) -> Iterator[object]:
    yield from (model._meta.verbose_name, model._meta.verbose_name_plural)
    for field in (*model._meta.local_fields, *model._meta.local_many_to_many):
        yield from (field.verbose_name, field.help_text)


def _choices(model: type[Model]) -> Iterator[object]:
    for field in model._meta.local_fields:
        if not model.__module__.startswith("hub.simulators"):
            yield from (label for _, label in field.flatchoices)


def words_of_settings() -> Iterator[Word]:
    """Names of apps, which head their pages."""
    for config in apps.get_app_configs():
        if config.name.partition(".")[0] in OWN_APPS:
            yield Word(str(config.verbose_name))


def words_of_refusals() -> Iterator[Word]:
    """What services say when they refuse: the text of each ``raise``, and each error's title."""
    paths = [path for name in OWN_APPS for path in _python_files([ROOT / name])]
    trees = [
        ast.parse(path.read_text())
        for path in paths
        if not str(path.relative_to(ROOT)).startswith(_UNTOLD)
    ]
    titles = _titles(trees)
    yield from (Word(title, context=REFUSAL) for title in titles.values())
    for tree in trees:
        yield from _raised(tree, set(titles))


def _titles(trees: list[ast.Module]) -> dict[str, str]:
    """The errors of the project by name, each with its title or that of its base."""
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    titles = {HubError.__name__: HubError.title}
    known = 0
    while len(titles) > known:
        known = len(titles)
        for found in classes:
            base = next((titles[name] for name in map(_name_of, found.bases) if name in titles), "")
            if base:
                titles[found.name] = _own_title(found) or base
    return titles


def _own_title(error: ast.ClassDef) -> str:
    for line in error.body:
        if isinstance(line, ast.Assign) and _name_of(line.targets[0]) == "title":
            return _text(line.value)
    return ""


def _raised(tree: ast.AST, kinds: set[str]) -> Iterator[Word]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name_of(node.func) in kinds and node.args:
            yield from _patterns(node.args[0])


def _patterns(said: ast.expr) -> Iterator[Word]:
    if isinstance(said, ast.IfExp):
        yield from _patterns(said.body)
        yield from _patterns(said.orelse)
        return
    text = _pattern(said)
    if len(re.sub(r"\{\w*\}|\W", "", text)) >= _FEWEST_LETTERS:
        yield Word(text, context=REFUSAL)


def _pattern(said: ast.expr) -> str:
    """The text with a numbered place for each value: «no {0} of {1}»."""
    if isinstance(said, ast.Constant) and isinstance(said.value, str):
        return said.value
    if not isinstance(said, ast.JoinedStr):
        return ""
    parts, places = [], 0
    for part in said.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value))
        else:
            parts.append(f"{{{places}}}")
            places += 1
    return "".join(parts)


def _python_files(roots: Iterable[Path]) -> Iterator[Path]:
    for root in roots:
        for path in sorted(root.rglob("*.py")):
            if "migrations" not in path.parts and not _is_unused(path, root):
                yield path


def _is_unused(path: Path, root: Path) -> bool:
    return str(path.relative_to(root)).startswith(_UNUSED)


def _in_python(root: Path) -> Iterator[Word]:
    for path in _python_files([root]):
        yield from words_of_python(path.read_text())


def words_of_python(source: str) -> Iterator[Word]:
    """The messages of a module's calls of gettext; a call with a variable names none."""
    for node in ast.walk(ast.parse(source)):
        names = _CALLS.get(_name_of(node.func)) if isinstance(node, ast.Call) else None
        if not names:
            continue
        given = [_text(argument) for argument in node.args[: len(names)]]  # type: ignore[attr-defined]
        if len(given) == len(names) and all(given):
            yield Word(**dict(zip(names, given, strict=True)))


def _name_of(function: ast.expr) -> str:
    return getattr(function, "id", "") or getattr(function, "attr", "")


def _text(argument: ast.expr) -> str:
    is_text = isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    return str(argument.value) if is_text else ""  # type: ignore[attr-defined]


def _in_templates(root: Path) -> Iterator[Word]:
    engine = engines["django"].engine  # type: ignore[attr-defined]
    for path in sorted(root.rglob("templates/**/*.html")):
        if not _is_unused(path, root):
            yield from words_of_template(path.read_text(), engine, str(path))


def words_of_template(source: str, engine: Engine, name: str = "") -> Iterator[Word]:
    """The messages of a template, as it asks the catalogue for them."""
    for text in re.findall(r"""\b_\(("[^"]+"|'[^']+')\)""", source):
        yield Word(text[1:-1].replace("%", "%%"))
    if not re.search(r"{%\s*(block)?trans", source):
        return
    nodes: Any = Template(source, Origin(name), name, engine).nodelist
    for plain in nodes.get_nodes_by_type(TranslateNode):
        text = getattr(plain.filter_expression.var, "literal", None)
        if isinstance(text, str):
            yield Word(text.replace("%", "%%"), context=_context(plain))
    for block in nodes.get_nodes_by_type(BlockTranslateNode):
        text = block.render_token_list(block.singular)[0]
        plural = block.render_token_list(block.plural)[0] if block.plural else ""
        yield Word(text, plural, _context(block))


def _context(node: TranslateNode | BlockTranslateNode) -> str:
    return str(node.message_context.var) if node.message_context else ""
