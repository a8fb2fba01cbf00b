"""Exports that repeat one another: the same file under two names, and files of one system for the same days.

Rows repeat by their vendor's id alone; without one nothing inside a file is dropped. Of two exports of one system the
later replaces the earlier for the days it covers. Files of a log are parts of it, though, unless they tell the same.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from pathlib import Path

import duckdb

from kit.columns import schema
from kit.errors import ReviewError
from kit.opening import UNREADABLE, endings, open_bytes
from kit.presets import read_preset
from kit.program import Export, Program
from kit.sources import files_of, natural

DAY = {
    "calls": "(called_at at time zone (select timezone from settings))::date",
    "transactions": "(transacted_at at time zone (select timezone from settings))::date",
    "invoices": "invoiced_at",
    "worklogs": "date",
    "costs": "date",
    "attributed": "date",
    "milestones": "date",
    "headcount": "month",
    "fx": "month",
}
# What the vendor numbers: a row of these is the same row wherever it is exported.
ID = {"calls": "request_id", "invoices": "line_id"}
ENOUGH = 5  # rows of two files in their common days that, with none in common, look like parts


@dataclass(frozen=True)
class Part:
    """A file of an export, its place among them from the earliest to the latest, and the days it covers."""

    file_id: int
    path: str
    first_day: date
    last_day: date

    def meets(self, other: "Part") -> bool:
        return self.first_day <= other.last_day and other.first_day <= self.last_day


# The same file


def distinct_files(paths: Sequence[Path]) -> dict[Path, Path]:
    """Each file, and the first that has the same content, compressed or not: itself, if there is none before."""
    by_size: dict[int, list[Path]] = {}
    for path in paths:
        by_size.setdefault(_size(path), []).append(path)
    first: dict[bytes | Path, Path] = {}
    return {
        path: first.setdefault(_content(path) if len(by_size[_size(path)]) > 1 else path, path)
        for path in paths
    }


def _size(path: Path) -> int:
    """How long a file's content is; for a gzip file what its end says, which may be of its last part alone."""
    size = path.stat().st_size
    if endings(path)[-1:] == [".gz"] and size > 4:
        with path.open("rb") as stream:
            stream.seek(-4, 2)
            return int.from_bytes(stream.read(4), "little")
    return size


def _content(path: Path) -> bytes | Path:
    """A hash of a file's content; the file itself if it is damaged."""
    try:
        with open_bytes(path) as stream:
            return hashlib.file_digest(stream, "sha256").digest()  # type: ignore[arg-type]  # any that can be read
    except UNREADABLE:
        return path


# The same rows


