"""An explanation of a figure, as text for a terminal and as a block of a notebook."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from kit.plain_text import plain

WIDTH = 100
LONGEST_CELL = 40
STYLE = "border-collapse:collapse;font-size:12px;margin:2px 0 8px 0"


@dataclass(frozen=True)
class Table:
    """Rows of texts below their titles; those named in `numbers` stand to the right."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[str]


@dataclass(frozen=True)
class Section:
    """A heading, and below it sentences and a table."""

    heading: str
    sentences: tuple[str, ...] = ()
    table: Table | None = None


@dataclass(frozen=True)
class Explanation:
    """A figure from its definition to its rows. `print` gives text; a notebook's cell shows a block."""

    title: str
    sections: tuple[Section, ...]

    def __str__(self) -> str:
        return "\n\n".join([plain(self.title), *("\n".join(_lines(section)) for section in self.sections)])

    def _repr_html_(self) -> str:
        # Two dollar signs would make a formula of what is between.
        parts = "".join(_block(section) for section in self.sections)
        return f'<div class="tex2jax_ignore mathjax_ignore"><h3>{escape(plain(self.title))}</h3>{parts}</div>'


def _lines(section: Section) -> Iterator[str]:
    yield plain(section.heading)
    for sentence in section.sentences:
        yield from textwrap.wrap(
            plain(sentence),
            WIDTH,
            initial_indent="  ",
            subsequent_indent="  ",
            break_long_words=False,
            break_on_hyphens=False,
        )
    if section.table:
        yield from (f"  {line}".rstrip() for line in _columns(section.table))


def _columns(table: Table) -> Iterator[str]:
    rows = [table.titles, *(tuple(_short(plain(cell)) for cell in row) for row in table.rows)]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(
            cell.rjust(width) if title in table.numbers else cell.ljust(width)
            for cell, title, width in zip(row, table.titles, widths, strict=True)
        )


def _short(cell: str) -> str:
    return cell if len(cell) <= LONGEST_CELL else f"{cell[: LONGEST_CELL - 1]}…"


def _block(section: Section) -> str:
    said = "".join(f"<div>{escape(plain(sentence))}</div>" for sentence in section.sentences)
    return f"<h4>{escape(plain(section.heading))}</h4>{said}{_html(section.table) if section.table else ''}"


def _html(table: Table) -> str:
    aligned = [f"text-align:{'right' if title in table.numbers else 'left'}" for title in table.titles]

    def row(cells: Sequence[str], tag: str) -> str:
        return "".join(
            f'<{tag} style="{align};padding:1px 10px 1px 0">{escape(plain(cell))}</{tag}>'
            for cell, align in zip(cells, aligned, strict=True)
        )

    body = "".join(f"<tr>{row(cells, 'td')}</tr>" for cells in table.rows)
    return f'<table style="{STYLE}"><tr>{row(table.titles, "th")}</tr>{body}</table>'
