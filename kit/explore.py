"""A program opened for questions of one's own.

program = open_program("data/samples/northgate")
program.partners                                # a table by its own name, as a Polars frame
program.sql("select segment, count(*) as partners from registry group by segment")
by_group(program, "segment")                    # the five metrics, by segment
"""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import duckdb
import polars as pl

from kit import frames, metrics, quarters
from kit.blank import read_sql
from kit.database import TABLES, VIEWS, tables_of
from kit.errors import ReviewError
from kit.fiscal import Quarter
from kit.metrics import Metric
from kit.program import load_program

GROUPS = ("segment", "plan", "region", "product")
HEADER = re.compile(r"((?:^-- .*\n)+)(?:create table (\w+))?", re.MULTILINE)


class ExploredProgram:
    """A program's tables, and the quarter that is looked at.

    Every table is an attribute: `program.partners` is the export as read, `program.registry` the partners that count.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, quarter: Quarter) -> None:
        self.con, self.quarter = con, quarter

    def __repr__(self) -> str:
        return f"<{self.name}, {self.quarter.name}: {len(self._names)} tables>"

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._names]

    def __getattr__(self, name: str) -> pl.DataFrame:
        if name.startswith("_") or name not in self._names:
            raise AttributeError(f"There is no table {name!r}. program.tables() lists them.")
        return pl.DataFrame(self.con.sql(f'from "{name}"'))

    @cached_property
    def name(self) -> str:
        return str(frames.setting(self.con, "name"))

    @cached_property
    def currency(self) -> str:
        """The currency that all figures are in."""
        return str(frames.setting(self.con, "currency"))

    @cached_property
    def is_monetized(self) -> bool:
        return bool(frames.setting(self.con, "stage") == "monetized")

    @cached_property
    def _names(self) -> list[str]:
        rows = self.con.execute(
            "select table_name from duckdb_tables() where schema_name = 'main' and not temporary"
        ).fetchall()
        return sorted([*VIEWS, *(name for (name,) in rows)])

    def sql(self, question: str, **parameters: object) -> pl.DataFrame:
        """The answer of a SELECT in DuckDB's SQL over all tables, as a Polars frame; `$name` takes a parameter.

        duckdb.Error, in DuckDB's words, where it cannot be answered.
        """
        return pl.DataFrame(self.con.sql(question, params=parameters or None))

    def tables(self) -> pl.DataFrame:
        """Every table there is: `table`, its number of `rows`, and `what` it holds and what a row is."""
        told = _meanings()
        found = [
            (name, self.con.execute(f'select count(*) from "{name}"').fetchall()[0][0], told.get(name, ""))
            for name in self._names
        ]
        return pl.DataFrame(
            found, schema={"table": pl.String, "rows": pl.Int64, "what": pl.String}, orient="row"
        )

    def columns(self, table: str) -> pl.DataFrame:
        """The columns of a table: `column`, and its `type` in DuckDB. ReviewError if there is no such table."""
        if table not in self._names:
            raise ReviewError(f"There is no table {table!r}. program.tables() lists them.")
        return self.sql(
            "select column_name as column, data_type as type from duckdb_columns()"
            " where schema_name = 'main' and table_name = $table order by column_index",
            table=table,
        )

    @cached_property
    def as_of(self) -> date:
        """The quarter's last day, or the last with a call where the data ends before."""
        return min(self.quarter.last_day, quarters.call_days(self.con).last_day)

    @cached_property
    def begins(self) -> date:
        """The day from which quarters are the program's own: the calendar export's first, or the first of all."""
        [(own,)] = self.con.execute("select min(first_day) from calendar").fetchall()
        return own or date.min

    def quarters(self, count: int) -> list[Quarter]:
        """The last quarters of the program's own calendar to the one looked at, oldest first."""
        known = quarters.quarters_to(self.con, self.quarter)[-count:]
        return [each for each in known if each.first_day >= self.begins]

    @cached_property
    def scorecard(self) -> tuple[Metric, ...]:
        """The five metrics of the quarter."""
        return metrics.scorecard(self.con, self.quarter)


def open_program(folder: Path | str, quarter: str = "") -> ExploredProgram:
    """A program's folder read, for a quarter by its name, or else the last that the data completes.

    ReviewError if settings or data are at fault.
    """
    con = tables_of(load_program(folder))
    chosen = quarters.choose_quarter(con, quarter)
    metrics.stop_without_rates(con, chosen)
    return ExploredProgram(con, chosen)


