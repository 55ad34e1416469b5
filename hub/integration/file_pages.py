"""The page of the settings file: taking it away, and what one would change before it does."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hub import clock
from hub.errors import HubError
from hub.integration.redacting import redacted_text
from hub.integration.settings_files import (
    MOST_BYTES,
    Difference,
    Row,
    preview,
    read,
    take_over,
    write,
)
from hub.staff.pages import is_store_bound
from hub.staff.refusals import refused

SHOWN = 50
KEPT = "settings_file"  # in the session between the look and the word


def may_move_file(request: HttpRequest) -> bool:
    """Whether the person may take settings away and bring them in: of all stores at once."""
    user = request.user
    may = user.has_perm("stores.change_settingslevel") and user.has_perm("staff.export_data")
    return may and not is_store_bound(request)


def download(request: HttpRequest) -> HttpResponse:
    """All settings as one file."""
    _require(request)
    content, left_out = write()
    if left_out:
        named = ", ".join(str(one.title) for one in left_out)
        said = _("Too large for the file, and left out of it: %(named)s.") % {"named": named}
        messages.warning(request, said)
    reply = HttpResponse(content, content_type="application/json")
    name = f"curbhub-settings-{clock.now():%Y-%m-%d}.json"
    reply["Content-Disposition"] = f'attachment; filename="{name}"'
    reply["Cache-Control"] = "no-store"
    return reply


def file_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """A file's differences, once it was sent; once they are confirmed, it holds."""
    _require(request)
    found: list[Difference] | None = None
    if request.method == "POST":
        try:
            if "token" in request.POST:
                return _confirmed(request)
            found = _looked_at(request)
        except HubError as error:
            messages.error(request, _("Nothing was taken over: %(why)s.") % {"why": refused(error)})
    context |= {
        "title": _("Settings as a file"),
        "found": [_told(one) for one in found] if found is not None else None,
        "count": sum(len(one.added) + len(one.changed) for one in found or []),
        "token": request.session.get(KEPT, {}).get("token", ""),
        "most": MOST_BYTES // 2**20,
    }
    return TemplateResponse(request, "admin/integration/file.html", context)


def _looked_at(request: HttpRequest) -> list[Difference] | None:
    """What the file would change; it is kept in the session until the person says yes."""
    sent = request.FILES.get("file")
    if sent is None or (sent.size or 0) > MOST_BYTES:
        said = _("Choose a file of at most %(most)d MB.") % {"most": MOST_BYTES // 2**20}
        messages.error(request, said)
        return None
    content = sent.read()
    found = preview(read(content))
    request.session[KEPT] = {
        "token": secrets.token_urlsafe(16),
        "content": content.decode("utf-8-sig"),
    }
    return found


def _confirmed(request: HttpRequest) -> HttpResponse:
    """Take over the file that was looked at; the same token again changes nothing."""
    kept = request.session.pop(KEPT, None)
    back = HttpResponseRedirect(
        reverse("admin:stores_settingslevel_file"), status=HTTPStatus.SEE_OTHER
    )
    if kept is None or kept["token"] != request.POST["token"]:
        messages.info(request, _("This file was taken over before, or another was looked at."))
        return back
    done = take_over(read(kept["content"].encode()), by=request.user.get_username())
    count = sum(len(one.added) + len(one.changed) for one in done)
    said = ngettext("%(count)d row was taken over.", "%(count)d rows were taken over.", count)
    messages.success(request, said % {"count": count})
    return back


def _require(request: HttpRequest) -> None:
    if not may_move_file(request):
        raise Http404


def _told(one: Difference) -> dict[str, Any]:
    return {
        "title": one.title,
        "same": one.same,
        "count": len(one.added) + len(one.changed),
        "rows": [
            *({"key": _key(row), "changes": _changes({}, row)} for row in one.added[:SHOWN]),
            *(
                {"key": _key(after), "changes": _changes(before, after)}
                for before, after in one.changed[:SHOWN]
            ),
        ],
        "more": max(0, len(one.added) - SHOWN) + max(0, len(one.changed) - SHOWN),
    }


def _key(row: Row) -> str:
    return " / ".join(part for part in row["key"] if part) or _("all")


def _changes(before: Row, after: Row) -> list[tuple[str, str, str]]:
    """Member, before and after, of what differs; long values are cut."""
    return [
        (name.replace("_", " "), _short(before.get(name)) if before else "", _short(value))
        for name, value in after.items()
        if name != "key" and (not before or before.get(name) != value)
    ]


def _short(value: Any) -> str:
    text = "–" if value is None else redacted_text(str(value))
    return text if len(text) <= 120 else text[:120] + "…"  # noqa: PLR2004  a line of a tablet
