"""The blocks of the page as HTML: every text from settings or exports is escaped on its way."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader

from kit import beside_words, findings, formats, frames, notes
from kit import review as reviews
from kit.metrics import Metric
from kit.review import Review
from kit.sheet import style

GLYPHS = {"better": "▲", "worse": "▼", "little changed": "■"}
COLUMN, GAP, LEFT, TOP, BOTTOM = 8, 11, 34, 2, 32


class Block:
    """A piece of HTML that shows itself in a notebook as it will on the page."""

    def __init__(self, template: str, **values: Any) -> None:
        self.html = _environment().get_template(f"{template}.html.j2").render(**values)

    def _repr_html_(self) -> str:
        # Amounts begin with a dollar sign: JupyterLab must not take them for formulas.
        return f'<div class="review tex2jax_ignore mathjax_ignore">{self.html}</div>'

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": ""}


class Style:
    """The page's style sheet, for the blocks that a notebook shows."""

    def _repr_html_(self) -> str:
        return f"<style>{style('style')}</style>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": ""}


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("kit", "one_pager"),
        autoescape=True,
        trim_blocks=True,
        keep_trailing_newline=False,
    )


def header(review: Review) -> Block:
    """The program's name, the quarter, the currency."""
    name = frames.setting(review.con, "name")
    return Block("header", program=name, period=notes.period_text(review), currency=review.currency)


def message(review: Review) -> Block:
    """What changed, what it means, what to fix."""
    return Block("message", message=reviews.message(review))


def scorecard(review: Review) -> Block:
    """The five metrics: this quarter, last quarter, trend, how sure, eight quarters."""
    return Block(
        "scorecard",
        beside=[beside_words.HEADS[comparison.name] for comparison in review.beside],
        rows=[_row(review, metric) for metric in review.metrics],
    )


def unrealized(review: Review) -> Block:
    """The headline of unrealized revenue."""
    used, amount, how_sure = reviews.unrealized_sentences(review)
    return Block("unrealized", used=used, amount=amount, how_sure=how_sure[:1].upper() + how_sure[1:] + ".")


def plan(review: Review) -> Block:
    """The one paragraph: what we do about it and what we need."""
    doing, need = reviews.plan(review)
    return Block("plan", doing=doing, need=need)


def small_print(review: Review) -> Block:
    """Definitions, assumptions, sources, restatements."""
    return Block("notes", notes=notes.notes(review))


def _row(review: Review, metric: Metric) -> dict[str, Any]:
    restated = {(each.key, each.quarter) for each in review.restated}
    others = [comparison.metric(metric.key) for comparison in review.beside]
    shown = [figure for each in (metric, *others) for figure in (each.this, each.last)]
    scale = formats.scale_of(shown) if metric.unit == "money" else None
    direction = findings.direction(metric)
    this, last = (reviews.metric_text(metric, review.currency, figure, scale) for figure in ("this", "last"))
    columns, zero = _columns(metric)
    past = [figure for _, figure in metric.history if figure is not None]
    first = (
        reviews.figure_text(metric.unit, past[0], review.currency).removesuffix(" MoM")
        if len(past) > 1
        else ""
    )
    return {
        "label": notes.LABELS[metric.key],
        "beneath": notes.beneath(review, metric),
        "this": this,
        "last": last,
        "trend": reviews.trend_text(metric),
        "beside": [
            {
                "figure": reviews.metric_text(
                    other, review.currency, "last" if comparison.name == "year_ago" else "this", scale
                ),
                "trend": reviews.trend_text(other) if other.trend is not None else "",
                "direction": (towards := findings.direction(other)),
                "glyph": GLYPHS.get(towards, ""),
                "is_restated": comparison.name == "year_ago"
                and comparison.then is not None
                and (metric.key, comparison.then.name) in restated,
            }
            for comparison, other in zip(review.beside, others, strict=True)
        ],
        "direction": direction,
        "glyph": GLYPHS.get(direction, ""),
        "grade": metric.grade if metric.this is not None else "–",
        "is_restated": (metric.key, review.previous.name) in restated,
        "is_restated_now": (metric.key, review.quarter.name) in restated,
        "is_marked": metric.this is not None
        and any(metric.key in finding.figures for finding in review.marked),
        "columns": columns,
        "zero": zero,
        "first": first,
        "first_y": BOTTOM - 1,
        "history": _history(review, metric),
    }


def _history(review: Review, metric: Metric) -> str:
    """The eight quarters in words: the picture's text alternative."""
    return ", ".join(
        f"{notes.quarter_text(review, name)} {reviews.figure_text(metric.unit, figure, review.currency)}"
        for name, figure in metric.history
    )


def _columns(metric: Metric) -> tuple[Sequence[dict[str, Any]], float]:
    """Columns of equal scale from a zero line, estimates outlined; and where the zero line stands."""
    values = [None if figure is None else float(figure) for _, figure in metric.history]
    highest = max([value for value in values if value is not None] + [0.0])
    lowest = min([value for value in values if value is not None] + [0.0])
    unit = (BOTTOM - TOP) / ((highest - lowest) or 1.0)
    zero = TOP + highest * unit if highest > lowest else float(BOTTOM)
    left = LEFT + GAP * (8 - len(values))
    columns = []
    for number, value in enumerate(values):
        if value is None:
            continue
        is_last = number == len(values) - 1
        height = max(abs(value) * unit, 0.8)
        fill = "#fff" if metric.grade == "C" else "#0b5f63" if is_last else "#9fb4b8"
        stroke = "#0b5f63" if is_last else "#7d979c"
        columns.append(
            {
                "x": round(left + GAP * number, 1),
                "y": round(zero - height if value >= 0 else zero, 1),
                "height": round(height, 1),
                "style": f'fill="{fill}" stroke="{stroke}" stroke-width="{1.4 if is_last else 0.8}"',
            }
        )
    return columns, round(zero, 1)
