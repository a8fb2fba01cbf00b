"""A database with every canonical and settings table, and program.toml's settings in theirs."""

from decimal import Decimal
from importlib.resources import files

import duckdb

from kit.currencies import smallest_unit, unusual_digits
from kit.masks import EMAIL, masked_key
from kit.program import Program
from kit.rows import insert_rows
from kit.settings import PricingCase

CLOSED = (
    "autoinstall_known_extensions", "autoload_known_extensions", "allow_community_extensions",
    "python_enable_replacements",
)  # fmt: skip


def empty_database() -> duckdb.DuckDBPyConnection:
    """A database with every canonical and settings table, empty."""
    # No SELECT may make it fetch extensions, nor stand for an object of this process.
    con = duckdb.connect(config=dict.fromkeys(CLOSED, False))
    con.execute("set TimeZone = 'UTC'")
    # Each row of the canonical tables knows its file, and its place there if the rows were numbered.
    con.execute(read_sql("canonical").replace("\n);", ",\n    file_id integer,\n    source_row bigint\n);"))
    for name in ("settings", "reading", "accounts"):
        con.execute(read_sql(name))
    return con


def read_sql(name: str) -> str:
    """The text of kit/sql/<name>.sql."""
    return files("kit").joinpath("sql", f"{name}.sql").read_text(encoding="utf-8")


def add_settings(con: duckdb.DuckDBPyConnection, program: Program) -> None:
    """Put program.toml's settings into their tables."""
    about = program.program
    unit = smallest_unit(about.currency)
    insert_rows(con, "minor_units", ((currency, smallest_unit(currency)) for currency in unusual_digits()))
    insert_rows(
        con, "settings", [(about.name, about.currency, unit, about.timezone, about.stage, about.min_calls)]
    )
    insert_rows(con, "weeks_of_years", [(about.calendar, str(about.ends))] if about.calendar else [])
    insert_rows(con, "beside", ((name,) for name in dict.fromkeys(program.page.beside)))
    insert_rows(con, "rates", ((rate.role.lower(), rate.hourly, rate.from_) for rate in program.rates))
    shares = program.attribution
    insert_rows(con, "attribution", ([(shares.low, shares.base, shares.high)] if shares else []))
    for work in program.avoidance:
        per_call = work.minutes * work.hourly / 60
        values = (per_call * work.low, per_call * work.share, per_call * work.high)
        hours = work.minutes * work.share / 60
        insert_rows(con, "avoidance", [(work.operation, *values, hours, work.capacity)])
    excluded = program.exclude.model_dump().items()
    insert_rows(
        con,
        "excluded",
        ((field, _as_kept(field, value)) for field, values in excluded for value in values),
    )
    insert_rows(con, "limits", program.limits.model_dump().items())
    insert_rows(con, "goal", ([(program.goal.partners_to_add,)] if program.goal else []))
    if program.plan:
        insert_rows(con, "action_plan", [(program.plan.doing,)])
        insert_rows(con, "needs", ((need.what, need.amount) for need in program.plan.needs))
    for case in program.pricing:
        add_case(con, case)


def _as_kept(field: str, value: str) -> str:
    """How a key or an operation that is left out stands in usage; a partner may be named by its id in the registry."""
    if field == "api_key":
        return masked_key(value)
    return EMAIL.sub("…", value) if field == "operation" else value


def add_case(con: duckdb.DuckDBPyConnection, case: PricingCase) -> None:
    """Put one pricing case into its tables."""
    shares = (case.low, case.conversion, case.high)
    name = case.case
    insert_rows(con, "pricing_cases", [(name, case.base, case.assign, case.billable, *shares)])
    if answer := case.response:
        bounds_of_answer = (answer.low, answer.elasticity, answer.high, answer.at)
        insert_rows(con, "pricing_responses", [(name, *bounds_of_answer)])
    insert_rows(
        con,
        "pricing_exceptions",
        [(name, own.partner_id, own.plan, own.discount, own.exempt) for own in case.exceptions],
    )
    for position, plan in enumerate(case.plans):
        bounds = (plan.fee, plan.minimum, plan.prorate, plan.maximum, plan.discount)
        value = (plan.transaction_share, plan.per_transaction)
        insert_rows(
            con,
            "pricing_plans",
            [(name, plan.name, position, *bounds, *value, plan.from_, plan.until)],
        )
        insert_rows(con, "pricing_segments", [(name, position, segment) for segment in plan.segments])
        for number, meter in enumerate(plan.all_meters()):
            counted = (meter.product, meter.operation, meter.included, meter.mode, meter.package)
            insert_rows(con, "pricing_meters", [(name, position, number, *counted)])
            bounds_of_tiers = [Decimal(0), *(tier.up_to for tier in meter.tiers[:-1])]
            insert_rows(
                con,
                "pricing_tiers",
                [
                    (name, position, number, above, tier.up_to, tier.price, tier.flat)
                    for above, tier in zip(bounds_of_tiers, meter.tiers, strict=True)
                ],
            )
