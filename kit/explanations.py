"""From a figure to its rows: definition, formula, rows, what was left out, files and settings.

explain(open_program("data/samples/northgate"), "cost_per_partner")
"""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl

from kit import evidence, formats, frames, metrics, notes, quarters
from kit.database import tables_of
from kit.doubts import figures_of
from kit.errors import ReviewError
from kit.evidence import FORMULAS
from kit.explanation import Explanation, Section, Table
from kit.explore import ExploredProgram
from kit.fiscal import Quarter
from kit.metrics import Figure, Metric
from kit.program import load_program
from kit.review import Review, figure_text, trend_text

SHOWN = 12  # rows of a table; the others are summed up
EXACT_DIGITS = 15
MONEY = ("amount", "cost", "hourly", "bill", "low", "base", "high", "value", "rate")
ALL_OF = ("calls", "partners", "keys", "aliases", "invoices", "transactions", "worklogs", "costs", "attributed", "fx",
          "calendar")  # fmt: skip


def explain(program: ExploredProgram, metric: str) -> Explanation:
    """What one of the five figures is, how it comes about and from which rows; ReviewError for another name."""
    stop_at_other_name(metric)
    found = next(each for each in program.scorecard if each.key == metric)
    before = quarters.previous(program.con, program.quarter)
    review = Review(program.con, program.quarter, program.scorecard, {}, ())
    title = f"{notes.LABELS[metric]}, {notes.quarter_text(review, program.quarter.name)}"
    tables = tuple(table for table in ALL_OF if metric in figures_of(program.con, table))
    return Explanation(
        f"{program.name}: {title}",
        (
            Section("Definition", (notes.definitions(review)[metric],)),
            Section(
                "Formula",
                (f"{FORMULAS[metric][0].upper()}{FORMULAS[metric][1:]}.", *_workings(program, found, before)),
            ),
            Section("How sure", (f"Grade {found.grade}: {found.why_grade}.",)),
            *_frames(program, metric, before),
            *_rows(program, tables),
            _files(program, tables, before),
            *_settings(program, metric, tables),
        ),
    )


def explain_quarter(folder: Path | str, quarter: str, metric: str) -> Explanation:
    """The same of a program's folder and a quarter by name; the rows of its files are counted.

    ReviewError if settings or data are at fault.
    """
    stop_at_other_name(metric)
    con = tables_of(load_program(folder), counted=True)
    chosen = quarters.choose_quarter(con, quarter)
    metrics.stop_without_rates(con, chosen)
    return explain(ExploredProgram(con, chosen), metric)


def stop_at_other_name(metric: str) -> None:
    """ReviewError if a name is none of the five figures'."""
    if metric not in notes.LABELS:
        raise ReviewError(f"{metric!r} is not one of the five figures. Allowed: {', '.join(notes.LABELS)}.")


# The formula, with the numbers in it


def _workings(program: ExploredProgram, metric: Metric, before: Quarter) -> Iterable[str]:
    scale = formats.scale_of([metric.this, metric.last]) if metric.unit == "money" else None
    for name, quarter, figure, why in (
        ("This quarter", program.quarter, metric.this, metric.why_this),
        ("Last quarter", before, metric.last, metric.why_last),
    ):
        if figure is None:
            yield f"{name}, {quarter.name}: n/a, {why}."
            continue
        numbers = _with_numbers(program, metric.key, evidence.parts(program.con, quarter))
        shown = figure_text(metric.unit, figure, program.currency, scale)
        yield f"{name}, {quarter.name}: {numbers} = {_exactly(figure)}, on the page {shown}."
    if metric.trend is None:
        yield f"Trend: n/a, {metric.why_trend}."
    else:
        yield f"Trend: {_exactly(metric.trend)}, on the page {trend_text(metric)}."


def _with_numbers(program: ExploredProgram, key: str, parts: dict[str, Any]) -> str:
    def money(name: str) -> str:
        return formats.money_exactly(parts[name], program.currency)

    return {
        "revenue": f"sum of {money('revenue')}",
        "cost_per_partner": f"{money('onboarding')} ÷ {parts['onboarded']:,}",
        "activation_rate": f"{parts['production']:,} ÷ {parts['registered']:,}",
        "value_ratio": (
            f"({money('direct')} direct + {money('attributed_base')} attributed + {money('avoided_base')} avoided)"
            f" ÷ {money('cost')}"
        ),
        "growth_rate": f"({parts['active']:,} ÷ {parts['earlier']:,}) ^ (1/3) − 1",
    }[key]


