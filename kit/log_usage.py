"""One call log → its daily usage, and what it says of each call: two small Parquet files in the cache."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

import duckdb

from kit.blank import read_sql
from kit.cache import Cache, put
from kit.columns import literal, typed
from kit.errors import ReviewError
from kit.masks import shown
from kit.opening import UNREADABLE, stop_at_endless
from kit.presets import read_preset
from kit.program import Export, Program
from kit.raw import Query, column_names, file_format, identifier, same_name
from kit.readable import readable_files
from kit.reading import Reading, staged, wanted_of
from kit.rejects import Reject, read_sound
from kit.remote import fetch, forget
from kit.unpacking import is_unpacked, unpack

NOT_ALIKE = ("called_at", "calls", "units", "request_id", "status", "source", "source_row")
SMALL_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "UTINYINT", "USMALLINT")
COMPRESSION = "compression zstd, row_group_size 500000, write_bloom_filter false"


@dataclass(frozen=True)
class Log:
    """What is read as one: a file of an export, or all files of one with a SELECT of its own; and its cache key."""

    paths: tuple[Path, ...]
    export: Export = field(compare=False)
    block: int
    key: str
    size: int


@dataclass(frozen=True)
class Block:
    """An export of logs, the numbers and fingerprints of its files, and those to be read as logs."""

    number: int
    export: Export
    file_ids: dict[Path, int]
    fingerprints: dict[Path, str]
    logs: tuple[Log, ...]


@dataclass(frozen=True)
class Told:
    """What is known of a log that was read, beside its usage.

    `rows` are how many its files have, where they were counted; `rejects` the rows that could not be used, without
    their text and with values as they may be kept; `told_first` and `told_last` the times of its calls that are
    somebody's and have no id.
    """

    row_count: int
    has_requests: bool
    has_owner: bool
    told_first: datetime | None
    told_last: datetime | None
    rows: tuple[int, ...] | None
    rejects: tuple[tuple[int, int, str, int, str, str | None], ...]

    def rejects_of(self, log: Log) -> list[Reject]:
        """The rows that could not be used."""
        return [
            Reject(log.paths[place], line, reason, "", count, column, value)
            for place, line, reason, count, column, value in self.rejects
        ]

    def as_json(self) -> str:
        return json.dumps(asdict(self), default=str)


def told_of(text: str) -> Told:
    """What `Told.as_json` wrote."""
    found = json.loads(text)
    times = (
        datetime.fromisoformat(found[name]) if found[name] else None for name in ("told_first", "told_last")
    )
    first, last = times
    rows = tuple(found["rows"]) if found["rows"] is not None else None
    rejects = tuple(tuple(reject) for reject in found["rejects"])
    return Told(**{**found, "told_first": first, "told_last": last, "rows": rows, "rejects": rejects})


def told_of_file(con: duckdb.DuckDBPyConnection, cache: Cache, log: Log) -> Told:
    """What is known of a log that is in the cache; duckdb.Error if what is there is no such file."""
    return told_of(noted(con, cache.file("days", log.key), "told"))


def noted(con: duckdb.DuckDBPyConnection, file: Path, key: str) -> str:
    """What was noted in a Parquet file under a key."""
    [(text,)] = con.execute(
        "select value from parquet_kv_metadata($file) where key = $key", {"file": str(file), "key": key}
    ).fetchall()
    return bytes(text).decode()


class FaultsError(Exception):
    """Logs have broken or faulty rows."""


def roll_up(
    con: duckdb.DuckDBPyConnection,
    program: Program,
    logs: Sequence[Log],
    cache: Cache,
    with_calls: bool = False,
) -> list[tuple[Log, ReviewError]]:
    """Put the usage of logs of one export into the cache; those that can't be read, and why.

    The database has the program's settings. Rows at fault are kept aside, however many.
    """
    try:
        fetch([path for log in logs for path in log.paths])
    except ReviewError as why:
        return [(log, why) for log in logs]
    try:
        _roll_up_together(con, program, logs, cache, with_calls)
    except (duckdb.Error, FaultsError, ReviewError, *UNREADABLE) as error:
        if isinstance(error, (duckdb.InterruptException, duckdb.OutOfMemoryException)):
            raise
        if len(logs) > 1:  # so that the faults of one don't hold up the others
            return [fault for log in logs for fault in roll_up(con, program, [log], cache, with_calls)]
        try:
            if isinstance(error, ReviewError):
                raise
            _roll_up_sound(con, program, logs[0], cache, with_calls)
        except ReviewError as why:
            return [(logs[0], why)]
    forget([path for log in logs for path in log.paths])
    return []


def _roll_up_together(
    con: duckdb.DuckDBPyConnection, program: Program, logs: Sequence[Log], cache: Cache, with_calls: bool
) -> None:
    """Read logs as they are; FaultsError, or what DuckDB says, where they have faults."""
    with cache.writing() as work:
        reading = reading_of(con, program, logs, work)
        with_calls = with_calls or keeps_calls(reading)
        try:
            query = staged(reading, numbered=False)
            types = {} if with_calls else _types(reading, query)
            is_gathered = not with_calls and can_gather(reading, types)
            if is_gathered:
                _tell_times(reading, query, types)
                query = _gathered(query, types)
            query = typed(con, program.program.timezone, "calls", reading.export, query)
        except ReviewError as error:
            raise ReviewError(reading.named(str(error))) from None
        _write(reading, query, logs, {}, cache, work, with_calls, is_gathered)


def _roll_up_sound(
    con: duckdb.DuckDBPyConnection, program: Program, log: Log, cache: Cache, with_calls: bool
) -> None:
    """Read a log without the rows at fault, record by record."""
    with cache.writing() as work:
        reading = reading_of(con, program, [log], work)
        rows, rejects, sound = read_sound(reading, work)
        kept = {
            "rows": tuple(rows[path] for path in log.paths),
            "rejects": tuple(
                (
                    log.paths.index(each.path),
                    each.line,
                    each.reason,
                    each.rows,
                    each.column,
                    each.value and shown(each.value),
                )
                for each in rejects
            ),
        }
        _write(
            sound, Query("select * from typed"), [log], kept, cache, work, with_calls or keeps_calls(sound)
        )
        con.execute("drop table typed")


def reading_of(con: duckdb.DuckDBPyConnection, program: Program, logs: Sequence[Log], work: Path) -> Reading:
    """The reading of logs of one export."""
    export = logs[0].export
    paths = [path for log in logs for path in log.paths]
    fetch(paths)
    is_lines = export.preset is not None and read_preset("calls", export.preset).is_lines
    for path in paths:
        # Of JSON DuckDB says it; what a file is unpacked into is looked at then.
        if (is_lines or file_format(path) != "json") and not is_unpacked(path):
            stop_at_endless(path)
    return Reading(
        con, program, "calls", export, readable_files(paths, work, export.encoding, export.decimal)
    )


def _write(
    reading: Reading,
    query: Query,
    logs: Sequence[Log],
    kept: Mapping[str, object],
    cache: Cache,
    work: Path,
    with_calls: bool,
    is_gathered: bool = False,
) -> None:
    """Write what a SELECT of typed rows gives to the cache, for each log; FaultsError if rows are at fault."""
    con = reading.con
    query = _calls_of_log(reading, query, work)
    whole = work / "calls.parquet" if with_calls else None
    if whole:
        con.execute(f"copy ({query.sql}) to {literal(str(whole))} ({COMPRESSION})", query.parameters)
        query = Query("select * from read_parquet($calls)", {"calls": str(whole)})
    of_table = (
        {"daily_usage": "gathered_usage"}
        if is_gathered
        else {"daily_usage": "daily_usage", "told_times": "told_times"}
    )
    for table, name in of_table.items():
        select = f"with calls_of_log as ({query.sql})\n{read_sql(name)}"
        con.execute(f"create or replace temp table {table} as {select}", query.parameters)
    if con.execute("from daily_usage where faulty_count > 0 limit 1").fetchall():
        raise FaultsError
    place = 0
    for log in logs:
        if not all(cache.is_as_it_was(path) for path in log.paths):
            raise ReviewError(
                f"{log.paths[0]}: the file was written to while it was read. Run again when it is whole."
            )
        part = _Part(log, place, len(logs) == 1, _is_row_for_row(reading))
        about = replace(_told(con, part), **kept)  # type: ignore[arg-type]  # of a log with faults
        if whole:
            _write_calls(con, part, whole, cache, work)
        _write_days(con, part, about, cache, work)  # last: by that a log counts as read
        place += len(log.paths)


@dataclass(frozen=True)
class _Part:
    """A log's part of what was read: its first file's place there, and whether it is all of it."""

    log: Log
    place: int
    is_all: bool
    is_row_for_row: bool

    @property
    def mine(self) -> str:
        """SQL for its rows; those of a SELECT may say no file."""
        return (
            "true"
            if self.is_all
            else f"place between {self.place} and {self.place + len(self.log.paths) - 1}"
        )

    @property
    def replaced(self) -> str:
        """SQL for its columns, its first file at place 0."""
        return f"replace (place - {self.place} as place)"


def _told(con: duckdb.DuckDBPyConnection, part: _Part) -> Told:
    """What is known of a log that was read without a fault."""
    [(rows, requests, has_owner)] = con.execute(
        "select coalesce(sum(row_count), 0), coalesce(sum(request_count), 0),"
        f" coalesce(bool_or(coalesce(api_key, partner_id) is not null), false) from daily_usage where {part.mine}"
    ).fetchall()
    [(first, last)] = con.execute(
        f"select min(told_first), max(told_last) from told_times where {part.mine}"
    ).fetchall()
    counts = _rows_of_files(con, part) if part.is_row_for_row else None
    return Told(rows, requests > 0, has_owner, first, last, counts, ())


def _rows_of_files(con: duckdb.DuckDBPyConnection, part: _Part) -> tuple[int, ...]:
    """How many rows each of a log's files has."""
    counts = dict(
        con.execute(
            f"select place, sum(row_count) from daily_usage where {part.mine} group by place"
        ).fetchall()
    )
    return tuple(int(counts.get(place, 0)) for place in range(part.place, part.place + len(part.log.paths)))


