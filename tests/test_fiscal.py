"""Months and quarters of any fiscal calendar."""

import itertools
from datetime import date, timedelta

import pytest
from conftest import rows
from hypothesis import given
from hypothesis import strategies as st

from kit import fiscal, frames, metrics, quarters
from kit.errors import ReviewError
from kit.fiscal import Month


# A fiscal year is named by the calendar year in which it ends.
@pytest.mark.parametrize(
    ("start", "january", "june", "december"),
    [
        (1, "2026-Q1", "2026-Q2", "2026-Q4"),
        (2, "2026-Q4", "2027-Q2", "2027-Q4"),
        (3, "2026-Q4", "2027-Q2", "2027-Q4"),
        (4, "2026-Q4", "2027-Q1", "2027-Q3"),
        (5, "2026-Q3", "2027-Q1", "2027-Q3"),
        (6, "2026-Q3", "2027-Q1", "2027-Q3"),
        (7, "2026-Q3", "2026-Q4", "2027-Q2"),
        (8, "2026-Q2", "2026-Q4", "2027-Q2"),
        (9, "2026-Q2", "2026-Q4", "2027-Q2"),
        (10, "2026-Q2", "2026-Q3", "2027-Q1"),
        (11, "2026-Q1", "2026-Q3", "2027-Q1"),
        (12, "2026-Q1", "2026-Q3", "2027-Q1"),
    ],
)
def test_quarter_is_named_by_the_year_in_which_the_fiscal_year_ends(start, january, june, december):
    actual = [fiscal.quarter_name(date(2026, month, 1), start) for month in (1, 6, 12)]
    assert actual == [january, june, december]


@pytest.mark.parametrize(
    ("day", "following"),
    [
        (date(2026, 1, 31), date(2026, 2, 1)),
        (date(2026, 12, 1), date(2027, 1, 1)),
        (date(2024, 2, 29), date(2024, 3, 1)),
    ],
)
def test_month_after_a_day(day, following):
    assert fiscal.next_month(day) == following


def test_months_are_those_of_whole_quarters():
    months = list(fiscal.calendar_months(date(2026, 2, 28), date(2026, 4, 1), 1))
    assert [month.name for month in months] == [
        "2026-01",
        "2026-02",
        "2026-03",
        "2026-04",
        "2026-05",
        "2026-06",
    ]
    assert [month.quarter for month in months] == ["2026-Q1"] * 3 + ["2026-Q2"] * 3


def test_months_of_one_day_at_the_ends_of_a_quarter():
    for day in (date(2026, 3, 31), date(2026, 1, 1)):
        assert [month.name for month in fiscal.calendar_months(day, day, 1)] == [
            "2026-01",
            "2026-02",
            "2026-03",
        ]


def test_quarters_of_a_year_from_february_begin_in_february():
    months = list(fiscal.calendar_months(date(2026, 1, 15), date(2026, 1, 15), 2))
    assert [(month.name, month.quarter) for month in months] == [
        ("2025-11", "2026-Q4"), ("2025-12", "2026-Q4"), ("2026-01", "2026-Q4"),
    ]  # fmt: skip


DAYS = st.dates(date(2000, 1, 1), date(2060, 12, 31))


@given(first=DAYS, length=st.integers(0, 1500), start=st.integers(1, 12))
def test_months_leave_no_gap_and_make_quarters_of_three(first, length, start):
    last = first + timedelta(days=length)
    months = list(fiscal.calendar_months(first, last, start))
    assert months[0].month <= first and last < months[-1].next_month
    assert all(before.next_month == after.month for before, after in itertools.pairwise(months))
    quarters = fiscal.quarters(months)
    assert all(len(quarter.months) == 3 for quarter in quarters)
    assert all((quarter.first_day.month - start) % 3 == 0 for quarter in quarters)
    assert len({quarter.name for quarter in quarters}) == len(quarters)


