"""Frames → Altair charts: actual figures solid, estimates outlined; a finding for a title, a text alternative for each.

Every function takes a frame of metrics.py and gives a chart that can be changed further.
"""

from collections.abc import Sequence
from datetime import date
from html import escape
from typing import Any

import altair as alt
import polars as pl
import vl_convert

from kit import findings, formats

INK = "#1c2733"
QUIET = "#5c6875"
LINE = "#d9dee4"
HARD = "#0b5f63"
WARN = "#a8481f"
# Estimates are drawn in this one fill and HARD's outline; hatched where the picture is SVG.
ESTIMATE = "#9ccac6"
ESTIMATE_PALE = "#e3f1ef"
GREYS = ("#3d4a57", "#74818d", "#a3adb6", "#c9d0d6", "#e2e6ea")
FONT = "Helvetica, Arial, sans-serif"
WIDTH, HEIGHT = 336, 150
CATEGORIES_SHOWN = 4


def show_as_picture(scale: float = 1.0) -> None:
    """Let charts appear as SVG with a text alternative, and in JupyterLab as charts with tooltips."""
    del scale
    alt.renderers.register("one_pager", _mime_bundle)
    alt.renderers.enable("one_pager")


def _mime_bundle(spec: dict[str, Any], **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    version = spec["$schema"].rsplit("/v", 1)[-1].split(".")[0]
    svg = picture(spec)
    return {f"application/vnd.vegalite.v{version}+json": spec, "image/svg+xml": svg}, {}


def picture(spec: dict[str, Any]) -> str:
    """A chart's SVG, hatched where it is an estimate, its description as text alternative."""
    svg = vl_convert.vegalite_to_svg(spec)
    description = escape(spec.get("description", ""), quote=True)
    name = spec.get("name", "chart")
    hatch = (
        f'<defs><pattern id="hatch-{name}" width="4" height="4" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)"><rect width="4" height="4" fill="#fff"/>'
        f'<rect width="1.6" height="4" fill="{ESTIMATE}"/></pattern></defs>'
    )
    opening, rest = svg.split(">", 1)
    return f'{opening} role="img" aria-label="{description}">{hatch}{rest}'.replace(
        f'fill="{ESTIMATE}"/></pattern>', 'fill="#8fc0bc"/></pattern>'
    ).replace(f'fill="{ESTIMATE}"', f'fill="url(#hatch-{name})"')


def unrealized_revenue(parts: pl.DataFrame, currency: str) -> alt.Chart:
    """Twelve months of unrealized revenue, plan fees below usage above the plan; estimates both."""
    values = _floats(parts, "plan_fees", "usage_above")
    names = {"plan_fees": "Plan fees", "usage_above": "Usage above plan"}
    long = values.unpivot(
        ["plan_fees", "usage_above"], index=["month", "name"], variable_name="part"
    ).with_columns(pl.col("part").replace_strict(names), label=_month_labels("month"))
    total = values.with_columns(
        value=pl.col("plan_fees") + pl.col("usage_above"), label=_month_labels("month")
    )
    bars = (
        alt.Chart(_rows(long))
        .mark_bar(stroke=HARD, strokeWidth=0.9)
        .encode(
            x=_months(total),
            y=_money_axis("value:Q", total["value"].to_list(), currency),
            color=alt.Color(
                "part:N",
                scale=alt.Scale(domain=list(names.values()), range=[ESTIMATE, ESTIMATE_PALE]),
                legend=_legend(),
            ),
            order=alt.Order("part:N"),
            tooltip=[alt.Tooltip("name:N", title="Month"), "part:N", alt.Tooltip("value:Q", format=",.2f")],
        )
    )
    ends = _rows(
        total.filter((pl.int_range(pl.len()) == 0) | (pl.int_range(pl.len()) == pl.len() - 1)).with_columns(
            text=pl.col("value").map_elements(lambda value: formats.money(value, currency), pl.String)
        )
    )
    labels = (
        alt.Chart(ends)
        .mark_text(dy=-6, fontWeight=600, color=INK)
        .encode(x="label:N", y="value:Q", text="text:N")
    )
    return _titled(
        bars + labels,
        "unrealized",
        findings.unrealized(total["value"].to_list()),
        f"{currency} a month at the proposed prices: an estimate, not billed",
        _series(total["label"].to_list(), [formats.money(value, currency) for value in total["value"]]),
    )


def revenue_by_kind(kinds: pl.DataFrame, currency: str) -> alt.Chart:
    """Twelve months of recognised revenue by kind."""
    values = _floats(kinds, "amount").with_columns(
        label=_month_labels("month"), kind=pl.col("kind").str.to_titlecase()
    )
    total = values.group_by("month", "name", "label", maintain_order=True).agg(value=pl.col("amount").sum())
    shown = [kind for kind in ("Subscription", "Usage", "Overage", "Other") if (values["kind"] == kind).any()]
    bars = (
        alt.Chart(_rows(values))
        .mark_bar()
        .encode(
            x=_months(total),
            y=_money_axis("amount:Q", total["value"].to_list(), currency),
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(domain=shown, range=[HARD, "#4f9a98", "#93c4c0", "#74818d"][: len(shown)]),
                legend=_legend(),
            ),
            order=alt.Order("position:Q"),
            tooltip=[alt.Tooltip("name:N", title="Month"), "kind:N", alt.Tooltip("amount:Q", format=",.2f")],
        )
        .transform_calculate(position=f"indexof({shown!r}, datum.kind)")
    )
    ends = _ends(total, lambda value: formats.money(value, currency))
    labels = (
        alt.Chart(ends)
        .mark_text(dy=-6, fontWeight=600, color=INK)
        .encode(x="label:N", y="value:Q", text="text:N")
    )
    return _titled(
        bars + labels,
        "revenue",
        findings.revenue(total["value"].to_list()),
        f"{currency} a month recognised, by kind",
        _series(total["label"].to_list(), [formats.money(value, currency) for value in total["value"]]),
    )


