"""One quarter's review: everything the page says, as figures, sentences and frames."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from kit import (
    beside,
    earlier_pages,
    editions,
    findings,
    formats,
    frames,
    grades,
    metrics,
    quarters,
    reconciliation,
    restatements,
)
from kit.database import tables_of
from kit.doubts import Finding
from kit.errors import ReviewError
from kit.fiscal import Month, Quarter
from kit.metrics import Figure, Metric
from kit.program import load_program

PLAN_ROOM = 700  # characters of [plan] doing, its names filled in


@dataclass(frozen=True)
class Review:
    """A program's tables, the quarter reviewed, its five metrics, what has been restated, and what checks found."""

    con: duckdb.DuckDBPyConnection
    quarter: Quarter
    metrics: tuple[Metric, ...]
    inputs: Mapping[str, Any]
    restated: tuple[restatements.Restatement, ...]
    said: earlier_pages.Published | None = None
    found: tuple[Finding, ...] = ()

    @cached_property
    def currency(self) -> str:
        return str(frames.setting(self.con, "currency"))

    @cached_property
    def is_monetized(self) -> bool:
        return bool(frames.setting(self.con, "stage") == "monetized")

    @cached_property
    def previous(self) -> Quarter:
        return quarters.previous(self.con, self.quarter)

    @cached_property
    def months(self) -> pl.DataFrame:
        """Twelve months to the quarter's end."""
        return frames.months_to(self.con, self.quarter)

    @cached_property
    def funnel(self) -> pl.DataFrame:
        return frames.partner_funnel(self.con, self.quarter)

    @cached_property
    def beside(self) -> tuple[beside.Comparison, ...]:
        """What is asked for beside last quarter."""
        return beside.comparisons(self.con, self.quarter)

    @cached_property
    def marked(self) -> tuple[Finding, ...]:
        """The findings that mark a figure on the page; that a quarter is not over is said beside its name."""
        is_over = quarters.ends_in_time(self.con, self.quarter) or self._is_over_elsewhere
        return tuple(
            finding
            for finding in self.found
            if finding.severity == "mark" and (is_over or finding.check != "early end")
        )

    @property
    def _is_over_elsewhere(self) -> bool:
        """Whether another export reaches the quarter's last day, though the calls do not."""
        [(last,)] = self.con.execute(
            "select max(last_day) from coverage"
            " where table_name in ('costs', 'transactions', 'worklogs', 'attributed')"
        ).fetchall()
        return last is not None and last >= self.quarter.last_day

    @cached_property
    def in_doubt(self) -> frozenset[str]:
        """The figures that a finding marks, and `unrealized` where one marks what that is made of."""
        marked = {key for finding in self.marked for key in finding.figures}
        rests_on = {"growth_rate", *(("revenue",) if self.is_monetized else ())}
        of_calls = any(finding.check == "spike" for finding in self.marked)
        return frozenset(marked | ({"unrealized"} if of_calls or rests_on & marked else set()))

    @cached_property
    def withheld(self) -> frozenset[str]:
        """The figures, `unrealized` among them, that rest on less of the exports than the program's limit."""
        sure = grades.sureness(self.con, metrics.revenue_basis(self.con))[self.quarter.name]
        return frozenset(key for key, each in sure.items() if each.withheld)

    def metric(self, key: str) -> Metric:
        return next(metric for metric in self.metrics if metric.key == key)


def open_review(folder: Path | str, quarter: str = "", published: Path | str = "") -> Review:
    """The review of a program's quarter: by name, or else the last that the data completes.

    `published` is a folder of earlier pages and editions, against which last quarter's figures are held, those of a
    year ago where they are asked for, and this quarter's where it was published before.
    """
    program = load_program(folder)
    con = tables_of(program)
    chosen = quarters.choose_quarter(con, quarter)
    five = metrics.scorecard(con, chosen)
    inputs = editions.inputs(program)
    before = quarters.previous(con, chosen)
    told = [(before, five, "last"), (chosen, five, "this")]
    if str(published) and "year_ago" in beside.asked(con):
        year_ago = beside.year_ago(con, chosen)
        told += [(year_ago.then, year_ago.metrics, "last")] if year_ago.then else []
    said = {
        of.name: earlier_pages.said_of(published, of, program.program.name, is_over=of is not chosen)
        for of, *_ in told
    }
    restated = [
        each
        for of, its, which in told
        for each in restatements.restatements(
            con,
            program,
            {metric.key: (metric.unit, getattr(metric, which)) for metric in its},
            inputs,
            said[of.name],
            of,
        )
    ]
    found = reconciliation.findings(con, program, chosen, five, published)
    return Review(con, chosen, five, inputs, tuple(restated), said[before.name], found)


