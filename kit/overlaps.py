"""Files of one export that speak of the same days: later exports in place of earlier ones, or parts to be added up.

Rows repeat by their vendor's id alone; without one nothing inside a file is dropped. Of two exports of one system the
later replaces the earlier for the days it covers, where their rows show that it is one; where they don't, it is asked.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import combinations
from pathlib import Path

import duckdb

from kit import formats
from kit.columns import schema
from kit.contents import fill_contents
from kit.errors import ReviewError
from kit.folders import scratch
from kit.program import Export, Program
from kit.readable import readable_files
from kit.reading import Reading
from kit.remote import fetch
from kit.rows import insert_rows
from kit.sources import natural

DAY = {
    "calls": "(called_at at time zone (select timezone from settings))::date",
    "transactions": "(transacted_at at time zone (select timezone from settings))::date",
    "invoices": "invoiced_at",
    "worklogs": "date",
    "costs": "date",
    "attributed": "date",
}
# What there can be one of: a later export's row stands in place of an earlier one's.
ONE_EACH = {
    "partners": "partner_id",
    "headcount": "month, team",
    "milestones": "date, label",
    "fx": "month, currency",
}
ENOUGH = 4  # rows that are the same: a few may be so by chance
MOST = 0.8  # of the earlier's rows: two people's stand-ups, or two regions' quiet partners, are half the same
SHOWN = 3
NUMBERED_ALIKE = (
    "Where they are of two systems that number alike, put a system's name before its ids with `sql`."
)


@dataclass(frozen=True)
class Part:
    """A file of an export, its place among them from the earliest to the latest, and the days or times it covers."""

    file_id: int
    path: str
    first: date | datetime
    last: date | datetime


@dataclass(frozen=True)
class Overlap:
    """Two files that meet: in the days of both, the rows of each, those that are the same, and the same by name.

    What is the same by name may differ in its amounts.
    """

    earlier: Part
    later: Part
    of_earlier: int
    of_later: int
    same: int
    same_named: int

    @property
    def tells_anew(self) -> bool:
        """Whether the later plainly tells what the earlier told: most of that again, and hardly less."""
        return (
            self.same >= ENOUGH
            and self.same >= MOST * self.of_earlier
            and self.of_earlier - self.of_later <= max(1, self.of_earlier // 50)
            and not self.is_extract
        )

    @property
    def is_extract(self) -> bool:
        """Whether the later only holds some of what the earlier does."""
        return self.same == self.of_later < self.of_earlier and self.later.last <= self.earlier.last


def settle_overlaps(reading: Reading, file_ids: Mapping[Path, int]) -> None:
    """Let later files of an export replace earlier ones for the days they cover; the rows are in its table.

    Later is what stands later in a list of paths, then what ends later, then what has the later name. ReviewError
    where files share days and their rows don't show what they are to one another.
    """
    if reading.export.overlap == "keep" or len(file_ids) < 2:
        return
    if reading.table in ONE_EACH:
        _replace_rows(reading, file_ids)
    elif reading.table in DAY:
        _settle_days(reading, file_ids)


def set_repeats_aside(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Take out invoice lines that are exactly like one before them."""
    if table == "invoices":
        columns = ", ".join(name for name, *_ in schema(table))
        _set_aside(
            con,
            table,
            "duplicate",
            "the same line again",
            "select rowid from invoices"
            f" qualify row_number() over (partition by {columns} order by file_id, source_row) > 1",
        )


def _set_aside(
    con: duckdb.DuckDBPyConnection, table: str, fate: str, reason: str, rowids: str, **parameters: object
) -> None:
    """Take rows out of a table, and enter what became of them."""
    con.execute(f"create or replace temp table leaving as {rowids}", parameters)
    grain = "file_id, null::bigint" if table == "calls" else "file_id, source_row"
    con.execute(
        f"insert into set_aside select $table, {grain}, $fate, $reason, count(*) from {table}"
        " where rowid in (from leaving) group by all",
        {"table": table, "fate": fate, "reason": reason},
    )
    con.execute(f"delete from {table} where rowid in (from leaving)")