def set_repeats_aside(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Take out invoice lines that are exactly like one before them."""
    if table == "invoices":
        columns = ", ".join(name for name, *_ in schema(table))
        _set_aside(
            con,
            table,
            "duplicate",
            "the same line again",
            "select rowid from invoices"
            f" qualify row_number() over (partition by {columns} order by file_id, source_row) > 1",
        )


def _set_aside(
    con: duckdb.DuckDBPyConnection, table: str, fate: str, reason: str, rowids: str, **parameters: object
) -> None:
    """Take rows out of a table, and enter what became of them."""
    con.execute(f"create or replace temp table leaving as {rowids}", parameters)
    grain = "file_id, null::bigint" if table == "calls" else "file_id, source_row"
    con.execute(
        f"insert into set_aside select $table, {grain}, $fate, $reason, count(*) from {table}"
        " where rowid in (from leaving) group by all",
        {"table": table, "fate": fate, "reason": reason},
    )
    con.execute(f"delete from {table} where rowid in (from leaving)")


# The same days


def settle_overlaps(
    con: duckdb.DuckDBPyConnection, program: Program, table: str, export: Export, block: int
) -> None:
    """Of the files of one export, let the later replace the earlier for the days it covers.

    Later is what stands later in a list of paths, then what ends later, then what has the later name. ReviewError
    where files speak of the same days and have nothing in common: they may be parts of one export.
    """
    if export.overlap == "keep" or len(export.files(program.folder)) < 2:
        return
    if table == "partners":
        _replace_partners(con, program, export, block)
    if table not in DAY:
        return
    parts = _parts(con, program, table, export, block)
    meeting = [(earlier, later) for earlier, later in combinations(parts, 2) if earlier.meets(later)]
    if not meeting:
        return
    in_common = _in_common(con, table, [part.file_id for part in parts])
    for earlier, later in reversed(meeting):
        common = in_common.get((earlier.file_id, later.file_id), 0)
        if export.overlap == "replace" or _replaces(con, table, export, earlier, later, common):
            _replace_days(con, table, earlier, later)


def _parts(
    con: duckdb.DuckDBPyConnection, program: Program, table: str, export: Export, block: int
) -> list[Part]:
    """The files of an export that have rows, from the earliest to the latest."""
    # Calls are told apart by their requests, so that only those without an id may repeat unseen.
    without_id = "and request_id is null" if table == "calls" else ""
    rows = con.execute(
        f"select file_id, path, min({DAY[table]}), max({DAY[table]}) from {table} inner join files using (file_id)"
        f" where files.table_name = $table and block = $block {without_id} group by file_id, path",
        {"table": table, "block": block},
    ).fetchall()
    place = _places(program, export)
    return sorted(
        (Part(*row) for row in rows),
        key=lambda part: (place[part.path], part.last_day, natural(part.path)),
    )


def _places(program: Program, export: Export) -> dict[str, int]:
    """The last place in the export's list of paths that leads to each file."""
    folder = program.folder
    return {
        str(file.relative_to(folder)) if file.is_relative_to(folder) else str(file): place
        for place, pattern in enumerate(export.path)
        for file in files_of(folder, pattern)
    }


def _in_common(
    con: duckdb.DuckDBPyConnection, table: str, file_ids: Iterable[int]
) -> Mapping[tuple[int, int], int]:
    """How many rows two files have in common, by the lower and the higher of their numbers, both ways."""
    same = ID.get(table) if table != "calls" else None
    columns = same or ", ".join(name for name, *_ in schema(table))
    without_id = "and request_id is null" if table == "calls" else ""
    rows = con.execute(
        f"""
        with told as (
            select file_id, hash({columns}) as content, count(*) as row_count
            from {table}
            where list_contains($files::integer[], file_id) {without_id}
            group by all
        )
        select one.file_id, other.file_id, sum(least(one.row_count, other.row_count))::bigint
        from told as one
        inner join told as other on one.content = other.content and one.file_id <> other.file_id
        group by all
        """,
        {"files": list(file_ids)},
    ).fetchall()
    return {(one, other): count for one, other, count in rows}


def _replaces(
    con: duckdb.DuckDBPyConnection, table: str, export: Export, earlier: Part, later: Part, common: int
) -> bool:
    """Whether the later of two files tells the days of both anew; ReviewError if that can't be known."""
    if table in ID and table != "calls":
        return common > 0
    is_in_parts = export.preset is not None and read_preset(table, export.preset).is_in_parts
    is_log = table == "calls" and not (export.preset and read_preset(table, export.preset).is_summed)
    fewer = min(_rows_between(con, table, part, earlier, later) for part in (earlier, later))
    if is_log or is_in_parts:
        return common > 0 and common * 2 >= fewer
    if common == 0 and fewer >= ENOUGH:
        raise ReviewError(
            f"{table}: {earlier.path} and {later.path} both speak of"
            f" {max(earlier.first_day, later.first_day)} to {min(earlier.last_day, later.last_day)}, and have no row in"
            ' common. If they are parts of one export, set overlap = "keep"; if the later one replaces the earlier,'
            ' overlap = "replace".'
        )
    return True


def _rows_between(con: duckdb.DuckDBPyConnection, table: str, part: Part, earlier: Part, later: Part) -> int:
    """How many rows a file has in the days that two files have in common."""
    without_id = "and request_id is null" if table == "calls" else ""
    [(count,)] = con.execute(
        f"select count(*) from {table} where file_id = $file and {DAY[table]} between $first and $last {without_id}",
        {
            "file": part.file_id,
            "first": max(earlier.first_day, later.first_day),
            "last": min(earlier.last_day, later.last_day),
        },
    ).fetchall()
    return int(count)


def _replace_days(con: duckdb.DuckDBPyConnection, table: str, earlier: Part, later: Part) -> None:
    without_id = "and request_id is null" if table == "calls" else ""
    _set_aside(
        con,
        table,
        "replaced",
        f"replaced by {later.path}",
        f"select rowid from {table} where file_id = $file and {DAY[table]} between $first and $last {without_id}",
        file=earlier.file_id,
        first=later.first_day,
        last=later.last_day,
    )


def _replace_partners(con: duckdb.DuckDBPyConnection, program: Program, export: Export, block: int) -> None:
    """A partner in several files of an export is as the latest says; in one file twice it stays a contradiction."""
    rows = con.execute(
        "select distinct file_id, path from partners inner join files using (file_id)"
        " where files.table_name = 'partners' and block = $block",
        {"block": block},
    ).fetchall()
    if len(rows) < 2:
        return
    place = _places(program, export)
    ordered = sorted(rows, key=lambda row: (place[row[1]], natural(row[1])))
    for position, (file_id, _) in enumerate(ordered[:-1]):
        later = [row[0] for row in ordered[position + 1 :]]
        _set_aside(
            con,
            "partners",
            "replaced",
            "replaced by a later export",
            "select rowid from partners where file_id = $file and partner_id in"
            " (select partner_id from partners where list_contains($later::integer[], file_id))",
            file=file_id,
            later=later,
        )
