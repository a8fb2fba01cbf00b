"""The account of what became of every file and row of the exports."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import duckdb

from kit.copies import content_of, distinct_files
from kit.program import Program
from kit.rejects import Reject
from kit.remote import url_of
from kit.rows import insert_rows


def enter_files(
    con: duckdb.DuckDBPyConnection,
    program: Program,
    table: str,
    block: int,
    content: Callable[[Path], object] = content_of,
) -> tuple[dict[Path, int], list[Path]]:
    """Enter an export's files, named as seen from the program folder; their numbers, and which are to be read.

    Of files with the same content, read in the same way, that is the first.
    """
    exports = program.exports[table]
    before = [
        file
        for export in exports[:block]
        if export.model_copy(update={"path": exports[block].path}) == exports[block]
        for file in export.files(program.folder)
    ]
    files = exports[block].files(program.folder)
    first = distinct_files(list(dict.fromkeys([*before, *files])), content)
    read_before = set(before)
    own = [file for file in files if first[file] == file and file not in read_before]
    [(last,)] = con.execute("select coalesce(max(file_id), 0) from files").fetchall()
    ids = {file: last + place for place, file in enumerate(files, start=1)}
    known = dict(con.execute("select path, file_id from files where table_name = ?", [table]).fetchall())
    is_own = set(own)
    same = {
        file: ids[first[file]] if first[file] in is_own else known[file_name(program, first[file])]
        for file in files
    }
    insert_rows(
        con,
        "files",
        [
            (ids[file], table, block, file_name(program, file), None if file in is_own else same[file], None)
            for file in files
        ],
    )
    return ids, own


def file_name(program: Program, path: Path) -> str:
    """A file's name as seen from the program folder, or its url."""
    is_inside = path.is_relative_to(program.folder)
    return url_of(path) or str(path.relative_to(program.folder) if is_inside else path)


def enter_counts(
    con: duckdb.DuckDBPyConnection, file_ids: Mapping[Path, int], rows: Mapping[Path, int]
) -> None:
    """Enter how many rows files have."""
    for path, count in rows.items():
        con.execute("update files set read = ? where file_id = ?", [count, file_ids[path]])


def enter_rejects(
    con: duckdb.DuckDBPyConnection, file_ids: Mapping[Path, int], rejects: Sequence[Reject]
) -> None:
    """Enter the rows that cannot be used."""
    insert_rows(
        con,
        "rejects",
        [(file_ids[each.path], each.line, each.reason, _plain(each.text), each.rows) for each in rejects],
    )


def _plain(text: str) -> str:
    """Text with a sign in place of each byte that is none."""
    return text.rstrip("\r\n").encode(errors="replace").decode()