# Which file is the later


def _parts(reading: Reading, file_ids: Mapping[Path, int], when: str) -> list[Part]:
    """The files of an export that have such rows, from the earliest to the latest."""
    rows = reading.con.execute(
        f"select file_id, path, min({when}), max({when}) from {reading.table} inner join files using (file_id)"
        f" where list_contains($files::integer[], file_id) group by file_id, path",
        {"files": list(file_ids.values())},
    ).fetchall()
    return _in_order(reading, file_ids, [Part(*row) for row in rows])


def _in_order(reading: Reading, file_ids: Mapping[Path, int], parts: Sequence[Part]) -> list[Part]:
    """Files from the earliest to the latest."""
    place = _places(reading, file_ids)
    return sorted(parts, key=lambda part: (place[part.file_id], part.last, natural(part.path)))


def _places(reading: Reading, file_ids: Mapping[Path, int]) -> dict[int, int]:
    """The last place in the export's list of paths that leads to each file."""
    return {
        file_ids[file]: place
        for place, pattern in enumerate(reading.export.path)
        for file in reading.export.of_pattern(reading.program.folder, pattern)
        if file in file_ids
    }


# One row each


def _replace_rows(reading: Reading, file_ids: Mapping[Path, int]) -> None:
    """What several files speak of is as the latest says; in one file twice it stays a contradiction."""
    table, key = reading.table, ONE_EACH[reading.table]
    days = {"partners": "registered_at", "milestones": "date"}
    parts = _parts(reading, file_ids, days.get(table, "month"))
    if table == "partners":  # registers are of no days: the later name, or the later in the list
        place = _places(reading, file_ids)
        parts.sort(key=lambda part: (place[part.file_id], natural(part.path)))
    for number, part in enumerate(parts[:-1]):
        _set_aside(
            reading.con,
            table,
            "replaced",
            "replaced by a later export",
            f"select rowid from {table} where file_id = $file and ({key}) in"
            f" (select ({key}) from {table} where list_contains($later::integer[], file_id))",
            file=part.file_id,
            later=[later.file_id for later in parts[number + 1 :]],
        )


# The same days


def _settle_days(reading: Reading, file_ids: Mapping[Path, int]) -> None:
    """Of files whose rows have days, each later one replaces the earlier, is added to them, or is asked about."""
    parts = _parts(reading, file_ids, DAY[reading.table])
    meeting = {part.file_id for pair in combinations(parts, 2) if _meet(reading, *pair) for part in pair}
    if not meeting:
        return
    _tell(reading, {file: number for file, number in file_ids.items() if number in meeting})
    questions = []
    for overlap in _overlaps(reading, parts, _same_rows(reading)):
        if not _has_rows(reading, overlap):
            continue
        verdict = reading.export.overlap or _verdict(reading, overlap)
        if verdict == "replace":
            _replace_days(reading, overlap)
        elif verdict == "ask":
            questions.append(overlap)
    _ask(reading, questions)


def _meet(reading: Reading, earlier: Part, later: Part) -> bool:
    """Whether two files share days; invoices may share lines without that, since a draft is of another day."""
    return reading.table == "invoices" or (earlier.first <= later.last and later.first <= earlier.last)


def _tell(reading: Reading, files: Mapping[Path, int]) -> None:
    """Make the temporary table `told`: the rows of the files, their days, and what they say, whole and by name."""
    table = reading.table
    read = {path: files[original] for path, original in reading.originals.items() if original in files}
    fill_contents(reading, read)
    values = ", ".join(name for name, *_ in schema(table))
    # What a SELECT of one's own gives may be no row of a file, and is then what it says.
    whole, named = (f"coalesce({content}, hash({values}))" for content in ("whole", "named"))
    reading.con.execute(
        f"create or replace temp table told as select distinct on (file_id, coalesce(source_row, -{table}.rowid), day)"
        f" file_id, {DAY[table]} as day, {whole} as whole, {named} as named"
        f" from {table} left join contents using (file_id, source_row)"
        " where list_contains($files::integer[], file_id)",
        {"files": list(files.values())},
    )


