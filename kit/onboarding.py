"""Behind the cost per partner onboarded: by quarter, activity and role, partner by partner, and what it leads to.

Cost is hours × the loaded hourly rate of the role in force that day, in the program's currency.
"""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import polars as pl

from kit import formats, frames
from kit.explore import ExploredProgram
from kit.metrics import Metric, cost_per_partner_onboarded

MONEY = pl.Decimal(38, 12)
SHOWN = 8  # quarters
HALF_YEAR = 182  # days before and after a milestone
ZERO = Decimal(0)


def cost_per_partner(program: ExploredProgram) -> Metric:
    """The quarter's onboarding cost ÷ partners who reached production in it; see metrics."""
    return cost_per_partner_onboarded(program.con, program.quarter)


def by_quarter(program: ExploredProgram, count: int = SHOWN) -> pl.DataFrame:
    """The last quarters with work logs: `partners` onboarded, `hours`, `cost`, and `cost_per_partner`.

    Null where nobody went live. Quarters before the first work log are left out.
    """
    rows = frames.by_quarter(program.con, "onboarding_by_quarter")
    names = [each.name for each in program.quarters(count)]
    begun = next((place for place, name in enumerate(names) if rows[name]["hours"]), len(names))
    found = [rows[name] for name in names[begun:]]
    costs = [frames.as_money(frames.divided(row["cost"], row["partners"])) for row in found]
    frame = pl.DataFrame(
        found,
        schema={"quarter": pl.String, "cost": MONEY, "hours": MONEY, "partners": pl.Int64},
        orient="row",
    )
    return frame.select("quarter", "partners", "hours", "cost").with_columns(
        cost_per_partner=pl.Series(costs, dtype=MONEY)
    )


def by_activity(program: ExploredProgram, count: int = SHOWN) -> pl.DataFrame:
    """Hours and cost of each quarter by `part`, the activity: engineering, support, credentials, …"""
    return _work_by(program, "activity", count)


def by_role(program: ExploredProgram, count: int = SHOWN) -> pl.DataFrame:
    """Hours and cost of each quarter by `part`, the role that did the work."""
    return _work_by(program, "role", count)


def _work_by(program: ExploredProgram, by: str, count: int) -> pl.DataFrame:
    names = [each.name for each in program.quarters(count)]
    return frames.frame(program.con, "onboarding_work_by", by=by, quarters=names)


def partners(program: ExploredProgram) -> pl.DataFrame:
    """The partners who went live in the quarter, the slowest first: `days` from registration, `hours` and `cost` booked
    on each by the quarter's end, and the activity that took most of them, `most_hours_on` and `hours_on_that`."""
    return frames.frame(program.con, "onboarded_partners", **_days(program))


def spread_text(found: pl.DataFrame, currency: str) -> str:
    """Median and quartiles of days and hours, and where the slowest one's hours went; of a frame of partners."""
    if found.is_empty():
        return "No partner went live in the quarter."
    days, hours = (_quartiles(found[name].to_list()) for name in ("days", "hours"))
    slowest = found.row(0, named=True)
    on = (
        f", {formats.count_exactly(slowest['hours_on_that'])} of its {formats.count_exactly(slowest['hours'])} hours"
        f" on {slowest['most_hours_on']}"
        if slowest["hours"]
        else ", without an hour booked on it"
    )
    if found.height == 1:
        days_taken = formats.plural(slowest["days"], "day")
        return f"{slowest['name']} alone went live: {days_taken} after registering{on}."
    return (
        f"Half of the {formats.plural(found.height, 'partner')} were live within {days[1]} days of registering"
        f" (quartiles {days[0]} and {days[2]}), with {formats.count_exactly(hours[1])} hours each"
        f" (quartiles {formats.count_exactly(hours[0])} and {formats.count_exactly(hours[2])})."
        f" {slowest['name']} took longest: {formats.plural(slowest['days'], 'day')}{on}."
    )


def by_outcome(program: ExploredProgram) -> pl.DataFrame:
    """The quarter's hours and cost by what became of the partners they were for by its end: `outcome`.

    live this quarter, live before, not live yet, left without going live, or no partner in particular; the costs add up
    to the quarter's.
    """
    return frames.frame(program.con, "onboarding_cost_by_outcome", **_days(program))


