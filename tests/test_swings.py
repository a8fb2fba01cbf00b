"""Days with far more calls than usual, weeks with hardly a partner, and the figures that these can move."""

from datetime import date, timedelta

import polars as pl
import pytest
from conftest import add, cover, made
from hypothesis import given, settings
from hypothesis import strategies as st

from kit import gaps, quarters, swings


def a_year(usual=60, **counts):
    """So many calls on each day of 2026's first half, but where a day is named."""
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(181)]
    return pl.DataFrame({"day": days, "calls": [counts.get(f"{day:d%m%d}", usual) for day in days]})


FIRST, LAST = date(2026, 1, 1), date(2026, 6, 30)


@pytest.mark.parametrize("count", [181, 1000])
def test_day_with_more_than_three_times_its_weekdays_usual_calls_is_a_spike(count):
    assert gaps.spikes(a_year(d0304=count), FIRST, LAST) == [(date(2026, 3, 4), count, 60)]


@pytest.mark.parametrize(("usual", "count"), [(60, 180), (9, 900), (20, 60)])
def test_day_with_three_times_as_many_or_in_a_quiet_log_is_not(usual, count):
    assert gaps.spikes(a_year(usual, d0304=count), FIRST, LAST) == []


def test_days_after_a_launch_are_no_spikes():
    frame = a_year().with_columns(
        calls=pl.when(pl.col("day") >= date(2026, 4, 1)).then(400).otherwise("calls")
    )
    assert len(gaps.spikes(frame, FIRST, LAST)) == 0


def test_level_that_stays_to_the_end_of_the_data_is_no_spike():
    frame = a_year().with_columns(
        calls=pl.when(pl.col("day") >= date(2026, 6, 1)).then(400).otherwise("calls")
    )
    assert gaps.spikes(frame, FIRST, date(2026, 6, 23)) == []


def test_spike_outside_the_quarter_is_not_its_own():
    assert gaps.spikes(a_year(d0304=1000), date(2026, 4, 1), LAST) == []


@settings(max_examples=25, derandomize=True)
@given(st.integers(20, 2000), st.integers(0, 180), st.integers(1, 50))
def test_spikes_do_not_depend_on_the_scale_of_a_steady_log(usual, place, times):
    day = FIRST + timedelta(days=place)
    frame = a_year(usual).with_columns(
        calls=pl.when(pl.col("day") == day).then(usual * times).otherwise("calls")
    )
    is_far = times > 3 and usual * times > usual + 8 * usual**0.5
    assert [found[0] for found in gaps.spikes(frame, FIRST, LAST)] == ([day] if is_far else [])


