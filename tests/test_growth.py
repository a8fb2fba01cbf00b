"""Who came and went, who stays, who is at risk, and where it leads."""

from datetime import date
from math import sqrt

import polars as pl
import pytest
from conftest import add, made
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit import explore_charts, growth, quarters
from kit.explore import ExploredProgram

pytestmark = pytest.mark.slow


def use(con, partner, *months, calls=1):
    for month in months:
        add(con, "calls", called_at=f"{month}-10 12:00:00+00", partner_id=partner, calls=calls)


def explored(con, partners, quarter="2026-Q1", first="2025-01-01"):
    for partner in partners:
        add(con, "partners", partner_id=partner)
    for day in (first, "2026-03-31"):
        add(con, "calls", called_at=f"{day} 12:00:00+00", partner_id="nobody")
    made(con)
    return ExploredProgram(con, quarters.all_quarters(con)[quarter])


def test_movements_lead_from_opening_to_closing(con):
    use(con, "stays", "2025-12", "2026-01", "2026-02", "2026-03")
    use(con, "comes", "2026-02", "2026-03")
    use(con, "pauses", "2025-12", "2026-02")
    use(con, "late", "2026-03")
    told = growth.movements(explored(con, ["stays", "comes", "pauses", "late"]), 3)
    assert told.drop("month").rows() == [
        ("2026-01", 2, 0, 0, 1, 1),
        ("2026-02", 1, 1, 1, 0, 3),
        ("2026-03", 3, 1, 0, 1, 3),
    ]


def test_moved_partners_have_names(con):
    use(con, "pauses", "2025-12", "2026-02")
    told = growth.moved_partners(explored(con, ["pauses"]), 4)
    assert told.select("month", "name", "movement").rows() == [
        (date(2025, 12, 1), "Pauses", "new"),
        (date(2026, 1, 1), "Pauses", "lost"),
        (date(2026, 2, 1), "Pauses", "returned"),
        (date(2026, 3, 1), "Pauses", "lost"),
    ]


MONTHS = [f"2025-{month:02}" for month in range(4, 13)] + ["2026-01", "2026-02", "2026-03"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sets(st.sampled_from(MONTHS)), min_size=1, max_size=6))
def test_movements_add_up_whoever_comes_and_goes(con, active):
    from conftest import emptied

    emptied(con)
    names = [f"p{number}" for number in range(len(active))]
    for name, used in zip(names, active, strict=True):
        use(con, name, *sorted(used))
    told = growth.movements(explored(con, names))
    assert told["closing"].to_list() == [sum(month in used for used in active) for month in MONTHS]
    assert (told["opening"] + told["new"] + told["returned"] - told["lost"] == told["closing"]).all()
    assert told["opening"].to_list() == [0, *told["closing"].to_list()[:-1]]
    assert told["new"].sum() == sum(bool(used) for used in active)


def test_retention_counts_from_each_partners_own_first_month(con):
    use(con, "early", "2025-10", "2025-11", "2026-01")
    use(con, "late", "2025-12", "2026-01", "2026-02")
    told = growth.retention(explored(con, ["early", "late"]))
    # March is the third month after December: what lies beyond, not all of the cohort can have reached.
    assert told.rows() == [
        ("2025-Q4", 2, 0, 2, 1.0),
        ("2025-Q4", 2, 1, 2, 1.0),
        ("2025-Q4", 2, 2, 1, 0.5),
        ("2025-Q4", 2, 3, 1, 0.5),
    ]


def test_partner_is_at_risk_when_its_calls_fall_twice_in_a_row(con):
    for month, calls in (("2025-12", 9), ("2026-01", 10), ("2026-02", 7), ("2026-03", 4)):
        use(con, "falls", month, calls=calls)
    for month, calls in (("2026-01", 10), ("2026-02", 10), ("2026-03", 4)):
        use(con, "once", month, calls=calls)
    use(con, "silent", "2026-01", calls=5)
    use(con, "silent", "2025-12", calls=6)
    use(con, "gone", "2024-12")
    told = growth.at_risk(explored(con, ["falls", "once", "silent", "gone"], first="2024-12-01"))
    assert told.select("name", "months_falling", "calls_before", "calls", "change_share").rows() == [
        ("Falls", 2, 10, 4, pytest.approx(-0.6)),
    ]
    # Silent fell to five in January and to none in February, where it stayed: no fall, for there is nothing left.


