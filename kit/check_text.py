"""What a check of exports finds, as text for a terminal."""

import textwrap
from collections.abc import Iterable, Iterator

import polars as pl

from kit import checks, formats
from kit.checks import Check
from kit.errors import printable
from kit.notes import LABELS
from kit.quarters import day_text

WIDTH = 100
FILE_WIDTH = 29
COLUMNS = {
    "read": "read", "rejected": "rejected", "duplicate": "duplicate", "replaced": "outside", "left out": "left out",
    "test": "test", "unmatched": "unmatched", "used": "used",
}  # fmt: skip
WIDTHS = (9, 9, 10, 8, 9, 7, 10, 9)
SHOWN = 5  # unmatched ids of an export, rejects, months of a list
FILES_SHOWN = 14  # of one table; the others are summed up
UNITS = {"calls": "successful production calls", "worklogs": "hours"}


def check_text(check: Check) -> str:
    """Ledger, coverage, match rates, drift, and what the checks found, in lines of 100 characters."""
    sections = [
        ("What became of every row", _ledger(check)),
        ("Why rows are not used", _reasons(check)),
        ("Rows kept aside", _rejects(check)),
        ("Rows in each month", _coverage(check)),
        ("Times in the nights when clocks change", _clock_changes(check)),
        ("What leads to a partner", _matches(check)),
        ("Columns that come and go, and columns that nothing reads", _drift(check)),
        ("The five numbers", _numbers(check)),
        ("What the checks found", _findings(check)),
    ]
    parts = [f"{title}\n{chr(10).join(lines)}" for title, of in sections if (lines := list(of))]
    return printable("\n\n".join([_heading(check), *parts]))


def _heading(check: Check) -> str:
    name = check.program.program.name
    if check.quarter is None:
        return f"{name}: the exports as they are"
    return f"{name}: the exports of {check.quarter.name}, {day_text(check.quarter.first_day)} to" + (
        f" {day_text(check.quarter.last_day)}"
    )


def _ledger(check: Check) -> Iterator[str]:
    columns = list(COLUMNS)
    yield _line("", COLUMNS.values())
    for (table,), files in checks.ledger(check).group_by("table", maintain_order=True):
        if len(files) == 1:
            name = _shortened(files["file"][0].rsplit("/", 1)[-1], FILE_WIDTH - len(str(table)) - 2)
            yield _line(f"{table}  {name}", _counts(files.select(columns).row(0)))
            continue
        yield _line(str(table), _counts(files.select(columns).sum().row(0)))
        for row in files.head(FILES_SHOWN).iter_rows(named=True):
            name = _shortened(row["file"], FILE_WIDTH - 2)
            yield _line(f"  {name}", _counts(row[column] for column in columns))
        rest = files.slice(FILES_SHOWN)
        if len(rest):
            more = f"  and {formats.plural(len(rest), 'file')} more"
            yield _line(more, _counts(rest.select(columns).sum().row(0)))
    yield "outside: a later export tells the same days anew"


def _counts(counts: Iterable[int]) -> Iterator[str]:
    return (f"{count:,}" if count else "·" for count in counts)


def _line(name: str, values: Iterable[str]) -> str:
    counts = "".join(f"{value:>{width}}" for value, width in zip(values, WIDTHS, strict=True))
    return f"{name:<{FILE_WIDTH}}{counts}"


def _shortened(name: str, room: int) -> str:
    """A name's end, where the whole has no room."""
    return name if len(name) <= room else f"…{name[1 - room :]}"


def _reasons(check: Check) -> Iterator[str]:
    for (table, fate), rows in checks.reasons(check).group_by("table", "fate", maintain_order=True):
        told = [f"{row['rows']:,} {row['reason']}" for row in rows.head(SHOWN).iter_rows(named=True)]
        more = [f"and {len(rows) - SHOWN} reasons more"] if len(rows) > SHOWN else []
        yield from _wrapped(f"{table}, {fate}: {'; '.join([*told, *more])}")


