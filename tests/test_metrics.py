"""The five metrics and the funnel: rows of a program in, figures of a quarter out."""

from bisect import bisect_right
from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from conftest import add, cover, emptied, made, rows, set_up
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from kit import frames, metrics, quarters
from kit.blank import read_sql
from kit.database import open_program
from kit.errors import ReviewError

# Unless a test says otherwise: dollars, UTC, a fiscal year from January; Q is 2026-Q1.


def quarter_of(con, name="2026-Q1"):
    return quarters.choose_quarter(con, name)


def opened(con, first="2025-06-01", last="2026-04-15"):
    """The tables, made over call logs that cover Q and the quarters beside it."""
    cover(con, first, last)
    return made(con)


def active(con, name="2026-Q1"):
    """Active partners in each month of a quarter."""
    of_quarter = frames.months_to(con, quarter_of(con, name), 3)
    return of_quarter["active_partners"].to_list()


def funnel(con, name="2026-Q1"):
    return frames.partner_funnel(con, quarter_of(con, name))["partners"].to_list()


def revenue(con, name="2026-Q1"):
    return metrics.program_revenue(con, quarter_of(con, name)).this


def revenue_by_month(con, name="2026-Q1"):
    return frames.months_to(con, quarter_of(con, name), 3)["recognised"].to_list()


def call(con, called_at, partner="acme", **row):
    add(con, "calls", called_at=called_at, partner_id=partner, **row)


def partner(con, name="acme", **row):
    add(con, "partners", partner_id=name, **row)


# Days, months and quarters


@pytest.mark.parametrize(
    ("timezone", "last_second"),
    [
        ("UTC", "2026-03-31 23:59:59.999999+00"),
        ("America/New_York", "2026-04-01 03:59:59.999999+00"),  # daylight saving since 8 March
        ("Europe/Berlin", "2026-03-31 21:59:59.999999+00"),  # since 29 March
        ("Asia/Kolkata", "2026-03-31 18:29:59.999999+00"),
        ("Asia/Kathmandu", "2026-03-31 18:14:59.999999+00"),
        ("Pacific/Kiritimati", "2026-03-31 09:59:59.999999+00"),
    ],
)
def test_last_second_of_the_quarter_is_in_it_and_the_next_is_not(con, timezone, last_second):
    set_up(con, timezone=timezone)
    partner(con, "last")
    partner(con, "first")
    call(con, last_second, "last")
    con.execute(
        "insert into calls (called_at, partner_id, environment, status)"
        " select ?::timestamptz + interval 1 microsecond, 'first', 'production', 200", [last_second]
    )  # fmt: skip
    opened(con, last="2026-06-30")
    assert active(con, "2026-Q1") == [0, 0, 1]
    assert active(con, "2026-Q2") == [1, 0, 0]
    assert funnel(con, "2026-Q1") == [2, 1, 1, 1]
    assert funnel(con, "2026-Q2") == [2, 2, 2, 2]


@pytest.mark.parametrize(
    ("timezone", "called_at", "day"),
    [
        ("America/New_York", "2026-03-08 04:59:59+00", "2026-03-07"),  # the day of 23 hours
        ("America/New_York", "2026-03-08 05:00:00+00", "2026-03-08"),
        ("America/New_York", "2026-03-09 03:59:59+00", "2026-03-08"),
        ("America/New_York", "2026-03-09 04:00:00+00", "2026-03-09"),
        ("Europe/Berlin", "2025-10-25 22:00:00+00", "2025-10-26"),  # the day of 25 hours
        ("Europe/Berlin", "2025-10-26 22:59:59+00", "2025-10-26"),
        ("Europe/Berlin", "2025-10-26 23:00:00+00", "2025-10-27"),
        ("Asia/Kolkata", "2026-03-07 18:30:00+00", "2026-03-08"),
    ],
)
def test_day_of_a_call_begins_at_midnight_in_the_programs_zone(con, timezone, called_at, day):
    set_up(con, timezone=timezone)
    partner(con)
    call(con, called_at)
    assert rows(made(con), "select day from usage") == [(date.fromisoformat(day),)]


def test_transaction_falls_in_the_month_of_the_programs_zone(con):
    set_up(con, timezone="Asia/Kolkata", stage="pre-monetization")
    add(con, "transactions", transacted_at="2026-03-31 18:29:59+00", amount=1)
    add(con, "transactions", transacted_at="2026-03-31 18:30:00+00", amount=10)
    opened(con)
    assert revenue(con, "2026-Q1") == 1
    assert revenue(con, "2026-Q2") == 10


# Active partners


def test_month_without_calls_has_no_active_partner(con):
    partner(con)
    call(con, "2026-01-31 12:00:00+00")
    call(con, "2026-03-01 12:00:00+00")
    assert active(opened(con)) == [1, 0, 1]


@pytest.mark.parametrize(
    ("status", "is_active"), [(199, 0), (200, 1), (399, 1), (400, 0), (500, 0), (101, 0)]
)
def test_call_is_successful_from_200_to_399(con, status, is_active):
    partner(con)
    call(con, "2026-03-01 12:00:00+00", status=status)
    assert active(opened(con)) == [0, 0, is_active]


def test_sandbox_call_makes_no_partner_active(con):
    partner(con)
    call(con, "2026-03-01 12:00:00+00", environment="sandbox")
    assert active(opened(con)) == [0, 0, 0]


@pytest.mark.parametrize(("successful", "is_active"), [(1, 0), (2, 1)])
def test_partner_needs_as_many_successful_calls_as_set(con, successful, is_active):
    set_up(con, min_calls=2)
    partner(con)
    call(con, "2026-03-01 12:00:00+00", status=500)
    for hour in range(successful):
        call(con, f"2026-03-01 1{hour}:00:00+00")
    assert active(opened(con)) == [0, 0, is_active]


def test_row_of_calls_already_summed_counts_as_that_many(con):
    set_up(con, min_calls=5)
    partner(con)
    call(con, "2026-02-01 12:00:00+00", calls=4)
    call(con, "2026-03-01 12:00:00+00", calls=5)
    assert active(opened(con)) == [0, 0, 1]


def test_repeated_request_counts_once(con):
    set_up(con, min_calls=2)
    partner(con)
    for request, day in (("r1", "2026-03-01"), ("r1", "2026-03-01"), ("r1", "2026-03-02")):
        call(con, f"{day} 12:00:00+00", request_id=request)
    opened(con)
    assert active(con) == [0, 0, 0]
    assert rows(con, "select sum(calls) from partner_usage") == [(1,)]


