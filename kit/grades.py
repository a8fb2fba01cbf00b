"""How sure a figure is: its grade by a written rule, how much of the exports it rests on, and when it is withheld.

A billed and reconciled, B measured, C estimated. There is no export of payments: an invoice is reconciled where its
system says that it is paid. Shares are exact fractions; none of nothing is None, and decides nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

import duckdb
import polars as pl

from kit import frames

# What each grade needs, at the least. A share that equals one of these has it.
PAID = Fraction(9, 10)  # of the amount invoiced, for A
MATCHED = Fraction(95, 100)  # of calls, hours or amounts that lead to a partner, for A and B
CALLED = Fraction(95, 100)  # of the usage billed, in months with calls, for A
LOGGED = Fraction(9, 10)  # of the hours, in entries of forty hours at most, for B
SEEN = Fraction(9, 10)  # of the partners live since the logs begin, by a call of theirs, for B

WHAT = {
    "calls": "calls lead to a partner",
    "invoices": "the amount invoiced leads to a partner",
    "transactions": "the value transacted leads to a partner",
    "attributed": "attributed revenue leads to a partner",
    "worklogs": "onboarding hours lead to a partner",
    "costs": "the months have costs",
}
MENDS = {
    "calls": "add the keys export or aliases",
    "invoices": "add aliases of the billing system’s customers",
    "transactions": "add aliases of the partners transacting",
    "attributed": "add aliases of the partners it names",
    "worklogs": "add aliases of the partners or clients it names",
    "costs": "add the missing months to the costs export",
}
PARTS = {
    "calls": ("calls_matched", "calls_all"),
    "invoices": ("invoices_matched", "invoices_all"),
    "transactions": ("transactions_matched", "transactions_all"),
    "attributed": ("attributed_matched", "attributed_all"),
    "worklogs": ("hours_matched", "hours_all"),
    "costs": ("cost_months", "costs_expected"),
}
WITHHELD = "withheld"


@dataclass(frozen=True)
class Coverage:
    """Of which share of an export a figure speaks, and the share under which it is withheld, if one is set."""

    table: str
    share: Fraction
    limit: Decimal | None

    @property
    def is_enough(self) -> bool:
        """Whether the share is not under the limit: one that equals it is not."""
        return self.limit is None or self.share >= self.limit

    @property
    def text(self) -> str:
        return f"{share_text(self.share)} of {WHAT[self.table]}"


@dataclass(frozen=True)
class Sureness:
    """A figure's grade, the facts by which the rule gave it, and what it rests on."""

    grade: str
    why: str
    covers: tuple[Coverage, ...]

    @property
    def withheld(self) -> str:
        """Why the figure is not shown, and what to mend; empty if it may be."""
        short = [cover for cover in self.covers if not cover.is_enough]
        return f"{WITHHELD}: {'; '.join(map(_short, short))}" if short else ""


def _short(cover: Coverage) -> str:
    return f"only {cover.text} (limit {share_text(Fraction(cover.limit or 0))}); {MENDS[cover.table]}"


def sureness(con: duckdb.DuckDBPyConnection, basis: str) -> dict[str, dict[str, Sureness]]:
    """How sure each of the five figures is, and `unrealized` revenue, by quarter; `basis` stands for revenue."""
    limits = dict(con.execute("select table_name, least from limits").fetchall())
    tables = _tables(con, basis)
    evidence = {row["quarter"]: row for row in pl.DataFrame(con.table("evidence_by_quarter")).to_dicts()}
    return {quarter: _of_quarter(row, basis, tables, limits) for quarter, row in evidence.items()}


def _tables(con: duckdb.DuckDBPyConnection, basis: str) -> dict[str, tuple[str, ...]]:
    """The exports whose coverage tells how sure each figure is."""
    revenue = {"recognised": "invoices", "transacted": "transactions", "unrealized": "calls"}[basis]
    return {
        "revenue": (revenue,),
        "cost_per_partner": ("worklogs", "calls"),
        "activation_rate": ("calls",),
        "value_ratio": (
            "costs",
            *(("invoices",) if basis == "recognised" else ()),
            *(("attributed",) if frames.has_rows(con, "attribution") else ()),
            *(("calls",) if frames.has_rows(con, "avoidance") else ()),
        ),
        "growth_rate": ("calls",),
        "unrealized": ("calls", *(("invoices",) if basis == "recognised" else ())),
    }