def _rejects(check: Check) -> Iterator[str]:
    rejects = checks.rejects(check)
    for row in rejects.head(SHOWN).iter_rows(named=True):
        yield from _wrapped(f"{row['file']}:{row['line']}  {row['reason']}")
    if len(rejects) > SHOWN:
        yield f"and {len(rejects) - SHOWN:,} more"


def _coverage(check: Check) -> Iterator[str]:
    by_month = checks.coverage_by_month(check, months=8)
    names = by_month["name"].unique(maintain_order=True).to_list()
    yield f"{'':<23}{'last day':<11}" + "".join(f"{name[-7:]:>8}" for name in names)
    spans = {row["source"]: row for row in checks.gaps(check).iter_rows(named=True)}
    for (source,), rows in by_month.group_by("source", maintain_order=True):
        counts = "".join(f"{count:>8}" for count in _counts(rows["rows"].to_list()))
        yield f"{str(source)[:22]:<23}{spans[source]['last_day']} {counts}"
    for source, row in spans.items():
        if row["gap_days"]:
            yield from _wrapped(
                f"{source}: nothing on {formats.plural(row['gap_days'], 'day')}: {row['gaps']}"
            )


def _clock_changes(check: Check) -> Iterator[str]:
    for source, zone, skipped, twice in checks.clock_changes(check).rows():
        told = [
            f"{count:,} {what}"
            for count, what in (
                (skipped, "that its clocks skip, read as an hour later"),
                (twice, "that they show twice, read as the later"),
            )
            if count
        ]
        yield from _wrapped(f"{source}: times of {zone} without an offset: {'; '.join(told)}")


def _matches(check: Check) -> Iterator[str]:
    if check.quarter is None:
        return
    unmatched = checks.unmatched(check)
    for row in checks.match_rates(check).iter_rows(named=True):
        table, currency = row["table_name"], check.program.program.currency
        share = row["unmatched_share"] or 0.0
        total = _amount(table, row["total"], currency)
        lost = _amount(table, row["unmatched"], currency, unit=False)
        yield f"{table}: {formats.percent(1 - share)} of {total}" + (f"; {lost} to none" if share else "")
        ids = unmatched.filter(pl.col("table_name") == table)
        told = [
            f"{each['id']} ({_amount(table, each['amount'], currency, unit=False)})"
            for each in ids.head(SHOWN).to_dicts()
        ]
        more = [f"and {len(ids) - SHOWN} more"] if len(ids) > SHOWN else []
        if told:
            yield from _wrapped("  " + ", ".join([*told, *more]))
    if repeated := checks.repeated_requests(check):
        requests = formats.plural(repeated, "request")
        yield f"{requests} logged again under the same id, but not alike: the first counts"


def _amount(table: str, amount: object, currency: str, unit: bool = True) -> str:
    if table in UNITS:
        return f"{formats.count(amount)}{f' {UNITS[table]}' if unit else ''}"  # type: ignore[arg-type]  # a decimal
    return formats.money(amount, currency)  # type: ignore[arg-type]


def _drift(check: Check) -> Iterator[str]:
    for table, columns in checks.columns(check).rows():
        yield from _wrapped(f"{table}: {columns}")


def _numbers(check: Check) -> Iterator[str]:
    for figure, state in checks.numbers(check).rows():
        yield f"{figure:<30}{state}"


def _findings(check: Check) -> Iterator[str]:
    """The gravest first: what was found, a few of its rows, the figures touched and why, and what mends it."""
    for each in check.findings:
        first, *others = each.what.splitlines()
        yield from _wrapped(f"{each.severity}  {first}", 6)
        for part in others:
            yield from _wrapped(f"      {part.strip()}", 6)
        rest = len(each.seen) + each.more - SHOWN
        more = [f"and {rest} more"] if rest > 0 else []
        if each.seen:
            yield from _wrapped(f"      {'; '.join([*each.seen[:SHOWN], *more])}", 6)
        touched = ", ".join(LABELS[key] for key in each.figures) or "unrealized revenue alone"
        yield from _wrapped(f"      Touches {touched}. {each.why}".rstrip(), 6)
        if each.mend:
            yield from _wrapped(f"      To mend: {each.mend}", 6)


def _wrapped(text: str, indent: int = 4) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False
    ) or [""]