def partner_funnel(funnel: pl.DataFrame) -> alt.Chart:
    """Partners at each stage, and how many stopped before it."""
    texts = funnel.with_columns(
        reached=pl.struct("partners", "share").map_elements(
            lambda row: f"{row['partners']:,} ({formats.percent(row['share'])})", pl.String
        ),
        lost=pl.struct("stopped", "stop_share").map_elements(
            lambda row: (
                ""
                if row["stopped"] is None
                else f"{formats.MINUS}{row['stopped']:,} · {formats.percent(row['stop_share'])} stop before"
            ),
            pl.String,
        ),
        is_leak=pl.col("stopped").fill_null(0).rank("ordinal", descending=True) == 1,
    )
    y = alt.Y(
        "stage:N",
        sort=None,
        title=None,
        axis=alt.Axis(domain=False, ticks=False, labelPadding=6, labelLimit=130),
    )
    base = alt.Chart(_rows(texts)).encode(
        y=y, tooltip=["stage:N", "partners:Q", alt.Tooltip("share:Q", format=".1%")]
    )
    largest = max(funnel["partners"].max() or 1, 1)
    x = alt.X("partners:Q", axis=None, scale=alt.Scale(domain=[0, largest * 1.9]))
    bars = base.mark_bar(color=HARD, height=19).encode(x=x)
    counts = base.mark_text(align="left", dx=4, fontWeight=600, color=INK).encode(x=x, text="reached:N")
    stops = base.mark_text(align="right", color=QUIET).encode(
        x=alt.value(WIDTH - 84),
        text="lost:N",
        color=alt.condition("datum.is_leak", alt.value(WARN), alt.value(QUIET)),
    )
    return _titled(
        bars + counts + stops,
        "funnel",
        findings.funnel(funnel),
        "Partners registered to date who reached each stage; the share who stopped before it",
        _series(funnel["stage"].to_list(), texts["reached"].to_list()),
    )


