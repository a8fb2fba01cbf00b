"""Pictures for the notebooks behind the five numbers: frames in, Altair charts out that can be changed further."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import polars as pl

from kit import formats
from kit.growth import Projection
from kit.pictures import (
    ESTIMATE_PALE,
    HARD,
    INK,
    QUIET,
    WARN,
    axis,
    floats,
    legend,
    money_axis,
    rows,
    series,
    titled,
)

WIDE, TALL, ROW = 640, 260, 24
CAME, BACK = HARD, "#93c4c0"


def sized(chart: Any, height: int = TALL, width: int = WIDE) -> Any:
    """A titled chart at a notebook's size."""
    return chart.properties(width=width, height=height)


def nothing(title: str, why: str) -> Any:
    """A chart that says that there is nothing to show, and why."""
    empty = alt.Chart(alt.InlineData(values=[{"text": why}])).mark_text(color=QUIET).encode(text="text:N")
    return sized(titled(empty, "nothing", title, why, "nothing"), height=110)


def movements(found: pl.DataFrame) -> Any:
    """Partners who came, came back and left each month, and how many are active at its end; of growth.movements."""
    if found.is_empty():
        return nothing("No active partners", "No month of the call logs has an active partner")
    kinds = {"new": ("New", CAME), "returned": ("Returned", BACK), "lost": ("Lost", WARN)}
    long = (
        found.with_columns(lost=-pl.col("lost"))
        .unpivot(on=list(kinds), index=["name"], variable_name="kind", value_name="partners")
        .with_columns(kind=pl.col("kind").replace_strict({key: title for key, (title, _) in kinds.items()}))
    )
    heads = found.with_columns(top=pl.col("new") + pl.col("returned"))
    x = alt.X("name:N", sort=None, title=None, axis=axis(labelAngle=0, ticks=False))
    bars = (
        alt.Chart(rows(long))
        .mark_bar()
        .encode(
            x=x,
            y=alt.Y(
                "partners:Q",
                title=None,
                scale=alt.Scale(
                    domain=[-max(found["lost"].to_list()), max(heads["top"].to_list()) * 1.2 or 1]
                ),
                axis=axis(grid=True, domain=False, ticks=False, tickMinStep=1, format="d"),
            ),
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(
                    domain=[title for title, _ in kinds.values()],
                    range=[colour for _, colour in kinds.values()],
                ),
                legend=legend(),
            ),
            tooltip=["name:N", "kind:N", "partners:Q"],
        )
    )
    labels = (
        alt.Chart(rows(heads))
        .mark_text(dy=-7, fontWeight=700, color=INK)
        .encode(x=x, y="top:Q", text="closing:Q", tooltip=["name:N", "opening:Q", "closing:Q"])
    )
    came, left = sum(heads["top"].to_list()), sum(found["lost"].to_list())
    title = f"{formats.plural(came, 'partner')} came or came back, {left} left"
    texts = [
        f"{row['opening']} + {row['new']} new + {row['returned']} returned {formats.MINUS} {row['lost']} lost"
        f" = {row['closing']}"
        for row in found.to_dicts()
    ]
    subtitle = "Partners a month; the number is of active partners at its end"
    return sized(titled(bars + labels, "movements", title, subtitle, series(found["name"].to_list(), texts)))


