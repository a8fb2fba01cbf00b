"""Whether exports can be trusted: what became of their rows, which days they cover, and what makes a number wrong."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import polars as pl

from kit import formats, frames, quarters
from kit.blank import add_settings, empty_database
from kit.database import add_months, make_tables
from kit.drift import Drift, drift
from kit.editions import RESTS_ON
from kit.errors import ReviewError
from kit.exports import ExportsError, load_exports
from kit.fiscal import Quarter
from kit.gaps import MONTHLY, gaps_between, is_soon_after, span, usual_silence
from kit.metrics import Metric, revenue_basis, scorecard
from kit.notes import LABELS
from kit.program import Program, load_program
from kit.quarters import day_text

FATES = ("rejected", "duplicate", "replaced", "left out", "test", "unmatched", "used")
MOST_UNMATCHED = 0.05


@dataclass(frozen=True)
class Problem:
    """What is amiss, and the figures that it makes wrong: all of them, if it stops the run."""

    what: str
    figures: tuple[str, ...]


@dataclass(frozen=True)
class Check:
    """A program's exports as read: the tables made of them, the quarter looked at, its metrics, what is amiss.

    `quarter` is None and there are no metrics where the exports give none; without `has_tables` nothing could be made
    of them at all.
    """

    con: duckdb.DuckDBPyConnection
    program: Program
    quarter: Quarter | None
    metrics: tuple[Metric, ...]
    problems: tuple[Problem, ...]
    drift: tuple[Drift, ...]
    has_tables: bool

    @property
    def is_sound(self) -> bool:
        """Whether no number would be wrong."""
        return not self.problems


def check_exports(folder: Path | str, quarter: str = "") -> Check:
    """Read all exports of a program, whatever is wrong with them; ReviewError if its settings are."""
    program = load_program(folder)
    con = empty_database()
    add_settings(con, program)
    found: list[Problem] = []
    try:
        load_exports(con, program, counted=True)
    except ExportsError as error:
        found += [Problem(what, figures_of(con, table)) for table, what in error.faults]
    chosen: Quarter | None = None
    metrics: tuple[Metric, ...] = ()
    has_tables = False
    try:
        add_months(con, program.program.fiscal_year_start)
        make_tables(con)
        has_tables = True
        chosen = quarters.choose_quarter(con, quarter)
        metrics = scorecard(con, chosen)
    except ReviewError as error:
        found.append(Problem(str(error), tuple(RESTS_ON)))
    if chosen:
        found += [
            *_gaps_that_matter(con, program, chosen),
            *_ends_too_early(con, program, chosen),
            *_unmatched(con, chosen),
        ]
    differences = tuple(drift(con, program))
    found += _columns_of_some(con, program, differences)
    return Check(con, program, chosen, metrics, tuple(found), differences, has_tables)


# What makes a number wrong, and what became of the rows


def numbers(check: Check) -> pl.DataFrame:
    """The five figures, `figure`, and whether each is sound, would be wrong, or is not available: `state`."""
    states = []
    for key in LABELS:
        metric = next((each for each in check.metrics if each.key == key), None)
        if any(key in problem.figures for problem in check.problems):
            state = "would be wrong" if metric else "cannot be computed"
        elif metric is None or metric.this is None:
            state = f"n/a: {metric.why_this}" if metric else "n/a"
        else:
            state = "sound"
        states.append(state)
    return pl.DataFrame({"figure": list(LABELS.values()), "state": states})


def problems(check: Check) -> pl.DataFrame:
    """What is amiss, `problem`, and the `figures` that it makes wrong."""
    return pl.DataFrame(
        {
            "problem": [problem.what for problem in check.problems],
            "figures": [", ".join(LABELS[key] for key in problem.figures) for problem in check.problems],
        },
        schema={"problem": pl.String, "figures": pl.String},
    )


def ledger(check: Check) -> pl.DataFrame:
    """One row per file: `table`, `file`, `read`, and how many rows came to each fate; these add up to `read`.

    Rows that a SELECT of one's own gives without saying their file stand under its name.
    """
    con = check.con
    fates = _fates(check).group_by("table_name", "file_id", "fate").agg(pl.col("row_count").sum())
    files = pl.DataFrame(
        con.sql(
            "select files.file_id, files.table_name, files.path, coalesce(files.read, same.read) as read from files"
            " left join files as same on same.file_id = files.same_as"
        )
    )
    wide = files.join(fates, on=["file_id", "table_name"], how="full", coalesce=True)
    return (
        wide.with_columns(pl.col("path").fill_null("(rows of a SELECT)"))
        .group_by("table_name", "file_id", "path", maintain_order=True)
        .agg(
            pl.col("read").first().fill_null(pl.col("row_count").sum()),
            *(pl.col("row_count").filter(pl.col("fate") == fate).sum().alias(fate) for fate in FATES),
        )
        .rename({"table_name": "table", "path": "file"})
        .sort("table", "file", "file_id")
        .drop("file_id")
    )


def _fates(check: Check) -> pl.DataFrame:
    schema = {
        "table_name": pl.String, "file_id": pl.Int32, "fate": pl.String, "reason": pl.String, "row_count": pl.Int64,
    }  # fmt: skip
    return frames.frame(check.con, "ledger") if check.has_tables else pl.DataFrame(schema=schema)


def reasons(check: Check) -> pl.DataFrame:
    """Why rows are not used: `table`, `fate`, `reason`, `rows`; what needs no reason is left out."""
    return (
        _fates(check)
        .filter(pl.col("reason") != "")
        .group_by("table_name", "fate", "reason")
        .agg(rows=pl.col("row_count").sum())
        .rename({"table_name": "table"})
        .sort("table", "fate", "rows", descending=[False, False, True])
    )


def rejects(check: Check) -> pl.DataFrame:
    """The rows kept aside: `file`, `line`, `reason`; what stands there may be anybody's, and stays there."""
    return pl.DataFrame(
        check.con.sql(
            "select path as file, line, reason from rejects inner join files using (file_id)"
            " order by path, line"
        )
    )