def active_partners(months: pl.DataFrame, milestones: pl.DataFrame) -> alt.Chart:
    """Twelve months of active partners, with the milestones that explain them."""
    values = months.with_columns(label=_month_labels("month"))
    top = max(values["active_partners"].max() or 0, 1)
    x = alt.X("label:N", sort=None, title=None, axis=_axis(labelAngle=0))
    y = alt.Y(
        "active_partners:Q",
        title=None,
        scale=alt.Scale(domain=[0, top * 1.5], nice=False),
        axis=_axis(grid=True, domain=False, ticks=False, tickCount=4, format="d", values=_whole_ticks(top)),
    )
    base = alt.Chart(_rows(values)).encode(x=x, y=y, tooltip=["name:N", "active_partners:Q", "calls:Q"])
    line = base.mark_line(color=HARD, strokeWidth=1.8, point=alt.OverlayMarkDef(color=HARD, size=18))
    ends = alt.Chart(_ends(values.with_columns(value=pl.col("active_partners")), lambda value: f"{value:,}"))
    labels = ends.mark_text(dy=-9, fontWeight=700, fontSize=11, color=INK).encode(
        x=x, y="value:Q", text="text:N"
    )
    layers = [line, labels]
    notes = placed_milestones(values, milestones, top)
    if not notes.is_empty():
        marks = alt.Chart(_rows(notes))
        layers.insert(
            0,
            marks.mark_rule(color=QUIET, strokeDash=[2, 2], strokeWidth=0.8).encode(
                x=x, y="active_partners:Q", y2="height:Q"
            ),
        )
        for side in ("left", "right"):
            layers.append(
                marks.transform_filter(alt.datum.side == side)
                .mark_text(align=side, dx=3 if side == "left" else -3, dy=4, fontSize=9, color=INK)
                .encode(x=x, y="height:Q", text="text:N", tooltip=["text:N"])
            )
    return _titled(
        alt.layer(*layers),
        "active",
        findings.active_partners(values["active_partners"].to_list()),
        "Partners with successful production calls in the month",
        _series(values["label"].to_list(), [f"{count:,}" for count in values["active_partners"]])
        + "".join(f"; {row['text']} in {row['label']}" for row in notes.to_dicts()),
    )


def placed_milestones(months: pl.DataFrame, milestones: pl.DataFrame, top: float) -> pl.DataFrame:
    """Milestones within the months, each at a height of its own above the line, text towards the roomier side."""
    placed = milestones.join_asof(months.sort("month"), left_on="date", right_on="month", strategy="backward")
    within = (
        placed.filter(pl.col("month").is_not_null() & (pl.col("date") < pl.lit(_end(months))))
        .sort("date")
        .tail(4)
    )
    heights = [top * (1.46 - 0.115 * number) for number in range(within.height)]
    positions = {label: number for number, label in enumerate(months["label"])}
    sides = ["left" if positions[label] < len(positions) / 2 else "right" for label in within["label"]]
    return within.select(
        "label", "active_partners", text=pl.col("label_right") if "label_right" in within.columns else "what"
    ).with_columns(height=pl.Series(heights, dtype=pl.Float64), side=pl.Series(sides, dtype=pl.String))


