"""Revenue by month, partner and movement; who stays; invoiced and paid; without exchange rates."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from conftest import add, emptied, made, set_up
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit import explore_charts, quarters, revenue
from kit.explore import ExploredProgram

MONTHS = ["2025-12", "2026-01", "2026-02", "2026-03"]


def explored(con, quarter="2026-Q1"):
    for day in ("2025-01-01", "2026-03-31"):
        add(con, "calls", called_at=f"{day} 12:00:00+00", partner_id="nobody")
    made(con)
    return ExploredProgram(con, quarters.all_quarters(con)[quarter])


def bill(con, partner, **amounts):
    """Invoices of a partner by month: d for December, j, f, m for the quarter's months."""
    for month, amount in amounts.items():
        add(
            con,
            "invoices",
            partner_id=partner,
            amount=amount,
            invoiced_at=f"{MONTHS['djfm'.index(month)]}-10",
        )


def partners(con, *names):
    for name in names:
        add(con, "partners", partner_id=name)


# What moves it


def test_movements_lead_from_opening_to_closing(con):
    partners(con, "grows", "shrinks", "leaves", "comes", "returns")
    add(con, "invoices", partner_id="returns", amount=5, invoiced_at="2025-03-10")
    bill(con, "grows", d=10, j=15, f=15, m=16)
    bill(con, "shrinks", d=20, j=12)
    bill(con, "leaves", d=7)
    bill(con, "comes", j=3, f=3, m=3)
    bill(con, "returns", f=6, m=6)
    told = revenue.movements(explored(con), 3)
    assert told.columns == [
        "name",
        "opening",
        "new",
        "returned",
        "expansion",
        "contraction",
        "churned",
        "closing",
    ]
    assert told.rows() == [
        ("2026-01", 37, 3, 0, 5, -8, -7, 30),
        ("2026-02", 30, 0, 6, 0, 0, -12, 24),
        ("2026-03", 24, 0, 0, 1, 0, 0, 25),
    ]


def test_moves_have_names(con):
    partners(con, "acme")
    bill(con, "acme", j=3, m=4)
    bill(con, "gone", f=2)
    told = revenue.moves_by_partner(explored(con), 3).drop("partner_id")
    assert told.rows() == [
        (date(2026, 1, 1), "Acme", "new", 3),
        (date(2026, 2, 1), "Acme", "churned", -3),
        (date(2026, 2, 1), "gone", "new", 2),
        (date(2026, 3, 1), "Acme", "returned", 4),
        (date(2026, 3, 1), "gone", "churned", -2),
    ]


amount = st.integers(-500, 500).map(lambda cents: Decimal(cents) / 100)


@pytest.mark.slow
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(amount, min_size=4, max_size=4), min_size=1, max_size=5))
def test_movements_add_up_exactly_credits_included(con, amounts):
    emptied(con)
    for number, of_months in enumerate(amounts):
        partners(con, f"p{number}")
        bill(con, f"p{number}", **dict(zip("djfm", of_months, strict=True)))
    program = explored(con)
    told = revenue.movements(program, 3)
    for row in told.to_dicts():
        assert row["opening"] + sum(row[move] for move in revenue.MOVES) == row["closing"]
    assert told["opening"].to_list()[1:] == told["closing"].to_list()[:-1]
    assert told["closing"].to_list() == [sum(month) for month in list(zip(*amounts, strict=True))[1:]]
    assert (
        told["closing"].sum() == revenue.by_partner(program)["revenue"].sum() == revenue.revenue(program).this
    )


def test_retention_is_that_of_the_published_example(con):
    # Start 100, churned 10, contracted 10, expanded 10: gross churn 20 %, net 10 %.
    partners(con, "gone", "less", "more", "same", "new")
    for name, then, now in (
        ("gone", 10, 0),
        ("less", 30, 20),
        ("more", 40, 50),
        ("same", 20, 20),
        ("new", 0, 99),
    ):
        for day, billed in (("2025-03-10", then), ("2026-03-10", now)):
            if billed:
                add(con, "invoices", partner_id=name, amount=billed, invoiced_at=day)
    found = revenue.retention(explored(con))
    assert (found.opening, found.now, found.net, found.gross) == (100, 90, Fraction(9, 10), Fraction(8, 10))
    assert revenue.retention_text(found, "USD").endswith("net retention 90.0%, gross 80.0%.")


def test_no_retention_without_a_year_before(con):
    partners(con, "a")
    bill(con, "a", m=5)
    found = revenue.retention(explored(con))
    assert (found.net, found.gross) == (None, None)
    assert revenue.retention_text(found, "USD").startswith("Nobody brought anything a year before")


# Months and partners


def test_change_is_absent_on_nothing_and_on_less(con):
    partners(con, "a")
    add(con, "calls", partner_id="a", called_at="2026-03-10 12:00:00+00")
    bill(con, "a", d=-4, j=10, f=15)
    told = revenue.by_month(explored(con), 4).select("name", "revenue", "change_share", "per_partner")
    assert told.rows() == [
        ("2025-12", -4, None, None),
        ("2026-01", 10, None, None),
        ("2026-02", 15, 0.5, None),
        ("2026-03", 0, -1.0, 0),
    ]


