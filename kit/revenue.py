"""Behind API program revenue: by month, kind and partner, what moves it, who stays, and what rests on whom.

Before monetization the value of partners' transactions stands in its place, or unrealized revenue where there is no
such export: `basis` says which. Amounts are in the program's currency.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import polars as pl

from kit import formats, frames, pricing, quarters
from kit.explore import ExploredProgram
from kit.metrics import Metric, program_revenue, revenue_basis

MOVES = ("new", "returned", "expansion", "contraction", "churned")
NAMES = {
    "recognised": "Recognised revenue",
    "transacted": "Value of partners' transactions, not billed",
    "unrealized": "Unrealized revenue, an estimate",
}
BASES = {"recognised": "Recognised", "invoiced": "Invoiced", "paid": "Paid"}
AT_RATES = {"reported": "Reported", "constant": "At the last month's rates"}
ZERO = Decimal(0)
MONEY = pl.Decimal(38, 12)


def revenue(program: ExploredProgram) -> Metric:
    """The quarter's API program revenue; see metrics."""
    return program_revenue(program.con, program.quarter)


def basis(program: ExploredProgram) -> str:
    """What stands for revenue: `recognised`, `transacted` or `unrealized`."""
    return revenue_basis(program.con)


def by_month(program: ExploredProgram, count: int = 12) -> pl.DataFrame:
    """The last months to the quarter's end: `name`, `revenue`, `change_share` on the month before, `active_partners`,
    revenue `per_partner` of these, successful production `calls`, and `unrealized` revenue beside it.

    Null where the exports do not reach; a change on nothing, or from below zero, is null too.
    """
    spine = frames.months_to(program.con, program.quarter, count + 1).filter(
        pl.col("month") >= program.begins
    )
    amounts: list[Decimal | None] = spine[basis(program)].to_list()
    changes = [None, *(_change(before, now) for before, now in pairwise(amounts))]
    per_partner = [
        frames.as_money(frames.divided(amount, active)) if amount is not None and active else None
        for amount, active in zip(amounts, spine["active_partners"].to_list(), strict=True)
    ]
    return (
        spine.with_columns(
            revenue=pl.Series(amounts, dtype=MONEY),
            change_share=pl.Series(changes, dtype=pl.Float64),
            per_partner=pl.Series(per_partner, dtype=MONEY),
        )
        .select(
            "month",
            "name",
            "revenue",
            "change_share",
            "active_partners",
            "per_partner",
            "calls",
            "unrealized",
        )
        .tail(count)
    )


def by_kind(program: ExploredProgram) -> pl.DataFrame:
    """Twelve months by kind: what is billed, and unrealized revenue by part of the plan; see frames.revenue_parts."""
    return frames.revenue_parts(program.con, program.quarter)


def by_partner(program: ExploredProgram) -> pl.DataFrame:
    """The quarter's revenue by partner, the largest first: `name`, `segment`, `revenue`, `revenue_share` of the total.

    A partner that the registry does not know stands under its id. No share where the total is not above zero.
    """
    months = {month.month for month in program.quarter.months}
    found = (
        _by_partner_and_month(program)
        .filter(pl.col("month").is_in(list(months)))
        .group_by("partner_id", "name", "segment")
        .agg(revenue=pl.col("amount").sum())
        .sort(["revenue", "partner_id"], descending=[True, False])
    )
    total = sum(found["revenue"].to_list(), ZERO)
    shares = [
        frames.as_float(frames.divided(amount, total)) if total > 0 else None for amount in found["revenue"]
    ]
    return found.with_columns(revenue_share=pl.Series(shares, dtype=pl.Float64))


def basis_text(program: ExploredProgram) -> str:
    """What stands for revenue in this program, and the quarter's, in a sentence."""
    metric = revenue(program)
    what = NAMES[basis(program)]
    if metric.this is None:
        return f"{what}: n/a, {metric.why_this}."
    change = (
        f", {formats.percent(metric.trend, signed=True)} on the quarter before"
        if metric.trend is not None
        else ""
    )
    return f"{what}: {formats.money(metric.this, program.currency)} in the quarter{change}."