def _end(months: pl.DataFrame) -> date:
    last: date = months["month"].max()  # type: ignore[assignment]
    return date(last.year + last.month // 12, last.month % 12 + 1, 1)


def cost_and_value(parts: pl.DataFrame, currency: str) -> alt.Chart:
    """The quarter's cost beside its value: cost grey, direct revenue solid, estimates outlined."""
    costs = parts.filter(pl.col("side") == "Cost")
    rest = costs.slice(CATEGORIES_SHOWN)
    if rest.height > 1:
        other = pl.DataFrame(
            {"side": ["Cost"], "part": ["Other"], "amount": [rest["amount"].sum()], "is_estimate": [False]},
            schema=parts.schema,
        )
        parts = pl.concat([costs.head(CATEGORIES_SHOWN), other, parts.filter(pl.col("side") == "Value")])
    values = _floats(parts, "amount").with_columns(
        part=pl.when("is_estimate").then(pl.col("part") + " (est.)").otherwise("part"),
        position=pl.int_range(pl.len()),
    )
    greys = iter(GREYS)
    soft = iter((ESTIMATE, ESTIMATE_PALE))
    colors = [
        next(greys) if row["side"] == "Cost" else next(soft) if row["is_estimate"] else HARD
        for row in values.to_dicts()
    ]
    total = values.group_by("side", maintain_order=True).agg(value=pl.col("amount").sum())
    limit = max([*total["value"].to_list(), 0.0]) * 1.18 or 1
    y = alt.Y(
        "side:N", sort=["Cost", "Value"], title=None, axis=_axis(domain=False, ticks=False, labelFontSize=10)
    )
    bars = (
        alt.Chart(_rows(values))
        .mark_bar(height=26, strokeWidth=0.9)
        .encode(
            x=_money_axis("amount:Q", total["value"].to_list(), currency, axis=alt.X, domain=[0, limit]),
            y=y,
            color=alt.Color(
                "part:N",
                scale=alt.Scale(domain=values["part"].to_list(), range=colors),
                legend=_legend(columns=3),
            ),
            stroke=alt.condition("datum.is_estimate", alt.value(HARD), alt.value("#ffffff")),
            order="position:Q",
            tooltip=["side:N", "part:N", alt.Tooltip("amount:Q", format=",.2f")],
        )
    )
    scale = formats.scale_of(total["value"].to_list())
    labels = (
        alt.Chart(
            _rows(
                total.with_columns(
                    text=pl.col("value").map_elements(
                        lambda value: formats.money(value, currency, scale), pl.String
                    )
                )
            )
        )
        .mark_text(align="left", dx=5, fontWeight=700, color=INK)
        .encode(x="value:Q", y=y, text="text:N")
    )
    return _titled(
        bars + labels,
        "value",
        findings.cost_and_value(parts, currency),
        f"{currency} in the quarter; estimates hatched or pale with an outline",
        _series(
            [f"{row['side']}: {row['part']}" for row in values.to_dicts()],
            [formats.money(value, currency) for value in values["amount"]],
        ),
    )


def _titled(chart: Any, name: str, title: str, subtitle: str, figures: str) -> Any:
    return chart.properties(
        name=name,
        description=f"{title}. {subtitle}: {figures}.",
        width=WIDTH,
        height=HEIGHT,
        title=alt.TitleParams(
            title, subtitle=subtitle, anchor="start", frame="bounds", fontSize=12, fontWeight=600, color=INK,
            subtitleFontSize=9.5, subtitleColor=QUIET, subtitlePadding=3, offset=8, font=FONT, subtitleFont=FONT,
        ),
    ).configure(
        aria=False, font=FONT, background="#ffffff", padding=2,
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(labelFontSize=9, labelColor=QUIET, domainColor=LINE, tickColor=LINE, gridColor="#e8ecf0"),
        text=alt.MarkConfig(fontSize=9.5),
    )  # fmt: skip


def _axis(**options: Any) -> alt.Axis:
    return alt.Axis(title=None, labelFlush=False, **{"grid": False, **options})


def _legend(columns: int = 4) -> alt.Legend:
    return alt.Legend(
        orient="top", title=None, columns=columns, symbolType="square", symbolSize=70, labelFontSize=9, labelColor=INK,
        offset=2, rowPadding=1, columnPadding=10, labelLimit=150, symbolStrokeColor=HARD,
    )  # fmt: skip


def _months(frame: pl.DataFrame) -> alt.X:
    return alt.X("label:N", sort=frame["label"].to_list(), title=None, axis=_axis(labelAngle=0, ticks=False))


def _money_axis(
    field: str, values: Sequence[float], currency: str, axis: Any = alt.Y, domain: list[float] | None = None
) -> Any:
    divisor, letter = formats.scale_of(values)
    symbol = formats.symbol(currency)
    scale = alt.Scale(domain=domain, nice=False) if domain else alt.Scale(nice=True)
    text = f"{symbol!r} + format(datum.value / {divisor}, ',~r') + {letter!r}"
    return axis(
        field,
        title=None,
        scale=scale,
        axis=_axis(
            labelExpr=text, tickCount=4, grid=axis is alt.Y, domain=axis is not alt.Y, ticks=axis is not alt.Y
        ),
    )


def _whole_ticks(top: int) -> list[int]:
    step = next(step for step in _steps() if top / step <= 3)
    return list(range(0, top + step, step))


def _steps() -> Any:
    power = 1
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10


def _ends(frame: pl.DataFrame, text: Any) -> alt.InlineData:
    """The first and last row, with their values as text."""
    position = pl.int_range(pl.len())
    ends = frame.filter((position == 0) | (position == pl.len() - 1))
    return _rows(ends.with_columns(text=pl.Series([text(value) for value in ends["value"]], dtype=pl.String)))


def _month_labels(column: str) -> pl.Expr:
    return pl.col(column).dt.strftime("%b")


def _floats(frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """Decimals become floats here and nowhere else: a picture is no place for cents."""
    return frame.with_columns(pl.col(columns).cast(pl.Float64))


def _rows(frame: pl.DataFrame) -> alt.InlineData:
    plain = frame.with_columns(pl.col(pl.Date).dt.to_string("%Y-%m-%d"), pl.col(pl.Decimal).cast(pl.Float64))
    return alt.InlineData(values=plain.to_dicts())


def _series(names: Sequence[str], values: Sequence[str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in zip(names, values, strict=True))