# Which days they cover


def source_days(check: Check) -> pl.DataFrame:
    """The rows of each source by day: `source`, `table`, `day`, `rows`."""
    days = frames.frame(check.con, "source_days")
    return days.select(
        pl.struct("table_name", "block")
        .map_elements(
            lambda row: _source_name(check.program, row["table_name"], row["block"]), return_dtype=pl.String
        )
        .alias("source"),
        pl.col("table_name").alias("table"),
        "day",
        pl.col("row_count").alias("rows"),
    )


def _source_name(program: Program, table: str, block: int) -> str:
    """A block of exports by its table, its place where there are several, and its preset."""
    exports = program.exports.get(table, [])
    number = f" {block + 1}" if len(exports) > 1 else ""
    preset = exports[block].preset if block < len(exports) else None
    return f"{table}{number}{f' ({preset})' if preset else ''}"


def coverage_by_month(check: Check, months: int = 12) -> pl.DataFrame:
    """The rows of each source in each of the last months to the quarter's end: `source`, `month`, `name`, `rows`.

    Months without any are there with 0.
    """
    spine = pl.DataFrame(check.con.sql("select month, next_month, name from months order by month"))
    if check.quarter:
        spine = spine.filter(pl.col("month") <= check.quarter.last_month.month)
    spine = spine.tail(months)
    days = source_days(check)
    sources = days.select("source").unique(maintain_order=True)
    dated = (
        days.sort("day")
        .join_asof(spine.sort("month"), left_on="day", right_on="month", strategy="backward")
        .filter(pl.col("day") < pl.col("next_month"))
    )
    sums = dated.group_by("source", "month").agg(pl.col("rows").sum())
    return (
        sources.join(spine, how="cross")
        .join(sums, on=["source", "month"], how="left")
        .with_columns(pl.col("rows").fill_null(0))
        .select("source", "month", "name", "rows")
    )


def gaps(check: Check) -> pl.DataFrame:
    """First and last day of each source, and the days without rows between: `source`, `table`, `first_day`,
    `last_day`, `gap_days`, `gaps` in words. Days without calls are gaps where calls are usual; of others, months."""
    rows = []
    for (source, table), days in source_days(check).group_by("source", "table", maintain_order=True):
        found = gaps_between(days, str(table))
        rows.append(
            {
                "source": source,
                "table": table,
                "first_day": days["day"].min(),
                "last_day": days["day"].max(),
                "gap_days": sum((last - first).days + 1 for first, last in found),
                "gaps": ", ".join(span(first, last) for first, last in found),
            }
        )
    schema = {
        "source": pl.String, "table": pl.String, "first_day": pl.Date, "last_day": pl.Date,
        "gap_days": pl.Int64, "gaps": pl.String,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema)


# Who is who


def match_rates(check: Check) -> pl.DataFrame:
    """How much of each export leads to a partner in the quarter: `table_name`, `total`, `unmatched`, `unmatched_share`.

    Successful production calls, money in the program's currency, or hours.
    """
    return _in_quarter(check, "match_rates")


def unmatched(check: Check) -> pl.DataFrame:
    """What leads to no partner in the quarter, the most of each export first: `table_name`, `id`, `amount`,
    `first_day`, `last_day`."""
    return _in_quarter(check, "unmatched")


def _in_quarter(check: Check, question: str) -> pl.DataFrame:
    if check.quarter is None:
        return pl.DataFrame()
    return frames.frame(
        check.con, question, first_day=check.quarter.first_day, last_day=check.quarter.last_day
    )


def repeated_requests(check: Check) -> int:
    """How many requests were logged again under the same id, with something else in them."""
    return int(frames.frame(check.con, "repeated_requests")["requests"][0])


def clock_changes(check: Check) -> pl.DataFrame:
    """Times without an offset that their zone's clocks skip in a night, or show twice: `source`, `zone`, `skipped`,
    which are read as an hour later, and `twice`, which are read as the later of the two."""
    rows = check.con.execute("from clock_changes order by table_name, block").fetchall()
    return pl.DataFrame(
        [(_source_name(check.program, table, block), *told) for table, block, *told in rows],
        schema={"source": pl.String, "zone": pl.String, "skipped": pl.Int64, "twice": pl.Int64},
        orient="row",
    )


