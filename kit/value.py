"""Behind program cost vs. value: what costs what, what gives which value, how sure that is, and what it hangs on.

Direct revenue is hard value; attributed revenue and cost avoidance are soft: estimates by the shares that program.toml
assumes. Amounts are in the program's currency.
"""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

import polars as pl

from kit import formats, frames, metrics, quarters
from kit.explore import ExploredProgram
from kit.metrics import Metric, cost_vs_value

MONEY = pl.Decimal(38, 12)
SHOWN = 8  # quarters
ZERO = Decimal(0)
SOFT = {"Partner-attributed": "partner-attributed revenue", "Cost avoidance": "cost avoidance"}


def ratio(program: ExploredProgram) -> Metric:
    """Value ÷ cost of the quarter; see metrics."""
    return cost_vs_value(program.con, program.quarter)


def parts(program: ExploredProgram) -> pl.DataFrame:
    """The quarter's cost by category and value by kind: `side`, `part`, `is_estimate`, `amount`, `four_quarters`."""
    return frames.cost_and_value(program.con, program.quarter)


def by_quarter(program: ExploredProgram, count: int = SHOWN) -> pl.DataFrame:
    """The last quarters with any cost: `cost`, `direct`, `attributed`, `avoided`, their sum `value`, and ratios to one
    of cost: `value_ratio`, `low` and `high` under the assumptions' ends, and `direct_ratio` on direct revenue alone.

    Ratios are null where cost is not above zero.
    """
    rows = frames.by_quarter(program.con, "cost_and_value_by_quarter")
    names = [each.name for each in program.quarters(count)]
    on_page = dict(ratio(program).history)
    begun = next((place for place, name in enumerate(names) if rows[name]["cost"]), len(names))
    found = []
    for name in names[begun:]:
        row = rows[name]
        amounts = {
            "value_ratio": metrics.value_of(row),
            "low": metrics.value_of(row, "low"),
            "high": metrics.value_of(row, "high"),
            "direct_ratio": row["direct"],
        }
        is_absent = on_page.get(name, ZERO) is None
        ratios = {key: None if is_absent else _ratio(amount, row["cost"]) for key, amount in amounts.items()}
        money = {key: row[key] for key in ("cost", "direct", "attributed", "avoided")}
        found.append({"quarter": name, **money, "value": metrics.value_of(row), **ratios})
    money_columns = ("cost", "direct", "attributed", "avoided", "value")
    ratio_columns = ("value_ratio", "low", "high", "direct_ratio")
    types = (
        {"quarter": pl.String}
        | dict.fromkeys(money_columns, MONEY)
        | dict.fromkeys(ratio_columns, pl.Float64)
    )
    return pl.DataFrame(found, schema=types, orient="row")


def range_text(program: ExploredProgram) -> str:
    """The quarter's ratio, and what it would be under all low and all high assumptions, and without any."""
    metric = ratio(program)
    if metric.this is None:
        return f"Program cost vs. value: n/a, {metric.why_this}."
    ends = metrics.value_ratios(program.con, program.quarter)
    told = {name: formats.ratio(end) for name, end in ends.items()}
    return (
        f"{formats.ratio(metric.this)}: {told['low']} if every assumption is at its low end, {told['high']} at its"
        f" high, and {told['direct']} on direct revenue alone."
    )


def annual_text(program: ExploredProgram) -> str:
    """The article's sentence: what the program costs over four quarters, and what it gives."""
    found = parts(program)
    sums = {
        (side, is_estimate): sum(amounts["four_quarters"].to_list(), ZERO)
        for (side, is_estimate), amounts in found.group_by("side", "is_estimate", maintain_order=True)
    }
    cost = sums.get(("Cost", False), ZERO)
    if not cost:
        return "No cost is booked in the last four quarters."
    if (metric := ratio(program)).this is None:
        return f"Program cost vs. value: n/a, {metric.why_this}."
    if len(program.quarters(4)) < 4:
        return f"The calendar begins on {quarters.day_text(program.begins)}: it has no four quarters yet."
    hard, soft = sums.get(("Value", False), ZERO), sums.get(("Value", True), ZERO)
    money = {name: formats.money(amount, program.currency) for name, amount in
             (("cost", cost), ("hard", hard), ("soft", soft))}  # fmt: skip
    kinds = found.filter(pl.col("side") == "Value", "is_estimate", pl.col("four_quarters") > 0)[
        "part"
    ].to_list()
    soft_said = (
        f" plus an estimated {money['soft']} in {' and '.join(SOFT.get(kind, kind) for kind in kinds)}"
        if kinds
        else ""
    )
    return (
        f"In four quarters the API program costs {money['cost']} to run and generates {money['hard']} in direct"
        f" revenue{soft_said}: {formats.ratio(frames.divided(hard + soft, cost))}."
    )


