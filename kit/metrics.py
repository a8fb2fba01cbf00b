"""The five metrics of the review, and the frames behind them.

Definitions follow the contract, section 2. A figure that can't be computed is None, with the reason beside it;
nothing is divided by zero. Money is Decimal in the program's currency, rates are fractions.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb
import polars as pl

from kit import fiscal
from kit.database import read_sql, spine
from kit.errors import ReviewError
from kit.fiscal import Quarter

QUARTERS_SHOWN = 8
LONGEST_QUIET_DAYS = 4
# Characters that fit on the page.
LONGEST_MILESTONE, LONGEST_CATEGORY = 28, 24
Figure = Decimal | Fraction | None


@dataclass(frozen=True)
class Metric:
    """One of the five figures: this quarter, the last, the change, and how sure it is.

    `unit` is money, rate, monthly_rate or ratio; `trend` is relative for money, else a difference. A reason stands
    beside each figure that is None. `history` holds up to eight quarters, oldest first, this one last.
    """

    key: str
    unit: str
    this: Figure
    last: Figure
    trend: Figure
    why_this: str
    why_last: str
    why_trend: str
    history: tuple[tuple[str, Figure], ...]
    grade: str


def frame(con: duckdb.DuckDBPyConnection, question: str, **parameters: object) -> pl.DataFrame:
    """The answer of kit/sql/<question>.sql as a Polars frame."""
    return pl.DataFrame(con.sql(read_sql(question), params=parameters or None))


def all_quarters(con: duckdb.DuckDBPyConnection) -> dict[str, Quarter]:
    """Every quarter of the program's calendar, by name."""
    return {quarter.name: quarter for quarter in fiscal.quarters(spine(con))}


def choose_quarter(con: duckdb.DuckDBPyConnection, name: str = "") -> Quarter:
    """The quarter of that name; without one, the last that the data completes.

    ReviewError for a name that is no quarter, or one of which the exports know nothing.
    """
    days = call_days(con)
    quarters = all_quarters(con)
    covered = [
        quarter
        for quarter in quarters.values()
        if days.first_day <= quarter.last_day and quarter.first_day <= days.last_day
    ]
    reach = f"the calls run from {day_text(days.first_day)} to {day_text(days.last_day)}"
    if not name:
        complete = [
            quarter for quarter in covered if ends_in_time(con, quarter) and begins_in_time(con, quarter)
        ]
        if not complete:
            raise ReviewError(
                f"The data completes no quarter: {reach}. Name one to see it so far: {covered[-1].name}."
            )
        return complete[-1]
    if not fiscal.is_quarter_name(name):
        raise ReviewError(fiscal.not_a_quarter(name))
    if name not in (quarter.name for quarter in covered):
        raise ReviewError(f"{name} is not in the data: {reach}.")
    return quarters[name]