def by_partner(times, first, last, partners=4):
    """Calls of some partners on each day of the half year, and more of them in a span."""
    days = [FIRST + timedelta(days=number) for number in range(181)]
    rows = [
        (day, f"p{partner}", times(number) if date(2026, *first) <= day <= date(2026, *last) else number)
        for place, day in enumerate(days)
        for partner in range(partners)
        for number in [5 + (7 * place + 3 * partner + place // 7) % 6]
    ]
    return pl.DataFrame(rows, schema=["day", "partner_id", "calls"], orient="row")


@pytest.mark.parametrize(("first", "last", "numbers"), [((4, 1), (4, 30), 120), ((6, 26), (6, 30), 20)])
def test_days_whose_calls_are_all_even_and_twice_as_many_are_doubled(first, last, numbers):
    [found] = gaps.doubled(by_partner(lambda number: 2 * number, first, last))
    assert found == (date(2026, *first), date(2026, *last), numbers, 2)


def test_days_of_a_log_that_has_even_numbers_alone_are_doubled_where_they_are_multiples_of_four():
    frame = by_partner(lambda number: 2 * number, (4, 1), (4, 30)).with_columns(pl.col("calls") * 2)
    assert [found[2:] for found in gaps.doubled(frame)] == [(120, 4)]


@pytest.mark.parametrize(
    ("times", "last", "partners"),
    [
        (lambda number: 2 * number + number % 2, (4, 30), 1),  # one partner may call in pairs
        (lambda number: 2 * number + (number == 7), (4, 30), 4),  # growth
        (lambda number: 2 * (number // 2), (4, 30), 4),  # even, and no more than usual
        (lambda number: 2 * number, (4, 4), 4),  # sixteen numbers
    ],
)
def test_growth_chance_and_a_single_partner_are_not(times, last, partners):
    assert gaps.doubled(by_partner(times, (4, 1), last, partners)) == []


# In a program


@pytest.fixture
def con(con):
    """A program with prices, whose one partner makes fifty calls a day in the quarter."""
    cover(con, "2025-10-01", "2026-03-31")
    add(con, "pricing_cases")
    add(con, "partners", partner_id="busy")
    for number in range(90):
        call(con, date(2026, 1, 1) + timedelta(days=number), calls=50)
    return con


def call(con, day, **row):
    add(con, "calls", **{"partner_id": "busy", "called_at": f"{day} 09:00:00+00"} | row)


def found(con, check):
    made(con)
    quarter = quarters.all_quarters(con)["2026-Q1"]
    return list(check(con, quarter, swings.calls_around(con, quarter)))


def test_spike_is_told_once_with_whose_it_was_and_what_it_raises(con):
    call(con, "2026-02-04", calls=9000)
    [finding] = found(con, swings.call_spikes)
    assert finding.what == "calls: 9,050 on Wednesday, 4 February 2026, where 50 are usual."
    assert finding.seen == ("9,050 of them by Busy",)
    assert (finding.severity, finding.figures) == ("mark", ())  # the partner was active and live anyway
    assert finding.why.endswith("would raise unrealized revenue.")


def test_spike_that_nothing_rests_on_is_only_noted(con):
    con.execute("delete from pricing_cases")
    call(con, "2026-02-04", calls=9000)
    [finding] = found(con, swings.call_spikes)
    assert (finding.severity, finding.figures) == ("note", ())


def test_spike_marks_value_where_calls_replace_work(con):
    add(con, "avoidance", operation="*", low=1, base=1, high=1)
    call(con, "2026-02-04", calls=9000)
    [finding] = found(con, swings.call_spikes)
    assert (finding.severity, finding.figures) == ("mark", ("value_ratio",))
    assert "unrealized revenue and work avoided" in finding.why


def test_spike_marks_growth_where_a_partner_is_active_by_it_alone(con):
    add(con, "partners", partner_id="once", production_at="2025-11-01")
    call(con, "2026-01-20", partner_id="once")
    call(con, "2026-03-04", partner_id="once", calls=9000)
    [finding] = found(con, swings.call_spikes)
    assert finding.figures == ("growth_rate",)
    assert finding.seen == ("9,000 of them by Once",)


def test_spike_marks_activation_where_a_partner_went_live_by_it_alone(con):
    add(con, "partners", partner_id="new")
    call(con, "2026-02-04", partner_id="new", calls=9000)
    [finding] = found(con, swings.call_spikes)
    assert finding.figures == ("cost_per_partner", "activation_rate")


@pytest.mark.parametrize(
    "row",
    [
        {"environment": "sandbox"},
        {"status": 500},
        {"partner_id": "test"},
        {"partner_id": "left out"},
        {"partner_id": "nobody"},
        {"operation": "health"},
    ],
)
def test_calls_that_count_nowhere_are_no_spike(con, row):
    add(con, "partners", partner_id="test", is_test=True)
    add(con, "partners", partner_id="left out")
    add(con, "excluded", field="partner_id", value="left out")
    add(con, "excluded", field="operation", value="health")
    call(con, "2026-02-04", calls=9000, **row)
    assert found(con, swings.call_spikes) == []


def partners(con, count, without):
    for number in range(count):
        add(con, "partners", partner_id=f"p{number}")
        for day in range(90):
            at = date(2026, 1, 1) + timedelta(days=day)
            if number == 0 or not date(2026, 2, 2) <= at <= without:
                call(con, at, partner_id=f"p{number}")


def test_fortnight_in_which_hardly_a_partner_calls_is_told(con):
    con.execute("delete from calls where partner_id = 'busy'")
    partners(con, 6, date(2026, 2, 15))
    [finding] = found(con, swings.call_troughs)
    assert (
        finding.what
        == "calls: on 2026-02-02 to 2026-02-15 1 partner a day called at most, where 6 are usual."
    )


@pytest.mark.parametrize(
    ("count", "last"),
    [
        (6, date(2026, 2, 14)),  # thirteen days
        (2, date(2026, 2, 28)),  # one of two partners
        (6, date(2026, 3, 31)),  # nobody is back
    ],
)
def test_shorter_or_lasting_absence_is_not(con, count, last):
    con.execute("delete from calls where partner_id = 'busy'")
    partners(con, count, last)
    assert found(con, swings.call_troughs) == []


def test_month_of_calls_that_is_told_twice_is_told_by_what_it_raises(con):
    con.execute("delete from calls where partner_id = 'busy'")
    frame = by_partner(lambda number: 2 * number, (2, 1), (2, 28))
    for number in range(4):
        add(con, "partners", partner_id=f"p{number}")
    for day, partner, count in frame.filter(pl.col("day") < date(2026, 4, 1)).rows():
        call(con, day, partner_id=partner, calls=count)
    [finding] = found(con, swings.calls_twice)
    assert finding.what == (
        "calls: on 2026-02-01 to 2026-02-28 there are about twice as many as usual, and all 112 numbers of a partner's"
        " calls a day are multiples of 2, as no growth makes them."
    )
    assert (finding.severity, finding.figures) == ("mark", ())
    assert finding.why == "Calls told twice raise unrealized revenue."
