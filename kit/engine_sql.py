"""The SELECTs of kit/sql/engine_*.sql as each engine is sent them: with a table's columns, and in its own SQL."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from importlib.resources import files

from sqlglot import exp, parse_one
from sqlglot.errors import ParseError

from kit.errors import ReviewError
from kit.settings import Export
from kit.sources import canonical_columns

BEGINNING = date(1970, 1, 1)  # ClickHouse has no day before it
NAME = re.compile(r"\w+(\.\w+)*")
# Of a time Trino would else keep a thousandth, rounded, maybe into the next day; and ClickHouse the second.
INSTANTS = {
    "trino": "timestamp(6) with time zone",
    "athena": "timestamp(6) with time zone",
    "clickhouse": "Nullable(DateTime64(6, 'UTC'))",
}
CLOCKS = {"trino": "timestamp(6)", "athena": "timestamp(6)"}


def engine_sql(
    kind: str, export: Export, days: Sequence[date], program_zone: str, lookback: int | None = None
) -> str:
    """The SELECT that sums days of a table."""
    earliest = min(days) - timedelta(days=lookback) if lookback else BEGINNING
    return _of_calls("usage", kind, export, days, program_zone, earliest)


def faults_sql(kind: str, export: Export, days: Sequence[date], program_zone: str) -> str:
    """The SELECT that counts rows of days of a table, by the column that keeps them from being counted."""
    return _of_calls("faults", kind, export, days, program_zone, min(days))


def partitions_sql(kind: str, export: Export) -> str:
    """The SELECT that counts rows of a table by its column of days."""
    return _written(_parsed("partitions"), kind, export, {})


def _of_calls(
    question: str, kind: str, export: Export, days: Sequence[date], program_zone: str, earliest: date
) -> str:
    query = _parsed(question)
    query.with_("calls", as_=_parsed("calls"), copy=False)
    steps = query.args["with_"].expressions
    query.args["with_"].set("expressions", [steps[-1], *steps[:-1]])
    values: dict[str, exp.Expr | list[exp.Expr]] = {
        "program_zone": exp.Literal.string(program_zone),
        "days": [_day(day) for day in sorted(days)],
        "earliest": _day(earliest),
        "last": _day(max(days)),
    }
    return _written(query, kind, export, values | {name: _value(kind, export, name) for name in _names()})


def _names() -> list[str]:
    return canonical_columns()["calls"]


def _parsed(question: str) -> exp.Select:
    """A question of kit/sql, to be changed freely."""
    return _read(question).copy()


@cache
def _read(question: str) -> exp.Select:
    sql = files("kit").joinpath("sql", f"engine_{question}.sql").read_text(encoding="utf-8")
    return parse_one(sql, read="duckdb", into=exp.Select)


def _written(
    query: exp.Select, kind: str, export: Export, values: dict[str, exp.Expr | list[exp.Expr]]
) -> str:
    """The question with the values in it, in the engine's SQL."""
    values = values | {"day": _column(kind, str(export.day))}
    for mark in list(query.find_all(exp.Placeholder)):
        value = values[mark.name]
        mark.replace([each.copy() for each in value] if isinstance(value, list) else value.copy())
    for table in list(query.find_all(exp.Table)):
        if table.name == "logs":
            table.replace(_table(kind, export))
    for cast in query.find_all(exp.Cast):
        _make_exact(kind, cast)
    return query.sql(kind, pretty=True, comments=False)


def _make_exact(kind: str, cast: exp.Cast) -> None:
    for type_, exact in ((exp.DataType.Type.TIMESTAMPTZ, INSTANTS), (exp.DataType.Type.TIMESTAMPNTZ, CLOCKS)):
        if cast.to.is_type(type_) and kind in exact:
            cast.set("to", exp.DataType.build(exact[kind], dialect=kind))


def _day(day: date) -> exp.Expr:
    return exp.cast(exp.Literal.string(day.isoformat()), exp.DataType.Type.DATE)


def _table(kind: str, export: Export) -> exp.Expr:
    """The table, named in the engine's own spelling, as logs; ReviewError if it is no name."""
    try:
        return exp.alias_(exp.to_table(str(export.table), dialect=kind), "logs", table=True)
    except ParseError:
        raise ReviewError(
            f"{export.table!r} is no name of a table of {kind}. Write it like logs.gateway_calls."
        ) from None


def _column(kind: str, name: str) -> exp.Expr:
    """A column, or a field of one, as the settings name it. A name of Snowflake's keeps its case only where it must."""
    is_plain = NAME.fullmatch(name) is not None
    first, *fields = [
        exp.to_identifier(part, quoted=not is_plain or kind != "snowflake")
        for part in (name.split(".") if is_plain else [name])
    ]
    column = exp.column(first, table="logs")
    return exp.Dot.build([column, *fields]) if fields else column


def _value(kind: str, export: Export, name: str) -> exp.Expr:
    """What a table says in a canonical column, and where it says nothing the constant set; null without either."""
    column = _column(kind, export.columns[name]) if name in export.columns else None
    if column and name == "called_at" and export.timezone != "UTC":
        clock = exp.cast(column, exp.DataType.Type.TIMESTAMPNTZ)
        return exp.FromTimeZone(this=clock, zone=exp.Literal.string(export.timezone))
    constant = exp.Literal.string(export.set[name]) if name in export.set else None
    if column and constant:
        return exp.func("coalesce", exp.cast(column, exp.DataType.Type.VARCHAR), constant)
    return column or constant or exp.null()
