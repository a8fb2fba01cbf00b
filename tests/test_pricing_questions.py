"""What a finance partner asks of a pricing case."""

from decimal import Decimal

import pytest
from conftest import add, made, rows

from kit import pricing, quarters
from kit.settings import PricingCase, Response
from kit.trials import tried

pytestmark = pytest.mark.slow

CASE = {
    "case": "Proposed",
    "plan": [{"name": "Only", "fee": 10, "included": 100, "mode": "flat", "tier": [{"price": 1}]}],
}


def case_of(**changes):
    return PricingCase.model_validate(CASE | changes)


def one_plan(**changes):
    return case_of(plan=[CASE["plan"][0] | changes])


def use(con, *used, month="2026-03", **call):
    """Partners and the units of one call of each."""
    for partner, units in used:
        if not rows(con, f"from partners where partner_id = '{partner}'"):
            add(con, "partners", partner_id=partner)
        add(con, "calls", called_at=f"{month}-10 12:00:00+00", partner_id=partner, units=str(units), **call)


@pytest.fixture
def asked(con):
    """A builder of databases whose base case is the one given."""
    from kit.blank import add_case

    def build(case, quarter="2026-Q1"):
        add(con, "calls", called_at="2026-01-01 12:00:00+00", partner_id="nobody")
        add(con, "calls", called_at="2026-03-31 12:00:00+00", partner_id="nobody")
        add_case(con, case.model_copy(update={"base": True}))
        return made(con), quarters.all_quarters(con)[quarter]

    return build


# Who pays what


def test_bills_of_the_last_month_are_summed_up(con, asked):
    use(con, *((f"p{number:02}", 100 + number) for number in range(1, 21)))
    use(con, ("p01", 5000), month="2026-02")
    con, quarter = asked(case_of())
    bills = pricing.partner_bills(con, "Proposed", quarter)
    assert bills.select("partner_id", "bill").row(0) == ("p20", Decimal(30))
    told = pricing.summary(bills)
    # Bills of 11 to 30: the median lies between 20 and 21, and eighteen of twenty are at most 28.
    assert (told.partners, told.total, told.median, told.percentile_90) == (20, 410, Decimal("20.5"), 28)
    assert (told.top, told.top_share) == (255, Decimal(255) / 410)


def test_summary_of_no_bills_has_no_median(con, asked):
    con, quarter = asked(case_of())
    told = pricing.summary(pricing.partner_bills(con, "Proposed", quarter))
    assert (told.partners, told.total, told.median, told.percentile_90, told.top_share) == (
        0,
        0,
        None,
        None,
        None,
    )


def test_hardest_hit_is_whose_bill_rises_most(con, asked):
    use(con, ("big", 1000), ("small", 150))
    add(con, "invoices", partner_id="big", amount="900", invoiced_at="2026-03-03")
    con, quarter = asked(case_of())
    bills = pricing.partner_bills(con, "Proposed", quarter)
    assert bills.select("partner_id", "increase").rows() == [("big", 10), ("small", 60)]
    assert pricing.hardest_hit(bills)["partner_id"] == "small"


def test_nobody_is_hit_where_no_bill_rises(con, asked):
    use(con, ("big", 1000))
    add(con, "invoices", partner_id="big", amount="910", invoiced_at="2026-03-03")
    con, quarter = asked(case_of())
    assert pricing.hardest_hit(pricing.partner_bills(con, "Proposed", quarter)) is None


# What it comes to


def test_year_is_the_twelve_months_to_the_quarters_end(con, asked):
    for month in ("2025-03", "2025-04", "2026-03"):
        use(con, ("acme", 150), month=month)
    con, quarter = asked(case_of(conversion=Decimal("0.5"), low=Decimal("0.25"), high=1))
    assert pricing.year(con, quarter).rows() == [("Proposed", 30, 60, 120)]


def test_case_that_prices_nobody_brings_nothing(con, asked):
    con, quarter = asked(case_of())
    assert pricing.year(con, quarter).rows() == [("Proposed", 0, 0, 0)]
    assert pricing.without_largest(con, "Proposed", quarter) is None


def test_largest_partner_is_that_of_the_year(con, asked):
    use(con, ("steady", 150), month="2026-02")
    use(con, ("steady", 150), ("late", 190))
    con, quarter = asked(case_of())
    assert pricing.without_largest(con, "Proposed", quarter) == ("Steady", 100)


def test_last_quarters_are_eight_at_most_and_end_with_the_quarter(con, asked):
    for year in (2023, 2024, 2025, 2026):
        for month in ("02", "05", "08"):
            use(con, ("acme", 100 + year % 10), month=f"{year}-{month}")
    con, quarter = asked(case_of())
    told = pricing.last_quarters(con, "Proposed", quarter)
    assert told["quarter"].to_list() == [
        "2024-Q2", "2024-Q3", "2024-Q4", "2025-Q1", "2025-Q2", "2025-Q3", "2025-Q4", "2026-Q1",
    ]  # fmt: skip
    assert told["amount"].to_list() == [14, 14, 0, 15, 15, 15, 0, 16]


