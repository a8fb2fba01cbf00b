"""What each check finds, and the near case in which it finds nothing."""

import json
from datetime import date, timedelta

import pytest
from conftest import add, cover, made, set_up

from kit import metrics, quarters, reconciliation

pytestmark = pytest.mark.slow

MONTHS = ("2025-10", "2025-11", "2025-12", "2026-01", "2026-02", "2026-03")


@pytest.fixture
def con(con):
    """A monetized program whose logs cover two quarters, with one partner that calls in each month."""
    cover(con, "2025-10-01", "2026-03-31")
    partner(con, "acme")
    calls(con, "acme", *MONTHS)
    return con


def partner(con, partner_id, **row):
    add(con, "partners", partner_id=partner_id, **row)


def calls(con, partner_id, *months, calls=100):
    for month in months:
        add(con, "calls", partner_id=partner_id, calls=calls, called_at=f"{month}-10 12:00:00+00")


def line(con, amount, invoiced_at="2026-01-15", **row):
    """An invoice line; over thirty days of service where a start is given."""
    if "service_start" in row:
        row["service_end"] = date.fromisoformat(row["service_start"]) + timedelta(days=30)
    add(con, "invoices", **{"partner_id": "acme", "amount": amount, "invoiced_at": invoiced_at} | row)


def found(con, check, name="2026-Q1"):
    """What a check finds for a quarter: severity and sentence."""
    made(con)
    return [(each.severity, each.what) for each in check(con, quarters.all_quarters(con)[name])]


# Invoices with what is paid


def owed(con, open_amount, since):
    line(con, 100 - open_amount, invoiced_at="2026-03-31")
    line(con, open_amount, invoiced_at=since, status="open")


@pytest.mark.parametrize(("amount", "severity"), [(10, "mark"), (9.99, "note"), (1, "note")])
def test_revenue_open_for_over_ninety_days_is_told_by_its_share(con, amount, severity):
    owed(con, amount, "2025-12-30")  # 91 days before the last invoice
    [(actual, what)] = found(con, reconciliation.overdue_invoices)
    assert actual == severity
    assert "is open more than 90 days after its invoice" in what


@pytest.mark.parametrize(("amount", "since"), [(10, "2025-12-31"), (0.99, "2025-12-30")])
def test_revenue_open_for_ninety_days_or_hardly_any_is_not(con, amount, since):
    owed(con, amount, since)
    assert found(con, reconciliation.overdue_invoices) == []


# Invoices with usage


def test_usage_billed_for_a_month_without_calls_is_told(con):
    partner(con, "quiet")
    calls(con, "quiet", "2025-12")
    line(con, 95)
    line(con, 5, partner_id="quiet", kind="usage", invoiced_at="2026-02-15")
    assert found(con, reconciliation.usage_without_calls) == [
        ("mark", "invoices: $5 of usage is invoiced to 1 partner for months without calls of theirs.")
    ]


@pytest.mark.parametrize(
    "row",
    [
        {"invoiced_at": "2026-01-15"},  # in arrears for December, in which it called
        {"invoiced_at": "2026-02-15", "kind": "subscription"},
        {"invoiced_at": "2025-10-15"},  # its month before is not in the logs
        {"invoiced_at": "2026-02-15", "status": "draft"},
    ],
)
def test_usage_billed_with_calls_or_where_no_log_tells_is_not(con, row):
    partner(con, "quiet")
    calls(con, "quiet", "2025-12")
    line(con, 5, **{"partner_id": "quiet", "kind": "usage"} | row)
    assert found(con, reconciliation.usage_without_calls) == []
    assert found(con, reconciliation.usage_without_calls, "2025-Q4") == []


def test_few_of_usage_billed_without_calls_is_only_noted(con):
    partner(con, "quiet")
    line(con, 95.01)
    line(con, 4.99, partner_id="quiet", kind="usage", invoiced_at="2026-02-15")
    [(severity, _)] = found(con, reconciliation.usage_without_calls)
    assert severity == "note"


def subscribed(con, *months, partner_id="acme", **row):
    for month in months:
        add(
            con, "invoices", partner_id=partner_id, amount=50, kind="subscription", invoiced_at=f"{month}-01",
            service_start=f"{month}-01", service_end=f"{month}-28", **row,
        )  # fmt: skip


