"""``manage.py import_stock``: take over stock, or what happened to it, from a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from hub.errors import HubError
from hub.stores.services import find_store
from inventory.models import FeedLayout, RefusedLine, StockFile
from inventory.services import files

SOME_REFUSED, NOT_READ, PARKED = 1, 2, 3
SHOWN_REFUSALS = 100
BLOCK = 2**20
# what the command's own options would mend
MENDED_BY = {
    "store_needed": "name the store with --store",
    "store_not_needed": "leave --store out",
    "rows_refused": "leave --policy reject_file out to take the others",
}
BY = "import_stock"


class Command(BaseCommand):
    help = (
        "Import stock from a CSV or NDJSON file, plain or gzip, with the columns sku, on_hand and, "
        "for many stores, store. The same file again changes nothing. Exit 0: all lines taken; "
        "1: some refused; 2: the file could not be taken; 3: it would cut too much, and waits for "
        "a person (or for --yes)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--store", default="", help="code or id of the store, if no column")
        parser.add_argument("--layout", default="", help="code of the layout it is written in")
        parser.add_argument("--source", help="who counted; a POS by its id (default: the layout's)")
        parser.add_argument("--as-of", help="when it was true, ISO 8601 (default: file's time)")
        parser.add_argument(
            "--mode", choices=files.MODES, help="stock as it is, or what happened to it"
        )
        parser.add_argument(
            "--complete",
            action="store_true",
            default=None,
            help="what a store's lines do not name is zero",
        )
        parser.add_argument("--policy", choices=files.POLICIES, help="what a bad row spoils")
        parser.add_argument("--dry-run", action="store_true", help="only say what it would do")
        parser.add_argument("--yes", action="store_true", help="also if it cuts a store's stock")

    def handle(self, *, file: Path, **options: Any) -> None:
        """Import, print each refused line and the outcome."""
        try:
            self._handle(file, **options)
        except HubError as error:
            raise CommandError(error.detail, returncode=NOT_READ) from error
        except KeyboardInterrupt:
            raise CommandError(
                "interrupted; run it again with the same file to go on", returncode=130
            ) from None

    def _handle(self, path: Path, *, dry_run: bool, yes: bool, **options: Any) -> None:
        found, new = self._receive(path, **options)
        if dry_run:
            self._tell_preview(files.preview_file(file=found))
            return
        taken = found.status == StockFile.Status.DONE
        if not new and found.status == StockFile.Status.REFUSED:
            files.retry_file(file=found, by=BY)
        if yes and found.status == StockFile.Status.PARKED:
            files.approve_file(file=found, by=BY)
        self._run(found)
        if yes and found.status == StockFile.Status.PARKED:
            files.approve_file(file=found, by=BY)
            self._run(found)
        self._tell(found, taken=taken)

    def _receive(
        self,
        path: Path,
        *,
        store: str,
        layout: str,
        source: str | None,
        as_of: str | None,
        mode: str | None,
        complete: bool | None,
        policy: str | None,
        **_: Any,
    ) -> tuple[StockFile, bool]:
        how = _layout(layout)
        if source is not None and not 0 < len(source) <= files.LONGEST_SOURCE:
            raise CommandError(
                f"--source has 1 to {files.LONGEST_SOURCE} characters", returncode=NOT_READ
            )
        return files.receive_file(
            content=_blocks(path),
            name=path.name,
            source=(how.source if how else "import") if source is None else source,
            as_of=_moment(as_of, path),
            mode=mode,
            complete=complete,
            policy=policy,
            store=find_store(store) if store else None,
            layout=how,
            by=BY,
        )

    def _run(self, file: StockFile) -> None:
        self._refusals = 0
        with tqdm(unit="line", delay=2, disable=None, leave=False) as bar:

            def advance(done: int, lines: int) -> None:
                bar.total = lines
                bar.update(done - bar.n)

            files.run_file(file=file, refuse=self._print_refusal, advance=advance)

    def _print_refusal(self, refused: RefusedLine) -> None:
        self._refusals += 1
        if self._refusals > SHOWN_REFUSALS + 1:
            return
        with tqdm.external_write_mode():
            if self._refusals > SHOWN_REFUSALS:
                self.stderr.write("further refused lines are only counted")
            else:
                self.stderr.write(f"line {refused.line}: {refused.code}: {refused.detail}")

    def _tell(self, file: StockFile, *, taken: bool) -> None:
        if file.status == StockFile.Status.PARKED:
            self._tell_preview(file.preview)
            raise CommandError(f"{file.problem}; --yes takes it all the same", returncode=PARKED)
        if file.status == StockFile.Status.REFUSED:
            hint = MENDED_BY.get(file.problem_code)
            words = f"{file.problem} ({hint})" if hint else file.problem
            raise CommandError(words, returncode=NOT_READ)
        if file.status != StockFile.Status.DONE:
            raise CommandError("another process is running this file", returncode=NOT_READ)
        for code in file.result.get("partial_stores", []):
            self.stderr.write(f"store {code}: not taken as complete, some lines were refused")
        self.stdout.write(f"{file.lines or 0} lines: {_words(file, taken=taken)}")
        if file.lines_refused:
            raise CommandError(f"{file.lines_refused} lines were refused", returncode=SOME_REFUSED)

    def _tell_preview(self, preview: dict[str, Any]) -> None:
        numbers = [f"{value} {name}" for name, value in preview.items() if isinstance(value, int)]
        self.stdout.write(", ".join(numbers))
        for cut in preview.get("stores", []):
            self.stdout.write(
                "store {store}: {before} units now, {after} then: {percent} % less, "
                "{to_zero} SKUs fall to zero".format(**cut)
            )
        for line in preview["refusals"]:
            self.stdout.write("line {line}: {code}: {detail}".format(**line))


def _words(file: StockFile, *, taken: bool) -> str:
    """What became of the lines; of a file that was taken before, all that counted are known."""
    numbers = {name: count for name, count in file.result.items() if isinstance(count, int)}
    if taken:
        numbers = {"duplicates": (file.lines or 0) - file.lines_refused}
    return ", ".join(f"{count} {name}" for name, count in numbers.items() if count) or "nothing new"


def _layout(code: str) -> FeedLayout | None:
    if not code:
        return None
    layout = FeedLayout.objects.filter(code=code, active=True).first()
    if layout is None:
        raise CommandError(f"no active layout {code!r}", returncode=NOT_READ)
    return layout


def _blocks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                yield block
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}", returncode=NOT_READ) from error


def _moment(text: str | None, path: Path) -> datetime:
    """When it was true; without an offset it is UTC."""
    try:
        if text is None:
            return datetime.fromtimestamp(path.stat().st_mtime, UTC)
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}", returncode=NOT_READ) from error
    except (ValueError, OverflowError):
        raise CommandError(f"--as-of {text!r} is no ISO 8601 time", returncode=NOT_READ) from None
