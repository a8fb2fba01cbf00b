"""How charts look: colours, axes, titles; and an Altair chart → SVG with a text alternative."""

import re
import threading
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

import altair as alt
import polars as pl
import vl_convert

from kit import currencies, formats

INK, QUIET, LINE = "#1c2733", "#5c6875", "#d9dee4"
HARD, WARN = "#0b5f63", "#a8481f"
# Estimates come in these two fills alone, outlined in HARD; in SVG the darker one is hatched.
ESTIMATE, ESTIMATE_PALE = "#9ccac6", "#e3f1ef"
GREYS = ("#3d4a57", "#74818d", "#a3adb6", "#c9d0d6", "#e2e6ea")
FONT = "Helvetica, Arial, Liberation Sans, sans-serif"
UNDRAWN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
WIDTH, HEIGHT = 340, 218  # of the whole picture, titles and axes included


def show_as_pictures() -> None:
    """Let charts appear as SVG with a text alternative, and in JupyterLab as charts with tooltips."""
    alt.renderers.register("one_pager", _mime_bundle)
    alt.renderers.enable("one_pager")
    # The engine that draws takes a second to start; let it do so while the data is read.
    threading.Thread(
        target=vl_convert.vegalite_to_svg, args=({"mark": "point", "data": {"values": []}},)
    ).start()


def _mime_bundle(spec: dict[str, Any], **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    # JupyterLab 4.6 draws Vega-Lite 5 and no later; nothing in these charts is newer.
    interactive = {**spec, "$schema": "https://vega.github.io/schema/vega-lite/v5.json"}
    return {"application/vnd.vegalite.v5+json": interactive, "image/svg+xml": picture(spec)}, {}


def picture(spec: dict[str, Any]) -> str:
    """A chart's SVG: estimates hatched, the chart's description as text alternative."""
    hatch = f"hatch-{spec.get('name', 'chart')}"
    pattern = (
        f'<defs><pattern id="{hatch}" width="4" height="4" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)"><rect width="4" height="4" fill="#fff"/>'
        '<rect width="1.5" height="4" fill="#6fa9a6"/></pattern></defs>'
    )
    spec = _drawable(spec)
    svg = vl_convert.vegalite_to_svg(spec).replace(f'fill="{ESTIMATE}"', f'fill="url(#{hatch})"')
    opening, rest = svg.split(">", 1)
    alternative = escape(spec.get("description", ""), quote=True)
    return (
        f'{opening} preserveAspectRatio="xMinYMin meet" role="img" aria-label="{alternative}">{pattern}{rest}'
    )


def _drawable(part: Any) -> Any:
    """A chart whose texts have no sign that XML does not know: at one the engine ends the whole process."""
    if isinstance(part, str):
        return UNDRAWN.sub("\ufffd", part)
    if isinstance(part, dict):
        return {name: _drawable(value) for name, value in part.items()}
    return [_drawable(value) for value in part] if isinstance(part, list) else part


def titled(chart: Any, name: str, title: str, subtitle: str, figures: str) -> Any:
    """The chart with its finding as title, measure and period beneath, and its figures as text alternative.

    A line break in the subtitle stays one in the picture.
    """
    return chart.properties(
        name=name,
        description=f"{title}. {subtitle.replace(chr(10), '')}: {figures}.",
        width=WIDTH,
        height=HEIGHT,
        autosize=alt.AutoSizeParams(type="fit", contains="padding"),
        title=alt.TitleParams(
            title,
            subtitle=subtitle.splitlines(),
            anchor="start",
            frame="bounds",
            fontSize=12,
            fontWeight=600,
            color=INK,
            subtitleFontSize=9.5,
            subtitleColor=QUIET,
            subtitlePadding=3,
            offset=8,
            font=FONT,
            subtitleFont=FONT,
        ),
    ).configure(
        aria=False,
        font=FONT,
        background="#ffffff",
        padding=2,
        view=alt.ViewConfig(stroke=None),
        axis=alt.AxisConfig(
            labelFontSize=9, labelColor=QUIET, domainColor=LINE, tickColor=LINE, gridColor="#e8ecf0"
        ),
        text=alt.MarkConfig(fontSize=9.5),
    )


def axis(**options: Any) -> alt.Axis:
    """An axis without title, flush labels or grid, unless options say so."""
    return alt.Axis(**{"title": None, "labelFlush": False, "grid": False, **options})


def legend(columns: int = 4) -> alt.Legend:
    """A legend above the chart."""
    return alt.Legend(
        orient="top",
        title=None,
        columns=columns,
        symbolType="square",
        symbolSize=70,
        symbolStrokeColor=HARD,
        labelFontSize=9,
        labelColor=INK,
        labelLimit=150,
        offset=2,
        rowPadding=1,
        columnPadding=10,
    )


def month_axis(labels: Sequence[str]) -> alt.X:
    """Time from left to right, one label a month, in the room it has; a month of nothing keeps its place."""
    return alt.X(
        "label:N",
        sort=list(labels),
        title=None,
        scale=alt.Scale(domain=list(labels)),
        axis=axis(labelAngle=0, ticks=False, labelLimit=(WIDTH - 40) / max(len(labels), 1)),
    )


def money_axis(channel: Any, field: str, values: Sequence[float], currency: str, **scale: Any) -> Any:
    """An axis of money at the scale that fits the values."""
    divisor, letter = formats.scale_of(values)
    amount = f"format(abs(datum.value) / {divisor}, ',~r') + (datum.value ? {letter!r} : '')"
    text = f"(datum.value < 0 ? {formats.MINUS!r} : '') + {currencies.sign(currency)!r} + {amount}"
    is_upright = channel is alt.Y
    return channel(
        field,
        title=None,
        scale=alt.Scale(**{"nice": True, **scale}),
        axis=axis(labelExpr=text, tickCount=4, grid=is_upright, domain=not is_upright, ticks=not is_upright),
    )


def whole_ticks(top: int) -> list[int]:
    """Whole numbers for an axis from zero to past the top, three steps or fewer."""
    step = next(step for step in _steps() if top / step <= 3)
    return list(range(0, top + step, step))


def _steps() -> Iterator[int]:
    power = 1
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10


def ends(frame: pl.DataFrame, text: Any) -> alt.InlineData:
    """The first and last row of a series, their `value` as text."""
    position = pl.int_range(pl.len())
    kept = frame.filter((position == 0) | (position == pl.len() - 1))
    return rows(kept.with_columns(text=pl.Series([text(value) for value in kept["value"]], dtype=pl.String)))


def floats(frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """Decimals become floats in pictures and nowhere else: there is no place for cents here."""
    return frame.with_columns(pl.col(columns).cast(pl.Float64))


def rows(frame: pl.DataFrame) -> alt.InlineData:
    """A frame as a chart's data."""
    plain = frame.with_columns(pl.col(pl.Date).dt.to_string("%Y-%m-%d"), pl.col(pl.Decimal).cast(pl.Float64))
    return alt.InlineData(values=plain.to_dicts())


def series(names: Sequence[str], values: Sequence[str]) -> str:
    """Figures in words, for a text alternative."""
    return ", ".join(f"{name} {value}" for name, value in zip(names, values, strict=True))