def _of_quarter(
    row: Mapping[str, Any],
    basis: str,
    tables: Mapping[str, tuple[str, ...]],
    limits: Mapping[str, Decimal],
) -> dict[str, Sureness]:
    shares = {table: frames.divided(row[part], row[whole]) for table, (part, whole) in PARTS.items()}
    revenue = _revenue(row, basis)
    graded = {
        "revenue": revenue,
        "cost_per_partner": _cost_per_partner(row),
        "activation_rate": _activation_rate(row),
        "value_ratio": _value_ratio(row, revenue),
        "growth_rate": _growth_rate(row),
        "unrealized": ("C", "not billed"),
    }
    return {
        key: Sureness(
            grade,
            why,
            tuple(
                Coverage(table, min(share, Fraction(1)), limits.get(table))
                for table in tables[key]
                if (share := shares[table]) is not None
            ),
        )
        for key, (grade, why) in graded.items()
    }


def _revenue(row: Mapping[str, Any], basis: str) -> tuple[str, str]:
    """A: billed, PAID of it paid, MATCHED of it leading to a partner, CALLED of its usage with calls. B: billed.

    C: not billed.
    """
    if basis != "recognised":
        return "C", "not billed"
    paid = frames.divided(row["invoices_paid"], row["invoices_all"])
    if paid is None:
        return "B", "nothing is billed"
    faults = [
        *_under(paid, PAID, "paid"),
        *_under(frames.divided(row["invoices_matched"], row["invoices_all"]), MATCHED, "leads to a partner"),
        *_under(frames.divided(row["usage_seen"], row["usage_billed"]), CALLED, "of usage billed had calls"),
    ]
    return ("B", ", ".join(["billed", *faults])) if faults else ("A", f"billed, {share_text(paid)} paid")


def _cost_per_partner(row: Mapping[str, Any]) -> tuple[str, str]:
    """B: LOGGED of the hours logged by the day, MATCHED of them and of the calls leading to a partner. C: less.

    Every hour has a rate: one without stops the run.
    """
    hours = row["hours_all"]
    faults = [
        *_under(frames.divided(row["hours_logged"], hours), LOGGED, "of hours logged as they were worked"),
        *_under(frames.divided(row["hours_matched"], hours), MATCHED, "of hours lead to a partner"),
        *_unmatched(row),
    ]
    what = "hours as logged at loaded rates" if hours else "no hours are logged"
    return ("C", ", ".join(faults)) if faults else ("B", what)


def _activation_rate(row: Mapping[str, Any]) -> tuple[str, str]:
    """B: MATCHED of the calls lead to a partner, and calls show SEEN of those live since the logs begin. C: less."""
    seen = f"{row['live_seen']:,} of {row['live_all']:,} gone live since the logs begin seen calling"
    share = frames.divided(row["live_seen"], row["live_all"])
    faults = [*_unmatched(row), *([seen] if share is not None and share < SEEN else [])]
    return ("C", ", ".join(faults)) if faults else ("B", seen if row["live_all"] else "calls as logged")


def _value_ratio(row: Mapping[str, Any], revenue: tuple[str, str]) -> tuple[str, str]:
    """C where attributed or avoided value is in it; else the grade of revenue, and no A where a month has no costs."""
    if row["has_soft_value"]:
        return "C", "assumed in part"
    grade, why = revenue
    if row["costs_expected"] and row["cost_months"] < row["costs_expected"]:
        return max(grade, "B"), f"costs in {row['cost_months']} of {row['costs_expected']} months"
    return grade, f"direct revenue alone: {why}"


def _growth_rate(row: Mapping[str, Any]) -> tuple[str, str]:
    """B: MATCHED of the calls lead to a partner. C: less."""
    faults = list(_unmatched(row))
    return ("C", ", ".join(faults)) if faults else ("B", "calls as logged")


def _unmatched(row: Mapping[str, Any]) -> Iterator[str]:
    yield from _under(
        frames.divided(row["calls_matched"], row["calls_all"]), MATCHED, "of calls lead to a partner"
    )


def _under(share: Fraction | None, least: Fraction, what: str) -> Iterator[str]:
    """A fault, where a share is under the least that the grade needs."""
    if share is not None and share < least:
        yield f"only {share_text(share)} {what}"


def share_text(share: Fraction) -> str:
    """A share in percent, rounded down to a tenth: what is under a limit never reads as if it were at it."""
    tenths = floor(share * 1000)
    return f"{tenths // 10}%" if tenths % 10 == 0 else f"{tenths / 10:.1f}%"