def retention(found: pl.DataFrame) -> Any:
    """Cohorts by how many of them are active so many months later; of growth.retention."""
    if found.is_empty():
        return nothing("No cohort", "No partner was active yet")
    cohorts = found.select("cohort", "partners").unique(maintain_order=True)
    names = {name: f"{name} ({count})" for name, count in cohorts.rows()}
    shown = found.with_columns(
        label=pl.col("cohort").replace_strict(names),
        text=pl.Series([formats.percent(share, digits=0) for share in found["retention_share"]]),
    )
    base = alt.Chart(rows(shown)).encode(
        x=alt.X(
            "months_since:O",
            title="months since the first",
            axis=axis(labelAngle=0, ticks=False, orient="top"),
        ),
        y=alt.Y("label:N", sort=None, title=None, axis=axis(ticks=False, domain=False, labelColor=INK)),
        tooltip=["cohort:N", "months_since:O", "active_partners:Q", "partners:Q"],
    )
    boxes = base.mark_rect(stroke="#ffffff", strokeWidth=2).encode(
        color=alt.Color(
            "retention_share:Q", legend=None, scale=alt.Scale(domain=[0, 1], range=["#eef2f3", HARD])
        )
    )
    texts = base.mark_text(fontSize=9.5).encode(
        text="text:N",
        color=alt.when("datum.retention_share > 0.55").then(alt.value("#ffffff")).otherwise(alt.value(INK)),
    )
    last = found.filter(pl.col("months_since") == pl.col("months_since").max().over("cohort"))
    figures = [
        f"{row['active_partners']} of {row['partners']} after {row['months_since']} months"
        for row in last.to_dicts()
    ]
    return sized(
        titled(
            boxes + texts,
            "retention",
            "Who stays, by quarter of the first active month",
            "Share of each cohort active in the month; in brackets its partners. Cohorts of few partners say little",
            series(last["cohort"].to_list(), figures),
        ),
        height=110 + ROW * cohorts.height,
    )


def projection(months: pl.DataFrame, found: Projection | None) -> Any:
    """The history of active partners, and where its changes lead, four times in five; of growth.projection."""
    if found is None:
        return nothing("Nothing to project from", "Six whole months of history are needed at least")
    past = months.drop_nulls("active_partners").filter("is_whole").with_row_index()
    past = past.select(place=pl.col("index").cast(pl.Int64), value=pl.col("active_partners").cast(pl.Float64))
    last = past.row(-1, named=True)
    ahead = found.frame.select(
        place=pl.col("ahead") + last["place"], value="expected", low="low", high="high"
    )
    start = pl.DataFrame(
        {"place": [last["place"]], **{name: [last["value"]] for name in ("value", "low", "high")}}
    )
    future = pl.concat([start, ahead], how="diagonal_relaxed")
    x = alt.X(
        "place:Q",
        title=f"months; {past.height} of history",
        axis=axis(ticks=False, tickMinStep=1, title=f"months, {past.height} of them history"),
    )
    y = alt.Y("value:Q", title=None, axis=axis(grid=True, domain=False, ticks=False))
    band = (
        alt.Chart(rows(future))
        .mark_area(color=ESTIMATE_PALE, stroke=HARD, strokeWidth=0.5, strokeDash=[3, 3])
        .encode(x=x, y=alt.Y("low:Q", title=None), y2="high:Q")
    )
    line = alt.Chart(rows(past)).mark_line(color=HARD, point=alt.OverlayMarkDef(color=HARD, size=18))
    lead = alt.Chart(rows(future)).mark_line(color=HARD, strokeDash=[4, 3])
    end = future.tail(1).with_columns(
        text=pl.format(
            "{} ({} to {})", *(pl.col(name).round(0).cast(pl.Int64) for name in ("value", "low", "high"))
        )
    )
    label = alt.Chart(rows(end)).mark_text(align="right", dx=-4, dy=-10, fontWeight=700, color=INK)
    return sized(
        titled(
            alt.layer(
                band,
                line.encode(x=x, y=y, tooltip=["value:Q"]),
                lead.encode(x=x, y=y, tooltip=["value:Q", "low:Q", "high:Q"]),
                label.encode(x=x, y=y, text="text:N"),
            ),
            "projection",
            f"At {found.monthly_change:+.1f} partners a month: {end['text'][0]} in {found.frame.height} months",
            "Active partners; the band holds four in five outcomes if changes vary as they did. An estimate",
            series(
                [f"+{month}" for month in found.frame["ahead"]],
                [f"{value:.0f}" for value in found.frame["expected"]],
            ),
        )
    )


