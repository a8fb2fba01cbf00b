"""Call logs → daily usage: each log is read once, and again only when it, its export's settings or the kit change.

Everything but this reads usage. Keys lead to partners afterwards, so that another key table reads no log again.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache as once
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from kit import machine
from kit.accounts import enter_counts, enter_files, enter_rejects
from kit.blank import add_settings, empty_database, read_sql
from kit.cache import Cache, key_of, open_cache, put
from kit.clocks import clock_changes, enter_clock_changes
from kit.columns import literal, typed
from kit.copies import content_of
from kit.errors import ReviewError
from kit.log_reading import jobs_of, read_logs
from kit.log_usage import COMPRESSION, Log, Told, noted, reading_of, told_of, told_of_file
from kit.overlaps import LogFile, Window, meeting_logs, settle_logs
from kit.presets import read_preset
from kit.program import Export, Program
from kit.reading import Reading, row_counts, staged, stop_at_columns_of_no_file
from kit.rejects import Reject, read_sound, stop_at_too_many, without_identity
from kit.remote import bytes_of, forget, url_of, with_urls
from kit.repeats import Contradiction, find_repeats, see_calls
from kit.rows import insert_rows
from kit.table_usage import table_logs

SHOWN = 5
# Settings of an export that don't change what one file says.
OF_MANY = {"path", "overlap", "rejects"}
# What decides how a log becomes usage: where one of these files changes, what was cached is made anew.
MODULES = (
    "columns.py", "currencies.py", "log_usage.py", "opening.py", "raw.py", "readable.py", "reading.py", "records.py",
    "rejects.py", "unpacking.py", "usage.py", "sql/calls_of_log.sql", "sql/canonical.sql", "sql/daily_usage.sql",
    "sql/reading.sql", "sql/settings.sql", "sql/told_times.sql", "sql/zone_days.sql",
)  # fmt: skip
# And what decides how the usage of all becomes one.
OF_ALL = ("overlaps.py", "repeats.py", "sql/all_usage.sql", "sql/repeated_calls.sql", "sql/taken_out.sql")


def is_log(table: str, export: Export) -> bool:
    """Whether an export is of single calls, and not of sums that a gateway has made of them."""
    return table == "calls" and not (export.preset and read_preset(table, export.preset).is_summed)


@dataclass(frozen=True)
class Block:
    """An export of logs, the numbers and fingerprints of its files, and those to be read as logs."""

    number: int
    export: Export
    file_ids: dict[Path, int]
    fingerprints: dict[Path, str]
    logs: tuple[Log, ...]


def load_logs(con: duckdb.DuckDBPyConnection, program: Program, counted: bool = False) -> list[str]:
    """Make the view `file_usage` of all call logs, reading those that were not read before; what is wrong with which.

    The rows of each file are counted, and the text of those that can't be used is kept, only where asked for.
    """
    cache = open_cache(program.folder)
    machine.bound(con, cache.spill)
    blocks, wrong = [], []
    for number, export in logs_of(program):
        try:
            blocks.append(_enter(con, program, cache, number, export))
        except ReviewError as error:
            wrong.append(with_urls(str(error)))
    try:
        wrong += _load(con, program, cache, blocks, counted)
    finally:
        cache.save()
    # Some may have been fetched once more, to compare them or to count their rows.
    kept = [log for block in blocks for log in block.logs if cache.file("days", log.key).is_file()]
    forget([path for log in kept for path in log.paths])
    return wrong


def read_new(program: Program) -> None:
    """Read the logs that were not read before, and find out what they repeat; ReviewError says what can't be read."""
    with empty_database() as con:
        add_settings(con, program)
        if wrong := load_logs(con, program):
            raise ReviewError("\n".join(wrong))


def logs_of(program: Program) -> list[tuple[int, Export]]:
    """The exports of single calls, each with its number among those of calls."""
    exports = enumerate(program.exports.get("calls", []))
    return [(number, export) for number, export in exports if is_log("calls", export)]


