"""The shapes that the order endpoints accept."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

from rest_framework import serializers

from hub.api.forms import Form
from orders.models import OrderStatus
from orders.routing.services import RADIUS_METRES

MOST_MINOR = 10**12
MOST_LINES = 2000
MOST_PER_BATCH = 100
MOST_UNITS = 100_000
MOST_RADIUS_METRES = 200_000
MOST_METADATA_BYTES = 16_384
NOTE_CHARACTERS = 10_000
PAGE = 50
MOST_PER_PAGE = 100
_ID_CHARACTERS = 120
_ODD = {"Cc", "Cf", "Cs", "Zl", "Zp"}


class Amount(serializers.IntegerField):
    """Money in minor units: never negative, never a fraction, at most 10^12."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=0, max_value=MOST_MINOR, **options)

    def to_internal_value(self, data: Any) -> int:
        """The integer; a number with a decimal point or a text is refused, not rounded."""
        return super().to_internal_value(_true_integer(self, data))


class Count(serializers.IntegerField):
    """A whole number; ``2.0`` and ``"2"`` are none."""

    def to_internal_value(self, data: Any) -> int:
        """The integer; a number with a decimal point or a text is refused."""
        return super().to_internal_value(_true_integer(self, data))


class Text(serializers.CharField):
    """Text that says something: a number is none, and neither are invisible characters alone."""

    def to_internal_value(self, data: Any) -> str:
        """The text; JSON numbers are refused, since nobody knows how they were written."""
        if not isinstance(data, str):
            self.fail("invalid")
        text = super().to_internal_value(data)
        if not self.allow_blank and all(map(_is_odd, text.split())):
            self.fail("blank")
        return text


class Reference(Text):
    """A number or code as another system writes it, without space around it."""

    def to_internal_value(self, data: Any) -> str:
        """The text; control and direction characters would make two look the same."""
        text = super().to_internal_value(data)
        if _is_odd(text, some=True):
            raise serializers.ValidationError("It holds invisible characters.", code="invalid_text")
        return text


class NearForm(Form):
    latitude = serializers.FloatField(min_value=-90, max_value=90, help_text="degrees, WGS 84")
    longitude = serializers.FloatField(min_value=-180, max_value=180, help_text="degrees, WGS 84")
    radius_metres = Count(
        min_value=1,
        max_value=MOST_RADIUS_METRES,
        required=False,
        help_text=f"how far the store may be, as the crow flies; {RADIUS_METRES} if left out",
    )


class WindowForm(Form):
    start = serializers.DateTimeField(help_text="as `GET /v1/stores/{id}/windows` lists it")