def _same_rows(reading: Reading) -> dict[tuple[int, int], tuple[int, int]]:
    """How many rows of two files are the same, and the same by name; by the numbers of the files, both ways."""
    if reading.table == "invoices":
        return _same_lines(reading)
    counts: dict[tuple[int, int], tuple[int, int]] = {}
    for number, content in enumerate(("whole", "named")):
        rows = reading.con.execute(
            f"""
            with counted as (
                select file_id, day, {content} as content, count(*) as row_count
                from told
                group by all
            )
            select one.file_id, other.file_id, sum(least(one.row_count, other.row_count))::bigint
            from counted as one
            inner join counted as other using (day, content)
            where one.file_id <> other.file_id
            group by all
            """
        ).fetchall()
        for one, other, count in rows:
            before = counts.get((one, other), (0, 0))
            counts[one, other] = (count, before[1]) if number == 0 else (before[0], count)
    return counts


def _same_lines(reading: Reading) -> dict[tuple[int, int], tuple[int, int]]:
    """How many invoice lines of two files have one number, and how many of these are the same.

    A line is the same with another day and status; its amount may differ from what it was in a draft.
    """
    rows = reading.con.execute(
        """
        select one.file_id, other.file_id, count(*) filter (
            where one.partner_id = other.partner_id and one.currency = other.currency
                and (one.amount = other.amount or one.status = 'draft')
        ), count(*)
        from invoices as one
        inner join invoices as other using (line_id)
        where one.file_id <> other.file_id
            and one.file_id in (select file_id from told) and other.file_id in (select file_id from told)
        group by all
        """
    ).fetchall()
    return {(one, other): (same, named) for one, other, same, named in rows}


def _overlaps(
    reading: Reading, parts: Sequence[Part], same: Mapping[tuple[int, int], tuple[int, int]]
) -> Iterator[Overlap]:
    """The files that meet, for each later one those before it, the nearest first."""
    days: dict[int, list[tuple[date, int]]] = {}
    for file_id, day, count in reading.con.execute(
        "select file_id, day, count(*) from told group by all"
    ).fetchall():
        days.setdefault(file_id, []).append((day, count))
    for number, later in enumerate(parts):
        for earlier in reversed(parts[:number]):
            both = same.get((earlier.file_id, later.file_id), (0, 0))
            is_near = earlier.first <= later.last and later.first <= earlier.last
            if not is_near and both[1] == 0:
                continue
            first, last = max(earlier.first, later.first), min(earlier.last, later.last)
            counts = [
                sum(count for day, count in days[part.file_id] if first <= day <= last)
                for part in (earlier, later)
            ]
            # Invoice lines of other days may be the same too.
            yield Overlap(earlier, later, max(counts[0], both[0]), max(counts[1], both[0]), *both)


def _has_rows(reading: Reading, overlap: Overlap) -> bool:
    """Whether the earlier file still has rows of the later one's days, or lines of its numbers."""
    return bool(
        reading.con.execute(
            f"from {reading.table} where rowid in ({_of_later_days(reading)}) limit 1", _window(overlap)
        ).fetchall()
    )


def _verdict(reading: Reading, overlap: Overlap) -> str:
    """Whether a later file replaces the earlier, is kept beside it, or has to be asked about."""
    fewer = min(overlap.of_earlier, overlap.of_later)
    if reading.table == "invoices":
        if overlap.same_named == 0:
            return "keep"
        # Lines of two systems may have the same numbers: then hardly any have the same amounts too.
        is_one_system = (
            overlap.same >= MOST * overlap.same_named and overlap.same_named * 2 >= overlap.of_earlier
        )
        return "replace" if is_one_system and not overlap.is_extract else "ask"
    if reading.preset and reading.preset.is_in_parts and overlap.same_named * 2 < fewer:
        return "keep"
    return "replace" if overlap.tells_anew else "ask"