def _load(
    con: duckdb.DuckDBPyConnection, program: Program, cache: Cache, blocks: Sequence[Block], counted: bool
) -> list[str]:
    logs = [log for block in blocks for log in block.logs]
    new = [log for log in logs if not cache.file("days", log.key).is_file()]
    wrong = dict(_columns_of_none(con, program, blocks, new))
    faults = read_logs(con, program, [log for log in new if log.block not in wrong], cache)
    for block in blocks:
        if of_block := list(dict.fromkeys(str(why) for log, why in faults if log.block == block.number)):
            more = [f"… and {len(of_block) - SHOWN} files more"] if len(of_block) > SHOWN else []
            wrong[block.number] = with_urls("\n".join([*of_block[:SHOWN], *more]))
    sound = [block for block in blocks if block.number not in wrong]
    for block in sound:
        rests_on = made_of(way_of(program, block.export))
        for path, fingerprint in block.fingerprints.items():
            cache.remember("read", name_of(path), {"content": fingerprint, **rests_on})
    try:
        whole = _whole(con, program, cache, sound)
    except ReviewError as error:
        return [*wrong.values(), str(error)]
    told = dict(zip([log for block in sound for log in block.logs], whole.told, strict=True))
    for block in sound:
        try:
            _account(con, program, cache, block, told, counted)
        except ReviewError as error:
            wrong[block.number] = str(error)
    _show(con, cache, sound, whole)
    return list(wrong.values())


# Which logs there are


def _enter(
    con: duckdb.DuckDBPyConnection, program: Program, cache: Cache, number: int, export: Export
) -> Block:
    """Enter the files of an export, or the table that it is, and find what they are called in the cache."""
    if export.table:
        return _enter_table(con, program, cache, number, export)

    def content(path: Path) -> object:
        """A hash of a file's content, decompressed; not worked out twice."""
        [fingerprint] = cache.fingerprints([path]).values()
        found = cache.told("contents", fingerprint) or content_of(path)
        if isinstance(found, bytes):
            found = found.hex()
            cache.remember("contents", fingerprint, found)
        return found

    file_ids, own = enter_files(con, program, "calls", number, content)
    fingerprints = cache.fingerprints(list(file_ids))
    way = way_of(program, export)
    units = [tuple(own)] if export.sql and own else [(path,) for path in own]
    logs = tuple(
        Log(
            paths,
            export,
            number,
            key_of([way, [fingerprints[path] for path in paths]]),
            sum(size_of(path) for path in paths),
        )
        for paths in units
    )
    return Block(number, export, file_ids, fingerprints, logs)


def _enter_table(
    con: duckdb.DuckDBPyConnection, program: Program, cache: Cache, number: int, export: Export
) -> Block:
    """Enter a table of an engine in a file's place, and ask for the usage of its days that is not in the cache."""
    logs = table_logs(program, cache, number, export, way_of(program, export))
    [(file_id,)] = con.execute("select coalesce(max(file_id), 0) + 1 from files").fetchall()
    insert_rows(con, "files", [(file_id, "calls", number, export.table, None, None)])
    return Block(number, export, {path: file_id for log in logs for path in log.paths}, {}, logs)


def made_of(way: Mapping[str, Any]) -> dict[str, str]:
    """What the usage of an export's files rests on beside their content, each in a few letters."""
    return {
        "version": way["version"],
        "zone": way["zone"],
        "way": key_of([way["select"], way["settings"]]),
    }


def name_of(path: Path) -> str:
    """What a file is called in the cache: its url, or its path."""
    return url_of(path) or str(path)


def size_of(path: Path) -> int:
    """The bytes of a file, as its store says if it is elsewhere."""
    return bytes_of(path) or (path.stat().st_size if path.exists() else 0)


def way_of(program: Program, export: Export) -> dict[str, Any]:
    """What decides how the logs of an export become usage: version, zone, and how they are read."""
    text = read_preset("calls", export.preset).sql if export.preset else ""
    if export.sql:
        text = (program.folder / export.sql).read_text("utf-8")
    return {
        "version": _version(MODULES),
        "zone": program.program.timezone,
        "select": text,
        "settings": export.model_dump(mode="json", exclude=OF_MANY, exclude_unset=True),
    }


@once
def _version(modules: Sequence[str]) -> str:
    here = Path(__file__).parent
    return key_of([version("duckdb"), [(here / module).read_text("utf-8") for module in modules]])