def shares(found: pl.DataFrame, name: str, share: str, title: str, subtitle: str, most: int = 12) -> Any:
    """Who or what makes up how much: bars of the largest, and the rest as one."""
    top = found.head(most).select(pl.col(name).alias("label"), pl.col(share).cast(pl.Float64).alias("share"))
    rest = float(found[share].cast(pl.Float64).slice(most).sum())
    if rest:
        others = f"{found.height - most} others"
        top = pl.concat([top, pl.DataFrame({"label": [others], "share": [rest]})])
    if top.is_empty():
        return nothing(title, "There is nothing in the quarter")
    texts = [formats.percent(value) for value in top["share"]]
    return bars(top.with_columns(text=pl.Series(texts, dtype=pl.String)), "label", "share", title, subtitle)


def bars(
    found: pl.DataFrame,
    label: str,
    value: str,
    title: str,
    subtitle: str,
    colours: Mapping[str, str] | None = None,
) -> Any:
    """Bars from left to right, each with its `text`; of a frame with a row a bar, `colours` by its `kind`."""
    values: Sequence[float] = floats(found, value)[value].to_list()
    top = max([*values, 0.0]) * 1.25 or 1.0
    y = alt.Y(
        f"{label}:N",
        sort=None,
        title=None,
        axis=axis(domain=False, ticks=False, labelColor=INK, labelLimit=260),
    )
    x = alt.X(f"{value}:Q", axis=None, scale=alt.Scale(domain=[min([*values, 0.0]), top], nice=False))
    chart = alt.Chart(rows(floats(found, value)))
    marks = chart.mark_bar(height=ROW - 8, color=HARD).encode(x=x, y=y, tooltip=[f"{label}:N", "text:N"])
    if colours:
        marks = marks.encode(
            color=alt.Color(
                "kind:N", scale=alt.Scale(domain=list(colours), range=list(colours.values())), legend=legend()
            )
        )
    texts = chart.mark_text(align="left", dx=5, color=INK).encode(x=x, y=y, text="text:N")
    return sized(
        titled(
            marks + texts, value, title, subtitle, series(found[label].to_list(), found["text"].to_list())
        ),
        height=80 + ROW * found.height,
    )


def cohorts(found: pl.DataFrame) -> Any:
    """Cohorts by quarter of registration: the share in production in time, and to date; of activation.cohorts."""
    if found.is_empty():
        return nothing("No cohort", "No partner is registered")
    shown = found.with_columns(
        kind=pl.when("is_mature").then(pl.lit("Mature")).otherwise(pl.lit("Too young to compare")),
        share=pl.coalesce("in_time_share", "production_share"),
        label=pl.format("{} ({})", "cohort", "registered"),
    )
    texts = [
        f"{formats.percent(row['share'])}{'' if row['is_mature'] else ' so far'}" for row in shown.to_dicts()
    ]
    return bars(
        shown.with_columns(text=pl.Series(texts, dtype=pl.String)),
        "label",
        "share",
        "Who came to production, by quarter of registration",
        "Share of each cohort within the days that nine in ten needed; in brackets its partners. Young ones so far",
        {"Mature": HARD, "Too young to compare": "#a3adb6"},
    )