def _write_calls(con: duckdb.DuckDBPyConnection, part: _Part, whole: Path, cache: Cache, work: Path) -> None:
    """Write what a log says of each call, of those of all that were read with it."""
    calls = whole
    if not part.is_all:
        calls = work / f"{part.log.key}-calls.parquet"
        con.execute(
            f"copy (select * {part.replaced} from read_parquet($whole) where {part.mine})"
            f" to {literal(str(calls))} ({COMPRESSION})",
            {"whole": str(whole)},
        )
    put(calls, cache.file("calls", part.log.key))


def _write_days(con: duckdb.DuckDBPyConnection, part: _Part, about: Told, cache: Cache, work: Path) -> None:
    """Write a log's daily usage, and what is known of it."""
    days = work / f"{part.log.key}-days.parquet"
    con.execute(
        f"copy (select * exclude (request_count, faulty_count) {part.replaced} from daily_usage where {part.mine})"
        f" to {literal(str(days))} ({COMPRESSION}, kv_metadata {{told: $told}})",
        {"told": about.as_json()},
    )
    put(days, cache.file("days", part.log.key))


def _calls_of_log(reading: Reading, query: Query, work: Path) -> Query:
    query, sources = unpack(reading.con, query, [str(read) for read in reading.originals], work)
    select = f"with typed_calls as ({query.sql})\n{read_sql('calls_of_log')}"
    return Query(select, query.parameters | {"sources": sources})


