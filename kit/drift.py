"""What the files of an export hold that nothing reads, and which columns come and go between them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from kit.errors import ReviewError
from kit.folders import scratch
from kit.opening import UNREADABLE
from kit.program import Program
from kit.raw import column_names, file_format, same_name
from kit.readable import readable_files
from kit.reading import Reading, shape_of, wanted_of
from kit.remote import fetch, url_of

LOOKED_AT = 1000  # objects of a JSON file


@dataclass(frozen=True)
class Drift:
    """Of one export: columns that nothing reads, how columns differ from file to file, in words, and which columns are
    read from some tables and missing in others."""

    table: str
    block: int
    not_read: tuple[str, ...]
    changes: tuple[str, ...]
    in_some: tuple[str, ...]


def drift(con: duckdb.DuckDBPyConnection, program: Program) -> list[Drift]:
    """The drift of every export; files that can't be read say nothing here."""
    found = []
    for table, exports in program.exports.items():
        for block, export in enumerate(exports):
            files = export.files(program.folder)
            with scratch() as folder:
                try:
                    if table == "calls":  # logs from elsewhere are not fetched for it
                        files = [file for file in files if file.is_file()]
                    fetch(files)
                    readable = readable_files(files, folder, export.encoding, export.decimal)
                except ReviewError:
                    continue
                found.append(_of_export(Reading(con, program, table, export, readable), block))
    return found


def _of_export(reading: Reading, block: int) -> Drift:
    columns = {
        original: names
        for file, original in reading.originals.items()
        if (names := _columns(reading, file)) is not None
    }
    read = _read_names(reading)
    everywhere = list(dict.fromkeys(name for names in columns.values() for name in names))
    not_read = [] if read is None else [name for name in everywhere if same_name(name) not in read]
    changes: dict[str, list[str]] = {}
    for name in everywhere:
        if change := _change(name, columns, reading.program.folder):
            changes.setdefault(change, []).append(name)
    return Drift(
        reading.table,
        block,
        tuple(not_read),
        tuple(f"{change}: {', '.join(names)}" for change, names in changes.items()),
        tuple(_read_in_some(reading, columns)),
    )


def _read_in_some(reading: Reading, columns: Mapping[Path, Sequence[str]]) -> Iterator[str]:
    """Columns that are read from some tables of an export and missing in others; objects may lack any key."""
    preset = reading.preset
    tables = [set(map(same_name, names)) for file, names in columns.items() if file_format(file) != "json"]
    if reading.export.sql or (preset and preset.types) or len(tables) < 2:
        return
    for column in wanted_of(reading):
        has = [any(same_name(name) in names for name in column.theirs) for names in tables]
        if any(has) and not all(has):
            yield column.theirs[0]


def _columns(reading: Reading, file: Path) -> list[str] | None:
    """The names of a file's columns, or keys of its objects; None where it has none, or can't be read."""
    preset = reading.preset
    if preset and (preset.is_lines or preset.layout.names):
        return None
    try:
        if file_format(file) == "json":
            return _keys(reading.con, file)
        shape = shape_of(reading, file)
        return list(shape.begins.names) if shape else column_names(reading.con, file, None)
    except (duckdb.Error, *UNREADABLE, ReviewError):
        return None


def _keys(con: duckdb.DuckDBPyConnection, file: Path) -> list[str]:
    rows = con.execute(
        "select key, min(place) from (select unnest(json_keys(json)) as key, place from"
        f" (select json, row_number() over () as place from read_json_objects($file, ignore_errors = true)"
        f" limit {LOOKED_AT}) where json_type(json) = 'OBJECT') group by key order by 2, 1",
        {"file": str(file)},
    ).fetchall()
    return [key for key, _ in rows]


def _read_names(reading: Reading) -> set[str] | None:
    """The names that an export's columns are read by; None where a SELECT of one's own may read any."""
    preset = reading.preset
    if reading.export.sql or (preset and preset.layout.records):
        return None
    if preset and preset.types:
        return {same_name(name) for name in preset.types}
    names = [name for column in wanted_of(reading) for name in column.theirs]
    return {same_name(part) for name in names for part in (name, name.split(".")[0])}


def _change(name: str, columns: dict[Path, list[str]], folder: Path) -> str:
    """In which files a column is, in words; empty if in all."""
    has = [same_name(name) in map(same_name, names) for names in columns.values()]
    if all(has):
        return ""
    shown = [
        url_of(file) or str(file.relative_to(folder) if file.is_relative_to(folder) else file)
        for file in columns
    ]
    since = has.index(True)
    if all(has[since:]):
        return f"new in {shown[since]}"
    last = len(has) - 1 - has[::-1].index(True)
    if all(has[: last + 1]):
        return f"gone after {shown[last]}"
    return f"in {sum(has)} of {len(has)} files, first in {shown[since]}"
