"""Raw exports → canonical tables, and an account of what became of every file and row."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from kit.clocks import count_clock_changes
from kit.columns import schema
from kit.copies import distinct_files
from kit.errors import ReviewError
from kit.opening import UNREADABLE
from kit.overlaps import set_repeats_aside, settle_overlaps
from kit.program import Export, Program
from kit.readable import readable_files
from kit.reading import Reading, fill_typed, row_counts, stop_at_columns_of_no_file
from kit.rejects import Reject, preset_hint, read_without_rejects
from kit.rows import insert_rows


class ExportsError(ReviewError):
    """Exports cannot be used: `faults` holds the table of each and what is wrong."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__("\n".join(what for _, what in faults))
        self.faults = faults


def load_exports(con: duckdb.DuckDBPyConnection, program: Program, counted: bool = False) -> None:
    """Fill the canonical tables from every export; ExportsError says of each that cannot be used what is wrong.

    The rows of each file are counted only where asked for: of call logs, that means to read them twice.
    """
    wrong = []
    for table, exports in program.exports.items():
        for block, export in enumerate(exports):
            try:
                load_export(con, program, table, export, block, counted)
            except ReviewError as error:
                wrong.append((table, str(error)))
        set_repeats_aside(con, table)
    if wrong:
        raise ExportsError(wrong)


def load_export(
    con: duckdb.DuckDBPyConnection,
    program: Program,
    table: str,
    export: Export,
    block: int = 0,
    counted: bool = False,
) -> None:
    """Append one export to its table, its faulty rows kept aside; ReviewError if these are too many for that."""
    file_ids, own = _enter_files(con, program, table, block)
    if not own:
        return
    with tempfile.TemporaryDirectory() as folder:
        reading = Reading(
            con, program, table, export, readable_files(own, Path(folder), export.encoding, export.decimal)
        )
        if _has_faults(reading):
            rows, rejects, reading = read_without_rejects(reading, Path(folder))
            _enter_rejects(con, file_ids, rejects)
            _enter_counts(con, file_ids, rows)
        elif counted:
            counts = row_counts(reading)
            _enter_counts(con, file_ids, {reading.originals[path]: count for path, count in counts.items()})
        if counted:
            count_clock_changes(reading, block)
        _stop_without_identity(reading)
        _append(reading, file_ids)
        settle_overlaps(reading, {file: file_ids[file] for file in own})


def _has_faults(reading: Reading) -> bool:
    """Whether an export, read into `typed`, has broken or faulty rows; ReviewError if its columns are wrong."""
    # Numbering rows leaves a core idle: of calls, the only large table, it is done when there is a fault to show.
    numbered = reading.table != "calls" or (reading.preset is not None and reading.preset.is_summed)
    try:
        stop_at_columns_of_no_file(reading)
        return fill_typed(reading, numbered) > 0
    except (duckdb.Error, *UNREADABLE):
        return True
    except ReviewError as error:
        raise ReviewError(reading.named(str(error))) from None


def _stop_without_identity(reading: Reading) -> None:
    """ReviewError if no call of a preset's log says whose it is: then something was not switched on."""
    if reading.table != "calls" or not reading.preset:
        return
    [(is_nobodys,)] = reading.con.execute(
        "select bool_and(api_key is null and partner_id is null) from typed"
    ).fetchall()
    if is_nobodys:
        raise ReviewError(f"The calls export says of no call whose it is. {preset_hint(reading)}")


def _append(reading: Reading, file_ids: Mapping[Path, int]) -> None:
    """Take what is in `typed` into the canonical table, each row with its file."""
    con, table = reading.con, reading.table
    con.execute("create or replace temp table sources (source varchar, file_id integer)")
    insert_rows(
        con, "sources", [(str(read), file_ids[original]) for read, original in reading.originals.items()]
    )
    # A SELECT of one's own may not say which file a row is of; where there is one file, it is that.
    only = next(iter(file_ids.values())) if len(file_ids) == 1 else None
    columns = ", ".join(name for name, *_ in schema(table))
    con.execute(
        f"insert into {table} by name select {columns}, source_row, coalesce(sources.file_id, $only) as file_id"
        " from typed left join sources using (source)",
        {"only": only},
    )


# The account


def _enter_files(
    con: duckdb.DuckDBPyConnection, program: Program, table: str, block: int
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
    first = distinct_files(list(dict.fromkeys([*before, *files])))
    own = [file for file in files if first[file] == file and file not in before]
    [(last,)] = con.execute("select coalesce(max(file_id), 0) from files").fetchall()
    ids = {file: last + place for place, file in enumerate(files, start=1)}
    known = dict(con.execute("select path, file_id from files where table_name = ?", [table]).fetchall())
    same = {
        file: ids[first[file]] if first[file] in own else known[_name(program, first[file])] for file in files
    }
    insert_rows(
        con,
        "files",
        [
            (ids[file], table, block, _name(program, file), None if file in own else same[file], None)
            for file in files
        ],
    )
    return ids, own


def _name(program: Program, path: Path) -> str:
    return str(path.relative_to(program.folder)) if path.is_relative_to(program.folder) else str(path)


def _enter_counts(
    con: duckdb.DuckDBPyConnection, file_ids: Mapping[Path, int], rows: Mapping[Path, int]
) -> None:
    for path, count in rows.items():
        con.execute("update files set read = ? where file_id = ?", [count, file_ids[path]])


def _enter_rejects(
    con: duckdb.DuckDBPyConnection, file_ids: Mapping[Path, int], rejects: Sequence[Reject]
) -> None:
    insert_rows(
        con,
        "rejects",
        [(file_ids[each.path], each.line, each.reason, _plain(each.text), each.rows) for each in rejects],
    )


def _plain(text: str) -> str:
    """Text with a sign in place of each byte that is none."""
    return text.rstrip("\r\n").encode(errors="replace").decode()
