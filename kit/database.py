"""A program's folder → one database in memory, in which every stop from raw export to figure is a table."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import date, timedelta
from pathlib import Path

import duckdb

from kit import fiscal, weeks
from kit.blank import add_settings, empty_database, read_sql
from kit.cache import Cache, damaged, open_cache
from kit.errors import ReviewError
from kit.exports import load_exports
from kit.kept_periods import make_period_usage
from kit.masks import redacted
from kit.own_calendar import own_periods
from kit.program import Program, load_program
from kit.rows import insert_rows
from kit.settings import About

# Worked out where it is asked: of a large program it would be the largest table of all.
VIEWS = ("usage",)
# These read what was kept of call logs.
OF_LOGS = ("periods", "period_usage")
# In the order in which they are made: each asks only the tables before it.
TABLES = (
    "alias_paths",
    "registry",
    "periods",
    "period_usage",
    "traffic",
    "partner_usage",
    "production_usage",
    "stages",
    "recognised_revenue",
    "transaction_value",
    "onboarding_work",
    "program_costs",
    "attributed_revenue",
    "avoided_work",
    "internal_usage",
    "price_bands",
    "metered_usage",
    "plan_bills",
    "chosen_bills",
    "kept_usage",
    "kept_bills",
    "unrealized_revenue",
    "quarters",
    "coverage",
    "call_days",
    "evidence_by_quarter",
)
HISTORY = timedelta(days=3 * 366)


def open_program(folder: Path | str) -> duckdb.DuckDBPyConnection:
    """A connection to a program's tables, from its settings and exports to the rows behind each figure.

    The folder is looked for where one is, then beside the kit. ReviewError if settings or data are at fault.
    """
    return tables_of(load_program(folder))


def tables_of(program: Program, counted: bool = False) -> duckdb.DuckDBPyConnection:
    """A connection to the tables of a program whose settings are loaded.

    Where asked for, the rows of each file are counted, but for call logs whose rows were not counted before.
    """
    con = empty_database()
    add_settings(con, program)
    load_exports(con, program, counted, counted_logs=False)
    if not con.execute("from partners limit 1").fetchall():
        raise ReviewError("The partners export holds no partners.")
    add_months(con, program.program)
    make_tables(con, open_cache(program.folder) if program.exports.get("calls") else None)
    stop_at_stray_calls(con)
    return con


def make_tables(con: duckdb.DuckDBPyConnection, cache: Cache | None = None) -> None:
    """Make the tables between the exports and the figures; ReviewError if the exports contradict one another.

    The largest is kept in the cache, if one is given.
    """
    for view in VIEWS:
        con.execute(f"create or replace view {view} as {read_sql(view)}")
    for table in TABLES:
        with _reading_logs() if table in OF_LOGS else nullcontext():
            if table == "period_usage":
                make_period_usage(con, cache)
            else:
                con.execute(f"create or replace table {table} as {read_sql(table)}")
        if table == "price_bands":
            con.execute(read_sql("bills_of"))
        if table == "alias_paths":
            con.execute(read_sql("macros"))
            _stop_at_contradictions(con)


@contextmanager
def _reading_logs() -> Iterator[None]:
    """ReviewError if what was kept of call logs cannot be read."""
    try:
        yield
    except (duckdb.IOException, duckdb.InvalidInputException, duckdb.SerializationException) as error:
        raise damaged(error) from None


def _stop_at_contradictions(con: duckdb.DuckDBPyConnection) -> None:
    """ReviewError naming the rows of which only one can be true."""
    found = con.execute(read_sql("contradictions")).fetchall()
    if found:
        raise ReviewError(
            "\n".join(
                [
                    "The exports contradict themselves:",
                    *(f"  {table}: {redacted(what)}" for table, what in found),
                ]
            )
        )


def stop_at_stray_calls(con: duckdb.DuckDBPyConnection) -> None:
    """ReviewError if calls are dated more than two years after the ones before: a slip, or another program."""
    [(stray,)] = con.execute("select day_after_two_years from call_days").fetchall()
    if stray is not None:
        raise ReviewError(
            f"calls: after more than two years without a call there are some from {stray} on. Their dates look wrong;"
            " if they are right, leave the older logs out."
        )


def add_months(con: duckdb.DuckDBPyConnection, about: About) -> None:
    """Lay the spine of months under all dates of the exports, with three years of history before the first."""
    with _reading_logs():
        [(first_day, last_day)] = con.execute(read_sql("covered_days")).fetchall()
    if first_day is None:
        raise ReviewError("The exports hold no rows.")
    own = own_periods(con, last_day)
    months = (
        [*fiscal.months_before(own[0], HISTORY), *own]
        if own
        else list(_months_by_rule(about, first_day - HISTORY, last_day + timedelta(days=92)))
    )
    insert_rows(
        con, "months", ((month.month, month.next_month, month.name, month.quarter) for month in months)
    )
    insert_rows(con, "segments", fiscal.segments(months))


def _months_by_rule(about: About, first_day: date, last_day: date) -> Iterator[fiscal.Month]:
    """Calendar months, or the periods of a calendar of weeks."""
    if about.calendar is None:
        return fiscal.calendar_months(first_day, last_day, about.fiscal_year_start, about.year_named)
    return weeks.periods(first_day, last_day, about.calendar, about.ends, about.week_53, about.year_named)


def spine(con: duckdb.DuckDBPyConnection) -> list[fiscal.Month]:
    """The months of the program's calendar, oldest first."""
    rows: list[tuple[date, date, str, str]] = con.execute("from months order by month").fetchall()
    return [fiscal.Month(*row) for row in rows]
