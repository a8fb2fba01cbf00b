"""Pictures of a pricing case: the bridge, the tornado, the last quarters, the dearest bills. All are of estimates."""

from typing import Any

import altair as alt
import polars as pl

from kit import formats
from kit.pictures import (
    ESTIMATE,
    ESTIMATE_PALE,
    HARD,
    INK,
    WARN,
    axis,
    floats,
    money_axis,
    rows,
    series,
    titled,
)

ROW, WIDE = 26, 640
BARS = 12  # bills shown


def bridge(steps: pl.DataFrame, currency: str) -> Any:
    """From use at list prices down to what is expected; steps that take nothing away are left out."""
    first, last = steps["step"][0], steps["step"][-1]
    is_end = pl.col("step").is_in([first, last])
    shown = floats(steps, "amount").with_columns(
        end=pl.when(is_end).then(pl.col("amount")).otherwise(pl.col("amount").cum_sum()),
        start=pl.when(is_end).then(0.0).otherwise(pl.col("amount").cum_sum() - pl.col("amount")),
        is_end=is_end,
    )
    shown = shown.filter(pl.col("is_end") | (pl.col("amount") != 0))
    scale = formats.scale_of(steps["amount"].to_list())
    texts = [formats.money(amount, currency, scale) for amount in shown["amount"]]
    shown = shown.with_columns(
        text=pl.Series(texts, dtype=pl.String), right=pl.max_horizontal("start", "end")
    )
    top = max(shown["right"].to_list())
    x = money_axis(
        alt.X, "start:Q", shown["right"].to_list(), currency, domainMax=(top or 1.0) * 1.15, nice=False
    )
    y = alt.Y("label:N", sort=None, title=None, axis=_names())
    bars = (
        alt.Chart(rows(shown))
        .mark_bar(height=ROW - 9, strokeWidth=0.8)
        .encode(
            x=x,
            x2="end:Q",
            y=y,
            color=alt.when("datum.is_end").then(alt.value(ESTIMATE)).otherwise(alt.value(ESTIMATE_PALE)),
            stroke=alt.value(HARD),
            tooltip=["label:N", alt.Tooltip("amount:Q", format=",.2f")],
        )
    )
    labels = _labels(shown, "right:Q", y)
    expected = formats.money(steps["amount"][-1], currency)
    return _sized(
        bars + labels,
        "bridge",
        f"Of {formats.money(steps['amount'][0], currency)} at list prices, {expected} is expected",
        f"{currency}, twelve months to the quarter's end: an estimate",
        series(shown["label"].to_list(), texts),
        shown.height,
    )


def tornado(moves: pl.DataFrame, currency: str) -> Any:
    """How far the year's amount moves with one assumption at a time, the widest first."""
    base = float(moves["base"][0]) if moves.height else 0.0
    scale = formats.scale_of([*moves["less"].to_list(), *moves["more"].to_list()])
    texts = {
        end: pl.Series([formats.money(value, currency, scale) for value in moves[end]], dtype=pl.String)
        for end in ("less", "more")
    }
    wide = floats(moves, "less", "more", "base").with_columns(
        low=pl.min_horizontal("less", "more"),
        high=pl.max_horizontal("less", "more"),
    )
    wide = wide.with_columns(
        low_text=pl.when(pl.col("less") <= pl.col("more")).then(texts["less"]).otherwise(texts["more"]),
        high_text=pl.when(pl.col("less") <= pl.col("more")).then(texts["more"]).otherwise(texts["less"]),
    )
    ends = [*wide["low"].to_list(), *wide["high"].to_list(), base]
    margin = ((max(ends) - min(ends)) or 1.0) * 0.16
    domain = [min(ends) - margin, max(ends) + margin]
    y = alt.Y("assumption:N", sort=None, title=None, axis=_names())
    x = money_axis(alt.X, "low:Q", ends, currency, domain=domain, nice=False, zero=False)
    chart = alt.Chart(rows(wide))
    tooltip = ["assumption:N", *(alt.Tooltip(f"{end}:Q", format=",.2f") for end in ("less", "more", "base"))]
    fall = chart.mark_bar(height=ROW - 9, color=ESTIMATE_PALE, stroke=HARD, strokeWidth=0.8).encode(
        x=x, x2="base:Q", y=y, tooltip=tooltip
    )
    rise = chart.mark_bar(height=ROW - 9, color=ESTIMATE, stroke=HARD, strokeWidth=0.8).encode(
        x="base:Q", x2="high:Q", y=y, tooltip=tooltip
    )
    rule = alt.Chart(rows(pl.DataFrame({"base": [base]}))).mark_rule(color=INK).encode(x="base:Q")
    lows = chart.transform_filter("datum.low < datum.base").mark_text(align="right", dx=-4, color=INK)
    highs = chart.transform_filter("datum.high > datum.base").mark_text(align="left", dx=4, color=INK)
    layers = [fall, rise, rule, lows.encode(x="low:Q", y=y, text="low_text:N")]
    layers.append(highs.encode(x="high:Q", y=y, text="high_text:N"))
    widest = f"{moves['assumption'][0]} moves it most" if moves.height else "Nothing moves it"
    figures = [f"{low} to {high}" for low, high in wide.select("low_text", "high_text").rows()]
    return _sized(
        alt.layer(*layers),
        "tornado",
        f"{formats.money(base, currency)} a year: {widest}",
        f"{currency}, twelve months, one assumption at a time; the line is the case as it stands. An estimate",
        series(moves["assumption"].to_list(), figures),
        moves.height,
    )


