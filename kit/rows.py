"""Rows of values into a table."""

from collections.abc import Iterable, Sequence

import duckdb

MANY = 200  # rows: with more, their values' marks take longer to read than the values


def insert_rows(con: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Sequence[object]]) -> None:
    """Insert rows in one statement: one each takes longer than the rest of opening a program."""
    values = list(rows)
    if len(values) > MANY:
        columns = [list(column) for column in zip(*values, strict=True)]
        lists = ", ".join("unnest(?)" for _ in columns)
        con.execute(f"insert into {table} select {lists}", columns)
    elif values:
        marks = ", ".join(f"({', '.join('?' * len(row))})" for row in values)
        con.execute(f"insert into {table} values {marks}", [value for row in values for value in row])
