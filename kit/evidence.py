"""The rows behind the five figures, few enough for a sheet.

Every frame is of a stretch of fiscal months and adds up to the figures. Where one would have more rows than a sheet
holds well, the largest stay as they are and the others are summed up by month and rate, under OTHERS.
"""

from datetime import date
from decimal import Decimal
from typing import Any

import duckdb
import polars as pl

from kit import checks, formats, frames, metrics, quarters
from kit.checks import Check
from kit.fiscal import Quarter
from kit.masks import masked_key

MOST_ROWS = 50_000
OTHERS = "(others, summed up)"
NOT_REGISTERED = "(not in the registry)"
ENDS = ("base", "low", "high")
AMOUNTS = {name: pl.col(name).sum() for name in ("original_amount", "amount")}
OF_RATE = ["month", "currency", "fx_month"]  # what has one exchange rate
FORMULAS = {
    "revenue": "sum of the quarter’s revenue",
    "cost_per_partner": "onboarding cost ÷ partners who reached production",
    "activation_rate": "partners at production ÷ partners registered",
    "value_ratio": "(direct revenue + attributed revenue × share + work avoided) ÷ cost",
    "growth_rate": "(active partners in the last month ÷ active partners three months before) ^ (1/3) − 1",
}


def revenue(con: duckdb.DuckDBPyConnection, basis: str, first: date, last: date) -> pl.DataFrame:
    """Revenue by invoice line, or by partner of transactions: `original_amount`, the `fx_month` of its rate, `amount`.

    `basis` is recognised or transacted.
    """
    found = _of_months(con, "evidence_revenue", first, last, basis=basis)
    return _at_most(_named(found), "amount", AMOUNTS, OF_RATE)


def onboarding(con: duckdb.DuckDBPyConnection, first: date, last: date) -> pl.DataFrame:
    """Onboarding work by date, partner, activity and role: `hours`, `hourly`, `cost`; `rate_role` and `rate_from` name
    the [[rate]]."""
    found = _named(_of_months(con, "evidence_onboarding", first, last))
    summed = {"date": pl.col("month").first(), "hours": pl.col("hours").sum(), "cost": pl.col("cost").sum()}
    of_rate = ["month", "role", "rate_role", "rate_from", "hourly"]
    return _at_most(found, "cost", summed, of_rate)


def costs(con: duckdb.DuckDBPyConnection, first: date, last: date) -> pl.DataFrame:
    """Costs booked by day, category, currency and `allocation`: `original_amount`, `fx_month`, `amount`."""
    summed = AMOUNTS | {"category": pl.lit(OTHERS)}
    found = _of_months(con, "evidence_costs", first, last)
    return _at_most(found, "amount", summed, [*OF_RATE, "allocation"])


def attributed(con: duckdb.DuckDBPyConnection, first: date, last: date) -> pl.DataFrame:
    """Revenue that partners drove, before any share of it: `original_amount`, `fx_month`, `amount`."""
    return _at_most(_named(_of_months(con, "evidence_attributed", first, last)), "amount", AMOUNTS, OF_RATE)


def avoided(con: duckdb.DuckDBPyConnection, first: date, last: date) -> pl.DataFrame:
    """Calls that replaced work, by month and [[avoidance]] block: `position`, `calls`, `low`, `base`, `high`."""
    return _of_months(con, "evidence_avoided", first, last)


def active(con: duckdb.DuckDBPyConnection, first: date, last: date) -> pl.DataFrame:
    """Successful production `calls` by partner and month, and whether that makes it active.

    Of `partners` summed up, who are alike in that, `calls` are the least that one of them made.
    """
    summed = {
        "partners": pl.col("partners").sum(),
        "calls": pl.col("calls").min(),
        "units": pl.col("units").sum(),
    }
    return _at_most(
        _named(_of_months(con, "evidence_active", first, last)), "calls", summed, ["month", "is_active"]
    )


def unrealized(con: duckdb.DuckDBPyConnection, first: date, last: date) -> pl.DataFrame:
    """Unrealized revenue by partner and month: `units`, `plan`, `kept_bill`, `recognised`, `amount`.

    Partners summed up are of those with any; the bills of the others come to nothing.
    """
    found = _named(_of_months(con, "evidence_unrealized", first, last))
    sums = {
        name: pl.col(name).sum() for name in ("units", "kept_bill", "recognised", "amount")
    }  # A month's parts may not be netted: what one partner pays is no other's.
    return _at_most(found, "amount", sums)


def stages(con: duckdb.DuckDBPyConnection, last_day: date) -> pl.DataFrame:
    """The day on which each partner reached each stage, by `last_day`.

    Summed up are `partners` whose stages fall in the same months: their days are the months' first.
    """
    found = frames.frame(con, "evidence_stages", last_day=last_day)
    if found.height <= MOST_ROWS:
        return found
    days = [name for name in found.columns if name.endswith("_date")]
    spine = pl.DataFrame(con.sql("select month from months order by month"))
    for name in days:
        dated = found.with_row_index("place").drop_nulls(name).sort(name)
        months = dated.join_asof(spine, left_on=name, right_on="month").select(
            "place", pl.coalesce("month", name).alias(name)
        )
        found = (
            found.with_row_index("place")
            .drop(name)
            .join(months, on="place", how="left", maintain_order="left")
            .drop("place")
        )
    return (
        found.group_by(days)
        .agg(pl.col("partners").sum())
        .sort(days, nulls_last=True)
        .with_columns(partner_id=pl.lit(OTHERS), name=pl.lit(OTHERS), segment=pl.lit(None, pl.String))
    )