def test_bridge_of_a_year_adds_up(con, asked):
    use(con, ("acme", 150), month="2026-02")
    use(con, ("acme", 150), ("bolt", 20))
    con, quarter = asked(case_of(conversion=Decimal("0.5")))
    told = dict(pricing.bridge(con, "Proposed", quarter).select("step", "amount").rows())
    # Two months of 150 at 1 and one of 20 at 1, each with a fee of 10; a hundred, a hundred and twenty are included.
    assert (told["list_value"], told["free_and_included"], told["not_converting"]) == (350, -220, -65)
    assert told["expected"] == sum(amount for step, amount in told.items() if step != "expected") == 65


# How far it moves


def test_assumptions_move_the_year_one_at_a_time(con, asked):
    use(con, ("acme", 1100), ("bolt", 600))
    use(con, ("acme", 400), status=500)
    case = case_of(conversion=Decimal("0.8"), low=Decimal("0.5"), high=1)
    con, quarter = asked(case)
    told = {row[0]: row[1:] for row in pricing.sensitivity(con, case, quarter).rows()}
    # Bills of 1010 and 510 are 1520, of which 80 % are 1216.
    assert told == {
        "Share billed 50% to 100%": (760, 1520, 1216),
        "Prices ± 10 %": (Decimal("1096"), Decimal("1336"), 1216),
        "Fees ± 10 %": (Decimal("1214.4"), Decimal("1217.6"), 1216),
        "Included units ± 10 %": (1232, 1200, 1216),
        "Calls billed: successful, or all": (1216, 1536, 1216),
        "Acme refuses": (408, 1216, 1216),
    }
    moves = [abs(more - less) for less, more, _ in told.values()]
    assert moves == sorted(moves, reverse=True)


def test_case_without_a_range_is_moved_by_ten_points(con, asked):
    use(con, ("acme", 200))
    case = case_of()
    con, quarter = asked(case)
    told = {row[0]: row[1:] for row in pricing.sensitivity(con, case, quarter).rows()}
    assert told["Share billed 90% to 100%"] == (99, 110, 110)


def test_elasticity_is_moved_between_its_ends(con, asked):
    use(con, ("acme", 100))
    case = one_plan(fee=0, included=0)
    case = case.model_copy(
        update={"response": PricingCase.model_validate(
            CASE | {"response": {"elasticity": Decimal("-0.5"), "low": -1, "high": 0, "at": "0.25"}}
        ).response}
    )  # fmt: skip
    con, quarter = asked(case)
    told = {row[0]: row[1:] for row in pricing.sensitivity(con, case, quarter).rows()}
    assert told["Elasticity -1 to 0"] == (25, 100, 50)


def test_choice_of_billable_calls_moves_the_year(con, asked):
    use(con, ("acme", 60), operation="order")
    use(con, ("acme", 50), operation="find")
    use(con, ("acme", 7), operation="find", status=404)
    case = one_plan(fee=1, included=0)
    con, quarter = asked(case)
    assert pricing.billable_choices(con, case, quarter).rows() == [
        ("all calls", 118),
        ("successful calls", 111),
        ("without order", 51),
        ("without find", 61),
    ]


def test_trial_leaves_the_programs_own_cases_as_they_were(con, asked):
    use(con, ("acme", 200))
    con, quarter = asked(case_of())
    with pytest.raises(ZeroDivisionError), tried(con, [one_plan(fee=77)]):
        assert pricing.year(con, quarter)["amount"].to_list() == [177]
        raise ZeroDivisionError
    assert pricing.year(con, quarter)["amount"].to_list() == [110]


# What it takes


def test_prices_that_cover_the_programs_cost(con, asked):
    use(con, ("acme", 300))
    add(con, "costs", amount="110", date="2026-03-03")
    add(con, "costs", amount="9999", date="2025-03-03")  # more than a year ago
    con, quarter = asked(case_of())
    told = pricing.break_even(con, case_of(), quarter)
    assert (told.scale, told.amount, told.cost) == (Decimal("0.5"), 110, 110)  # a fee of 10 and 200 at 0.50
    assert told.unit_price == Decimal(110) / 300


def test_least_multiple_of_prices_is_found_to_a_thousandth(con, asked):
    use(con, ("acme", 300))
    add(con, "costs", amount="1000", date="2026-03-03")
    con, quarter = asked(case_of(conversion=Decimal("0.9")))
    told = pricing.break_even(con, case_of(conversion=Decimal("0.9")), quarter)
    assert told.scale == Decimal("5.506")  # (1000 / 0.9 - 10) / 200 is 5.5055…
    assert told.amount >= 1000


@pytest.mark.parametrize("cost", [None, "900"])
def test_nothing_breaks_even_without_cost_or_without_use(con, asked, cost):
    if cost:
        add(con, "costs", amount=cost, date="2026-03-03")
    con, quarter = asked(case_of())
    assert pricing.break_even(con, case_of(), quarter) is None