@pytest.mark.parametrize(
    ("other", "what"),
    [
        ({"partner_id": "bolt"}, "for several partners"),
        ({"api_key": "k2"}, "for several keys"),
        ({"environment": "sandbox"}, "in several environments"),
        ({"called_at": "2026-03-04 12:00:01+00"}, "more than a day apart"),
    ],
)
def test_request_id_of_two_requests_is_refused(con, other, what):
    for more in ({}, other):
        add(
            con,
            "calls",
            **{"partner_id": "acme", "called_at": "2026-03-03 12:00:00+00", "request_id": "r1"} | more,
        )
    with pytest.raises(ReviewError, match=f"calls: request r1 is logged 2 times, {what}"):
        opened(con)


def test_calls_without_request_id_all_count(con):
    partner(con)
    for _ in range(3):
        call(con, "2026-03-01 12:00:00+00")
    assert rows(opened(con), "select sum(calls) from partner_usage") == [(3,)]


def test_test_partner_is_left_out_of_everything(con):
    partner(con, "demo", is_test=True, production_at="2026-02-01")
    call(con, "2026-03-01 12:00:00+00", "demo")
    add(con, "invoices", partner_id="demo", amount=10)
    add(con, "transactions", partner_id="demo", amount=10)
    add(con, "attributed", partner_id="demo", amount=10)
    add(con, "worklogs", partner_id="demo", hours=10)
    add(con, "rates")
    add(con, "costs", amount=1)
    add(con, "attribution", low=1, base=1, high=1)
    add(con, "avoidance", operation="*", low=1, base=1, high=1)
    add(con, "pricing_cases")
    add(con, "pricing_plans", fee=100)
    add(con, "pricing_meters")
    add(con, "pricing_tiers", price=1)
    opened(con)
    assert active(con) == [0, 0, 0]
    assert funnel(con) == [0, 0, 0, 0]
    assert rows(con, "select count(*) from unrealized_revenue") == [(0,)]
    row = frames.row_of(con, "cost_and_value_by_quarter", quarter_of(con))
    assert (row["direct"], row["attributed"], row["avoided"]) == (0, 0, 0)
    assert frames.row_of(con, "revenue_by_quarter", quarter_of(con))["transacted"] == 0
    assert frames.row_of(con, "onboarding_by_quarter", quarter_of(con))["hours"] == 0


def test_calls_of_excluded_traffic_are_left_out(con):
    add(con, "excluded", field="operation", value="GET /health")
    add(con, "excluded", field="partner_id", value="probe")
    partner(con)
    partner(con, "probe")
    call(con, "2026-03-01 12:00:00+00", operation="GET /health")
    call(con, "2026-03-01 12:00:00+00", "probe")
    assert active(opened(con)) == [0, 0, 0]
    assert dict(rows(con, "select fate, sum(calls)::int from traffic group by fate"))["excluded"] == 2


def test_former_id_of_an_excluded_partner_is_excluded_with_it(con):
    add(con, "excluded", field="partner_id", value="old")
    partner(con, "old")
    partner(con, "new")
    add(con, "aliases", id="old", partner_id="new")
    call(con, "2026-03-01 12:00:00+00", "old")
    assert active(opened(con)) == [0, 0, 0]


# Keys and names


def test_calls_of_a_key_of_nobody_are_left_out_and_their_share_is_told(con):
    partner(con)
    add(con, "keys", api_key="k1", partner_id="acme")
    call(con, "2026-03-01 12:00:00+00", None, api_key="k1", calls=3)
    call(con, "2026-03-01 12:00:00+00", None, api_key="k2")
    made(con)
    assert rows(con, "select fate, calls from traffic order by fate") == [("unmatched", 1), ("used", 3)]
    [row] = frames.frame(con, "match_share", first_day=date(2026, 1, 1), last_day=date(2026, 3, 31)).rows()
    assert row == (0.75, 1)


def test_key_belongs_to_its_new_partner_from_the_day_it_is_reassigned(con):
    partner(con, "before")
    partner(con, "after")
    add(con, "keys", api_key="k", partner_id="before", valid_to="2026-02-10")
    add(con, "keys", api_key="k", partner_id="after", valid_from="2026-02-10")
    call(con, "2026-02-09 23:59:59+00", None, api_key="k")
    call(con, "2026-02-10 00:00:00+00", None, api_key="k")
    actual = rows(made(con), "select first_day, partner_id from traffic order by first_day")
    assert actual == [(date(2026, 2, 9), "before"), (date(2026, 2, 10), "after")]


def test_calls_before_and_after_a_keys_life_lead_to_nobody(con):
    partner(con)
    add(con, "keys", api_key="k", partner_id="acme", valid_from="2026-02-10", valid_to="2026-02-12")
    for day in ("09", "10", "11", "12"):
        call(con, f"2026-02-{day} 12:00:00+00", None, api_key="k")
    actual = rows(made(con), "select day(first_day), day(last_day), fate from traffic order by first_day")
    assert actual == [(9, 9, "unmatched"), (10, 11, "used"), (12, 12, "unmatched")]


@pytest.mark.slow
@given(
    st.lists(st.integers(0, 89), unique=True, max_size=4),
    st.lists(st.integers(0, 89), min_size=1, max_size=30),
)
@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_calls_of_a_key_are_its_owners_of_the_day(con, changes, days):
    """A key goes from partner to partner on days of a quarter; each call is its owner's of its day and in its month."""
    emptied(con)
    began, starts = date(2026, 1, 1), sorted(changes)
    for number, (start, end) in enumerate(pairwise([None, *starts, None])):
        partner(con, f"p{number}")
        validity = {"valid_from": start, "valid_to": end}
        known = {name: str(began + timedelta(days=n)) for name, n in validity.items() if n is not None}
        add(con, "keys", api_key="k", partner_id=f"p{number}", **known)
    for day in days:
        call(con, f"{began + timedelta(days=day)} 12:00:00+00", None, api_key="k")
    expected = Counter(
        (f"p{bisect_right(starts, day)}", (began + timedelta(days=day)).replace(day=1)) for day in days
    )
    found = rows(made(con), "select partner_id, month, sum(calls)::int from partner_usage group by 1, 2")
    assert {(partner_id, month): calls for partner_id, month, calls in found} == expected


