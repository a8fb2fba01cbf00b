"""Figures → the text on the page."""

# ruff: noqa: E501 - a row and its figure stand on one line, as they are read

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit import currencies, formats

K, M, B, T = (Decimal(10) ** n for n in (3, 6, 9, 12))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "n/a"), (0, "$0"), (Decimal("0.00"), "$0"), (-0.0, "$0"),
        ("0.004", "$0.00"), ("-0.004", "$0.00"), ("0.005", "$0.00"), ("0.015", "$0.02"), ("0.5", "$0.50"),
        ("9.994", "$9.99"), ("9.995", "$10"), ("9.996", "$10"), ("12.34", "$12.3"), ("12.35", "$12.4"), ("12.25", "$12.2"), ("99.95", "$100"),
        ("100", "$100"), ("999.5", "$1,000"), ("998.5", "$998"), ("1240", "$1,240"), ("9999", "$9,999"),
        ("10000", "$10K"), ("12345", "$12.3K"), ("12350", "$12.4K"), ("12250", "$12.2K"), ("-12345", "−$12.3K"),
        ("999499", "$999K"), ("999500", "$1M"), ("999950", "$1M"), ("1000000", "$1M"), ("1844999", "$1.84M"),
        ("999499999", "$999M"), ("999950000", "$1B"), ("999950000000", "$1T"), ("1e16", "$10,000T"), ("-3.1", "−$3.10"),
    ],
)  # fmt: skip
def test_money_has_three_significant_digits(value, text):
    assert formats.money(Decimal(value) if isinstance(value, str) else value, "USD") == text


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        (1240, "EUR", "€1,240"), (1240, "GBP", "£1,240"), (-1240, "JPY", "−¥1,240"), (1240, "CHF", "CHF 1,240"),
        (-1240, "CHF", "−CHF 1,240"), (5, "INR", "₹5"),
    ],
)  # fmt: skip
def test_money_shows_its_currency(value, currency, text):
    assert formats.money(value, currency) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param("12.34", "¥12"),
        pytest.param("0.4", "¥0"),
        pytest.param("1.5", "¥2"),
        ("1234.5", "¥1,234"),
        ("12345", "¥12.3K"),
    ],
)
def test_yen_are_shown_without_decimals(value, text):
    assert formats.money(Decimal(value), "JPY") == text


@pytest.mark.parametrize(
    ("value", "scale", "text"),
    [("1844999", (M, "M"), "$1.84M"), ("500000", (M, "M"), "$0.500M"), ("1000000", (M, "M"), "$1.00M"),
     ("0", (M, "M"), "$0"), ("-2000000", (M, "M"), "−$2.00M"), ("1240", (Decimal(1), ""), "$1,240")],
)  # fmt: skip
def test_money_of_a_row_is_at_the_rows_scale(value, scale, text):
    assert formats.money(Decimal(value), "USD", scale) == text


@pytest.mark.parametrize(
    ("values", "scale"),
    [([], (1, "")), ([None], (1, "")), ([0], (1, "")), ([9999], (1, "")), ([10_000], (K, "K")), ([999_499], (K, "K")),
     ([999_500], (M, "M")), ([5, None, -2_000_000], (M, "M")), ([10**9], (B, "B")), ([10**13], (T, "T")),
     ([999.5], (1, "")), ([Fraction(10**7, 3)], (M, "M"))],
)  # fmt: skip
def test_scale_is_that_of_the_largest_amount(values, scale):
    assert formats.scale_of(values) == scale


@pytest.mark.parametrize(
    ("value", "significant", "rounded"),
    [("0", 3, "0"), ("999.5", 3, "1000"), ("0.9995", 3, "1.00"), ("9.995", 3, "10.0"), ("1.005", 3, "1.00"), ("1.015", 3, "1.02"),
     ("-1.005", 3, "-1.00"), ("123456", 3, "123456"), ("0.00012345", 3, "0.000123"), ("1.23456", 4, "1.235")],
)  # fmt: skip
def test_rounding_is_half_to_even_on_significant_digits(value, significant, rounded):
    assert str(formats.round_half_even(Decimal(value), significant)) == rounded


@given(value=st.decimals(-(10**15), 10**15, places=6))
def test_rounding_is_within_half_of_its_last_digit(value):
    rounded = formats.round_half_even(value, 3)
    assert abs(rounded - value) * 2 <= Decimal(1).scaleb(rounded.as_tuple().exponent)


