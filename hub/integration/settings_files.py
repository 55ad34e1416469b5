"""Settings as one file that travels between installations: written, compared, taken over.

Rows are named by natural keys (codes, names), never by the keys of a database, and hold no
secrets. Each app adds its part by a ``settings_file`` module with ``SECTIONS``. What the file
does not name stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from itertools import islice
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DatabaseError, models, transaction

from hub import clock
from hub.errors import HubError, Invalid
from hub.modules import modules
from hub.stores.models import SalesChannel, Store, StoreGroup

FORMAT = "curbhub-settings"
VERSION = 2  # 1 had the curb's settings beside the levels
MOST_BYTES = 10 * 2**20
ROOM = 2**12  # for what stands around the sections
MOST_ROWS = 200_000
CHUNK = 2_000

Row = dict[str, Any]


class WrongFile(Invalid):
    """The file is none of settings, or of a version that this hub does not know."""

    code = "wrong_settings_file"
    title = "This is no file of settings that this hub understands"


class WrongRow(Invalid):
    """A row that cannot be; ``section`` and ``key`` name it."""

    code = "wrong_settings_row"
    title = "A row of the file cannot be taken over"


class UnknownReference(Invalid):
    """A row names something that is not here; ``section`` and ``key`` name the row."""

    code = "unknown_reference"
    title = "The file names something that is not here"


@dataclass(frozen=True)
class Section:
    """One kind of settings. ``dump`` yields rows, each with its ``key`` (a list of words or null)
    and plain values; ``load`` takes over rows that are new or other than here. ``place`` orders
    sections: what is referred to comes first. ``models`` are those whose rows it carries."""

    name: str
    title: Any
    place: int
    dump: Callable[[], Iterable[Row]]
    load: Callable[[Row, str], None]
    models: tuple[type[models.Model], ...]
    around: Callable[[Callable[[], None]], Any] = lambda work: work()


@dataclass
class Difference:
    """How one section of a file differs: rows that are new, and (before, after) of others."""

    name: str
    title: Any
    added: list[Row] = field(default_factory=list)
    changed: list[tuple[Row, Row]] = field(default_factory=list)
    same: int = 0


@cache
def sections() -> tuple[Section, ...]:
    """All sections in the order in which they are taken over."""
    found = [one for module in modules("settings_file") for one in module.SECTIONS]
    return tuple(sorted(found, key=lambda one: (one.place, one.name)))


def written() -> bytes:
    """All settings as a file that can be read back."""
    return write()[0]


def write() -> tuple[bytes, list[Section]]:
    """The same, and the sections that did not fit into a file of that size: they are left out, and
    the file says so."""
    told: dict[str, list[Row]] = {}
    left_out, size = [], 0
    for one in sections():
        rows = sorted(islice(one.dump(), MOST_ROWS + 1), key=_key_of)
        grown = size + len(_encoded(rows))
        if len(rows) > MOST_ROWS or grown > MOST_BYTES - ROOM:
            left_out.append(one)
        else:
            told[one.name], size = rows, grown
    value = {
        "format": FORMAT,
        "version": VERSION,
        "made_at": clock.now().isoformat(),
        "left_out": [one.name for one in left_out],
        "sections": told,
    }
    return _encoded(value), left_out


def _encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",\n", ":")).encode() + b"\n"


def read(content: bytes) -> dict[str, list[Row]]:
    """The rows of a file by section. Raises WrongFile."""
    if len(content) > MOST_BYTES:
        raise WrongFile(f"at most {MOST_BYTES // 2**20} MB")
    try:
        value = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise WrongFile("it is not JSON") from None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise WrongFile
    if value.get("version") != VERSION:
        raise WrongFile(f"version {value.get('version')!r} is not known here, only {VERSION}")
    found = value.get("sections")
    if not isinstance(found, dict) or "\\u0000" in json.dumps(found):
        raise WrongFile
    if unknown := sorted(set(found) - {one.name for one in sections()}):
        raise WrongFile(f"there are no settings of the kind {', '.join(unknown)}")
    for name, rows in found.items():
        _check_rows(name, rows)
    return found


def differences(file: Mapping[str, Sequence[Row]]) -> list[Difference]:
    """What taking the file over would add and change, section by section."""
    found = []
    for section in sections():
        if section.name in file:
            known = {_key_of(row): row for row in section.dump()}
            one = Difference(section.name, section.title)
            for row in file[section.name]:
                before = known.get(_key_of(row))
                if before is None:
                    one.added.append(row)
                elif before != row:
                    one.changed.append((before, row))
                else:
                    one.same += 1
            found.append(one)
    return found


def preview(file: Mapping[str, Sequence[Row]]) -> list[Difference]:
    """The same, after trying it out; nothing is changed. Raises what ``take_over`` raises."""
    found = differences(file)
    with transaction.atomic():
        take_over(file, by="")
        transaction.set_rollback(True)
    return found


@transaction.atomic
def take_over(file: Mapping[str, Sequence[Row]], *, by: str) -> list[Difference]:
    """What the file says holds here from now on, all of it or nothing; returns what changed.

    Raises WrongRow and UnknownReference.
    """
    found = differences(file)
    by_name = {one.name: one for one in found}
    for section in sections():
        if one := by_name.get(section.name):
            rows = [*one.added, *(after for _before, after in one.changed)]
            section.around(partial(_load, section, rows, by))
    return found


def _load(section: Section, rows: Sequence[Row], by: str) -> None:
    for row in rows:
        named = {"section": section.name, "key": row["key"]}
        where = f"{section.name} {' / '.join(str(part) for part in row['key'] if part is not None)}"
        try:
            with transaction.atomic():
                section.load(row, by)
        except UnknownReference as error:
            raise UnknownReference(f"{where}: {error.detail}", **named) from None
        except ValidationError as error:
            raise WrongRow(f"{where}: {' '.join(error.messages)}", **named) from None
        except HubError as error:
            raise WrongRow(f"{where}: {error.detail}", **named) from None
        except (KeyError, TypeError, ValueError, AttributeError, DatabaseError):
            raise WrongRow(f"{where}: its values make no sense", **named) from None


def _check_rows(name: str, rows: Any) -> None:
    if not isinstance(rows, list) or len(rows) > MOST_ROWS:
        raise WrongFile(f"{name} is no list of rows")
    keys = set()
    for row in rows:
        key = row.get("key") if isinstance(row, dict) else None
        if not isinstance(key, list) or not all(part is None or _is_word(part) for part in key):
            raise WrongFile(f"a row of {name} has no key")
        if tuple(key) in keys:
            raise WrongFile(f"{name} names {key} twice")
        keys.add(tuple(key))


def _is_word(part: Any) -> bool:
    return isinstance(part, str) and len(part) <= 200  # noqa: PLR2004  no key is longer


def _key_of(row: Row) -> tuple[str, ...]:
    return tuple("" if part is None else f"={part}" for part in row["key"])


# --- for sections -----------------------------------------------------------------------------


def plain(row: models.Model, fields: Iterable[str]) -> Row:
    """These fields of a row as JSON has them."""
    return {name: _json(getattr(row, name)) for name in fields}


def put(model: type[models.Model], where: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    """The row of ``model`` that ``where`` finds, or a new one, with these values: checked like a
    form's and saved."""
    known = {name: _python(model, name, value) for name, value in where.items()}
    row = model._default_manager.filter(**known).first() or model(**known)
    for name, value in values.items():
        setattr(row, name, _python(model, name, value))
    row.full_clean()
    row.save()
    return row


