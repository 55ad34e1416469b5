"""A file that was looked at is kept until it is taken over: an hour, for who sent it."""

from __future__ import annotations

import gzip
import json
import re
import secrets
import time
from pathlib import Path

from django.conf import settings
from django.core import signing

from hub.staff.tables.reading import Table, TableRefused

HOUR = 3600
_NAME = re.compile(r"[0-9a-f]{32}\Z")
_SALT = "hub.staff.tables"


class TableGone(TableRefused):
    """The file was taken over already, is too old, or is somebody else's."""

    code = "table_gone"
    title = "Send the file again"


def keep(table: Table, *, user_id: int, what: str) -> str:
    """Keep the table; the answer is what its sender takes it over with, and nobody else."""
    folder = _folder()
    _sweep(folder)
    name = secrets.token_hex(16)
    content = json.dumps([table.header, table.rows]).encode()
    (folder / name).write_bytes(gzip.compress(content))
    return signing.dumps([name, user_id, what], salt=_SALT)


def kept(token: str, *, user_id: int, what: str) -> Table:
    """The table of that token; raises TableGone."""
    path = _path(token, user_id, what)
    try:
        header, rows = json.loads(gzip.decompress(path.read_bytes()))
    except OSError as error:
        raise TableGone from error
    return Table(header, rows)


def drop(token: str, *, user_id: int, what: str) -> None:
    """Forget the table."""
    _path(token, user_id, what).unlink(missing_ok=True)


def _path(token: str, user_id: int, what: str) -> Path:
    try:
        name, sender, of = signing.loads(token, salt=_SALT, max_age=HOUR)
    except signing.BadSignature as error:
        raise TableGone from error
    if (sender, of) != (user_id, what) or not _NAME.match(name):
        raise TableGone
    return _folder() / str(name)


def _folder() -> Path:
    folder = Path(settings.FEEDS_DIR) / "tables"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _sweep(folder: Path) -> None:
    """Throw away what nobody took over."""
    for path in folder.iterdir():
        if _NAME.match(path.name) and path.stat().st_mtime < time.time() - 2 * HOUR:
            path.unlink(missing_ok=True)