@pytest.mark.parametrize(
    ("value", "text", "signed"),
    [
        (None, "n/a", "n/a"), (0, "0.0%", "±0.0%"), ("0.347", "34.7%", "+34.7%"), ("0.2115", "21.2%", "+21.2%"),
        ("0.2105", "21.0%", "+21.0%"), ("0.0005", "0.0%", "±0.0%"), ("0.0015", "0.2%", "+0.2%"), ("0.0004", "0.0%", "±0.0%"),
        pytest.param("-0.0004", "0.0%", "±0.0%"),
        ("-0.005", "−0.5%", "−0.5%"), ("0.9994", "99.9%", "+99.9%"), pytest.param("0.9996", "100%", "+100%"),
        ("1", "100%", "+100%"), ("1.115", "112%", "+112%"), ("12.345", "1,234%", "+1,234%"), ("-1", "−100%", "−100%"),
    ],
)  # fmt: skip
def test_percent_has_one_decimal_and_none_from_a_hundred_up(value, text, signed):
    figure = Decimal(value) if isinstance(value, str) else value
    assert formats.percent(figure) == text
    assert formats.percent(figure, signed=True) == signed


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "n/a"), (0, "±0.0 pts"), (Fraction(31, 1000), "+3.1 pts"), ("-0.0172", "−1.7 pts"), ("-0.0004", "±0.0 pts"),
     ("0.00049999", "±0.0 pts"), ("0.0005", "±0.0 pts"), ("0.00051", "+0.1 pts"), (-1, "−100 pts")],
)  # fmt: skip
def test_points_are_signed(value, text):
    assert formats.points(Decimal(value) if isinstance(value, str) else value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "n/a"), (0, "0 : 1"), ("0.41", "0.41 : 1"), ("0.949", "0.95 : 1"), ("0.95", "1.0 : 1"), ("0.94", "0.94 : 1"), ("2.6", "2.6 : 1"),
     ("2.65", "2.6 : 1"), ("12.34", "12.3 : 1"), ("99.94", "99.9 : 1"), pytest.param("99.96", "100 : 1"), ("100", "100 : 1"), ("1234.5", "1,234 : 1"),
     ("-0.5", "−0.50 : 1"), pytest.param("-0.001", "0.00 : 1"), ("0.001", "0.00 : 1"), (Fraction(9, 2), "4.5 : 1")],
)  # fmt: skip
def test_ratio_is_to_one(value, text):
    assert formats.ratio(Decimal(value) if isinstance(value, str) else value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "n/a"),
        (0, "±0"),
        ("0.4", "+0.40"),
        ("-0.41", "−0.41"),
        ("1.25", "+1.2"),
        ("-0.001", "±0.00"),
        ("-120", "−120"),
    ],
)
def test_difference_is_signed(value, text):
    assert formats.difference(Decimal(value) if isinstance(value, str) else value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "n/a"), (0, "0"), (2490, "2,490"), (999_999, "999,999"), (1_000_000, "1.00 million"), (2_314_000, "2.31 million"),
     (999_950_000, "1.00 billion"), (10**12, "1.00 trillion"), pytest.param(-5, "−5"), ("2.5", "2"), ("3.5", "4"), pytest.param("-0.4", "0")],
)  # fmt: skip
def test_count_is_written_out(value, text):
    assert formats.count(Decimal(value) if isinstance(value, str) else value) == text


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 partners"), (1, "1 partner"), (41, "41 partners"), (1200, "1,200 partners")]
)
def test_plural(number, text):
    assert formats.plural(number, "partner") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [("1.0867", "1.087"), ("0.0061234", "0.006123"), ("151.25", "151.2"), (1, "1.000"), ("16250.4", "16250")],
)
def test_rate_of_exchange_has_four_significant_digits(value, text):
    assert formats.significant(Decimal(value)) == text


def test_float_is_read_as_it_is_written():
    assert formats.decimal(0.1) == Decimal("0.1")
    assert formats.decimal(Fraction(1, 3)) * 3 == pytest.approx(Decimal(1), abs=Decimal("1e-50"))


def test_symbol_of_a_currency_without_a_known_sign_is_its_code():
    assert (currencies.sign("USD"), currencies.sign("CHF")) == ("$", "CHF ")
