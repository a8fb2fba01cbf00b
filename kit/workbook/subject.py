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


@dataclass
class Subject:
    """A quarter's exports as read, the figures of its page, and the workbook in the making.

    Cells that formulas refer to: `wages` of the loaded hourly cost by role and first day, `rates` of exchange rates by
    currency and month, `avoidance` of each [[avoidance]] block's values by their names; `active` of whether a partner
    is active in a month, `recognised` the first and last row of what was recognised from it, in the column
    `recognised_in`. `is_summed` says of a sheet whether the smallest of its rows are summed up.
    """

    check: Check
    quarter: Quarter
    figures: Mapping[str, Any]
    book: Book
    wages: dict[tuple[str, date], str] = field(default_factory=dict)
    rates: dict[tuple[str, date], str] = field(default_factory=dict)
    avoidance: list[dict[str, str]] = field(default_factory=list)
    active: dict[tuple[str, date], str] = field(default_factory=dict)
    recognised: dict[tuple[str, date], tuple[int, int]] = field(default_factory=dict)
    recognised_in: str = ""
    is_summed: dict[str, bool] = field(default_factory=dict)

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

    @cached_property
    def rows(self) -> dict[str, pl.DataFrame]:
        """The rows of the sheets whose amounts are converted or worked out from the settings."""
        of_recognised = "" if self.basis == "recognised" else "recognised"
        return {
            "Revenue": evidence.revenue(self.con, self.basis, *self.months),
            "Direct revenue": evidence.revenue(self.con, of_recognised, *self.months),
            "Onboarding": evidence.onboarding(self.con, *self.months),
            "Costs": evidence.costs(self.con, *self.months),
            "Attributed": evidence.attributed(self.con, *self.months),
            "Avoided": evidence.avoided(self.con, *self.months),
        }

    @cached_property
    def used_rates(self) -> set[tuple[Any, ...]]:
        """Currency and month of each exchange rate, and role and first day of each hourly cost, that rows have."""
        names = dict.fromkeys(("Revenue", "Direct revenue", "Costs", "Attributed"), ("currency", "fx_month"))
        names["Onboarding"] = ("rate_role", "rate_from")
        return {
            row for name, columns in names.items() for row in self.rows[name].select(columns).unique().rows()
        }