def test_partner_merged_twice_is_one_partner(con):
    for name in ("a", "b", "c"):
        partner(con, name, registered_at=f"2026-01-0{ord(name) - 96}")
        call(con, "2026-03-01 12:00:00+00", name)
    add(con, "aliases", id="a", partner_id="b")
    add(con, "aliases", id="b", partner_id="c")
    add(con, "invoices", partner_id="a", amount=5)
    opened(con)
    assert active(con) == [0, 0, 1]
    assert funnel(con) == [1, 1, 1, 1]
    assert rows(con, "select partner_id, name, registered_at from registry") == [("c", "C", date(2026, 1, 1))]
    assert rows(con, "select partner_id from recognised_revenue") == [("c",)]


def test_merged_partner_is_not_offboarded_with_its_former_self(con):
    partner(con, "old", offboarded_at="2026-01-15")
    partner(con, "new")
    add(con, "aliases", id="old", partner_id="new")
    assert rows(opened(con), "select partner_id, offboarded_at from registry") == [("new", None)]


def test_alias_holds_only_while_it_is_valid(con):
    partner(con, "a")
    partner(con, "b")
    add(con, "aliases", id="x", partner_id="a", valid_to="2026-02-10")
    add(con, "aliases", id="x", partner_id="b", valid_from="2026-02-10")
    call(con, "2026-02-09 12:00:00+00", "x")
    call(con, "2026-02-10 12:00:00+00", "x")
    assert rows(made(con), "select partner_id from traffic order by first_day") == [("a",), ("b",)]


def test_alias_of_one_system_does_not_rename_anothers_ids(con):
    partner(con, "acme")
    partner(con, "1")
    add(con, "aliases", id="1", partner_id="acme", system="stripe")
    call(con, "2026-02-10 12:00:00+00", "1", system="kong")
    call(con, "2026-02-11 12:00:00+00", "1", system="stripe")
    assert rows(made(con), "select partner_id from traffic order by first_day") == [("1",), ("acme",)]


def test_aliases_in_a_circle_are_refused(con):
    partner(con, "a")
    add(con, "aliases", id="a", partner_id="b")
    add(con, "aliases", id="b", partner_id="a")
    call(con, "2026-03-01 12:00:00+00", "b")
    with pytest.raises(ReviewError, match="aliases: a leads back to itself"):
        opened(con)


# 1. Revenue


@pytest.mark.parametrize(
    ("status", "counts"), [("paid", 1), ("open", 1), ("draft", 0), ("void", 0), ("uncollectible", 0)]
)
def test_invoice_line_counts_if_paid_or_open(con, status, counts):
    add(con, "invoices", partner_id="acme", amount=7, status=status)
    add(con, "invoices", partner_id="acme", amount=100)
    assert revenue(opened(con)) == 100 + 7 * counts


def test_credit_is_taken_off_in_its_month(con):
    add(con, "invoices", partner_id="acme", amount=100, invoiced_at="2026-01-10")
    add(con, "invoices", partner_id="acme", amount=-130, invoiced_at="2026-02-10")
    assert revenue_by_month(opened(con)) == [100, -130, 0]
    assert revenue(con) == -30


def test_credit_with_a_service_period_is_spread_like_its_invoice(con):
    add(con, "invoices", partner_id="acme", amount=-10, service_start="2026-01-30", service_end="2026-02-02")
    parts = revenue_by_month(opened(con))
    assert sum(parts) == -10
    assert [round(part, 6) for part in parts] == [Decimal("-6.666667"), Decimal("-3.333333"), 0]


@pytest.mark.parametrize(
    ("invoiced_at", "months"),
    [
        ("2026-01-01", [7, 0, 0]),
        ("2026-03-31", [0, 0, 7]),
        ("2025-12-31", [None, None, None]),  # of the quarter no invoice tells
        ("2026-04-01", [0, 0, 0]),
    ],
)
def test_line_without_service_period_falls_on_its_invoice_date(con, invoiced_at, months):
    add(con, "invoices", partner_id="acme", amount=0, invoiced_at="2025-06-01")
    add(con, "invoices", partner_id="acme", amount=7, invoiced_at=invoiced_at)
    assert revenue_by_month(opened(con)) == months


def test_line_is_spread_evenly_over_its_service_days(con):
    add(con, "invoices", partner_id="acme", amount=0, invoiced_at="2025-06-01")
    # 91 days from 1 February: 28 in February, 31 in March, 30 in April, 2 in May.
    add(con, "invoices", partner_id="acme", amount=91, service_start="2026-02-01", service_end="2026-05-03")
    opened(con, last="2026-06-30")
    assert revenue_by_month(con, "2026-Q1") == [0, 28, 31]
    assert revenue_by_month(con, "2026-Q2") == [30, 2, 0]


def test_leap_day_is_a_day_of_service(con):
    # 366 days, of which 29 in February 2024.
    add(con, "invoices", partner_id="acme", amount=366, invoiced_at="2024-01-01",
        service_start="2024-01-01", service_end="2025-01-01")  # fmt: skip
    opened(con, "2023-06-01")
    assert revenue_by_month(con, "2024-Q1") == [31, 29, 31]


@pytest.mark.parametrize("service_end", ["2026-03-01", None])
def test_empty_or_half_told_service_period_is_none(con, service_end):
    add(con, "invoices", partner_id="acme", amount=7, invoiced_at="2026-01-15",
        service_start="2026-03-01", service_end=service_end)  # fmt: skip
    assert revenue_by_month(opened(con)) == [7, 0, 0]


def test_service_that_ends_before_it_begins_is_refused(con):
    add(
        con,
        "invoices",
        line_id="l1",
        partner_id="acme",
        amount=7,
        service_start="2026-03-01",
        service_end="2026-02-01",
    )
    with pytest.raises(ReviewError, match="line l1: the service ends on 2026-02-01, before 2026-03-01"):
        opened(con)


def test_line_exported_twice_counts_once(con):
    for _ in range(2):
        add(con, "invoices", line_id="l1", partner_id="acme", amount=7, invoiced_at="2026-01-15")
    assert revenue_by_month(opened(con)) == [7, 0, 0]


def test_line_with_two_amounts_is_refused(con):
    for amount in (7, 8):
        add(con, "invoices", line_id="l1", partner_id="acme", amount=amount)
    with pytest.raises(ReviewError, match="line l1 has 2 rows that differ"):
        opened(con)


def test_invoices_that_end_before_the_quarter_are_no_revenue_of_zero(con):
    add(con, "invoices", partner_id="acme", amount=7, invoiced_at="2025-06-15")
    revenue = metrics.program_revenue(opened(con, "2025-06-01"), quarter_of(con))
    assert (revenue.this, revenue.why_this) == (None, "the invoices end on 15 June 2025")


