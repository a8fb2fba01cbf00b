"""Currencies: how many decimals each has (ISO 4217, from Unicode's CLDR), and its sign."""

from decimal import Decimal
from functools import cache

SIGNS = {
    "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CNY": "CN¥", "INR": "₹", "KRW": "₩", "BRL": "R$",
    "CAD": "CA$", "AUD": "A$", "NZD": "NZ$", "MXN": "MX$", "HKD": "HK$", "SGD": "S$", "ILS": "₪",
}  # fmt: skip


@cache
def unusual_digits() -> dict[str, int]:
    """Decimal digits of the currencies that don't have two."""
    from babel.core import get_global  # Babel takes a moment to load; most imports of the kit don't need it.

    fractions = get_global("currency_fractions").items()
    return {
        currency: fraction[0]
        for currency, fraction in fractions
        if fraction[0] != 2 and currency != "DEFAULT"
    }


def digits(currency: str) -> int:
    """Decimal digits of a currency: 2 for most, 0 for yen."""
    return unusual_digits().get(currency, 2)


def smallest_unit(currency: str) -> Decimal:
    """What a currency's smallest unit is worth: 0.01 for most."""
    return Decimal(1).scaleb(-digits(currency))


def sign(currency: str) -> str:
    """A currency's sign, or its code and a space where it has no sign that all readers know."""
    return SIGNS.get(currency, f"{currency} ")
