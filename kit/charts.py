"""Frames → Altair charts, a finding for a title: actual figures solid, estimates outlined.

Every function takes frames of metrics.py and gives a chart that can be changed further.
"""

import json
import re
from datetime import date
from typing import Any

import altair as alt
import polars as pl

from kit import findings, formats
from kit.grades import WITHHELD
from kit.metrics import NO_COST, Metric
from kit.notes import LABELS
from kit.pictures import (
    ESTIMATE,
    ESTIMATE_PALE,
    GREYS,
    HARD,
    INK,
    QUIET,
    WARN,
    axis,
    ends,
    floats,
    legend,
    money_axis,
    month_axis,
    rows,
    series,
    show_as_pictures,
    titled,
    whole_ticks,
)

__all__ = [
    "active_partners", "cost_and_value", "partner_funnel", "revenue", "show_as_pictures", "unless_withheld",
]  # fmt: skip

CATEGORIES_SHOWN = 4
MILESTONES_SHOWN = 4
LONG_NAME = (
    10  # characters of a price list's name that leave its line room for the rest, however wide they are
)
# What is billed is solid, the most solid the surest; what is not is in the fills of estimates.
PARTS = {
    "subscription": ("Subscription", HARD),
    "usage": ("Usage", "#4f9a98"),
    "overage": ("Overage", "#93c4c0"),
    "other": ("Other", "#74818d"),
    "plan fees": ("Plan fees (est.)", ESTIMATE),
    "usage above plan": ("Usage above plan (est.)", ESTIMATE_PALE),
}
MONTH = pl.col("month").dt.strftime("%Y-%m")
# Of months each in a row of its own. As fiscal.Month.short: two periods of weeks may begin in one month.
LAST_WORD = pl.col("name").str.extract(r"(\S+)$")
LABEL = pl.when(pl.col("name") == MONTH).then(pl.col("month").dt.strftime("%b")).otherwise(
    # Of a calendar export's own names, FY2026 M8, the last word: the neighbours say the year.
    pl.when(LAST_WORD.is_unique()).then(LAST_WORD).otherwise("name").str.replace(r"^\d{4}-P0?(\d+)$", "P$1")
) + pl.when("is_whole").then(pl.lit("")).otherwise(pl.lit("*"))


def revenue(parts: pl.DataFrame, currency: str) -> Any:
    """Twelve months of revenue: billed by kind, solid; unrealized beside it, hatched. Never added up."""
    months = parts.select("month", "name", "is_whole").unique(maintain_order=True).with_columns(label=LABEL)
    given = floats(parts, "amount", "low", "high").drop_nulls("part")
    given = given.join(months.select("month", "label"), on="month", maintain_order="left")
    totals = given.group_by("month", "bar", maintain_order=True).agg(value=pl.col("amount").sum())
    spans = given.filter("is_estimate", pl.col("low") < pl.col("high")).unique("month", maintain_order=True)
    top = max(*totals["value"].to_list(), *spans["high"].to_list(), 0.0, 0.0) * 1.1 or 1.0
    shown = [part for part in PARTS if (given["part"] == part).any()]
    titles = [PARTS[part][0] for part in shown]
    x = month_axis(months["label"].to_list())
    offset = alt.XOffset("bar:N", scale=alt.Scale(paddingInner=0.12))
    bars = (
        alt.Chart(
            rows(
                given.with_columns(title=pl.col("part").replace_strict(dict(zip(shown, titles, strict=True))))
            )
        )
        .transform_calculate(position=f"indexof({json.dumps(titles)}, datum.title)")
        .mark_bar(strokeWidth=0.8)
        .encode(
            x=x,
            xOffset=offset,
            y=money_axis(alt.Y, "amount:Q", totals["value"].to_list(), currency, domainMax=top, nice=False),
            color=alt.Color(
                "title:N",
                scale=alt.Scale(domain=titles, range=[PARTS[part][1] for part in shown]),
                legend=legend(),
            ),
            stroke=alt.condition("datum.is_estimate", alt.value(HARD), alt.value("#ffffff")),
            order=alt.Order("position:Q"),
            tooltip=[alt.Tooltip("name:N", title="Month"), "title:N", alt.Tooltip("amount:Q", format=",.2f")],
        )
    )
    names = given["price_list"].drop_nulls().to_list()
    beside = f"; unrealized at “{names[0]}” (est.)" if names else ""
    headline = "billed" if (given["bar"] == "billed").any() else "unrealized"
    path = months.join(
        totals.filter(pl.col("bar") == headline), on="month", how="left", maintain_order="left"
    )
    path = path.with_columns(pl.col("value").fill_null(0.0), bar=pl.lit(headline))
    # Where a bar has a span, its number stands above that.
    heights = dict(spans.filter(pl.col("bar") == headline).select("month", "high").rows())
    path = path.with_columns(
        height=pl.Series([heights.get(month, value) for month, value in path.select("month", "value").rows()])
    )
    labels = (
        alt.Chart(ends(path, lambda value: formats.money(value, currency)))
        .mark_text(dy=-6, fontWeight=700, color=INK)
        .encode(x=x, xOffset=offset, y="height:Q", text="text:N")
    )
    span = (
        alt.Chart(rows(spans))
        .mark_rule(color=INK, strokeWidth=1)
        .encode(
            x=x,
            xOffset=offset,
            y="low:Q",
            y2="high:Q",
            tooltip=[alt.Tooltip(f"{end}:Q", format=",.2f") for end in ("low", "high")],
        )
    )
    reach = ", low to high" if not spans.is_empty() else ""
    subtitle = {
        "billed": f"{currency} a month recognised" + beside,
        "unrealized": f"{currency} a month at “{names[0] if names else ''}” prices{reach} (est.)",
    }[headline] + _partly(months)
    if names and len(names[0]) > LONG_NAME:
        subtitle = re.sub(r"(; |, )", r"\1\n", subtitle, count=1)
    noun = {"billed": "Monthly revenue", "unrealized": "Unrealized revenue"}[headline]
    return titled(
        alt.layer(bars, span, labels) if shown else _nothing("No revenue, and no prices set"),
        "revenue",
        _over_the_year(noun, path) if shown else "No revenue to show",
        subtitle if shown else "Needs the invoices export, or proposed prices",
        series(path["label"].to_list(), [formats.money(value, currency) for value in path["value"]]),
    )


