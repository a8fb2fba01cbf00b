"""What a finance partner asks of a pricing case, answered in sentences."""

from decimal import Decimal

import polars as pl

from kit import formats, pricing
from kit.pricing import BreakEven


def who_pays(bills: pl.DataFrame, currency: str) -> str:
    """How many would be billed in the month, how much, and by how few of them most of it is paid."""
    told = pricing.summary(bills)
    if not told.partners or told.median is None:
        return "Nobody would be billed: no active partner has a plan in this case."
    partners = formats.plural(told.partners, "partner")
    top = (
        f" The ten dearest make up {formats.percent(told.top_share)} of it."
        if told.partners > pricing.TOP
        else ""
    )
    return (
        f"{partners} would be billed {_money(told.total, currency)} in the month:"
        f" half of them at most {_money(told.median, currency)},"
        f" nine in ten at most {_money(told.percentile_90, currency)}.{top}"
    )


def hardest_hit(bills: pl.DataFrame, currency: str) -> str:
    """Whose bill rises most over what it is billed now."""
    hit = pricing.hardest_hit(bills)
    if hit is None:
        return "Nobody would be billed more than now."
    now = f" for {_money(_decimal(hit['billed_now']), currency)}" if hit["billed_now"] else " for nothing now"
    return f"{hit['name']} is hit hardest: {_money(_decimal(hit['bill']), currency)} a month{now}."


def if_largest_refuses(alone: tuple[str, Decimal] | None, expected: Decimal, currency: str) -> str:
    """What is left of the year without the partner that it rests on most."""
    if alone is None:
        return "Nothing is expected in the year."
    name, left = alone
    share = formats.percent((expected - left) / expected) if expected else formats.ABSENT
    return f"If {name} refuses, {_money(left, currency)} of {_money(expected, currency)} a year is left: {share} less."


def break_even(found: BreakEven | None, currency: str) -> str:
    """The prices at which the year covers the program's cost."""
    if found is None:
        return (
            "No prices cover the program's cost of the year: there is no cost to cover,"
            " or the bills are bounded or billed already."
        )
    if not found.scale:
        return f"Fees alone cover the program's cost of {_money(found.cost, currency)} a year."
    each = (
        f", {_money(found.unit_price, currency)} a unit on the average"
        if found.unit_price is not None
        else ""
    )
    return (
        f"The program's cost of {_money(found.cost, currency)} a year is covered at {found.scale.normalize():f} times"
        f" these prices{each}, fees unchanged, if use stays as the case says."
    )


def payback(months: int | None) -> str:
    """Months until what [plan] asks for is paid back."""
    if months is None:
        return "Nothing is asked for in [plan], or nothing is expected: there is no payback to tell."
    return (
        f"At the last month's amount, what [plan] asks for is paid back in {formats.plural(months, 'month')}."
    )


def leak(found: pl.DataFrame, currency: str) -> str:
    """How much the partners' use was worth by the case beyond what was invoiced to them, and how many are how."""
    if found.is_empty():
        return "Nobody used anything or was invoiced in the quarter."
    counts = dict(found.group_by("verdict").len().rows())
    order = ("unbilled", "under-billed", "over-billed", "agrees")
    told = [
        f"{formats.count(counts[verdict])} {_verdict(verdict, counts[verdict])}"
        for verdict in order
        if verdict in counts
    ]
    total = sum(found["leak"].to_list(), Decimal(0))
    partners = formats.plural(found.height, "partner")
    return f"By this case {_money(total, currency)} leaks in the quarter. Of {partners}: {', '.join(told)}."


def _verdict(verdict: str, count: int) -> str:
    return ("agree" if count > 1 else "agrees") if verdict == "agrees" else verdict


def _money(amount: Decimal | None, currency: str) -> str:
    return formats.money(amount, currency)


def _decimal(value: object) -> Decimal:
    assert isinstance(value, Decimal)
    return value
