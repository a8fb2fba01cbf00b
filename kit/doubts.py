"""What a check found: how grave it is, which figures it touches, why, and how to mend it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import duckdb

from kit import formats, frames
from kit.editions import RESTS_ON
from kit.fiscal import Quarter
from kit.metrics import revenue_basis

# A stop keeps the review from being made, a mark stands beside the figure on the page, a note is only told.
SEVERITIES = ("stop", "mark", "note")
MATTERS = Fraction(1, 20)
NAMED = 10  # instances of a finding that are kept; of the others only how many there are


@dataclass(frozen=True)
class Finding:
    """What a check found, the figures it touches, why it matters to them, how to mend it, and where it was seen.

    `more` is in how many places beside these.
    """

    what: str
    figures: tuple[str, ...]
    severity: str = "mark"
    why: str = ""
    mend: str = ""
    check: str = ""
    seen: tuple[str, ...] = ()
    more: int = 0


def in_order(found: Sequence[Finding]) -> tuple[Finding, ...]:
    """Findings by severity, the gravest first; of one severity as they were found, each with its first instances."""
    kept = [
        replace(
            finding,
            seen=finding.seen[:NAMED],
            more=finding.more + len(finding.seen) - len(finding.seen[:NAMED]),
        )
        for finding in found
    ]
    return tuple(sorted(kept, key=lambda finding: SEVERITIES.index(finding.severity)))


def figures_of(con: duckdb.DuckDBPyConnection, table: str) -> tuple[str, ...]:
    """The figures that rest on an export, as the program stands."""
    basis = revenue_basis(con)
    used: dict[str, tuple[str, ...]] = {
        "transactions": ("revenue",) if basis == "transacted" else (),
        "attributed": ("value_ratio",) if frames.has_rows(con, "attribution") else (),
        "invoices": ("revenue", "value_ratio") if basis == "recognised" else ("value_ratio",),
        "worklogs": ("cost_per_partner",),
        "costs": ("value_ratio",),
        "headcount": (),
        "milestones": (),
        "calls": (
            *(("revenue",) if basis == "unrealized" else ()),
            *("cost_per_partner", "activation_rate"),
            *(("value_ratio",) if frames.has_rows(con, "avoidance") else ()),
            "growth_rate",
        ),
    }
    return used.get(table, tuple(key for key, tables in RESTS_ON.items() if table in tables))


def weighed(part: Decimal | float, whole: Decimal | float) -> str:
    """A mark where a part comes to a twentieth of the whole, or there is no whole; else a note."""
    return "mark" if whole <= 0 or Fraction(part) >= MATTERS * Fraction(whole) else "note"


# What checks ask and how they tell it


def rows_of(con: duckdb.DuckDBPyConnection, question: str, **parameters: object) -> list[dict[str, Any]]:
    """The answer to a question of kit/sql, row by row."""
    return frames.frame(con, question, **parameters).to_dicts()


def rows_in(
    con: duckdb.DuckDBPyConnection, question: str, quarter: Quarter, **parameters: object
) -> list[dict[str, Any]]:
    """The answer to a question of a quarter's days."""
    return rows_of(con, question, first_day=quarter.first_day, last_day=quarter.last_day, **parameters)


def money_text(con: duckdb.DuckDBPyConnection, amount: Decimal) -> str:
    """An amount of the program's currency as the page writes it."""
    return formats.money(amount, str(frames.setting(con, "currency")))


def invoiced(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Decimal:
    """What was recognised in a quarter, credits as so much."""
    [(amount,)] = con.execute(
        "select invoices_all from evidence_by_quarter where quarter = $quarter", {"quarter": quarter.name}
    ).fetchall()
    return Decimal(amount)
