"""Questions and their answers as Polars frames: one SELECT in kit/sql for each."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb
import polars as pl

from kit import quarters
from kit.blank import read_sql
from kit.errors import ReviewError
from kit.fiscal import Quarter
from kit.masks import words

LONGEST_MILESTONE, LONGEST_CATEGORY = 28, 24
STAGES = {
    "registered": "Registered",
    "sandbox": "Active in sandbox",
    "first_call": "First API call",
    "production": "Production",
}
UNREALIZED = ("unrealized", "unrealized_low", "unrealized_high")


def frame(con: duckdb.DuckDBPyConnection, question: str, **parameters: object) -> pl.DataFrame:
    """The answer of kit/sql/<question>.sql as a Polars frame."""
    return pl.DataFrame(con.sql(read_sql(question), params=parameters or None))


def setting(con: duckdb.DuckDBPyConnection, name: str) -> Any:
    """One value of the settings table."""
    return con.execute(f"select {name} from settings").fetchall()[0][0]


def has_rows(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether a table holds anything."""
    return bool(con.execute(f"select 1 from {table} limit 1").fetchall())


def row_of(con: duckdb.DuckDBPyConnection, question: str, quarter: Quarter) -> dict[str, Any]:
    """A quarter's row of a question that has one a quarter."""
    return by_quarter(con, question)[quarter.name]


def by_quarter(con: duckdb.DuckDBPyConnection, question: str) -> dict[str, dict[str, Any]]:
    """The rows of a question that has one a quarter, by the quarter's name."""
    return {row["quarter"]: row for row in frame(con, question).to_dicts()}


def divided(numerator: Any, denominator: Any) -> Fraction | None:
    """An exact quotient; None where the denominator is zero."""
    return Fraction(numerator) / Fraction(denominator) if denominator else None


def months_to(con: duckdb.DuckDBPyConnection, quarter: Quarter, count: int = 12) -> pl.DataFrame:
    """The last months to the quarter's end: active partners, calls, revenue by basis, and unrealized revenue.

    What the exports do not reach is null: usage before the first call, all after the last, money before its export
    begins or in quarters after it ends, and once the program bills what is unrealized in quarters after the last
    invoice's. `is_whole` says whether the calls cover the month.
    """
    days = quarters.call_days(con)
    quiet = pl.duration(days=days.silent_days)
    months = frame(con, "active_by_month").join(
        frame(con, "money_by_month").drop("name", "quarter"), on="month"
    )
    has_begun = pl.col("month") <= days.last_day
    has_calls = has_begun & (pl.col("next_month") > days.first_day)
    usage = ["active_partners", "calls", "active_calls"]
    quarter_begins = pl.col("quarter_begins")
    spans = {
        table: (pl.col("next_month") > first_day) & (quarter_begins <= last_day)
        for table, first_day, last_day in con.execute(
            "select table_name, first_day, last_day from coverage"
        ).fetchall()
    }
    # Nothing can be taken off of what no invoice tells.
    is_netted = quarter_begins <= _billed_to(con)
    return (
        months.with_columns(quarter_begins=pl.col("month").min().over("quarter"))
        .filter(pl.col("month") <= quarter.last_month.month)
        .tail(count)
        .with_columns(
            *(pl.when(has_calls).then(pl.col(name)) for name in usage),
            *(pl.when(has_calls & is_netted).then(pl.col(name)) for name in UNREALIZED),
            *(
                pl.when(has_begun & spans.get(table, pl.lit(False))).then(pl.col(name))
                for name, table in (("recognised", "invoices"), ("transacted", "transactions"))
            ),
            is_whole=(days.first_day <= pl.col("month") + quiet)
            & (days.last_day + quiet + pl.duration(days=1) >= pl.col("next_month")),
        )
    )


def _billed_to(con: duckdb.DuckDBPyConnection) -> date:
    """The last day of which invoices tell; before a program bills there is none to wait for."""
    if setting(con, "stage") != "monetized":
        return date.max
    found = con.execute("select last_day from coverage where table_name = 'invoices'").fetchall()
    return found[0][0] if found else date.min


