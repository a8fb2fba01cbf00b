"""Frames → tables for a notebook, and sentences beside them."""

from html import escape
from typing import Any

import polars as pl

from kit.pictures import INK

ZERO, NOTHING = "·", "none"
# JupyterLab styles the rows of tables by its theme, and would leave dark text on dark ground.
STYLE = """
.gt_table { margin-left: 0 !important; }
.gt_table tbody tr, .gt_table tbody td { background: #ffffff !important; }
"""


def table(frame: pl.DataFrame) -> Any:
    """A frame as a Great Tables table: text to the left, numbers to the right with thousands apart; text if empty."""
    from great_tables import GT
    from IPython.display import Markdown

    if frame.is_empty():
        return Markdown(f"*{NOTHING}*")  # type: ignore[no-untyped-call]  # IPython has no annotations here
    plain = frame.with_columns(pl.col(pl.Decimal).cast(pl.Float64))
    whole = [name for name, type_ in plain.schema.items() if type_.is_integer()]
    parts = [name for name in plain.columns if name.endswith("_share")]
    numbers = [name for name, type_ in plain.schema.items() if type_.is_float() and name not in parts]
    amounts = [name for name in numbers if (plain[name].fill_null(0) % 1 != 0).any()]
    return (
        GT(plain)
        .fmt_integer([*whole, *(name for name in numbers if name not in amounts)])
        .fmt_number(amounts, decimals=2)
        .fmt_percent(parts, decimals=1)
        .sub_zero(whole, zero_text=ZERO)
        .sub_missing(missing_text="")
        .cols_align("left", [name for name, type_ in plain.schema.items() if type_ in (pl.String, pl.Date)])
        .cols_label({name: name.replace("_", " ") for name in plain.columns})
        .tab_options(
            table_font_size="12px",
            data_row_padding="3px",
            column_labels_font_weight="600",
            table_border_top_style="none",
            table_border_bottom_style="none",
            table_background_color="#ffffff",
            table_font_color=INK,
        )
        .opt_css(STYLE)
    )


def sentence(text: str) -> Any:
    """A sentence with figures, as it stands: in Markdown two dollar signs would make a formula of what is between."""
    from IPython.display import HTML

    return HTML(f'<p class="tex2jax_ignore mathjax_ignore">{escape(text)}</p>')  # type: ignore[no-untyped-call]
