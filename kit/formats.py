"""A figure and its unit → the text on the page: three significant digits, one scale within a row."""

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction

from kit.currencies import digits as currency_digits
from kit.currencies import sign

ABSENT = "n/a"
MINUS = "−"
SCALES = ((Decimal(10) ** 12, "T"), (Decimal(10) ** 9, "B"), (Decimal(10) ** 6, "M"), (Decimal(10) ** 3, "K"))
Number = Decimal | Fraction | float | int


def decimal(value: Number) -> Decimal:
    """The number as a Decimal with more digits than any page shows."""
    if isinstance(value, Fraction):
        with localcontext(prec=60):
            return Decimal(value.numerator) / Decimal(value.denominator)
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def scale_of(values: Iterable[Number | None]) -> tuple[Decimal, str]:
    """The scale that fits the largest of a row's amounts: its divisor and its letter."""
    largest = max((abs(decimal(value)) for value in values if value is not None), default=Decimal(0))
    for divisor, letter in SCALES:
        # 999.6 thousand would be written 1,000K.
        if round_half_even(largest / divisor, 3) >= 1 and not (letter == "K" and largest < 10_000):
            return divisor, letter
    return Decimal(1), ""


def round_half_even(value: Decimal, significant: int) -> Decimal:
    """The value at that many significant digits, half to even; whole digits are never cut."""
    if not value:
        return Decimal(0)
    places = max(significant - 1 - value.adjusted(), 0)
    with localcontext(prec=60):
        rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
        # 9.996 at three digits is 10.00: one digit too many.
        if rounded.adjusted() > value.adjusted() and places:
            rounded = rounded.quantize(Decimal(1).scaleb(-places + 1), ROUND_HALF_EVEN)
    return rounded


def money(value: Number | None, currency: str, scale: tuple[Decimal, str] | None = None) -> str:
    """$1.84M, $1,240, €−3.10: three significant digits, at the row's scale if one is given."""
    if value is None:
        return ABSENT
    exact = decimal(value)
    if not exact:
        return f"{sign(currency)}0"
    divisor, letter = scale or scale_of([exact])
    if abs(exact) < divisor / 200:  # At the row's scale nothing would be left of it.
        scale, (divisor, letter) = None, scale_of([exact])
    scaled = round_half_even(abs(exact) / divisor, 3)
    if not letter and (scaled < 1 or scaled >= 100 or currency_digits(currency) == 0):
        places = 0 if scaled >= 100 else currency_digits(currency)
        scaled = (abs(exact) / divisor).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    elif scale is None and scaled == scaled.to_integral_value():
        scaled = scaled.to_integral_value()
    minus = MINUS if exact < 0 and scaled else ""
    return f"{minus}{sign(currency)}{scaled:,f}{letter}"


def percent(value: Number | None, signed: bool = False, digits: int = 1) -> str:
    """34.7%, +21.1%: a fraction as percent, one decimal, none from a hundred percent up."""
    return ABSENT if value is None else f"{_rounded(decimal(value) * 100, signed, digits)}%"


def points(value: Number | None) -> str:
    """+3.1 pts: a difference of rates in percentage points."""
    return ABSENT if value is None else f"{_rounded(decimal(value) * 100, True, 1)} pts"


def ratio(value: Number | None) -> str:
    """2.6 : 1"""
    return ABSENT if value is None else f"{_digits(decimal(value))} : 1"


def difference(value: Number | None) -> str:
    """+0.4: a difference of ratios."""
    if value is None:
        return ABSENT
    exact = decimal(value)
    return _signed(exact, _digits(abs(exact)))


def count(value: Number | None) -> str:
    """2,490; 2.31 million."""
    if value is None:
        return ABSENT
    exact = decimal(value)
    if abs(exact) >= 1_000_000:
        words = {"M": "million", "B": "billion", "T": "trillion"}
        divisor, letter = scale_of([exact])
        return _text(round_half_even(exact / divisor, 3)) + f" {words[letter]}"
    return _text(exact.quantize(Decimal(1), ROUND_HALF_EVEN))


def count_exactly(value: Number) -> str:
    """12,500.5: every digit, where one is chosen."""
    exact = decimal(value)
    return _text(exact.quantize(Decimal(1)) if exact == exact.to_integral_value() else exact.normalize())


def money_exactly(value: Number, currency: str) -> str:
    """$204,327.43: to the currency's smallest unit, half to even."""
    rounded = decimal(value).quantize(Decimal(1).scaleb(-currency_digits(currency)), ROUND_HALF_EVEN)
    return f"{MINUS if rounded < 0 else ''}{sign(currency)}{abs(rounded):,f}"


def plural(number: int, noun: str) -> str:
    """1 partner, 41 partners."""
    return f"{count(number)} {noun}{'' if number == 1 else 's'}"


def significant(value: Number) -> str:
    """A plain number at four significant digits: a rate of exchange."""
    return f"{round_half_even(decimal(value), 4):f}"


def _digits(exact: Decimal) -> str:
    """One decimal from one up, else two: 12.3, 2.6, 0.41; whole from a hundred up, and nothing is 0."""
    if not exact:
        return "0"
    two = exact.quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    one = exact.quantize(Decimal("0.1"), ROUND_HALF_EVEN)
    return _text(
        exact.quantize(Decimal(1), ROUND_HALF_EVEN) if abs(one) >= 100 else one if abs(one) >= 1 else two
    )


def _rounded(exact: Decimal, signed: bool, digits: int) -> str:
    rounded = exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_EVEN)
    if abs(rounded) >= 100:
        rounded = exact.quantize(Decimal(1), ROUND_HALF_EVEN)
    return _signed(exact, _text(abs(rounded))) if signed else _text(rounded)


def _text(rounded: Decimal) -> str:
    """A rounded number with a real minus sign, and none at zero."""
    return f"{MINUS if rounded < 0 else ''}{abs(rounded):,f}"


def _signed(exact: Decimal, text: str) -> str:
    """The text with plus or minus before it; with both where it shows nothing but zeros."""
    if not text.strip("0.,"):
        return f"±{text}"
    return f"{'+' if exact > 0 else MINUS}{text}"
