"""What a link may be refused for, beside not being there."""

from __future__ import annotations

from hub.errors import HubError


class TooManyWrongLinks(HubError):
    """The client tried many links that do not exist; it should come back later."""

    code = "too_many_wrong_links"
    status = 429
    title = "Too many links that do not exist were tried from here; wait ten minutes"