LAW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def remade(con, *tables):
    for table in tables:
        con.execute(f"create or replace table {table} as {read_sql(table)}")


@pytest.fixture
def spread(con):
    """A function from lines, (amount, first day, days), to the parts of each: {line: {month: amount}}."""
    opened(con, "2025-01-01", "2028-01-01")

    def parts_of(lines):
        con.execute("delete from invoices")
        for number, (amount, start, days) in enumerate(lines):
            add(con, "invoices", line_id=str(number), partner_id="acme", amount=amount,
                service_start=start, service_end=date.fromordinal(start.toordinal() + days))  # fmt: skip
        remade(con, "recognised_revenue")
        parts: dict[int, dict[date, Decimal]] = {}
        for line, month, amount in rows(con, "select line_id, month, amount from recognised_revenue"):
            parts.setdefault(int(line), {})[month] = amount
        return parts

    return parts_of


LINES = st.lists(
    st.tuples(
        st.decimals(-(10**10), 10**10, places=4),
        st.dates(date(2025, 1, 1), date(2026, 4, 1)),
        st.integers(1, 500),
    ),
    min_size=1,
    max_size=12,
)


@LAW
@given(lines=LINES)
def test_parts_of_a_line_add_up_to_it_exactly(spread, lines):
    sums = {line: sum(parts.values()) for line, parts in spread(lines).items()}
    assert sums == {number: amount for number, (amount, _, _) in enumerate(lines)}


@LAW
@given(lines=LINES)
def test_part_of_a_month_is_its_share_of_the_days(spread, lines):
    parts = spread(lines)
    for number, (amount, start, days) in enumerate(lines):
        service_days = [date.fromordinal(start.toordinal() + n).replace(day=1) for n in range(days)]
        for month, part in parts[number].items():
            expected = Fraction(amount) * service_days.count(month) / days
            assert abs(Fraction(part) - expected) < Fraction(1, 10**9)
        assert parts[number].keys() == set(service_days)


def test_foreign_amount_is_taken_at_the_rate_of_its_month(con):
    add(con, "fx", month="2026-01-01", currency="EUR", rate="1.10")
    add(con, "fx", month="2026-02-01", currency="EUR", rate="1.20")
    add(con, "invoices", partner_id="acme", amount=100, currency="EUR", invoiced_at="2026-01-31")
    add(con, "invoices", partner_id="acme", amount=100, currency="EUR", invoiced_at="2026-02-01")
    assert revenue_by_month(opened(con)) == [110, 120, 0]


def test_spread_line_is_taken_at_the_rate_of_each_days_month(con):
    add(con, "fx", month="2026-01-01", currency="EUR", rate="1.10")
    add(con, "fx", month="2026-02-01", currency="EUR", rate="1.20")
    add(con, "fx", month="2026-03-01", currency="EUR", rate="1.30")
    add(con, "fx", month="2026-01-01", currency="GBP", rate="1.50")
    add(con, "fx", month="2026-02-01", currency="GBP", rate="1.60")
    add(con, "invoices", partner_id="acme", amount=20, currency="EUR", invoiced_at="2026-03-10",
        service_start="2026-01-22", service_end="2026-02-11")  # fmt: skip
    add(con, "invoices", partner_id="acme", amount=4, currency="GBP", invoiced_at="2026-03-10",
        service_start="2026-01-31", service_end="2026-02-04")  # fmt: skip
    # EUR: 10 days in January, 10 in February. GBP: 1 day, 3 days. None at the invoice's month, March.
    assert revenue_by_month(opened(con)) == [Decimal("12.50"), Decimal("16.80"), 0]


def test_missing_exchange_rate_is_an_error_that_names_currency_and_month(con):
    add(con, "fx", month="2026-01-01", currency="EUR", rate="1.10")
    add(con, "invoices", partner_id="acme", amount=1, currency="EUR", invoiced_at="2026-01-31")
    add(con, "invoices", partner_id="acme", amount=1, currency="EUR", invoiced_at="2026-02-01")
    opened(con)
    with pytest.raises(ReviewError, match=r"invoices, 2026-02: 1 row of 'EUR'"):
        metrics.scorecard(con, quarter_of(con))


def test_exchange_rate_given_twice_for_a_month_is_an_error(con):
    add(con, "fx", month="2026-02-01", currency="EUR", rate="1.10")
    add(con, "fx", month="2026-02-01", currency="EUR", rate="1.20")
    add(con, "invoices", partner_id="acme", amount=1, currency="EUR")
    with pytest.raises(ReviewError, match="EUR"):
        metrics.scorecard(opened(con), quarter_of(con))


@pytest.mark.parametrize("table", ["invoices", "transactions", "costs", "attributed"])
def test_large_amounts_do_not_overflow(con, table):
    add(con, "fx", month="2026-02-01", currency="EUR", rate="1.25")
    add(con, table, amount=10**13, **({"partner_id": "acme"} if table == "invoices" else {}))
    add(con, table, amount=10**13, currency="EUR", **({"partner_id": "acme"} if table == "invoices" else {}))
    add(con, "attribution", low=1, base=1, high=1)
    opened(con)
    view = {"invoices": "recognised_revenue", "transactions": "transaction_value",
            "costs": "program_costs", "attributed": "attributed_revenue"}[table]  # fmt: skip
    assert rows(con, f"select sum(amount) from {view}") == [(Decimal("22500000000000"),)]
    metrics.scorecard(con, quarter_of(con))


def test_large_amount_in_a_weak_currency_does_not_overflow(con):
    # 10 billion dollars, in rupiah.
    set_up(con, currency="IDR")
    add(con, "fx", month="2026-02-01", currency="USD", rate="16000")
    add(con, "invoices", partner_id="acme", amount=10**10)
    assert revenue(opened(con)) == 16 * 10**13


def test_fx_of_the_programs_own_currency_is_one(con):
    add(con, "fx", month="2026-02-01", currency="USD", rate="9")
    add(con, "invoices", partner_id="acme", amount=5)
    assert revenue(opened(con)) == 5


def test_revenue_without_invoices_is_none_with_the_table_it_needs(con):
    partner(con)
    metric = metrics.program_revenue(opened(con), quarter_of(con))
    assert (metric.this, metric.why_this, metric.trend) == (None, "needs the invoices export", None)


