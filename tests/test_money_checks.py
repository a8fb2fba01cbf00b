"""What each check of amounts and hours finds, and the near case in which it finds nothing."""

from datetime import date

import pytest
from conftest import add, cover, made

from kit import money_checks, quarters
from kit.fiscal import next_month

pytestmark = pytest.mark.slow

MONTHS = ("2025-10", "2025-11", "2025-12", "2026-01", "2026-02", "2026-03")


@pytest.fixture
def con(con):
    """A monetized program of three partners whose logs cover two quarters."""
    cover(con, "2025-10-01", "2026-03-31")
    for name in ("acme", "bolt", "cord"):
        add(con, "partners", partner_id=name)
    return con


def found(con, check, name="2026-Q1"):
    made(con)
    return [(each.severity, each.what) for each in check(con, quarters.all_quarters(con)[name])]


def subscribed(con, partner_id="acme", months=MONTHS, amount=100, day="01", **row):
    for month in months:
        invoice = {"kind": "subscription", "invoiced_at": f"{month}-{day}"}
        add(con, "invoices", partner_id=partner_id, amount=amount, **invoice | row)


# Drafts


def test_month_of_which_most_is_draft_is_told(con):
    subscribed(con, months=MONTHS[:5])
    subscribed(con, months=MONTHS[5:], amount=51, status="draft")
    subscribed(con, months=MONTHS[5:], amount=49, day="02")
    assert found(con, money_checks.drafted_months) == [
        ("mark", "invoices: most of March 2026 is still draft ($51 in 1 line).")
    ]


@pytest.mark.parametrize(("draft", "status"), [(50, "draft"), (51, "void")])
def test_month_of_which_half_is_draft_is_not(con, draft, status):
    subscribed(con, months=MONTHS[:5])
    subscribed(con, months=MONTHS[5:], amount=draft, status=status)
    subscribed(con, months=MONTHS[5:], amount=100 - draft, day="02")
    assert found(con, money_checks.drafted_months) == []


# Usage in arrears


BEFORE = ("2025-04", "2025-05", "2025-06", "2025-07", "2025-08", "2025-09", *MONTHS)


def in_arrears(con, months, amount=100):
    """Usage of each month, invoiced on the 20th of the next."""
    for month in months:
        start = date.fromisoformat(f"{month}-01")
        end = next_month(start)
        invoice = {
            "kind": "usage",
            "invoiced_at": end.replace(day=20),
            "service_start": start,
            "service_end": end,
        }
        add(con, "invoices", partner_id="acme", amount=amount, **invoice)


@pytest.mark.parametrize(
    ("months", "beside", "expected"),
    [
        (BEFORE, 0, []),
        # Invoiced on 20 March, February's is the last; 100 of 300 in all.
        (BEFORE[:-1], 0, [("mark", "invoices: no usage of March 2026, where $100 a month is usual.")]),
        # 100 of 200 + 3 x 2,000 and these.
        (BEFORE[:-1], 2000, [("note", "invoices: no usage of March 2026, where $100 a month is usual.")]),
        (BEFORE[7:-1], 0, []),  # five months are no habit
        # Invoiced on 20 February; that invoices do not reach March is another finding.
        (BEFORE[:-2], 0, [("mark", "invoices: no usage of February 2026, where $100 a month is usual.")]),
    ],
)
def test_usage_that_is_still_to_be_billed_is_told(con, months, beside, expected):
    in_arrears(con, months)
    if beside:
        subscribed(con, months=BEFORE, amount=beside)
    assert found(con, money_checks.missing_kinds) == expected


def test_drafts_of_a_test_partner_are_nobodys(con):
    add(con, "partners", partner_id="try", is_test=True)
    subscribed(con, "try", months=MONTHS[5:], status="draft")
    assert found(con, money_checks.drafted_months) == []


# Lines that are there twice


def block(con, *files):
    for file_id, number in files:
        con.execute(
            "insert into files (file_id, table_name, path, block) values (?, 'invoices', ?, ?)",
            [file_id, f"{file_id}.csv", number],
        )


def test_lines_that_another_export_has_under_other_ids_are_told(con):
    block(con, (1, 0), (2, 1))
    for partner_id in ("acme", "bolt"):
        for file_id in (1, 2):
            subscribed(con, partner_id, file_id=file_id)
    assert found(con, money_checks.invoiced_twice) == [
        (
            "mark",
            "invoices: 6 lines of 2 partners are in another invoices export too, alike in all but the id ($600 of the"
            " quarter's revenue).",
        )
    ]


def test_two_exports_of_other_partners_or_amounts_hold_no_line_twice(con):
    block(con, (1, 0), (2, 1))
    subscribed(con, "acme", file_id=1)
    subscribed(con, "bolt", file_id=2)
    subscribed(con, "acme", file_id=2, amount=99)
    assert found(con, money_checks.invoiced_twice) == []