def partner_funnel(funnel: pl.DataFrame) -> Any:
    """Partners at each stage, and how many stopped before it."""
    reached = [f"{row['partners']:,} ({formats.percent(row['share'])})" for row in funnel.to_dicts()]
    stopped = [
        ""
        if row["stop_share"] is None
        else f"{formats.MINUS}{row['stopped']:,} · {formats.percent(row['stop_share'], digits=0)} stop before"
        for row in funnel.to_dicts()
    ]
    leak = funnel["stop_share"].fill_null(0.0).arg_max()
    texts = funnel.with_columns(
        reached=pl.Series(reached),
        lost=pl.Series(stopped),
        is_leak=(pl.int_range(pl.len()) == leak) & (pl.col("stopped") > 0),
    )
    y = alt.Y(
        "stage:N", sort=None, title=None, axis=axis(domain=False, ticks=False, labelPadding=6, labelColor=INK)
    )
    base = alt.Chart(rows(texts)).encode(
        y=y, tooltip=["stage:N", "partners:Q", alt.Tooltip("share:Q", format=".1%")]
    )
    largest = max(*funnel["partners"].to_list(), 1)
    x = alt.X("partners:Q", axis=None, scale=alt.Scale(domain=[0, largest * 2.1], nice=False))
    bars = base.mark_bar(color=HARD, height=20).encode(x=x)
    counts = base.mark_text(align="left", dx=4, fontWeight=700, color=INK).encode(x=x, text="reached:N")
    stops = base.mark_text(align="right").encode(
        x=alt.X(datum=largest * 2.1),
        text="lost:N",
        color=alt.condition("datum.is_leak", alt.value(WARN), alt.value(QUIET)),
    )
    return titled(
        bars + counts + stops,
        "funnel",
        findings.funnel(funnel),
        "Partners registered to date; the share who stop before a stage",
        series(funnel["stage"].to_list(), reached),
    )


