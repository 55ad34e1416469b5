"""Settings of a web server under load: as in production, on the benchmark's own database."""

import os

from hub.settings import *  # noqa: F403
from hub.settings import DATABASES, ROOT_URLCONF

DEBUG = False  # Django's own switch: with it on, every statement is kept in memory
ROOT_URLCONF = os.environ.get("BENCH_URLCONF", ROOT_URLCONF)
DATABASES["default"]["NAME"] = os.environ["BENCH_DATABASE"]
ALLOWED_HOSTS = ["127.0.0.1"]
API_REQUESTS_PER_MINUTE = 600_000
