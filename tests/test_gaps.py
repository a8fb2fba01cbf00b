"""When days without rows are against a source's habit, and when they are not."""

from datetime import date, timedelta
from itertools import pairwise
from types import SimpleNamespace

import polars as pl
import pytest
from conftest import add, cover, made, set_up

from kit import gaps, lapses, quarters

YEARS = (2025, 2026)
STARTS = [date(year, month, 1) for year in (2024, *YEARS, 2027) for month in range(1, 13)]


def on(*texts, rows=1):
    days = [date.fromisoformat(text) for text in texts]
    return pl.DataFrame({"day": days, "rows": [rows] * len(days)})


def monthly(*months, day=15):
    return on(*(f"{month}-{day:02}" for month in months))


def a_month(first, count, step=1):
    """The names of months, from the first month of 2025 counted."""
    return [
        f"{2025 + number // 12}-{number % 12 + 1:02}" for number in range(first, first + count * step, step)
    ]


def daily(first, last, without=(), weekdays=7, rows=1, every=1):
    """Every day between two, or every so many, but for a span and, where asked, weekends."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    days = [start + timedelta(days=number) for number in range(0, (end - start).days + 1, every)]
    left_out = tuple(map(date.fromisoformat, without)) or (date.max, date.max)
    return on(
        *(f"{day}" for day in days if day.weekday() < weekdays and not left_out[0] <= day <= left_out[1]),
        rows=rows,
    )


def told(days, table, spoken_of=()):
    return [gaps.span(*each) for each in gaps.gaps_between(days, table, STARTS, spoken_of)]


@pytest.mark.parametrize("table", ["invoices", "worklogs", "costs", "attributed"])
def test_rows_of_each_quarter_are_a_habit(table):
    assert told(monthly(*a_month(2, 6, step=3)), table) == []


def test_quarter_without_rows_is_not():
    quarterly = a_month(2, 7, step=3)
    assert told(monthly(*quarterly[:4], *quarterly[5:]), "costs") == ["2025-12-16 to 2026-06-14"]


@pytest.mark.parametrize("day", [1, 15, 28])
def test_month_without_rows_between_monthly_ones_is_a_gap(day):
    months = a_month(0, 18)
    assert len(told(monthly(*months[:13], *months[14:], day=day), "costs")) == 1


def test_several_months_without_rows_among_many_are_no_habit():
    months = [month for month in a_month(0, 18) if month not in ("2025-04", "2025-09", "2026-02")]
    assert len(told(monthly(*months), "costs")) == 3


def test_work_that_pauses_now_and_then_may():
    weeks = [
        f"{month}-{day:02}"
        for month in ("2025-05", "2026-02", "2026-05", "2026-08")
        for day in (3, 10, 17, 24)
    ]
    assert told(on(*weeks), "worklogs")[1:] == []  # the first pause is nine months long


DEALS = on(
    "2025-01-09", "2025-01-30", "2025-02-04", "2025-03-21", "2025-03-24", "2025-05-06", "2025-05-30", "2025-06-03",
    "2025-06-05", "2025-07-30", "2025-08-02", "2025-10-07", "2025-10-09", "2025-10-28", "2025-11-02", "2025-12-20",
)  # fmt: skip


def test_month_without_deals_that_come_now_and_then_is_no_gap():
    assert told(DEALS, "attributed") == []  # none in September
    assert len(told(DEALS, "costs")) == 1  # a bill comes each month


def test_month_without_work_that_is_done_at_the_beginning_of_each_is_one():
    days = [f"{month}-{day:02}" for month in a_month(0, 12) if month != "2025-08" for day in (1, 2, 3)]
    assert told(on(*days), "worklogs") == ["2025-07-04 to 2025-08-31"]


def test_month_without_work_that_is_done_on_most_days_is_one():
    days = daily("2025-01-01", "2025-12-31", ("2025-07-01", "2025-07-31"), weekdays=5, every=2)
    assert told(days, "worklogs") == ["2025-07-01 to 2025-07-31"]


@pytest.mark.parametrize(
    ("table", "weekdays", "last", "found"),
    [
        ("transactions", 7, "2025-07-08", []),  # seven days
        ("transactions", 7, "2025-07-09", ["2025-07-02 to 2025-07-09"]),
        ("transactions", 5, "2025-07-10", []),  # seven weekdays of a source that has none at weekends
        ("transactions", 5, "2025-07-11", ["2025-07-02 to 2025-07-13"]),
        ("worklogs", 5, "2025-07-17", []),  # a fortnight's holiday
        ("worklogs", 5, "2025-07-25", ["2025-07-02 to 2025-07-27"]),
    ],
)
def test_hole_in_a_daily_source_is_one_by_the_days_to_be_expected_in_it(table, weekdays, last, found):
    days = daily("2025-01-01", "2025-12-31", ("2025-07-02", last), weekdays)
    assert told(days, table) == found


def test_holes_that_a_daily_source_has_each_half_year_are_its_habit():
    days = [
        daily(f"{year}-{month}-01", f"{year}-{month}-10")
        for year in YEARS
        for month in ("01", "02", "03", "04")
    ]
    assert told(pl.concat(days), "transactions")[1:] == []


@pytest.mark.parametrize(
    ("every", "last", "found"),
    [
        (1, "2025-08-09", []),
        (1, "2025-08-10", ["2025-08-03 to 2025-08-10"]),
        (3, "2025-08-20", []),
        (3, "2025-09-03", ["2025-08-03 to 2025-09-03"]),
    ],
)
def test_silence_of_a_small_log_is_a_gap_by_the_days_with_calls_to_be_expected_in_it(every, last, found):
    days = daily("2025-01-01", "2025-12-31", ("2025-08-03", last), every=every, rows=2)
    assert told(days, "calls") == found


def test_day_without_calls_in_a_busy_log_still_is_one():
    days = daily("2025-01-01", "2025-12-31", ("2025-08-05", "2025-08-05"), rows=10)
    assert told(days, "calls") == ["2025-08-05"]


def test_months_that_invoices_dated_before_tell_of_are_no_gap():
    months = [*a_month(0, 12), "2026-01", "2026-04"]
    assert told(monthly(*months, day=1), "invoices", STARTS) == []
    assert told(monthly(*months, day=1), "invoices") == ["2026-01-02 to 2026-03-31"]


# In a program


@pytest.fixture
def con(con):
    cover(con, "2025-01-01", "2026-03-31")
    add(con, "partners", partner_id="acme")
    return con


def invoiced(con, amount, start, end):
    add(
        con, "invoices", partner_id="acme", amount=amount, invoiced_at=start, kind="subscription",
        service_start=start, service_end=end,
    )  # fmt: skip


def found(con):
    made(con)
    program = SimpleNamespace(exports={})
    return [
        each.what
        for each in lapses.interruptions(con, program, quarters.all_quarters(con)["2026-Q1"])
        if not each.what.startswith("calls")
    ]


def test_billing_that_turns_from_months_to_quarters_has_no_gap(con):
    for month, after in pairwise(STARTS[12:25]):
        invoiced(con, 100, month, after)
    invoiced(con, 300, date(2026, 1, 1), date(2026, 4, 1))
    invoiced(con, 300, date(2026, 4, 1), date(2026, 7, 1))
    assert found(con) == []


def test_contract_billed_by_the_year_does_not_speak_for_a_month_without_invoices(con):
    invoiced(con, 120, date(2025, 1, 1), date(2026, 1, 1))
    invoiced(con, 120, date(2026, 1, 1), date(2027, 1, 1))
    for month, after in pairwise(STARTS[12:28]):
        if month != date(2026, 2, 1):
            invoiced(con, 100, month, after)
    assert found(con) == ["invoices: nothing on 2026-01-02 to 2026-02-28, and rows before and after."]


@pytest.mark.parametrize(
    ("months", "early"),
    [
        (a_month(1, 5, step=3), []),  # August, November, February: the next is in May
        (
            a_month(0, 13),
            ["costs: the last row is of 15 January 2026, and the quarter ends on 31 March 2026."],
        ),
        (
            a_month(0, 14),
            ["costs: the last row is of 15 February 2026, and the quarter ends on 31 March 2026."],
        ),
        (a_month(0, 15), []),
    ],
)
def test_source_ends_early_by_its_habit(con, months, early):
    for month in months:
        add(con, "costs", date=f"{month}-15", amount=100)
    assert found(con) == early


@pytest.mark.parametrize(("last", "is_early"), [("2026-03-24", False), ("2026-03-23", True)])
def test_daily_source_ends_early_within_a_month(con, last, is_early):
    set_up(con, stage="pre-monetization")
    for day in daily("2025-10-01", last)["day"]:
        add(con, "transactions", transacted_at=f"{day} 12:00:00+00", amount=100)
    assert len(found(con)) == is_early