def columns(check: Check) -> pl.DataFrame:
    """Columns that come and go between the files of an export, and columns that nothing reads: `table`, `columns`."""
    rows = [
        (each.table, text)
        for each in check.drift
        for text in (*each.changes, *([f"not read: {', '.join(each.not_read)}"] if each.not_read else []))
    ]
    return pl.DataFrame(rows, schema={"table": pl.String, "columns": pl.String}, orient="row")


# What is amiss


def figures_of(con: duckdb.DuckDBPyConnection, table: str) -> tuple[str, ...]:
    """The figures that rest on an export, as the program stands."""
    used: dict[str, tuple[str, ...]] = {
        "transactions": ("revenue",),
        "attributed": ("value_ratio",) if frames.has_rows(con, "attribution") else (),
        "invoices": ("revenue", "value_ratio"),
        "worklogs": ("cost_per_partner",),
        "costs": ("value_ratio",),
        "headcount": (),
        "milestones": (),
        "calls": (
            *(("revenue",) if revenue_basis(con) == "unrealized" else ()),
            *("cost_per_partner", "activation_rate"),
            *(("value_ratio",) if frames.has_rows(con, "avoidance") else ()),
            "growth_rate",
        ),
    }
    return used.get(table, tuple(key for key, tables in RESTS_ON.items() if table in tables))


def _gaps_that_matter(
    con: duckdb.DuckDBPyConnection, program: Program, quarter: Quarter
) -> Iterator[Problem]:
    """Gaps of each source in the quarter or the one before."""
    first_day = quarters.previous(con, quarter).first_day
    for table, block, days in _days_by_source(con):
        spans = [
            (first, last)
            for first, last in gaps_between(days, table)
            if last >= first_day and first <= quarter.last_day
        ]
        if spans and (figures := figures_of(con, table)):
            what = ", ".join(span(first, last) for first, last in spans[:5])
            more = f" and {len(spans) - 5} more" if len(spans) > 5 else ""
            source = _source_name(program, table, block)
            yield Problem(f"{source}: nothing on {what}{more}, and rows before and after.", figures)


def _days_by_source(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, int, pl.DataFrame]]:
    """The table, the block and the `day` and `rows` of each source."""
    days = frames.frame(con, "source_days").rename({"row_count": "rows"})
    for (table, block), of_source in days.group_by("table_name", "block", maintain_order=True):
        yield str(table), int(str(block)), of_source


def _ends_too_early(con: duckdb.DuckDBPyConnection, program: Program, quarter: Quarter) -> Iterator[Problem]:
    """Sources that end in the quarter, calls before its end and others before its last month.

    One that another takes over from has not ended too early.
    """
    found = list(_days_by_source(con))
    for table, block, days in found:
        last: date = max(days["day"].to_list())
        if not quarter.first_day <= last <= quarter.last_day:
            continue
        takes_over = any(
            other == table and is_soon_after(last, min(each["day"].to_list()))
            for other, number, each in found
            if number != block
        )
        is_early = (
            (quarter.last_day - last).days > usual_silence(days)
            if table == "calls"
            else table in MONTHLY and _covered_to(con, table, last, found) < quarter.last_month.month
        )
        if is_early and not takes_over and (figures := figures_of(con, table)):
            source = _source_name(program, table, block)
            yield Problem(
                f"{source}: the last row is of {day_text(last)}, and the quarter ends on {day_text(quarter.last_day)}.",
                figures,
            )


def _covered_to(
    con: duckdb.DuckDBPyConnection, table: str, last: date, found: list[tuple[str, int, pl.DataFrame]]
) -> date:
    """The last day a source speaks of: an only one's service may end after its last row."""
    is_only = sum(other == table for other, *_ in found) == 1
    ends = dict(con.execute("select table_name, last_day from coverage").fetchall())
    return max(last, ends.get(table, last)) if is_only else last


def _columns_of_some(
    con: duckdb.DuckDBPyConnection, program: Program, differences: Sequence[Drift]
) -> Iterator[Problem]:
    """Columns that only some files of an export have, and that count: renamed, or not exported then."""
    for each in differences:
        if each.in_some and (figures := figures_of(con, each.table)):
            names = ", ".join(map(repr, each.in_some))
            source = _source_name(program, each.table, each.block)
            yield Problem(f"{source}: some files lack the column {names}, and count without it.", figures)


def _unmatched(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[Problem]:
    rates = frames.frame(con, "match_rates", first_day=quarter.first_day, last_day=quarter.last_day)
    for row in rates.to_dicts():
        share, table = row["unmatched_share"], row["table_name"]
        if share is not None and share > MOST_UNMATCHED and (figures := figures_of(con, table)):
            what = f"{table}: {formats.percent(share)} of the quarter's leads to no partner; at most"
            yield Problem(f"{what} {MOST_UNMATCHED:.0%} may.", figures)