def _columns_of_none(
    con: duckdb.DuckDBPyConnection, program: Program, blocks: Sequence[Block], new: Sequence[Log]
) -> list[tuple[int, str]]:
    """The blocks with new logs whose `columns` name some that none of their files has, and what to say of it."""
    wrong = []
    for block in blocks:
        # One that was read before had them, or others of its time did.
        if not block.export.columns or not block.logs or not set(block.logs) <= set(new):
            continue
        try:
            _stop_at_columns_of_none(con, program, block)
        except ReviewError as error:
            wrong.append((block.number, with_urls(str(error))))
    return wrong


def _stop_at_columns_of_none(con: duckdb.DuckDBPyConnection, program: Program, block: Block) -> None:
    """ReviewError naming the columns of `columns` that none of a block's logs has."""
    # Mostly the first has them all; the others may be elsewhere and large, and are fetched when they are read.
    for logs in (block.logs[:1], block.logs):
        with tempfile.TemporaryDirectory() as work:
            reading = reading_of(con, program, logs, Path(work))
            try:
                stop_at_columns_of_no_file(reading)
            except ReviewError as error:
                if logs == block.logs:
                    raise ReviewError(reading.named(str(error))) from None
            else:
                return


# What they say together


@dataclass(frozen=True)
class Whole:
    """The usage of all logs in one file, what is known of each log, how many of its rows another tells in its place;
    and of how many repeated requests something else is told."""

    file: Path | None
    told: tuple[Told, ...]
    replaced: tuple[tuple[int, int, str, int], ...]
    different: int


def _whole(con: duckdb.DuckDBPyConnection, program: Program, cache: Cache, blocks: Sequence[Block]) -> Whole:
    """The usage of all logs, repeated requests marked; ReviewError where logs contradict one another."""
    logs = [log for block in blocks for log in block.logs]
    if not logs:
        return Whole(None, (), (), 0)
    key = key_of(
        {
            "version": _version(OF_ALL),
            "logs": [(log.block, log.key, [str(path) for path in log.paths]) for log in logs],
            "ways": [(block.number, block.export.overlap, block.export.path) for block in blocks],
            "excluded": program.exclude.model_dump(mode="json"),
        }
    )
    file = cache.file("all", key)
    try:
        return _read_whole(con, file)
    except duckdb.Error:  # not there, or not whole
        return _make_whole(con, program, cache, blocks, file)


def _read_whole(con: duckdb.DuckDBPyConnection, file: Path) -> Whole:
    found = json.loads(noted(con, file, "whole"))
    replaced = tuple(tuple(each) for each in found["replaced"])
    return Whole(file, tuple(map(told_of, found["told"])), replaced, found["different"])


def _make_whole(
    con: duckdb.DuckDBPyConnection, program: Program, cache: Cache, blocks: Sequence[Block], file: Path
) -> Whole:
    logs = [log for block in blocks for log in block.logs]
    told = _told(con, program, cache, logs)
    con.execute("create or replace temp table logs (log integer, file varchar)")
    insert_rows(con, "logs", [(number, str(cache.file("days", log.key))) for number, log in enumerate(logs)])
    windows = [window for block in blocks for window in _windows(con, program, cache, block, logs, told)]
    replaced = _take_out(con, cache, blocks, logs, windows)
    different = _take_repeats_out(con, program, cache, blocks, logs, told)
    about = {"told": [each.as_json() for each in told], "replaced": replaced, "different": different}
    # Logs of which one is a copy of another, read by a block of its own, have one file.
    listed = ", ".join(
        literal(str(cache.file("days", key))) for key in dict.fromkeys(log.key for log in logs)
    )
    con.execute(
        "create or replace temp view days as"
        f" from read_parquet([{listed}], filename = 'file', union_by_name = true)"
    )
    with cache.writing() as work:
        con.execute(
            f"copy ({_all_usage(con)}) to {literal(str(work / 'all.parquet'))}"
            f" ({COMPRESSION}, kv_metadata {{whole: $about}})",
            {"about": json.dumps(about)},
        )
        put(work / "all.parquet", file)
    return Whole(file, tuple(told), tuple(replaced), different)


def _all_usage(con: duckdb.DuckDBPyConnection) -> str:
    """The SELECT of the usage of all logs; where nothing is told twice, it is the usage of each."""
    if con.execute("from taken_out limit 1").fetchall():
        return read_sql("all_usage")
    return "select logs.log, days.* exclude (file) from days inner join logs using (file)"


