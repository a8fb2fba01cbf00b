"""Cost and value by quarter, the year's sentence, what the ratio hangs on, and work that could have been done."""

from decimal import Decimal

import pytest
from conftest import add, made
from pydantic import ValidationError

from kit import explore_charts, quarters, value
from kit.blank import add_settings
from kit.explore import ExploredProgram
from kit.program import load_program
from kit.settings import Avoidance


def explored(con, quarter="2026-Q1"):
    for day in ("2025-01-01", "2026-03-31"):
        add(con, "calls", called_at=f"{day} 12:00:00+00", partner_id="nobody")
    made(con)
    return ExploredProgram(con, quarters.all_quarters(con)[quarter])


def books(con):
    """A quarter of 400 cost, 600 direct, 1,000 attributed at a half, and 50 avoided."""
    add(con, "partners", partner_id="acme")
    add(con, "costs", amount=400)
    add(con, "invoices", partner_id="acme", amount=600)
    add(con, "attribution", low="0.2", base="0.5", high="0.7")
    add(con, "attributed", amount=1000)
    add(con, "avoidance", operation="order", low=4, base=5, high=5, hours="0.5")
    add(con, "calls", partner_id="acme", operation="order", calls=10)


def test_quarters_begin_with_the_first_cost_and_hold_their_range(con):
    books(con)
    add(con, "costs", amount=10, date="2025-08-01")
    found = value.by_quarter(explored(con))
    assert found["quarter"].to_list() == ["2025-Q3", "2025-Q4", "2026-Q1"]
    assert found.row(1) == ("2025-Q4", 0, 0, 0, 0, 0, None, None, None, None)
    # 600 + 500 + 50 to 400; low 600 + 200 + 40, high 600 + 700 + 50.
    assert found.row(2) == ("2026-Q1", 400, 600, 500, 50, 1150, 2.875, 2.1, 3.375, 1.5)


def test_ratio_of_the_quarter_is_the_pages(con):
    books(con)
    program = explored(con)
    assert float(value.ratio(program).this) == value.by_quarter(program)["value_ratio"][-1]
    assert value.range_text(program) == (
        "2.9 : 1: 2.1 : 1 if every assumption is at its low end, 3.4 : 1 at its high, and 1.5 : 1 on direct revenue"
        " alone."
    )


def test_years_sentence_is_the_articles(con):
    # The API program costs $400K and generates $600K in direct revenue plus an estimated $1.2M: 4.5 : 1.
    add(con, "partners", partner_id="acme")
    add(con, "costs", amount=399_000, date="2025-07-10")
    add(con, "costs", amount=1_000, date="2026-02-10")
    add(con, "invoices", partner_id="acme", amount=600_000, invoiced_at="2025-12-10")
    add(con, "invoices", partner_id="acme", amount=0)
    add(con, "attribution", low=1, base=1, high=1)
    add(con, "attributed", amount=1_200_000)
    add(con, "costs", amount=999, date="2025-03-31")
    assert value.annual_text(explored(con)) == (
        "In four quarters the API program costs $400K to run and generates $600K in direct revenue plus an estimated"
        " $1.20M in partner-attributed revenue: 4.5 : 1."
    )


def test_year_without_cost_has_its_sentence(con):
    assert value.annual_text(explored(con)) == "No cost is booked in the last four quarters."


def test_one_assumption_at_a_time_moves_the_ratio(con):
    books(con)
    found = value.assumptions(explored(con))
    assert found.rows() == [
        ("Share of attributed revenue, 20% to 70%", 2.125, 3.375, 2.875, 1.25),
        ("Work that order replaces", 2.85, 2.875, 2.875, pytest.approx(0.025)),
    ]
    assert value.assumption_text(found).startswith(
        "Share of attributed revenue, 20% to 70%, matters most: between"
    )
    told = explore_charts.ratio_tornado(found).to_dict()["description"]
    assert "Share of attributed revenue, 20% to 70% 2.1 : 1 to 3.4 : 1" in told


def test_ends_of_all_assumptions_add_up_to_the_range(con):
    books(con)
    add(con, "avoidance", operation="*", low=1, base=2, high=4, hours=0)
    program = explored(con)
    found, quarter = value.assumptions(program), value.by_quarter(program).row(-1, named=True)
    assert sum(found["base"] - found["less"]) == pytest.approx(quarter["value_ratio"] - quarter["low"])
    assert sum(found["more"] - found["base"]) == pytest.approx(quarter["high"] - quarter["value_ratio"])


def test_nothing_moves_without_assumptions_or_without_cost(con):
    program = explored(con)
    assert value.assumptions(program).is_empty()
    assert value.assumption_text(value.assumptions(program)).startswith("No assumption has a range")
    assert (
        explore_charts.ratio_tornado(value.assumptions(program))
        .to_dict()["description"]
        .startswith("Nothing to")
    )
    assert (
        explore_charts.value_ratio(value.by_quarter(program)).to_dict()["description"].startswith("No ratio")
    )


def test_team_is_spared_no_more_hours_a_month_than_it_has(con):
    add(con, "partners", partner_id="acme")
    add(con, "avoidance", operation="order", low=4, base=5, high=5, hours="0.5", capacity=10)
    for month, calls in (("2026-01", 40), ("2026-02", 20), ("2026-03", 10)):
        add(
            con,
            "calls",
            partner_id="acme",
            operation="order",
            calls=calls,
            called_at=f"{month}-10 12:00:00+00",
        )
    found = value.avoided(explored(con))
    # Twenty, ten and five hours: of the first month's 200 a half counts; ten is all that there is, and counts whole.
    assert found.rows() == [("order", 70, 35, 350, 280, 350, 250)]


def test_capacity_is_a_number_of_hours_above_nothing(con, program_folder):
    block = '[[avoidance]]\noperation = "order"\nminutes = 30\nhourly = 10\nshare = 0.5\ncapacity = 160\n'
    program = load_program(program_folder(extra=block))
    con.execute("delete from settings; delete from minor_units")
    add_settings(con, program)
    assert con.execute("select base, hours, capacity from avoidance").fetchall() == [
        (Decimal("2.5"), Decimal("0.25"), 160)
    ]
    with pytest.raises(ValidationError, match="capacity"):
        Avoidance.model_validate({"operation": "x", "minutes": 1, "hourly": 1, "capacity": 0})
