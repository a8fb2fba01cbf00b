"""Checks before numbers: what in the exports contradicts something else there, which figure that moves, how to mend it.

What is weighed against money, hours, partners or calls is a mark where it comes to a twentieth of them, else a note.
No export tells payments: whether an invoice is paid is what its system says of it.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb

from kit import earlier_pages, formats, frames, lapses, quarters, restatements
from kit.doubts import Finding, figures_of, in_order, invoiced, money_text, rows_in, rows_of, weighed
from kit.fiscal import Quarter
from kit.masks import words
from kit.metrics import QUARTERS_SHOWN, Metric
from kit.money_checks import MONEY_CHECKS
from kit.program import Program
from kit.quarters import day_text
from kit.swings import call_swings

OVERDUE_DAYS, OVERDUE_MATTERS, OVERDUE_TOLD = 90, Fraction(1, 10), Fraction(1, 100)
LONGEST_DAY = 16  # hours of one entry; more is a timer left running, or a sum
MANY = Fraction(1, 10)  # of the partners live, who have not been seen calling
GRACE_DAYS, GRACE_BEFORE = 30, 90  # in which a partner just gone live, or long live, may well not call


def findings(
    con: duckdb.DuckDBPyConnection,
    program: Program,
    quarter: Quarter,
    metrics: Sequence[Metric] = (),
    published: Path | str = "",
) -> tuple[Finding, ...]:
    """All that the checks find for a quarter, marks before notes.

    `published` is a folder of earlier pages, which the metrics' earlier quarters are held against.
    """
    found = [
        *lapses.interruptions(con, program, quarter),
        *lapses.unmatched(con, quarter),
        *(finding for check in (*CHECKS, *MONEY_CHECKS) for finding in check(con, quarter)),
        *moved_quarters(con, metrics, published),
    ]
    return in_order(found)


# Rates


def rates(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[Finding]:
    """Currencies without a rate of exchange, and roles without an hourly one, in the quarters shown: they stop."""
    shown = quarters.quarters_to(con, quarter)[-QUARTERS_SHOWN - 1 :]
    missing = rows_of(
        con, "rates_missing", first_month=shown[0].first_day, last_month=quarter.last_month.month
    )
    for table, name in dict.fromkeys((row["table_name"], row["name"]) for row in missing):
        of = [row for row in missing if (row["table_name"], row["name"]) == (table, name)]
        count, months = sum(row["row_count"] for row in of), [_month(row) for row in of]
        is_role, told = table == "worklogs", words(name)
        first, last = _month(of[0]), _month(of[-1])
        when = f"in {first}" if first == last else f"from {first} to {last}"
        yield Finding(
            f"{table}: {formats.plural(count, 'row')} of {told!r} {when}"
            f" {'has' if count == 1 else 'have'} no {'hourly rate' if is_role else 'rate of exchange'}.",
            figures_of(con, table),
            severity="stop",
            why=f"{'Hours' if is_role else 'Amounts'} without a rate would count as nothing.",
            mend=f"Add a [[rate]] with role = {json.dumps(told, ensure_ascii=False)} that is in force by then to"
            " program.toml."
            if is_role
            else f"Add {told} for {'this month' if first == last else 'these months'} to the fx export.",
            check="rate missing",
            seen=tuple(months),
        )


# Invoices with what is paid, with usage, and with the plan's price


def overdue_invoices(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[Finding]:
    """Revenue of this quarter and the last that stands open long after its invoice."""
    first_day = quarters.previous(con, quarter).first_day
    rows = rows_of(con, "overdue_invoices", first_day=first_day, last_day=quarter.last_day, days=OVERDUE_DAYS)
    whole = invoiced(con, quarters.previous(con, quarter)) + invoiced(con, quarter)
    amount = sum((row["amount"] for row in rows), Decimal(0))
    share = frames.divided(amount, whole)
    if share is None or share < OVERDUE_TOLD:
        return
    lines = formats.plural(sum(row["lines"] for row in rows), "line")
    yield Finding(
        f"invoices: {money_text(con, amount)} of the two quarters' revenue is open more than {OVERDUE_DAYS} days after"
        f" its invoice ({formats.percent(share)}, {lines} of {formats.plural(len(rows), 'partner')}).",
        figures_of(con, "invoices"),
        severity="mark" if share >= OVERDUE_MATTERS else "note",
        why="It counts as revenue, and may never be paid.",
        mend="Ask for payment, or let the billing system write it off; then export the invoices again.",
        check="payments",
        seen=tuple(
            f"{row['name']}: {money_text(con, row['amount'])} open since {day_text(row['since'])}"
            for row in rows
        ),
    )


def usage_without_calls(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[Finding]:
    """Usage invoiced to a partner for a month in which it made no calls."""
    rows = rows_in(con, "usage_without_calls", quarter)
    if not rows:
        return
    amount = sum((row["amount"] for row in rows), Decimal(0))
    partners = formats.plural(len({row["partner_id"] for row in rows}), "partner")
    yield Finding(
        f"invoices: {money_text(con, amount)} of usage is invoiced to {partners} for months without calls of theirs.",
        figures_of(con, "invoices"),
        severity=weighed(amount, invoiced(con, quarter)),
        why="Either the invoice bills what was not used, or calls are missing that other figures count.",
        mend="Compare the partner's keys and aliases with the logs; correct the invoice if the logs are right.",
        check="usage billed",
        seen=tuple(f"{row['name']}: {money_text(con, row['amount'])} in {_month(row)}" for row in rows),
    )


def unbilled_partners(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[Finding]:
    """Partners invoiced three months in a row that go on calling in a month without an invoice line.

    Where as many customers lead to no partner, the lines may be theirs, and are counted: a note.
    """
    rows = rows_in(con, "unbilled_partners", quarter)
    if not rows:
        return
    partners = len({row["partner_id"] for row in rows})
    active = con.execute(
        "select count(distinct partner_id) from production_usage where is_active and month between $first and $last",
        {"first": quarter.first_day, "last": quarter.last_day},
    ).fetchall()[0][0]
    by_month = Counter(row["month"] for row in rows)
    is_theirs = all(row["strangers"] >= by_month[row["month"]] for row in rows)
    yield Finding(
        f"invoices: {formats.plural(partners, 'partner')}, invoiced month after month before, went on calling in the"
        " quarter without an invoice line.",
        figures_of(con, "invoices"),
        severity="note" if is_theirs else weighed(partners, active),
        why="As many customers lead to no partner: their lines are counted, and may be the ones that these lack."
        if is_theirs
        else "Revenue is too low by what was not billed, or the export lacks these lines.",
        mend="Add aliases of the billing system's customers."
        if is_theirs
        else "Look the partner up in the billing system: bill it, or export the invoices again.",
        check="usage not billed",
        seen=tuple(f"{row['name']}: {formats.plural(row['calls'], 'call')} in {_month(row)}" for row in rows),
    )


def unusual_prices(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[Finding]:
    """Subscriptions far from what others pay on the same plan."""
    rows = rows_in(con, "unusual_prices", quarter)
    if rows:
        # A price some times another is a contract; one ten times another is a slip, or a very large contract.
        slips = [row for row in rows if not Decimal("0.1") < row["price"] / row["usual"] < 10]
        amount = sum((abs(row["excess"]) for row in slips), Decimal(0))
        yield Finding(
            f"invoices: {formats.plural(len(rows), 'subscription')} billed at less than half or more than twice what"
            " the plan costs others.",
            figures_of(con, "invoices"),
            severity=weighed(amount, invoiced(con, quarter)) if slips else "note",
            why="It is right where there is a contract; else an amount may be in cents, or of another term.",
            mend="Compare the line with the contract, and the registry's plan with the one billed.",
            check="price",
            seen=tuple(
                f"{row['name']}: {formats.money(row['price'], row['currency'])} for a month of {row['plan']},"
                f" where {formats.money(row['usual'], row['currency'])} is usual"
                for row in rows
            ),
        )


# Costs with the ledger, and hours


def costs_twice(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[Finding]:
    """Categories of cost that equal the onboarding hours at loaded rates, or another export's, month by month."""
    for row in rows_in(con, "costs_twice", quarter):
        is_hours = row["kind"] == "hours"
        equals = "the onboarding hours at loaded rates" if is_hours else f"{row['other']!r} of another export"
        yield Finding(
            f"costs: {row['category']!r} equals {equals} in {formats.plural(row['months'], 'month')}"
            f" ({money_text(con, row['amount'])} in all).",
            figures_of(con, "costs"),
            why="The people who worked these hours are in other costs too."
            if is_hours
            else "The same bill seems to be booked twice.",
            mend=f"Leave {row['category']!r} out of one of the two, or lower its allocation.",
            check="costs twice",
        )


