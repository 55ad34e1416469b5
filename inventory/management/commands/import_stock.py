"""``manage.py import_stock``: take over a count of stock from a CSV file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from hub.errors import HubError
from inventory.services.importing import ImportReport, Refusal, StockImport, prepare

SOME_REFUSED = 1
NOT_READ = 2
LONGEST_SOURCE = 60
SHOWN_REFUSALS = 100


class Command(BaseCommand):
    help = (
        "Import counted stock from a CSV file with the columns sku, on_hand and, for many stores, "
        "store. The same file again changes nothing. Exit 0: all lines taken; 1: some refused; "
        "2: the file could not be read."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--store", default="", help="code or id of the store, if no column")
        parser.add_argument("--source", default="import", help="who counted; a POS by its id")
        parser.add_argument("--as-of", help="when it was true, ISO 8601 (default: file's time)")
        parser.add_argument(
            "--complete", action="store_true", help="what a store's lines do not name is zero"
        )

    def handle(self, *, file: Path, store: str, **options: Any) -> None:
        """Import, print each refused line and the outcome."""
        try:
            report = self._run(file, store, **options)
        except HubError as error:
            raise CommandError(error.detail, returncode=NOT_READ) from error
        except KeyboardInterrupt:
            raise CommandError(
                "interrupted; run it again with the same file to go on", returncode=130
            ) from None
        self._tell(report)
        if report.refused:
            raise CommandError(f"{report.refused} lines were refused", returncode=SOME_REFUSED)

    def _run(
        self, path: Path, store: str, *, source: str, as_of: str | None, complete: bool, **_: Any
    ) -> ImportReport:
        if not 0 < len(source) <= LONGEST_SOURCE:
            raise CommandError(
                f"--source has 1 to {LONGEST_SOURCE} characters", returncode=NOT_READ
            )
        found, known_store = prepare(path, store=store, complete=complete)
        bar = tqdm(total=found.lines, unit="line", delay=2, disable=None, leave=False)
        with bar:
            return StockImport(
                file=found,
                store=known_store,
                source=source,
                as_of=_moment(as_of, path),
                complete=complete,
                refuse=self._print_refusal,
                advance=bar.update,
            ).run()

    def _print_refusal(self, refusal: Refusal) -> None:
        self._refusals = getattr(self, "_refusals", 0) + 1
        if self._refusals > SHOWN_REFUSALS + 1:
            return
        with tqdm.external_write_mode():
            if self._refusals > SHOWN_REFUSALS:
                self.stderr.write("further refused lines are only counted")
            else:
                self.stderr.write(f"line {refusal.line}: {refusal.code}: {refusal.detail}")

    def _tell(self, report: ImportReport) -> None:
        for code in report.partial_stores:
            self.stderr.write(f"store {code}: not taken as complete, some lines were refused")
        words = [f"{number} {name}" for name, number in vars(report.result).items() if number]
        self.stdout.write(f"{report.lines} lines: {', '.join(words) or 'nothing new'}")


def _moment(text: str | None, path: Path) -> datetime:
    """When the counts were true; without an offset it is UTC."""
    if text is None:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise CommandError(f"--as-of {text!r} is no ISO 8601 time", returncode=NOT_READ) from None
