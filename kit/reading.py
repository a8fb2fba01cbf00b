"""One export on its way into its table: which rows its files hold, and the SELECT that makes values of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb

from kit.columns import is_ours, literal, marks, schema, typed
from kit.own_sql import read_own
from kit.presets import Preset, read_preset
from kit.program import Export, Program
from kit.raw import (
    PLAIN,
    Query,
    Wanted,
    column_names,
    file_format,
    header,
    json_layout,
    missing_stop,
    positions,
    same_name,
    select_all,
    select_json,
    select_lines,
    select_text,
    wanted_columns,
)
from kit.records import Shape


@dataclass(frozen=True)
class Reading:
    """An export, the table it is for, and its files: what is read → the file that it stands for."""

    con: duckdb.DuckDBPyConnection
    program: Program
    table: str
    export: Export
    originals: Mapping[Path, Path]

    @cached_property
    def preset(self) -> Preset | None:
        return read_preset(self.table, self.export.preset) if self.export.preset else None

    def named(self, message: str) -> str:
        """A message with the files' names in place of those of the text made of them."""
        for read, original in self.originals.items():
            message = message.replace(str(read), str(original))
        return message


def raw_rows(reading: Reading, numbered: bool) -> Query:
    """A SELECT of the rows as the files hold them; all values text, but for those of JSON and Parquet."""
    con, export, preset, paths = reading.con, reading.export, reading.preset, list(reading.originals)
    if preset and preset.is_lines:
        return select_lines(paths, numbered)
    if preset and preset.types:
        return select_json(con, paths, preset.types, numbered)
    if export.sql:
        return select_all(con, paths, export.delimiter, numbered)
    names, required = _names(reading)
    layout = preset.layout if preset else PLAIN
    return select_text(con, paths, names, _delimiter(reading), required, numbered, layout, export.decimal)


def _names(reading: Reading) -> tuple[dict[str, str], Sequence[str]]:
    """The columns wanted of the files, by our names, and which of them these must have."""
    if reading.preset:
        columns = (*reading.preset.required, *reading.preset.optional)
        return {name: name for name in columns}, reading.preset.required
    export, table = reading.export, reading.table
    names = {name: export.columns.get(name, name) for name, *_ in schema(table) if not is_ours(table, name)}
    return names, [
        name for name, _, is_required, _ in schema(table) if is_required and name not in export.set
    ]


def stop_at_columns_of_no_file(reading: Reading) -> None:
    """ReviewError naming the columns of `columns` in program.toml that none of an export's tables has."""
    files = [file for file in reading.originals if file_format(file) != "json"]
    if not reading.export.columns or len(files) < len(reading.originals):
        return  # an object may lack any key
    names = {file: column_names(reading.con, file, reading.export.delimiter) for file in files}
    there = {name for of_file in names.values() for name in positions(of_file)}
    missing = [theirs for theirs in reading.export.columns.values() if same_name(theirs) not in there]
    missing_stop(files[0], names[files[0]], missing)


def _delimiter(reading: Reading) -> str | None:
    return reading.export.delimiter or (reading.preset.delimiter if reading.preset else None)


def fill_typed(reading: Reading, numbered: bool) -> int:
    """Make the temporary table `typed` of an export: values, `problem`, source; how many rows have a problem."""
    con = reading.con
    query = typed(
        con,
        reading.program.program.timezone,
        reading.table,
        reading.export,
        staged(reading, numbered),
    )
    con.execute(f"create or replace temp table typed as {query.sql}", query.parameters)
    [(faulty,)] = con.execute("select count(problem) from typed").fetchall()
    return int(faulty)


def _declare_notation(con: duckdb.DuckDBPyConnection, export: Export) -> None:
    """Let presets read numbers in the notation that is set for an export, and ask whether one is."""
    is_stated = bool({"decimal", "thousands"} & export.model_fields_set)
    mark = literal(export.decimal)
    con.execute(
        f"create or replace temp macro read_stated(text) as read_number(text, {marks(export)});"
        f"create or replace temp macro write_stated(number) as replace(number::varchar, '.', {mark});"
        f"create or replace temp macro notation_is_stated() as {is_stated}"
    )


def staged(reading: Reading, numbered: bool) -> Query:
    """A SELECT that gives an export the canonical names, through its preset, its SQL or its `columns`."""
    raw = raw_rows(reading, numbered)
    _declare_notation(reading.con, reading.export)
    if reading.preset:
        text = reading.preset.sql
    elif reading.export.sql:
        text = read_own(reading.program.folder / reading.export.sql)
    else:
        return raw
    return Query(f"with raw as (\n{raw.sql}\n)\nselect * from (\n{text}\n)", raw.parameters)


def row_counts(reading: Reading) -> dict[Path, int]:
    """How many rows each file holds, by what is read for it."""
    raw = raw_rows(reading, numbered=False)
    counts = dict.fromkeys(reading.originals, 0)
    for source, count in reading.con.execute(
        f"select source, count(*) from ({raw.sql}) group by source", raw.parameters
    ).fetchall():
        counts[Path(source)] = count
    return counts


def shape_of(reading: Reading, path: Path) -> Shape | None:
    """How the records of a file follow one another; None where it is no text read record by record."""
    preset = reading.preset
    if preset and preset.is_lines:
        return Shape("lines")
    form = file_format(path)
    if form == "csv":
        layout = preset.layout if preset else PLAIN
        begins = header(reading.con, path, _delimiter(reading), layout, wanted_of(reading))
        width = len(begins.names)
        return Shape("csv", begins, 0 if layout.is_padded else width, width + layout.spare)
    if form == "json" and json_layout(reading.con, path) == "newline_delimited":
        return Shape("json")
    return None


def wanted_of(reading: Reading) -> list[Wanted]:
    """The columns wanted of the files, each with all its names."""
    names, required = _names(reading)
    return wanted_columns(names, required, reading.preset.layout if reading.preset else PLAIN)