def test_months_until_what_is_asked_for_is_paid_back(con, asked):
    use(con, ("acme", 200))
    add(con, "needs", what="an engineer", amount="331")
    con, quarter = asked(case_of())
    assert pricing.payback_months(con, "Proposed", quarter) == 4  # 110 a month


def test_nothing_is_paid_back_where_nothing_is_asked_or_expected(con, asked):
    con, quarter = asked(case_of())
    assert pricing.payback_months(con, "Proposed", quarter) is None
    add(con, "needs", what="an engineer", amount="331")
    assert pricing.payback_months(con, "Proposed", quarter) is None


# Programs that bill some already


def test_use_as_rated_is_held_against_what_was_invoiced(con, asked):
    use(con, ("none", 150), ("less", 200), ("more", 110), ("same", 120), ("cent", 130))
    for partner, amount in (("less", 100), ("more", 50), ("same", 30), ("cent", "40.01"), ("gone", 7)):
        add(con, "invoices", partner_id=partner, amount=str(amount), invoiced_at="2026-02-03")
    add(con, "partners", partner_id="gone")
    add(con, "invoices", partner_id="none", amount="60", invoiced_at="2025-12-31")
    con, quarter = asked(case_of())
    told = pricing.leakage(con, "Proposed", quarter)
    assert told.select("partner_id", "rated", "invoiced", "verdict", "leak").rows() == [
        ("none", 60, 0, "unbilled", 60),
        ("more", 20, 50, "over-billed", 0),
        ("less", 110, 100, "under-billed", 10),
        ("gone", 0, 7, "over-billed", 0),
        ("cent", 40, Decimal("40.01"), "agrees", 0),
        ("same", 30, 30, "agrees", 0),
    ]


# Many cases


def test_cases_priced_in_parts_come_to_the_same(con, asked, monkeypatch):
    use(con, ("big", 1000), ("small", 150))
    con, quarter = asked(case_of())
    response = {"elasticity": Decimal("-0.5"), "at": Decimal("0.25")}
    cases = [
        one_plan(fee=10).model_copy(update={"case": "low"}),
        case_of(case="answered", response=response),
        one_plan(fee=90).model_copy(update={"case": "high"}),
    ]
    told = []
    for bills_at_once in (2_000_000, 3):
        monkeypatch.setattr("kit.trials.BILLS_AT_ONCE", bills_at_once)
        with tried(con, cases):
            bridges = [pricing.bridge(con, case.case, quarter).rows() for case in cases]
            told.append((pricing.year(con, quarter).rows(), bridges))
    assert told[0] == told[1]
    assert told[0][0][0] == ("low", 970, 970, 970)


# Prices that reach far


def test_quarter_without_use_is_among_the_last_ones(con, asked):
    for month in ("2025-02", "2026-02"):
        use(con, ("acme", 150), month=month)
    con, quarter = asked(case_of())
    told = pricing.last_quarters(con, "Proposed", quarter)
    assert told.select("quarter", "partners", "amount").rows() == [
        ("2025-Q1", 1, 60),
        ("2025-Q2", 0, 0),
        ("2025-Q3", 0, 0),
        ("2025-Q4", 0, 0),
        ("2026-Q1", 1, 60),
    ]


def test_prices_that_break_even_are_found_before_use_falls_away(con, asked):
    use(con, ("acme", 1000))
    add(con, "costs", amount="1390")
    # Up to 1.40 a unit all use stays; above it falls with the third power, and with it the amount.
    response = {"elasticity": Decimal(-3), "at": Decimal("1.4")}
    case = one_plan(fee=0, included=0).model_copy(update={"response": Response.model_validate(response)})
    con, quarter = asked(case)
    found = pricing.break_even(con, case, quarter)
    assert (found.scale, found.amount) == (Decimal("1.39"), 1390)


def test_cost_above_the_peak_is_covered_by_no_price(con, asked):
    use(con, ("acme", 1000))
    add(con, "costs", amount="1500")
    response = {"elasticity": Decimal(-3), "at": Decimal("1.4")}
    case = one_plan(fee=0, included=0).model_copy(update={"response": Response.model_validate(response)})
    con, quarter = asked(case)
    assert pricing.break_even(con, case, quarter) is None


def test_bound_that_stands_for_infinity_is_no_error(con, asked):
    use(con, ("acme", 10))
    add(con, "costs", amount="5000")
    tiers = [{"up_to": 10**14, "price": 30}, {"price": "0.1"}]
    case = one_plan(fee=0, included=0, mode="graduated", tier=tiers)
    con, quarter = asked(case)
    found = pricing.break_even(con, case, quarter)
    assert (found.scale, found.amount) == (Decimal("16.667"), Decimal("5000.1"))


def test_route_that_nobody_uses_any_more_is_not_asked_for(con, asked):
    use(con, ("acme", 150), operation="now")
    use(con, ("acme", 9000), month="2024-02", operation="then")
    con, quarter = asked(case_of())
    told = pricing.billable_choices(con, case_of(), quarter)
    assert told["billable"].to_list() == ["all calls", "successful calls", "without now"]
