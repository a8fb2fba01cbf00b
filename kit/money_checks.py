"""Checks of amounts and hours that are too strange to be taken as they stand, each beside what is usual."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import duckdb

from kit import formats, frames, quarters
from kit.doubts import Finding, figures_of, invoiced, money_text, rows_in, rows_of, weighed
from kit.fiscal import Month, Quarter
from kit.quarters import day_text

TIMES_LARGEST = 20  # usage of a month beside the largest amount of a partner's month in the year before
TOLD = Decimal("0.01")  # of the quarter's revenue, in lines that are like another


def drafted_months(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[Finding]:
    """Months of which most is not billed yet: drafts are no revenue."""
    rows = rows_in(con, "drafted_months", quarter)
    if not rows:
        return
    draft = sum((row["draft"] for row in rows), Decimal(0))
    lines = formats.plural(sum(row["line_count"] for row in rows), "line")
    months = " and ".join(_month(row) for row in rows)
    yield Finding(
        f"invoices: most of {months} is still draft ({money_text(con, draft)} in {lines}).",
        figures_of(con, "invoices"),
        severity=weighed(draft, invoiced(con, quarter) + draft),
        why="Drafts are no revenue: the quarter's is too low until they are sent.",
        mend="Let the billing system send the invoices, then export them again.",
        check="drafts",
        seen=tuple(
            f"{_month(row)}: {money_text(con, row['draft'])} of {money_text(con, row['amount'])} is draft"
            for row in rows
        ),
    )


def missing_kinds(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[Finding]:
    """Kinds of invoice line recognised in each of six months, and not in months that invoices reach: usage to come."""
    rows = rows_in(con, "missing_kinds", quarter)
    for kind in dict.fromkeys(row["kind"] for row in rows):
        without = [row for row in rows if row["kind"] == kind]
        missing = sum((row["usual"] for row in without), Decimal(0))
        yield Finding(
            f"invoices: no {kind} of {' and '.join(_month(row) for row in without)}, where"
            f" {money_text(con, without[0]['usual'])} a month is usual.",
            figures_of(con, "invoices"),
            severity=weighed(missing, invoiced(con, quarter) + missing),
            why="Revenue is too low by what is still to be billed, and unrealized revenue too high.",
            mend="Export invoices again once it is billed; if nothing of the kind is billed any more, this can stay.",
            check="kind missing",
        )


def invoiced_twice(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[Finding]:
    """Invoice lines like another in all but the id: in two exports, or in one beyond a partner's habit."""
    rows = rows_in(con, "invoiced_twice", quarter)
    whole = invoiced(con, quarter)
    for kind, where in (("source", "in another invoices export too"), ("same", "there twice")):
        of = [row for row in rows if row["kind"] == kind]
        amount = sum((row["amount"] for row in of), Decimal(0))
        if not of or amount < TOLD * whole:
            continue
        count = sum(row["line_count"] for row in of)
        lines, is_there = formats.plural(count, "line"), "is" if count == 1 else "are"
        is_lone = kind == "same" and len(of) == 1
        yield Finding(
            f"invoices: {lines} of {formats.plural(len(of), 'partner')} {is_there} {where}, alike in all but the id"
            f" ({money_text(con, amount)} of the quarter's revenue).",
            figures_of(con, "invoices"),
            severity="note" if is_lone else weighed(amount, whole),
            why="The same bill seems to be counted twice.",
            mend="Leave one of the two exports out of program.toml."
            if kind == "source"
            else "Void the copies in the billing system and export again; if both are owed, this can stay.",
            check="invoiced twice",
            seen=tuple(f"{row['name']}: {money_text(con, row['amount'])}" for row in of),
        )


def unusual_usage(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[Finding]:
    """Usage many times what any partner was billed in a month of the year before."""
    rows = rows_in(con, "unusual_usage", quarter, times=TIMES_LARGEST)
    if not rows:
        return
    amount = sum((row["amount"] for row in rows), Decimal(0))
    partners = formats.plural(len({row["partner_id"] for row in rows}), "partner")
    yield Finding(
        f"invoices: {money_text(con, amount)} of usage of {partners}, by the month over {TIMES_LARGEST} times the"
        f" largest amount of the year before, {money_text(con, rows[0]['largest'])}.",
        figures_of(con, "invoices"),
        severity=weighed(amount, invoiced(con, quarter)),
        why="An amount may be in cents, or of another currency.",
        mend="Compare the line with what the partner used and its price; correct it in the billing system.",
        check="usage amount",
        seen=tuple(f"{row['partner']}: {money_text(con, row['amount'])} in {_month(row)}" for row in rows),
    )


def unusual_rates(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[Finding]:
    """Rates of exchange in use far from those around them, in the quarter and the one before."""
    first_day = quarters.previous(con, quarter).first_day
    rows = rows_of(con, "unusual_rates", first_day=first_day, last_day=quarter.last_day)
    rates = {(row["currency"], row["month"]): row for row in rows}
    figures = {key for row in rows for key in figures_of(con, row["table_name"])}
    if figures:
        yield Finding(
            f"fx: {formats.plural(len(rates), 'rate')} of exchange more than three times the usual, or less than a"
            " third.",
            tuple(sorted(figures)),
            why="Amounts in this currency are as many times too high or too low.",
            mend="Compare the rate with the bank's, and correct it in the fx export.",
            check="rate unusual",
            seen=tuple(
                f"{currency}: {row['rate'].normalize():f} in {month:%B %Y}, where"
                f" {row['usual'].normalize():f} is usual"
                for (currency, month), row in rates.items()
            ),
        )


def negative_hours(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[Finding]:
    """Hours of onboarding below zero that take back no other entry."""
    rows = rows_in(con, "negative_hours", quarter)
    if not rows:
        return
    below = -sum((row["hours"] for row in rows), Decimal(0))
    hours = frames.row_of(con, "onboarding_by_quarter", quarter)["hours"]
    yield Finding(
        f"worklogs: {'1 entry takes' if len(rows) == 1 else f'{len(rows)} entries take'} off"
        f" {formats.count(below)} hours that no other entry holds.",
        figures_of(con, "worklogs"),
        severity=weighed(below, hours + below),
        why="They make onboarding cost less than the work that was done.",
        mend="Correct the entry in the time sheet and export it again.",
        check="negative hours",
        seen=tuple(
            f"{day_text(row['date'])}: {formats.count(row['hours'])} hours, {row['role']}, {row['activity']}"
            for row in rows
        ),
    )


MONEY_CHECKS: tuple[Callable[[duckdb.DuckDBPyConnection, Quarter], Iterator[Finding]], ...] = (
    drafted_months,
    missing_kinds,
    invoiced_twice,
    unusual_usage,
    unusual_rates,
    negative_hours,
)


def _month(row: Mapping[str, Any]) -> str:
    return Month(row["month"], row["next_month"], row["name"], row["quarter"]).text