def test_revenue_of_the_quarter_before_the_invoices_begin_is_none(con):
    add(con, "invoices", partner_id="acme", amount=5, invoiced_at="2026-01-01")
    metric = metrics.program_revenue(opened(con), quarter_of(con))
    assert (metric.this, metric.last, metric.why_last) == (5, None, "the invoices begin on 1 January 2026")
    assert (metric.trend, metric.why_trend) == (None, "last quarter is not available")


def test_revenue_trend_is_relative(con):
    add(con, "invoices", partner_id="acme", amount=80, invoiced_at="2025-11-10")
    add(con, "invoices", partner_id="acme", amount=100)
    metric = metrics.program_revenue(opened(con), quarter_of(con))
    assert (metric.this, metric.last, metric.trend) == (100, 80, Fraction(1, 4))


@pytest.mark.parametrize("last", [0, -5])
def test_trend_on_no_revenue_is_none_with_a_reason(con, last):
    add(con, "invoices", partner_id="acme", amount=last, invoiced_at="2025-11-10")
    add(con, "invoices", partner_id="acme", amount=100)
    metric = metrics.program_revenue(opened(con), quarter_of(con))
    assert (metric.trend, metric.why_trend) == (None, "last quarter was not above zero")


def test_before_monetization_revenue_is_the_value_of_transactions(con):
    set_up(con, stage="pre-monetization")
    add(con, "transactions", amount="12.34")
    add(con, "transactions", amount="-2.34")
    add(con, "invoices", partner_id="acme", amount=999)
    assert revenue(opened(con)) == 10


def test_before_monetization_revenue_without_transactions_is_unrealized_revenue(con):
    set_up(con, stage="pre-monetization")
    add(con, "pricing_cases")
    add(con, "pricing_plans", fee=40)
    add(con, "pricing_meters")
    add(con, "pricing_tiers", price="0.5")
    partner(con)
    call(con, "2026-01-10 12:00:00+00", units=10)
    call(con, "2026-03-10 12:00:00+00", units=20)
    metric = metrics.program_revenue(opened(con), quarter_of(con))
    assert (metric.this, metric.grade) == (95, "C")  # 45 + 50


def test_before_monetization_revenue_without_transactions_or_prices_is_none(con):
    set_up(con, stage="pre-monetization")
    partner(con)
    metric = metrics.program_revenue(opened(con), quarter_of(con))
    assert metric.this is None
    assert "transactions" in metric.why_this


@pytest.mark.parametrize(("paid", "grade"), [(90, "A"), (89, "B")])
def test_revenue_is_reconciled_where_nine_tenths_are_paid(con, paid, grade):
    partner(con)
    add(con, "invoices", partner_id="acme", amount=paid, kind="subscription")
    add(con, "invoices", partner_id="acme", amount=100 - paid, kind="subscription", status="open")
    assert metrics.program_revenue(opened(con), quarter_of(con)).grade == grade


# Unrealized revenue


def priced(con, **case):
    """Prices: ten dollars a month and one a unit, of a program that has invoiced nothing."""
    add(con, "invoices", partner_id="acme", amount=0)
    add(con, "pricing_cases", **case)
    add(con, "pricing_plans", fee=10)
    add(con, "pricing_meters")
    add(con, "pricing_tiers", price=1)


def unrealized(con, name="2026-Q1"):
    return frames.months_to(con, quarter_of(con, name), 3)["unrealized"].to_list()


def test_what_was_recognised_from_a_partner_in_the_month_is_taken_off(con):
    priced(con)
    partner(con)
    call(con, "2026-02-10 12:00:00+00", units=20)
    add(con, "invoices", partner_id="acme", amount=12)
    assert unrealized(opened(con)) == [0, 18, 0]


def test_unrealized_revenue_is_not_below_zero_partner_by_partner(con):
    priced(con)
    for name in ("acme", "globex"):
        partner(con, name)
        call(con, "2026-02-10 12:00:00+00", name, units=20)
    add(con, "invoices", partner_id="acme", amount=1000)
    assert unrealized(opened(con)) == [0, 30, 0]


def test_what_was_recognised_is_taken_off_after_the_share_expected_to_be_billed(con):
    priced(con, low="0.2", base="0.5", high="0.9")
    partner(con)
    call(con, "2026-02-10 12:00:00+00", units=20)
    add(con, "invoices", partner_id="acme", amount=7)
    opened(con)
    row = frames.months_to(con, quarter_of(con), 2).row(0, named=True)
    assert [row[name] for name in ("unrealized_low", "unrealized", "unrealized_high")] == [0, 8, 20]


def test_credit_does_not_take_anything_off(con):
    priced(con)
    partner(con)
    call(con, "2026-02-10 12:00:00+00", units=20)
    add(con, "invoices", partner_id="acme", amount=-5)
    assert unrealized(opened(con)) == [0, 35, 0]  # 30 less −5 recognised


def test_unrealized_revenue_counts_units_and_not_calls_where_units_are_given(con):
    priced(con)
    partner(con)
    call(con, "2026-02-10 12:00:00+00", units="2.5")
    call(con, "2026-02-11 12:00:00+00", calls=4)
    assert unrealized(opened(con)) == [0, Decimal("16.50"), 0]


def test_failed_and_sandbox_calls_are_not_priced(con):
    priced(con)
    partner(con)
    call(con, "2026-02-10 12:00:00+00")
    call(con, "2026-02-10 12:00:00+00", status=429, units=1000)
    call(con, "2026-02-10 12:00:00+00", environment="sandbox", units=1000)
    assert unrealized(opened(con)) == [0, 11, 0]


def test_only_the_base_case_is_unrealized_revenue(con):
    priced(con)
    add(con, "pricing_cases", case_name="Dear", is_base=False)
    add(con, "pricing_plans", case_name="Dear", fee=500)
    add(con, "pricing_meters", case_name="Dear")
    add(con, "pricing_tiers", case_name="Dear", price=1)
    partner(con)
    call(con, "2026-02-10 12:00:00+00")
    assert unrealized(opened(con)) == [0, 11, 0]
    assert rows(con, "select case_name, amount from unrealized_revenue order by 1") == [
        ("Dear", 501),
        ("Proposed", 11),
    ]


# 2. Cost per partner onboarded


def onboarding(con, name="2026-Q1"):
    return metrics.cost_per_partner_onboarded(con, quarter_of(con, name))