def test_concentration_says_how_few_make_half(con):
    for partner, calls in (("a", 50), ("b", 30), ("c", 20)):
        use(con, partner, "2026-02", calls=calls)
    calls = growth.calls_by_partner(explored(con, ["a", "b", "c"]))
    assert calls.select("name", "calls", "calls_share").rows() == [
        ("A", 50, 0.5),
        ("B", 30, 0.3),
        ("C", 20, 0.2),
    ]
    assert growth.concentration(calls) == (
        "The five largest make 100% of the calls; 1 partner makes half of them. Without A, 50.0% would be gone."
    )


def test_projection_goes_on_as_before_within_students_interval(con):
    # One, two, four, five, seven, eight: changes of 1, 2, 1, 2, 1.
    for number in range(8):
        begins = [0, 1, 2, 2, 3, 4, 4, 5][number]
        use(con, f"p{number}", *MONTHS[6 + begins :])
    found = growth.projection(explored(con, [f"p{number}" for number in range(8)], first="2025-10-01"))
    assert (found.history_months, found.monthly_change) == (6, 1.4)
    row = found.frame.row(1, named=True)
    reach = 1.533 * sqrt(0.3) * sqrt(2 + 4 / 5)  # t of 4 degrees of freedom; the changes' variance is 0.3
    assert (row["expected"], row["low"], row["high"]) == tuple(
        pytest.approx(value) for value in (10.8, 10.8 - reach, 10.8 + reach)
    )


def test_nothing_is_projected_from_few_months(con):
    use(con, "a", *MONTHS[-5:])
    program = explored(con, ["a"], first="2025-11-01")
    assert growth.projection(program) is None
    assert growth.projection_text(None).startswith("There are too few whole months")
    assert (
        explore_charts.projection(growth.months(program), None)
        .to_dict()["description"]
        .startswith("Nothing to")
    )


def test_month_that_is_not_over_is_no_loss(con):
    add(con, "partners", partner_id="a")
    use(con, "a", "2025-11", "2025-12", calls=9)
    use(con, "a", "2026-01", calls=2)
    add(con, "calls", called_at="2025-01-01 12:00:00+00", partner_id="nobody")
    add(con, "calls", called_at="2026-02-06 12:00:00+00", partner_id="nobody")
    made(con)
    program = ExploredProgram(con, quarters.all_quarters(con)["2026-Q1"])
    assert growth.movements(program)["name"].to_list()[-1] == "2026-01"
    assert growth.moved_partners(program)["movement"].to_list() == ["new"]
    assert growth.at_risk(program).is_empty()
    assert growth.retention(program)["months_since"].to_list() == [0, 1, 2]


def test_months_before_the_calendar_are_none_of_its_own(con):
    for name, first, last in (
        ("P1", "2025-12-28", "2026-01-27"),
        ("P2", "2026-01-28", "2026-02-27"),
        ("P3", "2026-02-28", "2026-03-31"),
    ):
        con.execute(
            "insert into calendar (period, quarter, first_day, last_day) values (?, '2026-Q1', ?, ?)",
            [name, first, last],
        )
    add(con, "partners", partner_id="a")
    use(con, "a", "2025-12", "2026-03")
    add(con, "calls", called_at="2026-03-31 12:00:00+00", partner_id="nobody")
    made(con)
    program = ExploredProgram(con, quarters.all_quarters(con)["2026-Q1"])
    metric = growth.rate(program)
    assert (metric.this, metric.why_this) == (None, "the calendar begins on 28 December 2025")
    assert set(growth.movements(program)["name"]) <= {"P1", "P2", "P3"}


def test_pictures_tell_their_figures(con):
    use(con, "a", *MONTHS)
    program = explored(con, ["a"])
    moves = explore_charts.movements(growth.movements(program)).to_dict()["description"]
    assert moves.startswith("1 partner came or came back, 0 left.")
    assert "2025-04 0 + 1 new + 0 returned − 0 lost = 1" in moves
    assert (
        "1 of 1 after 11 months"
        in explore_charts.retention(growth.retention(program)).to_dict()["description"]
    )


def test_program_without_active_partners_has_pictures_all_the_same(con):
    program = explored(con, ["a"])
    assert growth.retention(program).is_empty()
    assert growth.at_risk(program).is_empty()
    assert growth.concentration(growth.calls_by_partner(program)).startswith("Nobody made")
    assert "No cohort" in explore_charts.retention(growth.retention(program)).to_dict()["description"]
    assert isinstance(growth.movements(program), pl.DataFrame)
    explore_charts.movements(growth.movements(program)).to_dict()
