"""Fiscal years of whole weeks: published calendars, and what holds for every one."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from conftest import rows
from hypothesis import given, settings
from hypothesis import strategies as st

from kit import charts, fiscal, frames, notes, quarters, weeks
from kit.errors import ReviewError
from kit.program import ProgramError, load_program
from kit.review import Review, open_review, plan_names
from kit.weeks import YearEnd, year_end

pytestmark = pytest.mark.slow

NEAREST_JANUARY = year_end("saturday nearest january 31")


def year(name, pattern, ends, week_53=12, named="end"):
    """The twelve periods of a fiscal year by its name."""
    days = date(name, 1, 1) - timedelta(days=400), date(name, 12, 31) + timedelta(days=400)
    periods = weeks.periods(*days, pattern, ends, week_53, named)
    return [period for period in periods if period.name.startswith(str(name))]


# The National Retail Federation's 4-5-4 calendar, which names years by their start: as it publishes the first days.
@pytest.mark.parametrize(
    ("name", "first_day", "count"),
    [
        (2022, date(2022, 1, 30), 52), (2023, date(2023, 1, 29), 53), (2024, date(2024, 2, 4), 52),
        (2025, date(2025, 2, 2), 52), (2026, date(2026, 2, 1), 52), (2027, date(2027, 1, 31), 52),
        (2028, date(2028, 1, 30), 53),
    ],
)  # fmt: skip
def test_years_of_the_retail_calendar_begin_on_their_published_days(name, first_day, count):
    periods = year(name, "4-5-4", NEAREST_JANUARY, named="start")
    assert periods[0].month == first_day
    assert sum(period.days for period in periods) == count * 7


def test_long_years_of_the_retail_calendar_are_the_published_ones():
    long = [
        name
        for name in range(2000, 2025)
        if sum(period.days for period in year(name, "4-5-4", NEAREST_JANUARY, named="start")) == 53 * 7
    ]
    assert long == [2000, 2006, 2012, 2017, 2023]


def test_periods_of_the_retail_year_2023_are_the_published_ones():
    starts = [
        "2023-01-29", "2023-02-26", "2023-04-02", "2023-04-30", "2023-05-28", "2023-07-02",
        "2023-07-30", "2023-08-27", "2023-10-01", "2023-10-29", "2023-11-26", "2023-12-31",
    ]  # fmt: skip
    periods = year(2023, "4-5-4", NEAREST_JANUARY, named="start")
    assert [str(period.month) for period in periods] == starts
    assert periods[-1].next_month == date(2024, 2, 4)
    assert [period.quarter for period in periods[::3]] == ["2023-Q1", "2023-Q2", "2023-Q3", "2023-Q4"]


def test_a_retail_year_goes_by_the_year_of_its_end_where_nothing_else_is_said():
    assert year(2024, "4-5-4", NEAREST_JANUARY)[0].month == date(2023, 1, 29)


# A chip maker's years to the last Saturday of December, as its annual reports have them.
@pytest.mark.parametrize(
    ("name", "last_day", "count"),
    [
        (2016, date(2016, 12, 31), 53), (2017, date(2017, 12, 30), 52), (2018, date(2018, 12, 29), 52),
        (2019, date(2019, 12, 28), 52), (2020, date(2020, 12, 26), 52), (2021, date(2021, 12, 25), 52),
        (2022, date(2022, 12, 31), 53),
    ],
)  # fmt: skip
def test_years_to_the_last_saturday_of_december(name, last_day, count):
    periods = year(name, "4-4-5", year_end("last saturday of december"))
    assert periods[-1].next_month - timedelta(days=1) == last_day
    assert sum(period.days for period in periods) == count * 7


def test_53rd_week_may_go_to_another_period():
    # The quarters of a year whose first had fourteen weeks, to the last Saturday of September.
    periods = year(2023, "5-4-4", year_end("last saturday of september"), week_53=3)
    assert [str(quarter.last_day) for quarter in fiscal.quarters(periods)] == [
        "2022-12-31", "2023-04-01", "2023-07-01", "2023-09-30",
    ]  # fmt: skip
    assert [period.days // 7 for period in periods[:3]] == [5, 4, 5]


@pytest.mark.parametrize(("name", "last_day"), [(2020, date(2021, 1, 2)), (2021, date(2022, 1, 1))])
@pytest.mark.parametrize("named", ["end", "start"])
def test_year_that_ends_in_the_first_days_of_january_goes_by_december(name, last_day, named):
    periods = year(name, "4-4-5", year_end("saturday nearest december 31"), named=named)
    assert periods[-1].next_month - timedelta(days=1) == last_day


ENDS = st.builds(YearEnd, st.integers(0, 6), st.integers(1, 12), st.booleans())
DAYS = st.dates(date(1990, 1, 1), date(2060, 12, 31))


@settings(derandomize=True, max_examples=60, deadline=None)
@given(
    first=DAYS, length=st.integers(0, 2500), pattern=st.sampled_from(weeks.PATTERNS), ends=ENDS,
    week_53=st.integers(1, 12), named=st.sampled_from(("end", "start")),
)  # fmt: skip
def test_periods_are_whole_weeks_without_gap_or_overlap(first, length, pattern, ends, week_53, named):
    last = first + timedelta(days=length)
    months = list(weeks.periods(first, last, pattern, ends, week_53, named))
    assert months[0].month <= first <= last < months[-1].next_month
    assert all(before.next_month == after.month for before, after in pairwise(months))
    assert all(month.days in (28, 35, 42) for month in months)
    assert all((month.next_month - timedelta(days=1)).weekday() == ends.weekday for month in months)
    assert len({month.name for month in months}) == len(months)
    known = fiscal.quarters(months)
    assert all(len(quarter.months) == 3 and quarter.days in (91, 98) for quarter in known)
    # Only the quarters that the days touch.
    assert known[0].last_day >= first
    assert known[-1].first_day <= last
    for name in {quarter.name[:4] for quarter in known[4:-4]}:
        whole = [quarter for quarter in known if quarter.name.startswith(name)]
        if len(whole) == 4:
            assert sum(quarter.days for quarter in whole) in (52 * 7, 53 * 7)


@settings(derandomize=True, max_examples=60)
@given(ends=ENDS, of=st.integers(1990, 2060))
def test_year_ends_where_its_rule_says(ends, of):
    day = ends.in_year(of)
    last_day = fiscal.next_month(date(of, ends.month, 1)) - timedelta(days=1)
    assert day.weekday() == ends.weekday
    assert abs((day - last_day).days) <= 3 if ends.is_nearest else 0 <= (last_day - day).days <= 6
    assert (ends.in_year(of + 1) - day).days in (52 * 7, 53 * 7)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Last  Saturday of January", YearEnd(5, 1, False)),
        ("sunday nearest december 31", YearEnd(6, 12, True)),
        ("friday nearest february 28", YearEnd(4, 2, True)),
        ("friday nearest february 29", YearEnd(4, 2, True)),
    ],
)
def test_end_of_a_year_in_words(text, expected):
    assert year_end(text) == expected


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('calendar = "445"', 'not a calendar of weeks. Allowed: "4-4-5", "4-5-4", "5-4-4".'),
        ('calendar = "4-4-5"\nyear_ends = "january"', "not the end of a year. Write it like"),
        ('calendar = "4-4-5"\nyear_ends = "last sat of january"', "not the end of a year. Write it like"),
        ('calendar = "4-4-5"\nyear_ends = 31', "not text. Write it in quotes."),
        ('calendar = "4-4-5"\nyear_ends = "?"', "left to answer."),
        (
            'calendar = "4-4-5"\nyear_ends = "saturday nearest january 15"',
            "not the end of a month. Years end near one: write saturday nearest january 31.",
        ),
        ('year_ends = "last saturday of december"', "without calendar, which makes years of weeks."),
        ("week_53 = 3", "without calendar, which makes years of weeks."),
        ('calendar = "4-4-5"\nweek_53 = 13', "too large. Allowed: 12 or less."),
        (
            'calendar = "4-4-5"\nyear_ends = "last saturday of january"',
            "a year that ends on the last Saturday of January has fiscal_year_start = 2, or leaves it out.",
        ),
        ('year_named = "begin"', "not a way to name fiscal years. Allowed: end, start."),
    ],
)
def test_mistake_in_a_calendar_of_weeks_is_told_with_its_line(program_folder, settings, said):
    folder = program_folder()
    file = folder / "program.toml"
    file.write_text(file.read_text().replace('stage = "', f'{settings}\nstage = "'), encoding="utf-8")
    with pytest.raises(ProgramError) as error:
        load_program(folder)
    assert "has 1 mistake" in str(error.value)
    assert said in str(error.value)
    assert f"program.toml:{6 + settings.count(chr(10))}" in str(error.value)


def test_calendar_of_weeks_beside_a_calendar_export_is_refused(program_folder):
    folder = program_folder(
        {"calendar": 'path = "calendar.csv"'}, calendar_csv="period,quarter,first_day,last_day\n"
    )
    of_weeks(folder)
    with pytest.raises(ReviewError, match=r"beside \[exports\.calendar\]"):
        load_program(folder)


# Through a program's folder


def of_weeks(folder, lines='calendar = "4-4-5"'):
    file = folder / "program.toml"
    file.write_text(file.read_text().replace('stage = "', f'{lines}\nstage = "'), encoding="utf-8")
    return folder


# FY2023 is 1 January to 30 December 2023, FY2022 26 December 2021 to 31 December 2022: 53 weeks, the last quarter 14.
TIMES = [
    "2022-01-10T00:00:00Z", "2022-12-31T23:59:59Z", "2023-01-01T00:00:00Z", "2023-02-25T23:59:59Z",
    "2023-02-26T00:00:00Z", "2023-04-01T23:59:59Z", "2023-04-02T00:00:00Z",
]  # fmt: skip
CALLS = "called_at,partner_id,environment,status\n" + "".join(f"{at},acme,production,200\n" for at in TIMES)
PARTNERS = "partner_id,name,registered_at\nacme,Acme,2021-12-01\n"


@pytest.fixture
def reviewed(program_folder):
    def review(quarter, lines='calendar = "4-4-5"') -> Review:
        folder = program_folder(calls_csv=CALLS, partners_csv=PARTNERS)
        return open_review(of_weeks(folder, lines), quarter)

    return review


def test_periods_stand_for_months_to_the_second(reviewed):
    review = reviewed("2023-Q1")
    quarter = review.quarter
    assert (quarter.first_day, quarter.last_day) == (date(2023, 1, 1), date(2023, 4, 1))
    months = frames.months_to(review.con, quarter, 4)
    assert months["name"].to_list() == ["2022-P12", "2023-P01", "2023-P02", "2023-P03"]
    assert months["calls"].to_list() == [1, 1, 1, 2]


def test_calendar_before_the_data_goes_on_by_its_rule(reviewed):
    review = reviewed("2022-Q1")
    assert quarters.previous(review.con, review.quarter).first_day == date(2021, 9, 26)
    assert rows(review.con, "select min(month) < date '2019-01-10' from months") == [(True,)]


def test_note_says_how_long_quarter_and_periods_are_and_by_which_rule(reviewed):
    expected = (
        "Calendar: 91 days, 98 in the quarter before; periods of 28, 28 and 35 days stand for months;"
        " FY2023 from 1 January 2023, in 4-4-5 weeks to the last Saturday of December; UTC time."
    )
    assert expected in notes.notes(reviewed("2023-Q1"))
    assert notes.period_text(reviewed("2022-Q4")) == "Q4 FY2022, 25 September 2022 to 31 December 2022"
    # It begins with a month and does not end with one.
    assert notes.period_text(reviewed("2023-Q1")) == "Q1 FY2023, 1 January 2023 to 1 April 2023"


def test_note_of_a_long_quarter(reviewed):
    [note] = [note for note in notes.notes(reviewed("2022-Q4")) if note.startswith("Calendar")]
    assert "98 days, 91 in the quarter before; periods of 28, 28 and 42 days" in note


def test_note_of_calendar_quarters_says_their_days_where_they_differ(program_folder):
    calls = CALLS + "2024-03-31T12:00:00Z,acme,production,200\n"
    folder = program_folder(calls_csv=calls, partners_csv=PARTNERS)
    # The leap year's first quarter has 91 days, the one before 92.
    assert "Calendar: 91 days, 92 in the quarter before; UTC time." in notes.notes(
        open_review(folder, "2024-Q1")
    )


def test_fiscal_year_of_calendar_months_may_be_named_by_its_start(program_folder):
    folder = program_folder(calls_csv=CALLS, partners_csv=PARTNERS, fiscal_year_start=4)
    review = open_review(of_weeks(folder, 'year_named = "start"'), "2022-Q4")
    assert (review.quarter.first_day, review.quarter.last_day) == (date(2023, 1, 1), date(2023, 3, 31))


def test_periods_that_begin_in_one_month_have_each_a_place_in_a_chart(reviewed):
    review = reviewed("2023-Q1")
    assert [f"{month:%b}" for month in review.months["month"].tail(4)] == ["Nov", "Jan", "Jan", "Feb"]
    labels = charts.active_partners(review.months, frames.milestones(review.con)).to_dict()
    assert all(f"P{number} " in labels["description"] for number in range(1, 13))


def test_a_year_at_the_pace_of_a_period_is_of_52_weeks(program_folder):
    # P3 has five weeks: a year has 10.4 of them, not 12.
    pricing = '[[pricing]]\ncase = "Proposed"\n[[pricing.plan]]\nname = "All"\nfee = 100\n'
    folder = program_folder(extra=pricing, calls_csv=CALLS, partners_csv=PARTNERS)
    settings = folder / "program.toml"
    settings.write_text(settings.read_text().replace('"monetized"', '"pre-monetization"'))
    names = plan_names(open_review(of_weeks(folder), "2023-Q1"))
    assert (names["unrealized_month"], names["unrealized_year"]) == ("$100", "$1,040")
