"""Behind the partner activation rate: the funnel, its leak, cohorts, time between stages, and who is stalled."""

import os
import tempfile
from decimal import Decimal
from pathlib import Path

import polars as pl

from kit import formats, frames
from kit.errors import ReviewError
from kit.explore import ExploredProgram
from kit.metrics import Metric, partner_activation_rate

MATURE = "Registered to production"
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def rate(program: ExploredProgram) -> Metric:
    """Partners at production ÷ partners registered, both by the end of the quarter; see metrics."""
    return partner_activation_rate(program.con, program.quarter)


def funnel(program: ExploredProgram) -> pl.DataFrame:
    """Partners at each stage by the quarter's end: `stage`, `partners`, `share` of the registered, and how many of the
    stage before `stopped` there, with their `stop_share`."""
    return frames.partner_funnel(program.con, program.quarter)


def stage_times(program: ExploredProgram) -> pl.DataFrame:
    """Days from each stage to the next, and from registration to production, of the partners who got there.

    `step`, `partners`, `quartile_1`, `median_days`, `quartile_3`, `percentile_90`, `longest`; nearest ranks. Partners
    who are still on their way have no time yet, so these are the times of those who made it.
    """
    return frames.frame(program.con, "stage_times", next_day=_next_day(program))


def maturity_days(program: ExploredProgram) -> int | None:
    """Days in which nine in ten of those in production got there from registration; None where nobody is."""
    times = stage_times(program).filter(pl.col("step") == MATURE)
    return int(times["percentile_90"].item()) if times.height else None


def cohorts(program: ExploredProgram) -> pl.DataFrame:
    """Partners by the quarter they registered in, `cohort`, and how many of them are in production.

    `registered`, `production` to date and its `production_share`; `is_mature` where each partner has had the days that
    nine in ten needed, and for those alone `in_time_share`, who were in production within these days: only that is
    compared between cohorts, since younger ones have not had the time. Those registered before the program's calendar
    are `earlier`.
    """
    days = maturity_days(program)
    found = frames.frame(
        program.con, "activation_cohorts", next_day=_next_day(program), as_of=program.as_of, days=days or 0
    )
    return found.with_columns(
        production_share=pl.col("production") / pl.col("registered"),
        is_mature=pl.col("is_mature") & pl.lit(days is not None),
        in_time_share=pl.when(pl.col("is_mature") & pl.lit(days is not None)).then(
            pl.col("production_in_time") / pl.col("registered")
        ),
    ).drop("production_in_time")


def skipped(program: ExploredProgram) -> pl.DataFrame:
    """Partners at a later stage with neither a date nor a call for an earlier one: `name`, `skipped`, `reached_next`.

    The funnel counts them at the earlier stage too, on the day they reached the next.
    """
    return frames.frame(program.con, "skipped_stages", next_day=_next_day(program))


def stalled(program: ExploredProgram) -> pl.DataFrame:
    """Partners registered, not in production and not offboarded by the quarter's end, the dearest first.

    `stopped_at` is the furthest stage reached, `since` its day, `days` from then to the quarter's last day, or the
    data's; `hours` and `cost` of our work on the partner so far, `last_work` and `last_call` in either environment,
    null where there is none.
    """
    return frames.frame(program.con, "stalled_partners", next_day=_next_day(program), as_of=program.as_of)


def leak_text(program: ExploredProgram) -> str:
    """Where the largest share of partners stops, and what our work on those who stopped there has cost."""
    stages = funnel(program)
    shares = [share or 0.0 for share in stages["stop_share"].to_list()]
    place = max(range(len(shares)), key=shares.__getitem__)
    if not shares[place]:
        return "No partner has stopped before a stage."
    before, stage = stages["stage"][place - 1], stages["stage"][place]
    there = stalled(program).filter(pl.col("stopped_at") == before)
    cost = sum(there["cost"].to_list(), Decimal(0))
    hours = sum(there["hours"].to_list(), Decimal(0))
    gone = int(stages["stopped"][place]) - there.height
    left = f" ({gone} of them {'has' if gone == 1 else 'have'} left)" if gone else ""
    spent = (
        f"{formats.count(hours)} hours, {formats.money(cost, program.currency)}, have gone into those still there."
        if hours
        else "No hours are booked on them."
    )
    return (
        f"The largest leak is from {_lower(before)} to {_lower(stage)}:"
        f" {formats.plural(int(stages['stopped'][place]), 'partner')}, {formats.percent(shares[place])}, stopped there"
        f"{left}. {spent}"
    )


def rates_text(program: ExploredProgram) -> str:
    """The snapshot rate beside the cohorts', and why they differ."""
    metric, found = rate(program), cohorts(program)
    if metric.this is None:
        return f"Partner activation rate: n/a, {metric.why_this}."
    mature, days = found.filter("is_mature"), maturity_days(program)
    share = formats.percent(metric.this)
    snapshot = f"{share} of all partners ever registered are in production: the rate on the page."
    if mature.is_empty() or days is None:
        return f"{snapshot} No cohort is old enough yet to be compared."
    last = mature.row(-1, named=True)
    return (
        f"{snapshot} Of the last mature cohort, {last['cohort']}, {formats.percent(last['in_time_share'])} were so"
        f" within {formats.plural(days, 'day')}, in which nine in ten of those who made it did. The first moves slowly,"
        " and falls when many register at once; the second tells what became of each quarter's."
    )


def _lower(stage: str) -> str:
    return stage[0].lower() + stage[1:]


def _next_day(program: ExploredProgram) -> object:
    return program.quarter.last_month.next_month


def save_csv(found: pl.DataFrame, file: Path | str) -> Path:
    """A frame as a CSV file for people and spreadsheets: whole or not at all, and no text in it is a formula.

    Text that a spreadsheet would take for one gets an apostrophe before it. ReviewError if the folder is not there.
    """
    target = Path(file)
    if not target.parent.is_dir():
        raise ReviewError(f"{target.parent.absolute()} is no folder to write {target.name} into.")
    text = pl.col(pl.String)
    safe = found.with_columns(
        pl.when(text.str.slice(0, 1).is_in(FORMULAS)).then(pl.lit("'") + text).otherwise(text).name.keep()
    ).with_columns(pl.col(pl.Decimal).cast(pl.Decimal(38, 2)))
    descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-")
    os.close(descriptor)
    try:
        safe.write_csv(name, include_bom=True)
        Path(name).chmod(0o644)
        Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)
    return target
