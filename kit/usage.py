"""Call logs → daily usage: each log is read once, and again only when it, its export's settings or the kit change.

Everything but this reads usage. Keys lead to partners afterwards, so that another key table reads no log again.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from kit import machine
from kit.accounts import enter_counts, enter_files, enter_rejects
from kit.all_usage import SHOWN, Whole, whole_usage
from kit.blank import add_settings, empty_database, read_sql
from kit.cache import Cache, damaged, key_of, open_cache, version_of
from kit.clocks import clock_changes, enter_clock_changes
from kit.columns import literal
from kit.copies import content_of
from kit.errors import ReviewError
from kit.folders import scratch
from kit.log_reading import jobs_of, read_logs
from kit.log_usage import Block, Log, Told, reading_of
from kit.own_sql import read_own
from kit.presets import read_preset
from kit.program import Export, Program
from kit.reading import Reading, row_counts, stop_at_columns_of_no_file
from kit.rejects import Reject, read_sound, stop_at_too_many, without_identity
from kit.remote import bytes_of, forget, url_of, with_urls
from kit.repeats import contradiction_text, find_repeats, see_calls
from kit.rows import insert_rows
from kit.table_usage import table_logs

# Settings of an export that don't change what one file says.
OF_MANY = {"path", "overlap", "rejects"}
# What decides how a log becomes usage: where one of these files changes, what was cached is made anew.
MODULES = (
    "columns.py", "currencies.py", "log_usage.py", "masks.py", "opening.py", "raw.py", "readable.py", "reading.py",
    "records.py", "rejects.py", "unpacking.py", "usage.py", "sql/calls_of_log.sql", "sql/canonical.sql",
    "sql/daily_usage.sql", "sql/gathered_usage.sql", "sql/reading.sql", "sql/settings.sql", "sql/told_times.sql",
    "sql/zone_days.sql",
)  # fmt: skip


def is_log(table: str, export: Export) -> bool:
    """Whether an export is of single calls, and not of sums that a gateway has made of them."""
    return table == "calls" and not (export.preset and read_preset(table, export.preset).is_summed)


def load_logs(con: duckdb.DuckDBPyConnection, program: Program, counted: bool = False) -> list[str]:
    """Make the view `file_usage` of all call logs, reading those that were not read before; what is wrong with which.

    The rows of each file are counted, and the text of those that can't be used is kept, only where asked for.
    """
    cache = open_cache(program.folder)
    cache.keep_to(version_of(MODULES))
    machine.bound(con, cache.spill)
    blocks, wrong = [], []
    for number, export in logs_of(program):
        try:
            blocks.append(_enter(con, program, cache, number, export))
        except ReviewError as error:
            wrong.append(with_urls(str(error)))
    try:
        wrong += _load(con, program, cache, blocks, counted)
    except (duckdb.InterruptException, duckdb.OutOfMemoryException):
        raise
    except duckdb.Error as error:
        raise damaged(error) from None
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
        whole = whole_usage(con, program, cache, sound)
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
            # A SELECT of one's own may read a file's name.
            key_of(
                [
                    way,
                    [fingerprints[path] for path in paths],
                    export.sql and [name_of(path) for path in paths],
                ]
            ),
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
        text = read_own(program.folder / export.sql)
    return {
        "version": version_of(MODULES),
        "zone": program.program.timezone,
        "select": text,
        "settings": export.model_dump(mode="json", exclude=OF_MANY, exclude_unset=True),
    }


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
        with scratch() as work:
            reading = reading_of(con, program, logs, work)
            try:
                stop_at_columns_of_no_file(reading)
            except ReviewError as error:
                if logs == block.logs:
                    raise ReviewError(reading.named(str(error))) from None
            else:
                return


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
            with scratch() as work:
                _, rejects, _ = read_sound(reading_of(con, program, [log], work), work)
            found += rejects
    return found


def _count(
    con: duckdb.DuckDBPyConnection, program: Program, cache: Cache, block: Block, told: Mapping[Log, Told]
) -> None:
    """Enter how many rows each file has, reading those that were never counted, and the hours that clocks skip."""
    unknown = [log for log in block.logs if not told[log].rows and cache.told("rows", log.key) is None]
    for job in jobs_of(unknown):
        with scratch() as work:
            reading = reading_of(con, program, job, work)
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
        with scratch() as work:
            reading = reading_of(con, program, job, work)
            if told[job[0]].rejects:
                *_, reading = read_sound(reading, work)
            found = clock_changes(reading)
        forget([path for log in job for path in log.paths])
        for log in job:
            counts = [found[path] for path in log.paths if path in found]
            cache.remember("clocks", log.key, [sum(each) for each in zip((0, 0), *counts, strict=True)])
    changes = [cache.told("clocks", log.key) for log in block.logs]
    enter_clock_changes(con, "calls", block.number, block.export.timezone, changes)


def _show(con: duckdb.DuckDBPyConnection, cache: Cache, blocks: Sequence[Block], whole: Whole) -> None:
    """Let `file_usage` be the usage of all files, and enter what others tell in place of a log."""
    logs = [(log, block) for block in blocks for log in block.logs]
    if not logs:
        return
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
        f" from ({whole.sql}) as usage left join log_places using (log, place)"
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
        what = contradiction_text(text, each.row_count, each.why)
        rows.append((what, [log for log, _ in each.places if log is not None], None, False))
    insert_rows(con, "contradictory_requests", rows)
