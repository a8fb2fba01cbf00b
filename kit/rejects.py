"""Reading an export again without its broken and faulty rows, which are kept aside; too many of them stop it."""

import errno
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

import duckdb

from kit import formats
from kit.columns import date_order, fault, schema
from kit.errors import ReviewError, shortened
from kit.masks import redacted
from kit.opening import UNREADABLE
from kit.reading import Reading, fill_typed, raw_rows, row_counts, shape_of
from kit.records import Record, Shape, plain_ending, sound_records, write_sound

SHOWN = 5
OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT)
KEYS_SHOWN = 30
LONGEST_REASON = 1000  # characters
MOST_FAULTY = 1_000_000  # rows: each is looked up in its file


@dataclass(frozen=True)
class Reject:
    """A row that cannot be used: its file, the line on which it begins, why, and the row as it stands there.

    `rows` is how many rows it may have been; `column` and `value` are those at fault, if it could be read.
    """

    path: Path
    line: int
    reason: str
    text: str
    rows: int = 1
    column: str = ""
    value: str | None = None


@dataclass(frozen=True)
class Copy:
    """What was read for a copy of sound records, and how these follow one another; None where nothing was copied."""

    of: Path
    shape: Shape | None


def read_without_rejects(reading: Reading, folder: Path) -> tuple[dict[Path, int], list[Reject], Reading]:
    """Make the table `typed` of the rows without fault; each file's rows, those kept aside, and what was read.

    ReviewError if these are more than the export's `rejects` allow, or all of a file, or if it can't be read at all.
    """
    rows, rejects, sound = read_sound(reading, folder)
    stop_at_too_many(reading, rows, rejects)
    return rows, rejects, sound


def read_sound(reading: Reading, folder: Path) -> tuple[dict[Path, int], list[Reject], Reading]:
    """What `read_without_rejects` does, however many rows are kept aside."""
    try:
        sound, copies, broken = _sound_copies(reading, folder)
        if fill_typed(sound, numbered=True) > MOST_FAULTY:
            raise ReviewError(_far_too_many(sound))
        counts = row_counts(sound)
    except (duckdb.Error, EOFError) as error:
        raise ReviewError(reading_failed(reading, folder, error)) from None
    rejects = sorted(
        [*broken, *_faulty_rows(sound, copies)], key=lambda reject: (str(reject.path), reject.line)
    )
    rows = {original: counts[read] for read, original in sound.originals.items()}
    for reject in broken:
        rows[reject.path] += reject.rows
    return rows, rejects, sound


def stop_at_too_many(reading: Reading, rows: Mapping[Path, int], rejects: Sequence[Reject]) -> None:
    """ReviewError if the rows kept aside are more than the export's `rejects` allow, or all of a file."""
    total = sum(rows.values())
    of_file = Counter[Path]()
    for reject in rejects:
        of_file[reject.path] += reject.rows
    is_whole = any(count >= rows[path] for path, count in of_file.items())
    if is_whole or sum(reject.rows for reject in rejects) > reading.export.rejects * total:
        raise ReviewError(_too_many(reading, rejects, total))


def _sound_copies(reading: Reading, folder: Path) -> tuple[Reading, dict[Path, Copy], list[Reject]]:
    """The export with copies of its text files that lack their broken records, what they are of, and these records."""
    copies: dict[Path, Copy] = {}
    broken: list[Reject] = []
    for number, (read, original) in enumerate(reading.originals.items()):
        try:
            shape = shape_of(reading, read)
            to = folder / f"sound-{number}{plain_ending(read)}" if shape else read
            records = write_sound(read, shape, to) if shape else []
        except UNREADABLE as error:
            if isinstance(error, OSError) and error.errno in OF_THE_DISK:
                raise
            raise ReviewError(
                f"{original}: the file ends in the middle or is damaged: {error}."
                " What it lacks cannot be counted: export it again."
            ) from None
        copies[to] = Copy(read, shape)
        broken += [Reject(original, each.line, each.reason, each.text, each.rows) for each in records]
    originals = {to: reading.originals[copy.of] for to, copy in copies.items()}
    return replace(reading, originals=originals), copies, broken


def _faulty_rows(reading: Reading, copies: Mapping[Path, Copy]) -> list[Reject]:
    """Take the rows that have a problem out of `typed`, with all that came of the same row of the file."""
    con = reading.con
    found = con.execute(
        "select distinct on (source, source_row) source, source_row, problem, problem_value from typed"
        " where problem is not null order by source, source_row"
    ).fetchall()
    if any(source is None or row is None for source, row, *_ in found):
        raise ReviewError(_without_place(reading, found))
    con.execute(
        "delete from typed where (source, source_row) in"
        " (select (source, source_row) from typed where problem is not null)"
    )
    rejects = []
    for source, rows in groupby(found, key=lambda row: row[0]):
        problems = {number: (column, value) for _, number, column, value in rows}
        copy = copies[Path(source)]
        is_json = copy.shape is not None and copy.shape.form == "json"
        records = _records(reading, Path(source), copy, list(problems))
        for number, (column, value) in problems.items():
            record = records[number]
            reason = _reason(reading, Path(source), is_json, column, value, record.text)
            rejects.append(
                Reject(reading.originals[Path(source)], record.line, reason, record.text, 1, column, value)
            )
    return rejects