# Of a large Parquet log, reading values takes less than making them canonical: rows alike are brought together first.


def can_gather(reading: Reading, types: Mapping[str, str]) -> bool:
    """Whether a log is one Parquet file of single calls whose times lead to days without being read as text."""
    export = reading.export
    if reading.preset or export.sql or len(reading.originals) > 1:
        return False
    if {"calls", "units", "called_at"} & export.set.keys() or _says(reading, "calls", "units"):
        return False
    kind = types["called_at"]
    return kind == "TIMESTAMP WITH TIME ZONE" or (kind == "TIMESTAMP" and export.timezone == "UTC")


def _types(reading: Reading, query: Query) -> dict[str, str]:
    described = reading.con.execute(f"describe {query.sql}", query.parameters).fetchall()
    return {row[0]: row[1] for row in described}


def _gathered(query: Query, types: Mapping[str, str]) -> Query:
    """The SELECT of a log's rows with those alike as one: of one day, the first time and how many they are."""
    alike = ", ".join(name for name in types if name not in NOT_ALIKE)
    status = "status // 100 * 100" if types["status"] in SMALL_NUMBERS else "status"
    day = f"({_instant(types['called_at'])} at time zone (select timezone from settings))::date"
    return Query(
        f"""select {alike}, {status} as status, min(called_at) as called_at, count(*) as calls
from ({query.sql}) left join zone_days on zone_days.quarter_hour = epoch_us(called_at) // 900000000
group by {alike}, {status}, coalesce(zone_days.day, {day})""",
        query.parameters,
    )


def _instant(kind: str) -> str:
    return "called_at" if kind == "TIMESTAMP WITH TIME ZONE" else "(called_at at time zone 'UTC')"


def _tell_times(reading: Reading, query: Query, types: Mapping[str, str]) -> None:
    """Make `told_times` of a log before its rows are brought together; a Parquet file says it in its footer."""
    first, last = (f"{each}({_instant(types['called_at'])})" for each in ("min", "max"))
    reading.con.execute(
        f"create or replace temp table told_times as select 0 as place, {first} as told_first, {last} as told_last"
        f" from ({query.sql})",
        query.parameters,
    )


def keeps_calls(reading: Reading) -> bool:
    """Whether what a log says of each call is kept: text takes long to read again, and all ids are compared."""
    if reading.export.sql or any(file_format(path) != "parquet" for path in reading.originals):
        return True
    return _says(reading, "request_id")


def _says(reading: Reading, *columns: str) -> bool:
    """Whether a Parquet file of a log has one of our columns, and something in it."""
    theirs = [name for column in wanted_of(reading) if column.ours in columns for name in column.theirs]
    return any(_has_values(reading.con, path, theirs) for path in reading.originals)


def _has_values(con: duckdb.DuckDBPyConnection, path: Path, names: Sequence[str]) -> bool:
    """Whether a Parquet file has a column of one of these names, and something in it."""
    wanted = set(map(same_name, names))
    columns = [identifier(name) for name in column_names(con, path, None) if same_name(name) in wanted]
    return any(
        con.execute(
            f"select 1 from read_parquet($file, hive_partitioning = false) where {column} is not null limit 1",
            {"file": str(path)},
        ).fetchall()
        for column in columns
    )


def _is_row_for_row(reading: Reading) -> bool:
    """Whether each row that files hold gives one call, so that rows need not be counted by themselves."""
    if reading.preset is None:
        return not reading.export.sql
    select = re.sub("--.*", "", reading.preset.sql).lower()
    return not re.search(r"\b(where|unnest|union|qualify|group|distinct|join|limit)\b", select)