def _of_later_days(reading: Reading) -> str:
    """SQL for the rows of an earlier file that a later one tells anew."""
    table = reading.table
    numbered = (
        " or line_id in (select line_id from invoices where file_id = $later)" if table == "invoices" else ""
    )
    return (
        f"select rowid from {table} where file_id = $earlier"
        f" and ({DAY[table]} between $first and $last{numbered}{'' if numbered else ' and $later is not null'})"
    )


def _window(overlap: Overlap) -> dict[str, object]:
    return {
        "earlier": overlap.earlier.file_id,
        "later": overlap.later.file_id,
        "first": overlap.later.first,
        "last": overlap.later.last,
    }


def _replace_days(reading: Reading, overlap: Overlap) -> None:
    reason = f"replaced by {overlap.later.path}"
    _set_aside(reading.con, reading.table, "replaced", reason, _of_later_days(reading), **_window(overlap))


# Logs


@dataclass(frozen=True)
class LogFile:
    """A file of a log: its number, its log's and its place there, and the times of what may be told elsewhere too."""

    file_id: int
    path: Path
    log: int
    place: int
    first: datetime
    last: datetime


@dataclass(frozen=True)
class Window:
    """The times of a file's calls without an id that a later one tells in their place."""

    file_id: int
    first: datetime
    last: datetime
    later: str


def meeting_logs(logs: Sequence[LogFile]) -> list[LogFile]:
    """The files that speak of the times of another; one instant is no time: there a log is cut in two."""
    found: dict[int, LogFile] = {}
    under_way: list[LogFile] = []
    for log in sorted(logs, key=lambda each: each.first):
        under_way = [other for other in under_way if other.last > log.first]
        others = [other for other in under_way if log.first < min(log.last, other.last)]
        found |= {each.file_id: each for each in (*others, *([log] if others else []))}
        under_way.append(log)
    return list(found.values())


def settle_logs(
    con: duckdb.DuckDBPyConnection, program: Program, export: Export, files: Sequence[LogFile]
) -> list[Window]:
    """Which calls of an export's logs are told again by others, of those in the view `compared_calls`.

    Logs are parts, unless in the times of both they tell exactly the same; half the same is asked about. Calls with an
    id are told apart by that. Those that are nobody's or left out say nothing: health checks come to every node of a
    gateway alike.
    """
    excluded = " or ".join(
        f"{field} in (select unnest([value, masked_key(value)]) from excluded where field = '{field}')"
        for field in ("operation", "product", "api_key", "partner_id")
    )
    values = ", ".join(name for name, *_ in schema("calls") if name != "request_id")
    con.execute("create or replace temp table log_files (file_id integer, log integer, place integer)")
    insert_rows(con, "log_files", [(each.file_id, each.log, each.place) for each in files])
    con.execute(
        "create or replace temp table told as"
        f" select file_id, called_at as day, hash({values}) as whole, whole as named"
        " from compared_calls inner join log_files using (log, place) where request is null"
        f" and coalesce(api_key, partner_id) is not null and not coalesce({excluded}, false)"
    )
    reading = Reading(con, program, "calls", export, {})
    file_ids = {each.path: each.file_id for each in files}
    parts = {part.file_id: part for part in _log_parts(reading, file_ids)}
    rank = {file_id: place for place, file_id in enumerate(parts)}
    windows, questions = [], []
    pairs = [(later, earlier, same) for (earlier, later), (same, _) in _same_rows(reading).items()]
    for later, earlier, same in sorted(pairs, key=lambda pair: (rank[pair[0]], -rank[pair[1]])):
        if rank[earlier] > rank[later]:
            continue
        overlap = _of_logs(reading, parts[earlier], parts[later], same)
        if overlap.same * 2 < max(1, min(overlap.of_earlier, overlap.of_later)):
            continue
        is_same = overlap.same == overlap.of_earlier == overlap.of_later and _are_same_lines(
            reading, overlap, file_ids
        )
        if (export.overlap or ("replace" if is_same else "ask")) == "replace":
            windows.append(Window(earlier, overlap.later.first, overlap.later.last, overlap.later.path))  # type: ignore[arg-type]  # times
        else:
            questions.append(overlap)
    _ask(reading, questions)
    return windows


