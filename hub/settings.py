"""Django settings: twelve-factor, everything that varies comes from ``hub.env``."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import environ
from csp.constants import NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.core.exceptions import ImproperlyConfigured

from hub import devpg
from hub import env as environment
from hub.mail import mail_config

ENV = environment.read()
BASE_DIR = environment.BASE_DIR

DEBUG = ENV.debug
SECRET_KEY = ENV.secret_key
SECRET_KEY_FALLBACKS = ENV.secret_key_fallbacks
DATA_KEYS = ENV.data_keys
ALLOWED_HOSTS = ENV.allowed_hosts
PUBLIC_BASE_URL = ENV.public_base_url

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.import_export",
    "unfold.contrib.simple_history",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_q",
    "csp",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "simple_history",
    "import_export",
    "hub",
    "hub.stores",
    "hub.events",
    "hub.providers",
    "hub.api",
    "hub.links",
    "hub.inbox",
    "hub.webhooks",
    "hub.customers",
    "hub.simulators",
    "hub.staff",
    "hub.integration",
    "inventory",
    "orders",
    "notifications",
]

MIDDLEWARE = [
    "hub.middleware.TraceMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "hub.middleware.HostMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "hub.staff.middleware.WorkplaceMiddleware",
    "hub.middleware.StaffActorMiddleware",
    "hub.staff.languages.StaffLanguageMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "hub.staff.middleware.LostFormMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
]

ROOT_URLCONF = "hub.urls"
WSGI_APPLICATION = "hub.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "hub" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- database: PostgreSQL, embedded unless DATABASE_URL names another -----------------------

EMBEDDED_POSTGRES = None if ENV.database_url else devpg.Server(data_root=ENV.var_dir)


def _database(name: str, url: str) -> dict[str, Any]:
    try:
        config: dict[str, Any] = environ.Env.db_url_config(url)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is not an address: {error}") from error
    if "postgresql" not in config.get("ENGINE", ""):
        raise ImproperlyConfigured(f"{name} must begin with postgresql://")
    # a socket's folder stands percent-encoded where a host name would be
    return config | {"HOST": unquote(config["HOST"] or "")}


def _tuned(config: dict[str, Any]) -> dict[str, Any]:
    """Persistent connections, and bounds so that no statement can hang a worker.

    A statement that comes for the fifth time on a connection is prepared: the stock formula
    takes longer to plan than to run. Behind PgBouncer this needs its version 1.21 or later.
    """
    bounds = {
        "statement_timeout": "30s",
        "lock_timeout": "10s",
        "idle_in_transaction_session_timeout": "60s",
    }
    options = " ".join(f"-c {name}={value}" for name, value in bounds.items())
    return config | {
        "ENGINE": "hub.postgres",
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": config.get("OPTIONS", {})
        | {
            "options": options,
            "connect_timeout": 5,
            "server_side_binding": True,
            "prepare_threshold": 5,
        },
    }


DATABASES = {
    "default": _tuned(
        EMBEDDED_POSTGRES.django_config()
        if EMBEDDED_POSTGRES
        else _database("DATABASE_URL", ENV.database_url)
    )
}
if ENV.database_replica_url:
    DATABASES["replica"] = _tuned(_database("DATABASE_REPLICA_URL", ENV.database_replica_url))

# --- pages ----------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", "English"),
    ("fr", "Français"),
    ("pl", "Polski"),
    ("ru", "Русский"),
    ("es", "Español"),
]
LOCALE_PATHS = [BASE_DIR / "hub" / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = ENV.var_dir / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/admin/"

# --- security -------------------------------------------------------------------------------

_HTTPS = PUBLIC_BASE_URL.startswith("https://")
CSRF_TRUSTED_ORIGINS = [PUBLIC_BASE_URL]
CSRF_FAILURE_VIEW = "hub.api.fallbacks.csrf_failed"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SESSION_COOKIE_AGE = 12 * 3600
SECURE_SSL_REDIRECT = not DEBUG
SECURE_REDIRECT_EXEMPT = [r"^live$", r"^ready$", r"^metrics$"]
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEBUG
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.trusted_proxies else None
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_100  # the pick of an order of 2,000 lines has a field for each
# who works on a shared tablet comes by a way of its own, with fewer rights
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "hub.staff.people.TabletBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        # the admin's Alpine.js evaluates expressions; customer pages narrow this in their views
        "script-src": [SELF, UNSAFE_EVAL, NONCE],
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}

# --- the hub's own switches -----------------------------------------------------------------

SIMULATORS = ENV.simulators
# Networks a connector or webhook may call although they are private (CIDR list).
PRIVATE_NETWORKS = ENV.private_networks
TRUSTED_PROXIES = ENV.trusted_proxies
# Name of a connector -> dotted path of its class; hub.connectors.registry builds it.
CONNECTORS = {
    "pos": {
        "webhook": "hub.connectors.pos.webhook.WebhookPos",
        "files": "hub.connectors.pos.files.FilesPos",
        "memory": "hub.connectors.pos.memory.MemoryPos",
    },
    "sms": {
        "handset": "hub.connectors.sms.handset.HandsetSms",
        "memory": "hub.connectors.sms.memory.MemorySms",
        "twilio": "hub.connectors.sms.twilio.TwilioSms",
        "kannel": "hub.connectors.sms.kannel.KannelSms",
        "http": "hub.connectors.sms.gateway.GatewaySms",
    },
}
SMS_CONNECTOR = ENV.sms_connector
SMS_LETTERS = ENV.sms_letters
# Where stock files are kept, and where others drop them for the hub to take.
FEEDS_DIR = ENV.feeds_dir
DROP_DIR = ENV.drop_dir
WEIGHT_BARCODE = ENV.weight_barcode
# Where a POS that speaks files finds its pick lists and leaves its answers.
POS_DIR = ENV.pos_dir

_EMAIL = mail_config(ENV.email_url)
EMAIL_BACKEND = _EMAIL["EMAIL_BACKEND"]
EMAIL_HOST = _EMAIL.get("EMAIL_HOST", "")
EMAIL_PORT = _EMAIL.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _EMAIL.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = _EMAIL.get("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = _EMAIL.get("EMAIL_USE_TLS", False)
EMAIL_FILE_PATH = _EMAIL.get("EMAIL_FILE_PATH") or str(ENV.var_dir / "mail")
EMAIL_TIMEOUT = 10
EMAIL_USE_SSL = _EMAIL.get("EMAIL_USE_SSL", False)
ANYMAIL = _EMAIL.get("ANYMAIL", {})
DEFAULT_FROM_EMAIL = ENV.email_from

# --- jobs (technology.md of the project's research: retry > timeout, bounded attempts) -------

Q_CLUSTER = {
    "name": "curbhub",
    "orm": "default",
    "workers": 3,
    "queue_limit": 3,
    "timeout": 600,
    "retry": 1300,
    "max_attempts": 3,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": -1,
    "recycle": 500,
    "poll": 0.5,
}

# --- API ------------------------------------------------------------------------------------

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["hub.api.auth.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["hub.api.auth.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["hub.api.throttle.KeyThrottle"],
    "DEFAULT_PARSER_CLASSES": ["hub.api.parsing.StrictJsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["hub.api.rendering.JsonRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "hub.api.rendering.JsonOnly",
    "DEFAULT_SCHEMA_CLASS": "hub.api.schema.HubSchema",
    "EXCEPTION_HANDLER": "hub.api.problems.handle",
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
    "COERCE_DECIMAL_TO_STRING": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "curbhub",
    "VERSION": "1",
    "DESCRIPTION": (
        "Orders, stock and curbside pickup of one retailer.\n\n"
        "**Keys.** Send `Authorization: Bearer cbk_…`. A key belongs to one sales channel and has "
        "scopes; what it may not see is answered 404, like what does not exist. Orders of a "
        "`cbk_test_` key reach no real phone and no real POS.\n\n"
        "**Bodies** are JSON objects in UTF-8. Unknown fields are refused, never ignored.\n\n"
        "**Retries.** Where `Idempotency-Key` is asked for, a repeat with the same key and body "
        "gets the first reply again, byte for byte, for at least seven days. A refusal is not "
        "kept: the next try runs afresh. While the first try runs, a repeat gets 409 "
        "`request_running`; another body with the same key gets 422.\n\n"
        "**Versions.** Send the `ETag` you read as `If-Match` to change only what you saw.\n\n"
        "**Lists** go on with `next_cursor`; cursors are opaque and do not expire.\n\n"
        "**Refusals** are `application/problem+json` (RFC 9457). Branch on `code`, which never "
        "changes; more members and codes may be added.\n\n"
        "**Quota.** `RateLimit` says what is left and when it is whole again. After 429 or 503 "
        "wait as long as `Retry-After` says."
    ),
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/v1",
    # choices stand where they are used: several apps have a "status" of their own
    "POSTPROCESSING_HOOKS": [],
}
# Requests per minute and key; see hub.api.throttle.
API_REQUESTS_PER_MINUTE = 600_000 if DEBUG else 6_000

# --- logs: JSON lines with the trace id, secrets and personal data taken out -----------------

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"redact": {"()": "hub.logs.Redact"}},
    "formatters": {"json": {"()": "hub.logs.JsonFormatter"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json",
            "filters": ["redact"],
        }
    },
    "root": {"handlers": ["stderr"], "level": ENV.log_level},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        "django.server": {"handlers": [], "propagate": True},
        # a refusal is an answer, counted in the metrics: a line for each would cost as much
        "django.request": {"handlers": [], "propagate": True, "level": "ERROR"},
        "django-q": {"handlers": [], "propagate": True, "level": "WARNING"},
    },
}

# The staff workspace; each dotted name is a function that unfold calls with the request.
UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "curbhub",
    "SITE_HEADER": "curbhub",
    "SITE_SYMBOL": "local_shipping",
    "SITE_URL": None,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "hub.staff.navigation.favicon"}
    ],
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_HISTORY": False,
    "SHOW_LANGUAGES": True,
    "LANGUAGES": {"action": "hub.staff.languages.action", "navigation": []},
    "ENVIRONMENT": "hub.staff.navigation.environment",
    "DASHBOARD_CALLBACK": "hub.staff.dashboard.context",
    "GLOBAL_CALLBACK": "hub.staff.navigation.everywhere",
    "LOGIN": {"form": "hub.staff.login.StaffLoginForm"},
    "STYLES": ["hub.staff.navigation.stylesheet", "hub.staff.tablets.stylesheet"],
    "SCRIPTS": ["hub.staff.navigation.script", "hub.staff.tablets.script"],
    "ACCOUNT": {"navigation": "hub.staff.people.own_pages"},
    "COLORS": {
        "primary": {
            "50": "#f0fdfa",
            "100": "#ccfbf1",
            "200": "#99f6e4",
            "300": "#5eead4",
            "400": "#2dd4bf",
            "500": "#14b8a6",
            "600": "#0f766e",
            "700": "#115e59",
            "800": "#134e4a",
            "900": "#113f3c",
            "950": "#042f2e",
        }
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": "hub.staff.navigation.sidebar",
    },
}