def test_quarter_knows_its_days():
    [quarter] = fiscal.quarters(list(fiscal.calendar_months(date(2024, 2, 1), date(2024, 2, 1), 1)))
    assert (quarter.first_day, quarter.last_day, quarter.days) == (date(2024, 1, 1), date(2024, 3, 31), 91)
    assert quarter.last_month.name == "2024-03"


def test_segments_of_calendar_months_are_the_months():
    months = list(fiscal.calendar_months(date(2026, 1, 1), date(2026, 3, 31), 1))
    assert list(fiscal.segments(months)) == [
        (month.month, month.month, month.month, month.next_month) for month in months
    ]


def test_segments_of_a_period_are_cut_at_the_first_of_each_month():
    period = Month(date(2026, 1, 26), date(2026, 3, 2), "P2", "2026-Q1")
    assert list(fiscal.segments([period])) == [
        (date(2026, 1, 26), date(2026, 1, 1), date(2026, 1, 26), date(2026, 2, 1)),
        (date(2026, 1, 26), date(2026, 2, 1), date(2026, 2, 1), date(2026, 3, 1)),
        (date(2026, 1, 26), date(2026, 3, 1), date(2026, 3, 1), date(2026, 3, 2)),
    ]


@pytest.mark.parametrize(
    "name", ["2026-Q0", "2026-Q5", "26-Q1", "2026Q1", "2026-q1", " 2026-Q1", "2026-Q1\n", ""]
)
def test_name_of_no_quarter_is_told_from_one(name):
    assert not fiscal.is_quarter_name(name)
    assert fiscal.is_quarter_name("2026-Q3")


# A calendar of 4, 4 and 5 weeks, from Monday 30 December 2024, through open_program


def calendar(first=date(2024, 12, 30), weeks=(4, 4, 5), quarters=8):
    lines, day = ["period,quarter,first_day,last_day"], first
    for number in range(quarters):
        year, quarter = 2025 + number // 4, number % 4 + 1
        for place, length in enumerate(weeks, 1):
            last = day + timedelta(weeks=length) - timedelta(days=1)
            lines.append(f"{year}-P{number % 4 * 3 + place:02},{year}-Q{quarter},{day},{last}")
            day = last + timedelta(days=1)
    return "\n".join(lines) + "\n"


CALENDAR = {"calendar": 'path = "calendar.csv"'}
# The last period of 2026-Q1 is 23 February to 29 March 2026 (53 weeks would move it; these years have 52).
TIMES = ["2025-01-01", "2026-02-22T23:59:59", "2026-02-23", "2026-03-29T23:59:59", "2026-03-30", "2026-06-28"]
CALLS = "called_at,partner_id,environment,status\n" + "".join(f"{at},acme,production,200\n" for at in TIMES)


def test_periods_of_an_own_calendar_stand_for_months(opened):
    con = opened(CALENDAR, calls_csv=CALLS, calendar_csv=calendar())
    quarter = quarters.choose_quarter(con, "2026-Q1")
    assert (quarter.first_day, quarter.last_day, quarter.days) == (date(2025, 12, 29), date(2026, 3, 29), 91)
    months = frames.months_to(con, quarter, 3)
    assert months["name"].to_list() == ["2026-P01", "2026-P02", "2026-P03"]
    assert months["calls"].to_list() == [0, 1, 2]


def test_amounts_of_a_period_are_taken_at_the_rates_of_their_calendar_months(opened):
    con = opened(
        CALENDAR | {"fx": 'path = "fx.csv"', "invoices": 'path = "invoices.csv"'},
        calls_csv=CALLS,
        calendar_csv=calendar(),
        fx_csv="month,currency,rate\n2026-01,EUR,1\n2026-02,EUR,2\n",
        invoices_csv="line_id,partner_id,kind,amount,currency,invoiced_at,service_start,service_end,status\n"
        "1,acme,usage,4,EUR,2026-02-01,2026-01-30,2026-02-03,paid\n",
    )
    # Period 2 is 26 January to 22 February: two days at 1, two at 2.
    assert rows(
        con, "select months.name, sum(amount) from recognised_revenue join months using (month) group by 1"
    ) == [("2026-P02", 6)]


