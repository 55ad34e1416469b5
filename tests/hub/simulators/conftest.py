"""The site needs events to be told of."""

from tests.hub.webhooks.conftest import tell  # noqa: F401
