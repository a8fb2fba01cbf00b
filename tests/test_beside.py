"""The same quarter last year and the year to date: figures worked out by hand, and why one is absent."""

import json
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from conftest import add, cover, made

from kit import beside, beside_words, database, fiscal, metrics, quarters, review
from kit.program import ProgramError, load_program

pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parent.parent / "data" / "samples"
REASON_NO_LAST = "the same quarter last year is not available"


@pytest.fixture
def two_years(con):
    """Calls from December 2024 to June 2026; money, hours and partners in some months of both years."""
    cover(con, "2024-12-01", "2026-06-30")
    add(con, "rates")
    # Live in March 2025, February, May and June 2026; b was registered a year before it was.
    for partner, registered, months in (
        ("a", "2025-01-10", ["2025-03", "2025-06", "2025-12", "2026-03", "2026-06"]),
        ("b", "2025-02-10", ["2026-02", "2026-03", "2026-06"]),
        ("c", "2026-05-01", ["2026-05", "2026-06"]),
        ("d", "2026-05-01", ["2026-06"]),
    ):
        add(con, "partners", partner_id=partner, registered_at=registered)
        for month in months:
            add(con, "calls", called_at=f"{month}-15 12:00:00+00", partner_id=partner)
    for day, amount in (
        ("2025-01-20", 100), ("2025-05-01", 60), ("2025-09-01", 999), ("2026-01-31", 230), ("2026-06-30", 90),
    ):  # fmt: skip
        add(con, "invoices", partner_id="a", invoiced_at=day, amount=amount)
    for day, hours in (
        ("2025-01-20", 4),
        ("2025-06-01", 2),
        ("2025-12-31", 9),
        ("2026-02-01", 3),
        ("2026-05-01", 5),
    ):
        add(con, "worklogs", date=day, hours=hours)
    for day, amount in (("2025-01-01", 100), ("2025-05-01", 50), ("2026-02-01", 80), ("2026-06-01", 80)):
        add(con, "costs", date=day, amount=amount)
    return made(con)


def compared(comparison):
    return {metric.key: (metric.this, metric.last, metric.trend) for metric in comparison.metrics}


def test_same_quarter_last_year_is_the_quarter_four_before(two_years):
    quarter = quarters.choose_quarter(two_years, "2026-Q2")
    comparison = beside.year_ago(two_years, quarter)
    assert (comparison.then.first_day, comparison.then.last_day) == (date(2025, 4, 1), date(2025, 6, 30))
    actual = compared(comparison)
    assert actual["revenue"] == (90, 60, Fraction(1, 2))
    assert actual["cost_per_partner"] == (250, None, None)
    assert actual["activation_rate"] == (1, Fraction(1, 2), Fraction(1, 2))
    assert actual["value_ratio"] == (Fraction(90, 80), Fraction(60, 50), Fraction(90, 80) - Fraction(60, 50))
    # March to June: two active became four; and a alone stayed.
    assert [round(float(figure), 6) for figure in actual["growth_rate"]] == [0.259921, 0, 0.259921]
    missing = comparison.metric("cost_per_partner")
    assert (missing.why_last, missing.why_trend) == ("no partner reached production", REASON_NO_LAST)


def test_year_to_date_sums_the_fiscal_year_to_the_quarters_end(two_years):
    comparison = beside.year_to_date(two_years, quarters.choose_quarter(two_years, "2026-Q2"))
    assert (comparison.now.first_day, comparison.now.last_day) == (date(2026, 1, 1), date(2026, 6, 30))
    assert (comparison.then.first_day, comparison.then.last_day) == (date(2025, 1, 1), date(2025, 6, 30))
    actual = compared(comparison)
    assert actual["revenue"] == (320, 160, 1)
    assert actual["cost_per_partner"][:2] == (Fraction(800, 3), 600)
    assert actual["activation_rate"] == (1, Fraction(1, 2), Fraction(1, 2))
    assert actual["value_ratio"][:2] == (2, Fraction(160, 150))
    # In December 2025 one was active, in June 2026 four: over six months.
    assert float(actual["growth_rate"][0]) == pytest.approx(4 ** (1 / 6) - 1, abs=1e-12)
    assert comparison.metric("growth_rate").why_last == "no partner was active in December 2024"


@pytest.mark.parametrize(("name", "expected"), [("2025-Q3", 1159), ("2025-Q4", 1159), ("2026-Q1", 230)])
def test_year_to_date_is_the_sum_of_the_years_quarters(two_years, name, expected):
    known = quarters.all_quarters(two_years)
    of_year = [each for each in known.values() if each.name[:4] == name[:4] and each.name <= name]
    revenue = beside.year_to_date(two_years, known[name]).metric("revenue").this
    assert revenue == sum(metrics.program_revenue(two_years, each).this for each in of_year) == expected


