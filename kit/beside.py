"""What stands beside last quarter where it is asked: the same quarter last year, and the year to date.

Both come of the same five metrics and the same SQL. For the year to date they are asked over a calendar in which the
fiscal year to the quarter's end is one quarter, and so is the same part of every other year.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb

from kit import metrics, own_calendar, quarters
from kit.blank import read_sql
from kit.database import TABLES, spine
from kit.fiscal import Month, Quarter, months_before
from kit.metrics import Figure, Metric
from kit.rows import insert_rows

# The metrics look eight quarters back, and one before those: here each may be a year.
HISTORY = timedelta(days=(metrics.QUARTERS_SHOWN + 2) * 366)
SUMS = ("money", "ratio")  # units of figures that are of all days of their time, not as at its end


@dataclass(frozen=True)
class Comparison:
    """One stretch of time beside another a year before, and the five metrics of both.

    `name` is year_ago or year_to_date. A metric's `this` is of `now` and its `last` of `then`; the trend is between
    them. `then` is None where the calendar has no such quarter. `last_day` is that of the data, where it ends before
    the stretch does; `begins` says when revenue's export begins, where that is after the first period of the year.
    """

    name: str
    now: Quarter
    then: Quarter | None
    last_day: date
    metrics: tuple[Metric, ...]
    begins: str = ""

    def metric(self, key: str) -> Metric:
        return next(metric for metric in self.metrics if metric.key == key)

    def as_json(self) -> dict[str, Any]:
        """Its days, those it is held against, and of each metric both figures, the trend, and why one is absent."""
        parts = ("this", "last", "trend")
        return {
            "first_day": self.now.first_day.isoformat(),
            "last_day": self.now.last_day.isoformat(),
            "last_from": self.then.first_day.isoformat() if self.then else None,
            "last_to": self.then.last_day.isoformat() if self.then else None,
            "scorecard": {
                metric.key: {
                    part: None if (figure := getattr(metric, part)) is None else float(Fraction(figure))
                    for part in parts
                }
                for metric in self.metrics
            },
            "reasons": {
                metric.key: {part: why for part in parts if (why := getattr(metric, f"why_{part}"))}
                for metric in self.metrics
            },
        }


def comparisons(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> tuple[Comparison, ...]:
    """What [page] beside asks for, in that order: same quarter last year, year to date."""
    made, names = {"year_ago": year_ago, "year_to_date": year_to_date}, asked(con)
    return tuple(compare(con, quarter) for name, compare in made.items() if name in names)


def asked(con: duckdb.DuckDBPyConnection) -> set[str]:
    """The names in [page] beside."""
    return {name for (name,) in con.execute("select name from beside").fetchall()}


def year_ago(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Comparison:
    """The quarter beside that of the same number a fiscal year before."""
    then = _known(con, quarters.all_quarters(con).get(_a_year_before(quarter.name)))
    found = _compared(con, quarter, then, "the same quarter last year")
    return Comparison("year_ago", quarter, then, _last_day(con, quarter), found)


def year_to_date(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Comparison:
    """The fiscal year to the quarter's end beside the same part of the year before.

    Revenue, cost, hours, partners onboarded and value are summed over it; the activation rate is as at its end; growth
    is a month's, compound from the last month of the year before. A figure per cost is None where its export begins
    within the year.
    """
    with _years_to(con, quarter) as years:
        spans = quarters.all_quarters(years)
        now, then = spans[quarter.name], _known(con, spans.get(_a_year_before(quarter.name)))
        begins = own_calendar.first_day(con)
        if begins and now.first_day < begins:
            known = replace(now, months=tuple(month for month in now.months if month.month >= begins))
            return Comparison("year_to_date", known, None, quarter.last_day, _none_of(con, quarter, begins))
        found = _compared(years, now, then, "the same part of last year", number=int(quarter.name[-1]))
        late = _begins_within(con, _table_of(con, "revenue"), now)
    return Comparison("year_to_date", now, then, _last_day(con, now), found, late)


def _known(con: duckdb.DuckDBPyConnection, span: Quarter | None) -> Quarter | None:
    """A stretch of time, if it is of the calendar: before a calendar export begins, periods are made up."""
    begins = own_calendar.first_day(con)
    return None if span and begins and span.first_day < begins else span


def _none_of(con: duckdb.DuckDBPyConnection, quarter: Quarter, begins: date) -> tuple[Metric, ...]:
    """The five metrics of a year that begins before the calendar export does: none of them is known."""
    why = f"the calendar begins on {quarters.day_text(begins)}, within the year"
    return tuple(
        replace(
            metric(con, quarter),
            this=None,
            why_this=why,
            last=None,
            why_last=why,
            trend=None,
            why_trend=why,
            history=(),
        )
        for metric in metrics.FIVE
    )


def _last_day(con: duckdb.DuckDBPyConnection, span: Quarter) -> date:
    return span.last_day if quarters.ends_in_time(con, span) else quarters.call_days(con).last_day


def _a_year_before(name: str) -> str:
    return f"{int(name[:4]) - 1:04}{name[4:]}"


@contextmanager
def _years_to(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables under another calendar: each year to the quarter's number is one quarter, and its rest another."""
    number, known = int(quarter.name[-1]), spine(con)
    months = [*months_before(known[0], HISTORY), *known]
    years = con.cursor()  # Temporary tables are its own; they stand before those of the same name.
    try:
        years.execute("create temporary table months as from months limit 0")
        insert_rows(
            years,
            "months",
            ((month.month, month.next_month, month.name, _part(month, number)) for month in months),
        )
        by_quarter = con.execute(
            "select distinct table_name from duckdb_columns() where column_name = 'quarter'"
        ).fetchall()
        for table in TABLES:
            if (table,) in by_quarter:
                years.execute(f"create temporary table {table} as {read_sql(table)}")
        yield years
    finally:
        years.close()


