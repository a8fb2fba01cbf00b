"""Sources with days, months or owners missing in the quarter looked at."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

import duckdb
import polars as pl

from kit import formats, frames, quarters
from kit.doubts import MATTERS, Finding, figures_of
from kit.fiscal import Quarter
from kit.gaps import MONTHLY, gaps_between, is_soon_after, is_unusual, span, usual_silence
from kit.metrics import revenue_basis
from kit.program import Program
from kit.quarters import day_text

MOST_UNMATCHED = 0.05
Source = tuple[str, int, pl.DataFrame]


def interruptions(con: duckdb.DuckDBPyConnection, program: Program, quarter: Quarter) -> Iterator[Finding]:
    """Silent days, then early ends, of each source."""
    sources = list(_of_onboarding(con, quarter, _days_by_source(con)))
    starts = month_starts(con)
    yield from _silent_days(con, program, quarter, sources, starts)
    yield from _ends_too_early(con, program, quarter, sources, starts)
    yield from _ended_before(con, quarter)
    yield from _empty(con)


def _silent_days(
    con: duckdb.DuckDBPyConnection,
    program: Program,
    quarter: Quarter,
    sources: Sequence[Source],
    starts: Sequence[date],
) -> Iterator[Finding]:
    """Gaps of each source in the quarter or the one before, against its habit."""
    previous = quarters.previous(con, quarter)
    first_day = previous.first_day
    billed = billed_months(con)
    for table, block, days in sources:
        spans = [
            (first, last)
            for first, last in gaps_between(days, table, starts, billed if table == "invoices" else ())
            if last >= first_day and first <= quarter.last_day
        ]
        if spans and (figures := figures_of(con, table)):
            told = [span(first, last) for first, last in spans]
            more = f" and {len(spans) - 5} more" if len(spans) > 5 else ""
            yield Finding(
                f"{source_name(program, table, block)}: nothing on {', '.join(told[:5])}{more},"
                " and rows before and after.",
                figures,
                severity="mark"
                if table != "calls" or any(_is_long(spans, of, days) for of in (previous, quarter))
                else "note",
                why="What happened then, if anything, is in no figure.",
                mend=f"Export {table} of these days again; if there were none, this can stay.",
                check="silent days",
            )


def _is_long(spans: Sequence[tuple[date, date]], quarter: Quarter, days: pl.DataFrame) -> bool:
    """Whether a source was silent on a twentieth of a quarter's days, or a tenth of its last month's: no holiday is.

    Days of weekdays on which it is usually silent are none.
    """
    weekdays = Counter(day.weekday() for day in days["day"].unique())
    usual = {weekday for weekday, count in weekdays.items() if 2 * count >= max(weekdays.values())}
    within = [
        first + timedelta(days=number) for first, last in spans for number in range((last - first).days + 1)
    ]
    silent = [
        day for day in within if quarter.first_day <= day <= quarter.last_day and day.weekday() in usual
    ]
    of_month = sum(day >= quarter.last_month.month for day in silent)
    return len(silent) >= MATTERS * quarter.days or of_month >= 2 * MATTERS * quarter.last_month.days


def _of_onboarding(
    con: duckdb.DuckDBPyConnection, quarter: Quarter, sources: Iterable[Source]
) -> Iterator[Source]:
    """The sources, but for work on onboarding where nobody was onboarded: its figure is n/a, whatever the work."""
    is_onboarded = any(
        frames.row_of(con, "onboarding_by_quarter", each)["partners"]
        for each in (quarters.previous(con, quarter), quarter)
    )
    yield from (source for source in sources if is_onboarded or source[0] != "worklogs")


def _ends_too_early(
    con: duckdb.DuckDBPyConnection,
    program: Program,
    quarter: Quarter,
    sources: Sequence[Source],
    starts: Sequence[date],
) -> Iterator[Finding]:
    """Sources that end in the quarter, before its end, against their habit.

    One that another takes over from has not ended too early.
    """
    for table, block, days in sources:
        last: date = max(days["day"].to_list())
        if not quarter.first_day <= last <= quarter.last_day:
            continue
        takes_over = any(
            other == table and is_soon_after(last, min(each["day"].to_list()))
            for other, number, each in sources
            if number != block
        )
        rest = (_covered_to(con, table, last, sources) + timedelta(days=1), quarter.last_day)
        is_early = (
            (quarter.last_day - last).days > usual_silence(days)
            if table == "calls"
            else table in MONTHLY and is_unusual(sorted(days["day"].unique()), rest, table, starts)
        )
        if is_early and not takes_over and (figures := figures_of(con, table)):
            yield Finding(
                f"{source_name(program, table, block)}: the last row is of {day_text(last)}, and the quarter ends on"
                f" {day_text(quarter.last_day)}.",
                figures,
                why="The quarter's figures are those of a part of it.",
                mend=f"Export {table} again, to the quarter's end.",
                check="early end",
            )


def _ended_before(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[Finding]:
    """Exports that say nothing of the quarter, having ended before: what rests on them is not zero but unknown."""
    ends = dict(con.execute("select table_name, last_day from coverage").fetchall())
    onboarded = frames.row_of(con, "onboarding_by_quarter", quarter)["partners"]
    for table in (table for table in MONTHLY if onboarded or table != "worklogs"):
        if table in ends and ends[table] < quarter.first_day and (figures := figures_of(con, table)):
            yield Finding(
                f"{table}: the last row is of {day_text(ends[table])}, and the quarter begins on"
                f" {day_text(quarter.first_day)}.",
                figures,
                why="What rests on it cannot be told: nothing exported is not nothing there.",
                mend=f"Export {table} again, to the quarter's end; if there was nothing, a row with 0 says so.",
                check="early end",
            )


def _empty(con: duckdb.DuckDBPyConnection) -> Iterator[Finding]:
    """Exports that are given and hold no rows."""
    given = con.execute("select distinct table_name from files order by table_name").fetchall()
    for table in (table for (table,) in given if table in MONTHLY and not frames.has_rows(con, table)):
        figures = ("revenue",) if _stands_in(con, table) else figures_of(con, table)
        if figures:
            yield Finding(
                f"{table}: the export holds no rows.",
                figures,
                why="What rests on it cannot be told: nothing exported is not nothing there.",
                mend=f"Export {table} again; if there is none of it, take it out of program.toml.",
                check="no rows",
            )


def _stands_in(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether unrealized revenue stands for revenue because the transactions are empty."""
    return table == "transactions" and revenue_basis(con) == "unrealized"


