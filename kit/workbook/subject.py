"""What a workbook is about, and the words that several of its sheets share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import duckdb
import polars as pl

from kit import evidence, metrics, quarters
from kit.checks import Check
from kit.fiscal import Quarter
from kit.program import Program
from kit.review import Review
from kit.workbook.book import Book


@dataclass(frozen=True)
class Subject:
    """A quarter's exports as read, the figures of its page, and the workbook in the making.

    Cells that formulas refer to: `wages` of the loaded hourly cost by role and first day, `rates` of exchange rates by
    currency and month, `avoidance` of each [[avoidance]] block's values by their names.
    """

    check: Check
    quarter: Quarter
    figures: Mapping[str, Any]
    book: Book
    wages: dict[tuple[str, date], str] = field(default_factory=dict)
    rates: dict[tuple[str, date], str] = field(default_factory=dict)
    avoidance: list[dict[str, str]] = field(default_factory=list)

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        return self.check.con

    @property
    def program(self) -> Program:
        return self.check.program

    @cached_property
    def review(self) -> Review:
        return Review(self.con, self.quarter, self.check.metrics, self.figures["inputs"], ())

    @cached_property
    def previous(self) -> Quarter:
        return quarters.previous(self.con, self.quarter)

    @cached_property
    def before(self) -> Quarter:
        """The quarter before the last, with whose end the last one's growth begins."""
        return quarters.previous(self.con, self.previous)

    @cached_property
    def months(self) -> tuple[date, date]:
        """First and last fiscal month of this quarter and the last."""
        return self.previous.first_day, self.quarter.last_month.month

    @cached_property
    def ledger(self) -> pl.DataFrame:
        """What became of the rows of each file: of large logs, the dearest question of all."""
        return evidence.ledger(self.check)

    @cached_property
    def basis(self) -> str:
        """What stands for revenue: recognised, transacted or unrealized."""
        return metrics.revenue_basis(self.con)