def _meanings() -> dict[str, str]:
    """What each table holds: the comment above it where it is declared, or in the SELECT that makes it."""
    told = {}
    for file in ("canonical", "settings", "accounts"):
        for comment, table in HEADER.findall(read_sql(file)):
            if table:
                told[table] = _plain(comment)
    return told | {table: _plain(HEADER.match(read_sql(table)).group(1)) for table in (*VIEWS, *TABLES)}  # type: ignore[union-attr]


def _plain(comment: str) -> str:
    return " ".join(line.removeprefix("-- ") for line in comment.splitlines())


# The five metrics by group of partners


def by_group(program: ExploredProgram, by: str) -> pl.DataFrame:
    """The five metrics of each segment, plan, region or product of partners, and of all partners in the last row.

    A partner's product is the one it used most. What leads to no partner in the registry is `(no partner)`, what has
    no group `(none)`. Counts and money add up to the last row, exactly; rates are of each group's own counts.
    `cost` is the program's, by each group's share of successful production calls, for costs are booked to no partner:
    null where there are no calls or no costs. A figure that the page has not is null in all groups. ReviewError for
    another grouping.
    """
    if by not in GROUPS:
        raise ReviewError(f"{by!r} is no grouping of partners. Allowed: {', '.join(GROUPS)}.")
    quarter = program.quarter
    earlier = quarters.previous(program.con, quarter).last_month.month
    rows = frames.frame(
        program.con,
        "metrics_by_group",
        by=by,
        quarter=quarter.name,
        first_day=quarter.first_day,
        next_day=quarter.last_month.next_month,
        last_month=quarter.last_month.month,
        earlier_month=earlier,
    )
    booked = frames.row_of(program.con, "cost_and_value_by_quarter", quarter)["cost"]
    by_calls = shares_of(booked, rows.filter(~pl.col("is_total"))["calls"].to_list()) if booked else None
    parts: Sequence[Decimal | None] = by_calls or [None] * (rows.height - 1)
    costs = [*parts, booked or None]
    revenue = metrics.revenue_basis(program.con)
    absent = {metric.key for metric in program.scorecard if metric.this is None}
    found = [
        {
            by: row["partner_group"],
            "revenue": None if "revenue" in absent else row[revenue],
            "onboarded": row["onboarded"],
            "onboarding_cost": row["onboarding_cost"],
            "cost_per_partner": None
            if "cost_per_partner" in absent
            else frames.as_money(frames.divided(row["onboarding_cost"], row["onboarded"])),
            "registered": row["registered"],
            "production": row["production"],
            "activation_rate": frames.as_float(frames.divided(row["production"], row["registered"])),
            "value": row["recognised"] + row["attributed"] + row["avoided"],
            "cost": cost,
            "value_ratio": None
            if "value_ratio" in absent
            else _ratio(row["recognised"] + row["attributed"] + row["avoided"], cost),
            "active_before": row["active_before"],
            "active_partners": row["active_partners"],
            "growth_rate": None
            if "growth_rate" in absent
            else _growth(row["active_before"], row["active_partners"]),
            "calls": row["calls"],
        }
        for row, cost in zip(rows.to_dicts(), costs, strict=True)
    ]
    money = pl.Decimal(38, 12)
    amounts = ("revenue", "onboarding_cost", "cost_per_partner", "value", "cost")
    return pl.DataFrame(
        found,
        schema_overrides=dict.fromkeys(amounts, money)
        | dict.fromkeys(("activation_rate", "value_ratio", "growth_rate"), pl.Float64),
        infer_schema_length=None,
    )


def shares_of(total: Decimal, weights: Sequence[int]) -> list[Decimal] | None:
    """A total in parts by whole weights, to twelve decimals, that add up to it exactly; None without any weight."""
    in_all, parts, so_far = sum(weights), [], Decimal(0)
    if not in_all:
        return None
    running = 0
    for weight in weights:
        running += weight
        through = frames.as_money(Fraction(total) * running / in_all)
        assert through is not None
        parts.append(through - so_far)
        so_far = through
    return parts


def _ratio(value: Decimal, cost: Decimal | None) -> float | None:
    return frames.as_float(frames.divided(value, cost)) if cost and cost > 0 else None


def _growth(earlier: int, later: int) -> float | None:
    return float(metrics.compound_monthly_rate(earlier, later)) if earlier else None