def quarters_to(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> list[Quarter]:
    """The calendar's quarters up to and with one, oldest first."""
    known = list(all_quarters(con).values())
    return known[: known.index(quarter) + 1]


def previous(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Quarter:
    """The quarter before; the calendar reaches three years back before the data."""
    return quarters_to(con, quarter)[-2]


@dataclass(frozen=True)
class CallDays:
    """First and last day with a call, and how many days without one are usual."""

    first_day: date
    last_day: date
    silent_days: int


def call_days(con: duckdb.DuckDBPyConnection) -> CallDays:
    """The days that the call logs cover; ReviewError if they hold no call."""
    first_day, last_day, silent_days = con.execute("from call_days").fetchall()[0]
    if first_day is None:
        raise ReviewError("The calls export holds no calls.")
    return CallDays(first_day, last_day, min(silent_days, LONGEST_QUIET_DAYS))


def begins_in_time(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> bool:
    """Whether the calls reach back to the quarter's first day, but for days as quiet as is usual."""
    days = call_days(con)
    return days.first_day <= quarter.first_day + timedelta(days=days.silent_days)


def ends_in_time(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> bool:
    """Whether the calls reach the quarter's last day, but for days as quiet as is usual."""
    days = call_days(con)
    return days.last_day >= quarter.last_day - timedelta(days=days.silent_days)


def program_revenue(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Metric:
    """Revenue recognised in the quarter: invoice lines paid or open, spread over their service days.

    Before monetization, the value of partners' transactions; without such an export, the unrealized revenue.
    """
    basis = revenue_basis(con)
    needs = {
        "recognised": ("invoices", "needs the invoices export"),
        "transacted": ("transactions", "needs the transactions export"),
        "unrealized": ("calls", "needs the transactions export, or prices in program.toml"),
    }
    table, needed = needs[basis]
    is_there = has_rows(con, table) and (basis != "unrealized" or has_rows(con, "pricing_cases"))
    rows = _by_quarter(con, "revenue_by_quarter")

    def of(quarter: Quarter) -> tuple[Figure, str]:
        if not is_there:
            return None, needed
        return _unless_before(con, table, quarter, rows[quarter.name][basis])

    paid = Fraction(rows[quarter.name]["recognised_and_paid"])
    billed = Fraction(rows[quarter.name]["recognised"])
    grade = "C" if basis != "recognised" else "A" if billed and paid / billed >= Fraction(9, 10) else "B"
    return _metric(con, quarter, "revenue", "money", of, grade, relative=True)


def revenue_basis(con: duckdb.DuckDBPyConnection) -> str:
    """Which column stands for revenue: recognised, transacted or unrealized."""
    if setting(con, "stage") == "monetized":
        return "recognised"
    return (
        "transacted" if has_rows(con, "transactions") or not has_rows(con, "pricing_cases") else "unrealized"
    )


def cost_per_partner_onboarded(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Metric:
    """Cost of taking one partner to production: onboarding hours × loaded rate ÷ partners who reached it.

    None if nobody did.
    """
    rows = _by_quarter(con, "onboarding_by_quarter")

    def of(quarter: Quarter) -> tuple[Figure, str]:
        if not has_rows(con, "worklogs"):
            return None, "needs the worklogs export"
        row = rows[quarter.name]
        if not row["partners"]:
            return None, "no partner reached production"
        return _unless_before(con, "worklogs", quarter, divided(row["cost"], row["partners"]))

    return _metric(con, quarter, "cost_per_partner", "money", of, "B", relative=True)


def partner_activation_rate(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Metric:
    """Partners at production ÷ partners registered, both by the end of the quarter; None if nobody registered."""
    rows = _by_quarter(con, "activation_by_quarter")

    def of(quarter: Quarter) -> tuple[Figure, str]:
        row = rows[quarter.name]
        rate = divided(row["production"], row["registered"])
        if rate is None:
            return None, "no partner was registered"
        return _unless_before(con, "calls", quarter, rate)

    return _metric(con, quarter, "activation_rate", "rate", of, "B", needs_whole_start=False)


def cost_vs_value(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Metric:
    """Value ÷ cost: direct revenue, attributed revenue at the base share and work avoided, for one of cost.

    None without costs.
    """
    rows = _by_quarter(con, "cost_and_value_by_quarter")

    def of(quarter: Quarter) -> tuple[Figure, str]:
        row = rows[quarter.name]
        return _ratio(con, quarter, row["cost"], value_of(row))

    row = rows[quarter.name]
    grade = "C" if row["attributed"] or row["avoided"] else program_revenue(con, quarter).grade
    return _metric(con, quarter, "value_ratio", "ratio", of, grade)


def value_of(row: Mapping[str, Decimal], soft: str = "base") -> Decimal:
    """Direct revenue plus the soft value under the low, base or high assumptions."""
    return row["direct"] + (row["attributed"] + row["avoided"] if soft == "base" else row[f"soft_{soft}"])


def value_ratios(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> dict[str, Figure]:
    """The quarter's ratio under the low and high assumptions, and on direct revenue alone."""
    row = _by_quarter(con, "cost_and_value_by_quarter")[quarter.name]
    values = {"low": value_of(row, "low"), "high": value_of(row, "high"), "direct": row["direct"]}
    return {name: _ratio(con, quarter, row["cost"], value)[0] for name, value in values.items()}


def _ratio(
    con: duckdb.DuckDBPyConnection, quarter: Quarter, cost: Decimal, value: Decimal
) -> tuple[Figure, str]:
    if not has_rows(con, "costs"):
        return None, "needs the costs export"
    if setting(con, "stage") == "monetized" and not has_rows(con, "invoices"):
        return None, "needs the invoices export"
    if cost <= 0:
        return _unless_before(con, "costs", quarter, None, "no cost was booked")
    return _unless_before(con, "costs", quarter, divided(value, cost))


def partner_growth_rate(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Metric:
    """Compound monthly growth of active partners, from the last month of one quarter to that of the next.

    None if nobody was active in the earlier month.
    """
    active = {row["month"]: row["active_partners"] for row in frame(con, "active_by_month").to_dicts()}

    days = call_days(con)
    first_call = days.first_day

    def of(quarter: Quarter) -> tuple[Figure, str]:
        before = previous(con, quarter).last_month
        if days.last_day < quarter.last_month.month:
            return None, f"the calls end on {day_text(days.last_day)}, before the quarter's last month"
        if first_call >= before.next_month:
            return None, f"the calls begin on {day_text(first_call)}"
        if not active[before.month]:
            return None, f"no partner was active in {before.month:%B %Y}"
        return compound_monthly_rate(active[before.month], active[quarter.last_month.month]), ""

    return _metric(con, quarter, "growth_rate", "monthly_rate", of, "B", needs_whole_start=False)


def compound_monthly_rate(earlier: int, later: int) -> Decimal:
    """The rate a month that leads from the earlier number to the later in three: (later ÷ earlier)^(1/3) − 1."""
    ratio = Decimal(later) / Decimal(earlier)
    return ratio ** (Decimal(1) / 3) - 1 if ratio else Decimal(-1)


FIVE: tuple[Callable[[duckdb.DuckDBPyConnection, Quarter], Metric], ...] = (
    program_revenue,
    cost_per_partner_onboarded,
    partner_activation_rate,
    cost_vs_value,
    partner_growth_rate,
)


def scorecard(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> tuple[Metric, ...]:
    """The five metrics, in the review's order."""
    stop_without_rates(con, quarter)
    return tuple(metric(con, quarter) for metric in FIVE)


def stop_without_rates(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> None:
    """ReviewError if an amount or an hour in the quarters shown has no rate."""
    shown = quarters_to(con, quarter)[-QUARTERS_SHOWN - 1 :]
    missing = frame(
        con, "rates_missing", first_month=shown[0].first_day, last_month=quarter.last_month.month
    ).to_dicts()
    if missing:
        rows = [
            f"  {row['table_name']}, {row['month']}: {row['row_count']} rows of {row['name']!r}"
            for row in missing[:10]
        ]
        more = [f"  … and {len(missing) - 10} more"] if len(missing) > 10 else []
        raise ReviewError(
            "\n".join(
                [
                    "Rates are missing. A currency needs a row in the fx export for the month;"
                    " a role needs a [[rate]] in program.toml that is in force by then.",
                    *rows,
                    *more,
                ]
            )
        )


def divided(numerator: Any, denominator: Any) -> Fraction | None:
    """An exact quotient; None where the denominator is zero."""
    return Fraction(numerator) / Fraction(denominator) if denominator else None


def setting(con: duckdb.DuckDBPyConnection, name: str) -> Any:
    """One value of the settings table."""
    return con.execute(f"select {name} from settings").fetchall()[0][0]


def day_text(day: date) -> str:
    """A day as the page writes it: 12 September 2026."""
    return f"{day.day} {day:%B %Y}"


def has_rows(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Whether a table holds anything."""
    return bool(con.execute(f"select 1 from {table} limit 1").fetchall())


def row_of(con: duckdb.DuckDBPyConnection, question: str, quarter: Quarter) -> dict[str, Any]:
    """A quarter's row of a question that has one a quarter."""
    return _by_quarter(con, question)[quarter.name]


def _by_quarter(con: duckdb.DuckDBPyConnection, question: str) -> dict[str, dict[str, Any]]:
    return {row["quarter"]: row for row in frame(con, question).to_dicts()}


def _unless_before(
    con: duckdb.DuckDBPyConnection, table: str, quarter: Quarter, figure: Figure, why: str = ""
) -> tuple[Figure, str]:
    """The figure and why it is absent, or None and the reason if the export begins only after the quarter's end."""
    rows = con.execute(
        "select first_day from coverage where table_name = $table", {"table": table}
    ).fetchall()
    if not rows:
        return None, f"the {table} hold no rows"
    begins = rows[0][0]
    return (figure, why) if begins <= quarter.last_day else (None, f"the {table} begin on {day_text(begins)}")


def _metric(
    con: duckdb.DuckDBPyConnection,
    quarter: Quarter,
    key: str,
    unit: str,
    of: Callable[[Quarter], tuple[Figure, str]],
    grade: str,
    relative: bool = False,
    needs_whole_start: bool = True,
) -> Metric:
    """Put a metric together from a function that gives a quarter's figure, or None and the reason."""
    shown = quarters_to(con, quarter)[-QUARTERS_SHOWN:]
    begins = con.execute("select min(first_day) from calendar").fetchall()[0][0]
    figures = {
        each.name: of(each)
        if begins is None or each.first_day >= begins
        else (None, f"the calendar begins on {day_text(begins)}")
        for each in shown
    }
    before = shown[-2]
    (this, why_this), (last, why_last) = figures[quarter.name], figures[before.name]
    trend, why_trend = _trend(this, last, relative)
    if trend is not None:
        why_trend = _why_withheld(con, quarter, before, needs_whole_start)
    history = tuple((name, figure) for name, (figure, _) in figures.items())
    return Metric(
        key, unit, this, last, None if why_trend else trend, why_this, why_last, why_trend, history, grade
    )


def _why_withheld(
    con: duckdb.DuckDBPyConnection, quarter: Quarter, before: Quarter, needs_whole_start: bool
) -> str:
    """Why two quarters may not be compared; empty if they may."""
    days = call_days(con)
    if not ends_in_time(con, quarter):
        return f"the data ends on {day_text(days.last_day)}, before the quarter does"
    if needs_whole_start and not begins_in_time(con, before):
        return f"the calls begin on {day_text(days.first_day)}, within last quarter"
    return ""


def _trend(this: Figure, last: Figure, relative: bool) -> tuple[Figure, str]:
    if this is None:
        return None, "this quarter is not available"
    if last is None:
        return None, "last quarter is not available"
    change = Fraction(this) - Fraction(last)
    if not relative:
        return change, ""
    return (change / Fraction(last), "") if last > 0 else (None, "last quarter was not above zero")


def months_to(con: duckdb.DuckDBPyConnection, quarter: Quarter, count: int = 12) -> pl.DataFrame:
    """The last months to the quarter's end: active partners, calls, revenue by basis, and unrealized revenue.

    What the exports do not reach is null: usage before the first call, all after the last, money before its export
    begins. `is_whole` says whether the calls cover the month.
    """
    days = call_days(con)
    quiet = pl.duration(days=days.silent_days)
    months = frame(con, "active_by_month").join(
        frame(con, "money_by_month").drop("name", "quarter"), on="month"
    )
    has_begun = pl.col("month") <= days.last_day
    has_calls = has_begun & (pl.col("next_month") > days.first_day)
    usage = ["active_partners", "calls", "active_calls", *UNREALIZED]
    begins = dict(con.execute("select table_name, first_day from coverage").fetchall())
    return (
        months.filter(pl.col("month") <= quarter.last_month.month)
        .tail(count)
        .with_columns(
            *(pl.when(has_calls).then(pl.col(name)) for name in usage),
            *(
                pl.when(has_begun & (pl.col("next_month") > begins.get(table, date.max))).then(pl.col(name))
                for name, table in (("recognised", "invoices"), ("transacted", "transactions"))
            ),
            is_whole=(days.first_day <= pl.col("month") + quiet)
            & (days.last_day + quiet + pl.duration(days=1) >= pl.col("next_month")),
        )
    )


UNREALIZED = ("unrealized", "unrealized_low", "unrealized_high")


def revenue_parts(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> pl.DataFrame:
    """Twelve months of what is billed by kind, and of unrealized revenue by part of the plan.

    `month`, `name`, `is_whole`, `bar` (billed or unrealized), `part`, `amount`, `is_estimate`;
    months without any have no part.
    """
    months = months_to(con, quarter).drop_nulls("active_partners").select("month", "name", "is_whole")
    return months.join(frame(con, "revenue_parts"), on="month", how="left", maintain_order="left")


def milestones(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """What moved the program: `date` and `text`, oldest first; ReviewError for a text too long for the page."""
    found = pl.DataFrame(con.sql("select date, label as text from milestones order by date, label"))
    stop_at_long_texts("milestones: label", found["text"].to_list(), LONGEST_MILESTONE)
    return found


def stop_at_long_texts(where: str, texts: Iterable[str], room: int) -> None:
    """ReviewError naming a text that is longer than its room on the page, and how long it is."""
    for text in texts:
        if len(text) > room:
            raise ReviewError(f"{where} {text!r} has {len(text)} characters. There is room for {room}.")


def partner_funnel(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> pl.DataFrame:
    """Partners at each stage by the end of the quarter: `stage`, `partners`, `share` of the registered,
    and of those who reached the stage before, how many `stopped` there and their `stop_share`."""
    row = _by_quarter(con, "activation_by_quarter")[quarter.name]
    reached = [row[stage] for stage in STAGES]
    before = [None, *reached[:-1]]
    return pl.DataFrame(
        {
            "stage": list(STAGES.values()),
            "partners": reached,
            "share": [_float(divided(count, reached[0])) for count in reached],
            "stopped": [None if b is None else b - count for b, count in zip(before, reached, strict=True)],
            "stop_share": [
                None if not b else _float(divided(b - count, b))
                for b, count in zip(before, reached, strict=True)
            ],
        },
        schema_overrides={"stopped": pl.Int64, "stop_share": pl.Float64, "share": pl.Float64},
    )


STAGES = {
    "registered": "Registered",
    "sandbox": "Active in sandbox",
    "first_call": "First API call",
    "production": "Production",
}


def cost_and_value(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> pl.DataFrame:
    """The quarter's cost by category and value by kind: `side`, `part`, `is_estimate`, `amount`.

    `four_quarters` is the sum of the four to this one. Parts with neither have no row.
    """
    parts = frame(
        con,
        "cost_and_value_parts",
        first_day=quarters_to(con, quarter)[-4].first_day,
        quarter=quarter.name,
        last_day=quarter.last_day,
    )
    stop_at_long_texts("costs: category", parts["part"].to_list(), LONGEST_CATEGORY)
    return parts.drop("position")


def _float(figure: Figure) -> float | None:
    return None if figure is None else float(figure)