def test_cost_per_partner_is_hours_at_the_rate_of_the_day_by_partners_at_production(con):
    add(con, "rates", hourly=100)
    add(con, "rates", hourly=120, valid_from="2026-02-10")
    for name in ("a", "b", "c", "d"):
        partner(con, name, production_at="2026-02-20")
    add(con, "worklogs", date="2026-02-09", hours="1.5", partner_id="a")
    add(con, "worklogs", date="2026-02-10", hours="2", partner_id=None)
    add(con, "worklogs", date="2026-02-11", hours="1", role="Engineer", partner_id="not yet live")
    assert onboarding(opened(con)).this == Fraction(510, 4)


@pytest.mark.parametrize(
    ("day", "counts"), [("2025-12-31", 0), ("2026-01-01", 1), ("2026-03-31", 1), ("2026-04-01", 0)]
)
def test_work_of_the_quarters_days_counts(con, day, counts):
    add(con, "rates", hourly=100)
    partner(con, production_at="2026-02-20")
    add(con, "worklogs", date="2025-10-01", hours=0)
    add(con, "worklogs", date="2026-05-01", hours=0)
    add(con, "worklogs", date=day, hours=1)
    assert onboarding(opened(con)).this == 100 * counts


@pytest.mark.parametrize(
    ("day", "counts"), [("2025-12-31", 0), ("2026-01-01", 1), ("2026-03-31", 1), ("2026-04-01", 0)]
)
def test_partner_counts_in_the_quarter_in_which_it_reaches_production(con, day, counts):
    partner(con, production_at=day)
    opened(con)
    assert frames.row_of(con, "onboarding_by_quarter", quarter_of(con))["partners"] == counts


def test_nothing_onboarded_is_no_cost_per_partner(con):
    add(con, "rates")
    partner(con)
    add(con, "worklogs", hours=5)
    metric = onboarding(opened(con))
    assert (metric.this, metric.why_this) == (None, "no partner reached production")


def test_no_worklogs_is_no_cost_per_partner(con):
    partner(con, production_at="2026-02-20")
    metric = onboarding(opened(con))
    assert (metric.this, metric.why_this) == (None, "needs the worklogs export")


@pytest.mark.parametrize("role", ["lawyer", "engineer"])
def test_role_without_a_rate_in_force_is_an_error(con, role):
    add(con, "rates", valid_from="2026-02-11")
    partner(con)
    add(con, "worklogs", date="2026-02-10", role=role, hours=1)
    opened(con)
    with pytest.raises(ReviewError, match=f"worklogs, 2026-02: 1 row of '{role}'"):
        metrics.scorecard(con, quarter_of(con))


# 3. Activation


def test_stage_is_reached_by_the_earlier_of_registry_and_evidence(con):
    partner(con, "registry", sandbox_at="2025-12-10", first_call_at="2025-12-20", production_at="2026-01-10")
    call(con, "2026-02-01 12:00:00+00", "registry")
    partner(con, "evidence", sandbox_at="2026-02-01", first_call_at="2026-02-02", production_at="2026-02-03")
    call(con, "2026-01-05 12:00:00+00", "evidence", environment="sandbox", status=500)
    call(con, "2026-01-06 12:00:00+00", "evidence", environment="sandbox")
    call(con, "2026-01-07 12:00:00+00", "evidence")
    question = "select sandbox_date, first_call_date, production_date from stages order by partner_id"
    assert rows(made(con), question) == [
        (date(2026, 1, 5), date(2026, 1, 6), date(2026, 1, 7)),
        (date(2025, 12, 10), date(2025, 12, 20), date(2026, 1, 10)),
    ]


def test_failed_sandbox_call_is_activity_but_no_first_call(con):
    partner(con)
    call(con, "2026-03-01 12:00:00+00", environment="sandbox", status=500)
    assert funnel(opened(con)) == [1, 1, 0, 0]


def test_failed_production_call_reaches_no_stage(con):
    partner(con)
    call(con, "2026-03-01 12:00:00+00", status=500)
    assert funnel(opened(con)) == [1, 0, 0, 0]


def test_whoever_reached_a_later_stage_reached_the_earlier_no_later(con):
    partner(con, registered_at="2026-04-10", sandbox_at="2026-04-12", production_at="2026-03-31")
    opened(con)
    assert funnel(con, "2026-Q1") == [1, 1, 1, 1]
    question = "select registered_date, sandbox_date, first_call_date, production_date from stages"
    assert rows(con, question) == [(date(2026, 3, 31),) * 4]


def test_partner_live_after_quarter_end_is_not_activated(con):
    partner(con, registered_at="2026-01-05", production_at="2026-04-01")
    assert metrics.partner_activation_rate(opened(con), quarter_of(con)).this == 0


def test_partner_registered_after_quarter_end_is_not_counted(con):
    partner(con, "in", registered_at="2026-03-31", production_at="2026-03-31")
    partner(con, "out", registered_at="2026-04-01")
    assert metrics.partner_activation_rate(opened(con), quarter_of(con)).this == 1


def test_partner_that_left_stays_in_the_funnel(con):
    partner(con, production_at="2025-12-05", offboarded_at="2026-01-10")
    assert funnel(opened(con)) == [1, 1, 1, 1]


def test_activation_rate_is_live_of_registered_and_changes_in_points(con):
    for number in range(200):
        partner(con, f"p{number}", registered_at="2025-12-01" if number < 100 else "2026-01-01",
                production_at="2025-12-31" if number < 10 else "2026-03-31" if number < 40 else None)  # fmt: skip
    metric = metrics.partner_activation_rate(opened(con), quarter_of(con))
    assert (metric.this, metric.last, metric.trend) == (Fraction(1, 5), Fraction(1, 10), Fraction(1, 10))


def test_nobody_registered_is_no_activation_rate(con):
    metric = metrics.partner_activation_rate(opened(con), quarter_of(con))
    assert (metric.this, metric.why_this) == (None, "no partner was registered")


DAYS = st.dates(date(2025, 10, 1), date(2026, 4, 30))


@pytest.fixture
def stages_of(con):
    """A function from partners' registered, sandbox, first call and production dates to the stages' dates."""
    opened(con)

    def stages(dates):
        con.execute("delete from partners")
        for number, (registered, sandbox, first_call, production) in enumerate(dates):
            partner(con, str(number), registered_at=registered, sandbox_at=sandbox,
                    first_call_at=first_call, production_at=production)  # fmt: skip
        remade(con, "registry", "stages")
        return rows(con, "select registered_date, sandbox_date, first_call_date, production_date from stages")

    return stages