def stage_times(found: pl.DataFrame) -> Any:
    """Days between stages: the middle half of partners as a bar, the median as a line; of activation.stage_times."""
    if found.is_empty():
        return nothing("No times", "No partner has reached a second stage")
    texts = [f"{row['median_days']} ({row['quartile_1']} to {row['quartile_3']})" for row in found.to_dicts()]
    shown = found.with_columns(text=pl.Series(texts, dtype=pl.String))
    y = alt.Y(
        "step:N", sort=None, title=None, axis=axis(domain=False, ticks=False, labelColor=INK, labelLimit=260)
    )
    top = max(found["quartile_3"].to_list()) * 1.3 or 1
    x = alt.X("quartile_1:Q", title=None, scale=alt.Scale(domain=[0, top], nice=False), axis=axis(grid=True))
    chart = alt.Chart(rows(shown))
    tooltip = ["step:N", "partners:Q", "quartile_1:Q", "median_days:Q", "quartile_3:Q", "longest:Q"]
    spans = chart.mark_bar(height=ROW - 10, color=BACK).encode(x=x, x2="quartile_3:Q", y=y, tooltip=tooltip)
    middles = chart.mark_tick(color=INK, thickness=2, size=ROW - 6).encode(
        x="median_days:Q", y=y, tooltip=tooltip
    )
    labels = chart.mark_text(align="left", dx=6, color=INK).encode(x="quartile_3:Q", y=y, text="text:N")
    return sized(
        titled(
            alt.layer(spans, middles, labels),
            "times",
            f"From registration to production: {found['median_days'][-1]} days for half of those who made it",
            "Days: median and quartiles of the partners who reached the later stage",
            series(found["step"].to_list(), texts),
        ),
        height=90 + ROW * found.height,
    )


MOVES = {
    "new": ("New", HARD),
    "returned": ("Returned", "#4f9a98"),
    "expansion": ("Expansion", "#93c4c0"),
    "contraction": ("Contraction", "#d9a48c"),
    "churned": ("Churned", WARN),
}


def money_moves(found: pl.DataFrame, currency: str, what: str) -> Any:
    """What moves revenue from month to month; of revenue.movements."""
    if found.is_empty():
        return nothing("Nothing moves", "There is no revenue")
    titles = {key: title for key, (title, _) in MOVES.items()}
    long = floats(
        found.unpivot(on=list(MOVES), index=["name"], variable_name="move", value_name="amount"), "amount"
    ).with_columns(move=pl.col("move").replace_strict(titles))
    totals = [*long["amount"].to_list(), 0.0]
    bars_ = (
        alt.Chart(rows(long))
        .transform_calculate(position=f"indexof({json.dumps(list(titles.values()))}, datum.move)")
        .mark_bar()
        .encode(
            x=alt.X("name:N", sort=None, title=None, axis=axis(labelAngle=0, ticks=False)),
            y=money_axis(alt.Y, "amount:Q", totals, currency),
            color=alt.Color(
                "move:N",
                scale=alt.Scale(domain=list(titles.values()), range=[colour for _, colour in MOVES.values()]),
                legend=legend(5),
            ),
            order="position:Q",
            tooltip=["name:N", "move:N", alt.Tooltip("amount:Q", format=",.2f")],
        )
    )
    first, last = found["opening"][0], found["closing"][-1]
    texts = [
        f"{formats.money(row['opening'], currency)} to {formats.money(row['closing'], currency)}"
        for row in found.to_dicts()
    ]
    return sized(
        titled(
            bars_,
            "moves",
            f"From {formats.money(first, currency)} to {formats.money(last, currency)} a month",
            f"{currency} a month: {what}, by what each partner changed",
            series(found["name"].to_list(), texts),
        )
    )


def money_lines(
    found: pl.DataFrame, lines: Mapping[str, str], currency: str, title: str, subtitle: str
) -> Any:
    """Amounts month by month as lines: columns of a frame with `name`, and what each is called."""
    if found.is_empty():
        return nothing(title, "There is nothing of it in the exports")
    long = (
        found.unpivot(on=list(lines), index=["name"], variable_name="line", value_name="amount")
        .drop_nulls("amount")
        .with_columns(pl.col("line").replace_strict(dict(lines)))
    )
    shades = [HARD, "#93c4c0", "#74818d", WARN]
    drawn = (
        alt.Chart(rows(floats(long, "amount")))
        .mark_line(point=alt.OverlayMarkDef(size=22), strokeWidth=1.8)
        .encode(
            x=alt.X("name:N", sort=None, title=None, axis=axis(labelAngle=0, ticks=False)),
            y=money_axis(alt.Y, "amount:Q", [*map(float, long["amount"].to_list()), 0.0], currency),
            color=alt.Color(
                "line:N",
                scale=alt.Scale(domain=list(lines.values()), range=shades[: len(lines)]),
                legend=legend(),
            ),
            strokeDash=alt.StrokeDash("line:N", legend=None, sort=list(lines.values())),
            tooltip=["name:N", "line:N", alt.Tooltip("amount:Q", format=",.2f")],
        )
    )
    texts = [
        ", ".join(f"{name} {formats.money(row[column], currency)}" for column, name in lines.items())
        for row in found.to_dicts()
    ]
    return sized(titled(drawn, "lines", title, subtitle, series(found["name"].to_list(), texts)))


