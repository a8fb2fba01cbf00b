"""The five metrics of the review.

Definitions follow the contract, section 2. A figure that can't be computed is None, with the reason beside it;
nothing is divided by zero. Money is Decimal in the program's currency, rates are fractions.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import duckdb

from kit import formats, frames, grades, own_calendar, quarters
from kit.errors import ReviewError
from kit.fiscal import Quarter
from kit.grades import Coverage
from kit.masks import words

QUARTERS_SHOWN = 8
NO_COST = "the cost booked was not above zero"
Figure = Decimal | Fraction | None


@dataclass(frozen=True)
class Metric:
    """One of the five figures: this quarter, the last, the change, and how sure it is.

    `unit` is money, rate, monthly_rate or ratio; `trend` is relative for money, else a difference. A reason stands
    beside each figure that is None. `history` holds up to eight quarters, oldest first, this one last. `grade` is A, B
    or C, `why_grade` the facts that gave it, `covers` the exports that the figure rests on.
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
    why_grade: str = ""
    covers: tuple[Coverage, ...] = ()


def program_revenue(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Metric:
    """Revenue recognised in the quarter: invoice lines paid or open, spread over their service days.

    Before monetization, the value of partners' transactions; without such an export, the unrealized revenue.
    """
    basis = revenue_basis(con)
    needs = {
        "recognised": ("invoices", why_lacking(con, "invoices")),
        "transacted": ("transactions", why_lacking(con, "transactions")),
        "unrealized": ("calls", "needs the transactions export, or proposed prices"),
    }
    table, needed = needs[basis]
    # Of call logs there is usage alone.
    is_there = frames.has_rows(con, "period_usage" if table == "calls" else table) and (
        basis != "unrealized" or frames.has_rows(con, "pricing_cases")
    )
    rows = frames.by_quarter(con, "revenue_by_quarter")

    def of(quarter: Quarter) -> tuple[Figure, str]:
        if not is_there:
            return None, needed
        return _if_covered(con, table, quarter, rows[quarter.name][basis])

    return _metric(con, quarter, "revenue", "money", of, relative=True)


def revenue_basis(con: duckdb.DuckDBPyConnection) -> str:
    """Which column stands for revenue: recognised, transacted or unrealized."""
    if frames.setting(con, "stage") == "monetized":
        return "recognised"
    return (
        "transacted"
        if frames.has_rows(con, "transactions") or not frames.has_rows(con, "pricing_cases")
        else "unrealized"
    )


def cost_per_partner_onboarded(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Metric:
    """Cost of taking one partner to production: onboarding hours × loaded rate ÷ partners who reached it.

    None if nobody did.
    """
    rows = frames.by_quarter(con, "onboarding_by_quarter")

    def of(quarter: Quarter) -> tuple[Figure, str]:
        if not frames.has_rows(con, "worklogs"):
            return None, why_lacking(con, "worklogs")
        row = rows[quarter.name]
        if not row["partners"]:
            return None, "no partner reached production"
        return _if_covered(con, "worklogs", quarter, frames.divided(row["cost"], row["partners"]))

    return _metric(con, quarter, "cost_per_partner", "money", of, relative=True)


def partner_activation_rate(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Metric:
    """Partners at production ÷ partners registered, both by the end of the quarter; None if nobody registered."""
    rows = frames.by_quarter(con, "activation_by_quarter")

    def of(quarter: Quarter) -> tuple[Figure, str]:
        row = rows[quarter.name]
        rate = frames.divided(row["production"], row["registered"])
        if rate is None:
            return None, "no partner was registered"
        return _if_covered(con, "calls", quarter, rate)

    return _metric(con, quarter, "activation_rate", "rate", of, needs_whole_start=False)


def cost_vs_value(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Metric:
    """Value ÷ cost: direct revenue, attributed revenue at the base share and work avoided, for one of cost.

    None without costs.
    """
    rows = frames.by_quarter(con, "cost_and_value_by_quarter")

    def of(quarter: Quarter) -> tuple[Figure, str]:
        row = rows[quarter.name]
        return _ratio(con, quarter, row["cost"], value_of(row))

    return _metric(con, quarter, "value_ratio", "ratio", of)


def value_of(row: Mapping[str, Decimal], soft: str = "base") -> Decimal:
    """Direct revenue plus the soft value under the low, base or high assumptions."""
    return row["direct"] + (row["attributed"] + row["avoided"] if soft == "base" else row[f"soft_{soft}"])


def value_ratios(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> dict[str, Figure]:
    """The quarter's ratio under the low and high assumptions, and on direct revenue alone; None if it is withheld."""
    if grades.sureness(con, revenue_basis(con))[quarter.name]["value_ratio"].withheld:
        return dict.fromkeys(("low", "high", "direct"))
    row = frames.row_of(con, "cost_and_value_by_quarter", quarter)
    values = {"low": value_of(row, "low"), "high": value_of(row, "high"), "direct": row["direct"]}
    return {name: _ratio(con, quarter, row["cost"], value)[0] for name, value in values.items()}


def _ratio(
    con: duckdb.DuckDBPyConnection, quarter: Quarter, cost: Decimal, value: Decimal
) -> tuple[Figure, str]:
    if not frames.has_rows(con, "costs"):
        return None, why_lacking(con, "costs")
    if frames.setting(con, "stage") == "monetized" and not frames.has_rows(con, "invoices"):
        return None, why_lacking(con, "invoices")
    why = "" if cost > 0 else NO_COST
    figure: Figure = frames.divided(value, cost) if cost > 0 else None
    for table in _parts_of_value(con):
        figure, why = _if_covered(con, table, quarter, figure, why)
    return figure, why


def has_value(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> bool:
    """Whether all that value is made of reaches the quarter, and none of it is withheld."""
    if grades.sureness(con, revenue_basis(con))[quarter.name]["value_ratio"].withheld:
        return False
    parts = (table for table in _parts_of_value(con) if table != "costs")
    return all(_if_covered(con, table, quarter, Decimal(0))[0] is not None for table in parts)


def why_lacking(con: duckdb.DuckDBPyConnection, table: str) -> str:
    """Why there are no rows of an export: none of it is given, or it is empty."""
    is_given = con.execute(
        "select 1 from files where table_name = $table limit 1", {"table": table}
    ).fetchall()
    return f"the {table} export holds no rows" if is_given else f"needs the {table} export"


def _parts_of_value(con: duckdb.DuckDBPyConnection) -> tuple[str, ...]:
    """The exports that value and cost are made of: a part of which nothing is known is not zero."""
    return (
        *(("calls",) if frames.has_rows(con, "avoidance") else ()),
        *(("attributed",) if _has_attributed(con) else ()),
        *(("invoices",) if frames.setting(con, "stage") == "monetized" else ()),
        "costs",
    )


def _has_attributed(con: duckdb.DuckDBPyConnection) -> bool:
    return frames.has_rows(con, "attribution") and frames.has_rows(con, "attributed")


def why_no_unrealized(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> str:
    """Why a quarter has no unrealized revenue; empty if it has.

    What partners were billed is taken off: once a program bills, there is none without its invoices.
    """
    if not frames.has_rows(con, "pricing_cases"):
        return "no proposed prices are set"
    if withheld := grades.sureness(con, revenue_basis(con))[quarter.name]["unrealized"].withheld:
        return withheld
    if frames.setting(con, "stage") != "monetized":
        return ""
    ends = con.execute("select last_day from coverage where table_name = 'invoices'").fetchall()
    if not ends:
        return why_lacking(con, "invoices")
    return f"the invoices end on {quarters.day_text(ends[0][0])}" if ends[0][0] < quarter.first_day else ""


def partner_growth_rate(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Metric:
    """Compound monthly growth of active partners, from the last month of one quarter to that of the next.

    None if nobody was active in the earlier month.
    """
    active = {row["month"]: row["active_partners"] for row in frames.frame(con, "active_by_month").to_dicts()}

    days = quarters.call_days(con)
    first_call = days.first_day
    begins = own_calendar.first_day(con)

    def of(quarter: Quarter) -> tuple[Figure, str]:
        before = quarters.previous(con, quarter).last_month
        if begins is not None and before.month < begins:
            return None, f"the calendar begins on {quarters.day_text(begins)}"
        if days.last_day < quarter.last_month.month:
            return (
                None,
                f"the calls end on {quarters.day_text(days.last_day)}, before the quarter's last month",
            )
        if first_call >= before.next_month:
            return None, f"the calls begin on {quarters.day_text(first_call)}"
        if not active[before.month]:
            return None, f"no partner was active in {before.text}"
        return compound_monthly_rate(active[before.month], active[quarter.last_month.month]), ""

    return _metric(con, quarter, "growth_rate", "monthly_rate", of, needs_whole_start=False)


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
    looked_at = quarters.quarters_to(con, quarter)[-QUARTERS_SHOWN - 1 :]
    missing = frames.frame(
        con, "rates_missing", first_month=looked_at[0].first_day, last_month=quarter.last_month.month
    ).to_dicts()
    if missing:
        rows = [
            f"  {row['table_name']}, {row['month']}: {formats.plural(row['row_count'], 'row')} of"
            f" {words(row['name'])!r}"
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


def _if_covered(
    con: duckdb.DuckDBPyConnection, table: str, quarter: Quarter, figure: Figure, why: str = ""
) -> tuple[Figure, str]:
    """The figure and why it is absent; None and the reason if the export begins after the quarter or ends before."""
    rows = con.execute(
        "select first_day, last_day from coverage where table_name = $table", {"table": table}
    ).fetchall()
    if not rows:
        return None, f"the {table} hold no rows"
    begins, ends = rows[0]
    rows_of = "attributed amounts" if table == "attributed" else table
    if begins > quarter.last_day:
        return None, f"the {rows_of} begin on {quarters.day_text(begins)}"
    if ends < quarter.first_day:
        return None, f"the {rows_of} end on {quarters.day_text(ends)}"
    return figure, why


def _metric(
    con: duckdb.DuckDBPyConnection,
    quarter: Quarter,
    key: str,
    unit: str,
    of: Callable[[Quarter], tuple[Figure, str]],
    relative: bool = False,
    needs_whole_start: bool = True,
) -> Metric:
    """Put a metric together from a function that gives a quarter's figure, or None and the reason.

    A figure that rests on less of the exports than the program's limit is withheld.
    """
    sure = {name: of_five[key] for name, of_five in grades.sureness(con, revenue_basis(con)).items()}
    shown = quarters.quarters_to(con, quarter)[-QUARTERS_SHOWN:]
    begins = own_calendar.first_day(con)
    figures = {
        each.name: _shown(of(each), sure[each.name].withheld)
        if begins is None or each.first_day >= begins
        else (None, f"the calendar begins on {quarters.day_text(begins)}")
        for each in shown
    }
    before = shown[-2]
    (this, why_this), (last, why_last) = figures[quarter.name], figures[before.name]
    trend, why_trend = change(this, last, relative)
    if trend is not None:
        why_trend = why_withheld(con, quarter, before, needs_whole_start)
    history = tuple((name, figure) for name, (figure, _) in figures.items())
    grade, why, covers = sure[quarter.name].grade, sure[quarter.name].why, sure[quarter.name].covers
    return Metric(
        key,
        unit,
        this,
        last,
        None if why_trend else trend,
        why_this,
        why_last,
        why_trend,
        history,
        grade,
        why,
        covers,
    )


def _shown(figure: tuple[Figure, str], withheld: str) -> tuple[Figure, str]:
    """A figure and why it is absent; None and what to mend if it is withheld."""
    return (None, withheld) if figure[0] is not None and withheld else figure


def why_withheld(
    con: duckdb.DuckDBPyConnection,
    quarter: Quarter,
    before: Quarter,
    needs_whole_start: bool,
    noun: str = "last quarter",
) -> str:
    """Why a quarter may not be compared with one before, `noun`; empty if it may."""
    days = quarters.call_days(con)
    if not quarters.ends_in_time(con, quarter):
        return f"the data ends on {quarters.day_text(days.last_day)}, before the quarter does"
    if needs_whole_start and not quarters.begins_in_time(con, before):
        return f"the calls begin on {quarters.day_text(days.first_day)}, within {noun}"
    return ""


def change(this: Figure, last: Figure, relative: bool, noun: str = "last quarter") -> tuple[Figure, str]:
    """The change from one figure to another, relative or a difference; None, and why, where there is none."""
    if this is None:
        return None, "this quarter is not available"
    if last is None:
        return None, f"{noun} is not available"
    difference = Fraction(this) - Fraction(last)
    if not relative:
        return difference, ""
    return (difference / Fraction(last), "") if last > 0 else (None, f"{noun} was not above zero")