class PickupForm(Form):
    """Either ``store`` or ``near``."""

    store = Reference(
        max_length=40, required=False, help_text="the store's id (`str_…`) or its code"
    )
    near = NearForm(
        required=False, help_text="take the best store around a point, or several that share it"
    )
    window = WindowForm(
        required=False,
        help_text="when the customer comes, to the named store; as soon as it is ready if left out",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly one of the two is given, and a window only of a named store."""
        if ("store" in attrs) == ("near" in attrs):
            raise serializers.ValidationError("Give either store or near.", code="one_of")
        if "window" in attrs and "near" in attrs:
            raise serializers.ValidationError("A window is of a named store.", code="one_of")
        return attrs


class CustomerForm(Form):
    name = Text(max_length=200, help_text="as it is called out at the curb")
    phone = Text(
        max_length=40,
        required=False,
        allow_blank=True,
        help_text="international form, such as +48500123456; a phone or an e-mail is needed",
    )
    email = Text(
        max_length=254,
        required=False,
        allow_blank=True,
        help_text="where messages go that are not texts; a phone or an e-mail is needed",
    )
    account_id = Reference(
        max_length=_ID_CHARACTERS,
        required=False,
        allow_blank=True,
        help_text="the customer's account on the site; leave it out for guests",
    )
    locale = serializers.RegexField(
        r"\A[a-z]{2}(-[A-Z]{2})?\Z",
        required=False,
        help_text="the language of pages and messages, such as `pl` or `pl-PL`",
    )
    notify = serializers.ListField(
        child=serializers.ChoiceField(choices=["sms", "email"]),
        required=False,
        max_length=2,
        help_text="channels for order updates, the preferred one first",
    )


class SubstitutionForm(Form):
    allow = serializers.ChoiceField(
        choices=["no", "ask", "yes"],
        help_text="`yes`: what fits may be taken without asking; `ask`: the customer is asked",
    )
    sku = Reference(
        max_length=40, required=False, help_text="what the customer would like best instead"
    )
    price_cap_minor = Amount(
        required=False, help_text="the most that one unit may cost, in minor units"
    )


class LineForm(Form):
    sku = Reference(max_length=40, help_text="the item's SKU; upper and lower case differ")
    quantity = Count(min_value=1, max_value=MOST_UNITS, help_text="units (grams for weighed goods)")
    unit_price_minor = Amount(help_text="the site's price of one unit, in minor units")
    tax_minor = Amount(
        required=False, help_text="the tax in the whole line, in minor units; 0 if left out"
    )
    substitution = SubstitutionForm(
        required=False, help_text="whether something else may be supplied; not if left out"
    )


class PlaceOrderForm(Form):
    external_id = Reference(
        max_length=_ID_CHARACTERS,
        help_text="the site's order number, unique per channel, test or real",
    )
    hold_id = Reference(
        max_length=30, required=False, help_text="the hold (`hld_…`) whose goods become the order's"
    )
    pickup = PickupForm(help_text="where the customer collects")
    customer = CustomerForm(help_text="who collects")
    currency = serializers.RegexField(
        r"\A[A-Z]{3}\Z", help_text="ISO 4217; it must be the channel's"
    )
    total_minor = Amount(help_text="what the customer pays in all, in minor units")
    tax_minor = Amount(required=False, help_text="the tax in it, in minor units; 0 if left out")
    lines = serializers.ListField(
        child=LineForm(),
        min_length=1,
        max_length=MOST_LINES,
        help_text="what was bought; the same SKU may stand on several lines",
    )
    note = Text(
        max_length=NOTE_CHARACTERS,
        trim_whitespace=False,
        required=False,
        allow_blank=True,
        help_text="the customer's words to the store",
    )
    metadata = serializers.DictField(
        required=False, help_text="an object of the site's own, echoed as it was sent; ≤ 16 KiB"
    )

    def validate_metadata(self, metadata: dict[str, Any]) -> dict[str, Any]:
        """It is of bounded size."""
        if len(json.dumps(metadata)) > MOST_METADATA_BYTES:
            raise serializers.ValidationError(
                f"It has more than {MOST_METADATA_BYTES} bytes.", code="too_large"
            )
        return metadata


class BatchForm(Form):
    orders = serializers.ListField(
        child=PlaceOrderForm(),
        min_length=1,
        max_length=MOST_PER_BATCH,
        help_text="each as for placing one order",
    )


class BatchEnvelope(Form):
    """The same with the orders unread: each is judged by itself."""

    orders = serializers.ListField(
        child=serializers.JSONField(), min_length=1, max_length=MOST_PER_BATCH
    )


class CancelForm(Form):
    reason = Text(max_length=60, required=False, allow_blank=True, help_text="shown to the store")
    lines = serializers.ListField(
        child=Count(min_value=1, max_value=MOST_LINES),
        required=False,
        min_length=1,
        max_length=MOST_LINES,
        help_text="the numbers of the lines to cancel; the whole order if left out",
    )


class LeftForm(Form):
    number = Count(min_value=1, max_value=MOST_LINES, help_text="the line's number")
    quantity = Count(
        min_value=0, max_value=MOST_UNITS, help_text="units that are still wanted; 0 cancels it"
    )


class AmendForm(Form):
    lines = serializers.ListField(
        child=LeftForm(),
        min_length=1,
        max_length=MOST_LINES,
        help_text="the lines of which less is wanted; the others stay as they are",
    )
    total_minor = Amount(required=False, help_text="what the customer pays in all now")
    tax_minor = Amount(required=False, help_text="the tax in it")
    reason = Text(max_length=60, required=False, allow_blank=True, help_text="shown to the store")

    def validate_lines(self, lines: list[dict[str, int]]) -> list[dict[str, int]]:
        """Each line is named once."""
        if len({line["number"] for line in lines}) < len(lines):
            raise serializers.ValidationError("A line is named twice.", code="repeated")
        return lines


class BlockForm(Form):
    reason = serializers.ChoiceField(
        choices=["payment", "fraud", "age_check"], help_text="why it may not move on"
    )
    note = Text(max_length=200, required=False, allow_blank=True, help_text="shown to the store")


class ListForm(Form):
    external_id = serializers.CharField(
        max_length=_ID_CHARACTERS, required=False, help_text="the site's order number"
    )
    status = serializers.ChoiceField(
        choices=OrderStatus.values, required=False, help_text="the order's status"
    )
    store = serializers.CharField(
        max_length=40, required=False, help_text="a part of it is prepared there: id or code"
    )
    cursor = serializers.CharField(
        max_length=500, required=False, help_text="`next_cursor` of the page before"
    )
    limit = serializers.IntegerField(
        min_value=1, max_value=MOST_PER_PAGE, default=PAGE, help_text="orders per page"
    )


def _is_odd(text: str, *, some: bool = False) -> bool:
    """Whether all characters, or ``some`` of them, cannot be seen."""
    odd = (unicodedata.category(character) in _ODD for character in text)
    return any(odd) if some else all(odd)


def _true_integer(field: serializers.Field[Any, Any, Any, Any], data: Any) -> int:
    if type(data) is not int:
        field.fail("invalid")
    whole: int = data
    return whole