def test_year_to_date_of_a_first_quarter_is_that_quarter(two_years):
    quarter = quarters.choose_quarter(two_years, "2026-Q1")
    actual = beside.year_to_date(two_years, quarter)
    assert actual.now == quarter
    assert [metric.this for metric in actual.metrics] == [
        metric.this for metric in metrics.scorecard(two_years, quarter)
    ]


def test_fiscal_year_begins_where_finance_says(two_years):
    con = made(two_years, fiscal_year_start=4)
    # FY2026 is April 2025 to March 2026.
    comparison = beside.year_to_date(con, quarters.choose_quarter(con, "2026-Q4"))
    assert (comparison.now.first_day, comparison.now.last_day) == (date(2025, 4, 1), date(2026, 3, 31))
    assert comparison.metric("revenue").this == 60 + 999 + 230


def test_asking_for_the_year_leaves_the_quarters_as_they_were(two_years):
    quarter = quarters.choose_quarter(two_years, "2026-Q2")
    before = metrics.scorecard(two_years, quarter)
    beside.year_to_date(two_years, quarter)
    assert metrics.scorecard(two_years, quarter) == before
    assert quarters.all_quarters(two_years)["2026-Q2"].first_day == date(2026, 4, 1)


def test_figure_per_cost_is_withheld_where_its_export_begins_within_the_year(con):
    cover(con, "2025-01-01", "2026-06-30")
    add(con, "rates")
    add(con, "partners", partner_id="a", registered_at="2025-01-10")
    add(con, "calls", called_at="2026-06-15 12:00:00+00", partner_id="a")
    add(con, "worklogs", date="2026-04-03", hours=5)
    add(con, "costs", date="2026-04-01", amount=50)
    add(con, "invoices", partner_id="a", invoiced_at="2026-03-05", amount=70)
    made(con)
    comparison = beside.year_to_date(con, quarters.choose_quarter(con, "2026-Q2"))
    assert comparison.metric("cost_per_partner").why_this == "the worklogs begin on 3 April 2026"
    assert comparison.metric("value_ratio").why_this == "the costs begin on 1 April 2026"
    # Revenue is what it is; the note says since when there is any.
    assert comparison.metric("revenue").this == 70
    assert comparison.begins == "the invoices begin on 5 March 2026"
    assert (
        "Revenue to date: the invoices begin on 5 March 2026."
        in beside_words.sentences(
            comparison, metrics.scorecard(con, quarters.choose_quarter(con, "2026-Q2"))
        )[0]
    )


def test_part_of_a_quarter_is_not_compared_with_the_whole_of_last_years(con):
    cover(con, "2024-12-01", "2026-05-12")
    add(con, "partners", partner_id="a", registered_at="2025-01-10")
    for day, amount in (("2025-01-05", 1), ("2025-05-05", 2), ("2026-02-05", 3), ("2026-05-05", 4)):
        add(con, "invoices", partner_id="a", invoiced_at=day, amount=amount)
    made(con)
    quarter = quarters.choose_quarter(con, "2026-Q2")
    why = "the data ends on 12 May 2026, before the quarter does"
    for comparison, this, last in (
        (beside.year_ago(con, quarter), 4, 2), (beside.year_to_date(con, quarter), 7, 3),
    ):  # fmt: skip
        revenue = comparison.metric("revenue")
        assert (revenue.this, revenue.last, revenue.trend, revenue.why_trend) == (this, last, None, why)
        said = beside_words.sentences(comparison, metrics.scorecard(con, quarter))
        assert why not in " ".join(said)  # The line beneath the metric has it.
    assert said[0].startswith("Year to date: 1 January to 12 May 2026")


def test_first_year_of_the_data_has_no_year_before(two_years):
    comparison = beside.year_ago(two_years, quarters.choose_quarter(two_years, "2025-Q1"))
    assert [metric.last for metric in comparison.metrics] == [None] * 5
    said = beside_words.sentences(comparison, metrics.scorecard(two_years, comparison.now))
    assert said[0] == "Year ago: 1 January to 31 March 2024; below each figure the change since."
    assert said[1].startswith("Year ago n/a: the invoices begin on 20 January 2025 (revenue); ")


def test_own_calendar_without_the_year_before_says_so(con):
    cover(con, "2026-01-01", "2026-03-31")
    add(con, "partners", partner_id="a")
    for number in (1, 2, 3):
        first = date(2026, number, 1)
        con.execute(
            "insert into calendar (period, quarter, first_day, last_day) values (?, '2026-Q1', ?, ? - 1)",
            [f"P{number}", first, fiscal.next_month(first)],
        )
    made(con)
    quarter = quarters.choose_quarter(con, "2026-Q1")
    for comparison in (beside.year_ago(con, quarter), beside.year_to_date(con, quarter)):
        assert comparison.metric("activation_rate").why_last == "the calendar begins on 1 January 2026"