def test_review_of_the_first_quarters_of_an_own_calendar(opened):
    con = opened(CALENDAR, calls_csv=CALLS, calendar_csv=calendar())
    for name in ("2025-Q2", "2025-Q1"):
        assert len(metrics.scorecard(con, quarters.choose_quarter(con, name))) == 5


def test_review_of_a_quarter_two_years_into_an_own_calendar(opened):
    con = opened(CALENDAR, calls_csv=CALLS, calendar_csv=calendar())
    assert len(metrics.scorecard(con, quarters.choose_quarter(con, "2026-Q2"))) == 5


def test_calls_before_an_own_calendar_are_evidence_of_stages_all_the_same(opened):
    con = opened(CALENDAR, calls_csv=CALLS.replace("2025-01-01", "2024-11-20"), calendar_csv=calendar())
    assert rows(con, "select production_date from stages") == [(date(2024, 11, 20),)]


@pytest.mark.parametrize("shift", [-1, 1])
def test_gap_or_overlap_in_a_calendar_is_refused(opened, shift):
    lines = calendar().splitlines()
    period, quarter, first, last = lines[5].split(",")
    lines[5] = f"{period},{quarter},{first},{date.fromisoformat(last) + timedelta(days=shift)}"
    with pytest.raises(ReviewError, match=f"gap or an overlap: period '{period}'"):
        opened(CALENDAR, calls_csv=CALLS, calendar_csv="\n".join(lines))


def test_calendar_with_a_wrong_quarter_name_is_refused(opened):
    with pytest.raises(ReviewError, match=r"'FY25Q2' is not a quarter"):
        opened(CALENDAR, calls_csv=CALLS, calendar_csv=calendar().replace("2025-Q2", "FY25Q2"))


def test_calendar_that_ends_before_the_calls_is_refused(opened):
    with pytest.raises(ReviewError, match="calendar"):
        opened(CALENDAR, calls_csv=CALLS, calendar_csv=calendar(quarters=3))


def swapped(line):
    period, quarter, first, last = line.split(",")
    return f"{period},{quarter},{last},{first}"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda lines: [*lines[:3], swapped(lines[3]), *lines[4:]], "'2025-P03' ends on .*, before it begins"),
        (lambda lines: [line.replace("-P02", "-P01") for line in lines], "two periods are named '2025-P01'"),
        (
            lambda lines: [line.replace("2025-Q2", "Q").replace("2025-Q3", "2025-Q2").replace("Q,", "2025-Q3,")
                           for line in lines],
            "after the periods of 2025-Q1 come those of 2025-Q3",
        ),
        (lambda lines: [line.replace("P07,2025-Q3", "P07,2025-Q2") for line in lines], "2025-Q2 has 4 of 3 periods"),
        (lambda lines: [lines[0], *lines[2:]], "2025-Q1 has 2 of 3 periods: '2025-P02', '2025-P03'"),
        (lambda lines: [line.replace("P07,2025-Q3", "P07,2025-Q4") for line in lines],
         "after the periods of 2025-Q2 come those of 2025-Q4"),
    ],
    ids=["ends first", "one name", "order", "four", "two", "apart"],
)  # fmt: skip
def test_calendar_whose_quarters_make_no_sense_is_refused(opened, change, told):
    lines = calendar().splitlines()
    with pytest.raises(ReviewError, match=told):
        opened(CALENDAR, calls_csv=CALLS, calendar_csv="\n".join(change(lines)))


def test_quarter_not_in_the_data_is_told_from_those_that_are(opened):
    con = opened(CALENDAR, calls_csv=CALLS, calendar_csv=calendar())
    with pytest.raises(ReviewError, match=r"1 January 2025 to 28 June 2026, from 2025-Q1 to 2026-Q2"):
        quarters.choose_quarter(con, "2027-Q1")
