"""What the hub refuses to believe about a customer."""

from __future__ import annotations

from hub.errors import Conflict, Invalid


class InvalidPhone(Invalid):
    """Not a telephone number in international form."""

    code = "invalid_phone"
    title = "The phone number must be in international form, such as +48500123456"


class InvalidEmail(Invalid):
    """Not an e-mail address."""

    code = "invalid_email"
    title = "The e-mail address is not one"


class InvalidName(Invalid):
    """A name that is no text at all, or far too long."""

    code = "invalid_name"
    title = "The name cannot be kept"


class InvalidLocale(Invalid):
    """Not a language tag the hub can keep."""

    code = "invalid_locale"
    title = "The locale must be a language tag, such as pl or fr-CA"


class InvalidTimezone(Invalid):
    """Not a zone of the IANA data base."""

    code = "invalid_timezone"
    title = "The time zone must be an IANA name, such as Europe/Warsaw"


class InvalidAccount(Invalid):
    """An account number that cannot be kept."""

    code = "invalid_account"
    title = "The account number is too long or holds control characters"


class Unreachable(Invalid):
    """Neither phone nor e-mail: the customer could never be told anything."""

    code = "no_address"
    title = "A customer needs a phone number or an e-mail address"


class UnknownChannel(Invalid):
    """A channel the hub cannot speak through, or an empty or doubled choice."""

    code = "unknown_channel"
    title = "The channels must be some of: sms, email; each at most once, at least one"


class UnknownGroup(Invalid):
    """A group of messages that the customer's choice does not have."""

    code = "unknown_group"
    title = "There is no such group of messages to choose channels for"


class PauseInvalid(Invalid):
    """A pause that is over before it begins, or as good as for ever."""

    code = "invalid_pause"
    title = "A pause must end in the future, within a year"


class StillRefused(Conflict):
    """The owner of the address refused; nobody else lifts that."""

    code = "consent_refused"
    title = "The customer refused this himself, and only he can lift it"


class ReasonMissing(Invalid):
    """Lifting a refusal without saying how one knows."""

    code = "reason_missing"
    title = "Say how you know that the customer wants to be told again"