def assumptions(program: ExploredProgram) -> pl.DataFrame:
    """The quarter's ratio with one assumption at a time at its low and at its high end, the widest first.

    `assumption`, `less`, `more`, `base`, and `reach` between the ends. Empty without assumptions, or without a ratio.
    """
    row = frames.row_of(program.con, "cost_and_value_by_quarter", program.quarter)
    value, cost = metrics.value_of(row), row["cost"]
    found = []
    if cost > 0 and ratio(program).this is not None:
        for name, less, more in _ends(program):
            ends = (_ratio(value + less, cost), _ratio(value + more, cost))
            found.append((name, *ends, _ratio(value, cost)))
    columns = ("less", "more", "base")
    types = {"assumption": pl.String} | dict.fromkeys(columns, pl.Float64)
    frame = pl.DataFrame(found, schema=types, orient="row")
    return frame.with_columns(reach=pl.col("more") - pl.col("less")).sort(
        "reach", descending=True, maintain_order=True
    )


def _ends(program: ExploredProgram) -> Iterator[tuple[str, Decimal, Decimal]]:
    """Each assumption, and what the value loses at its low end and gains at its high."""
    shares = program.con.execute("select low, base, high from attribution").fetchall()
    months = [month.month for month in program.quarter.months]
    [(driven,)] = program.con.execute(
        "select coalesce(sum(amount), 0) from attributed_revenue where list_contains($months::date[], month)",
        {"months": months},
    ).fetchall()
    for low, base, high in shares:
        name = f"Share of attributed revenue, {formats.percent(low, digits=0)} to {formats.percent(high, digits=0)}"
        yield name, driven * (low - base), driven * (high - base)
    for row in avoided(program).iter_rows(named=True):
        yield f"Work that {row['operation']} replaces", row["low"] - row["value"], row["high"] - row["value"]


def assumption_text(found: pl.DataFrame) -> str:
    """Which assumption matters most, in a sentence; of a frame of assumptions."""
    if found.is_empty() or not found["reach"][0]:
        return "No assumption has a range that moves the ratio."
    first = found.row(0, named=True)
    return (
        f"{first['assumption']}, matters most: between its ends the ratio goes from {formats.ratio(first['less'])} to"
        f" {formats.ratio(first['more'])}."
    )


def avoided(program: ExploredProgram) -> pl.DataFrame:
    """Work that the quarter's calls replaced, by `operation`: `calls`, `hours`, `value`, `low`, `high`, and `capped`.

    Where `capacity` says how many hours a month the team which did the work has for it, a month counts no more than
    that in `capped`: nobody is spared more than all they had. The page's figure is `value`.
    """
    months = frames.frame(program.con, "avoided_by_month", quarter=program.quarter.name)
    found = []
    for (operation,), rows in months.group_by("operation", maintain_order=True):
        capped = ZERO
        for base, hours, capacity in rows.select("base", "hours", "capacity").rows():
            is_over = capacity is not None and hours > capacity
            share = Fraction(capacity) / Fraction(hours) if is_over else Fraction(1)
            capped += frames.as_money(Fraction(base) * share) or ZERO
        sums = rows.select(pl.col("calls", "hours", "base", "low", "high").sum()).row(0)
        found.append((operation, *sums, capped))
    types = {"operation": pl.String, "calls": pl.Int64} | dict.fromkeys(
        ("hours", "value", "low", "high", "capped"), MONEY
    )
    return pl.DataFrame(found, schema=types, orient="row")


def _ratio(value: Decimal, cost: Decimal) -> float | None:
    return frames.as_float(frames.divided(value, cost)) if cost > 0 else None