def test_partner_that_calls_on_without_an_invoice_is_told(con):
    partner(con, "other")
    subscribed(con, *MONTHS, partner_id="other")
    subscribed(con, *MONTHS[:4])
    for number in range(4):  # February's invoices are there: those of five partners in six
        partner(con, f"p{number}")
        subscribed(con, *MONTHS, partner_id=f"p{number}")
    assert found(con, reconciliation.unbilled_partners) == [
        (
            "mark",
            "invoices: 1 partner, invoiced month after month before, went on calling in the quarter without an invoice"
            " line.",
        )
    ]


def test_partner_without_an_invoice_where_hardly_anybody_has_one_yet_is_not(con):
    partner(con, "other")
    subscribed(con, *MONTHS, partner_id="other")
    subscribed(con, *MONTHS[:4])
    assert found(con, reconciliation.unbilled_partners) == []


@pytest.mark.parametrize(
    "rest",
    [
        {"status": "draft"},  # it is being billed
        {"status": "void"},  # somebody decided
    ],
)
def test_partner_with_a_line_of_another_status_is_not(con, rest):
    for number in range(5):
        partner(con, f"p{number}")
        subscribed(con, *MONTHS, partner_id=f"p{number}")
    subscribed(con, *MONTHS[:4])
    subscribed(con, *MONTHS[4:], **rest)
    assert found(con, reconciliation.unbilled_partners) == []


def test_partner_that_left_is_not_missing_an_invoice(con):
    for number in range(5):
        partner(con, f"p{number}")
        subscribed(con, *MONTHS, partner_id=f"p{number}")
    partner(con, "gone")
    calls(con, "gone", *MONTHS[:4])
    subscribed(con, *MONTHS[:4], partner_id="gone")
    assert found(con, reconciliation.unbilled_partners) == []


# Invoices with the plan's price


def on_plan(con, *amounts):
    for number, amount in enumerate(amounts):
        partner(con, f"p{number}", plan="Growth")
        line(con, amount, partner_id=f"p{number}", kind="subscription", service_start="2026-01-01")


def test_subscription_far_from_what_others_pay_on_the_plan_is_noted(con):
    on_plan(con, 99, 99, 99, 99, 9900)
    [(severity, what)] = found(con, reconciliation.unusual_prices)
    assert severity == "note"
    assert what.startswith("invoices: 1 subscription billed at less than half or more than twice")


@pytest.mark.parametrize(
    "amounts",
    [
        (99, 99, 99, 99, 198),  # twice is not more than twice
        (99, 99, 99, 99, 49.5),
        (99, 99, 99, 9900),  # four partners make no usual price
        (99, 99, 150, 200, 9900),  # each its own price
    ],
)
def test_subscription_near_the_plans_price_or_without_one_is_not(con, amounts):
    on_plan(con, *amounts)
    assert found(con, reconciliation.unusual_prices) == []


# Costs


def booked(con, category, *amounts, months=MONTHS[3:], **row):
    for month, amount in zip(months, amounts, strict=True):
        add(con, "costs", date=f"{month}-15", category=category, amount=amount, **row)


def worked(con, *hours):
    add(con, "rates")
    for month, each in zip(MONTHS[3:], hours, strict=True):
        add(con, "worklogs", date=f"{month}-10", hours=each)


def test_costs_that_equal_the_onboarding_hours_beside_other_people_are_told(con):
    worked(con, 10, 12, 9)
    booked(con, "people", 9000, 9000, 9000)
    booked(con, "onboarding", 1000, 1210, 900)  # within a hundredth
    assert found(con, reconciliation.costs_twice) == [
        (
            "mark",
            "costs: 'onboarding' equals the onboarding hours at loaded rates in 3 months ($3,110 in all).",
        )
    ]


@pytest.mark.parametrize(
    ("hours", "people"),
    [
        ((10, 11, 8), True),  # January alone agrees
        ((10, 12, 9), False),  # nobody's cost stands beside it
    ],
)
def test_costs_that_equal_hours_once_or_alone_are_not(con, hours, people):
    worked(con, *hours)
    booked(con, "people" if people else "tooling", 9000, 9000, 9000)
    booked(con, "onboarding", 1000, 1200, 900)
    assert found(con, reconciliation.costs_twice) == []


def from_two_sources(con, *again):
    for block, file_id in enumerate((7, 8)):
        con.execute(
            "insert into files values (?, 'costs', ?, ?, null, null)", [file_id, block, f"{block}.csv"]
        )
    booked(con, "cloud", 500, 620, 555, file_id=7)
    booked(con, "infrastructure", *again, file_id=8)