def message(review: Review) -> str:
    """The page's first two lines: what changed, what it means, what to fix."""
    basis = metrics.revenue_basis(review.con)
    is_over = quarters.ends_in_time(review.con, review.quarter)
    return findings.message(review.metrics, review.funnel, review.currency, basis, review.in_doubt, is_over)


def unrealized(review: Review) -> dict[str, Any]:
    """Unrealized revenue of the quarter's last month, or the last that has begun in the data.

    Its partners and calls, low, base and high, and the amount of each case; None for what is withheld.
    """
    month = last_months(review, 1)[0]
    is_told, has_amount = "growth_rate" not in review.withheld, not _why_absent(review)
    cases = frames.frame(review.con, "unrealized_by_case").filter(pl.col("month") == month["month"])
    names = [name for (name,) in review.con.execute("select case_name from pricing_cases").fetchall()]
    amounts = dict.fromkeys(names, Decimal(0)) | dict(cases.select("case_name", "amount").rows())
    return {
        "month": month["name"],
        "partners": month["active_partners"] if is_told else None,
        "calls": month["active_calls"] if is_told else None,
        "amount": month["unrealized"] if has_amount else None,
        "low": month["unrealized_low"] if has_amount else None,
        "high": month["unrealized_high"] if has_amount else None,
        "cases": amounts if has_amount else dict.fromkeys(names),
    }


def _why_absent(review: Review) -> str:
    """Why there is no unrealized revenue of the last month; empty if there is."""
    return metrics.why_no_unrealized(review.con, review.quarter)


def last_months(review: Review, count: int) -> list[dict[str, Any]]:
    """The last months that have begun in the data, oldest first."""
    return review.months.drop_nulls("active_partners").tail(count).to_dicts()


def month_of(row: Mapping[str, Any]) -> Month:
    """The month of a row that has its first day, the day after it, its name and its quarter."""
    return Month(row["month"], row["next_month"], row["name"], row["quarter"])


def unrealized_sentences(review: Review) -> tuple[str, str, str]:
    """The headline of unrealized revenue: what was used, what it comes to, and how sure that is."""
    now, last = unrealized(review), last_months(review, 1)[0]
    so_far = "" if last["is_whole"] else " so far"
    used = ""
    if now["calls"] is not None:
        calls = formats.plural(now["calls"], "successful API call")
        partners = formats.plural(now["partners"], "active partner")
        used = f"{partners} made {calls} in {month_of(last).text}{so_far}."
    if now["amount"] is None:
        return used, "Unrealized revenue: n/a", _why_absent(review)
    case = review.con.execute("select case_name from pricing_cases where is_base").fetchall()[0][0]
    scale = formats.scale_of([now["low"], now["high"], now["amount"]])
    ending = "a month in unrealized revenue" if last["is_whole"] else "in unrealized revenue so far"
    mark = f" ({findings.IN_DOUBT})" if "unrealized" in review.in_doubt else ""
    amount = f"{formats.money(now['amount'], review.currency, scale)} {ending}{mark}"
    return (
        f"{used} At our proposed pricing (“{case}”), that is",
        amount,
        _how_sure(review, now, scale),
    )


def _how_sure(review: Review, now: dict[str, Any], scale: tuple[Decimal, str]) -> str:
    """The range of an unrealized amount, its change on the month before, and what kind of number it is."""
    low, high, of = now["low"], now["high"], f"by the share billed{_of_response(review)}"
    if low == high and len(now["cases"]) > 1:
        low, high, of = min(now["cases"].values()), max(now["cases"].values()), "across the pricing cases"
    ends = [formats.money(end, review.currency, scale) for end in (low, high)]
    span = f"{ends[0]} to {ends[1]} {of}; " if low != high else ""
    months = last_months(review, 2)
    change = None
    if len(months) == 2 and all(month["is_whole"] and month["unrealized"] is not None for month in months):
        change = frames.divided(now["amount"] - months[0]["unrealized"], months[0]["unrealized"])
    trend = f", {formats.percent(change, signed=True)} on the month before" if change is not None else ""
    return f"{span}an estimate that nobody is obliged to pay{trend}{_unpriced(review, months[-1]['month'])}"


def _of_response(review: Review) -> str:
    """What else the base case's range is of: empty where prices have no effect on use there."""
    responses = review.con.execute(
        "select 1 from pricing_responses inner join pricing_cases using (case_name) where is_base"
    ).fetchall()
    return " and the effect of prices on use" if responses else ""


