"""The usage of all logs in stretches of days of one owner, kept: of a large program it takes longest to work out."""

from pathlib import Path

import duckdb

from kit.blank import read_sql
from kit.cache import Cache, key_of, put, version_of
from kit.columns import literal
from kit.log_usage import COMPRESSION

MODULES = ("kept_periods.py", "sql/period_usage.sql", "sql/periods.sql")
LEAST = 100_000  # rows of daily usage: fewer are worked out as fast as they are found


def note_key(con: duckdb.DuckDBPyConnection, key: str) -> None:
    """Note what the usage of all logs of a database is known by."""
    con.execute("create or replace temp table usage_key as select $key as key", {"key": key})


def make_period_usage(con: duckdb.DuckDBPyConnection, cache: Cache | None) -> None:
    """Make the table `period_usage`, from what was kept of it if logs and stretches are the same, and keep it."""
    file = _file(con, cache) if cache else None
    if cache is None or file is None:
        con.execute(f"create or replace table period_usage as {read_sql('period_usage')}")
        return
    if not cache.is_whole("all", file.stem):
        with cache.writing() as work:
            made = work / "periods.parquet"
            con.execute(f"copy ({read_sql('period_usage')}) to {literal(str(made))} ({COMPRESSION})")
            put(made, file)
    con.execute(
        "create or replace table period_usage as"
        f" select * replace (environment::environment as environment) from read_parquet({literal(str(file))})"
    )


def _file(con: duckdb.DuckDBPyConnection, cache: Cache) -> Path | None:
    """Where it is kept; None where usage is little, or not of logs alone."""
    if not con.execute("from duckdb_tables() where table_name = 'usage_key'").fetchall():
        return None
    if con.execute("from usage_of_sums limit 1").fetchall():
        return None
    if len(con.execute(f"select 1 from file_usage limit {LEAST}").fetchall()) < LEAST:
        return None
    [(key,)] = con.execute("from usage_key").fetchall()
    days = con.execute(
        "select day::varchar, period::varchar, month::varchar from periods order by day"
    ).fetchall()
    return cache.file("all", key_of([key, version_of(MODULES), days]))