def test_costs_of_one_export_that_another_has_too_are_told(con):
    from_two_sources(con, 500, 620, 555)
    [(severity, what)] = found(con, reconciliation.costs_twice)
    assert severity == "mark"
    assert what == "costs: 'cloud' equals 'infrastructure' of another export in 3 months ($1,675 in all)."


@pytest.mark.parametrize("again", [(500, 700, 600), (504, 626, 561)])
def test_costs_of_two_exports_that_differ_are_not(con, again):
    from_two_sources(con, *again)
    assert found(con, reconciliation.costs_twice) == []


def test_equal_costs_that_are_the_same_each_month_are_not(con):
    booked(con, "people", 9000, 9000, 9000)
    booked(con, "tooling", 100, 100, 100)
    worked(con, 1, 1, 1)
    assert found(con, reconciliation.costs_twice) == []


HALF_YEAR = ("2025-07", "2025-08", "2025-09", *MONTHS[:3])


@pytest.mark.parametrize(("usual", "severity"), [(5, "mark"), (4.9, "note")])
def test_category_that_was_booked_for_six_months_and_lacks_one_is_told(con, usual, severity):
    booked(con, "people", 30, 35, 30 - 2 * usual)
    booked(con, "tooling", *[usual] * 8, months=(*HALF_YEAR, *MONTHS[4:]))
    [(actual, what)] = found(con, reconciliation.missing_costs)
    assert what.startswith("costs: no 'tooling' in January 2026, where $")
    assert actual == severity  # 5 is a twentieth of what the quarter would have cost


@pytest.mark.parametrize(("usual", "severity"), [(1, "mark"), (0.99, "note")])
def test_category_that_is_booked_no_more_lacks_each_month(con, usual, severity):
    booked(con, "people", 19, 19, 19)
    booked(con, "tooling", *[usual] * 6, months=HALF_YEAR)
    [(actual, what)] = found(con, reconciliation.missing_costs)
    assert what.startswith("costs: no 'tooling' in January 2026, February 2026 and March 2026, where $")
    assert actual == severity  # 3 of 57 + 3 is a twentieth


def test_category_that_ended_in_the_quarter_before_is_not_missed_again(con):
    booked(con, "people", *[95] * 6, months=MONTHS)
    booked(con, "tooling", *[50] * 7, months=("2025-04", "2025-05", "2025-06", *HALF_YEAR[:4]))  # to October
    assert found(con, reconciliation.missing_costs) == []
    assert len(found(con, reconciliation.missing_costs, "2025-Q4")) == 1


@pytest.mark.parametrize("months", [HALF_YEAR[1:], (*HALF_YEAR, "2026-01", "2026-02", "2026-03")])
def test_category_booked_for_five_months_or_not_missing_is_not(con, months):
    booked(con, "people", 95, 95, 95)
    booked(con, "tooling", *[50] * len(months), months=months)
    assert found(con, reconciliation.missing_costs) == []


def test_month_that_is_not_over_lacks_no_category(con):
    con.execute("delete from calls where called_at > '2026-01-20'")
    booked(con, "people", 95, months=("2026-01",))
    booked(con, "tooling", *[50] * 6, months=HALF_YEAR)
    assert found(con, reconciliation.missing_costs) == []


# Hours