def _records(reading: Reading, path: Path, copy: Copy, numbers: Sequence[int]) -> dict[int, Record]:
    """Rows of a file by their numbers; of a file that is not read line by line as JSON, and the number for the line."""
    if copy.shape:
        return sound_records(copy.of, copy.shape, set(numbers))
    raw = raw_rows(reading, numbered=True)
    rows = reading.con.execute(
        "select source_row, to_json(columns(* exclude (source, source_row)))::varchar"
        f" from ({raw.sql}) where source = $path and source_row in (select unnest($numbers::bigint[]))",
        raw.parameters | {"path": str(path), "numbers": list(numbers)},
    ).fetchall()
    return {number: Record(number, ", ".join(map(str, values)), "") for number, *values in rows}


def _reason(reading: Reading, path: Path, is_json: bool, column: str, value: str | None, text: str) -> str:
    """Why a row of a file that was written for this reading cannot be used."""
    types = {name: type_ for name, type_, *_ in schema(reading.table)}
    if is_json and value is None and reading.preset and reading.preset.types:
        # One value of a wrong type makes nulls of its whole row: which one, DuckDB knows.
        (line := path.with_suffix(".line")).write_text(text, encoding="utf-8")
        try:
            reading.con.execute(
                "from read_json($file, columns = $types, format = 'newline_delimited')",
                {"file": str(line), "types": reading.preset.types},
            ).fetchall()
        except duckdb.Error as error:
            return f"{redacted(shortened(str(error).split(': ', 2)[-1].splitlines()[0], LONGEST_REASON))}."
    what = f"column {column!r}: {fault(column, types[column], value, reading.export)}"
    if is_json and value is None:
        names = list(json.loads(text))[:KEYS_SHOWN]
        what += f" The object has: {', '.join(redacted(shortened(name)) for name in names)}."
    return what


# What to say


def reading_failed(reading: Reading, folder: Path, error: duckdb.Error | EOFError) -> str:
    """What DuckDB says of an export that it can't read, with the files and the SQL that it may mean."""
    reason = reading.named(str(error)).replace(f"{folder}/", "")
    reason = re.sub(r"\n *Original Line:.*", "", reason)  # it may hold anything, and be of any length
    reason = reason.split("\n\nLINE ")[0].split("Possible fixes")[0].split("Possible Solution")[0].strip()
    paths = [str(path) for path in reading.originals.values()]
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    by = reading.export.sql or (f"preset {reading.export.preset}" if reading.export.preset else "")
    named = f" by {by}" if by else ""
    reason = redacted(shortened(reason, LONGEST_REASON))
    return f"The {reading.table} export cannot be read{named}: {reason}\nFiles: {', '.join(paths[:SHOWN])}{more}."


def _too_many(reading: Reading, rejects: Sequence[Reject], total: int) -> str:
    """The first of the rows at fault: file, row, column, value, and what is allowed; then what may mend them."""
    lines = [
        f"{reject.path} row {reject.line}{', ' if reject.column else ': '}{reject.reason}"
        for reject in rejects[:SHOWN]
    ]
    count = sum(reject.rows for reject in rejects)
    more = [f"… and {count - SHOWN:,} rows more"] if count > SHOWN else []
    have = "row of the {} export has" if count == 1 else "rows of the {} export have"
    allowed = (
        f"Of its {formats.plural(total, 'row')} at most {float(reading.export.rejects * 100):g} % may be kept aside"
        " (`rejects` in program.toml)."
    )
    return "\n".join(
        [f"{count:,} {have.format(reading.table)} faults:", *lines, *more, *_hints(reading, rejects), allowed]
    )


def _hints(reading: Reading, rejects: Iterable[Reject]) -> list[str]:
    types = {name: type_ for name, type_, *_ in schema(reading.table)}
    values: dict[str, list[str]] = {}
    for reject in rejects:
        if reject.value is not None:
            values.setdefault(reject.column, []).append(reject.value)
    hints = [
        f"Column {column!r}: {order}"
        for column, given in values.items()
        if types[column] in ("DATE", "TIMESTAMP WITH TIME ZONE")
        and not reading.export.dates
        and (order := date_order(given))
    ]
    if reading.preset and any(reject.column and reject.value is None for reject in rejects):
        hints.append(preset_hint(reading))
    return hints


def preset_hint(reading: Reading) -> str:
    """What an export's preset says must be switched on."""
    if reading.preset is None:
        return ""
    header = f"kit/presets/{reading.table}/{reading.preset.name}.sql"
    return reading.preset.hint or f"See the header of {header} for what to switch on."


def without_identity(reading: Reading) -> str:
    """What to say of a preset's calls of which none says whose it is."""
    return f"The calls export says of no call whose it is. {preset_hint(reading)}"


def _far_too_many(reading: Reading) -> str:
    types = {name: type_ for name, type_, *_ in schema(reading.table)}
    [(column, value)] = reading.con.execute(
        "select problem, problem_value from typed where problem is not null limit 1"
    ).fetchall()
    return (
        f"More than {MOST_FAULTY:,} rows of the {reading.table} export have faults. The first has in column {column!r}:"
        f" {fault(column, types[column], value, reading.export)}"
    )


def _without_place(reading: Reading, found: Sequence[tuple[str, int, str, str | None]]) -> str:
    types = {name: type_ for name, type_, *_ in schema(reading.table)}
    column, value = found[0][2:]
    return (
        f"{len(found):,} or more rows that {reading.export.sql} selects have faults. The first has in column"
        f" {column!r}: {fault(column, types[column], value, reading.export)} Select source and source_row from raw"
        " too, and each is named."
    )
