"""Pricing cases tried on a program's usage, beside its own and without touching them.

with tried(con, [case]):
    frames.frame(con, "unrealized_by_case")
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date

import duckdb

from kit.database import add_case, read_sql
from kit.settings import PricingCase

SETTINGS = (
    "pricing_cases", "pricing_responses", "pricing_exceptions", "pricing_segments",
    "pricing_plans", "pricing_meters", "pricing_tiers",
)  # fmt: skip
MADE = (
    "price_bands", "metered_usage", "plan_bills", "chosen_bills", "kept_usage", "kept_bills", "unrealized_revenue",
)  # fmt: skip
OF_RESPONSES = ("kept_usage", "kept_bills")


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
        for case in cases:
            add_case(con, case)
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
        has_responses = any(case.response for case in cases)
        for table in MADE:
            is_empty = table in OF_RESPONSES and not has_responses
            rows = f"from main.{table} limit 0" if is_empty else read_sql(table)
            con.execute(f"create table trial.{table} as {rows}")
        yield
    finally:
        con.execute("set search_path = 'main'; drop schema trial cascade")
