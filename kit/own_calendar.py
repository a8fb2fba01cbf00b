"""A fiscal calendar that no rule makes, as finance keeps it in a table → its periods, which stand for months."""

from datetime import date, timedelta
from itertools import groupby, pairwise

import duckdb

from kit import fiscal
from kit.errors import ReviewError
from kit.fiscal import Month

PERIODS = 3  # of a quarter: growth is a month's, and a quarter three of them


def first_day(con: duckdb.DuckDBPyConnection) -> date | None:
    """On which day the calendar export begins; None without one. Nothing before is known to be a period."""
    day: date | None = con.execute("select min(first_day) from calendar").fetchall()[0][0]
    return day


def own_periods(con: duckdb.DuckDBPyConnection, last_day: date) -> list[Month]:
    """The periods of the calendar export, oldest first; none without one.

    ReviewError where they have gaps or overlaps, end before `last_day`, the last of the exports, share a name, or make
    no quarters of three periods that follow one another.
    """
    rows = con.execute(
        "select first_day, last_day, period, quarter from calendar order by first_day, last_day"
    ).fetchall()
    for first, last, period, quarter in rows:
        if not fiscal.is_quarter_name(quarter):
            raise ReviewError(f"calendar: period {period!r}: {fiscal.not_a_quarter(quarter)}")
        if last < first:
            raise ReviewError(f"calendar: period {period!r} ends on {last}, before it begins on {first}.")
    months = [
        Month(first, last + timedelta(days=1), period, quarter) for first, last, period, quarter in rows
    ]
    _stop_at_gaps(months)
    _stop_at_names(months)
    _stop_at_quarters(months)
    if months and months[-1].next_month <= last_day:
        raise ReviewError(
            f"The calendar ends on {months[-1].next_month - timedelta(days=1)}, and the exports reach to {last_day}."
        )
    return months


def _stop_at_gaps(months: list[Month]) -> None:
    for before, after in pairwise(months):
        if before.next_month != after.month:
            raise ReviewError(
                f"The calendar has a gap or an overlap: period {before.name!r} ends on"
                f" {before.next_month - timedelta(days=1)}, and {after.name!r} begins on {after.month}."
            )


def _stop_at_names(months: list[Month]) -> None:
    seen: dict[str, Month] = {}
    for month in months:
        if (other := seen.setdefault(month.name, month)) is not month:
            raise ReviewError(
                f"calendar: two periods are named {month.name!r}, from {other.month} and from {month.month}."
                " Give each a name of its own, like 2026-P07."
            )


def _stop_at_quarters(months: list[Month]) -> None:
    quarters = [(name, list(periods)) for name, periods in groupby(months, key=lambda month: month.quarter)]
    for (before, _), (name, periods) in pairwise(quarters):
        year, number = int(before[:4]), int(before[-1])
        following = f"{year:04}-Q{number + 1}" if number < 4 else f"{year + 1:04}-Q1"
        if name != following:
            raise ReviewError(
                f"calendar: after the periods of {before} come those of {name}, from {periods[0].month} on;"
                f" {following} must follow."
            )
    for name, periods in quarters:
        if len(periods) != PERIODS:
            told = ", ".join(repr(period.name) for period in periods)
            raise ReviewError(f"calendar: {name} has {len(periods)} of {PERIODS} periods: {told}.")
