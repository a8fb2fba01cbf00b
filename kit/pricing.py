"""What partners would pay: the questions that a finance partner asks of a pricing case.

A case is one of the program's own by its name, or any that is tried (kit/trials.py). Amounts are in the program's
currency; a year is the twelve months to a quarter's end.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal
from math import ceil
from statistics import median

import duckdb
import polars as pl

from kit import frames, quarters
from kit.fiscal import Quarter
from kit.settings import ONE, ZERO, Meter, Plan, PricingCase, Program
from kit.trials import tried

STEPS = {
    "list_value": "Use at list prices",
    "free_and_included": "Free and included units, discounts, minimums",
    "internal_and_exempt": "Internal and exempt partners",
    "not_converting": "Not expected to be billed",
    "lower_use": "Lower use at these prices",
    "billed_already": "Billed already",
    "expected": "Expected",
}
TOP = 10
TENTH = Decimal("0.1")
FINEST = Decimal("0.001")  # of the scale of prices that breaks even
STEEPEST = Decimal(4096)  # times today's prices: beyond it nothing breaks even
AT_ONCE = 8  # cases in one trial
ROUTES = 5


def base_case(program: Program) -> PricingCase:
    """The program's base case; it must have one."""
    return next(case for case in program.pricing if case.base)


def last_months(con: duckdb.DuckDBPyConnection, quarter: Quarter, count: int = 12) -> list[date]:
    """The first days of the last months to a quarter's end, the latest first."""
    rows = con.execute(
        "select month from months where month <= $last order by month desc limit $count",
        {"last": quarter.last_month.month, "count": count},
    ).fetchall()
    return [month for (month,) in rows]


def bridge(con: duckdb.DuckDBPyConnection, case: str, quarter: Quarter, months: int = 12) -> pl.DataFrame:
    """From use at list prices to what is expected, over the last months to a quarter's end.

    `step`, `label`, `amount`; the amounts of all steps but the last add up to it exactly.
    """
    spine = last_months(con, quarter, months)
    rows = (
        frames.frame(con, "value_bridge")
        .filter(pl.col("case_name") == case, pl.col("month").is_in(spine))
        .select(pl.col(list(STEPS)).sum())
    )
    amounts = rows.row(0, named=True)
    return pl.DataFrame(
        [(step, label, amounts[step] or ZERO) for step, label in STEPS.items()],
        schema={"step": pl.String, "label": pl.String, "amount": pl.Decimal(38, 12)},
        orient="row",
    )


# Who pays what


def partner_bills(con: duckdb.DuckDBPyConnection, case: str, quarter: Quarter) -> pl.DataFrame:
    """Each partner's bill of the quarter's last month, the dearest first.

    `partner_id`, `name`, `segment`, `plan`, `units`, `bill`, `billed_now`, `increase`.
    """
    month = quarter.last_month.month
    return frames.frame(con, "partner_bills", case_name=case, month=month)


@dataclass(frozen=True)
class BillSummary:
    """The bills of one month: how many, their total, median, 90th percentile (nearest rank), and the ten dearest.

    `top_share` is that of the ten in the total; None where that is zero, as median and percentile are without bills.
    """

    partners: int
    total: Decimal
    median: Decimal | None
    percentile_90: Decimal | None
    top: Decimal
    top_share: Decimal | None


def summary(bills: pl.DataFrame) -> BillSummary:
    """The summary of a frame of partner_bills."""
    amounts: list[Decimal] = sorted(bills["bill"].to_list(), reverse=True)
    total, top = sum(amounts, ZERO), sum(amounts[:TOP], ZERO)
    rank = ceil(len(amounts) * Decimal("0.9"))
    return BillSummary(
        partners=len(amounts),
        total=total,
        median=median(amounts) if amounts else None,
        percentile_90=amounts[len(amounts) - rank] if amounts else None,
        top=top,
        top_share=top / total if total else None,
    )


def hardest_hit(bills: pl.DataFrame) -> dict[str, object] | None:
    """The partner whose bill rises most over what it is billed now; None where none rises."""
    rises = bills.filter(pl.col("increase") > 0).sort("increase", descending=True, maintain_order=True)
    return rises.row(0, named=True) if len(rises) else None


