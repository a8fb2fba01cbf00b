"""Raw exports → canonical tables, and an account of what became of every file and row."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from kit.accounts import enter_counts, enter_files, enter_rejects
from kit.clocks import clock_changes, enter_clock_changes
from kit.columns import schema
from kit.errors import ReviewError
from kit.folders import scratch
from kit.opening import UNREADABLE, stop_at_endless
from kit.overlaps import set_repeats_aside, settle_overlaps
from kit.program import Export, Program
from kit.readable import readable_files
from kit.reading import Reading, fill_typed, row_counts, stop_at_columns_of_no_file
from kit.rejects import read_without_rejects, without_identity
from kit.remote import fetch, with_urls
from kit.rows import insert_rows
from kit.usage import is_log, load_logs, take_calls


class ExportsError(ReviewError):
    """Exports cannot be used: `faults` holds the table of each and what is wrong."""

    def __init__(self, faults: Sequence[tuple[str, str]]) -> None:
        super().__init__("\n".join(what for _, what in faults))
        self.faults = faults


def load_exports(
    con: duckdb.DuckDBPyConnection,
    program: Program,
    counted: bool = False,
    counted_logs: bool | None = None,
) -> None:
    """Fill the canonical tables from every export; ExportsError says of each that cannot be used what is wrong.

    Of call logs only the usage comes into the database. The rows of each file are counted only where asked for: of a
    log that was never counted, that means to read it once more; `counted_logs` decides it for logs alone.
    """
    wrong = []
    of_logs = counted if counted_logs is None else counted_logs
    for table, exports in program.exports.items():
        if table == "calls":
            wrong += [(table, what) for what in load_logs(con, program, of_logs)]
        for block, export in enumerate(exports):
            if is_log(table, export):
                continue
            try:
                load_export(con, program, table, export, block, counted)
            except ReviewError as error:
                wrong.append((table, with_urls(str(error))))
        set_repeats_aside(con, table)
    take_calls(con)
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
    fetch(export.files(program.folder))
    file_ids, own = enter_files(con, program, table, block)
    if not own:
        return
    for file in own:
        stop_at_endless(file)
    with scratch() as folder:
        reading = Reading(
            con, program, table, export, readable_files(own, folder, export.encoding, export.decimal)
        )
        if _has_faults(reading):
            rows, rejects, reading = read_without_rejects(reading, folder)
            enter_rejects(con, file_ids, rejects)
            enter_counts(con, file_ids, rows)
        elif counted:
            counts = row_counts(reading)
            enter_counts(con, file_ids, {reading.originals[path]: count for path, count in counts.items()})
        if counted:
            enter_clock_changes(con, table, block, export.timezone, clock_changes(reading).values())
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
    """ReviewError if no sum of a preset's calls says whose it is: then something was not switched on."""
    if reading.table != "calls":
        return
    [(is_nobodys,)] = reading.con.execute(
        "select bool_and(api_key is null and partner_id is null) from typed"
    ).fetchall()
    if is_nobodys:
        raise ReviewError(without_identity(reading))


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
