"""Requests that logs tell of several times: found by their ids in all logs, within the memory there is."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from kit import machine
from kit.blank import read_sql
from kit.columns import literal
from kit.rows import insert_rows

# What a group of one id takes while ids are counted, seen with 100 M of them.
GROUP = 80  # bytes
# Requests told of again that differ in this are of one id by mistake, or not one request.
CONTENT = "called_at, api_key, partner_id, system, environment, product, operation, status, calls, units"


@dataclass(frozen=True)
class Contradiction:
    """A request that stands for several: its id as `request`, what is told of it, and of which logs and places."""

    request: str
    row_count: int
    why: str
    places: tuple[tuple[int, int | None], ...]


def find_repeats(con: duckdb.DuckDBPyConnection, row_count: int) -> tuple[list[Contradiction], int]:
    """Fill the table `repeated_calls` from the calls in `compared_calls`, which has so many rows.

    Gives the requests that stand for several, and how many are told of again with something else in them. Exact: all
    ids are compared, in as many turns as the memory asks for.
    """
    con.execute("create or replace temp table repeated (request uuid)")
    parts = 1 + row_count * GROUP // (machine.memory_limit() // 2)
    for part in range(parts):
        con.execute(
            "insert into repeated select request from compared_calls"
            # At another type than that of a hash, this would take four times as long.
            " where request is not null and hash(request) % $parts::ubigint = $part::ubigint"
            " group by request having count(*) > 1",
            {"parts": parts, "part": part},
        )
    con.execute(f"create or replace temp table repeated_calls as {read_sql('repeated_calls')}")
    found = [
        Contradiction(str(request), rows, why, tuple(map(tuple, places)))
        for request, rows, why, places in con.execute(read_sql("contradictory_calls")).fetchall()
    ]
    [(different,)] = con.execute(
        f"select count(*) from (select request from (select distinct request, {CONTENT} from repeated_calls)"
        " group by request having count(*) > 1)"
    ).fetchall()
    return found, different


def see_calls(con: duckdb.DuckDBPyConnection, files: Sequence[tuple[int, Path]]) -> None:
    """Make the view `compared_calls` of the calls of logs, given by their numbers and files."""
    con.execute("create or replace temp table call_files (log integer, file varchar)")
    insert_rows(con, "call_files", [(log, str(file)) for log, file in files])
    listed = ", ".join(literal(file) for file in dict.fromkeys(str(file) for _, file in files))
    con.execute(
        "create or replace temp view compared_calls as"
        " select call_files.log, calls.* exclude (file, file_row_number), file_row_number as line"
        f" from read_parquet([{listed}], filename = 'file', file_row_number = true) as calls"
        " inner join call_files using (file)"
    )


def contradiction_text(request_id: str, rows: int, why: str) -> str:
    """What to say of a request that stands for several."""
    return (
        f"request {request_id} is logged {rows} times, {why}: if that id stands for no request,"
        f' set null = ["{request_id}"] for the export'
    )
