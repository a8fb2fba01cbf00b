"""The daily usage of all logs: what they tell together, each call once."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from kit.blank import read_sql
from kit.cache import Cache, key_of, put, version_of
from kit.columns import literal, typed
from kit.errors import ReviewError
from kit.folders import scratch
from kit.kept_periods import note_key
from kit.log_reading import read_logs
from kit.log_usage import COMPRESSION, Block, Log, Told, noted, reading_of, told_of, told_of_file
from kit.overlaps import LogFile, Window, meeting_logs, settle_logs
from kit.program import Program
from kit.reading import staged
from kit.repeats import Contradiction, contradiction_text, find_repeats, see_calls
from kit.rows import insert_rows

SHOWN = 5
# What decides how the usage of each becomes that of all, beside what decided that.
MODULES = (
    "all_usage.py", "overlaps.py", "repeats.py", "sql/all_usage.sql", "sql/repeated_calls.sql", "sql/taken_out.sql",
)  # fmt: skip
# The usage of so few logs is read from a file for each as fast as from one for all.
FEW = 64
OF_EACH = "select logs.log, days.* exclude (file) from days inner join logs using (file)"


@dataclass(frozen=True)
class Whole:
    """What all logs tell together.

    `sql` is a SELECT of their usage by log and place; `told` what is known of each log; `replaced` log, place, reason
    and rows of what another log tells in its place; `different` the repeated requests of which something else is told.
    """

    sql: str
    told: tuple[Told, ...]
    replaced: tuple[tuple[int, int, str, int], ...]
    different: int


def whole_usage(
    con: duckdb.DuckDBPyConnection, program: Program, cache: Cache, blocks: Sequence[Block]
) -> Whole:
    """The usage of all logs, repeated requests marked; ReviewError where logs contradict one another."""
    logs = [log for block in blocks for log in block.logs]
    if not logs:
        return Whole("", (), (), 0)
    key = key_of(
        {
            "version": version_of(MODULES),
            "logs": [(log.block, log.key, [str(path) for path in log.paths]) for log in logs],
            "ways": [(block.number, block.export.overlap, block.export.path) for block in blocks],
            "excluded": program.exclude.model_dump(mode="json"),
        }
    )
    note_key(con, key)
    file = cache.file("all", key)
    try:
        return _read_whole(con, cache, logs, file)
    except (duckdb.Error, FileNotFoundError):  # not there, or not whole
        return _make_whole(con, program, cache, blocks, file)


def _read_whole(con: duckdb.DuckDBPyConnection, cache: Cache, logs: Sequence[Log], file: Path) -> Whole:
    found = json.loads(noted(con, file, "whole"))
    if found["is_of_each"]:
        if lost := [log for log in logs if not cache.is_whole("days", log.key)]:
            raise FileNotFoundError(cache.file("days", lost[0].key))
        _see_days(con, cache, logs)
    replaced = tuple(tuple(each) for each in found["replaced"])
    sql = OF_EACH if found["is_of_each"] else _of_one(file)
    return Whole(sql, tuple(map(told_of, found["told"])), replaced, found["different"])


def _make_whole(
    con: duckdb.DuckDBPyConnection, program: Program, cache: Cache, blocks: Sequence[Block], file: Path
) -> Whole:
    logs = [log for block in blocks for log in block.logs]
    told = _told(con, program, cache, logs)
    windows = [window for block in blocks for window in _windows(con, program, cache, block, logs, told)]
    replaced = _take_out(con, cache, blocks, logs, windows)
    different = _take_repeats_out(con, program, cache, blocks, logs, told)
    _see_days(con, cache, logs)
    is_told_once = not con.execute("from taken_out limit 1").fetchall()
    is_of_each = is_told_once and len(logs) <= FEW
    about = {
        "told": [each.as_json() for each in told],
        "replaced": replaced,
        "different": different,
        "is_of_each": is_of_each,
    }
    usage = OF_EACH if is_told_once else read_sql("all_usage")
    with cache.writing() as work:
        con.execute(
            f"copy ({usage}{' limit 0' if is_of_each else ''}) to {literal(str(work / 'all.parquet'))}"
            f" ({COMPRESSION}, kv_metadata {{whole: $about}})",
            {"about": json.dumps(about)},
        )
        put(work / "all.parquet", file)
    return Whole(OF_EACH if is_of_each else _of_one(file), tuple(told), tuple(replaced), different)


def _of_one(file: Path) -> str:
    return f"from read_parquet({literal(str(file))})"


def _see_days(con: duckdb.DuckDBPyConnection, cache: Cache, logs: Sequence[Log]) -> None:
    """Make the view `days` of the usage of each log, and `logs` of their numbers."""
    con.execute("create or replace temp table logs (log integer, file varchar)")
    insert_rows(con, "logs", [(number, str(cache.file("days", log.key))) for number, log in enumerate(logs)])
    # Logs of which one is a copy of another, read by a block of its own, have one file.
    listed = ", ".join(
        literal(str(cache.file("days", key))) for key in dict.fromkeys(log.key for log in logs)
    )
    con.execute(
        "create or replace temp view days as"
        f" from read_parquet([{listed}], filename = 'file', union_by_name = true)"
    )


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
    return contradiction_text(text, found.row_count, found.why), ids, None, True


def _id_of(con: duckdb.DuckDBPyConnection, program: Program, log: Log, request: str) -> str:
    """A request's id as a log has it."""
    with scratch() as work:
        reading = reading_of(con, program, [log], work)
        query = typed(con, program.program.timezone, "calls", reading.export, staged(reading, numbered=False))
        [(text,)] = con.execute(
            f"select request_id from ({query.sql}) where"
            " coalesce(try_cast(request_id as uuid), md5(request_id)::uuid) = $request::uuid limit 1",
            query.parameters | {"request": request},
        ).fetchall()
    return str(text)
