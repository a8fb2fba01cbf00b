"""Pricing cases tried on a program's usage, beside its own and without touching them.

with tried(con, [case]):
    frames.frame(con, "unrealized_by_case")
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date

import duckdb

from kit.blank import add_case, read_sql
from kit.settings import PricingCase

SETTINGS = (
    "pricing_cases", "pricing_responses", "pricing_exceptions", "pricing_segments",
    "pricing_plans", "pricing_meters", "pricing_tiers",
)  # fmt: skip
# Views are worked out where they are asked: of many cases they would be the largest tables of all.
VIEWS = ("metered_usage", "plan_bills")
MADE = ("price_bands", "chosen_bills", "kept_usage", "kept_bills", "unrealized_revenue")
OF_RESPONSES = ("kept_usage", "kept_bills")
BILLS_AT_ONCE = 2_000_000  # of partners, months and plans: more of them at once take longer, and gigabytes


@contextmanager
def tried(
    con: duckdb.DuckDBPyConnection,
    cases: Sequence[PricingCase],
    free_operation: str | None = None,
    months: Sequence[date] | None = None,
) -> Iterator[None]:
    """Within it the program's pricing is these cases, priced on its usage; after it, its own again.

    Calls of the free operation are not billed then, though they make their partners active. Only these months are
    priced, if they are given.
    """
    con.execute("create schema trial; set search_path = 'trial,main'")
    try:
        for table in SETTINGS:
            con.execute(f"create table trial.{table} as from main.{table} limit 0")
        if free_operation is not None:
            for table in ("partner_usage", "production_usage"):
                con.execute(
                    f"create table trial.{table} as {read_sql(f'billed_{table}')}", {"free": free_operation}
                )
        elif months is not None:
            con.execute(
                "create table trial.production_usage as from main.production_usage"
                " where list_contains($months::date[], month)",
                {"months": list(months)},
            )
        for view in VIEWS:
            con.execute(f"create view trial.{view} as {read_sql(view)}")
        made = con.execute("select count(*) from production_usage").fetchall()[0][0]
        parts = list(_parts(cases, made))
        for number, part in enumerate(parts):
            _price(con, part, is_first=number == 0)
        if len(parts) > 1:
            _set_cases(con, cases)
        yield
    finally:
        con.execute("set search_path = 'main'; drop schema trial cascade")


def _parts(cases: Sequence[PricingCase], usage: int) -> Iterator[list[PricingCase]]:
    """The cases in their order, in parts of so many bills at once; a part of none where there are none."""
    part: list[PricingCase] = []
    bills = 0
    for case in cases:
        more = usage * len(case.plans)
        if part and bills + more > BILLS_AT_ONCE:
            yield part
            part, bills = [], 0
        part.append(case)
        bills += more
    yield part


def _set_cases(con: duckdb.DuckDBPyConnection, cases: Sequence[PricingCase]) -> None:
    for table in SETTINGS:
        con.execute(f"truncate trial.{table}")
    for case in cases:
        add_case(con, case)


def _price(con: duckdb.DuckDBPyConnection, cases: Sequence[PricingCase], is_first: bool) -> None:
    """Price these cases, and add their rows to those of the cases before them."""
    _set_cases(con, cases)
    has_responses = any(case.response for case in cases)
    for table in MADE:
        is_empty = table in OF_RESPONSES and not has_responses
        rows = f"from main.{table} limit 0" if is_empty else read_sql(table)
        if is_first:
            con.execute(f"create table trial.{table} as {rows}")
        elif not is_empty:
            con.execute(f"insert into trial.{table} {rows}")
