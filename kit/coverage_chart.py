"""The picture of what each source covers, month by month."""

from typing import Any

import altair as alt
import polars as pl

from kit import formats
from kit.pictures import HARD, INK, WARN, axis, rows, series, titled

ROW = 26  # height of a source


def coverage(by_month: pl.DataFrame, gaps: pl.DataFrame) -> Any:
    """The rows of each source in each month, darker where there are more; what is missing in between outlined."""
    spans = {row["source"]: row for row in gaps.to_dicts()}
    cells = by_month.with_columns(
        share=(pl.col("rows") / pl.col("rows").max().over("source")).fill_nan(0.0),
        is_missing=pl.struct("source", "month", "rows").map_elements(
            lambda cell: not cell["rows"] and _lies_within(cell["month"], spans[cell["source"]]),
            return_dtype=pl.Boolean,
        ),
        text=pl.col("rows").map_elements(formats.count, return_dtype=pl.String),
        last_day=pl.col("source").map_elements(
            lambda name: f"{spans[name]['last_day']}", return_dtype=pl.String
        ),
    )
    sources = list(dict.fromkeys(cells["source"].to_list()))
    x = alt.X(
        "name:N", sort=None, title=None, axis=axis(labelAngle=0, ticks=False, domain=False, orient="top")
    )
    y = alt.Y(
        "source:N",
        sort=None,
        title=None,
        axis=axis(ticks=False, domain=False, labelColor=INK, labelLimit=220),
    )
    base = alt.Chart(rows(cells)).encode(
        x=x, y=y, tooltip=["source:N", "name:N", "rows:Q", alt.Tooltip("last_day:N", title="last day")]
    )
    boxes = base.mark_rect(stroke="#ffffff", strokeWidth=2).encode(
        color=alt.Color("share:Q", legend=None, scale=alt.Scale(domain=[0, 1], range=["#eef2f3", HARD]))
    )
    missing = base.transform_filter("datum.is_missing").mark_rect(
        fill="#ffffff", stroke=WARN, strokeWidth=1.5
    )
    texts = base.mark_text(fontSize=9.5).encode(
        text="text:N",
        color=alt.when("datum.is_missing")
        .then(alt.value(WARN))
        .when("datum.share > 0.45")
        .then(alt.value("#ffffff"))
        .otherwise(alt.value(INK)),
    )
    return titled(
        boxes + missing + texts,
        "coverage",
        _finding(cells),
        "Rows of each source a month; a frame marks a month without any, between others that have some",
        series(sources, [f"to {spans[source]['last_day']}" for source in sources]),
    ).properties(width=860, height=90 + ROW * len(sources))


def _lies_within(month: Any, span: dict[str, Any]) -> bool:
    return bool(span["first_day"] < month < span["last_day"])


def _finding(cells: pl.DataFrame) -> str:
    gappy = cells.filter("is_missing")["source"].unique(maintain_order=True).to_list()
    if not gappy:
        return "No source has a month without rows between others"
    return f"{formats.plural(len(gappy), 'source')} without rows in some month: {', '.join(gappy)}"