def _exactly(figure: Figure) -> str:
    """A figure unrounded, or at fifteen digits and marked so."""
    exact = formats.decimal(figure or 0)
    rounded = Decimal(f"{exact:.{EXACT_DIGITS}g}")
    return f"{formats.count_exactly(rounded)}{'…' if rounded != exact else ''}"


# The frames behind it


def _frames(program: ExploredProgram, metric: str, before: Quarter) -> Iterable[Section]:
    behind: dict[str, Callable[[ExploredProgram, Quarter], Iterable[Section]]] = {
        "revenue": _revenue,
        "cost_per_partner": _onboarding,
        "activation_rate": _activation,
        "value_ratio": _value,
        "growth_rate": _growth,
    }
    return behind[metric](program, before)


def _revenue(program: ExploredProgram, before: Quarter) -> Iterable[Section]:
    con, basis = program.con, metrics.revenue_basis(program.con)
    first, last = before.first_day, program.quarter.last_month.month
    if basis == "unrealized":
        found = evidence.unrealized(con, first, last).with_columns(kind=pl.col("plan"))
        by_month = found.group_by("month", "kind").agg(rows=pl.len(), amount=pl.col("amount").sum())
        yield _section(program, "By month", by_month.sort("month", "kind"), most=24)
    else:
        found = evidence.revenue(con, basis, first, last)
        by_month = frames.frame(con, "revenue_rows", basis=basis, first_month=first, last_month=last)
        yield _section(program, "By month", by_month, most=24)
    this = found.filter(pl.col("month") >= program.quarter.first_day)
    partners = this.group_by("partner_id", "name").agg(pl.col("amount").sum())
    yield _section(
        program,
        "By partner, this quarter",
        partners.sort("amount", "partner_id", descending=[True, False]),
        summed=("amount",),
    )


def _onboarding(program: ExploredProgram, before: Quarter) -> Iterable[Section]:
    days = {"first_day": program.quarter.first_day, "next_day": program.quarter.last_month.next_month}
    partners = frames.frame(program.con, "onboarded_partners", **days).sort("production_date", "partner_id")
    columns = ("partner_id", "name", "production_date", "hours", "cost")
    yield _section(
        program,
        "Partners who reached production this quarter, with all hours booked on them by its end",
        partners.select(columns),
        most=40,
        summed=("hours", "cost"),
    )
    work = evidence.onboarding(program.con, program.quarter.first_day, program.quarter.last_month.month)
    by_role = work.group_by("role", "activity", "hourly").agg(pl.col("hours").sum(), pl.col("cost").sum())
    yield _section(
        program,
        "Onboarding work of the quarter, for whomever",
        by_role.sort("role", "activity", "hourly"),
        most=40,
        summed=("hours", "cost"),
    )


def _activation(program: ExploredProgram, before: Quarter) -> Iterable[Section]:
    this, last = (
        frames.partner_funnel(program.con, quarter).select("stage", "partners", "share")
        for quarter in (program.quarter, before)
    )
    both = this.join(
        last.rename({"partners": "last_quarter", "share": "share_then"}), on="stage", maintain_order="left"
    )
    yield _section(program, "Partners at each stage by the quarter’s end", both)
    stages = evidence.stages(program.con, program.quarter.last_day)
    reached = stages.filter(pl.col("production_date") >= program.quarter.first_day)
    columns = ("partner_id", "name", "registered_date", "sandbox_date", "first_call_date", "production_date")
    yield _section(
        program,
        "Partners who reached production this quarter",
        reached.select(columns).sort("production_date", "partner_id"),
        most=40,
    )


