"""evidence.xlsx: from the rows to the five figures, by formulas that finance can follow and change.

book         sheets of typed cells, formulas, and text that is nothing but text
subject      what a workbook is about
assumptions  program.toml and exchange rates, in cells that formulas refer to
rows         what each figure is summed up or counted from
scorecard    the five figures as formulas
account      definitions, sources, the ledger of rows, restatements
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kit import metrics, notes, quarters
from kit.checks import Check
from kit.database import tables_of
from kit.errors import ReviewError
from kit.fiscal import Quarter
from kit.metrics import Metric
from kit.program import load_program
from kit.review import number
from kit.workbook import account, assumptions, rows, scorecard
from kit.workbook.book import Book
from kit.workbook.subject import Subject

SHEETS = (
    "Scorecard", "Revenue", "Direct revenue", "Unrealized", "Onboarding", "Funnel", "Costs", "Attributed", "Avoided",
    "Active", "Definitions", "Assumptions", "Sources", "Ledger", "Left out", "Restatements",
)  # fmt: skip


def evidence_of(program: Path | str, figures: Mapping[str, Any]) -> bytes:
    """The workbook behind a quarter's figures, these being what figures.json holds; the same bytes each time.

    ReviewError if the exports give other figures by now.
    """
    loaded = load_program(program)
    with tables_of(loaded, counted=True) as con:
        quarter = quarters.choose_quarter(con, figures["quarter"])
        five = metrics.scorecard(con, quarter)
        _stop_at_other_figures(five, figures)
        return content_of(Check(con, loaded, quarter, five, (), (), True), quarter, figures)


def content_of(check: Check, quarter: Quarter, figures: Mapping[str, Any]) -> bytes:
    """The workbook of exports that are read, whose figures these are."""
    book = Book(check.program.program.currency, quarter.last_day, SHEETS)
    subject = Subject(check, quarter, figures, book)
    assumptions.write(subject)  # first: rows refer to its cells
    rows.write(subject)
    scorecard.write(subject)
    account.write(subject)
    return book.content()


def _stop_at_other_figures(five: Sequence[Metric], figures: Mapping[str, Any]) -> None:
    for metric in five:
        told = figures["scorecard"][metric.key]
        if (number(metric.this), number(metric.last)) != (told["this"], told["last"]):
            raise ReviewError(
                f"{notes.LABELS[metric.key]} came out as {number(metric.this)} and {number(metric.last)} when the"
                f" exports were read again, not as {told['this']} and {told['last']}: they changed meanwhile."
                " Run it once more."
            )
