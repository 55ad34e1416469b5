# ruff: noqa: ARG002  an override takes all that Django passes
"""The words of messages: what is in force, a draft beside it, and trying it before it counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub import clock
from hub.customers.models import Channel
from hub.errors import HubError, Invalid, NotFound
from hub.staff.pages import ReadOnlyAdmin, block_of
from hub.staff.refusals import refused
from hub.staff.scope import stores_for
from hub.staff.tones import Tones
from hub.stores.models import Store
from hub.trace import actor
from notifications.admin.chain import WAYS
from notifications.admin.template_grid import (
    LANGUAGES,
    TABS,
    history,
    sections,
    title_of,
    words_link,
)
from notifications.inbound.replies import REPLIES
from notifications.models import Message, Outcome, TemplateVersion
from notifications.services.trying import send_trial
from notifications.templating.language import LONGEST_TEMPLATE
from notifications.templating.linting import LONGEST_TITLE
from notifications.templating.previewing import Preview, differences, preview
from notifications.templating.publishing import (
    check_key,
    discard_draft,
    draft_of,
    publish,
    published_of,
    save_draft,
    withdraw,
)
from notifications.templating.samples import samples
from notifications.templating.values import certain_variables, purpose_variables
from notifications.wording import Key, Wording, shipped_wordings
from orders.admin import exceptions
from orders.admin.exceptions import Problem
from orders.admin.parts import sentence
from orders.models import FulfillmentOrder

MOST_VERSIONS = 20
MOST_PROBLEMS = 50
MOST_COUNTED = 10_000
UNWORDED_SINCE = timedelta(days=7)
ACTS = ("save", "publish", "trial", "discard", "withdraw")
STATE_TONES = Tones({"Draft": "warning", "Published": "success", "Retired": ""})


class WordsForm(forms.Form):
    """What a person typed, and what is to be done with it."""

    act = forms.ChoiceField(choices=[(act, act) for act in ACTS], required=False)
    title = forms.CharField(max_length=LONGEST_TITLE * 2, required=False, strip=False)
    body = forms.CharField(max_length=LONGEST_TEMPLATE, required=False, strip=False)
    seen = forms.CharField(max_length=64, required=False)
    note = forms.CharField(max_length=200, required=False)
    why = forms.CharField(max_length=200, required=False)
    order = forms.CharField(max_length=64, required=False)
    to = forms.CharField(max_length=200, required=False)
    harmless = forms.BooleanField(required=False)


@admin.register(TemplateVersion)
class TemplateVersionAdmin(ReadOnlyAdmin[TemplateVersion]):
    """Versions are read here; words are written on a page of each purpose, channel and language."""

    fields = [
        *("purpose", "channel", "locale", "number", "standing", "title", "words", "note"),
        *("created_by", "created_at", "published_by", "published_at"),
    ]

    @admin.display(description=gettext_lazy("State"))
    def standing(self, row: TemplateVersion) -> str:
        """Draft, published or retired."""
        return row.get_state_display()

    standing.label = STATE_TONES  # type: ignore[attr-defined]  # unfold colours by it

    @admin.display(description=gettext_lazy("Words"))
    def words(self, row: TemplateVersion) -> SafeString:
        """The template as it was written."""
        return block_of(row.body)

    def get_urls(self) -> list[URLPattern]:
        """The words of one key, and how they would look."""
        wrap, named = self.admin_site.admin_view, "notifications_templateversion_"
        key = "words/<str:locale>/<str:purpose>/<str:channel>/"
        own = [
            path(key, wrap(self.words_view), name=named + "words"),
            path(key + "look/", wrap(self.look_view), name=named + "look"),
        ]
        return [*own, *super().get_urls()]

    def may_write(self, request: HttpRequest) -> bool:
        """Writing needs the right to change such rows, though no field is edited by itself."""
        allowed = request.user.has_perm("notifications.change_templateversion")
        return self.is_open_to(request) and allowed

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """All purposes by language: shipped, own, draft."""
        self._let_in(request)
        tab = request.GET.get("tab", Channel.SMS)
        if tab not in TABS:
            raise Http404
        context = {
            **self.admin_site.each_context(request),
            "title": _("Words of messages"),
            "tab": tab,
            "tabs": TABS,
            "sections": sections(tab),
        }
        return TemplateResponse(request, "admin/notifications/words_grid.html", context)

    def words_view(
        self, request: HttpRequest, locale: str, purpose: str, channel: str
    ) -> HttpResponse:
        """Read, write, try and publish the words of one key; what was refused stays typed."""
        self._let_in(request)
        key = _key(locale, purpose, channel)
        if request.method != "POST":
            return self._page(request, key, self._at_first(request, key))
        if not self.may_write(request):
            raise Http404
        form = WordsForm(request.POST)
        try:
            asked = _checked(form)
            said = self._do(request, key, asked)
        except HubError as error:
            messages.error(request, sentence(refused(error)))
            return self._page(request, key, _typed(form), status=error.status)
        messages.success(request, said)
        if asked["act"] == "trial":
            return self._page(request, key, asked)
        return HttpResponseRedirect(words_link(key), status=HTTPStatus.SEE_OTHER)

    def look_view(
        self, request: HttpRequest, locale: str, purpose: str, channel: str
    ) -> HttpResponse:
        """The part of the page that follows the typing: the words, what they cost, what is wrong.

        A POST because of its size; it changes nothing.
        """
        self._let_in(request)
        key = _key(locale, purpose, channel)
        context = self._looked_at(request, key, _typed(WordsForm(request.POST)))
        return TemplateResponse(request, "admin/notifications/words_look.html", context)

    def _let_in(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise Http404

    def _do(self, request: HttpRequest, key: Key, asked: dict[str, Any]) -> str:
        """Carry out what was asked and say so."""
        words = {"title": asked["title"], "body": asked["body"]}
        act, seen, by = asked["act"] or "save", asked["seen"], actor()
        if act == "trial":
            looked = preview(key=key, part=_part(request, asked["order"]), **words)
            is_test = asked["harmless"]
            return send_trial(key=key, words=looked, to=asked["to"], is_test=is_test, by=by)
        if act == "discard":
            discard_draft(key=key, seen=seen)
            return _("The draft is gone.")
        if act == "withdraw":
            withdraw(key=key, why=asked["why"], by=by)
            return _("The words shipped with the hub are in force again.")
        draft = save_draft(key=key, by=by, seen=seen, **words)
        if act == "save":
            return _("Saved as a draft. Customers do not get it yet.")
        row = publish(key=key, seen=draft.digest, note=asked["note"], by=by)
        return _("Published as version {number}. Messages written from now on take it.").format(
            number=row.number
        )

    def _at_first(self, request: HttpRequest, key: Key) -> dict[str, Any]:
        """What the page begins with: an older version that was asked for, else the draft, else
        what is in force."""
        draft = draft_of(key)
        row = _older(request, key) or draft or published_of(key)
        shipped = _shipped(key)
        return {
            "title": row.title if row else shipped.title.source,
            "body": row.body if row else shipped.body.source,
            "seen": draft.digest if draft else "",
            "order": request.GET.get("order", "")[:64],
        }

    def _page(
        self, request: HttpRequest, key: Key, typed: dict[str, Any], status: int = HTTPStatus.OK
    ) -> HttpResponse:
        locale, purpose, channel = key
        draft, published = draft_of(key), published_of(key)
        by_text = channel == Channel.SMS
        context = {
            **self.admin_site.each_context(request),
            **self._looked_at(request, key, typed),
            "title": f"{title_of(purpose)} · {WAYS[channel]} · {LANGUAGES[locale]}",
            "grid_link": reverse("admin:notifications_templateversion_changelist"),
            "tab": "answers" if purpose in REPLIES else channel,
            "says": REPLIES[purpose].says if purpose in REPLIES else "",
            "others": [(code, words_link((code, purpose, channel))) for code in LANGUAGES],
            "by_text": by_text,
            "draft": draft,
            "published": published,
            "lately": _written_with(published),
            "names": _names(purpose),
            "versions": history(key, most=MOST_VERSIONS),
            "may_write": self.may_write(request),
            "longest": LONGEST_TEMPLATE,
        }
        return TemplateResponse(request, "admin/notifications/words.html", context, status=status)

    def _looked_at(self, request: HttpRequest, key: Key, typed: dict[str, Any]) -> dict[str, Any]:
        trouble = ""
        try:
            part = _part(request, typed.get("order", ""))
        except NotFound:
            part, trouble = None, _("There is no such order that you may see.")
        words = {"title": typed.get("title", ""), "body": typed.get("body", "")}
        looked: Preview = preview(key=key, part=part, **words)
        shipped = _shipped(key)
        before = f"{shipped.title.source}\n{shipped.body.source}".strip()
        after = f"{words['title']}\n{words['body']}".strip()
        return {
            "key": key,
            "typed": typed,
            "looked": looked,
            "of_order": part.order.external_id if part else "",
            "order_trouble": trouble,
            "differences": differences(before, after) if before != after else [],
        }


def _written_with(version: TemplateVersion | None) -> int:
    """How many messages of the last seven days have the words of the version; ten thousand at
    most."""
    since = clock.now() - UNWORDED_SINCE
    rows = Message.objects.filter(template_version=version, created_at__gt=since)
    return rows[:MOST_COUNTED].count() if version else 0


def _key(locale: str, purpose: str, channel: str) -> Key:
    """404 for what is never said."""
    try:
        return check_key((locale, purpose, channel))
    except Invalid:
        raise Http404 from None


def _checked(form: WordsForm) -> dict[str, Any]:
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        raise Invalid(f"{field}: {errors[0]}")
    return _lines(form.cleaned_data)


def _typed(form: WordsForm) -> dict[str, Any]:
    """What was typed, cut to what can be, when some of it was refused."""
    form.is_valid()
    raw = {name: str(form.data.get(name, ""))[:LONGEST_TEMPLATE] for name in form.fields}
    return _lines({**raw, **form.cleaned_data})


def _lines(asked: dict[str, Any]) -> dict[str, Any]:
    """Browsers send lines with carriage returns; templates have none."""
    return {
        name: value.replace("\r\n", "\n").replace("\0", "") if isinstance(value, str) else value
        for name, value in asked.items()
    }


def _part(request: HttpRequest, reference: str) -> FulfillmentOrder | None:
    """The newest part of an order that the person may see; None without a reference, NotFound
    when there is none."""
    reference = reference.replace("\0", "").strip()
    if not reference:
        return None
    rows = FulfillmentOrder.objects.select_related(
        "order__contact", "order__profile", "store__brand", "pickup_code", "replaces"
    )
    if not request.user.has_perm("orders.view_order"):
        rows = rows.filter(store__in=stores_for(request))
    for name in ("order__public_id", "order__external_id", "public_id"):
        if part := rows.filter(**{name: reference}).order_by("-pk").first():
            return part
    raise NotFound


def _older(request: HttpRequest, key: Key) -> TemplateVersion | None:
    number = request.GET.get("version", "")
    if not number.isdecimal() or len(number) > 9:  # noqa: PLR2004  what the column holds
        return None
    locale, purpose, channel = key
    return TemplateVersion.objects.filter(
        locale=locale, purpose=purpose, channel=channel, number=int(number)
    ).first()


def _shipped(key: Key) -> Wording:
    return shipped_wordings()[key]


def _names(purpose: str) -> list[tuple[str, str, bool]]:
    """(name, sample, whether it always has a value) of each name that may be used."""
    certain, sample = certain_variables(purpose), samples()
    return [(name, sample[name], name in certain) for name in sorted(purpose_variables(purpose))]


def unworded(stores: QuerySet[Store]) -> Iterator[Problem]:
    """Messages that were not sent because their template lacked a value, or could not be read."""
    parts = FulfillmentOrder.objects.filter(store__in=stores)
    rows = Message.objects.filter(
        outcome=Outcome.SUPPRESSED,
        outcome_reason="template_error",
        created_at__gte=clock.now() - UNWORDED_SINCE,
        order_id__in=parts.values("order_id"),
    )
    for row in rows.order_by("-pk")[:MOST_PROBLEMS]:
        detail = _("{title_of} by {channel} in {locale}: nothing was sent").format(
            title_of=title_of(row.purpose), channel=row.channel, locale=row.locale
        )
        link = reverse("admin:notifications_message_change", args=[row.pk])
        yield Problem(_("Words are missing"), detail, row.created_at, link, "danger")


exceptions.add_source(unworded)
