"""Cost per partner by quarter, activity and role; who took how long; outcomes, people, the goal, and milestones."""

from datetime import date
from decimal import Decimal

import pytest
from conftest import add, emptied, made
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit import explore_charts, onboarding, quarters
from kit.explore import ExploredProgram

pytestmark = pytest.mark.slow


def explored(con, quarter="2026-Q1"):
    for day in ("2024-12-31", "2026-03-31"):
        add(con, "calls", called_at=f"{day} 12:00:00+00", partner_id="nobody")
    made(con)
    return ExploredProgram(con, quarters.all_quarters(con)[quarter])


def live(con, name, production, registered="2025-01-01", **partner):
    add(con, "partners", partner_id=name, registered_at=registered, production_at=production, **partner)


def work(con, partner, hours, day="2026-02-10", **entry):
    add(con, "worklogs", partner_id=partner, hours=hours, date=day, **entry)


def test_quarters_begin_with_the_first_work_log(con):
    add(con, "rates")
    live(con, "a", "2025-08-01")
    live(con, "b", "2026-03-31")
    live(con, "c", "2026-01-01")
    work(con, "a", 3, "2025-09-30")
    work(con, "b", 5, "2026-03-31")
    assert onboarding.by_quarter(explored(con)).rows() == [
        ("2025-Q3", 1, 3, 300, 300),
        ("2025-Q4", 0, 0, 0, None),
        ("2026-Q1", 2, 5, 500, 250),
    ]


def test_work_is_split_by_activity_and_by_role(con):
    add(con, "rates")
    add(con, "rates", role="support", hourly=50)
    work(con, "a", 2)
    work(con, "a", 3, role="support", activity="support")
    work(con, None, 1, role="Engineer", activity="legal")
    program = explored(con)
    assert onboarding.by_activity(program).drop("quarter").rows() == [
        ("engineering", 2, 200),
        ("support", 3, 150),
        ("legal", 1, 100),
    ]
    assert {(part, cost) for _, part, _, cost in onboarding.by_role(program).rows()} == {
        ("engineer", 200), ("Engineer", 100), ("support", 150),
    }  # fmt: skip


def test_slowest_partner_stands_first_with_where_its_hours_went(con):
    add(con, "rates")
    live(con, "quick", "2026-01-11", registered="2026-01-01")
    live(con, "slow", "2026-03-31", registered="2025-12-31")
    live(con, "other", "2026-04-01", registered="2025-12-31")
    work(con, "slow", 4, "2025-12-31", activity="legal")
    work(con, "slow", 3)
    work(con, "slow", 9, "2026-04-01")
    told = onboarding.partners(explored(con))
    assert told.select("name", "days", "hours", "cost", "most_hours_on", "hours_on_that").rows() == [
        ("Slow", 90, 7, 700, "legal", 4),
        ("Quick", 10, 0, 0, None, None),
    ]
    assert onboarding.spread_text(told, "USD") == (
        "Half of the 2 partners were live within 10 days of registering (quartiles 10 and 90), with 0 hours each"
        " (quartiles 0 and 7). Slow took longest: 90 days, 4 of its 7 hours on legal."
    )


def test_nobody_live_has_its_sentence(con):
    assert (
        onboarding.spread_text(onboarding.partners(explored(con)), "USD")
        == "No partner went live in the quarter."
    )