def test_year_to_date_is_not_told_of_a_calendar_that_begins_within_the_year(con):
    cover(con, "2026-01-01", "2026-09-30")
    add(con, "partners", partner_id="a")
    for number in range(4, 10):
        first = date(2026, number, 1)
        con.execute(
            "insert into calendar (period, quarter, first_day, last_day) values (?, ?, ?, ? - 1)",
            [f"P{number}", f"2026-Q{(number + 2) // 3}", first, fiscal.next_month(first)],
        )
    made(con)
    quarter = quarters.choose_quarter(con, "2026-Q3")
    comparison = beside.year_to_date(con, quarter)
    assert comparison.now.first_day == date(2026, 4, 1)
    assert [metric.this for metric in comparison.metrics] == [None] * 5
    assert beside_words.sentences(comparison, metrics.scorecard(con, quarter)) == [
        "",
        "Year to date n/a: the calendar begins on 1 April 2026, within the year.",
    ]


ASKED = '[page]\nbeside = ["year_to_date", "year_ago"]\n'


def test_figures_have_what_is_asked_under_a_key_of_its_own(program_folder):
    folder = program_folder()
    plain = review.figures(review.open_review(folder, "2026-Q1"))
    assert plain["beside"] == {}
    (folder / "program.toml").write_text((folder / "program.toml").read_text() + ASKED)
    asked = review.figures(review.open_review(folder, "2026-Q1"))
    assert list(asked["beside"]) == ["year_ago", "year_to_date"]
    to_date = asked["beside"]["year_to_date"]
    assert (to_date["first_day"], to_date["last_from"]) == ("2026-01-01", "2025-01-01")
    assert to_date["scorecard"]["activation_rate"]["this"] == 1.0
    assert asked["beside"]["year_ago"]["reasons"]["revenue"]["last"] == "needs the invoices export"
    assert {**asked, "beside": {}, "inputs": {}, "run": ""} == {**plain, "inputs": {}, "run": ""}


def test_mistake_in_what_stands_beside_is_told(program_folder):
    with pytest.raises(
        ProgramError, match=r'not a comparison. Allowed: year_ago, year_to_date. Did you mean "year_ago"'
    ):
        load_program(program_folder(extra='[page]\nbeside = ["years_ago"]\n'))


def test_asked_twice_or_alone_without_brackets(program_folder):
    text = '[page]\nbeside = ["year_ago", "year_ago"]\n'
    folder = program_folder(extra=text)
    assert [each.name for each in review.open_review(folder, "2026-Q1").beside] == ["year_ago"]
    file = folder / "program.toml"
    file.write_text(file.read_text().replace(text, '[page]\nbeside = "year_to_date"\n'))
    assert [each.name for each in review.open_review(folder, "2026-Q1").beside] == ["year_to_date"]


# The samples' figures, which their generator knows apart from this code.


@pytest.mark.parametrize(
    ("program", "of_year", "before"),
    [
        ("northgate", ["2026-Q1", "2026-Q2", "2026-Q3"], ["2025-Q1", "2025-Q2", "2025-Q3"]),
        ("meridian", ["2027-Q1", "2027-Q2"], ["2026-Q1", "2026-Q2"]),
    ],
)
def test_years_of_the_samples_are_made_of_the_figures_expected_of_their_quarters(program, of_year, before):
    folder = SAMPLES / program
    expected = json.loads((folder / "expected.json").read_text())["quarters"]
    con = database.open_program(folder)
    quarter = quarters.choose_quarter(con, of_year[-1])
    to_date, ago = beside.year_to_date(con, quarter), beside.year_ago(con, quarter)

    def total(names, block, figure):
        return sum(expected[name][block][figure] for name in names)

    for figure, names in (("this", of_year), ("last", before)):
        active = {month["month"]: month["active_partners"] for month in expected[names[-1]]["months"]}
        first, last = list(active.values())[-1 - 3 * len(names)], list(active.values())[-1]
        expectations = {
            "revenue": sum(expected[name]["scorecard"]["revenue"]["this"] for name in names),
            "cost_per_partner": total(names, "onboarding", "cost") / total(names, "onboarding", "partners"),
            "activation_rate": expected[names[-1]]["scorecard"]["activation_rate"]["this"],
            "value_ratio": total(names, "value", "total") / total(names, "cost", "total"),
            "growth_rate": (last / first) ** (1 / (3 * len(names))) - 1,
        }
        for key, value in expectations.items():
            assert float(getattr(to_date.metric(key), figure)) == pytest.approx(value, rel=1e-9), key
    for metric in ago.metrics:
        said = [expected[name]["scorecard"][metric.key]["this"] for name in (of_year[-1], before[-1])]
        assert [float(metric.this), float(metric.last)] == pytest.approx(said, rel=1e-9)