def revenue_parts(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> pl.DataFrame:
    """Twelve months of what is billed by kind, and of unrealized revenue by part of the plan.

    `month`, `name`, `is_whole`, `bar` (billed or unrealized), `part`, `amount`, `is_estimate`; for what is unrealized
    the month's `low` and `high`, and the `price_list`. Months without any have no part; once a program bills, those
    of quarters after its last invoice are left out.
    """
    ends = {"unrealized_low": "low", "unrealized_high": "high"}
    months = (
        months_to(con, quarter)
        .drop_nulls("active_partners")
        .filter(pl.col("quarter_begins") <= _billed_to(con))
        .rename(ends)
    )
    is_estimate = pl.col("is_estimate")
    return (
        months.select("month", "name", "is_whole", *ends.values())
        .join(frame(con, "revenue_parts"), on="month", how="left", maintain_order="left")
        .with_columns(pl.when(is_estimate).then(pl.col(end)) for end in ends.values())
        .with_columns(price_list=pl.when(is_estimate).then(pl.lit(_base_case(con))))
    )


def _base_case(con: duckdb.DuckDBPyConnection) -> str | None:
    found = con.execute("select case_name from pricing_cases where is_base").fetchall()
    return str(found[0][0]) if found else None


def milestones(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """What moved the program: `date` and `text`, oldest first; ReviewError for a text too long for the page."""
    found = pl.DataFrame(con.sql("select date, label as text from milestones order by date, label"))
    _stop_at_long_texts(con, "milestones", "label", found["text"].to_list(), LONGEST_MILESTONE)
    return found


def _stop_at_long_texts(
    con: duckdb.DuckDBPyConnection, table: str, column: str, texts: Iterable[str], room: int
) -> None:
    """ReviewError naming the texts that are longer than their room on the page, their length, and where they stand."""
    told = []
    for text in sorted({text for text in texts if len(text) > room}):
        where = con.execute(
            f"select path, source_row from {table} inner join files using (file_id)"
            f" where lower({column}) = lower($text) order by path, source_row limit 1",
            {"text": text},
        ).fetchall()
        place = "".join(f" ({path}{f', data row {row}' if row else ''})" for path, row in where)
        told.append(
            f"{table}: {column} {words(text)!r} has {len(text)} characters{place}. There is room for {room}."
        )
    if told:
        raise ReviewError(
            "\n".join(
                [
                    *told,
                    "Shorten the text where it is kept, or with a SELECT of your own (`sql`) for this export.",
                ]
            )
        )


def partner_funnel(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> pl.DataFrame:
    """Partners at each stage by the end of the quarter: `stage`, `partners`, `share` of the registered,
    and of those who reached the stage before, how many `stopped` there and their `stop_share`."""
    row = by_quarter(con, "activation_by_quarter")[quarter.name]
    reached = [row[stage] for stage in STAGES]
    before = [None, *reached[:-1]]
    return pl.DataFrame(
        {
            "stage": list(STAGES.values()),
            "partners": reached,
            "share": [as_float(divided(count, reached[0])) for count in reached],
            "stopped": [None if b is None else b - count for b, count in zip(before, reached, strict=True)],
            "stop_share": [
                None if not b else as_float(divided(b - count, b))
                for b, count in zip(before, reached, strict=True)
            ],
        },
        schema_overrides={"stopped": pl.Int64, "stop_share": pl.Float64, "share": pl.Float64},
    )


def cost_and_value(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> pl.DataFrame:
    """The quarter's cost by category and value by kind: `side`, `part`, `is_estimate`, `amount`.

    `four_quarters` is the sum of the four to this one. Parts with neither have no row.
    """
    parts = frame(
        con,
        "cost_and_value_parts",
        first_day=quarters.quarters_to(con, quarter)[-4].first_day,
        quarter=quarter.name,
        last_day=quarter.last_day,
    )
    categories = parts.filter(pl.col("side") == "Cost")["part"].to_list()
    _stop_at_long_texts(con, "costs", "category", categories, LONGEST_CATEGORY)
    return parts.drop("position")


def as_money(figure: Fraction | None) -> Decimal | None:
    """An exact figure at the twelve decimals that money has, half to even; None stays None."""
    return None if figure is None else Decimal(round(figure * 10**12)).scaleb(-12)


def as_float(figure: Fraction | None) -> float | None:
    """A figure for a picture; None stays None."""
    return None if figure is None else float(figure)