def section_of_stores(
    name: str,
    title: Any,
    place: int,
    model: type[models.Model],
    *,
    named: Sequence[str],
    fields: Sequence[str],
) -> Section:
    """The section of a model whose rows belong to stores: each is named by its store's code and
    the fields ``named``, and carries ``fields``, texts of one line."""

    def dump() -> Iterable[Row]:
        rows: Any = model._default_manager.select_related("store").iterator(CHUNK)
        for row in rows:
            words = [str(value) for value in plain(row, named).values()]
            yield {"key": [row.store.code, *words], **plain(row, fields)}

    def load(row: Row, _by: str) -> None:
        code, *words = row["key"]
        if not all(str(value).isprintable() for value in [*words, *row.values()]):
            raise WrongRow("a text of it has no place on one line")
        where = {"store": store_of(code), **dict(zip(named, words, strict=True))}
        put(model, where, only(row, fields))

    return Section(name, title, place, dump, load, (model,))


def only(row: Row, fields: Iterable[str]) -> Row:
    """The row's values without its key. Raises WrongRow unless they are these and no others."""
    values = {name: value for name, value in row.items() if name != "key"}
    if odd := sorted(set(values) ^ set(fields)):
        raise WrongRow(f"members that it lacks or does not know: {', '.join(odd)}")
    return values


def store_of(code: str | None) -> Store | None:
    """The store of that code; None for none. Raises UnknownReference."""
    found: Store | None = _named(Store, "code", code)
    return found


def group_of(name: str | None) -> StoreGroup | None:
    """The group of that name; None for none. Raises UnknownReference."""
    found: StoreGroup | None = _named(StoreGroup, "name", name)
    return found


def channel_of(code: str | None) -> SalesChannel | None:
    """The sales channel of that code; None for none. Raises UnknownReference."""
    found: SalesChannel | None = _named(SalesChannel, "code", code)
    return found


def _named(model: Any, by: str, word: str | None) -> Any:
    if word is None:
        return None
    found = model.objects.filter(**{by: word}).first()
    if found is None:
        raise UnknownReference(f"there is no {model._meta.verbose_name} {word}")
    return found


def _python(model: type[models.Model], name: str, value: Any) -> Any:
    """A plain value as the model's field has it; rows that it refers to stay what they are."""
    found = model._meta.get_field(name)
    if isinstance(found, models.Field) and not found.is_relation:
        return found.to_python(value)
    return value


def _json(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
