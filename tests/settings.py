"""The hub's settings for tests: a second embedded server that need not survive a power cut."""

import os

os.environ.setdefault("HUB_DEBUG", "1")

from hub.settings import *  # noqa: F403
from hub.settings import DATABASES, EMBEDDED_POSTGRES, ENV

if EMBEDDED_POSTGRES:
    from hub import devpg

    EMBEDDED_POSTGRES = devpg.Server(data_root=ENV.var_dir, name="pg18-test", fast=True)
    DATABASES["default"] |= EMBEDDED_POSTGRES.django_config()

DATABASES["default"]["TEST"] = {"NAME": "test_" + os.environ.get("HUB_TEST_DB", "curbhub")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
SMS_CONNECTOR = "memory"