def concentration(partners: pl.DataFrame, currency: str) -> str:
    """On how few partners the quarter's revenue rests, and what leaves with the largest; of by_partner."""
    total = sum(partners["revenue"].to_list(), ZERO)
    if total <= 0:
        return "There is no revenue in the quarter to rest on anyone."
    top = sum(partners["revenue"].to_list()[:5], ZERO)
    first = partners.row(0, named=True)
    left = formats.money(total - first["revenue"], currency)
    largest = (
        f"The five largest of {formats.plural(partners.height, 'partner')} bring {formats.percent(top / total)}. "
        if partners.height > 5
        else f"{formats.plural(partners.height, 'partner').capitalize()} in all. "
    )
    return (
        f"{largest}With {first['name']} {formats.money(first['revenue'], currency)} would leave,"
        f" {formats.percent(first['revenue'] / total)}, and {left} of {formats.money(total, currency)} stay."
    )


def bases(program: ExploredProgram, count: int = 12) -> pl.DataFrame:
    """Each month's `recognised`, `invoiced` and `paid` revenue, net of tax; empty without invoices.

    Recognised is spread over service periods; invoiced counts lines paid or open, credits included, in the month of the
    invoice; paid is what of that the export calls paid by now.
    """
    if not frames.has_rows(program.con, "invoices"):
        return pl.DataFrame(schema={"name": pl.String, "recognised": MONEY, "invoiced": MONEY, "paid": MONEY})
    spine = pricing.last_months(program.con, program.quarter, count)
    return frames.frame(program.con, "revenue_bases", first_month=spine[-1], last_month=spine[0]).drop(
        "month"
    )


# What moves it