def _log_parts(reading: Reading, file_ids: Mapping[Path, int]) -> list[Part]:
    """The files of logs that have such calls, from the earliest to the latest."""
    rows = reading.con.execute(
        "select file_id, path, min(day), max(day) from told inner join files using (file_id) group by all"
    ).fetchall()
    return _in_order(reading, file_ids, [Part(*row) for row in rows])


def _of_logs(reading: Reading, earlier: Part, later: Part, same: int) -> Overlap:
    """Two logs in the times of both; one instant is no time: there a log is cut in two."""
    first, last = max(earlier.first, later.first), min(earlier.last, later.last)
    if first >= last:
        return Overlap(earlier, later, 0, 0, 0, 0)
    counts = dict(
        reading.con.execute(
            "select file_id, count(*) from told where day between $first and $last group by file_id",
            {"first": first, "last": last},
        ).fetchall()
    )
    return Overlap(earlier, later, counts[earlier.file_id], counts[later.file_id], same, same)


def _are_same_lines(reading: Reading, overlap: Overlap, file_ids: Mapping[Path, int]) -> bool:
    """Whether two logs also hold as many whole lines that are the same."""
    pair = (overlap.earlier.file_id, overlap.later.file_id)
    paths = [path for path, file_id in file_ids.items() if file_id in pair]
    export = reading.export
    fetch(paths)
    with scratch() as work:
        originals = readable_files(paths, work, export.encoding, export.decimal)
        fill_contents(
            replace(reading, originals=originals),
            {read: file_ids[path] for read, path in originals.items()},
            numbered=False,
        )
    [(same,)] = reading.con.execute(
        "with counted as (select file_id, whole, count(*) as row_count from contents group by all)"
        " select coalesce(sum(least(one.row_count, other.row_count)), 0)"
        " from counted as one inner join counted as other using (whole)"
        " where one.file_id = $earlier and other.file_id = $later",
        {"earlier": pair[0], "later": pair[1]},
    ).fetchall()
    return bool(same >= overlap.same)


# The question


def _ask(reading: Reading, questions: Sequence[Overlap]) -> None:
    """ReviewError with the files of which it isn't plain what they are to one another."""
    if not questions:
        return
    more = (
        [f"… and {formats.plural(len(questions) - SHOWN, 'pair')} of files more"]
        if len(questions) > SHOWN
        else []
    )
    raise ReviewError(
        "\n".join(
            [
                *(_question(reading, overlap) for overlap in questions[:SHOWN]),
                *more,
                *([NUMBERED_ALIKE] if reading.table == "invoices" else []),
                'If they are parts to be added up, set overlap = "keep" for this export; if the later of two tells its'
                ' days anew, overlap = "replace"; and if one is a copy or an extract, leave it out of `path`.',
            ]
        )
    )


def _question(reading: Reading, overlap: Overlap) -> str:
    earlier, later = overlap.earlier, overlap.later
    first, last = max(earlier.first, later.first), min(earlier.last, later.last)
    if reading.table == "invoices":
        return (
            f"invoices: {earlier.path} and {later.path} have {formats.plural(overlap.same_named, 'line')} of the same"
            f" number, {overlap.same:,} of them with the same partner, currency and amount."
        )
    days = f"{first}" if first == last else f"{first} to {last}"
    same = {0: "none of them is", 1: "1 of them is"}.get(overlap.same, f"{overlap.same:,} of them are")
    return (
        f"{reading.table}: of {days} {earlier.path} has {formats.plural(overlap.of_earlier, 'row')},"
        f" {later.path} {formats.plural(overlap.of_later, 'row')}; {same} the same."
    )
