"""The funnel's leak, cohorts, time between stages, skipped stages, and who is stalled."""

import csv
from datetime import date
from decimal import Decimal

import pytest
from conftest import add, made
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit import activation, explore_charts, quarters
from kit.errors import ReviewError
from kit.explore import ExploredProgram

pytestmark = pytest.mark.slow


def explored(con, quarter="2026-Q1"):
    for day in ("2025-01-01", "2026-03-31"):
        add(con, "calls", called_at=f"{day} 12:00:00+00", partner_id="nobody")
    made(con)
    return ExploredProgram(con, quarters.all_quarters(con)[quarter])


def partner(con, name, registered, **dates):
    add(con, "partners", partner_id=name, registered_at=registered, **dates)


# Cohorts


def test_cohort_is_mature_when_all_have_had_the_time_that_nine_in_ten_needed(con):
    partner(con, "quick", "2025-07-01", production_at="2025-07-31")  # thirty days
    partner(con, "slow", "2025-09-30", production_at="2025-12-29")  # ninety: the ninth of ten, and the tenth
    partner(con, "never", "2025-09-30")
    partner(con, "new", "2026-01-01", production_at="2026-01-31")
    partner(con, "newer", "2026-03-30")
    told = activation.cohorts(explored(con))
    assert told.rows() == [
        ("2025-Q3", 3, 2, True, pytest.approx(2 / 3), pytest.approx(2 / 3)),
        ("2026-Q1", 2, 1, False, 0.5, None),
    ]
    assert told.columns == [
        "cohort",
        "registered",
        "production",
        "is_mature",
        "production_share",
        "in_time_share",
    ]


@pytest.mark.parametrize(("quarter", "is_mature"), [("2025-Q4", True), ("2025-Q3", False)])
def test_cohort_is_mature_on_the_day_its_last_partner_has_had_the_time(con, quarter, is_mature):
    # Ninety-two days before 31 December is 30 September: the last day on which the cohort's partners registered.
    partner(con, "a", "2025-01-01", production_at="2025-04-03")
    partner(con, "b", "2025-09-30")
    told = activation.cohorts(explored(con, quarter)).filter(activation.pl.col("cohort") == "2025-Q3")
    assert activation.maturity_days(explored(con, quarter)) == 92
    assert told["is_mature"].to_list() == [is_mature]


def test_no_cohort_is_mature_where_nobody_is_in_production(con):
    partner(con, "a", "2025-01-01")
    program = explored(con)
    assert activation.cohorts(program)["is_mature"].to_list() == [False]
    assert "No cohort is old enough yet" in activation.rates_text(program)


day = st.dates(date(2025, 1, 1), date(2026, 3, 31))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(day, st.none() | day), min_size=1, max_size=8))
def test_cohorts_add_up_to_the_snapshot(con, dates):
    from conftest import emptied

    emptied(con)
    for number, (registered, production) in enumerate(dates):
        partner(con, f"p{number}", registered.isoformat(), production_at=production)
    program = explored(con)
    told, funnel = activation.cohorts(program), activation.funnel(program)
    assert told["registered"].sum() == funnel["partners"][0]
    assert told["production"].sum() == funnel["partners"][3]
    assert activation.stalled(program).height == funnel["partners"][0] - funnel["partners"][3]


def test_partner_registered_long_before_the_data_is_of_an_earlier_cohort(con):
    partner(con, "old", "2001-01-01")
    partner(con, "new", "2025-12-01")
    told = activation.cohorts(explored(con))
    assert told.select("cohort", "registered").rows() == [("earlier", 1), ("2025-Q4", 1)]


def test_days_end_with_the_data_where_the_quarter_is_not_over(con):
    partner(con, "a", "2026-01-10")
    add(con, "calls", called_at="2026-01-20 12:00:00+00", partner_id="nobody")
    made(con)
    program = ExploredProgram(con, quarters.all_quarters(con)["2026-Q1"])
    assert activation.stalled(program)["days"].to_list() == [10]


# Stages


def test_times_are_of_those_who_reached_the_later_stage(con):
    for name, sandbox in (("a", "2025-12-02"), ("b", "2025-12-05"), ("c", "2025-12-11"), ("d", "2026-04-01")):
        partner(con, name, "2025-12-01", sandbox_at=sandbox)
    told = activation.stage_times(explored(con))
    assert told.rows() == [("Registered to sandbox", 3, 1, 4, 10, 10, 10)]