def _value(program: ExploredProgram, before: Quarter) -> Iterable[Section]:
    first, last = program.quarter.first_day, program.quarter.last_month.month
    value = frames.cost_and_value(program.con, program.quarter).select(
        "side", "part", "is_estimate", "amount"
    )
    yield _section(program, "Cost and value of the quarter", value, most=40)
    costs = evidence.costs(program.con, first, last)
    by_month = costs.group_by("month", "category").agg(pl.col("amount").sum()).sort("month", "category")
    yield _section(program, "Cost by month and category", by_month, most=40, summed=("amount",))
    work = evidence.avoided(program.con, first, last).drop("position")
    yield _section(program, "Work avoided by month and operation (est.)", work, most=40)


def _growth(program: ExploredProgram, before: Quarter) -> Iterable[Section]:
    earlier = quarters.previous(program.con, before).last_month.month
    months = frames.frame(program.con, "active_by_month").filter(
        pl.col("month").is_between(earlier, program.quarter.last_month.month)
    )
    columns = ("month", "active_partners", "calls", "active_calls")
    yield _section(program, "Active partners by month", months.select(columns))
    moved = frames.frame(
        program.con,
        "growth_accounting",
        month=program.quarter.last_month.month,
        earlier_month=before.last_month.month,
    )
    yield _section(program, "Who came and went over the quarter", moved)


# What it rests on


def _rows(program: ExploredProgram, tables: tuple[str, ...]) -> Iterable[Section]:
    """Rows of this quarter, and what became of all rows of the exports, with reasons."""
    days = {"first_day": program.quarter.first_day, "last_day": program.quarter.last_day}
    in_quarter = dict(frames.frame(program.con, "rows_of_quarter", **days).rows())
    fates = frames.frame(program.con, "ledger").filter(pl.col("table_name").is_in(tables))
    counts = pl.col("fate").eq("unmatched") & pl.col("table_name").is_in(COUNT_UNMATCHED)
    told = fates.with_columns(is_used=pl.col("fate").eq("used") | counts, is_nobodys=counts)
    sums = told.group_by("table_name").agg(
        used=pl.col("row_count").filter("is_used").sum(),
        nobodys=pl.col("row_count").filter("is_nobodys").sum(),
    )
    of_table = {table: (used, nobodys) for table, used, nobodys in sums.rows()}
    counted = [
        (table, *of_table[table], in_quarter.get(table, 0) if table in DATED else None)
        for table in tables
        if table in of_table
    ]
    names = ("export", "rows_used", "of_these_unmatched", "in_the_quarter")
    types = dict(zip(names, (pl.String(), pl.Int64(), pl.Int64(), pl.Int64()), strict=True))
    yield _section(program, "Rows counted", pl.DataFrame(counted, schema=types, orient="row"))
    left_out = (
        told.filter(~pl.col("is_used"))
        .group_by("table_name", "fate", "reason")
        .agg(rows=pl.col("row_count").sum())
        .select(
            export="table_name",
            what="fate",
            why=pl.when(pl.col("reason") != "").then("reason").otherwise(pl.col("fate").replace(WHY)),
            rows="rows",
        )
    )
    yield _section(program, "Rows left out", left_out.sort("export", "what", "why"), most=40)


# What leads to no partner is money and work all the same.
COUNT_UNMATCHED = ("invoices", "transactions", "attributed", "worklogs")
DATED = ("calls", *COUNT_UNMATCHED, "costs")
WHY = {
    "test": "of a test partner",
    "unmatched": "leads to no partner in the registry",
    "rejected": "broken, or with a value that is not allowed",
    "replaced": "a later export tells of the same days",
    "duplicate": "told of before",
}


def _files(program: ExploredProgram, tables: tuple[str, ...], before: Quarter) -> Section:
    """The files that tell of this quarter or the last, or of no days; the others are summed up."""
    found = evidence.files(program.con).filter(pl.col("table_name").is_in(tables))
    is_of_these = (pl.col("last_day") >= before.first_day) & (pl.col("first_day") <= program.quarter.last_day)
    found = found.with_columns(is_near=is_of_these.fill_null(True))
    shown = []
    for (table,), files in found.group_by("table_name", maintain_order=True):
        near = files.filter("is_near").head(SHOWN)
        others = files.join(near, on=["block", "path"], how="anti")
        shown += [
            {"export": table, "file": file, "first_day": first, "last_day": last}
            for file, first, last in near.select("path", "first_day", "last_day").rows()
        ]
        if others.height:
            span = {"first_day": others["first_day"].min(), "last_day": others["last_day"].max()}
            more = f"and {formats.plural(others.height, 'file')} more" if near.height else "of other quarters"
            shown.append({"export": table, "file": f"… {more}", **span})
    types = {"export": pl.String, "file": pl.String, "first_day": pl.Date, "last_day": pl.Date}
    return _section(program, "Files, with the days they tell of", pl.DataFrame(shown, schema=types), most=200)


