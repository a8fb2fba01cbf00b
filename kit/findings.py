"""Figures → the sentences that say what they mean. A change too small to matter is never praised."""

from collections.abc import Collection, Sequence
from fractions import Fraction
from itertools import pairwise

import polars as pl

from kit import currencies, formats
from kit.grades import WITHHELD
from kit.metrics import Metric

# Less than this is noise: 1 % of money, half a point of a rate, a twentieth of a ratio (page-rules.md, 1).
SMALLEST = {
    "money": Fraction(1, 100),
    "rate": Fraction(5, 1000),
    "monthly_rate": Fraction(5, 1000),
    "ratio": Fraction(5, 100),
}
FALLING_IS_BETTER = ("cost_per_partner",)
NOUNS = {
    "recognised": "revenue",
    "transacted": "the value partners transact",
    "unrealized": "unrealized revenue",
}
IN_DOUBT = "in doubt\N{NO-BREAK SPACE}‡"  # what a check found stands against it
LONGEST_MESSAGE = 144  # characters: two lines of the page


def direction(metric: Metric) -> str:
    """`better`, `worse`, `little changed`, or empty where there is no comparison."""
    if metric.trend is None:
        return ""
    if abs(Fraction(metric.trend)) < SMALLEST[metric.unit]:
        return "little changed"
    return "better" if (metric.trend > 0) is (metric.key not in FALLING_IS_BETTER) else "worse"


def message(
    metrics: Sequence[Metric],
    funnel: pl.DataFrame,
    currency: str,
    basis: str,
    in_doubt: Collection[str] = (),
    is_over: bool = True,
) -> str:
    """The page's first sentences: what changed, what it means, and what to fix; two lines at most.

    A figure in doubt is told so, and a gain of one is not told at all; that of a quarter which is not over is so far.
    """
    by_key = {metric.key: metric for metric in metrics}
    gains = [
        metric
        for metric in metrics
        if direction(metric) == "better"
        and metric.key not in ("value_ratio", *in_doubt)
        and not _falls(metric)
    ]
    losses = [metric for metric in metrics if direction(metric) == "worse"]
    gain = max(gains, key=_weight, default=None)
    loss = max(losses, key=_weight, default=None)
    opening = _opening(by_key, currency, basis, in_doubt)
    if opening and not is_over:
        opening += " so far"
    is_told = bool(loss and loss.key == "value_ratio" and opening)
    worse = _sentence_case(f"{_clause(loss, basis)}{'' if is_told else _doubt(loss, in_doubt)}")
    first = opening
    if opening and gain:
        is_named = gain.key == "revenue" and by_key["value_ratio"].this is None
        rise = (
            f"up {_whole_percent(Fraction(gain.trend or 0))}" if is_named else f"and {_clause(gain, basis)}"
        )
        first = f"{opening}, {rise}"
    if not first:
        first = _sentence_case(_clause(gain, basis)) if gain else _without_value(metrics)
    activation = by_key["activation_rate"]
    is_sure = activation.key not in in_doubt and not activation.why_this.startswith(WITHHELD)
    leak = _leak(funnel) if is_sure else ""
    candidates = [
        [first, *_both(worse, leak)],
        [first, worse or leak],
        [opening or first, worse or leak],
        [opening or first],
    ]
    texts = [". ".join(part for part in parts if part) + "." for parts in candidates]
    return next((text for text in texts if len(text) <= LONGEST_MESSAGE), texts[-1])


def _both(loss: str, leak: str) -> list[str]:
    return [f"{loss}; {leak[0].lower()}{leak[1:]}"] if loss and leak else [loss or leak]


def _doubt(metric: Metric | None, in_doubt: Collection[str]) -> str:
    return f" ({IN_DOUBT})" if metric and metric.key in in_doubt else ""


def _without_value(metrics: Sequence[Metric]) -> str:
    """What to begin with where neither value nor revenue is there, and nothing got better."""
    withheld = sum(metric.why_this.startswith(WITHHELD) for metric in metrics)
    if withheld:
        return f"{withheld} of the five figures {'is' if withheld == 1 else 'are'} withheld"
    if sum(metric.trend is not None for metric in metrics) * 2 < len(metrics):
        return "Most figures cannot be compared yet"
    absent = sum(metric.this is None for metric in metrics)
    return f"{absent} of the five figures {'is' if absent == 1 else 'are'} not available"


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def _opening(by_key: dict[str, Metric], currency: str, basis: str, in_doubt: Collection[str]) -> str:
    value, revenue = by_key["value_ratio"], by_key["revenue"]
    estimated = "an estimated " if value.grade == "C" else ""
    if value.this is not None and value.this >= 1:
        times = formats.ratio(value.this).removesuffix(" : 1")
        return f"The program returns {estimated}{times} times its cost{_doubt(value, in_doubt)}"
    if value.this is not None:
        cents = formats.money(Fraction(value.this), currency)
        each = f"for each {currencies.sign(currency).strip()}1 it costs"
        return f"The program returns {estimated}{cents} {each}{_doubt(value, in_doubt)}"
    if revenue.this is not None:
        came_to = f"{NOUNS[basis].capitalize()} came to {formats.money(revenue.this, currency)}"
        return f"{came_to}{_doubt(revenue, in_doubt)}"
    return ""


