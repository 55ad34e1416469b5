"""Running a management command so that a wrong set-up ends in one sentence.

Django shows a traceback when the configuration is broken or the database cannot be reached.
Here each of those becomes ``StartError``; a failure inside a running command stays what it is.
"""

from __future__ import annotations

import errno
import functools
import warnings
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.management import ManagementUtility
from django.core.management.base import BaseCommand, SystemCheckError
from django.db.utils import OperationalError

from hub import devpg


class StartError(Exception):
    """The process cannot do its work here; the text is one sentence for the operator."""


class HubUtility(ManagementUtility):
    """Django's command line, whose commands refuse to start in one sentence."""

    def fetch_command(self, subcommand: str) -> BaseCommand:
        """The command by name; all but ``check`` turn failed system checks into StartError."""
        command = super().fetch_command(subcommand)
        if subcommand != "check":
            checked = functools.partial(_check_or_refuse, command.check)
            command.check = checked  # type: ignore[method-assign]
        return command


def run(argv: list[str], *, database: bool) -> None:
    """Run the management command in ``argv``, the embedded server started before if ``database``.

    Raises StartError when the configuration is wrong or the database is out of reach.
    """
    try:
        embedded = _embedded_server()
        if database and embedded:
            devpg.ensure(embedded)
        HubUtility(argv).execute()
    except (ImproperlyConfigured, devpg.DevPgError) as error:
        raise StartError(one_line(error)) from error
    except OperationalError as error:
        if not is_connection_failure(error):
            raise
        raise StartError(f"the database cannot be reached: {one_line(error)}") from error
    except OSError as error:
        if not _is_about_our_folder(error):
            raise
        raise StartError(f"cannot write to {error.filename or 'disk'}: {error.strerror}") from error


def _is_about_our_folder(error: OSError) -> bool:
    """Whether HUB_VAR cannot be written, or nothing can because the disk is full."""
    ours = str(error.filename or "").startswith(str(settings.ENV.var_dir))
    return ours or error.errno in (errno.ENOSPC, errno.EDQUOT)


def is_connection_failure(error: OperationalError) -> bool:
    """Whether the error arose while connecting: only then the server gave no SQLSTATE."""
    return getattr(error.__cause__, "sqlstate", None) is None


def one_line(error: Exception) -> str:
    """The error's text without line breaks."""
    return " ".join(str(error).split())


def _embedded_server() -> devpg.Server | None:
    """Load the settings; what they cannot make sense of is a fault of the environment."""
    # the URL parser warns of a URL it cannot read; settings then refuse it in their own words
    warnings.filterwarnings("ignore", module="environ")
    try:
        server: devpg.Server | None = settings.EMBEDDED_POSTGRES
    except ValueError as error:
        reason = one_line(error)
        raise ImproperlyConfigured(
            f"the environment holds a value of the wrong kind: {reason}"
        ) from error
    return server


def _check_or_refuse(check: Callable[..., None], *args: Any, **kwargs: Any) -> None:
    try:
        check(*args, **kwargs)
    except SystemCheckError as error:
        found = [issue for issue in checks.run_checks() if issue.is_serious()]
        reasons = [str(issue.msg) for issue in found if not issue.is_silenced()]
        raise StartError("; ".join(reasons) or one_line(error)) from error
