"""Daily usage from a warehouse or cluster that holds the call logs: they are summed there, and the sums come back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple

import polars as pl

from kit.engine_clients import Client, Rows, client
from kit.engine_sql import engine_sql, faults_sql, partitions_sql
from kit.errors import ReviewError
from kit.formats import plural
from kit.settings import Engine, Export

__all__ = [
    "Connected", "Partition", "Usage", "client", "connected", "engine_sql", "missing", "partitions",
    "usage_in_batches", "usage_of",
]  # fmt: skip

DAYS_A_QUERY = 31
USAGE = {
    "partition_day": pl.Date,
    "day": pl.Date,
    "api_key": pl.String,
    "partner_id": pl.String,
    "environment": pl.String,
    "product": pl.String,
    "operation": pl.String,
    "status_class": pl.Int32,
    "is_repeat": pl.Boolean,
    "calls": pl.Int64,
    "units": pl.Decimal(38, 9),
    "row_count": pl.Int64,
}
MAY_BE_NULL = ("api_key", "partner_id", "product", "operation")
FAULTS = {
    "partition_day": pl.Date,
    "problem": pl.String,
    "row_count": pl.Int64,
    "least_environment": pl.String,
}


@dataclass(frozen=True)
class Connected:
    """An engine that can be asked; of the kinds of the settings, or any other that sqlglot writes SQL for."""

    kind: str
    client: Client
    lookback: int | None = None


@dataclass(frozen=True)
class Partition:
    """A day of an engine's table, and its rows: a day whose count has changed was written anew."""

    day: date
    rows: int


class Usage(NamedTuple):
    """The usage of some days, and how many rows of each day and column at fault it leaves out."""

    usage: pl.DataFrame
    rejected: pl.DataFrame


def connected(settings: Engine) -> Connected:
    """The engine that the settings name; ReviewError if its client is not there, or takes other settings."""
    try:
        return Connected(settings.kind, client(settings.kind, settings.connect), settings.lookback)
    except ReviewError:
        raise
    except Exception as error:  # each client has errors of its own
        hint = " Spark needs Java 17 or later." if settings.kind == "spark" else ""
        raise ReviewError(
            f"[engine] {settings.kind} cannot be reached: {_first_line(error)}{hint}"
        ) from error


def partitions(engine: Connected, export: Export) -> list[Partition]:
    """The days that a table holds, in order; ReviewError if rows have none."""
    answer = _ask(engine, export, partitions_sql(engine.kind, export))
    found = [Partition(*row) for rows in answer for row in rows]
    if undated := sum(each.rows for each in found if each.day is None):
        raise ReviewError(
            f"{export.table}: column {export.day!r} is null in {plural(undated, 'row')}, and they are of no day."
            " Allowed: a date in every row. Name a view without them, or a column that has one."
        )
    return sorted(found, key=lambda each: each.day)


def missing(
    there: Sequence[Partition], known: Mapping[date, int], export: Export, lookback: int | None = None
) -> list[date]:
    """The days to ask for, where `known` are the rows of those read before: new ones, changed ones, and all after them.

    A request that came late may be the first of its id, and one of a later day its repeat.
    """
    fresh = [each.day for each in there if known.get(each.day) != each.rows]
    if "request_id" not in export.columns or not fresh:
        return fresh
    reach = timedelta(days=lookback) if lookback else date.max - date.min
    return [each.day for each in there if any(day <= each.day and each.day - day <= reach for day in fresh)]


def usage_in_batches(
    engine: Connected, export: Export, days: Sequence[date], program_zone: str
) -> Iterator[tuple[Sequence[date], Usage]]:
    """The usage of days, some at a time and in order: the next are asked for when those before have been taken."""
    ordered = sorted(days)
    for start in range(0, len(ordered), DAYS_A_QUERY):
        batch = ordered[start : start + DAYS_A_QUERY]
        yield batch, usage_of(engine, export, batch, program_zone)


def usage_of(engine: Connected, export: Export, days: Sequence[date], program_zone: str) -> Usage:
    """The usage of days of a table, by the day in the program's zone too.

    ReviewError if more rows are at fault than the export's `rejects` allow, or if the table changes meanwhile.
    """
    faults = _frame(engine, export, FAULTS, faults_sql(engine.kind, export, days, program_zone))
    rejected = faults.filter(pl.col("problem").is_not_null())
    _stop_at_faults(export, rejected, _rows(faults))
    sql = engine_sql(engine.kind, export, days, program_zone, engine.lookback)
    usage = _frame(engine, export, USAGE, sql)
    # Polars makes a null of what is no Decimal, whatever the client says it is.
    if usage.select(pl.exclude(MAY_BE_NULL)).null_count().sum_horizontal().sum():
        raise ReviewError(f"{engine.kind} answers about {export.table} with figures that are none.")
    if _rows(usage) + _rows(rejected) != _rows(faults):
        raise ReviewError(
            f"{export.table} changed while it was read: {_rows(faults):,} rows of {min(days)} to {max(days)},"
            f" then {_rows(usage) + _rows(rejected):,}. Run this again when it is no longer written to."
        )
    return Usage(usage, rejected)


def _rows(frame: pl.DataFrame) -> int:
    return int(frame["row_count"].sum())


def _stop_at_faults(export: Export, rejected: pl.DataFrame, total: int) -> None:
    """ReviewError with each column at fault, if more rows are at fault than may be."""
    if _rows(rejected) <= export.rejects * total:
        return
    lines = [
        f"{export.table}, column {export.columns.get(problem, problem)!r}:"
        f" {plural(count, 'row')} {_fault(problem, least)}"
        for problem, count, least in rejected.group_by("problem")
        .agg(pl.sum("row_count"), pl.min("least_environment"))
        .sort("problem")
        .iter_rows()
    ]
    allowed = (
        f"Of {plural(total, 'row')} at most {float(export.rejects * 100):g} % may be left out (`rejects`)."
    )
    raise ReviewError("\n".join([*lines, allowed]))


def _fault(problem: str, least: str | None) -> str:
    if problem != "environment":
        return f"without a value. Allowed: {'a time' if problem == 'called_at' else 'a status like 200'} in every row."
    given = "without a value" if least is None else f"with no environment, such as {least!r}"
    return (
        f"{given}. Allowed: production, sandbox; where the table is all of one, set = {{ environment = … }}."
    )


def _frame(engine: Connected, export: Export, schema: Mapping[str, Any], sql: str) -> pl.DataFrame:
    """An engine's answer at its types, however few or many rows it comes in."""
    batches = [pl.DataFrame(rows, schema=dict(schema), orient="row") for rows in _ask(engine, export, sql)]
    return pl.concat([pl.DataFrame(schema=dict(schema)), *batches])


def _ask(engine: Connected, export: Export, sql: str) -> Iterator[Rows]:
    """The rows of an answer; ReviewError with what the engine says instead."""
    try:
        yield from engine.client.rows(sql)
    except Exception as error:  # each client has errors of its own
        raise ReviewError(
            f"{engine.kind} does not answer about {export.table}: {_first_line(error)}"
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