def test_skipped_stage_has_neither_a_date_nor_a_call(con):
    partner(con, "straight", "2025-12-01", production_at="2026-01-05")
    partner(
        con,
        "noted",
        "2025-12-01",
        sandbox_at="2025-12-02",
        first_call_at="2025-12-03",
        production_at="2026-01-05",
    )
    partner(con, "seen", "2025-12-01")
    add(con, "calls", partner_id="seen", environment="sandbox", called_at="2026-01-02 12:00:00+00")
    partner(con, "late", "2025-12-01", production_at="2026-04-05")
    told = activation.skipped(explored(con))
    assert told.select("name", "skipped", "reached_next").rows() == [
        ("Straight", "Active in sandbox", date(2026, 1, 5)),
        ("Straight", "First API call", date(2026, 1, 5)),
    ]


def test_stalled_partner_stands_at_its_furthest_stage_with_our_work_on_it(con):
    partner(con, "costly", "2025-12-01", sandbox_at="2026-01-10")
    partner(con, "live", "2025-12-01", production_at="2026-03-31")
    partner(con, "next", "2025-12-01", first_call_at="2026-02-01", production_at="2026-04-01")
    partner(con, "left", "2025-12-01", offboarded_at="2026-03-31")
    add(con, "rates")
    add(con, "worklogs", partner_id="costly", hours=3, date="2026-02-01")
    add(con, "worklogs", partner_id="costly", hours=9, date="2026-04-01")
    add(
        con,
        "calls",
        partner_id="costly",
        environment="sandbox",
        status=500,
        called_at="2026-03-09 12:00:00+00",
    )
    told = activation.stalled(explored(con)).drop("partner_id", "segment", "plan")
    assert told.rows() == [
        ("Costly", "Active in sandbox", date(2026, 1, 10), 80, 3, 300, date(2026, 2, 1), date(2026, 3, 9)),
        ("Next", "First API call", date(2026, 2, 1), 58, 0, 0, None, None),
    ]


def test_leak_says_where_most_stop_and_what_that_cost(con):
    for number in range(4):
        partner(con, f"p{number}", "2025-12-01", sandbox_at="2025-12-02" if number else None)
    partner(con, "gone", "2025-12-01", sandbox_at="2025-12-02", offboarded_at="2026-01-01")
    add(con, "rates")
    add(con, "worklogs", partner_id="p1", hours=3)
    assert activation.leak_text(explored(con)) == (
        "The largest leak is from active in sandbox to first API call: 4 partners, 100%, stopped there (1 of them has"
        " left). 3 hours, $300, have gone into those still there."
    )


def test_program_without_partners_at_any_stage_has_its_sentences(con):
    program = explored(con)
    assert activation.leak_text(program) == "No partner has stopped before a stage."
    assert activation.rates_text(program) == "Partner activation rate: n/a, no partner was registered."
    assert (
        explore_charts.cohorts(activation.cohorts(program)).to_dict()["description"].startswith("No cohort")
    )
    assert (
        explore_charts.stage_times(activation.stage_times(program))
        .to_dict()["description"]
        .startswith("No times")
    )


# The list


def test_list_is_written_whole_and_no_name_is_a_formula(con, tmp_path):
    for name in ('=HYPERLINK("x")', "@SUM(1)", "-2+3", "Plain, Inc."):
        add(con, "partners", partner_id=name, name=name, registered_at="2025-12-01", segment="+1")
    file = activation.save_csv(activation.stalled(explored(con)), tmp_path / "stalled.csv")
    with file.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["name"] for row in rows} == {'\'=HYPERLINK("x")', "'@SUM(1)", "'-2+3", "Plain, Inc."}
    assert {(row["segment"], row["cost"]) for row in rows} == {("'+1", "0.00")}
    assert [each.name for each in tmp_path.iterdir()] == ["stalled.csv"]


def test_list_for_a_folder_that_is_not_there_is_refused(con, tmp_path):
    with pytest.raises(ReviewError, match=r"is no folder to write stalled\.csv into"):
        activation.save_csv(activation.stalled(explored(con)), tmp_path / "none" / "stalled.csv")


def test_cost_is_exact_to_the_cent(con):
    partner(con, "a", "2025-12-01")
    add(con, "rates", hourly=Decimal("33.33"))
    add(con, "worklogs", partner_id="a", hours=Decimal("0.1"))
    assert activation.stalled(explored(con))["cost"].to_list() == [Decimal("3.333")]
