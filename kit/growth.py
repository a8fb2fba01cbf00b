"""Behind the partner growth rate: who came and went, who stays, who is at risk, and where it leads."""

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from math import sqrt
from statistics import mean, stdev

import polars as pl

from kit import formats, frames, quarters
from kit.explore import ExploredProgram
from kit.metrics import Metric, partner_growth_rate

# Two-sided 80 % quantiles of Student's t by degrees of freedom, as every table of it prints them.
T_80 = {
    1: 3.078,
    2: 1.886,
    3: 1.638,
    4: 1.533,
    5: 1.476,
    6: 1.440,
    7: 1.415,
    8: 1.397,
    9: 1.383,
    10: 1.372,
    11: 1.363,
}
LEAST_MONTHS = 6  # of history, for a projection
AHEAD = 6  # months: two quarters


def rate(program: ExploredProgram) -> Metric:
    """The compound monthly rate from the last month of one quarter to that of the next; see metrics."""
    return partner_growth_rate(program.con, program.quarter)


def rate_text(program: ExploredProgram) -> str:
    """The rate of this quarter and the last in a sentence, or why there is none."""
    metric = rate(program)
    if metric.this is None:
        return f"Partner growth rate: n/a, {metric.why_this}."
    last = (
        f"; the quarter before, {formats.percent(metric.last, signed=True)}"
        if metric.last is not None
        else ""
    )
    return f"Active partners changed by {formats.percent(metric.this, signed=True)} a month, compound{last}."


def months(program: ExploredProgram, count: int = 12) -> pl.DataFrame:
    """The last months to the quarter's end: `month`, `name`, `active_partners`, successful production `calls`, …

    A partner is active in a month with at least `min_calls` successful production calls. Null outside the call logs.
    """
    return frames.months_to(program.con, program.quarter, count).filter(pl.col("month") >= program.begins)


def _whole_months(program: ExploredProgram, count: int) -> pl.DataFrame:
    """The last months that the calls cover whole; one that has only begun would look like a loss."""
    return months(program, count).drop_nulls("active_partners").filter("is_whole")


def _last_whole_month(program: ExploredProgram) -> date:
    whole = _whole_months(program, 13)["month"].to_list()
    return whole[-1] if whole else quarters.call_days(program.con).first_day.replace(day=1)


def milestones(program: ExploredProgram) -> pl.DataFrame:
    """What moved the program: `date`, `text`."""
    return frames.milestones(program.con)


def movements(program: ExploredProgram, count: int = 12) -> pl.DataFrame:
    """Each month's `opening` active partners, `new`, `returned` and `lost` ones, and `closing`, which is their sum.

    New partners were never active before; returned ones were, but not in the month before; lost ones were in the month
    before, and are not now.
    """
    spine = _whole_months(program, count).select("month", "name", "active_partners")
    kinds = ("new", "returned", "lost")
    found = (
        moved_partners(program, count)
        .group_by("month")
        .agg((pl.col("movement") == kind).sum().cast(pl.Int64).alias(kind) for kind in kinds)
    )
    return (
        spine.join(found, on="month", how="left", maintain_order="left")
        .with_columns(pl.col(kind).fill_null(0) for kind in kinds)
        .with_columns(opening=pl.col("active_partners") - pl.col("new") - pl.col("returned") + pl.col("lost"))
        .select("month", "name", "opening", *kinds, closing="active_partners")
    )


def moved_partners(program: ExploredProgram, count: int = 12) -> pl.DataFrame:
    """By name, who came, came back and left in each month: `month`, `partner_id`, `name`, `movement`."""
    spine = _whole_months(program, count)["month"].to_list()
    ends = (spine[0], spine[-1]) if spine else (date.max, date.min)
    return frames.frame(program.con, "partner_movements", first_month=ends[0], last_month=ends[1])