def _settings(program: ExploredProgram, metric: str, tables: tuple[str, ...]) -> Iterable[Section]:
    about = program.sql("select currency, timezone, stage, min_calls from settings").row(0, named=True)
    said = [f"Days begin at midnight in {about['timezone']}; amounts are in {about['currency']}."]
    if metric == "revenue":
        said.append(f"The program’s stage is {about['stage']}.")
    if metric == "growth_rate":
        said.append(
            f"Active: {formats.plural(about['min_calls'], 'successful production call')} or more in the month."
        )
    excluded = dict(program.sql("select field, count(*) from excluded group by field order by field").rows())
    for field, count in excluded.items() if "calls" in tables else ():
        said.append(f"[exclude] leaves out the calls of {formats.plural(count, field.replace('_', ' '))}.")
    yield Section("Settings", tuple(said))
    questions = {
        "cost_per_partner": {
            "Loaded cost of an hour": "select role, valid_from, hourly from rates order by role, valid_from"
        },
        "value_ratio": {
            "Share of attributed revenue credited": "select low as low_share, base as base_share, high as high_share"
            " from attribution",
            "Work that one call replaces": "select operation, low, base, high from avoidance order by rowid",
        },
        "revenue": {
            "Pricing case": "select case_name, assign, low as low_share, base as base_share, high as high_share"
            " from pricing_cases where is_base"
        }
        if metrics.revenue_basis(program.con) == "unrealized"
        else {},
    }.get(metric, {})
    for heading, question in questions.items():
        yield _section(program, heading, program.sql(question), most=40)
    before = quarters.previous(program.con, program.quarter)
    rates = evidence.exchange_rates(program.con, before.first_day, program.quarter.last_day)
    if metric in ("revenue", "value_ratio") and rates.height:
        plain_rates = rates.with_columns(
            one_is=pl.Series([formats.significant(rate) for rate in rates["rate"]])
        )
        yield _section(program, "Exchange rates", plain_rates.drop("rate"), most=60)


# Frames as tables of texts


def _section(
    program: ExploredProgram,
    heading: str,
    found: pl.DataFrame,
    most: int = SHOWN,
    summed: tuple[str, ...] = (),
) -> Section:
    """A frame's first rows under a heading, with how many more there are, and sums of all."""
    if found.is_empty():
        return Section(heading, ("None.",))
    shown = found.head(most)
    rows = [
        tuple(_text(value, name, program.currency) for name, value in row.items())
        for row in shown.iter_rows(named=True)
    ]
    if rest := found.height - shown.height:
        rows.append((f"… and {rest:,} more", *("" for _ in found.columns[1:])))
    if summed:
        sums = {
            name: _text(sum(found[name].to_list(), Decimal(0)), name, program.currency) for name in summed
        }
        rows.append(("All", *(sums.get(name, "") for name in found.columns[1:])))
    numbers = {
        name.replace("_", " ")
        for name, type_ in found.schema.items()
        if type_.is_numeric() or name == "one_is"
    }
    return Section(
        heading,
        (),
        Table(tuple(name.replace("_", " ") for name in found.columns), tuple(rows), frozenset(numbers)),
    )


def _text(value: object, name: str, currency: str) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "estimate" if value else ""
        case date() | str():
            return str(value)
        case int():
            return f"{value:,}"
        case Decimal() | float() | Fraction():
            if name.endswith("share") or name == "share_then":
                return formats.percent(value)
            return formats.money_exactly(value, currency) if name in MONEY else formats.count_exactly(value)
    return str(value)