def moves_by_partner(program: ExploredProgram, count: int = 12) -> pl.DataFrame:
    """Each partner's change of revenue from month to month: `month`, `partner_id`, `name`, `move`, `amount`.

    new: nothing above zero before; returned: nothing the month before, but earlier; churned: nothing above zero now;
    expansion and contraction: more and less than the month before, credits included. Months that the calls do not cover
    whole are left out.
    """
    spine = _whole_months(program, count + 1)["month"].to_list()
    names: dict[str, str] = {}
    amounts: dict[object, dict[str, Decimal]] = {}
    first_month: dict[str, object] = {}
    for row in _by_partner_and_month(program).iter_rows(named=True):
        names[row["partner_id"]] = row["name"]
        amounts.setdefault(row["month"], {})[row["partner_id"]] = row["amount"]
        if row["amount"] > 0:
            first_month.setdefault(row["partner_id"], row["month"])
    rows = []
    for earlier, month in pairwise(spine):
        before, now = amounts.get(earlier, {}), amounts.get(month, {})
        for partner in sorted(before | now):
            was, is_ = before.get(partner, ZERO), now.get(partner, ZERO)
            if was != is_:
                move = _move(was, is_, first_month.get(partner) == month)
                rows.append((month, partner, names[partner], move, is_ - was))
    schema: dict[str, Any] = {
        "month": pl.Date,
        "partner_id": pl.String,
        "name": pl.String,
        "move": pl.String,
        "amount": MONEY,
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def _move(was: Decimal, now: Decimal, is_first: bool) -> str:
    if was <= 0 < now:
        return "new" if is_first else "returned"
    if now <= 0 < was:
        return "churned"
    return "expansion" if now > was else "contraction"


def movements(program: ExploredProgram, count: int = 12) -> pl.DataFrame:
    """Each month's `opening` revenue, `new`, `returned`, `expansion`, `contraction`, `churned`, and `closing`.

    Opening is the month before's revenue; it and the five, of which the last two are below zero, add up to closing,
    exactly. See moves_by_partner for what each is.
    """
    spine = _whole_months(program, count + 1).select("month", "name")
    moves = moves_by_partner(program, count)
    totals = {
        month: sum(amounts, ZERO)
        for (month,), amounts in (
            (key, part["amount"].to_list())
            for key, part in _by_partner_and_month(program).group_by("month", maintain_order=True)
        )
    }
    found = {
        (month, move): sum(part["amount"].to_list(), ZERO)
        for (month, move), part in moves.group_by("month", "move", maintain_order=True)
    }
    months = spine.rows()
    rows = [
        (
            name,
            totals.get(earlier, ZERO),
            *(found.get((month, move), ZERO) for move in MOVES),
            totals.get(month, ZERO),
        )
        for (earlier, _), (month, name) in pairwise(months)
    ]
    columns = ("opening", *MOVES, "closing")
    return pl.DataFrame(rows, schema={"name": pl.String, **dict.fromkeys(columns, MONEY)}, orient="row")


@dataclass(frozen=True)
class Retention:
    """Of the partners with revenue in a month a year ago: that revenue, what they bring now, and both rates.

    `net` counts what they grew by, `gross` does not: the lesser of then and now, of each. None where there was none.
    """

    opening: Decimal
    now: Decimal
    net: Fraction | None
    gross: Fraction | None


def retention(program: ExploredProgram, months: int = 12) -> Retention:
    """Net and gross revenue retention from a year before the quarter's last month to that month."""
    spine = pricing.last_months(program.con, program.quarter, months + 1)
    found = _by_partner_and_month(program)
    then = dict(
        found.filter(pl.col("month") == spine[-1], pl.col("amount") > 0).select("partner_id", "amount").rows()
    )
    now = dict(found.filter(pl.col("month") == spine[0]).select("partner_id", "amount").rows())
    opening = sum(then.values(), ZERO)
    kept = sum((now.get(partner, ZERO) for partner in then), ZERO)
    lesser = sum((max(ZERO, min(amount, now.get(partner, ZERO))) for partner, amount in then.items()), ZERO)
    return Retention(opening, kept, frames.divided(kept, opening), frames.divided(lesser, opening))


def retention_text(found: Retention, currency: str) -> str:
    """The retention in a sentence."""
    if found.net is None:
        return (
            "Nobody brought anything a year before the quarter's last month: there is no retention to tell."
        )
    return (
        f"Partners who brought {formats.money(found.opening, currency)} in the month a year ago bring"
        f" {formats.money(found.now, currency)} now: net retention {formats.percent(found.net)}, gross"
        f" {formats.percent(found.gross)}."
    )


def constant_currency(program: ExploredProgram, count: int = 12) -> pl.DataFrame:
    """Each month's recognised revenue as `reported`, and `constant`: at the rates of the quarter's last month.

    `change_share` and `constant_change_share` are on the month before. Null where a currency has no rate in that month;
    empty without invoices.
    """
    spine = _spine(program, count)
    months = frames.frame(
        program.con,
        "constant_currency",
        first_month=spine[0],
        last_month=spine[-1],
        rate_month=program.quarter.last_day.replace(day=1),
    )
    if not frames.has_rows(program.con, "invoices"):
        months = months.clear()
    changes: dict[str, list[float | None]] = {
        name: [None, *(_change(before, now) for before, now in pairwise(months[column].to_list()))]
        for name, column in (("change_share", "reported"), ("constant_change_share", "constant"))
        if months.height
    }
    return months.drop("month").with_columns(
        pl.Series(name, changes.get(name, []), dtype=pl.Float64)
        for name in ("change_share", "constant_change_share")
    )


def _spine(program: ExploredProgram, count: int) -> list[date]:
    """The last months of the program's own calendar to the quarter's end, oldest first."""
    return [
        month
        for month in pricing.last_months(program.con, program.quarter, count)[::-1]
        if month >= program.begins
    ]


def _whole_months(program: ExploredProgram, count: int) -> pl.DataFrame:
    """The last months to the quarter's end that are over in the data: `month`, `name`."""
    spine = frames.months_to(program.con, program.quarter, count).filter(pl.col("month") >= program.begins)
    return spine.filter(pl.col("is_whole") | (pl.col("month") < quarters.call_days(program.con).first_day))


def _by_partner_and_month(program: ExploredProgram) -> pl.DataFrame:
    return frames.frame(
        program.con, "revenue_by_partner", basis=basis(program), last_month=program.quarter.last_month.month
    )


def _change(before: Decimal | None, now: Decimal | None) -> float | None:
    if before is None or now is None or before <= 0:
        return None
    return frames.as_float(frames.divided(now - before, before))