def active_partners(months: pl.DataFrame, milestones: pl.DataFrame) -> Any:
    """Twelve months of active partners, with the milestones that explain them."""
    values = months.drop_nulls("active_partners").with_columns(label=LABEL, value=pl.col("active_partners"))
    counts = values["active_partners"].to_list()
    top = max(*counts, 1)
    notes = placed_milestones(values, milestones, top)
    x = month_axis(values["label"].to_list())
    y = alt.Y(
        "active_partners:Q",
        title=None,
        scale=alt.Scale(domain=[0, top * 1.62], nice=False),
        axis=axis(grid=True, domain=False, ticks=False, values=whole_ticks(top), format=",d"),
    )
    line = (
        alt.Chart(rows(values))
        .mark_line(color=HARD, strokeWidth=1.8, point=alt.OverlayMarkDef(color=HARD, size=18))
        .encode(x=x, y=y, tooltip=["name:N", "active_partners:Q", "calls:Q"])
    )
    labels = (
        alt.Chart(ends(values, lambda value: f"{value:,}"))
        .mark_text(dy=-9, fontWeight=700, fontSize=11, color=INK)
        .encode(x=x, y="value:Q", text="text:N")
    )
    return titled(
        alt.layer(*_milestone_marks(notes, x), line, labels),
        "active",
        _over_the_year("Active partners", values),
        "Partners with successful production calls in the month" + _partly(values),
        series(values["label"].to_list(), [f"{count:,}" for count in counts])
        + "".join(f"; {row['text']} in {row['label']}" for row in notes.to_dicts()),
    )


def _partly(months: pl.DataFrame) -> str:
    """What the star at a month's name means; empty where no month has one."""
    return "" if months["is_whole"].all() else " (* not whole)"


def _over_the_year(noun: str, values: pl.DataFrame) -> str:
    """The finding of the months that are whole in the data."""
    whole = values.filter("is_whole")
    first = [
        f"{month:%B}" if name == f"{month:%Y-%m}" else label
        for month, name, label in whole.select("month", "name", "label").head(1).rows()
    ]
    since = "in a year" if whole.height >= 12 else f"since {first[0]}" if first else ""
    return findings.over_the_year(noun, whole["value"].to_list(), since)


def _milestone_marks(notes: pl.DataFrame, x: alt.X) -> list[Any]:
    """A dashed rule from the line up to each milestone's name."""
    if notes.is_empty():
        return []
    marks = alt.Chart(rows(notes)).encode(x=x)
    rule = marks.mark_rule(color=QUIET, strokeDash=[2, 2], strokeWidth=0.8).encode(y="from:Q", y2="height:Q")
    names = [
        marks.transform_filter(alt.datum.side == side)
        .mark_text(align=side, dx=3 if side == "left" else -3, dy=4, fontSize=9, color=INK)
        .encode(y="height:Q", text="text:N", tooltip=["text:N"])
        for side in ("left", "right")
    ]
    return [rule, *names]