@pytest.mark.parametrize(("others", "severity"), [(300, "mark"), (400, "note")])
def test_entry_of_more_than_sixteen_hours_is_told(con, others, severity):
    add(con, "rates")
    for _ in range(others // 10):
        add(con, "worklogs", hours=10)
    add(con, "worklogs", hours=16.25)
    [(actual, what)] = found(con, reconciliation.long_entries)
    assert actual == severity
    assert what == f"worklogs: 1 entry of more than 16 hours, 16 of the quarter's {others + 16}."


def test_entry_of_sixteen_hours_is_not(con):
    add(con, "rates")
    add(con, "worklogs", hours=16)
    assert found(con, reconciliation.long_entries) == []


def test_role_and_currency_without_a_rate_stop(con):
    add(con, "worklogs", role="counsel", hours=1)
    add(con, "costs", amount=5, currency="EUR", date="2026-01-05")
    add(con, "costs", amount=5, currency="EUR", date="2026-02-05")
    add(con, "fx", month="2026-03-01", currency="EUR", rate=1)
    assert found(con, reconciliation.rates) == [
        ("stop", "costs: 2 rows of 'EUR' from January 2026 to February 2026 have no rate of exchange."),
        ("stop", "worklogs: 1 row of 'counsel' in February 2026 has no hourly rate."),
    ]


def test_role_and_currency_with_a_rate_in_force_do_not(con):
    add(con, "rates", role="counsel", hourly=200, valid_from="2026-02-10")
    add(con, "worklogs", role="Counsel", hours=1)
    add(con, "costs", amount=5, currency="EUR", date="2026-01-31")
    add(con, "fx", month="2026-01-01", currency="EUR", rate=1)
    assert found(con, reconciliation.rates) == []


# Calls


def test_partner_live_by_the_registry_that_never_called_is_told(con):
    partner(con, "silent", production_at="2026-03-01")
    assert found(con, reconciliation.live_without_calls) == [
        ("mark", "partners: 1 partner live by the registry has never made a successful production call.")
    ]


@pytest.mark.parametrize(
    "row",
    [
        {"production_at": "2026-03-02"},  # thirty days are not over
        {"production_at": "2025-12-01", "offboarded_at": "2025-12-30"},  # left before they were
        {"production_at": "2026-02-01", "is_test": True},
    ],
)
def test_partner_that_may_yet_call_or_called_before_the_logs_is_not(con, row):
    partner(con, "silent", **row)
    assert found(con, reconciliation.live_without_calls) == []


@pytest.mark.parametrize(("live", "severity"), [(10, "mark"), (11, "note")])
def test_partner_live_since_before_the_logs_that_never_called_is_told_by_how_many_there_are(
    con, live, severity
):
    partner(con, "silent", production_at="2025-09-30")
    partner(con, "left", production_at="2024-01-01", offboarded_at="2025-11-01")
    for number in range(live - 3):  # beside acme, the silent and who left
        partner(con, f"p{number}")
        calls(con, f"p{number}", *MONTHS)
    made(con)
    [finding] = reconciliation.live_without_calls(con, quarters.all_quarters(con)["2026-Q1"])
    assert finding.what == (
        "partners: 1 partner live by the registry since before the logs begin has made no successful production call in"
        " them."
    )
    assert (finding.severity, finding.figures) == (severity, ("activation_rate",))
    assert finding.seen == ("Silent: live since 30 September 2025",)


def test_logs_of_a_quarter_alone_do_not_tell_who_calls_no_more(con):
    con.execute("delete from calls where called_at < '2026-01-02'")  # 88 days to the end of March
    partner(con, "silent", production_at="2025-09-30")
    assert found(con, reconciliation.live_without_calls) == []


def test_partner_live_that_called_once_is_not(con):
    partner(con, "once", production_at="2025-12-01")
    calls(con, "once", "2025-12", calls=1)
    assert found(con, reconciliation.live_without_calls) == []


# What was published


def published(tmp_path, quarter, key, value):
    (tmp_path / quarter).mkdir(exist_ok=True)
    (tmp_path / quarter / "figures.json").write_text(json.dumps({"scorecard": {key: {"this": value}}}))
    return tmp_path


@pytest.mark.parametrize(("said", "moved"), [(100.0, []), (100.04, []), (101.0, ["2025-Q4"])])
def test_figure_of_a_settled_quarter_that_moved_is_noted(con, tmp_path, said, moved):
    line(con, 100, invoiced_at="2025-11-15")
    line(con, 40)
    made(con)
    folder = published(tmp_path, "2025-Q4", "revenue", said)
    published(tmp_path, "2026-Q1", "revenue", 1.0)  # this quarter's own page is not settled
    five = metrics.scorecard(con, quarters.all_quarters(con)["2026-Q1"])
    actual = list(reconciliation.moved_quarters(con, five, folder))
    assert [each.what for each in actual] == [
        f"published: 1 figure of {name} is no longer as first reported." for name in moved
    ]
    assert [each.seen for each in actual] == [("revenue: $101 then, $100 now",)] * len(moved)


def test_gravest_is_told_first(con):
    set_up(con, stage="monetized")
    stop, mark, note = (
        reconciliation.Finding(severity, (), severity) for severity in ("stop", "mark", "note")
    )
    assert reconciliation.in_order([note, mark, stop]) == (stop, mark, note)