def _unpriced(review: Review, month: date) -> str:
    """How many active partners the base case has no plan for; empty if none."""
    [(missing,)] = review.con.execute(
        "select count(*) from production_usage where is_active and month = $month and partner_id not in"
        " (select partner_id from unrealized_revenue where is_base and month = $month)",
        {"month": month},
    ).fetchall()
    if not missing:
        return ""
    have = "has no plan in it and is" if missing == 1 else "have no plan in it and are"
    return f"; {formats.plural(missing, 'active partner')} {have} not priced"


def plan(review: Review) -> tuple[str, str]:
    """The one paragraph: what we are doing, with figures filled in, and what we need."""
    doing = review.con.execute("select doing from action_plan").fetchall()
    if not doing:
        return "No plan is written for this quarter.", ""
    text = " ".join(doing[0][0].format_map(plan_names(review)).split())
    if len(text) > PLAN_ROOM:
        raise ReviewError(
            f"program.toml: plan.doing has {len(text)} characters with its figures filled in."
            f" There is room for {PLAN_ROOM}."
        )
    needs = review.con.execute("select what, amount from needs").fetchall()
    asks = [f"{what} ({formats.money(amount, review.currency)})" for what, amount in needs]
    total = sum((amount for _, amount in needs), Decimal(0))
    in_all = f": {formats.money(total, review.currency)} in all" if len(needs) > 1 else ""
    return text, f"We need {listed(asks)}{in_all}." if asks else ""


def listed(parts: list[str]) -> str:
    """a, b and c"""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def plan_names(review: Review) -> dict[str, str]:
    """The figures that [plan] may name, as text."""
    of = {metric.key: metric_text(metric, review.currency) for metric in review.metrics}
    now = unrealized(review)
    stages = dict(review.funnel.select("stage", "partners").rows())
    goal = review.con.execute("select partners_to_add from goal").fetchall()
    cost = review.metric("cost_per_partner").this
    return {
        "revenue": of["revenue"],
        "cost_per_partner": of["cost_per_partner"],
        "activation_rate": of["activation_rate"],
        "value_ratio": of["value_ratio"],
        "growth_rate": of["growth_rate"],
        "active_partners": formats.count(now["partners"]),
        "stalled_partners": formats.count(
            None if "activation_rate" in review.withheld else stages["First API call"] - stages["Production"]
        ),
        "unrealized_month": formats.money(now["amount"], review.currency),
        "unrealized_year": formats.money(
            None if now["amount"] is None else Fraction(now["amount"]) * _in_a_year(review), review.currency
        ),
        "goal_cost": formats.money(goal[0][0] * cost if goal and cost is not None else None, review.currency),
    }


def _in_a_year(review: Review) -> Fraction:
    """How many months like the last make a year: of periods of weeks, as many as their days go into 52 weeks."""
    month = month_of(last_months(review, 1)[0])
    return Fraction(12) if month.is_calendar_month else Fraction(52 * 7, month.days)


def metric_text(
    metric: Metric, currency: str, figure: str = "this", scale: tuple[Decimal, str] | None = None
) -> str:
    """A metric's figure for this or last quarter as the page writes it."""
    return figure_text(metric.unit, getattr(metric, figure), currency, scale)


def figure_text(unit: str, value: Figure, currency: str, scale: tuple[Decimal, str] | None = None) -> str:
    """A figure of one of the metrics' units as the page writes it."""
    if unit == "money":
        return formats.money(value, currency, scale)
    if unit == "ratio":
        return formats.ratio(value)
    return formats.percent(value) + (" MoM" if unit == "monthly_rate" and value is not None else "")


def trend_text(metric: Metric) -> str:
    """A metric's change: percent for money, points for rates, a difference for the ratio."""
    if metric.unit == "money":
        return formats.percent(metric.trend, signed=True)
    return formats.difference(metric.trend) if metric.unit == "ratio" else formats.points(metric.trend)