def _told(con: duckdb.DuckDBPyConnection, program: Program, cache: Cache, logs: Sequence[Log]) -> list[Told]:
    """What is known of each log; those of which the cache has no whole file are read again."""
    told = {}
    for log in logs:
        try:
            told[log] = told_of_file(con, cache, log)
        except duckdb.Error:
            cache.file("days", log.key).unlink(missing_ok=True)
    lost = [log for log in logs if log not in told]
    if faults := read_logs(con, program, lost, cache):
        raise ReviewError("\n".join(str(why) for _, why in faults[:SHOWN]))
    return [told.get(log) or told_of_file(con, cache, log) for log in logs]


def _windows(
    con: duckdb.DuckDBPyConnection,
    program: Program,
    cache: Cache,
    block: Block,
    logs: Sequence[Log],
    told: Sequence[Told],
) -> list[Window]:
    """What logs of an export tell in place of others; nothing is read for it where no two are of the same time."""
    if block.export.overlap == "keep":
        return []
    meeting = meeting_logs(
        [
            LogFile(block.file_ids[path], path, number, place, about.told_first, about.told_last)
            for number, (log, about) in enumerate(zip(logs, told, strict=True))
            if log.block == block.number and about.told_first and about.told_last
            for place, path in enumerate(log.paths)
        ]
    )
    if not meeting:
        return []
    _see(con, program, cache, logs, {each.log for each in meeting})
    return settle_logs(con, program, block.export, meeting)


def _see(
    con: duckdb.DuckDBPyConnection,
    program: Program,
    cache: Cache,
    logs: Sequence[Log],
    numbers: Collection[int],
) -> None:
    """Make the view `compared_calls` of some logs, reading those again of which only the usage was kept."""
    lost = [logs[number] for number in numbers if not cache.is_whole("calls", logs[number].key)]
    if faults := read_logs(con, program, lost, cache, with_calls=True):
        raise ReviewError("\n".join(str(why) for _, why in faults[:SHOWN]))
    see_calls(con, [(number, cache.file("calls", logs[number].key)) for number in sorted(numbers)])


def _take_out(
    con: duckdb.DuckDBPyConnection,
    cache: Cache,
    blocks: Sequence[Block],
    logs: Sequence[Log],
    windows: Sequence[Window],
) -> list[tuple[int, int, str, int]]:
    """Fill `taken_out` with what others tell in place of a log; log, place, reason and rows of each."""
    con.execute(
        "create or replace temp table leaving as"
        " select 0 as log, 0 as place, 0::bigint as line, called_at, api_key, partner_id, system,"
        " environment::varchar as environment, product, operation, status, calls, units, false as is_repeat,"
        " '' as reason from calls limit 0"
    )
    places = {
        block.file_ids[path]: (number, place)
        for number, log in enumerate(logs)
        for block in blocks
        if block.number == log.block
        for place, path in enumerate(log.paths)
    }
    for window in windows:
        log, place = places[window.file_id]
        see_calls(con, [(log, cache.file("calls", logs[log].key))])
        con.execute(
            "insert into leaving by name select * exclude (request, is_faulty), false as is_repeat, $reason as reason"
            " from compared_calls where place = $place and request is null and called_at between $first and $last"
            " and (log, line) not in (select (log, line) from leaving)",
            {"reason": window.later, "place": place, "first": window.first, "last": window.last},
        )
    con.execute(f"create or replace temp table taken_out as {read_sql('taken_out')}")
    return con.execute(
        "select log, place, reason, count(*) from leaving group by all order by all"
    ).fetchall()


def _take_repeats_out(
    con: duckdb.DuckDBPyConnection,
    program: Program,
    cache: Cache,
    blocks: Sequence[Block],
    logs: Sequence[Log],
    told: Sequence[Told],
) -> int:
    """Add what repeated requests tell to `taken_out`; how many tell something else, ReviewError if they contradict."""
    numbers = [number for number, about in enumerate(told) if about.has_requests]
    if not numbers:
        return 0
    _see(con, program, cache, logs, numbers)
    found, different = find_repeats(con, sum(told[number].row_count for number in numbers))
    con.execute("delete from contradictory_requests where is_log")
    for each in found:
        insert_rows(con, "contradictory_requests", [_contradiction(con, program, blocks, logs, each)])
    con.execute(
        "create or replace temp table leaving as"
        " select * exclude (request, is_faulty) from repeated_calls where is_repeat"
    )
    con.execute(f"insert into taken_out {read_sql('taken_out')}")
    return different