def missing_costs(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[Finding]:
    """Categories of cost booked in each of six months, and from then on not in months of the quarter with others."""
    cost = frames.row_of(con, "cost_and_value_by_quarter", quarter)["cost"]
    rows = rows_in(con, "missing_costs", quarter)
    for category in dict.fromkeys(row["category"] for row in rows):
        without = [row for row in rows if row["category"] == category]
        missing = sum((row["usual"] for row in without), Decimal(0))
        yield Finding(
            f"costs: no {category!r} in {_listed([_month(row) for row in without])}, where"
            f" {money_text(con, without[0]['usual'])} a month is usual.",
            figures_of(con, "costs"),
            severity=weighed(missing, cost + missing),
            why="The quarter's cost is too low, and value looks better than it is.",
            mend=f"Export {'the month' if len(without) == 1 else 'these months'} again once"
            f" {'it is' if len(without) == 1 else 'they are'} closed; if the cost has ended, this can stay.",
            check="costs missing",
        )


def long_entries(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[Finding]:
    """Entries of onboarding work longer than anybody's day."""
    rows = rows_in(con, "long_entries", quarter, hours=LONGEST_DAY)
    if not rows:
        return
    hours = frames.row_of(con, "onboarding_by_quarter", quarter)["hours"]
    long = sum((row["hours"] for row in rows), Decimal(0))
    yield Finding(
        f"worklogs: {'1 entry' if len(rows) == 1 else f'{len(rows)} entries'} of more than {LONGEST_DAY} hours,"
        f" {formats.count(long)} of the quarter's {formats.count(hours)}.",
        figures_of(con, "worklogs"),
        severity=weighed(long, hours),
        why="Nobody works that in a day: a timer was left running, or hours are entered as sums.",
        mend="Correct the entry in the time sheet and export it again.",
        check="long entry",
        seen=tuple(
            f"{day_text(row['date'])}: {formats.count(row['hours'])} hours, {row['role']}, {row['activity']}"
            for row in rows
        ),
    )


# Calls


def live_without_calls(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[Finding]:
    """Partners that the registry has live, and that never called in production as long as the logs tell of them.

    Some live since before the logs begin may have ceased to call by then: only where they are many is it a mark.
    """
    grace = {"grace": GRACE_DAYS, "grace_before": GRACE_BEFORE}
    rows = rows_of(con, "live_without_calls", last_day=quarter.last_day, **grace)
    live = frames.row_of(con, "activation_by_quarter", quarter)["production"]
    for is_before in (False, True):
        silent = [row for row in rows if row["is_before"] == is_before]
        if not silent:
            continue
        have = "has" if len(silent) == 1 else "have"
        yield Finding(
            f"partners: {formats.plural(len(silent), 'partner')} live by the registry"
            + (
                f" since before the logs begin {have} made no successful production call in them."
                if is_before
                else f" {have} never made a successful production call."
            ),
            ("activation_rate",) if is_before else ("cost_per_partner", "activation_rate"),
            severity=("mark" if len(silent) >= MANY * live else "note")
            if is_before
            else weighed(len(silent), live),
            why="They count as activated, by the registry's word alone."
            if is_before
            else "They count as activated and as onboarded.",
            mend="Take the date out of the registry, add the keys by which they call, or, of partners that left, the"
            " day (offboarded_at)."
            if is_before
            else "Take the date out of the registry, or add the keys by which they call.",
            check="live without calls",
            seen=tuple(f"{row['name']}: live since {day_text(row['production_at'])}" for row in silent),
        )


# What was published


def moved_quarters(
    con: duckdb.DuckDBPyConnection, metrics: Sequence[Metric], published: Path | str
) -> Iterator[Finding]:
    """Figures of earlier quarters that are no longer what their pages said; none without a folder of pages."""
    names = [name for name, _ in metrics[0].history[:-1]] if metrics and str(published) else []
    program, currency = str(frames.setting(con, "name")), str(frames.setting(con, "currency"))
    for name in names:
        before = earlier_pages.said_of(published, quarters.all_quarters(con)[name], program)
        figures = {metric.key: (metric.unit, dict(metric.history)[name]) for metric in metrics}
        moved = restatements.moved_figures(figures, before, currency) if before else {}
        if before and moved:
            was_in = str(before.figures.get("currency", currency))
            yield Finding(
                f"published: {formats.plural(len(moved), 'figure')} of {name}"
                f" {'is' if len(moved) == 1 else 'are'} no longer as first reported.",
                tuple(moved),
                severity="note",
                why="A settled quarter moved: its page and this one tell two stories.",
                mend="See which export or setting changed since; the page marks last quarter's with a dagger.",
                check="settled quarter moved",
                seen=tuple(
                    f"{key}: {restatements.shown(each.unit, each.reported, was_in)} then,"
                    f" {restatements.shown(each.unit, each.now, currency)} now"
                    for key, each in moved.items()
                ),
            )


CHECKS: tuple[Callable[[duckdb.DuckDBPyConnection, Quarter], Iterator[Finding]], ...] = (
    overdue_invoices,
    usage_without_calls,
    unbilled_partners,
    unusual_prices,
    costs_twice,
    missing_costs,
    long_entries,
    call_swings,
    live_without_calls,
)


def _month(row: Mapping[str, Any]) -> str:
    """A row's month as the page writes it: September 2026, or the period's own name."""
    name = str(row["month"])
    return (
        f"{date.fromisoformat(f'{name}-01'):%B %Y}" if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", name) else name
    )


def _listed(names: Sequence[str]) -> str:
    """July 2026, August 2026 and September 2026."""
    return " and ".join([*([", ".join(names[:-1])] if names[1:] else []), names[-1]])
