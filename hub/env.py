"""Every environment variable the hub reads, typed, read once.

Nothing else in the project touches ``os.environ`` for configuration. A value that cannot be
understood ends the process with one sentence (``ImproperlyConfigured``), never a traceback
from somewhere deep: ``manage.py`` prints it and exits 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_CHARACTERS = 50
EAN_DIGITS = 13

_env = environ.Env()


@dataclass(frozen=True)
class Environment:
    """The whole configuration of one process; see README, «Settings», for the table."""

    debug: bool
    secret_key: str
    secret_key_fallbacks: list[str]
    data_keys: list[str]
    allowed_hosts: list[str]
    public_base_url: str
    database_url: str
    database_replica_url: str
    email_url: str
    email_from: str
    simulators: bool
    sms_connector: str
    sms_letters: dict[str, str]
    private_networks: list[str]
    trusted_proxies: int
    var_dir: Path
    feeds_dir: Path
    drop_dir: Path
    pos_dir: Path
    log_level: str
    workers: int
    weight_barcode: str


def read() -> Environment:
    """Read and check the process environment.

    Raises ImproperlyConfigured with one sentence naming the variable that is wrong or missing.
    """
    debug = _env.bool("HUB_DEBUG", default=False)
    var_dir = Path(_env.str("HUB_VAR", default=str(BASE_DIR / "var")))
    return Environment(
        debug=debug,
        secret_key=_secret("HUB_SECRET_KEY", debug=debug),
        secret_key_fallbacks=_env.list("HUB_SECRET_KEY_FALLBACKS", default=[]),
        data_keys=[
            _secret("HUB_DATA_KEY", debug=debug),
            *_env.list("HUB_DATA_KEY_FALLBACKS", default=[]),
        ],
        allowed_hosts=_env.list(
            "HUB_ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"] if debug else []
        ),
        public_base_url=_env.str("HUB_PUBLIC_URL", default="http://127.0.0.1:8000").rstrip("/"),
        database_url=_env.str("DATABASE_URL", default=""),
        database_replica_url=_env.str("DATABASE_REPLICA_URL", default=""),
        email_url=_env.str("HUB_EMAIL_URL", default="filemail://"),
        email_from=_env.str("HUB_EMAIL_FROM", default="curbhub <orders@localhost>"),
        simulators=_env.bool("HUB_SIMULATORS", default=debug),
        sms_connector=_env.str("HUB_SMS_CONNECTOR", default="handset"),
        sms_letters=_letters("HUB_SMS_LETTERS"),
        private_networks=_env.list(
            "HUB_PRIVATE_NETWORKS", default=["127.0.0.0/8", "::1/128"] if debug else []
        ),
        trusted_proxies=_whole("HUB_TRUSTED_PROXIES", default=0),
        var_dir=var_dir,
        feeds_dir=Path(_env.str("HUB_FEEDS_DIR", default=str(var_dir / "feeds"))),
        drop_dir=Path(_env.str("HUB_DROP_DIR", default=str(var_dir / "drop"))),
        pos_dir=Path(_env.str("HUB_POS_DIR", default=str(var_dir / "pos"))),
        log_level=_env.str("HUB_LOG_LEVEL", default="INFO"),
        workers=_whole("HUB_WEB_WORKERS", default=2),
        weight_barcode=_layout("HUB_WEIGHT_BARCODE", default="2PPPPPPWWWWWC"),
    )


def _whole(name: str, *, default: int) -> int:
    """A number of things: zero or more."""
    value: str = _env.str(name, default=str(default))
    if not value.isdecimal():
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}")
    return int(value)


def _layout(name: str, *, default: str) -> str:
    """How labels from the scales are read: 13 places, see ``orders.picking.codes``."""
    value: str = _env.str(name, default=default)
    if len(value) != EAN_DIGITS or not set(value) <= set("0123456789PWVXC") or "P" not in value:
        raise ImproperlyConfigured(f"{name} must be like 2PPPPPPWWWWWC, not {value!r}")
    return value


def _letters(name: str) -> dict[str, str]:
    """How plainly texts are spelled, by language: ``pl=ascii,ru=keep``."""
    said = [part.partition("=") for part in _env.list(name, default=[])]
    if not all(language and mode in {"keep", "smart", "ascii"} for language, _, mode in said):
        raise ImproperlyConfigured(f"{name} must be like pl=ascii,ru=keep")
    return {language: mode for language, _, mode in said}


def _secret(name: str, *, debug: bool) -> str:
    """A long enough secret; a debug process may run with a fixed, public one."""
    value: str = _env.str(name, default="")
    wanted = f"it must hold at least {SECRET_CHARACTERS} random characters"
    if value and len(value) < SECRET_CHARACTERS:
        raise ImproperlyConfigured(f"{name} is too short: {wanted}")
    if not value and not debug:
        raise ImproperlyConfigured(f"{name} is not set: {wanted}")
    return value or f"development-only-{name.lower()}-never-use-it-where-customers-are"
