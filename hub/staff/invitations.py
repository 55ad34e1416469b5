"""Invitations: a link with which a new person sets a password of his own, once, within two days.

The link is a signature over the person and over the password that is stored: once another is set
it opens nothing. Nothing of it is kept.
"""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Collection
from http import HTTPStatus

from anymail.exceptions import AnymailError
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.core import signing
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import translation
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from hub.staff.person_language import PersonLanguage

HOURS = 48
SALT = "hub.staff.invitations"
LONGEST_TOKEN = 300
# back ends that show mails to developers
_NO_MAIL = ("filebased", "console", "dummy")

logger = logging.getLogger(__name__)


def link_for(person: User) -> str:
    """The address behind which the person sets a password: 48 hours, once."""
    token = signing.dumps([person.pk, _state(person)], salt=SALT)
    return settings.PUBLIC_BASE_URL + reverse("staff:invited", args=[token])


def invited(token: str, *, lock: bool = False) -> User | None:
    """Whom the link invites; None when it is none, too old, or has been used."""
    try:
        key, state = signing.loads(token[:LONGEST_TOKEN], salt=SALT, max_age=HOURS * 3600)
    except signing.BadSignature:
        return None
    people = User.objects.select_for_update(no_key=True) if lock else User.objects.all()
    person = people.filter(pk=key, is_active=True).first()
    is_same = person is not None and constant_time_compare(state, _state(person))
    return person if is_same else None


@transaction.atomic
def accept(*, token: str, password: str) -> bool:
    """The person has this password and the link opens nothing any more; False when it had ended,
    also because somebody used it at the same moment."""
    person = invited(token, lock=True)
    if person is None:
        return False
    person.set_password(password)
    person.save(update_fields=["password"])
    return True


def can_mail() -> bool:
    """Whether mails of this hub reach mailboxes."""
    return not any(name in settings.EMAIL_BACKEND for name in _NO_MAIL)


def mail_invitations(people: Collection[int]) -> int:
    """Mail their links to those of the people who have an address and no password yet; returns to
    how many. One that is refused does not keep the others from theirs."""
    rows = User.objects.filter(pk__in=people, is_active=True).exclude(email="").order_by("pk")
    spoken = dict(PersonLanguage.objects.filter(user__in=people).values_list("user", "language"))
    sent = 0
    for person in rows:
        if person.has_usable_password():
            continue
        with translation.override(spoken.get(person.pk, settings.LANGUAGE_CODE)):
            sent += _mailed(person)
    return sent


def _mailed(person: User) -> bool:
    lines = [
        _("You have been invited to curbhub, where your store prepares its orders."),
        _("Your user name: {name}").format(name=person.get_username()),
        _("Set a password of your own here, within 48 hours:"),
        link_for(person),
        _("The link works once. If you expected no invitation, leave it alone."),
    ]
    mail = EmailMessage(_("Your invitation to curbhub"), "\n\n".join(lines), to=[person.email])
    try:
        mail.send()
    except (smtplib.SMTPException, AnymailError, OSError, ValueError) as error:
        logger.warning("no invitation was mailed to user %s: %s", person.pk, type(error).__name__)
        return False
    return True


@require_http_methods(["GET", "POST"])
@sensitive_post_parameters()
@never_cache
@csrf_protect
def invited_view(request: HttpRequest, token: str) -> HttpResponse:
    """Set the password (303 to the log-in). Looking changes nothing; whatever is wrong with a link,
    it looks the same: 404."""
    person = invited(token)
    form: SetPasswordForm[User] | None = None
    if person is not None:
        sent = request.POST if request.method == "POST" else None
        form = SetPasswordForm(person, sent)
        if form.is_valid():
            if accept(token=token, password=form.cleaned_data["new_password1"]):
                messages.success(request, _("Your password is set. Log in with it."))
                login = reverse("admin:login")
                return HttpResponseRedirect(login, status=HTTPStatus.SEE_OTHER)
            person = form = None
    errors = [str(text) for texts in form.errors.values() for text in texts] if form else []
    context = {
        **admin.site.each_context(request),
        "title": _("Welcome") if person else _("This link has ended"),
        "person": person,
        "refused": " ".join(errors),
        "rules": form.fields["new_password1"].help_text if form else "",
    }
    status = HTTPStatus.OK if person else HTTPStatus.NOT_FOUND
    reply = TemplateResponse(request, "staff/invited.html", context, status=status)
    reply["Referrer-Policy"] = "no-referrer"
    return reply


def _state(person: User) -> str:
    return salted_hmac(SALT, f"{person.pk}:{person.password}").hexdigest()[:32]