def people(program: ExploredProgram, count: int = SHOWN) -> pl.DataFrame:
    """Partners onboarded beside the people there were: `quarter`, `partners`, `fte`, `partners_per_fte`.

    Null where there is no headcount.
    """
    fte = frames.frame(program.con, "headcount_by_quarter")
    return (
        by_quarter(program, count)
        .select("quarter", "partners")
        .join(fte, on="quarter", how="left", maintain_order="left")
        .with_columns(partners_per_fte=pl.when(pl.col("fte") > 0).then(pl.col("partners") / pl.col("fte")))
    )


def people_text(program: ExploredProgram) -> str:
    """Partners and people of the quarter and of the same a year ago, in a sentence."""
    found = people(program)
    now = found.row(-1, named=True) if found.height else None
    if now is None or now["fte"] is None:
        return "There is no headcount for the quarter: it needs the headcount export."
    said = f"{formats.plural(now['partners'], 'partner')} this quarter with a team of {now['fte']:.1f}"
    then = found.row(-5, named=True) if found.height >= 5 else None
    if then is None or then["fte"] is None:
        return f"{said}; nothing is known of a year ago."
    return f"{said}; a year ago {then['partners']} with a team of {then['fte']:.1f}."


@dataclass(frozen=True)
class GoalCost:
    """What onboarding the partners of [goal] costs in the next four quarters: at today's cost, and at the trend's.

    `quarterly_change` is the compound change of the cost per partner over the last four quarters; None, and no trend,
    where the figure of a year ago is absent.
    """

    partners: int
    today: Decimal
    trend: Decimal | None
    quarterly_change: float | None


def goal(program: ExploredProgram) -> GoalCost | None:
    """The cost of next year's goal; None without [goal], or without a cost per partner this quarter."""
    rows = program.con.execute("select partners_to_add from goal").fetchall()
    history = [figure for _, figure in cost_per_partner(program).history]
    if not rows or not history or history[-1] is None:
        return None
    count, now = rows[0][0], Fraction(history[-1])
    today = frames.as_money(now * count)
    assert today is not None
    then = history[-5] if len(history) >= 5 else None
    if not then or then < 0 or now <= 0:
        return GoalCost(count, today, None, None)
    change = float(now / Fraction(then)) ** 0.25
    quarter = float(now) * count / 4
    trend = sum(quarter * change**number for number in range(1, 5))
    return GoalCost(count, today, Decimal(repr(round(trend, 2))), change - 1)


def goal_text(found: GoalCost | None, currency: str) -> str:
    """The cost of next year's goal in a sentence."""
    if found is None:
        return "No goal is set in [goal], or there is no cost per partner this quarter."
    said = (
        f"The next {formats.plural(found.partners, 'partner')} cost {formats.money(found.today, currency)} at today's"
        " cost per partner"
    )
    if found.trend is None:
        return f"{said}; there is no figure of a year ago for a trend."
    return (
        f"{said}, and {formats.money(found.trend, currency)} if it goes on changing by"
        f" {formats.percent(found.quarterly_change, signed=True)} a quarter, as in the last four."
    )


def around_milestones(program: ExploredProgram, days: int = HALF_YEAR) -> pl.DataFrame:
    """Cost per partner in half a year before and after each milestone: `milestone`, `partners_before` and `_after`,
    `cost_per_partner_before` and `_after`; `is_whole` where half a year lies after it.

    What comes after a milestone does not come of it alone. Milestones without half a year of work logs before them are
    left out; null where nobody went live.
    """
    found = frames.frame(
        program.con, "onboarding_around_milestones", days=days, next_day=program.quarter.last_month.next_month
    )
    for side in ("before", "after"):
        costs = [
            frames.as_money(frames.divided(cost, count))
            for cost, count in found.select(f"cost_{side}", f"partners_{side}").rows()
        ]
        found = found.with_columns(pl.Series(f"cost_per_partner_{side}", costs, dtype=MONEY))
    return found.drop("cost_before", "cost_after")


def _days(program: ExploredProgram) -> dict[str, object]:
    return {"first_day": program.quarter.first_day, "next_day": program.quarter.last_month.next_month}


def _quartiles(values: list[Decimal]) -> tuple[Decimal, Decimal, Decimal]:
    """First quartile, median and third, by nearest rank."""
    ordered = sorted(values)
    ranks = [max(-(-len(ordered) * part // 4) - 1, 0) for part in (1, 2, 3)]
    first, middle, third = (ordered[rank] for rank in ranks)
    return first, middle, third