def figures(review: Review) -> dict[str, Any]:
    """Every figure of the page, for machines: the contract's figures.json, and more."""
    quarter, con = review.quarter, review.con
    now = unrealized(review)
    onboarding = frames.row_of(con, "onboarding_by_quarter", quarter)
    value = frames.row_of(con, "cost_and_value_by_quarter", quarter)
    categories = frames.frame(con, "cost_by_category").filter(pl.col("quarter") == quarter.name)
    has_work, has_costs = frames.has_rows(con, "worklogs"), frames.has_rows(con, "costs")
    has_value = metrics.has_value(con, quarter)
    has_prices = frames.has_rows(con, "pricing_cases")
    sure = grades.sureness(con, metrics.revenue_basis(con))
    of = {name: {key for key, each in by_key.items() if each.withheld} for name, by_key in sure.items()}
    basis = metrics.revenue_basis(con)
    card = {
        metric.key: {name: number(getattr(metric, name)) for name in ("this", "last", "trend")}
        for metric in review.metrics
    }
    card["value_ratio"] |= {name: number(ratio) for name, ratio in metrics.value_ratios(con, quarter).items()}
    return {
        "program": frames.setting(con, "name"),
        "quarter": quarter.name,
        "previous": review.previous.name,
        "currency": review.currency,
        "first_day": quarter.first_day.isoformat(),
        "last_day": quarter.last_day.isoformat(),
        "scorecard": card,
        "funnel": {
            stage: None if "activation_rate" in review.withheld else partners
            for stage, partners in zip(frames.STAGES, review.funnel["partners"].to_list(), strict=True)
        },
        "months": [
            {
                "month": month["name"],
                "active_partners": None
                if "growth_rate" in of[month["quarter"]]
                else month["active_partners"],
                "calls": None if "growth_rate" in of[month["quarter"]] else month["calls"],
                "revenue": None if "revenue" in of[month["quarter"]] else number(month[basis]),
                "unrealized": number(month["unrealized"])
                if has_prices and "unrealized" not in of[month["quarter"]]
                else None,
            }
            for month in review.months.to_dicts()
        ],
        "unrealized": {name: number(part) for name, part in now.items() if name not in ("month", "cases")}
        | {"month": now["month"], "cases": {case: number(amount) for case, amount in now["cases"].items()}},
        "onboarding": {
            "cost": number(onboarding["cost"]) if has_work else None,
            "hours": number(onboarding["hours"]) if has_work else None,
            "partners": onboarding["partners"],
        },
        "cost": {
            "total": number(value["cost"]) if has_costs else None,
            "by_category": {category: number(amount) for _, category, amount in categories.rows()},
        },
        "value": {
            "total": number(metrics.value_of(value)) if has_value else None,
            "direct": number(value["direct"]) if has_value else None,
            "attributed": number(value["attributed"]) if has_value else None,
            "avoided": number(value["avoided"]) if has_value else None,
        },
        "grades": {metric.key: metric.grade for metric in review.metrics},
        "how_sure": {metric.key: _how_sure_of(metric) for metric in review.metrics},
        "reasons": {metric.key: _reasons(metric) for metric in review.metrics},
        "checks": [vars(finding) for finding in review.found],
        "restated": [restatement.as_json() for restatement in review.restated],
        "compared_with": review.said.as_json() if review.said else None,
        "message": message(review),
        "beside": {comparison.name: comparison.as_json() for comparison in review.beside},
        "run": editions.run_name(review.inputs, quarter.name),
        "inputs": dict(review.inputs),
        "rejects": _rejects(review),
    }


def _reasons(metric: Metric) -> dict[str, str]:
    """Why a metric's figures are absent."""
    return {name: reason for name in ("this", "last", "trend") if (reason := getattr(metric, f"why_{name}"))}


def _how_sure_of(metric: Metric) -> dict[str, Any]:
    """A figure's grade and why, the least share of an export that it rests on, and each with its limit."""
    return {
        "grade": metric.grade,
        "why": metric.why_grade,
        "coverage": min((float(cover.share) for cover in metric.covers), default=None),
        "covers": {
            cover.table: {"share": float(cover.share), "limit": number(cover.limit)}
            for cover in metric.covers
        },
    }


def _rejects(review: Review) -> list[dict[str, Any]]:
    """The rows that could not be used, by file and line; what they hold is no figure."""
    rows = review.con.execute(
        "select path, line, row_count, reason from rejects inner join files using (file_id) order by path, line"
    ).fetchall()
    return [
        {"file": path, "line": line, "rows": count, "reason": reason} for path, line, count, reason in rows
    ]


def number(figure: Figure | int) -> float | int | None:
    """A figure as a JSON number, unrounded."""
    return figure if figure is None or isinstance(figure, int) else float(Fraction(figure))


class Figures:
    """Every figure of a review, shown in a notebook as JSON."""

    def __init__(self, review: Review) -> None:
        self.figures = figures(review)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"application/json": self.figures, "text/plain": f"figures of {self.figures['quarter']}"}
