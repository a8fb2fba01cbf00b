"""How long price lists take over many partners and months, beside a plain Python loop, in the same run.

python tests/benchmarks/pricing_time.py [partners] [months]

Usage is in the database already, as it is when an analyst moves a price. The bills of both sides are compared, each of
them, to the cent; then ten cases are priced at once, and a year's amount is worked out as a slider does it.
"""

import random
import resource
import sys
import time
from collections.abc import Callable
from datetime import date
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal
from typing import Any

import duckdb
import polars as pl

from kit import fiscal, pricing, quarters
from kit.blank import empty_database
from kit.database import add_months, make_tables
from kit.settings import About, PricingCase
from kit.trials import tried
from kit.usage import take_calls

CENT = Decimal("0.01")
PLANS = [
    {"name": "Free", "fee": 0, "included": 1000, "mode": "flat", "tier": [{"price": "0.02"}]},
    {
        "name": "Starter",
        "fee": 49,
        "included": 5000,
        "mode": "graduated",
        "tier": [{"up_to": 20000, "price": "0.012"}, {"up_to": 100000, "price": "0.009"}, {"price": "0.007"}],
    },
    {
        "name": "Growth",
        "fee": 199,
        "included": 20000,
        "minimum": 250,
        "mode": "volume",
        "tier": [{"up_to": 50000, "price": "0.008"}, {"up_to": 250000, "price": "0.006"}, {"price": "0.005"}],
    },
    {
        "name": "Packages",
        "fee": 99,
        "included": 10000,
        "mode": "package",
        "package": 1000,
        "tier": [{"price": "7.50", "flat": 5}],
    },
    {
        "name": "Scale",
        "fee": 2500,
        "included": 500000,
        "maximum": 9000,
        "mode": "graduated",
        "tier": [{"up_to": 1000000, "price": "0.003", "flat": 20}, {"price": "0.002"}],
    },
]


def case_named(name: str, factor: Decimal = Decimal(1)) -> PricingCase:
    """The five plans, their prices times a factor."""
    case = PricingCase.model_validate(
        {"case": name, "base": True, "conversion": Decimal("0.8"), "plan": PLANS}
    )
    return pricing.scaled(case, factor)


def program_of(partners: int, months: int) -> duckdb.DuckDBPyConnection:
    """A program's tables with so many partners, each active in each of so many months."""
    con = empty_database()
    con.execute("insert into settings values ('Large', 'USD', 0.01, 'UTC', 'pre-monetization', 1)")
    con.execute(
        "insert into partners (partner_id, name, registered_at)"
        " select 'p' || number, 'Partner ' || number, date '2023-01-01' from range(?) as each(number)",
        [partners],
    )
    dice = random.Random(4)
    spine = list(fiscal.calendar_months(date(2023, 10, 1), date(2026, 9, 30), 1))[-months:]
    used = pl.DataFrame(
        {
            "month": [month.month for month in spine for _ in range(partners)],
            "partner_id": [f"p{number}" for _ in spine for number in range(partners)],
            "units": [int(dice.lognormvariate(10, 2)) for _ in range(len(spine) * partners)],
        }
    )
    rows = used.rows()
    for start in range(0, len(rows), 100_000):
        part = rows[start : start + 100_000]
        con.execute(
            "insert into calls (called_at, partner_id, environment, status, calls, units)"
            " select unnest($at::date[])::timestamp + interval 12 hours, unnest($partner::varchar[]), 'production',"
            " 200, 1, unnest($units::bigint[])",
            {
                "at": [month for month, _, _ in part],
                "partner": [partner for _, partner, _ in part],
                "units": [units for _, _, units in part],
            },
        )
    take_calls(con)
    add_months(con, About(name="Large", currency="USD", timezone="UTC", stage="pre-monetization"))
    make_tables(con)
    return con


def loop_bill(plan: dict, units: Decimal) -> Decimal:
    """A plan's bill for a month's units, as one would write it down."""
    above = max(units - plan["included"], Decimal(0))
    charge = Decimal(0)
    if above > 0 or plan["included"] == 0:
        tiers = plan["tiers"]
        if plan["mode"] == "volume":
            up_to, price, flat = next(tier for tier in tiers if tier[0] is None or above <= tier[0])
            charge = above * price + flat
        else:
            below = Decimal(0)
            for up_to, price, flat in tiers:
                within = above - below if up_to is None else min(above, up_to) - below
                if plan["mode"] == "package":
                    within = (within / plan["package"]).to_integral_value(ROUND_CEILING)
                charge += within * price + flat
                if up_to is None or above <= up_to:
                    break
                below = up_to
    bill = max(plan["minimum"], plan["fee"] + charge)
    if plan["maximum"] is not None:
        bill = min(bill, plan["maximum"])
    return bill.quantize(CENT, ROUND_HALF_EVEN)


def loop(case: PricingCase, used: list[tuple[str, date, Decimal]]) -> dict[tuple[str, date], Decimal]:
    """The cheapest plan's bill of each partner and month."""
    plans = [
        {
            "included": plan.included,
            "mode": plan.mode,
            "package": plan.package,
            "minimum": plan.minimum,
            "maximum": plan.maximum,
            "fee": plan.fee,
            "tiers": [(tier.up_to, tier.price, tier.flat) for tier in plan.tiers],
        }
        for plan in case.plans
    ]
    return {(partner, month): min(loop_bill(plan, units) for plan in plans) for partner, month, units in used}


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Wall seconds of a piece of work, and its result."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def main(partners: int, months: int) -> None:
    con = program_of(partners, months)
    used = con.execute("select partner_id, month, units from production_usage where is_active").fetchall()
    case = case_named("Proposed")

    def priced() -> tuple[Decimal, int]:
        with tried(con, [case]):
            return con.execute("select sum(bill), count(*) from unrealized_revenue").fetchall()[0]

    pairs = []
    for _ in range(3):
        mine, (total, count) = timed(priced)
        other, by_hand = timed(lambda: loop(case, used))
        pairs.append((mine, other))
    with tried(con, [case]):
        bills = con.execute("select partner_id, month, bill from chosen_bills").fetchall()
    assert {(partner, month): bill for partner, month, bill in bills} == by_hand, "the bills differ"
    assert total == sum(by_hand.values())
    mine, other = (sorted(times)[1] for times in zip(*pairs, strict=True))
    ratio = sorted(mine / other for mine, other in pairs)[1]
    print(
        f"{partners:,} partners x {months} months x {len(PLANS)} plans, cheapest: {count:,} bills, all equal"
    )
    print(f"  one case:   {mine:6.2f} s; a Python loop {other:6.2f} s; ratio {ratio:.3f}")
    ten = [case_named(f"Case {number}", 1 + Decimal(number) / 100) for number in range(10)]

    def price_ten() -> int:
        with tried(con, ten):
            return len(con.execute("select case_name from unrealized_revenue group by 1").fetchall())

    seconds, cases = timed(price_ten)
    assert cases == 10
    print(
        f"  ten cases:  {seconds:6.2f} s; the loop ten times {10 * other:6.2f} s; ratio {seconds / 10 / other:.3f}"
    )
    last = quarters.all_quarters(con)["2026-Q3"]
    spine = pricing.last_months(con, last)

    def slid() -> object:
        with tried(con, [case], months=spine):
            return pricing.year(con, last)

    moves = sorted(timed(slid)[0] for _ in range(7))
    print(f"  a slider's year: {moves[3] * 1000:.0f} ms, {moves[0] * 1000:.0f} to {moves[-1] * 1000:.0f}")
    print(f"  peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    main(*(given or [10_000, 36]))
