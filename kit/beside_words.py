"""What stands beside last quarter, in the words of the small print."""

from collections.abc import Mapping, Sequence
from datetime import date

from kit.beside import Comparison
from kit.metrics import Metric
from kit.quarters import day_text

HEADS = {"year_ago": "Year ago", "year_to_date": "Year to date"}
SHORT = {
    "revenue": "revenue", "cost_per_partner": "cost per partner", "activation_rate": "activation",
    "value_ratio": "cost vs. value", "growth_rate": "growth",
}  # fmt: skip


def sentences(comparison: Comparison, metrics: Sequence[Metric]) -> list[str]:
    """What the column is, how each figure is made where that is not as in a quarter, and why some are absent.

    What the lines beneath the page's five `metrics` say already is not said again.
    """
    return [_definition(comparison), *_absences(comparison, {metric.key: metric for metric in metrics})]


def _definition(comparison: Comparison) -> str:
    now, then = comparison.now, comparison.then
    if comparison.name == "year_ago":
        return (
            f"Year ago: {_days(then.first_day, then.last_day)}; below each figure the change since."
            if then
            else ""
        )
    if all(metric.this is None for metric in comparison.metrics):
        return ""
    lengths = f" ({now.days} days, {then.days} the year before)" if then and now.days != then.days else ""
    return (
        f"Year to date: {_days(now.first_day, comparison.last_day)}{lengths}; sums of revenue, cost, value and partners"
        " over it, activation as at its end, growth compound a month since the year before; below each figure the"
        " change on the same part of that year."
        f"{f' Revenue to date: {comparison.begins}.' if comparison.begins else ''}"
    )


def _days(first: date, last: date) -> str:
    """1 January to 30 September 2026; the first day's year only where it is another."""
    return f"{f'{first.day} {first:%B}' if first.year == last.year else day_text(first)} to {day_text(last)}"


def _absences(comparison: Comparison, said: Mapping[str, Metric]) -> list[str]:
    """Why figures or their changes are absent, those of one reason together."""
    head = HEADS[comparison.name]
    missing: dict[str, list[str]] = {}
    without: dict[str, list[str]] = {}
    for metric in comparison.metrics:
        of_page, name = said[metric.key], SHORT[metric.key]
        if comparison.name == "year_ago" and metric.last is None:
            missing.setdefault(metric.why_last, []).append(name)
        elif metric.this is None and comparison.name != "year_ago":
            if metric.why_this != of_page.why_this:
                missing.setdefault(metric.why_this, []).append(name)
        elif metric.this is not None and metric.trend is None and metric.why_trend != of_page.why_trend:
            why = metric.why_last if metric.last is None else metric.why_trend
            without.setdefault(why, []).append(name)
    return [
        f"{what}: {'; '.join(f'{reason}{_of(names)}' for reason, names in reasons.items())}."
        for what, reasons in ((f"{head} n/a", missing), (f"{head} without comparison", without))
        if reasons
    ]


def _of(names: list[str]) -> str:
    return "" if len(names) == len(SHORT) else f" ({', '.join(names)})"