def _weight(metric: Metric) -> Fraction:
    """How much a change matters beside the others: in multiples of the smallest that counts."""
    change = abs(Fraction(metric.trend or 0))
    if metric.unit == "ratio" and metric.last:
        change /= abs(Fraction(metric.last))
    return change / SMALLEST["money" if metric.unit == "ratio" else metric.unit]


def _clause(metric: Metric | None, basis: str) -> str:
    if metric is None or metric.trend is None:
        return ""
    size, rises = abs(Fraction(metric.trend)), metric.trend > 0
    if metric.key == "revenue":
        noun = NOUNS[basis]
        if metric.this is not None and metric.this < 0:
            return f"{noun} turned negative"
        return f"{noun} {'rose' if rises else 'fell'} {_whole_percent(size)}"
    if metric.key == "cost_per_partner":
        return f"onboarding a partner costs {_whole_percent(size)} {'more' if rises else 'less'}"
    if metric.key == "activation_rate":
        return f"activation {'rose' if rises else 'fell'} {_points(size)}"
    if _falls(metric):
        return f"active partners fell {_whole_percent(abs(Fraction(metric.this or 0)))} a month"
    if metric.key == "growth_rate":
        return f"partner growth {'quickened' if rises else 'slowed'} by {_points(size)} a month"
    return f"return on cost {'rose' if rises else 'fell'} by {formats.difference(size).lstrip('+')}"


def _falls(metric: Metric) -> bool:
    """Whether partners become fewer, be it more slowly than before."""
    return metric.key == "growth_rate" and metric.this is not None and metric.this < 0


def _whole_percent(size: Fraction) -> str:
    return f"{formats.decimal(size * 100):.0f}%" if size >= Fraction(1, 10) else formats.percent(size)


def _points(size: Fraction) -> str:
    return f"{formats.decimal(size * 100):.1f} points"


def _leak(funnel: pl.DataFrame) -> str:
    """The stage at which most partners stop; empty where nobody stops."""
    stages = funnel.to_dicts()
    stops = [
        (after["stop_share"] or 0, before["stage"], after["stage"]) for before, after in pairwise(stages)
    ]
    lost, before, after = max(stops, key=lambda stop: stop[0])
    if not lost:
        return ""
    return f"{_stage(before).capitalize()} to {_stage(after)} is the leak to fix"


def _stage(name: str) -> str:
    return {"Registered": "registration", "Active in sandbox": "sandbox", "First API call": "first call"}.get(
        name, name.lower()
    )


def funnel(frame: pl.DataFrame) -> str:
    """What the funnel shows: the stage before which the largest share stops."""
    stages = frame.to_dicts()
    stops = [
        (after["stop_share"], before["stage"], after["stage"])
        for before, after in pairwise(stages)
        if after["stop_share"]
    ]
    if not stops:
        return (
            "No partner has stopped short of production"
            if stages[0]["partners"]
            else "No partner is registered yet"
        )
    share, before, after = max(stops)
    return f"{_whole_percent(Fraction(share))} of partners stop between {_stage(before)} and {_stage(after)}"


def over_the_year(noun: str, values: Sequence[float], since: str) -> str:
    """How monthly values went, in a sentence; a noun in the plural takes "have". `since` says from when."""
    have, are, they = ("have", "are", "they") if noun.endswith("s") else ("has", "is", "it")
    if len(values) < 2:
        return f"{noun}: the first whole month" if values else f"{noun}: no whole month yet"
    if not any(values):
        return f"No {noun[0].lower()}{noun[1:]} {since}"
    first, last = values[0], values[-1]
    if first <= 0:
        return f"{noun} began within the year" if last > 0 else f"{noun}: nothing above zero {since}"
    if last < 0:
        return f"{noun} {have} turned negative {since}"
    factor = last / first
    for times, word in ((4, "more than quadrupled"), (3, "tripled"), (2, "doubled")):
        if factor >= times:
            more = "more than " if times < 4 and factor >= times * 1.08 else ""
            return f"{noun} {have} {more}{word} {since}"
    if abs(factor - 1) < 0.01:
        return f"{noun} {are} where {they} stood {since.replace('in a year', 'a year ago').replace('since', 'in')}"
    return f"{noun} {have} {'grown' if factor > 1 else 'shrunk'} {_whole_percent(Fraction(abs(factor - 1)))} {since}"


def cost_and_value(parts: pl.DataFrame, currency: str) -> str:
    """What each unit of cost returns, and how much of it is estimated."""
    is_value = pl.col("side") == "Value"
    cost = Fraction(parts.filter(~is_value)["amount"].sum())
    value = Fraction(parts.filter(is_value)["amount"].sum())
    soft = Fraction(parts.filter(is_value & pl.col("is_estimate"))["amount"].sum())
    if cost <= 0:
        return "No cost to hold the value against"
    returns = (
        f"Each {currencies.sign(currency).strip()}1 of cost returns {formats.money(value / cost, currency)}"
    )
    if not soft:
        return returns
    return f"{returns}, {'all' if soft == value else _whole_percent(soft / value) + ' of it'} estimated"