@settings(LAW, phases=[Phase.explicit, Phase.generate])
@given(dates=st.lists(st.tuples(DAYS, *[st.none() | DAYS] * 3), min_size=4, max_size=12))
def test_stages_are_reached_in_order(stages_of, dates):
    actual = stages_of(dates)
    assert len(actual) == len(dates)
    for reached in actual:
        known = [day for day in reached if day]
        assert known == sorted(known)
        assert list(reached[: len(known)]) == known  # none is skipped


# 4. Program cost vs. value


def value_row(con, name="2026-Q1"):
    return frames.row_of(con, "cost_and_value_by_quarter", quarter_of(con, name))


def test_ratio_of_the_published_example(con):
    # 600K direct and 1.2M attributed on 400K of cost: 4.5 : 1, and 1.5 : 1 on direct revenue alone.
    add(con, "invoices", partner_id="acme", amount=600_000)
    add(con, "attributed", amount=2_400_000)
    add(con, "attribution", low="0.25", base="0.5", high="1")
    add(con, "costs", amount=300_000)
    add(con, "costs", amount=1_000_000, allocation="0.1", category="infrastructure")
    opened(con)
    assert metrics.cost_vs_value(con, quarter_of(con)).this == Fraction(9, 2)
    assert metrics.value_ratios(con, quarter_of(con)) == {
        "low": 3,
        "high": Fraction(15, 2),
        "direct": Fraction(3, 2),
    }


def test_avoided_work_has_a_low_and_a_high(con):
    # 3 calls × 4 minutes ÷ 60 × 38 = 7.60, at a share of 0.5, 0.75 and 1.
    hourly = Decimal(4) * 38 / 60
    add(con, "avoidance", operation="create_order", low=hourly / 2, base=hourly * 3 / 4, high=hourly)
    partner(con)
    call(con, "2026-02-10 12:00:00+00", operation="create_order", calls=3)
    call(con, "2026-02-10 12:00:00+00", operation="create_order", status=500)
    call(con, "2026-02-10 12:00:00+00", operation="create_order", environment="sandbox")
    call(con, "2026-02-10 12:00:00+00", operation="get_order")
    row = value_row(opened(con))
    assert [round(row[name], 6) for name in ("soft_low", "avoided", "soft_high")] == [
        Decimal("3.8"), Decimal("5.7"), Decimal("7.6"),
    ]  # fmt: skip


def test_star_stands_for_every_call_beside_its_operations_own_work(con):
    add(con, "avoidance", operation="*", low=1, base=1, high=1)
    add(con, "avoidance", operation="create_order", low=10, base=10, high=10)
    partner(con)
    call(con, "2026-02-10 12:00:00+00", operation="create_order")
    call(con, "2026-02-10 12:00:00+00", operation="get_order")
    call(con, "2026-02-10 12:00:00+00", operation=None)
    assert value_row(opened(con))["avoided"] == 13


def test_two_blocks_of_one_operation_both_count(con):
    add(con, "avoidance", operation="create_order", low=1, base=1, high=1)
    add(con, "avoidance", operation="create_order", low=2, base=2, high=2)
    partner(con)
    call(con, "2026-02-10 12:00:00+00", operation="create_order")
    assert value_row(opened(con))["avoided"] == 3


def test_no_cost_booked_is_no_ratio(con):
    add(con, "costs", amount=5, date="2025-11-10")
    add(con, "costs", date="2026-05-10", amount=1)
    add(con, "invoices", partner_id="acme", amount=5)
    metric = metrics.cost_vs_value(opened(con), quarter_of(con))
    assert (metric.this, metric.why_this) == (None, "the cost booked was not above zero")


def test_no_costs_export_is_no_ratio(con):
    add(con, "invoices", partner_id="acme", amount=5)
    metric = metrics.cost_vs_value(opened(con), quarter_of(con))
    assert (metric.this, metric.why_this) == (None, "needs the costs export")


def test_no_invoices_export_of_a_monetized_program_is_no_ratio(con):
    add(con, "costs", amount=5)
    metric = metrics.cost_vs_value(opened(con), quarter_of(con))
    assert (metric.this, metric.why_this) == (None, "needs the invoices export")


def test_transactions_are_no_value_of_the_program(con):
    set_up(con, stage="pre-monetization")
    add(con, "transactions", amount=1000)
    add(con, "costs", amount=5)
    assert metrics.cost_vs_value(opened(con), quarter_of(con)).this == 0


def test_cost_is_taken_at_the_rate_of_its_month(con):
    add(con, "fx", month="2026-02-01", currency="EUR", rate="1.20")
    add(con, "costs", amount=100, currency="EUR", allocation="0.5")
    assert value_row(opened(con))["cost"] == 60


def test_cost_credited_back_is_taken_off(con):
    add(con, "costs", amount=100)
    add(con, "costs", amount=-30, date="2026-03-10")
    assert value_row(opened(con))["cost"] == 70


# 5. Partner growth


def active_partners(con, month, names):
    for name in names:
        if not rows(con, f"from partners where partner_id = '{name}'"):
            partner(con, name)
        call(con, f"{month}-10 12:00:00+00", name)


def growth(con, name="2026-Q1"):
    return metrics.partner_growth_rate(con, quarter_of(con, name))


def test_growth_of_the_published_example(con):
    active_partners(con, "2025-12", [f"p{number}" for number in range(100)])
    active_partners(con, "2026-03", [f"p{number}" for number in range(115)])
    assert round(growth(opened(con)).this, 4) == Decimal("0.0477")


def test_growth_without_change_is_nothing(con):
    active_partners(con, "2025-12", ["a", "b"])
    active_partners(con, "2026-03", ["c", "d"])
    assert growth(opened(con)).this == 0


def test_growth_from_nobody_is_none(con):
    active_partners(con, "2026-03", ["a"])
    metric = growth(opened(con))
    assert (metric.this, metric.why_this) == (None, "no partner was active in December 2025")


def test_growth_to_nobody_is_minus_one(con):
    active_partners(con, "2025-12", ["a"])
    assert growth(opened(con)).this == -1


def test_growth_before_the_calls_begin_is_none(con):
    active_partners(con, "2026-03", ["a"])
    metric = growth(opened(con, first="2026-01-01"))
    assert (metric.this, metric.why_this) == (None, "the calls begin on 1 January 2026")


def test_growth_of_a_quarter_whose_last_month_has_not_come_is_none(con):
    active_partners(con, "2025-12", ["a", "b"])
    active_partners(con, "2026-01", ["a", "b"])
    assert growth(opened(con, last="2026-02-12")).this is None