def placed_milestones(months: pl.DataFrame, milestones: pl.DataFrame, top: float) -> pl.DataFrame:
    """The months' last milestones, each at a height of its own above the line, its text towards the roomier side."""
    placed = milestones.sort("date").join_asof(
        months.sort("month"), left_on="date", right_on="month", strategy="backward", coalesce=False
    )
    last: date = months["month"].to_list()[-1]
    within = placed.filter(pl.col("month").is_not_null() & (pl.col("date") < pl.col("next_month")))
    middle = months["month"].to_list()[months.height // 2]
    return (
        within.tail(MILESTONES_SHOWN)
        .select("month", "label", "active_partners", "text")
        .with_columns(
            # The first and the last month's number stand above the line there.
            pl.when(pl.col("month").is_in([months["month"].to_list()[0], last]))
            .then(pl.col("active_partners") + 0.16 * top)
            .otherwise(pl.col("active_partners"))
            .alias("from"),
            height=top * (1.58 - 0.115 * pl.int_range(pl.len())),
            side=pl.when(pl.col("month") < middle).then(pl.lit("left")).otherwise(pl.lit("right")),
        )
    )


def cost_and_value(parts: pl.DataFrame, currency: str) -> Any:
    """The quarter's cost beside its value: cost grey, direct revenue solid, estimates outlined."""
    values = floats(_largest_categories(parts), "amount").with_columns(
        part=pl.when("is_estimate").then(pl.col("part") + " (est.)").otherwise("part"),
        position=pl.int_range(pl.len()),
    )
    total = values.group_by("side", maintain_order=True).agg(value=pl.col("amount").sum())
    sums = [*total["value"].to_list(), *values["amount"].to_list(), 0.0]
    limits = [min(sums) * 1.2, max(sums) * 1.2 or 1.0]
    y = alt.Y(
        "side:N", sort=["Cost", "Value"], title=None, axis=axis(domain=False, ticks=False, labelColor=INK)
    )
    bars = (
        alt.Chart(rows(values))
        .mark_bar(height=28, strokeWidth=0.8)
        .encode(
            x=money_axis(alt.X, "amount:Q", total["value"].to_list(), currency, domain=limits, nice=False),
            y=y,
            color=alt.Color(
                "part:N",
                scale=alt.Scale(domain=values["part"].to_list(), range=_fills(values)),
                legend=legend(3),
            ),
            stroke=alt.condition("datum.is_estimate", alt.value(HARD), alt.value("#ffffff")),
            order="position:Q",
            tooltip=["side:N", "part:N", alt.Tooltip("amount:Q", format=",.2f")],
        )
    )
    scale = formats.scale_of(total["value"].to_list())
    texts = pl.Series([formats.money(value, currency, scale) for value in total["value"]], dtype=pl.String)
    labels = (
        alt.Chart(rows(total.with_columns(text=texts)))
        .mark_text(align="left", dx=5, fontWeight=700, color=INK)
        .encode(x="value:Q", y=y, text="text:N")
    )
    return titled(
        bars + labels if not values.is_empty() else _nothing("No cost and no value in the data"),
        "value",
        findings.cost_and_value(parts, currency),
        _over_four_quarters(parts, currency) if not values.is_empty() else "Needs the costs export",
        series(
            [f"{row['side']}: {row['part']}" for row in values.to_dicts()],
            [formats.money(value, currency) for value in values["amount"]],
        ),
    )


def _over_four_quarters(parts: pl.DataFrame, currency: str) -> str:
    """The year's cost and value in a line."""
    is_value = pl.col("side") == "Value"
    sums = {
        "cost": parts.filter(~is_value)["four_quarters"].sum(),
        "direct": parts.filter(is_value & ~pl.col("is_estimate"))["four_quarters"].sum(),
        "estimated": parts.filter(is_value & pl.col("is_estimate"))["four_quarters"].sum(),
    }
    texts = {name: formats.money(amount, currency) for name, amount in sums.items()}
    value = f"{texts['direct']} direct, {texts['estimated']} estimated value"
    return f"This quarter. In four: {texts['cost']} cost; {value}"


def _largest_categories(parts: pl.DataFrame) -> pl.DataFrame:
    """The parts, with all costs but the largest few as one."""
    costs = parts.filter(pl.col("side") == "Cost")
    rest = costs.slice(CATEGORIES_SHOWN)
    if rest.height < 2:
        return parts
    other = rest.group_by("side").agg(
        part=pl.lit("Other"),
        amount=pl.col("amount").sum(),
        four_quarters=pl.col("four_quarters").sum(),
        is_estimate=pl.lit(False),
    )
    value = parts.filter(pl.col("side") == "Value")
    return pl.concat([costs.head(CATEGORIES_SHOWN), other.select(parts.columns).cast(parts.schema), value])


def _fills(values: pl.DataFrame) -> list[str]:
    greys, soft = iter(GREYS), iter((ESTIMATE, ESTIMATE_PALE))
    return [
        next(greys) if row["side"] == "Cost" else next(soft) if row["is_estimate"] else HARD
        for row in values.to_dicts()
    ]


def unless_withheld(metric: Metric, chart: Any) -> Any:
    """A chart; in place of one whose figure is withheld, or of value that lacks a part, an empty one that says why."""
    has_value = not metric.why_this or metric.why_this == NO_COST or "costs export" in metric.why_this
    lacks_part = metric.key == "value_ratio" and not has_value
    if not metric.why_this.startswith(WITHHELD) and not lacks_part:
        return chart
    state = WITHHELD if metric.why_this.startswith(WITHHELD) else "not available"
    why = metric.why_this.removeprefix(f"{WITHHELD}: ").split(";")[0]
    return titled(
        _nothing(state.capitalize()),
        metric.key,
        f"{LABELS[metric.key]} is {state}",
        f"{why[:1].upper()}{why[1:]}",
        state,
    )


def _nothing(text: str) -> Any:
    """An empty chart that says so."""
    return alt.Chart(alt.InlineData(values=[{"text": text}])).mark_text(color=QUIET).encode(text="text:N")