entries = st.lists(
    st.tuples(st.sampled_from(["live", "before", "waits", "left", None]), st.integers(1, 50)), max_size=9
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(entries)
def test_outcomes_add_up_to_the_quarters_cost(con, booked):
    emptied(con)
    add(con, "rates", hourly=Decimal("33.33"))
    live(con, "live", "2026-02-01")
    live(con, "before", "2025-12-31")
    live(con, "waits", None)
    live(con, "left", None, offboarded_at="2026-03-31")
    for partner, hours in booked:
        work(con, partner, hours)
    program = explored(con)
    told = onboarding.by_outcome(program)
    names = {
        "live": "live this quarter", "before": "live before", "waits": "not live yet",
        "left": "left without going live", None: "no partner in particular",
    }  # fmt: skip
    expected = {}
    for partner, hours in booked:
        expected[names[partner]] = expected.get(names[partner], 0) + hours
    assert dict(told.select("outcome", "hours").rows()) == expected
    quarter = {row["quarter"]: row for row in onboarding.by_quarter(program).to_dicts()}.get("2026-Q1")
    assert told["cost"].sum() == (quarter["cost"] if quarter else 0)


def test_people_are_the_mean_of_the_months_that_have_some(con):
    add(con, "rates")
    for month, fte in (("2025-01-01", 3), ("2026-01-01", 4), ("2026-02-01", 5)):
        con.execute("insert into headcount (month, team, fte) values (?, 'api', ?)", [month, fte])
    con.execute("insert into headcount (month, team, fte) values ('2026-02-01', 'support', 1)")
    live(con, "a", "2025-02-01")
    live(con, "b", "2026-02-01")
    live(con, "c", "2026-02-02")
    work(con, "a", 1, "2025-01-10")
    work(con, "b", 1)
    program = explored(con)
    told = onboarding.people(program)
    assert told.row(-1) == ("2026-Q1", 2, 5.0, 0.4)  # four in January, six in February
    assert onboarding.people_text(program) == (
        "2 partners this quarter with a team of 5.0; a year ago 1 with a team of 3.0."
    )


def test_people_are_asked_for_where_there_is_no_headcount(con):
    add(con, "rates")
    work(con, None, 1)
    assert onboarding.people_text(explored(con)) == (
        "There is no headcount for the quarter: it needs the headcount export."
    )


def test_goal_costs_less_where_the_trend_falls(con):
    add(con, "rates")
    con.execute("insert into goal values (40)")
    live(con, "a", "2025-02-01")
    live(con, "b", "2026-02-01")
    work(con, "a", 16, "2025-02-01")
    work(con, "b", 1, "2026-02-01")
    found = onboarding.goal(explored(con))
    # From 1,600 to 100 in four quarters: half of it each quarter; ten partners in each of the next four.
    assert (found.partners, found.today, found.quarterly_change) == (40, 4000, pytest.approx(-0.5))
    assert found.trend == Decimal("937.5")  # 10 × (50 + 25 + 12.5 + 6.25)
    assert onboarding.goal_text(found, "USD") == (
        "The next 40 partners cost $4,000 at today's cost per partner, and $938 if it goes on changing by −50.0% a"
        " quarter, as in the last four."
    )


def test_goal_has_no_trend_without_a_year_and_no_cost_without_a_partner(con):
    add(con, "rates")
    con.execute("insert into goal values (40)")
    live(con, "b", "2026-02-01")
    work(con, "b", 1, "2026-02-01")
    found = onboarding.goal(explored(con))
    assert (found.today, found.trend) == (4000, None)
    assert onboarding.goal(explored(con, "2025-Q4")) is None
    assert onboarding.goal_text(None, "USD").startswith("No goal is set")


def test_milestone_has_half_a_year_on_each_side(con):
    add(con, "rates", valid_from="2024-01-01")
    for day, label in (("2025-07-01", "Portal"), ("2025-12-01", "Guides"), ("2025-03-01", "Too early")):
        con.execute("insert into milestones (date, label) values (?, ?)", [day, label])
    work(con, None, 10, "2024-12-31")
    work(con, None, 2, "2025-06-30")
    work(con, None, 1, "2025-07-01")
    live(con, "before", "2025-06-30", registered="2024-01-01")
    live(con, "after", "2025-07-01")
    live(con, "later", "2025-12-29")
    live(con, "beyond", "2025-12-30")
    told = {row["milestone"]: row for row in onboarding.around_milestones(explored(con)).to_dicts()}
    assert list(told) == ["Portal", "Guides"]
    portal = told["Portal"]
    assert (portal["partners_before"], portal["partners_after"], portal["is_whole"]) == (1, 2, True)
    # 182 days before 1 July is 31 December, which counts; 182 after it is 30 December, which does not.
    assert (portal["cost_per_partner_before"], portal["cost_per_partner_after"]) == (1200, 50)
    assert (told["Guides"]["days_after"], told["Guides"]["is_whole"]) == (121, False)
    assert told["Guides"]["date"] == date(2025, 12, 1)


def test_milestone_that_is_told_twice_counts_once(con):
    add(con, "rates", valid_from="2024-01-01")
    for _ in range(2):
        con.execute("insert into milestones (date, label) values ('2025-07-01', 'Portal')")
    work(con, None, 1, "2024-12-31")
    live(con, "after", "2025-10-01")
    assert onboarding.around_milestones(explored(con))["partners_after"].to_list() == [1]


def test_goal_has_no_trend_where_hours_are_taken_back(con):
    add(con, "rates")
    con.execute("insert into goal values (4)")
    live(con, "a", "2025-02-01")
    live(con, "b", "2026-02-01")
    work(con, "a", 5, "2025-02-01")
    work(con, "b", -5, "2026-02-01")
    assert onboarding.goal(explored(con)).trend is None


def test_pictures_tell_their_figures(con):
    add(con, "rates")
    live(con, "b", "2026-02-01")
    work(con, "b", 5)
    program = explored(con)
    bars = explore_charts.money_bars(
        onboarding.by_quarter(program), "cost_per_partner", "USD", "Cost", "A quarter"
    )
    assert bars.to_dict()["description"] == "Cost. A quarter: 2026-Q1 $500."
    parts = explore_charts.money_parts(onboarding.by_activity(program), "USD", "By activity", "A quarter")
    assert parts.to_dict()["description"] == "By activity. A quarter: engineering $500."
    nothing = explore_charts.money_parts(
        onboarding.by_activity(program).clear(), "USD", "By activity", "A quarter"
    )
    assert "There is nothing of it" in nothing.to_dict()["description"]