# What it comes to, and how far that moves


def year(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> pl.DataFrame:
    """What each case would bring in the twelve months to a quarter's end: `case_name`, `low`, `amount`, `high`."""
    spine = last_months(con, quarter)
    cases = pl.DataFrame(con.sql("select case_name from pricing_cases"))
    sums = (
        pl.DataFrame(con.sql("select case_name, month, low, amount, high from unrealized_revenue"))
        .filter(pl.col("month").is_in(spine))
        .group_by("case_name")
        .agg(pl.col("low", "amount", "high").sum())
    )
    return cases.join(sums, on="case_name", how="left", maintain_order="left").fill_null(ZERO)


def without_largest(
    con: duckdb.DuckDBPyConnection, case: str, quarter: Quarter
) -> tuple[str, Decimal] | None:
    """The partner that the year's amount rests on most, and that amount without it; None where nothing is expected."""
    spine = last_months(con, quarter)
    rows = con.execute(
        "select name, sum(amount) as total from unrealized_revenue inner join registry using (partner_id)"
        " where case_name = $case and list_contains($months::date[], month)"
        " group by partner_id, name having total > 0 order by total desc, partner_id",
        {"case": case, "months": spine},
    ).fetchall()
    if not rows:
        return None
    return rows[0][0], sum((total for _, total in rows[1:]), ZERO)


def last_quarters(
    con: duckdb.DuckDBPyConnection, case: str, quarter: Quarter, count: int = 8
) -> pl.DataFrame:
    """How the case would have done in each of the last quarters: `quarter`, `partners`, `low`, `amount`, `high`.

    Quarters before the first in which it prices a partner are left out; later ones without any are zero.
    """
    found = (
        frames.frame(con, "case_by_quarter")
        .filter(pl.col("case_name") == case)
        .drop("case_name", "first_month")
    )
    names = [each.name for each in quarters.quarters_to(con, quarter)[-count:]]
    begun = names[
        next((place for place, name in enumerate(names) if name in found["quarter"]), len(names) - 1) :
    ]
    return (
        pl.DataFrame({"quarter": begun})
        .join(found, on="quarter", how="left", maintain_order="left")
        .fill_null(0)
    )


@dataclass(frozen=True)
class Move:
    """An assumption, and the case with less and with more of it; None where there is no such case."""

    assumption: str
    less: PricingCase | None
    more: PricingCase | None


def sensitivity(con: duckdb.DuckDBPyConnection, case: PricingCase, quarter: Quarter) -> pl.DataFrame:
    """How the year's amount moves with one assumption at a time, the one that moves it most first.

    `assumption`, `less`, `more`: the amounts with less and more of it; `base` is the case's own.
    """
    moves = [
        Move(each.assumption, _named(each.less, f"{number} less"), _named(each.more, f"{number} more"))
        for number, each in enumerate(_moves(case))
    ]
    variants = [variant for move in moves for variant in (move.less, move.more) if variant]
    with tried(con, [_named(case, "base"), *variants]):
        amounts = dict(year(con, quarter).select("case_name", "amount").rows())
        alone = without_largest(con, "base", quarter)
    base = amounts["base"]
    rows = [
        (move.assumption, *(amounts[each.case] if each else base for each in (move.less, move.more)), base)
        for move in moves
    ]
    if alone:
        rows.append((f"{alone[0]} refuses", alone[1], base, base))
    amounts_of = pl.Decimal(38, 12)
    names = [("assumption", pl.String()), ("less", amounts_of), ("more", amounts_of), ("base", amounts_of)]
    return pl.DataFrame(rows, schema=names, orient="row").sort(
        (pl.col("more") - pl.col("less")).abs(), descending=True, maintain_order=True
    )


def _named(case: PricingCase | None, name: str) -> PricingCase:
    assert case is not None
    return case.model_copy(update={"case": name, "base": name == "base"})


def _moves(case: PricingCase) -> Iterator[Move]:
    """The assumptions that a case has, each with less and more of it: its own range, or a tenth."""
    low, high = case.low, case.high
    if low == high == case.conversion:
        low, high = max(ZERO, low - TENTH), min(ONE, high + TENTH)
    yield Move(
        f"Share billed {low:.0%} to {high:.0%}",
        *(case.model_copy(update={"conversion": share}) for share in (low, high)),
    )
    yield Move("Prices ± 10 %", *(scaled(case, 1 + tenth) for tenth in (-TENTH, TENTH)))
    if any(plan.fee for plan in case.plans):
        yield Move("Fees ± 10 %", *(_with_fees(case, 1 + tenth) for tenth in (-TENTH, TENTH)))
    if any(meter.included for plan in case.plans for meter in plan.all_meters()):
        yield Move("Included units ± 10 %", *(_with_included(case, 1 + tenth) for tenth in (-TENTH, TENTH)))
    if (response := case.response) and response.low != response.high:
        ends = (response.model_copy(update={"elasticity": end}) for end in (response.low, response.high))
        yield Move(
            f"Elasticity {response.low:g} to {response.high:g}",
            *(case.model_copy(update={"response": end}) for end in ends),
        )
    yield Move(
        "Calls billed: successful, or all",
        *(case.model_copy(update={"billable": choice}) for choice in ("successful", "all")),
    )


def scaled(case: PricingCase, factor: Decimal) -> PricingCase:
    """The case with the prices of all its tiers times a factor; fees stay as they are."""

    def of_tiers(holder: Plan | Meter) -> dict[str, object]:
        tiers = holder.tiers
        return {
            "tiers": tuple(
                tier.model_copy(
                    update={"price": _money(tier.price * factor), "flat": _money(tier.flat * factor)}
                )
                for tier in tiers
            )
        }

    plans = tuple(
        plan.model_copy(
            update={
                **of_tiers(plan),
                "meters": tuple(meter.model_copy(update=of_tiers(meter)) for meter in plan.meters),
                "transaction_share": min(ONE, _money(plan.transaction_share * factor)),
                "per_transaction": _money(plan.per_transaction * factor),
            }
        )
        for plan in case.plans
    )
    return case.model_copy(update={"plans": plans})


def _money(exact: Decimal) -> Decimal:
    """A price at the twelve decimals that prices have."""
    return exact.quantize(Decimal("1e-12"))


def _with_fees(case: PricingCase, factor: Decimal) -> PricingCase:
    plans = tuple(plan.model_copy(update={"fee": _money(plan.fee * factor)}) for plan in case.plans)
    return case.model_copy(update={"plans": plans})


def _with_included(case: PricingCase, factor: Decimal) -> PricingCase:
    plans = tuple(
        plan.model_copy(
            update={
                "included": plan.included * factor,
                "meters": tuple(
                    meter.model_copy(update={"included": meter.included * factor}) for meter in plan.meters
                ),
            }
        )
        for plan in case.plans
    )
    return case.model_copy(update={"plans": plans})


# Which calls are billable


def billable_choices(
    con: duckdb.DuckDBPyConnection, case: PricingCase, quarter: Quarter, routes: int = ROUTES
) -> pl.DataFrame:
    """The year's amount if all calls were billed, the successful ones, or these without one of the most used routes.

    `billable`, `amount`.
    """
    choices = [_named(case.model_copy(update={"billable": each}), each) for each in ("all", "successful")]
    with tried(con, choices):
        amounts = dict(year(con, quarter).select("case_name", "amount").rows())
    rows = [("all calls", amounts["all"]), ("successful calls", amounts["successful"])]
    used = con.execute(
        "select operation from partner_usage where environment = 'production' and operation is not null"
        " and list_contains($months::date[], month)"
        " group by operation order by sum(units) desc, operation limit $routes",
        {"routes": routes, "months": last_months(con, quarter)},
    ).fetchall()
    for (operation,) in used:
        with tried(con, [_named(case, "base")], free_operation=operation):
            rows.append((f"without {operation}", year(con, quarter)["amount"][0]))
    return pl.DataFrame(rows, schema={"billable": pl.String, "amount": pl.Decimal(38, 12)}, orient="row")


# What it takes


@dataclass(frozen=True)
class BreakEven:
    """The scale of a case's prices at which the year's amount covers the program's cost, that amount and cost.

    `unit_price` is the amount over the units used by the partners billed; None without units.
    """

    scale: Decimal
    unit_price: Decimal | None
    amount: Decimal
    cost: Decimal


def break_even(con: duckdb.DuckDBPyConnection, case: PricingCase, quarter: Quarter) -> BreakEven | None:
    """The least prices, as a multiple of the case's, that cover the program's cost of the year; to a thousandth.

    None where there is no cost, or no multiple up to 4,096 covers it. Fees stay as they are. Where prices lower use, a
    second peak of the amount that is narrower than an eighth of its scale may be passed over.
    """
    spine = last_months(con, quarter)
    [(cost,)] = con.execute(
        "select sum(amount) from program_costs where list_contains($months::date[], month)", {"months": spine}
    ).fetchall()
    if not cost:
        return None
    # Where use answers prices the amount may rise and fall again, so the first look is a closer one.
    parts = 8 if case.response else 1
    exact = [
        Decimal(2) ** power + Decimal(2) ** power * part / parts
        for power in range(-3, 12)
        for part in range(parts)
    ]
    scales = [ZERO, *exact, STEEPEST]
    while True:
        amounts = _amounts_at(con, case, quarter, scales)
        above = next((place for place, amount in enumerate(amounts) if amount >= cost), None)
        if above == 0 or (above and scales[above] - scales[above - 1] <= FINEST):
            break
        if above is None:
            most = max(range(len(amounts)), key=amounts.__getitem__)
            low, high = scales[max(most - 1, 0)], scales[min(most + 1, len(scales) - 1)]
            if scales[most] == STEEPEST or high - low <= 2 * FINEST:
                return None
        else:
            low, high = scales[above - 1], scales[above]
        step = max(((high - low) / AT_ONCE).quantize(FINEST, ROUND_CEILING), FINEST)
        scales = [low + step * number for number in range(AT_ONCE + 1) if low + step * number < high] + [high]
    scale, amount = scales[above], amounts[above]
    with tried(con, [_named(scaled(case, scale), "base")]):
        [(units,)] = con.execute(
            "select sum(units) from unrealized_revenue where list_contains($months::date[], month)",
            {"months": spine},
        ).fetchall()
    return BreakEven(scale, amount / units if units else None, amount, cost)


def _amounts_at(
    con: duckdb.DuckDBPyConnection, case: PricingCase, quarter: Quarter, scales: Sequence[Decimal]
) -> list[Decimal]:
    with tried(con, [_named(scaled(case, scale), str(scale)) for scale in scales]):
        amounts = dict(year(con, quarter).select("case_name", "amount").rows())
    return [amounts[str(scale)] for scale in scales]


def payback_months(con: duckdb.DuckDBPyConnection, case: str, quarter: Quarter) -> int | None:
    """Months of the last month's amount until what [plan] asks for is paid back; None without a need or an amount."""
    [(need,)] = con.execute("select sum(amount) from needs").fetchall()
    [(amount,)] = con.execute(
        "select sum(amount) from unrealized_revenue where case_name = $case and month = $month",
        {"case": case, "month": quarter.last_month.month},
    ).fetchall()
    return ceil(need / amount) if need and amount else None


# Programs that bill some already


def leakage(
    con: duckdb.DuckDBPyConnection, case: str, quarter: Quarter, tolerance: Decimal = Decimal("0.01")
) -> pl.DataFrame:
    """What each partner's use of the quarter is worth by the case, against what was invoiced for it.

    `partner_id`, `name`, `rated`, `invoiced`, `verdict` (unbilled, under-billed, over-billed, agrees), `leak`.
    """
    return frames.frame(
        con,
        "leakage",
        case_name=case,
        first_month=quarter.months[0].month,
        last_month=quarter.last_month.month,
        tolerance=tolerance,
    )