def quarters(found: pl.DataFrame, currency: str) -> Any:
    """How the price list would have done in each of the last quarters, low to high."""
    values = floats(found, "low", "amount", "high")
    scale = formats.scale_of(found["amount"].to_list())
    texts = [formats.money(amount, currency, scale) for amount in found["amount"]]
    shown = values.with_columns(text=pl.Series(texts, dtype=pl.String))
    x = alt.X("quarter:N", sort=None, title=None, axis=axis(labelAngle=0, ticks=False))
    tooltip: list[Any] = [
        "quarter:N",
        "partners:Q",
        *(alt.Tooltip(f"{end}:Q", format=",.2f") for end in ("low", "amount", "high")),
    ]
    base = alt.Chart(rows(shown)).encode(x=x, tooltip=tooltip)
    bars = base.mark_bar(color=ESTIMATE, stroke=HARD, strokeWidth=0.8, size=36).encode(
        y=money_axis(alt.Y, "amount:Q", [*values["high"].to_list(), 0.0], currency)
    )
    span = base.mark_rule(color=INK, strokeWidth=1.2).encode(y="low:Q", y2="high:Q")
    ends = [base.mark_tick(color=INK, thickness=1.2, size=9).encode(y=f"{end}:Q") for end in ("low", "high")]
    labels = base.mark_text(dy=-7, fontWeight=700, color=INK).encode(y="high:Q", text="text:N")
    title = f"The price list would have brought {texts[-1]} this quarter" if texts else "No quarter to show"
    return _sized(
        alt.layer(bars, span, *ends, labels),
        "quarters",
        title,
        f"{currency} a quarter at these prices, low to high: an estimate, not billed",
        series(found["quarter"].to_list(), texts),
        7,
    )


def bills(found: pl.DataFrame, currency: str) -> Any:
    """The dearest bills of the last month, and what is billed now, if anything is."""
    shown = floats(found.head(BARS), "bill", "billed_now", "increase")
    texts = [formats.money(bill, currency) for bill in found.head(BARS)["bill"]]
    # Two partners may have one name: a bar each all the same.
    shown = shown.with_columns(
        text=pl.Series(texts, dtype=pl.String),
        label=pl.when(pl.col("name").is_duplicated())
        .then(pl.col("name") + " (" + pl.col("partner_id") + ")")
        .otherwise("name"),
    )
    values = [*shown["bill"].to_list(), *shown["billed_now"].to_list(), 0.0]
    y = alt.Y("label:N", sort=None, title=None, axis=_names())
    x = money_axis(
        alt.X, "bill:Q", values, currency, domain=[min(values), (max(values) or 1.0) * 1.15], nice=False
    )
    chart = alt.Chart(rows(shown))
    tooltip: list[Any] = [
        "name:N",
        "plan:N",
        *(alt.Tooltip(f"{of}:Q", format=",.2f") for of in ("units", "bill", "billed_now")),
    ]
    bars = chart.mark_bar(height=ROW - 9, color=ESTIMATE, stroke=HARD, strokeWidth=0.8).encode(
        x=x, y=y, tooltip=tooltip
    )
    now = chart.transform_filter("datum.billed_now != 0").mark_tick(color=WARN, thickness=3, size=ROW - 6)
    layers = [bars, now.encode(x="billed_now:Q", y=y, tooltip=tooltip), _labels(shown, "bill:Q", y)]
    is_billed = bool((shown["billed_now"] != 0).any())
    return _sized(
        alt.layer(*layers),
        "bills",
        f"{shown['label'][0]} would pay most: {texts[0]} a month" if texts else "Nobody would pay anything",
        f"{currency}, the quarter's last month at these prices, before the share billed"
        + ("; the mark is what is billed now" if is_billed else ""),
        series(shown["label"].to_list(), texts),
        max(shown.height, 1),
    )


def _names() -> alt.Axis:
    return axis(domain=False, ticks=False, labelColor=INK, labelLimit=260, labelPadding=6)


def _labels(shown: pl.DataFrame, x: str, y: alt.Y) -> Any:
    return (
        alt.Chart(rows(shown))
        .mark_text(align="left", dx=5, fontWeight=700, color=INK)
        .encode(x=x, y=y, text="text:N")
    )


def _sized(chart: Any, name: str, title: str, subtitle: str, figures: str, bars: int) -> Any:
    return titled(chart, name, title, subtitle, figures).properties(width=WIDE, height=86 + ROW * bars)