def money_bars(found: pl.DataFrame, value: str, currency: str, title: str, subtitle: str) -> Any:
    """Amounts quarter by quarter as bars: a column of a frame with `quarter`."""
    given = found.drop_nulls(value)
    if given.is_empty():
        return nothing(title, "There is nothing of it in the exports")
    scale = formats.scale_of(given[value].to_list())
    texts = [formats.money(amount, currency, scale) for amount in given[value]]
    shown = floats(given, value).with_columns(text=pl.Series(texts, dtype=pl.String))
    x = alt.X("quarter:N", sort=None, title=None, axis=axis(labelAngle=0, ticks=False))
    y = money_axis(alt.Y, f"{value}:Q", [*shown[value].to_list(), 0.0], currency)
    chart = alt.Chart(rows(shown))
    drawn = chart.mark_bar(color=HARD, size=36).encode(x=x, y=y, tooltip=["quarter:N", "text:N"])
    labels = chart.mark_text(dy=-7, fontWeight=700, color=INK).encode(x=x, y=y, text="text:N")
    return sized(
        titled(drawn + labels, value, title, subtitle, series(given["quarter"].to_list(), texts)), height=220
    )


def money_parts(found: pl.DataFrame, currency: str, title: str, subtitle: str) -> Any:
    """Cost quarter by quarter in parts, stacked: a frame with `quarter`, `part`, `cost`."""
    if found.is_empty():
        return nothing(title, "There is nothing of it in the exports")
    sums = found.group_by("part", maintain_order=True).agg(pl.col("cost").sum()).sort("cost", descending=True)
    order = sums["part"].to_list()
    shades = [HARD, "#4f9a98", "#93c4c0", "#3d4a57", "#74818d", "#a3adb6", "#c9d0d6", "#d9a48c"]
    drawn = (
        alt.Chart(rows(floats(found, "cost")))
        .transform_calculate(position=f"indexof({json.dumps(order)}, datum.part)")
        .mark_bar(size=36)
        .encode(
            x=alt.X("quarter:N", sort=None, title=None, axis=axis(labelAngle=0, ticks=False)),
            y=money_axis(
                alt.Y,
                "cost:Q",
                [*map(float, found.group_by("quarter").agg(pl.col("cost").sum())["cost"].to_list()), 0.0],
                currency,
            ),
            color=alt.Color(
                "part:N",
                scale=alt.Scale(domain=order, range=[shades[n % len(shades)] for n in range(len(order))]),
                legend=legend(),
            ),
            order="position:Q",
            tooltip=["quarter:N", "part:N", alt.Tooltip("cost:Q", format=",.2f")],
        )
    )
    texts = [formats.money(cost, currency) for cost in sums["cost"]]
    return sized(titled(drawn, "parts", title, subtitle, series(order, texts)))