def unmatched(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[Finding]:
    """Exports of which more than MOST_UNMATCHED leads to no partner in the quarter."""
    rates = frames.frame(con, "match_rates", first_day=quarter.first_day, last_day=quarter.last_day)
    for row in rates.to_dicts():
        share, table = row["unmatched_share"], row["table_name"]
        if share is not None and share > MOST_UNMATCHED and (figures := figures_of(con, table)):
            what = f"{table}: {formats.percent(share)} of the quarter's leads to no partner; at most"
            yield Finding(
                f"{what} {MOST_UNMATCHED:.0%} may.",
                figures,
                why="Calls of nobody are left out; money and hours of nobody are counted unchecked.",
                mend="Add the keys export or aliases; the list of what leads to a partner names the ids.",
                check="unmatched",
            )


def source_name(program: Program, table: str, block: int) -> str:
    """A block of exports by its table, its place where there are several, and its preset."""
    exports = program.exports.get(table, [])
    number = f" {block + 1}" if len(exports) > 1 else ""
    preset = exports[block].preset if block < len(exports) else None
    return f"{table}{number}{f' ({preset})' if preset else ''}"


def month_starts(con: duckdb.DuckDBPyConnection) -> list[date]:
    """The first days of the fiscal months, in order."""
    return [month for (month,) in con.execute("select month from months order by month").fetchall()]


def billed_months(con: duckdb.DuckDBPyConnection) -> list[date]:
    """The months for which about as much is invoiced as for the months around, whenever it was."""
    return frames.frame(con, "billed_months")["month"].to_list()


def _days_by_source(con: duckdb.DuckDBPyConnection) -> Iterator[Source]:
    """The table, the block and the `day` and `rows` of each source."""
    days = frames.frame(con, "source_days").rename({"row_count": "rows"})
    for (table, block), of_source in days.group_by("table_name", "block", maintain_order=True):
        yield str(table), int(str(block)), of_source


def _covered_to(con: duckdb.DuckDBPyConnection, table: str, last: date, sources: Sequence[Source]) -> date:
    """The last day a source speaks of: an only one's service may end after its last row."""
    is_only = sum(other == table for other, *_ in sources) == 1
    ends = dict(con.execute("select table_name, last_day from coverage").fetchall())
    return max(last, ends.get(table, last)) if is_only else last
