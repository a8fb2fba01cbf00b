"""What one value of program.toml may be; ValueError says what it is not, and how to write it."""

import codecs
import functools
import re
import zoneinfo
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, Strict, ValidationInfo

from kit import weeks
from kit.mistakes import nearest, unknown

TOO_LARGE = 10**15
DECIMALS = 12
OPEN = "?"  # what `init` leaves to answer
# Line breaks, control characters, and the marks that turn the direction of the text around them.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def number(value: object) -> Decimal:
    """The exact number; beyond these bounds it is a slip of the pen."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("not a number. Write it in digits, without quotes.")
    exact = Decimal(value)
    if not exact.is_finite() or not -TOO_LARGE < exact < TOO_LARGE:
        raise ValueError("too large. Allowed: numbers below 1e15.")
    if (decimals := -int(exact.as_tuple().exponent)) > DECIMALS:
        raise ValueError(f"{decimals} decimals. Allowed: {DECIMALS}.")
    return exact + 0  # 1000 for 1e3, and no sign on a zero


def _number_or_text(value: object) -> Decimal:
    if not isinstance(value, str):
        return number(value)
    if not re.fullmatch(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?", value):
        raise ValueError('not a number. Write it like "0.0020".')
    return number(Decimal(value))


def _constant(value: object) -> str:
    """A constant as an export would spell it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal):
        return format(number(value), "f")
    if isinstance(value, date):  # and its subclass, datetime
        return value.isoformat()
    if not isinstance(value, str):
        raise ValueError("not a constant. Allowed: text, a number, true or false, a date.")
    return _answered(value)


def _answered(text: str) -> str:
    if text.strip() == OPEN:
        raise ValueError("left to answer.")
    return text


def fits(room: int) -> AfterValidator:
    """Refuse text that is empty, longer than its room on the page, or more than one line."""

    def check(text: str) -> str:
        if CONTROL.search(text):
            raise ValueError("holds a line break or a control character. Write it on one line.")
        if not text.strip():
            raise ValueError("empty.")
        if len(text) > room:
            raise ValueError(f"{len(text)} characters. There is room for {room}.")
        return _answered(text)

    return AfterValidator(check)


def one_of(kind: str, *allowed: str) -> BeforeValidator:
    """Refuse what is not among the allowed words."""

    def check(value: object) -> object:
        if value not in allowed:
            raise ValueError(unknown(kind, value, allowed))
        return value

    return BeforeValidator(check)


def _only(allows: Callable[[Any], object], refusal: str) -> AfterValidator:
    def check(value: object) -> object:
        if not allows(value):
            raise ValueError(refusal)
        return value

    return AfterValidator(check)


@functools.cache
def _timezones() -> set[str]:
    return zoneinfo.available_timezones() - {"localtime"}  # reads the disk


def _timezone(name: str) -> str:
    if name not in (names := _timezones()):
        raise ValueError(f"not an IANA time zone. Write it like Europe/Berlin.{nearest(name, names)}")
    return name


def _currency(code: str) -> str:
    from babel.core import get_global  # slow to import

    if code not in (codes := get_global("all_currencies")):
        raise ValueError(f"not an ISO 4217 currency code. Write it like USD.{nearest(code, codes)}")
    return code


def _is_encoding(name: str) -> bool:
    try:
        return "".encode(name) is not None and bool(codecs.lookup(name))
    except (LookupError, ValueError):
        return False


def _year_end(value: object) -> weeks.YearEnd:
    if not isinstance(value, str):
        raise ValueError("not text. Write it in quotes.")
    return weeks.year_end(_answered(value))


def around(middle: str) -> AfterValidator:
    """Refuse a `low` above the middle, and a `high` below it."""

    def check(value: Decimal, info: ValidationInfo) -> Decimal:
        between = info.data.get(middle, value)
        allowed = f"{middle}, {between}. Allowed: low ≤ {middle} ≤ high."
        if info.field_name == "low" and value > between:
            raise ValueError(f"more than {allowed}")
        if info.field_name == "high" and value < between:
            raise ValueError(f"less than {allowed}")
        return value

    return AfterValidator(check)


Text = Annotated[str, fits(1000)]
ShortName = Annotated[str, fits(24)]
Constant = Annotated[str, BeforeValidator(_constant)]
Timezone = Annotated[str, AfterValidator(_timezone)]
Currency = Annotated[str, AfterValidator(_currency)]
Dates = Annotated[
    Text,
    _only(lambda text: "%" in text, 'not a date format. Write it like "%d/%m/%Y".'),
    _only(re.compile(".*%-?[YyGcxs]").match, 'without a year. Write it like "%d/%m/%Y".'),
]
Delimiter = Annotated[
    str,
    _only(re.compile(r'[^"\r\n]').fullmatch, 'not a delimiter. Write one character, such as ";" or "\\t".'),
]
Encoding = Annotated[
    str, _only(_is_encoding, 'not an encoding of text. Write it like "cp1252", "latin-1" or "utf-16".')
]
Day = Annotated[date, Strict()]
YearEnd = Annotated[weeks.YearEnd, BeforeValidator(_year_end)]
YesOrNo = Annotated[bool, Strict()]
Count = Annotated[int, Strict(), Field(ge=1, lt=TOO_LARGE)]
Positive = Annotated[Decimal, BeforeValidator(number), Field(gt=0)]
Share = Annotated[
    Decimal,
    BeforeValidator(number),
    _only(lambda share: 0 <= share <= 1, "not a share. Allowed: 0 to 1; write 35 % as 0.35."),
]
Elasticity = Annotated[
    Decimal,
    BeforeValidator(number),
    _only(lambda value: -10 <= value <= 0, "not an elasticity of demand. Allowed: -10 to 0."),
]
Money = Annotated[Decimal, BeforeValidator(_number_or_text), Field(ge=0)]
Wage = Annotated[Decimal, BeforeValidator(_number_or_text), Field(gt=0)]
