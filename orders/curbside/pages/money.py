"""Amounts as customers read them."""

from __future__ import annotations

from decimal import Decimal

from django.utils.formats import number_format

# ISO 4217 currencies whose minor unit is not a hundredth.
_NONE = ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI"]
_THREE = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]
DECIMALS = dict.fromkeys([*_NONE, "VND", "VUV", "XAF", "XOF", "XPF"], 0) | dict.fromkeys(_THREE, 3)


def money(minor: int, currency: str) -> str:
    """Minor units in words of the language in force: ``12,34 EUR``, ``500 JPY``."""
    exponent = DECIMALS.get(currency, 2)
    amount = Decimal(minor).scaleb(-exponent)
    figures = number_format(amount, decimal_pos=exponent, force_grouping=True)
    return f"{figures} {currency}".replace("\xa0", " ").replace(" ", "\xa0")
