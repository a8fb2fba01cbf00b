"""Whether exports can be trusted: what became of their rows, which days they cover, and what makes a number wrong."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import polars as pl

from kit import frames, quarters
from kit.blank import add_settings, empty_database
from kit.database import add_months, make_tables, stop_at_stray_calls
from kit.doubts import Finding, figures_of, in_order
from kit.drift import Drift, drift
from kit.editions import RESTS_ON
from kit.errors import ReviewError
from kit.exports import ExportsError, load_exports
from kit.fiscal import Quarter
from kit.gaps import gaps_between, span
from kit.grades import WITHHELD
from kit.lapses import billed_months, month_starts, source_name
from kit.metrics import FIVE, Metric
from kit.notes import LABELS
from kit.program import Program, load_program
from kit.reconciliation import findings, rates

FATE_COLUMNS = {
    "table_name": pl.String, "file_id": pl.Int32, "fate": pl.String, "reason": pl.String, "row_count": pl.Int64,
}  # fmt: skip
FATES = ("rejected", "duplicate", "replaced", "left out", "test", "unmatched", "used")


@dataclass(frozen=True)
class Check:
    """A program's exports as read: the tables made of them, the quarter looked at, its metrics, what was found.

    `quarter` is None and there are no metrics where the exports give none; without `has_tables` nothing could be made
    of them at all.
    """

    con: duckdb.DuckDBPyConnection
    program: Program
    quarter: Quarter | None
    metrics: tuple[Metric, ...]
    findings: tuple[Finding, ...]
    drift: tuple[Drift, ...]
    has_tables: bool

    @cached_property
    def fates(self) -> pl.DataFrame:
        """What became of the rows: `table_name`, `file_id`, `fate`, `reason`, `row_count`."""
        return frames.frame(self.con, "ledger") if self.has_tables else pl.DataFrame(schema=FATE_COLUMNS)

    @property
    def problems(self) -> tuple[Finding, ...]:
        """The stops and marks: what keeps a number from being made, or from being taken as it stands."""
        return tuple(finding for finding in self.findings if finding.severity != "note")

    @property
    def is_sound(self) -> bool:
        """Whether every number may be taken as it stands."""
        return not self.problems


def check_exports(folder: Path | str, quarter: str = "", published: Path | str = "") -> Check:
    """Read all exports of a program, whatever is wrong with them; ReviewError if its settings are.

    `published` is a folder of earlier pages, whose figures are held against those of today.
    """
    program = load_program(folder)
    con = empty_database()
    add_settings(con, program)
    found: list[Finding] = []
    unread: tuple[str, ...] = ()
    try:
        load_exports(con, program, counted=True)
    except ExportsError as error:
        found += [_stop(what, figures_of(con, table)) for table, what in error.faults]
        unread = tuple(f"{table}:" for table, _ in error.faults)
    chosen: Quarter | None = None
    metrics: tuple[Metric, ...] = ()
    has_tables = False
    try:
        add_months(con, program.program)
        make_tables(con)
        has_tables = True
        stop_at_stray_calls(con)
        chosen = quarters.choose_quarter(con, quarter)
        found += rates(con, chosen)
        metrics = tuple(metric(con, chosen) for metric in FIVE)
        found += _long_texts(con, chosen)
    except ReviewError as error:
        found.append(_stop(str(error), tuple(RESTS_ON)))
    if chosen:
        # Of an export that could not be read, that it holds no rows is not so.
        found += [
            finding
            for finding in findings(con, program, chosen, metrics, published)
            if not (finding.check == "no rows" and finding.what.startswith(unread))
        ]
    differences = tuple(drift(con, program))
    found += _columns_of_some(con, program, differences)
    return Check(con, program, chosen, metrics, in_order(found), differences, has_tables)


def _long_texts(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[Finding]:
    """Texts for which the page has no room: the report is not made, and the figures are not wrong."""
    pictures: tuple[tuple[str, Callable[[], pl.DataFrame]], ...] = (
        ("growth_rate", lambda: frames.milestones(con)),
        ("value_ratio", lambda: frames.cost_and_value(con, quarter)),
    )
    for key, picture in pictures:
        try:
            picture()
        except ReviewError as error:
            yield Finding(str(error), (key,), severity="stop", why="No report is made.", check="long text")


def _stop(what: str, figures: tuple[str, ...]) -> Finding:
    """What keeps the report from being made, in the words of the error."""
    return Finding(what, figures, severity="stop", why="No report is made.", check="reading")


# What makes a number wrong, and what became of the rows


def numbers(check: Check) -> pl.DataFrame:
    """The five figures, `figure`, and whether each is sound, in doubt, would be wrong or is not available: `state`."""
    states = []
    for key in LABELS:
        metric = next((each for each in check.metrics if each.key == key), None)
        severities = {
            finding.severity
            for finding in check.findings
            if key in finding.figures and finding.check != "long text"
        }
        if "stop" in severities:
            state = "would be wrong" if metric else "cannot be computed"
        elif metric is None or metric.this is None:
            why = metric.why_this if metric else ""
            state = why if why.startswith(WITHHELD) else f"n/a: {why}" if why else "n/a"
        elif "mark" in severities:
            state = "in doubt"
        else:
            state = "sound"
        states.append(state)
    return pl.DataFrame({"figure": list(LABELS.values()), "state": states})


def found(check: Check) -> pl.DataFrame:
    """What the checks found, the gravest first: `severity`, `finding`, the `figures` touched, `why` and `mend`."""
    return pl.DataFrame(
        [
            (
                each.severity,
                each.what,
                ", ".join(LABELS[key] for key in each.figures),
                each.why,
                each.mend,
            )
            for each in check.findings
        ],
        schema=dict.fromkeys(("severity", "finding", "figures", "why", "mend"), pl.String),
        orient="row",
    )


def ledger(check: Check) -> pl.DataFrame:
    """One row per file: `table`, `file`, `read`, and how many rows came to each fate; these add up to `read`.

    Rows that a SELECT of one's own gives without saying their file stand under its name.
    """
    con = check.con
    fates = check.fates.group_by("table_name", "file_id", "fate").agg(pl.col("row_count").sum())
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


def reasons(check: Check) -> pl.DataFrame:
    """Why rows are not used: `table`, `fate`, `reason`, `rows`; what needs no reason is left out."""
    return (
        check.fates.filter(pl.col("reason") != "")
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
            lambda row: source_name(check.program, row["table_name"], row["block"]), return_dtype=pl.String
        )
        .alias("source"),
        pl.col("table_name").alias("table"),
        "day",
        pl.col("row_count").alias("rows"),
    )


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
    `last_day`, `gap_days`, `gaps` in words. Days without rows are gaps where these are usual."""
    rows = []
    starts, billed = month_starts(check.con), billed_months(check.con) if check.has_tables else []
    for (source, table), days in source_days(check).group_by("source", "table", maintain_order=True):
        found = gaps_between(days, str(table), starts, billed if table == "invoices" else ())
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
        [(source_name(check.program, table, block), *told) for table, block, *told in rows],
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


def _columns_of_some(
    con: duckdb.DuckDBPyConnection, program: Program, differences: Sequence[Drift]
) -> Iterator[Finding]:
    """Columns that only some files of an export have, and that count: renamed, or not exported then."""
    for each in differences:
        if each.in_some and (figures := figures_of(con, each.table)):
            names = ", ".join(map(repr, each.in_some))
            source = source_name(program, each.table, each.block)
            yield Finding(
                f"{source}: some files lack the column {names}, and count without it.",
                figures,
                why="Rows of these files take what the column's absence means: a whole share, one call, no test.",
                mend="Export the column in all files, or name it with `columns` where it was renamed.",
                check="columns",
            )