def test_partner_that_left_and_came_back_returned(con):
    active_partners(con, "2025-11", ["returned", "lost"])
    active_partners(con, "2025-12", ["kept", "lost"])
    active_partners(con, "2026-01", ["returned"])
    active_partners(con, "2026-02", ["mid-quarter"])
    active_partners(con, "2026-03", ["kept", "returned", "new"])
    opened(con)
    [row] = frames.frame(
        con, "growth_accounting", month=date(2026, 3, 1), earlier_month=date(2025, 12, 1)
    ).to_dicts()
    assert row == {"kept": 1, "new": 1, "returned": 1, "lost": 1}


# Quarters that are not whole


@pytest.mark.parametrize(
    ("last", "is_compared"), [("2026-03-31", True), ("2026-03-27", True), ("2026-03-12", False)]
)
def test_partial_quarter_shows_its_value_and_withholds_the_trend(con, last, is_compared):
    add(con, "invoices", partner_id="acme", amount=80, invoiced_at="2025-11-10")
    add(con, "invoices", partner_id="acme", amount=100)
    partner(con)
    for day in range(date(2026, 1, 1).toordinal(), date.fromisoformat(last).toordinal(), 5):
        call(con, f"{date.fromordinal(day)} 12:00:00+00")  # silent for four days in a row
    metric = metrics.program_revenue(opened(con, last=last), quarter_of(con))
    assert (metric.this, metric.last) == (100, 80)
    assert (metric.trend is not None) == is_compared
    if not is_compared:
        assert metric.why_trend == "the data ends on 12 March 2026, before the quarter does"


def test_quarter_in_which_the_calls_begin_is_not_compared_with(con):
    add(con, "invoices", partner_id="acme", amount=80, invoiced_at="2025-11-10")
    add(con, "invoices", partner_id="acme", amount=100)
    metric = metrics.program_revenue(opened(con, first="2025-11-03"), quarter_of(con))
    assert (metric.trend, metric.why_trend) == (
        None,
        "the calls begin on 3 November 2025, within last quarter",
    )


def test_one_quarter_of_history_is_figures_without_trends(con):
    add(con, "rates")
    add(con, "invoices", partner_id="acme", amount=100)
    add(con, "costs", amount=50)
    add(con, "worklogs", hours=3)
    partner(con, registered_at="2026-01-05")
    call(con, "2026-01-10 12:00:00+00")
    five = metrics.scorecard(opened(con, "2026-01-01", "2026-03-31"), quarter_of(con))
    assert [metric.this for metric in five] == [100, 300, 1, 2, None]
    assert [metric.last for metric in five] == [None] * 5
    assert [metric.trend for metric in five] == [None] * 5
    assert all(metric.why_trend and metric.why_last for metric in five)


def test_figures_that_are_none_have_a_reason_and_others_have_none(con):
    partner(con)
    for metric in metrics.scorecard(opened(con), quarter_of(con)):
        assert (metric.this is None) == bool(metric.why_this)
        assert (metric.last is None) == bool(metric.why_last)
        assert (metric.trend is None) == bool(metric.why_trend)


def test_history_is_eight_quarters_this_one_last(con):
    partner(con)
    history = metrics.partner_activation_rate(opened(con), quarter_of(con)).history
    assert [name for name, _ in history] == [
        *[f"{year}-Q{n}" for year in (2024, 2025) for n in (1, 2, 3, 4)][1:],
        "2026-Q1",
    ]


# Choosing a quarter


def test_quarter_without_a_name_is_the_last_that_the_calls_complete(con):
    partner(con)
    assert quarters.choose_quarter(opened(con, last="2026-06-29")).name == "2026-Q1"


@pytest.mark.parametrize("name", ["2026Q1", "2026-Q5", "26-Q1", "2026-q1"])
def test_name_of_no_quarter_is_refused(con, name):
    with pytest.raises(ReviewError, match="Write it like"):
        quarter_of(opened(con), name)


@pytest.mark.parametrize(
    "name",
    ["2026-Q3", "2031-Q1", pytest.param("2024-Q1")],
)
def test_quarter_of_which_the_exports_know_nothing_is_refused(con, name):
    partner(con)
    with pytest.raises(ReviewError, match="is not in the data"):
        quarter_of(opened(con), name)


def test_quarter_without_a_name_is_never_one_before_the_data(con):
    partner(con)
    with pytest.raises(ReviewError):
        quarters.choose_quarter(opened(con, "2026-01-05", "2026-02-12"))


def test_exports_without_rows_are_refused(con):
    with pytest.raises(ReviewError, match="hold no rows"):
        made(con)


def test_months_are_the_twelve_to_the_quarters_end(con):
    partner(con)
    months = frames.months_to(opened(con), quarter_of(con))["name"].to_list()
    assert months == [*[f"2025-{number:02}" for number in range(4, 13)], "2026-01", "2026-02", "2026-03"]


def test_tables_can_be_made_again_after_more_rows_come(con):
    partner(con)
    opened(con)
    call(con, "2026-03-01 12:00:00+00")
    assert active(made(con)) == [0, 0, 1]


def test_history_of_a_merged_partner_is_the_others_also_before_the_merge(con):
    add(con, "partners", partner_id="acme")
    add(con, "partners", partner_id="old")
    add(con, "aliases", id="old", partner_id="acme", valid_from="2026-03-01")
    add(con, "calls", called_at="2026-02-10 12:00:00+00", partner_id="old")
    add(con, "calls", called_at="2026-03-10 12:00:00+00", partner_id="old")
    made(con)
    assert rows(con, "select partner_id, fate, sum(calls)::int from traffic group by all") == [
        ("acme", "used", 2)
    ]


def test_unrealized_revenue_stands_for_revenue_where_calls_are_logs(program_folder):
    """Of call logs the database has the usage alone, no row a call."""
    calls = "called_at,partner_id,environment,status\n2026-02-10T12:00:00Z,acme,production,200\n"
    plan = (
        '[[pricing.plan]]\nname = "All"\nfee = 30\nmode = "graduated"\n[[pricing.plan.tier]]\nprice = "0"\n'
    )
    prices = f'[[pricing]]\ncase = "P"\nbase = true\n{plan}'
    folder = program_folder(extra=prices, calls_csv=calls)
    settings = (folder / "program.toml").read_text("utf-8")
    (folder / "program.toml").write_text(settings.replace('"monetized"', '"pre-monetization"'), "utf-8")
    with open_program(folder) as con:
        metric = metrics.program_revenue(con, quarter_of(con))
    assert (metric.this, metric.why_this) == (30, "")