def _contradiction(
    con: duckdb.DuckDBPyConnection,
    program: Program,
    blocks: Sequence[Block],
    logs: Sequence[Log],
    found: Contradiction,
) -> tuple[str, list[int], None, bool]:
    """A row of `contradictory_requests`: in words, with the request's id as its log has it, and in which files."""
    paths = {log: logs[log].paths for log, _ in found.places}
    ids = [
        block.file_ids[path]
        for log, place in found.places
        for block in blocks
        if block.number == logs[log].block and place is not None
        for path in [paths[log][place]]
    ]
    text = _id_of(con, program, logs[found.places[0][0]], found.request)
    return told_contradiction(text, found.row_count, found.why), ids, None, True


def told_contradiction(request_id: str, rows: int, why: str) -> str:
    """What to say of a request that stands for several."""
    return (
        f"request {request_id} is logged {rows} times, {why}: if that id stands for no request,"
        f' set null = ["{request_id}"] for the export'
    )


def _id_of(con: duckdb.DuckDBPyConnection, program: Program, log: Log, request: str) -> str:
    """A request's id as a log has it."""
    with tempfile.TemporaryDirectory() as work:
        reading = reading_of(con, program, [log], Path(work))
        query = typed(con, program.program.timezone, "calls", reading.export, staged(reading, numbered=False))
        [(text,)] = con.execute(
            f"select request_id from ({query.sql}) where"
            " coalesce(try_cast(request_id as uuid), md5(request_id)::uuid) = $request::uuid limit 1",
            query.parameters | {"request": request},
        ).fetchall()
    return str(text)


# What became of their files and rows


def _account(
    con: duckdb.DuckDBPyConnection,
    program: Program,
    cache: Cache,
    block: Block,
    told: Mapping[Log, Told],
    counted: bool,
) -> None:
    """Enter the rows of an export's logs; ReviewError if too many can't be used, or none says whose it is."""
    if not block.logs:
        return
    rejects = [reject for log in block.logs for reject in told[log].rejects_of(log)]
    reading = Reading(con, program, "calls", block.export, {})
    if rejects:
        rows = Counter[Path]()
        for log in block.logs:
            for path, count in zip(log.paths, told[log].rows or (told[log].row_count,), strict=False):
                rows[path] += count
        stop_at_too_many(reading, rows, rejects)
        enter_rejects(con, block.file_ids, _with_text(con, program, block, told) if counted else rejects)
    if block.export.preset and not any(told[log].has_owner for log in block.logs):
        raise ReviewError(without_identity(reading))
    if counted:
        _count(con, program, cache, block, told)


def _with_text(
    con: duckdb.DuckDBPyConnection, program: Program, block: Block, told: Mapping[Log, Told]
) -> list[Reject]:
    """The rows that can't be used as they stand in their files; the cache has not their text, which is anybody's."""
    found = []
    for log in block.logs:
        if block.export.table:
            found += told[log].rejects_of(log)
        elif told[log].rejects:
            with tempfile.TemporaryDirectory() as work:
                _, rejects, _ = read_sound(reading_of(con, program, [log], Path(work)), Path(work))
            found += rejects
    return found


def _count(
    con: duckdb.DuckDBPyConnection, program: Program, cache: Cache, block: Block, told: Mapping[Log, Told]
) -> None:
    """Enter how many rows each file has, reading those that were never counted, and the hours that clocks skip."""
    unknown = [log for log in block.logs if not told[log].rows and cache.told("rows", log.key) is None]
    for job in jobs_of(unknown):
        with tempfile.TemporaryDirectory() as work:
            reading = reading_of(con, program, job, Path(work))
            counts = {reading.originals[path]: count for path, count in row_counts(reading).items()}
        forget([path for log in job for path in log.paths])
        for log in job:
            cache.remember("rows", log.key, [counts[path] for path in log.paths])
    if block.export.timezone != "UTC" and not block.export.table:
        _count_clock_changes(con, program, cache, block, told)
    counts_of = Counter[Path]()
    for log in block.logs:
        counts_of.update(dict(zip(log.paths, told[log].rows or cache.told("rows", log.key), strict=True)))
    enter_counts(con, block.file_ids, counts_of)


