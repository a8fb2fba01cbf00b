"""A program's folder → one database in memory, in which every stop from raw export to figure is a table."""

from datetime import date, timedelta
from decimal import Decimal
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import duckdb

from kit import fiscal
from kit.errors import ReviewError
from kit.exports import load_exports
from kit.program import Program, load_program

# In the order in which they are made: each asks only the tables before it.
TABLES = (
    "alias_paths",
    "registry",
    "usage",
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
    "plan_bills",
    "unrealized_revenue",
    "quarters",
    "coverage",
    "call_days",
)
HISTORY = timedelta(days=3 * 366)


def open_program(folder: Path | str) -> duckdb.DuckDBPyConnection:
    """A connection to a program's tables, from its settings and exports to the rows behind each figure.

    The folder is looked for where one is, then beside the kit. ReviewError if settings or data are at fault.
    """
    program = load_program(locate(folder))
    con = empty_database()
    add_settings(con, program)
    load_exports(con, program)
    add_months(con, program.program.fiscal_year_start)
    make_tables(con)
    return con


def locate(folder: Path | str) -> Path:
    """A program's folder, from where one is or else from where the kit is."""
    path = Path(folder)
    return path if path.is_absolute() or path.exists() else Path(__file__).parent.parent / path


def empty_database() -> duckdb.DuckDBPyConnection:
    """A database with every canonical and settings table, empty."""
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    for name in ("canonical", "settings", "reading"):
        con.execute(read_sql(name))
    return con


def read_sql(name: str) -> str:
    """The text of kit/sql/<name>.sql."""
    return files("kit").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def make_tables(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables between the exports and the figures; ReviewError if the exports contradict one another."""
    for table in TABLES:
        con.execute(f"create or replace table {table} as {read_sql(table)}")
        if table == "alias_paths":
            con.execute(read_sql("macros"))


def add_settings(con: duckdb.DuckDBPyConnection, program: Program) -> None:
    """Put program.toml's settings into their tables."""
    about = program.program
    for currency, digits in minor_digits().items():
        _insert(con, "minor_units", currency, _unit(digits))
    unit = _unit(minor_digits().get(about.currency, 2))
    _insert(con, "settings", about.name, about.currency, unit, about.timezone, about.stage, about.min_calls)
    for rate in program.rates:
        _insert(con, "rates", rate.role.lower(), rate.hourly, rate.from_)
    if program.attribution:
        _insert(
            con, "attribution", program.attribution.low, program.attribution.base, program.attribution.high
        )
    for work in program.avoidance:
        per_call = work.minutes * work.hourly / 60
        _insert(
            con, "avoidance", work.operation, per_call * work.low, per_call * work.share, per_call * work.high
        )
    for field, values in program.exclude.model_dump().items():
        for value in values:
            _insert(con, "excluded", field, value)
    if program.goal:
        _insert(con, "goal", program.goal.partners_to_add)
    if program.plan:
        _insert(con, "action_plan", program.plan.doing)
        for need in program.plan.needs:
            _insert(con, "needs", need.what, need.amount)
    for case in program.pricing:
        _insert(con, "pricing_cases", case.case, case.base, case.assign, case.low, case.conversion, case.high)
        for position, plan in enumerate(case.plans):
            _insert(
                con,
                "pricing_plans",
                case.case,
                plan.name,
                position,
                plan.fee,
                plan.included,
                plan.minimum,
                plan.mode,
                plan.package,
            )
            above = Decimal(0)
            for tier in plan.tiers:
                _insert(con, "pricing_tiers", case.case, plan.name, above, tier.up_to, tier.price, tier.flat)
                above = tier.up_to or above


def minor_digits() -> dict[str, int]:
    """Decimal digits of the currencies that don't have two (ISO 4217, from Unicode's CLDR)."""
    from babel.core import get_global  # Babel takes a moment to load; most imports of the kit don't need it.

    return {
        currency: fraction[0]
        for currency, fraction in get_global("currency_fractions").items()
        if fraction[0] != 2 and currency != "DEFAULT"
    }


def _unit(digits: int) -> Decimal:
    return Decimal(1).scaleb(-digits)


def _insert(con: duckdb.DuckDBPyConnection, table: str, *values: object) -> None:
    con.execute(f"insert into {table} values ({', '.join('?' * len(values))})", values)


def add_months(con: duckdb.DuckDBPyConnection, fiscal_year_start: int) -> None:
    """Lay the spine of months under all dates of the exports, with three years of history before the last."""
    [(first_day, last_day)] = con.execute(read_sql("covered_days")).fetchall()
    if first_day is None:
        raise ReviewError("The exports of calls and partners hold no rows.")
    months = _own_calendar(con) or list(
        fiscal.calendar_months(first_day - HISTORY, last_day + timedelta(days=92), fiscal_year_start)
    )
    for month in months:
        _insert(con, "months", month.month, month.next_month, month.name, month.quarter)
    for segment in fiscal.segments(months):
        _insert(con, "segments", *segment)


def _own_calendar(con: duckdb.DuckDBPyConnection) -> list[fiscal.Month]:
    """The periods of the calendar export, if there is one; ReviewError where they leave a gap or overlap."""
    rows = con.execute(
        "select first_day, last_day, period, quarter from calendar order by first_day"
    ).fetchall()
    months = [
        fiscal.Month(first, last + timedelta(days=1), period, fiscal.check_quarter_name(quarter))
        for first, last, period, quarter in rows
    ]
    for before, after in pairwise(months):
        if before.next_month != after.month:
            raise ReviewError(
                f"The calendar has a gap or an overlap: period {before.name!r} ends on"
                f" {before.next_month - timedelta(days=1)}, and {after.name!r} begins on {after.month}."
            )
    return months


def spine(con: duckdb.DuckDBPyConnection) -> list[fiscal.Month]:
    """The months of the program's calendar, oldest first."""
    rows: list[tuple[date, date, str, str]] = con.execute("from months order by month").fetchall()
    return [fiscal.Month(*row) for row in rows]