def _part(month: Month, number: int) -> str:
    year, its = month.quarter[:4], int(month.quarter[-1])
    return f"{year}-Q{number if its <= number else number + 1}"


def _compared(
    con: duckdb.DuckDBPyConnection, now: Quarter, then: Quarter | None, noun: str, number: int = 1
) -> tuple[Metric, ...]:
    """The five metrics of two stretches of so many quarters: those of `now`, with those of `then` as their last."""
    these = [_of_years(con, metric(con, now), now, number) for metric in metrics.FIVE]
    if then is None:
        begins = own_calendar.first_day(con)
        why = (
            f"the calendar begins on {quarters.day_text(begins)}"
            if begins
            else f"the calendar has no {_a_year_before(now.name)}"
        )
        return tuple(
            replace(
                each, last=None, why_last=why, trend=None, why_trend=f"{noun} is not available", history=()
            )
            for each in these
        )
    those = [_of_years(con, metric(con, then), then, number) for metric in metrics.FIVE]
    return tuple(_beside(con, a, b, now, then, noun) for a, b in zip(these, those, strict=True))


def _of_years(con: duckdb.DuckDBPyConnection, metric: Metric, span: Quarter, number: int) -> Metric:
    """A metric of a stretch of so many quarters."""
    if number == 1:
        return metric
    if metric.unit == "monthly_rate" and metric.this is not None:
        # Found as over the three months of a quarter.
        grown = (1 + Decimal(str(metric.this))) ** (Decimal(1) / number) - 1
        return replace(metric, this=grown)
    is_per_cost = metric.key in ("cost_per_partner", "value_ratio")
    late = _begins_within(con, _table_of(con, metric.key), span) if is_per_cost else ""
    if late and metric.this is not None:
        return replace(metric, this=None, why_this=late)
    return metric


def _beside(
    con: duckdb.DuckDBPyConnection, this: Metric, that: Metric, now: Quarter, then: Quarter, noun: str
) -> Metric:
    """A metric with another stretch's figure as its last, and the trend between them, or why there is none."""
    is_sum = this.unit in SUMS
    trend, why = metrics.change(this.this, that.this, this.unit == "money", noun)
    if trend is not None:
        why = metrics.why_withheld(con, now, then, is_sum, noun)
    if trend is not None and not why and is_sum:
        late = [_begins_within(con, _table_of(con, this.key), span) for span in (then, now)]
        why = next((each for each in late if each), "")
    last: Figure = that.this
    return replace(
        this,
        last=last,
        why_last=that.why_this,
        trend=None if why else trend,
        why_trend=why,
        history=(),
    )


def _table_of(con: duckdb.DuckDBPyConnection, key: str) -> str:
    """The export whose days a sum is of."""
    basis = metrics.revenue_basis(con)
    of_revenue = {"recognised": "invoices", "transacted": "transactions", "unrealized": "calls"}[basis]
    return {"revenue": of_revenue, "cost_per_partner": "worklogs", "value_ratio": "costs"}[key]


def _begins_within(con: duckdb.DuckDBPyConnection, table: str, span: Quarter) -> str:
    """What to say where an export has nothing of a stretch's first period, but something of it; else empty."""
    found: Sequence[tuple[object, ...]] = con.execute(
        "select first_day from coverage where table_name = $table and first_day >= $second and first_day <= $last",
        {"table": table, "second": span.months[0].next_month, "last": span.last_day},
    ).fetchall()
    return f"the {table} begin on {quarters.day_text(found[0][0])}" if found else ""  # type: ignore[arg-type]