def retention(program: ExploredProgram, most_months: int = 13) -> pl.DataFrame:
    """Of the partners first active in each quarter, `cohort`, how many are active so many months later.

    `partners` is the cohort's size, `months_since` counts from each partner's own first month, `retention_share` is
    `active_partners` of it. Months that not all of a cohort can have reached yet are left out. The cohort of
    the quarter in which the logs begin also holds all who were active before.
    """
    found = frames.frame(
        program.con,
        "retention_by_cohort",
        last_month=_last_whole_month(program),
        most_months=most_months,
    )
    return found.with_columns(retention_share=pl.col("active_partners") / pl.col("partners"))


def at_risk(program: ExploredProgram) -> pl.DataFrame:
    """Partners whose calls fell in each of the last two months or more, the largest fall first.

    `months_falling` in a row to the quarter's end, `calls_before` the first of them and `calls` of the last month,
    `change_share` between them, `last_month_used`.
    """
    return frames.frame(program.con, "partners_at_risk", last_month=_last_whole_month(program))


def calls_by_partner(program: ExploredProgram) -> pl.DataFrame:
    """Successful production calls of the quarter by partner, the most first, and each one's `calls_share`."""
    return frames.frame(program.con, "calls_by_partner", quarter=program.quarter.name)


def concentration(calls: pl.DataFrame) -> str:
    """On how few partners the calls rest, in a sentence; of a frame of calls_by_partner."""
    if calls.is_empty():
        return "Nobody made a successful production call in the quarter."
    top = calls.head(5)["calls_share"].sum()
    half = int((calls["calls_share"].cum_sum() < 0.5).sum()) + 1
    make = "makes" if half == 1 else "make"
    return (
        f"The five largest make {formats.percent(top)} of the calls; {formats.plural(half, 'partner')} {make} half of"
        f" them. Without {calls['name'][0]}, {formats.percent(calls['calls_share'][0])} would be gone."
    )


@dataclass(frozen=True)
class Projection:
    """Active partners some months ahead if the last months' changes go on as they were; four in five times between
    `low` and `high`, if they vary as they did."""

    history_months: int
    monthly_change: float
    frame: pl.DataFrame


def projection(program: ExploredProgram, count: int = 12, ahead: int = AHEAD) -> Projection | None:
    """Where the number of active partners leads in the next two quarters: months `ahead`, `expected`, `low`, `high`.

    A random walk with drift: the mean monthly change goes on; the interval is Student's, of 80 %, and counts that the
    mean itself is known from few months. None with fewer than six whole months. Not a figure for the CFO's page.
    """
    whole = _whole_months(program, count)
    counts: list[int] = whole["active_partners"].to_list()
    if len(counts) < LEAST_MONTHS:
        return None
    changes = [later - earlier for earlier, later in pairwise(counts)]
    drift, spread, known = mean(changes), stdev(changes), len(changes)
    quantile = T_80[min(known - 1, max(T_80))]
    rows = []
    for month in range(1, ahead + 1):
        expected = counts[-1] + month * drift
        reach = quantile * spread * sqrt(month + month**2 / known)
        rows.append((month, max(expected, 0.0), max(expected - reach, 0.0), max(expected + reach, 0.0)))
    frame = pl.DataFrame(
        rows,
        schema={"ahead": pl.Int64, "expected": pl.Float64, "low": pl.Float64, "high": pl.Float64},
        orient="row",
    )
    return Projection(len(counts), drift, frame)


def projection_text(found: Projection | None) -> str:
    """The projection in a sentence."""
    if found is None:
        return "There are too few whole months of history to project from: six at least."
    last = found.frame.row(-1, named=True)
    return (
        f"If changes go on as in the last {found.history_months} months"
        f" ({found.monthly_change:+.1f} partners a month), {last['expected']:.0f} partners are active in"
        f" {formats.plural(last['ahead'], 'month')}: four in five times between {last['low']:.0f} and"
        f" {last['high']:.0f}. {found.history_months} points are little to go by."
    ).replace("+-", formats.MINUS)