def parts(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> dict[str, Any]:
    """The sums and counts that a quarter's five figures are made of, and the ratios beside them."""
    earlier = quarters.previous(con, quarter).last_month.month
    onboarding = frames.row_of(con, "onboarding_by_quarter", quarter)
    value = frames.row_of(con, "cost_and_value_by_quarter", quarter)
    funnel = frames.row_of(con, "activation_by_quarter", quarter)
    months = {
        row["month"]: row
        for row in frames.frame(con, "active_by_month")
        .join(frames.frame(con, "money_by_month").drop("name", "quarter"), on="month")
        .to_dicts()
    }
    work = avoided(con, quarter.first_day, quarter.last_month.month)
    spared = {end: sum(work[end].to_list(), Decimal(0)) for end in ENDS}
    soft = {end: metrics.value_of(value, end) - value["direct"] for end in ENDS}
    ratios = {end: soft[end] + value["direct"] for end in ("low", "high")} | {"direct": value["direct"]}
    return {
        "revenue": frames.row_of(con, "revenue_by_quarter", quarter)[metrics.revenue_basis(con)],
        "onboarding": onboarding["cost"],
        "hours": onboarding["hours"],
        "onboarded": onboarding["partners"],
        **{stage: funnel[stage] for stage in frames.STAGES},
        "cost": value["cost"],
        "direct": value["direct"],
        **{f"attributed_{end}": soft[end] - spared[end] for end in ENDS},
        **{f"avoided_{end}": spared[end] for end in ENDS},
        "value": metrics.value_of(value),
        "active": months[quarter.last_month.month]["active_partners"],
        "earlier": months[earlier]["active_partners"],
        **{
            f"ratio_{end}": frames.divided(amount, value["cost"]) if value["cost"] else formats.ABSENT
            for end, amount in ratios.items()
        },
        "unrealized": months[quarter.last_month.month]["unrealized"],
    }


def exchange_rates(con: duckdb.DuckDBPyConnection, first: date, last: date) -> pl.DataFrame:
    """Rates of the calendar months from one day to another: `currency`, `month`, `rate`."""
    return pl.DataFrame(
        con.sql(
            "select currency, month, any_value(rate) as rate from fx"
            " where month between date_trunc('month', $first::date) and $last"
            " and currency <> (select currency from settings)"
            " group by currency, month order by currency, month",
            params={"first": first, "last": last},
        )
    )


def files(con: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Each file: `table_name`, `block`, `path`, `first_day`, `last_day`, and the file it is the `same_as`."""
    found = frames.frame(con, "file_windows").drop("row_count")
    others = found.tail(max(found.height - MOST_ROWS, 0))
    rest = others.group_by("table_name", "block", maintain_order=True).agg(
        path=pl.lit(OTHERS),
        same_as=pl.lit(None, pl.String),
        first_day=pl.col("first_day").min(),
        last_day=pl.col("last_day").max(),
    )
    return pl.concat([found.head(MOST_ROWS), rest]) if others.height else found


def ledger(check: Check) -> pl.DataFrame:
    """What became of every row: `table`, `file`, `read`, and the rows that came to each fate; see checks."""
    found = checks.ledger(check)
    others = found.tail(max(found.height - MOST_ROWS, 0))
    rest = others.group_by("table", maintain_order=True).agg(
        file=pl.lit(OTHERS), read=pl.col("read").sum(), **{fate: pl.col(fate).sum() for fate in checks.FATES}
    )
    return pl.concat([found.head(MOST_ROWS), rest]) if others.height else found


def _of_months(
    con: duckdb.DuckDBPyConnection, question: str, first: date, last: date, **parameters: object
) -> pl.DataFrame:
    return frames.frame(con, question, first_month=first, last_month=last, **parameters)


def _named(found: pl.DataFrame) -> pl.DataFrame:
    """Rows with a name for each partner; an id that the registry does not know may be a key or an address."""
    is_unknown = pl.col("partner_id").is_not_null() & pl.col("name").is_null()
    unknown: list[Any] = found.filter(is_unknown)["partner_id"].unique().to_list()
    return found.with_columns(
        partner_id=pl.col("partner_id").replace({each: masked_key(each) for each in unknown}),
        name=pl.when(is_unknown).then(pl.lit(NOT_REGISTERED)).otherwise("name"),
    )


def _at_most(
    found: pl.DataFrame, largest: str, summed: dict[str, pl.Expr], by: list[str] | None = None
) -> pl.DataFrame:
    """The rows in their order, or the largest of them and the others summed up by month."""
    if found.height <= MOST_ROWS:
        return found
    by = by or ["month"]
    places = found.with_row_index("place").sort(
        pl.col(largest).cast(pl.Float64).abs(), descending=True, maintain_order=True
    )
    kept, others = places.head(MOST_ROWS).sort("place"), places.tail(found.height - MOST_ROWS)
    rest = others.group_by(by).agg(**summed).sort(by, nulls_last=True)
    if "name" in found.columns and "name" not in rest.columns:
        rest = rest.with_columns(name=pl.lit(OTHERS))
    rest = rest.cast({name: found.schema[name] for name in rest.columns if name in found.columns})
    return pl.concat([kept.drop("place"), rest], how="diagonal").sort("month", maintain_order=True)
