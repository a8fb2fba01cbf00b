"""The page's first sentences: nothing small is praised, what got worse is named, two lines at most."""

from dataclasses import replace
from fractions import Fraction

import polars as pl
import pytest

from kit import findings
from kit.metrics import Metric

UNITS = {
    "revenue": "money",
    "cost_per_partner": "money",
    "activation_rate": "rate",
    "value_ratio": "ratio",
    "growth_rate": "monthly_rate",
}
FUNNEL = pl.DataFrame(
    {
        "stage": ["Registered", "Active in sandbox", "First API call", "Production"],
        "partners": [100, 80, 70, 40],
        "share": [1.0, 0.8, 0.7, 0.4],
        "stopped": [None, 20, 10, 30],
        "stop_share": [None, 0.2, 0.125, 0.43],
    }
)


def five(grade: str = "B", **trends: str | None) -> list[Metric]:
    """The five metrics, last quarter's all 2, with the trends given and none for the rest."""
    return [
        Metric(
            key,
            unit,
            Fraction(3),
            Fraction(2),
            None if (t := trends.get(key)) is None else Fraction(t),
            "",
            "",
            "",
            (),
            grade,
        )
        for key, unit in UNITS.items()
    ]


def message(**trends: str | None) -> str:
    return findings.message(five(**trends), FUNNEL, "USD", "recognised")


@pytest.mark.parametrize(
    ("key", "trend", "direction"),
    [
        ("revenue", "0.0099", "little changed"), ("revenue", "0.01", "better"), ("revenue", "-0.01", "worse"),
        ("cost_per_partner", "-0.2", "better"), ("cost_per_partner", "0.2", "worse"),
        ("activation_rate", "0.0049", "little changed"), ("activation_rate", "-0.005", "worse"),
        ("growth_rate", "0.005", "better"), ("value_ratio", "-0.049", "little changed"),
        ("value_ratio", "0.05", "better"),
    ],
)  # fmt: skip
def test_change_is_better_worse_or_too_small_to_matter(key, trend, direction):
    metric = next(metric for metric in five(**{key: trend}) if metric.key == key)
    assert findings.direction(metric) == direction


def test_small_changes_are_not_mentioned():
    text = message(revenue="0.009", cost_per_partner="-0.009", activation_rate="0.004", growth_rate="0.004")
    assert text == "The program returns 3.0 times its cost. First call to production is the leak to fix."


def test_largest_gain_is_told_and_the_metric_that_got_worse_is_named():
    text = message(revenue="0.05", cost_per_partner="-0.23", growth_rate="-0.016")
    assert text.startswith(
        "The program returns 3.0 times its cost, and onboarding a partner costs 23% less. "
    )
    assert "artner growth slowed by 1.6 points a month" in text


def test_value_that_is_estimated_is_called_so():
    text = findings.message(five(grade="C"), FUNNEL, "USD", "recognised")
    assert text.startswith("The program returns an estimated 3.0 times its cost")


def test_figure_of_a_quarter_that_is_not_over_is_so_far():
    text = findings.message(five(), FUNNEL, "USD", "recognised", is_over=False)
    assert text.startswith("The program returns 3.0 times its cost so far.")


@pytest.mark.parametrize(("trend", "told"), [("0.026", False), ("-0.026", True)])
def test_partners_who_leave_are_no_growth_that_quickens_or_slows(trend, told):
    metrics = [
        replace(metric, this=Fraction(-39, 1000)) if metric.key == "growth_rate" else metric
        for metric in five(growth_rate=trend)
    ]
    text = findings.message(metrics, FUNNEL, "USD", "recognised")
    assert "growth" not in text
    assert ("Active partners fell 3.9% a month" in text) is told


def doubted(metrics, *in_doubt):
    return findings.message(metrics, FUNNEL, "USD", "recognised", in_doubt)


def test_figure_in_doubt_is_told_so_and_a_gain_of_one_is_not_told():
    assert doubted(five(revenue="0.3", growth_rate="0.02"), "value_ratio", "revenue", "activation_rate") == (
        "The program returns 3.0 times its cost (in doubt ‡), and partner growth quickened by 2.0 points a month."
    )
    assert doubted(five(revenue="-0.29"), "revenue", "activation_rate") == (
        "The program returns 3.0 times its cost. Revenue fell 29% (in doubt ‡)."
    )


def without(metrics, why, *keys):
    return [
        replace(metric, this=None, trend=None, why_this=why) if metric.key in keys else metric
        for metric in metrics
    ]


@pytest.mark.parametrize(
    ("why", "absent", "text"),
    [
        ("withheld: only 38% …", ("revenue", "value_ratio"), "2 of the five figures are withheld."),
        ("the invoices end", ("revenue", "value_ratio"), "2 of the five figures are not available."),
        ("", ("revenue", "value_ratio", "growth_rate"), "Most figures cannot be compared yet."),
        ("the costs end", ("value_ratio",), "Revenue came to $3, up 30%."),
    ],
)
def test_message_without_value_says_what_there_is(why, absent, text):
    metrics = without(
        five(revenue="0.3", cost_per_partner="0", activation_rate="0", growth_rate="0"), why, *absent
    )
    assert doubted(metrics, "activation_rate") == text


def test_estimated_return_of_less_than_its_cost_is_called_so_too():
    half = [replace(metric, this=Fraction(1, 2)) for metric in five(grade="C")]
    assert doubted(half).startswith("The program returns an estimated $0.50 for each $1 it costs")


@pytest.mark.parametrize("basis", ["recognised", "transacted", "unrealized"])
@pytest.mark.parametrize("sign", ["", "-"])
def test_message_fits_two_lines_whatever_happened(basis, sign):
    trends = {key: f"{sign}{'12.345' if unit == 'money' else '0.777'}" for key, unit in UNITS.items()}
    text = findings.message(five(grade="C", **trends), FUNNEL, "USD", basis)
    assert len(text) <= findings.LONGEST_MESSAGE


@pytest.mark.parametrize(
    ("values", "finding"),
    [
        ([10, 20], "Active partners have doubled in a year"),
        ([10, 33], "Active partners have more than tripled in a year"),
        ([10, 41], "Active partners have more than quadrupled in a year"),
        ([100, 100.5], "Active partners are where they stood a year ago"),
        ([100, 50], "Active partners have shrunk 50% in a year"),
        ([0, 5], "Active partners began within the year"),
        ([0, 0], "No active partners in a year"),
        ([5, -5], "Active partners have turned negative in a year"),
        ([5], "Active partners: the first whole month"),
        ([], "Active partners: no whole month yet"),
    ],
)
def test_finding_says_how_months_went(values, finding):
    assert findings.over_the_year("Active partners", values, "in a year") == finding
