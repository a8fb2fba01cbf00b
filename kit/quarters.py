"""Which quarters there are, which one is reviewed, and whether the data covers it."""

from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from kit import fiscal
from kit.database import spine
from kit.errors import ReviewError
from kit.fiscal import Quarter

LONGEST_QUIET_DAYS = 4


def all_quarters(con: duckdb.DuckDBPyConnection) -> dict[str, Quarter]:
    """Every quarter of the program's calendar, by name."""
    return {quarter.name: quarter for quarter in fiscal.quarters(spine(con))}


def choose_quarter(con: duckdb.DuckDBPyConnection, name: str = "") -> Quarter:
    """The quarter of that name; without one, the last that the data completes.

    ReviewError for a name that is no quarter, or one of which the exports know nothing.
    """
    days = call_days(con)
    quarters = all_quarters(con)
    covered = [
        quarter
        for quarter in quarters.values()
        if days.first_day <= quarter.last_day and quarter.first_day <= days.last_day
    ]
    reach = f"the calls run from {day_text(days.first_day)} to {day_text(days.last_day)}"
    if not name:
        complete = [
            quarter for quarter in covered if ends_in_time(con, quarter) and begins_in_time(con, quarter)
        ]
        if not complete:
            raise ReviewError(
                f"The data completes no quarter: {reach}. Name one to see it so far: {covered[-1].name}."
            )
        return complete[-1]
    if not fiscal.is_quarter_name(name):
        raise ReviewError(fiscal.not_a_quarter(name))
    if name not in (quarter.name for quarter in covered):
        first, last = covered[0].name, covered[-1].name
        which = f"in {first}" if first == last else f"from {first} to {last}"
        raise ReviewError(f"{name} is not in the data: {reach}, {which}.")
    return quarters[name]


def quarters_to(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> list[Quarter]:
    """The calendar's quarters up to and with one, oldest first."""
    known = list(all_quarters(con).values())
    return known[: known.index(quarter) + 1]


def previous(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Quarter:
    """The quarter before; the calendar reaches three years back before the data."""
    return quarters_to(con, quarter)[-2]


@dataclass(frozen=True)
class CallDays:
    """First and last day with a call, and how many days without one are usual."""

    first_day: date
    last_day: date
    silent_days: int


def call_days(con: duckdb.DuckDBPyConnection) -> CallDays:
    """The days that the call logs cover; ReviewError if they hold no call."""
    first_day, last_day, silent_days = con.execute(
        "select first_day, last_day, silent_days from call_days"
    ).fetchall()[0]
    if first_day is None:
        raise ReviewError("The calls export holds no calls.")
    return CallDays(first_day, last_day, min(silent_days, LONGEST_QUIET_DAYS))


def begins_in_time(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> bool:
    """Whether the calls reach back to the quarter's first day, but for days as quiet as is usual."""
    days = call_days(con)
    return days.first_day <= quarter.first_day + timedelta(days=days.silent_days)


def ends_in_time(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> bool:
    """Whether the calls reach the quarter's last day, but for days as quiet as is usual."""
    days = call_days(con)
    return days.last_day >= quarter.last_day - timedelta(days=days.silent_days)


def day_text(day: date) -> str:
    """A day as the page writes it: 12 September 2026."""
    return f"{day.day} {day:%B %Y}"