def _count_clock_changes(
    con: duckdb.DuckDBPyConnection, program: Program, cache: Cache, block: Block, told: Mapping[Log, Told]
) -> None:
    """Enter how many times of logs their zone's clocks skip or show twice, reading those where that is not known."""
    unknown = [log for log in block.logs if cache.told("clocks", log.key) is None]
    faulty = [log for log in unknown if told[log].rejects]
    for job in [*jobs_of([log for log in unknown if log not in faulty]), *([log] for log in faulty)]:
        with tempfile.TemporaryDirectory() as work:
            reading = reading_of(con, program, job, Path(work))
            if told[job[0]].rejects:
                *_, reading = read_sound(reading, Path(work))
            found = clock_changes(reading)
        forget([path for log in job for path in log.paths])
        for log in job:
            counts = [found[path] for path in log.paths if path in found]
            cache.remember("clocks", log.key, [sum(each) for each in zip((0, 0), *counts, strict=True)])
    changes = [cache.told("clocks", log.key) for log in block.logs]
    enter_clock_changes(con, "calls", block.number, block.export.timezone, changes)


def _show(con: duckdb.DuckDBPyConnection, cache: Cache, blocks: Sequence[Block], whole: Whole) -> None:
    """Let `file_usage` be the usage of all files, and enter what others tell in place of a log."""
    if whole.file is None:
        return
    logs = [(log, block) for block in blocks for log in block.logs]
    places = {
        (number, place): block.file_ids[path]
        for number, (log, block) in enumerate(logs)
        for place, path in enumerate(log.paths)
    }
    con.execute("create or replace temp table log_places (log integer, place integer, file_id integer)")
    insert_rows(con, "log_places", [(*where, file_id) for where, file_id in places.items()])
    con.execute(
        "create or replace view file_usage as"
        " select log_places.file_id, usage.* exclude (log, place)"
        f" from read_parquet({literal(str(whole.file))}) as usage left join log_places using (log, place)"
        " union all by name from usage_of_sums"
    )
    _show_calls(con, cache, logs)
    insert_rows(
        con,
        "set_aside",
        [
            ("calls", places[log, place], None, "replaced", f"replaced by {later}", rows)
            for log, place, later, rows in whole.replaced
        ],
    )
    con.execute("delete from contradictory_requests where requests is not null and is_log")
    insert_rows(con, "contradictory_requests", [(None, None, whole.different, True)])


def _show_calls(con: duckdb.DuckDBPyConnection, cache: Cache, logs: Sequence[tuple[Log, Block]]) -> None:
    """Let `logged_calls` be the calls of logs one by one, as far as they are kept."""
    kept = [
        (number, cache.file("calls", log.key))
        for number, (log, _) in enumerate(logs)
        if cache.is_whole("calls", log.key)
    ]
    if not kept:
        return
    see_calls(con, kept)
    listed = ", ".join(literal(file) for file in dict.fromkeys(str(file) for _, file in kept))
    con.execute(
        "create or replace view logged_calls as"
        " select log_places.file_id, file_row_number as line, calls.* exclude (file, file_row_number, place, is_faulty)"
        f" from read_parquet([{listed}], filename = 'file', file_row_number = true) as calls"
        " inner join call_files using (file) left join log_places using (log, place)"
    )


def take_calls(con: duckdb.DuckDBPyConnection) -> None:
    """Make `usage_of_sums` of the rows in `calls`, those of exports of sums."""
    con.execute(f"create or replace temp view compared_calls as {read_sql('calls_of_sums')}")
    found, different = find_repeats(con, 0)
    con.execute(f"delete from usage_of_sums; insert into usage_of_sums by name {read_sql('usage_of_sums')}")
    con.execute("delete from contradictory_requests where not is_log")
    rows: list[tuple[str | None, list[int] | None, int | None, bool]] = [(None, None, different, False)]
    for each in found:
        [(text,)] = con.execute(
            "select any_value(request_id) from compared_calls where request = $request::uuid",
            {"request": each.request},
        ).fetchall()
        what = told_contradiction(text, each.row_count, each.why)
        rows.append((what, [log for log, _ in each.places if log is not None], None, False))
    insert_rows(con, "contradictory_requests", rows)