def value_ratio(found: pl.DataFrame) -> Any:
    """The ratio of value to cost by quarter with its range, and on direct revenue alone; of value.by_quarter."""
    given = found.drop_nulls("value_ratio")
    if given.is_empty():
        return nothing("No ratio", "It needs the costs export")
    texts = [formats.ratio(ratio) for ratio in given["value_ratio"]]
    shown = given.with_columns(text=pl.Series(texts, dtype=pl.String))
    x = alt.X("quarter:N", sort=None, title=None, axis=axis(labelAngle=0, ticks=False))
    y = alt.Y("value_ratio:Q", title=None, axis=axis(grid=True, domain=False, ticks=False, tickCount=5))
    chart = alt.Chart(rows(shown)).encode(
        x=x, tooltip=["quarter:N", "text:N", "low:Q", "high:Q", "direct_ratio:Q"]
    )
    layers = [
        chart.mark_bar(color=ESTIMATE_PALE, stroke=HARD, strokeWidth=0.8, size=36).encode(y=y),
        chart.mark_bar(color=HARD, size=36).encode(y="direct_ratio:Q"),
        chart.mark_rule(color=INK).encode(y="low:Q", y2="high:Q"),
        chart.mark_text(dy=-7, fontWeight=700, color=INK).encode(y="high:Q", text="text:N"),
        alt.Chart(rows(pl.DataFrame({"even": [1.0]})))
        .mark_rule(color=WARN, strokeDash=[4, 3])
        .encode(y="even:Q"),
    ]
    return sized(
        titled(
            alt.layer(*layers),
            "ratio",
            f"One of cost returns {texts[-1].split(' ')[0]}",
            "Value to cost: solid is direct revenue, the rest estimated; the line is low to high, dashed is break-even",
            series(given["quarter"].to_list(), texts),
        )
    )


def ratio_tornado(found: pl.DataFrame) -> Any:
    """How far the ratio moves with one assumption at a time; of value.assumptions."""
    if found.is_empty():
        return nothing("Nothing to move", "No assumption is set, or there is no ratio")
    base = float(found["base"][0])
    texts = [f"{formats.ratio(row['less'])} to {formats.ratio(row['more'])}" for row in found.to_dicts()]
    shown = found.with_columns(text=pl.Series(texts, dtype=pl.String))
    ends = [*found["less"].to_list(), *found["more"].to_list(), base]
    margin = ((max(ends) - min(ends)) or 1.0) * 0.3
    x = alt.X(
        "less:Q",
        title=None,
        scale=alt.Scale(domain=[max(min(ends) - margin / 4, 0), max(ends) + margin], nice=False, zero=False),
        axis=axis(tickCount=5),
    )
    y = alt.Y(
        "assumption:N",
        sort=None,
        title=None,
        axis=axis(domain=False, ticks=False, labelColor=INK, labelLimit=290),
    )
    chart = alt.Chart(rows(shown))
    layers = [
        chart.mark_bar(height=ROW - 8, color=ESTIMATE_PALE, stroke=HARD, strokeWidth=0.8).encode(
            x=x, x2="more:Q", y=y
        ),
        alt.Chart(rows(pl.DataFrame({"base": [base]}))).mark_rule(color=INK).encode(x="base:Q"),
        chart.mark_text(align="left", dx=5, color=INK).encode(x="more:Q", y=y, text="text:N"),
    ]
    return sized(
        titled(
            alt.layer(*layers),
            "assumptions",
            f"{found['assumption'][0]}, matters most",
            f"Value to cost with one assumption at a time at its ends; the line is the quarter's {formats.ratio(base)}",
            series(found["assumption"].to_list(), texts),
        ),
        height=90 + ROW * found.height,
    )


def cost_per_partner(found: pl.DataFrame, currency: str) -> Any:
    """What one partner costs to bring live, quarter by quarter; of onboarding.by_quarter."""
    subtitle = f"{currency}: onboarding cost ÷ partners who reached production in the quarter"
    return money_bars(found, "cost_per_partner", currency, "Cost per partner onboarded", subtitle)


def onboarding_parts(found: pl.DataFrame, currency: str) -> Any:
    """Where onboarding's cost goes, quarter by quarter; of onboarding.by_activity or by_role."""
    return money_parts(
        found, currency, "Where the cost goes", f"{currency} a quarter: hours × the loaded rate of the role"
    )