def test_month_billed_again_under_other_ids_is_told(con):
    for partner_id in ("acme", "bolt", "cord"):
        subscribed(con, partner_id)
        subscribed(con, partner_id, MONTHS[4:5])
    assert found(con, money_checks.invoiced_twice) == [
        (
            "mark",
            "invoices: 3 lines of 3 partners are there twice, alike in all but the id ($300 of the quarter's revenue).",
        )
    ]


def test_quarter_billed_again_under_other_ids_is_told_whole(con):
    for partner_id in ("acme", "bolt", "cord"):
        subscribed(con, partner_id)
        subscribed(con, partner_id, MONTHS[3:])
    [(severity, what)] = found(con, money_checks.invoiced_twice)
    assert (severity, what.split(",")[0]) == ("mark", "invoices: 9 lines of 3 partners are there twice")


def test_line_of_one_partner_that_is_there_twice_is_only_noted(con):
    subscribed(con)
    subscribed(con, months=MONTHS[4:5])
    [(severity, _)] = found(con, money_checks.invoiced_twice)
    assert severity == "note"


def test_two_seats_each_month_are_no_line_twice(con):
    for partner_id in ("acme", "bolt"):
        subscribed(con, partner_id)
        subscribed(con, partner_id)
    assert found(con, money_checks.invoiced_twice) == []


@pytest.mark.parametrize("row", [{"status": "void"}, {"amount": 0}, {"amount": -100}, {"kind": "other"}])
def test_line_of_another_status_sign_or_kind_is_no_copy(con, row):
    for partner_id in ("acme", "bolt"):
        subscribed(con, partner_id)
        subscribed(con, partner_id, MONTHS[4:5], **row)
    assert found(con, money_checks.invoiced_twice) == []


# Usage


@pytest.mark.parametrize(("amount", "is_told"), [(2000, False), (2001, True)])
def test_usage_over_twenty_times_the_largest_amount_of_the_year_before_is_told(con, amount, is_told):
    subscribed(con)
    subscribed(con, months=MONTHS[4:5], kind="usage", amount=amount)
    told = found(con, money_checks.unusual_usage)
    assert [severity for severity, _ in told] == ["mark"] * is_told
    if is_told:
        assert told[0][1] == (
            "invoices: $2,001 of usage of 1 partner, by the month over 20 times the largest amount of the year before,"
            " $100."
        )


def test_usage_of_a_program_that_has_just_begun_to_bill_is_not_told(con):
    subscribed(con, months=MONTHS[1:])
    subscribed(con, months=MONTHS[4:5], kind="usage", amount=5000)
    assert found(con, money_checks.unusual_usage) == []


# Rates of exchange


def euros(con, *rates):
    for month, rate in zip(MONTHS, rates, strict=True):
        add(con, "fx", month=f"{month}-01", currency="EUR", rate=rate)


@pytest.mark.parametrize(
    "rates", [("1.1", "1.1", "1.1", "1.1", "110", "1.1"), ("1.1", "1.1", "1.1", "1.1", "0.11", "0.11")]
)
def test_rate_many_times_the_usual_is_told(con, rates):
    euros(con, *rates)
    subscribed(con, currency="EUR")
    [(severity, what)] = found(con, money_checks.unusual_rates)
    assert (severity, what.split()[1]) == ("mark", str(sum(rate != "1.1" for rate in rates)))


@pytest.mark.parametrize(
    ("rates", "currency"),
    [
        (("1", "1.2", "1.5", "2", "2.5", "3"), "EUR"),  # a currency that loses its worth
        (("1.1", "1.1", "1.1", "1.1", "3.3", "1.1"), "EUR"),  # three times is not more than three times
        (("1.1", "1.1", "1.1", "1.1", "110", "1.1"), "USD"),  # nothing is in euros
    ],
)
def test_rate_near_the_usual_or_of_no_amount_is_not(con, rates, currency):
    euros(con, *rates)
    subscribed(con, currency=currency)
    assert found(con, money_checks.unusual_rates) == []


# Hours


def worked(con, *hours, role="engineer"):
    add(con, "rates")
    for number, each in enumerate(hours):
        add(con, "worklogs", hours=each, role=role, date=date(2026, 2, number + 1))


def test_hours_below_zero_are_told(con):
    worked(con, 40, 8, -4)
    assert found(con, money_checks.negative_hours) == [
        ("mark", "worklogs: 1 entry takes off 4 hours that no other entry holds.")
    ]


def test_hours_that_take_back_an_entry_are_not(con):
    worked(con, 40, 8, -8)
    assert found(con, money_checks.negative_hours) == []