def test_concentration_says_what_leaves_with_the_largest(con):
    partners(con, "big", "small")
    bill(con, "big", j=60, f=15)
    bill(con, "small", m=25)
    told = revenue.by_partner(explored(con))
    assert told.select("name", "revenue", "revenue_share").rows() == [("Big", 75, 0.75), ("Small", 25, 0.25)]
    assert revenue.concentration(told, "USD") == (
        "2 partners in all. With Big $75 would leave, 75.0%, and $25 of $100 stay."
    )


def test_nothing_rests_on_anyone_without_revenue(con):
    partners(con, "a")
    bill(con, "a", m=-5)
    told = revenue.by_partner(explored(con))
    assert told["revenue_share"].to_list() == [None]
    assert revenue.concentration(told, "USD").startswith("There is no revenue")


@pytest.mark.parametrize(
    ("transactions", "basis", "amount"), [(True, "transacted", 12), (False, "unrealized", 0)]
)
def test_transactions_or_unrealized_revenue_stand_in_before_monetization(con, transactions, basis, amount):
    set_up(con, stage="pre-monetization")
    partners(con, "acme")
    if transactions:
        add(con, "transactions", amount=12)
    else:
        add(con, "pricing_cases")
    program = explored(con)
    assert revenue.basis(program) == basis
    assert revenue.by_partner(program)["revenue"].sum() == amount
    assert revenue.basis_text(program).startswith(revenue.NAMES[basis])


# Invoiced, paid, and at constant rates


def test_recognised_is_spread_and_invoiced_is_not(con):
    partners(con, "acme", "test")
    add(con, "invoices", partner_id="acme", amount=90, invoiced_at="2026-01-05", service_start="2026-01-01",
        service_end="2026-04-01")  # fmt: skip
    add(con, "invoices", partner_id="acme", amount=7, status="open", invoiced_at="2026-02-05")
    add(con, "invoices", partner_id="acme", amount=100, status="draft", invoiced_at="2026-02-05")
    told = revenue.bases(explored(con), 3)
    assert told.rows() == [("2026-01", 31, 90, 90), ("2026-02", 35, 7, 0), ("2026-03", 31, 0, 0)]


def test_no_bases_without_invoices(con):
    told = revenue.bases(explored(con))
    assert told.is_empty()
    chart = explore_charts.money_lines(told, revenue.BASES, "USD", "Recognised, invoiced, paid", "A month")
    assert chart.to_dict()["description"].startswith("Recognised, invoiced, paid. There is nothing")


def test_constant_currency_is_at_the_rates_of_the_last_month(con):
    partners(con, "acme")
    for month, rate in (("2026-02-01", "1.20"), ("2026-03-01", "1.10")):
        add(con, "fx", month=month, currency="EUR", rate=rate)
    add(con, "invoices", partner_id="acme", amount=100, currency="EUR", invoiced_at="2026-02-10")
    add(con, "invoices", partner_id="acme", amount=100, currency="EUR", invoiced_at="2026-03-10")
    add(con, "invoices", partner_id="acme", amount=10, invoiced_at="2026-03-11")
    told = revenue.constant_currency(explored(con), 3)
    assert told.select("name", "reported", "constant").rows() == [
        ("2026-01", 0, 0),
        ("2026-02", 120, 110),
        ("2026-03", 120, 120),
    ]
    assert told["change_share"].to_list() == [None, None, 0.0]
    assert told["constant_change_share"].to_list() == [None, None, pytest.approx(1 / 11)]


def test_constant_currency_is_absent_without_a_rate_in_the_last_month(con):
    partners(con, "acme")
    add(con, "fx", month="2026-02-01", currency="EUR", rate="1.20")
    add(con, "invoices", partner_id="acme", amount=100, currency="EUR", invoiced_at="2026-02-10")
    told = revenue.constant_currency(explored(con), 3)
    assert told.select("reported", "constant").rows() == [(0, 0), (120, None), (0, 0)]


def test_month_that_is_not_over_moves_nothing(con):
    partners(con, "acme")
    bill(con, "acme", d=10, j=10)
    add(con, "calls", called_at="2025-01-01 12:00:00+00", partner_id="nobody")
    add(con, "calls", called_at="2026-01-20 12:00:00+00", partner_id="nobody")
    made(con)
    program = ExploredProgram(con, quarters.all_quarters(con)["2026-Q1"])
    assert revenue.movements(program, 4)["name"].to_list() == ["2025-12"]
    assert revenue.moves_by_partner(program, 4)["move"].to_list() == ["new"]


def test_credit_that_ends_is_no_churn(con):
    partners(con, "acme")
    bill(con, "acme", d=10, j=-3, m=5)
    told = revenue.movements(explored(con), 3)
    assert told.rows() == [
        ("2026-01", 10, 0, 0, 0, 0, -13, -3),
        ("2026-02", -3, 0, 0, 3, 0, 0, 0),
        ("2026-03", 0, 0, 5, 0, 0, 0, 5),
    ]


def test_pictures_tell_their_figures(con):
    partners(con, "a")
    bill(con, "a", d=100, j=150)
    moves = revenue.movements(explored(con), 3)
    told = explore_charts.money_moves(moves, "USD", "recognised").to_dict()["description"]
    assert told.startswith("From $100 to $0 a month.")
    assert "2026-01 $100 to $150" in told
