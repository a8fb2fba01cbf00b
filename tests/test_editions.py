"""What was published stays as it was, and what moved since is told apart by its cause."""

import gzip
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from kit import blocks, cli, editions, fiscal, metrics, publishing
from kit.earlier_pages import said_of
from kit.editions import Edition, editions_of
from kit.errors import ReviewError
from kit.metrics import Metric
from kit.notes import _causes, notes
from kit.program import Export
from kit.publishing import publish
from kit.remaking import remade_text, remake
from kit.restatements import NOISE, Restatement, has_moved, parted
from kit.review import Review, figures, open_review

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
SETTINGS = """\
[program]
name = "Small"
currency = "USD"
timezone = "UTC"
stage = "monetized"
[attribution]
base = 0.5
[[rate]]
role = "engineer"
hourly = 100
from = 2025-01-01
[exports]
calls = { path = "calls.csv" }
partners = { path = "partners.csv" }
costs = { path = "costs*.csv", overlap = "keep" }
invoices = { path = "invoices.csv" }
attributed = { path = "attributed.csv", sql = "attributed.sql" }
worklogs = { path = "worklogs.csv" }
"""
DAYS = ("2026-01-05", "2026-02-10", "2026-03-31", "2026-04-10", "2026-05-10", "2026-06-30")
# In the first quarter: cost 1,000, direct revenue 1,200, attributed 800 × 0.5, so value to cost is 1.6;
# ten hours at 100 for the one partner that reached production.
FILES = {
    "program.toml": SETTINGS,
    "calls.csv": "called_at,partner_id,environment,status\n"
    + "".join(f"{day}T12:00:00Z,a,production,200\n" for day in DAYS),
    "partners.csv": "partner_id,name,registered_at\na,Ada,2026-01-02\n",
    "costs.csv": "date,category,amount,currency\n2026-01-15,people,1000,USD\n",
    "invoices.csv": "line_id,partner_id,kind,amount,currency,invoiced_at,status\n"
    "1,a,usage,1200,USD,2026-02-01,paid\n",
    "attributed.csv": "date,partner_id,amount,currency\n2026-03-01,a,800,USD\n2026-04-02,a,10,USD\n",
    "attributed.sql": "select date, partner_id, amount, currency, source, source_row from raw\n",
    "worklogs.csv": "date,activity,role,hours\n2026-01-20,engineering,engineer,10\n",
}


def write_report(program: Path, quarter: str, out: Path) -> Review:
    """A report's figures, and a page that says no more than its notes: no kernel is started for it."""
    review = open_review(program, quarter, out)
    folder = out / review.quarter.name
    folder.mkdir(parents=True, exist_ok=True)
    page = "<p>" + " ".join(notes(review))
    (folder / "figures.json").write_text(json.dumps(editions.sealed(figures(review), page.encode())))
    (folder / "one-pager.html").write_bytes(page.encode())
    return review


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small program, and with its first quarter's report and edition."""
    home = tmp_path_factory.mktemp("published")
    (home / "program").mkdir()
    for name, text in FILES.items():
        (home / "program" / name).write_text(text)
    write_report(home / "program", "2026-Q1", home / "out")
    publish(home / "program", "2026-Q1", home / "out")
    return home


@pytest.fixture
def home(published: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    shutil.copytree(published, tmp_path / "home")
    return tmp_path / "home"


LATE = "date,category,amount,currency\n2026-03-20,people,250,USD\n"
Change = Callable[[Path], object]


def written(name: str, text: str) -> Change:
    return lambda program: (program / name).write_text(text)


def replaced(name: str, before: str, after: str) -> Change:
    return lambda program: (program / name).write_text((program / name).read_text().replace(before, after))


def added(name: str, text: str) -> Change:
    return lambda program: (program / name).write_text((program / name).read_text() + text)


late = written("costs-late.csv", LATE)
grown = added("costs.csv", "2026-03-20,people,250,USD\n")
corrected = replaced("costs.csv", ",1000,", ",800,")
setting = replaced("program.toml", "base = 0.5", "base = 0.25")


def causes(review: Review) -> dict[str, list[tuple[str, float]]]:
    """What moved each restated figure, and by how much."""
    return {
        each.key: [(cause.what, round(float(cause.amount or 0), 9)) for cause in each.causes]
        for each in review.restated
    }


def after(home: Path, *changes: Change) -> Review:
    """The next quarter's review, once files or settings have changed."""
    for change in changes:
        change(home / "program")
    return open_review(home / "program", "2026-Q2", home / "out")


# Why figures moved


def test_three_causes_at_once_are_told_apart_and_add_up_to_the_movement(home):
    review = after(home, corrected, written("costs-late.csv", LATE.replace("250", "200")), setting)
    # 1.6 as published; 1,600 for 800, then for 1,000; then 1,400 for it.
    assert causes(review) == {
        "value_ratio": [
            ("corrected source (costs)", 0.4),
            ("late data (costs)", -0.4),
            ("changed settings (attribution)", -0.2),
        ]
    }
    [note, *_] = notes(review)
    assert note == (
        "† Program cost vs. value, Q1 2026: first reported as 1.6 : 1; restated: corrected source (costs) +0.40,"
        " late data (costs) −0.40, changed settings (attribution) −0.20."
    )
    assert figures(review)["restated"][0]["causes"][1] == {"what": "late data (costs)", "amount": -0.4}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([late], [("late data (costs)", -0.32)]),
        ([grown], [("late data (costs)", -0.32)]),
        # Every line that was there still is, in whatever order.
        (
            [replaced("costs.csv", "2026-01-15", "2026-01-10,people,250,USD\n2026-01-15")],
            [("late data (costs)", -0.32)],
        ),
        ([corrected], [("corrected source (costs)", 0.4)]),
        # The tables are those that moved the figure, not all that have grown.
        (
            [
                late,
                added("worklogs.csv", "2026-04-20,engineering,engineer,1\n"),
                added("calls.csv", "2026-06-30T13:00:00Z,a,production,200\n"),
                added("invoices.csv", "2,a,usage,5,USD,2026-05-01,paid\n"),
            ],
            [("late data (costs)", -0.32)],
        ),
        # A block of the page or of another figure is not why this one moved.
        (
            [
                setting,
                added("program.toml", '[page]\nbeside = ["year_ago"]\n'),
                replaced("program.toml", "hourly = 100", "hourly = 100.00"),
                replaced("program.toml", "from = 2025-01-01", "from = 2024-01-01"),
            ],
            [("changed settings (attribution)", -0.2)],
        ),
        # Where an export lies is no setting.
        (
            [
                lambda program: shutil.copytree(program, program / "of-q2", ignore=lambda *_: {"of-q2"}),
                replaced("program.toml", "costs*.csv", "of-q2/costs*.csv"),
                added("of-q2/costs.csv", "2026-03-20,people,250,USD\n"),
            ],
            [("late data (costs)", -0.32)],
        ),
        ([setting], [("changed settings (attribution)", -0.2)]),
        (
            [replaced("attributed.sql", "amount", "amount::int * 2 as amount")],
            [("changed settings (SQL)", 0.4)],
        ),
        ([late, setting], [("late data (costs)", -0.32), ("changed settings (attribution)", -0.16)]),
        # Of an export that was replaced whole by one of another name nothing is left to work with.
        (
            [lambda program: (program / "costs.csv").unlink(), late],
            [("corrected source (costs) and late data (costs)", 4.8)],
        ),
        # What is new of the quarter that follows moves nothing, nor does another name or a comment.
        ([added("costs.csv", "2026-04-20,people,250,USD\n")], None),
        ([lambda program: (program / "costs.csv").rename(program / "costs-1.csv")], None),
        ([added("program.toml", "# Nothing else.\n")], None),
    ],
)
def test_cause_is_what_changed_since(home, changes, expected):
    assert causes(after(home, *changes)) == ({"value_ratio": expected} if expected else {})


def test_late_hours_that_the_old_settings_have_no_rate_for_are_late_data(home):
    rate = '\n[[rate]]\nrole = "analyst"\nhourly = 60\nfrom = 2025-01-01\n'
    review = after(
        home,
        added("worklogs.csv", "2026-02-02,engineering,analyst,5\n"),
        replaced("program.toml", "[exports]", f"{rate}[exports]"),
    )
    assert causes(review) == {"cost_per_partner": [("late data (worklogs)", 300.0)]}


def test_what_other_code_makes_of_the_same_is_a_changed_definition(home, monkeypatch):
    monkeypatch.setattr(editions, "definitions_hash", lambda: "other")
    assert causes(after(home)) == {}
    monkeypatch.setattr(metrics, "value_of", lambda row, soft="base": row["direct"])
    assert causes(after(home)) == {"value_ratio": [("changed definition", -0.4)]}
    # Old content is gone, and old code too: nobody can tell the two apart.
    assert causes(after(home, corrected)) == {
        "value_ratio": [("corrected source (costs) or changed definition", -0.1)]
    }


def test_hash_of_definitions_is_of_what_makes_figures_and_not_of_how_they_look():
    imported = {*editions._imported(editions.HERE / "metrics.py")}
    assert {"frames", "formats", "quarters", "errors", "fiscal"} <= imported
    assert not {"charts", "blocks", "cli"} & imported
    assert len({editions.definitions_hash(), editions.source_hash()}) == 2


@pytest.mark.parametrize(
    ("file", "more", "is_other"),
    [
        ("sql/leakage.sql", "select 1\n", False),  # asked by a notebook, not by the metrics
        ("sql/recognised_revenue.sql", "-- Another comment.\n", False),
        ("sql/recognised_revenue.sql", "limit 1\n", True),
        ("sql/macros.sql", "select 1\n", True),
        ("presets/costs/focus.sql", "--| other = 1\n", True),
        ("metrics.py", "# Another comment.\n", False),
        ("metrics.py", "QUARTERS_SHOWN = 9\n", True),
        ("charts.py", "WIDTH = 9\n", False),
    ],
)
def test_definitions_are_others_where_what_makes_figures_is(tmp_path, monkeypatch, file, more, is_other):
    shutil.copytree(editions.HERE, tmp_path / "kit", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(editions, "HERE", tmp_path / "kit")
    before = editions.definitions_hash.__wrapped__()
    added(file, more)(tmp_path / "kit")
    assert (editions.definitions_hash.__wrapped__() != before) == is_other


def test_page_that_was_never_published_is_compared_with_as_it_lies_there(home):
    shutil.rmtree(home / "out" / "editions")
    # Its settings are gone: 1,400 for 1,000, and then for 1,250.
    assert causes(after(home, late, setting)) == {
        "value_ratio": [("changed settings", -0.2), ("late data (costs)", -0.28)]
    }


def test_movement_is_counted_from_the_first_edition_however_many_follow(home):
    late(home / "program")
    again = write_report(home / "program", "2026-Q1", home / "out")
    # The second edition says itself what it restates.
    assert causes(again) == {"value_ratio": [("late data (costs)", -0.32)]}
    assert notes(again)[0] == (
        "† Q1 2026 was first reported with value 1.6 : 1 (restated: late data (costs) −0.32)."
    )
    edition, is_new = publish(home / "program", "2026-Q1", home / "out")
    assert (edition.number, is_new) == (2, True)
    assert causes(after(home)) == {"value_ratio": [("late data (costs)", -0.32)]}
    review = after(home, setting)
    assert causes(review) == {
        "value_ratio": [("late data (costs)", -0.32), ("changed settings (attribution)", -0.16)]
    }
    assert notes(review)[0].startswith(
        "† Program cost vs. value, Q1 2026: first reported as 1.6 : 1, as 1.3 : 1 in edition 2; restated:"
    )
    assert figures(review)["compared_with"] == {
        "quarter": "2026-Q1",
        "run": editions_of(home / "out", "2026-Q1")[0].about["run"],
        "edition": 1,
        "last_edition": 2,
        "changed": [],
    }


def test_figure_of_a_year_ago_that_moved_is_marked_where_it_is_shown(home):
    added("program.toml", '[page]\nbeside = ["year_ago"]\n')(home / "program")
    added("calls.csv", "2027-03-31T12:00:00Z,a,production,200\n")(home / "program")
    late(home / "program")
    review = open_review(home / "program", "2027-Q1", home / "out")
    assert [(each.quarter, each.key, each.reason) for each in review.restated] == [
        ("2026-Q1", "value_ratio", "late data (costs)")
    ]
    assert notes(review)[0] == "† Q1 2026 was first reported with value 1.6 : 1."
    card = blocks.scorecard(review).html
    assert card.count("<sup>†</sup>") == 1
    assert "1.3 : 1<sup>†</sup>" in card


def test_same_report_restates_nothing_of_its_own_edition(home):
    assert write_report(home / "program", "2026-Q1", home / "out").restated == ()


def test_figure_that_came_or_went_is_restated_without_an_amount(home):
    went = after(home, replaced("program.toml", 'worklogs = { path = "worklogs.csv" }\n', ""))
    assert causes(went) == {"cost_per_partner": [("changed settings (exports)", 0.0)]}
    assert notes(went)[0] == (
        "† Cost per partner onboarded, Q1 2026: first reported as $1,000; restated: changed settings (exports)."
    )
    [told] = figures(went)["restated"]
    assert (told["reported"], told["now"], told["causes"][0]["amount"]) == (1000, None, None)
    [found] = [each for each in went.found if each.check == "settled quarter moved"]
    assert found.seen == ("cost_per_partner: $1,000 then, n/a now",)


def test_figure_that_was_absent_and_came_late_is_restated(home):
    shutil.rmtree(home / "out")
    written("worklogs.csv", "date,activity,role,hours\n")(home / "program")
    write_report(home / "program", "2026-Q1", home / "out")
    publish(home / "program", "2026-Q1", home / "out")
    review = after(home, written("worklogs.csv", FILES["worklogs.csv"]))
    assert causes(review) == {"cost_per_partner": [("late data (worklogs)", 0.0)]}
    assert "first reported as n/a; restated: late data (worklogs)." in notes(review)[0]


@pytest.mark.parametrize(
    ("unit", "then", "now", "is_moved"),
    [
        ("money", 19749.0, 19753, True),  # $19.7K and $19.8K
        ("money", 19751.0, 19753, False),
        ("money", 19751.0, 19770, True),  # a thousandth, though both are $19.8K
        ("money", 100.0, 100.0000000001, False),
        ("money", None, None, False),
        ("money", 0.0, None, True),
        ("rate", None, 0, True),
        ("rate", 0.91649, 0.91651, True),  # 91.6% and 91.7%
    ],
)
def test_figure_moved_where_the_page_shows_another(unit, then, now, is_moved):
    assert has_moved(unit, then, None if now is None else Fraction(now), "USD") == is_moved


def test_calendar_of_other_quarters_is_compared_by_days(home):
    start = replaced("program.toml", "[attribution]", "fiscal_year_start = 4\n[attribution]")
    start(home / "program")
    late(home / "program")
    # January to March 2026 is the fourth quarter of the year that began in April 2025.
    review = open_review(home / "program", "2027-Q1", home / "out")
    assert (review.previous.name, review.said and review.said.figures["quarter"]) == ("2026-Q4", "2026-Q1")
    assert causes(review) == {"value_ratio": [("late data (costs)", -0.32)]}
    [found] = [each for each in review.found if each.check == "settled quarter moved"]
    assert found.what == "published: 1 figure of 2026-Q4 is no longer as first reported."


def test_calendar_without_the_published_days_compares_nothing_and_says_so(home):
    replaced("program.toml", "[attribution]", "fiscal_year_start = 12\n[attribution]")(home / "program")
    late(home / "program")
    # From December 2025 to February 2026, and from March on.
    review = open_review(home / "program", "2026-Q2", home / "out")
    assert causes(review) == {}
    assert notes(review)[0] == (
        "The fiscal calendar changed since 2026-Q1 was published: nothing was published for 1 December 2025 to"
        " 28 February 2026 that 2026-Q1 could be compared with."
    )
    assert not [each for each in review.found if each.check == "settled quarter moved"]


def test_what_another_program_published_is_not_compared_with(home):
    replaced("program.toml", '"Small"', '"Other"')(home / "program")
    review = after(home, late)
    assert causes(review) == {}
    assert notes(review)[0] == (
        "What was published here for 1 January 2026 to 31 March 2026 is of another program, Small: 2026-Q1 is not"
        " compared with it."
    )


def test_quarter_published_before_it_was_over_says_to_which_day(home):
    shutil.rmtree(home / "out")
    lines = FILES["calls.csv"].splitlines(keepends=True)
    written("calls.csv", "".join(lines[:3]))(home / "program")
    write_report(home / "program", "2026-Q1", home / "out")
    where = ["--program", str(home / "program"), "--out", str(home / "out"), "--quarter", "2026-Q1"]
    result = CliRunner().invoke(cli.main, ["publish", *where])
    assert "2026-Q1 is not over: the calls end on 10 February 2026." in result.output
    review = after(home, written("calls.csv", FILES["calls.csv"]), late)
    assert "Q1 2026: first reported, to 10 February 2026, as 1.6 : 1; restated:" in " ".join(notes(review))


def test_small_part_stays_where_it_is_the_movement():
    parts = parted([Fraction(10), Fraction(60), Fraction(10), Fraction(1004, 100)], ["one", "two", "three"])
    restatement = Restatement("2026-Q1", "value_ratio", 10, 10, 10.04, 1, 1, None, "USD", parts)
    assert _causes(Metric("value_ratio", "ratio", *[None] * 3, *[""] * 3, (), "B"), restatement) == (
        "one +50.0, two −50.0, three +0.04"
    )


def test_later_export_beside_the_earlier_that_tells_a_row_otherwise_may_be_a_correction(home):
    shutil.rmtree(home / "out")
    program = home / "program"
    (program / "costs.csv").unlink()
    (program / "q1").mkdir()
    (program / "q2").mkdir()
    rows = "date,category,amount,currency\n2026-01-15,people,600,USD\n2026-02-15,people,400,USD\n"
    written("q1/costs.csv", rows)(program)
    replaced("program.toml", 'costs*.csv", overlap = "keep"', '*/costs.csv", overlap = "replace"')(program)
    write_report(program, "2026-Q1", home / "out")
    publish(program, "2026-Q1", home / "out")
    review = after(home, written("q2/costs.csv", rows.replace("400", "650") + "2026-04-15,people,10,USD\n"))
    assert causes(review) == {"value_ratio": [("late data or corrected source (costs)", -0.32)]}


def test_packed_export_that_gained_lines_is_late_data(home):
    shutil.rmtree(home / "out")
    program = home / "program"
    (program / "costs.csv").unlink()
    replaced("program.toml", "costs*.csv", "costs.csv.gz")(program)
    (program / "costs.csv.gz").write_bytes(gzip.compress(FILES["costs.csv"].encode()))
    write_report(program, "2026-Q1", home / "out")
    edition, _ = publish(program, "2026-Q1", home / "out")
    more = FILES["costs.csv"] + "2026-03-20,people,250,USD\n"
    (program / "costs.csv.gz").write_bytes(gzip.compress(more.encode()))
    assert causes(after(home)) == {"value_ratio": [("late data (costs)", -0.32)]}
    assert remake(edition.folder, program).is_same


def test_call_log_with_a_new_line_in_its_middle_may_be_late_or_corrected(home):
    # No lines of call logs are kept: nobody knows which of the two it was.
    shutil.rmtree(home / "out")
    added("partners.csv", "b,Bea,2026-01-03\n")(home / "program")
    write_report(home / "program", "2026-Q1", home / "out")
    publish(home / "program", "2026-Q1", home / "out")
    log = "2026-02-10T12:00:00Z,a,production,200\n"
    found = causes(after(home, replaced("calls.csv", log, log + log.replace(",a,", ",b,"))))
    assert found["cost_per_partner"] == [("late data or corrected source (calls)", -500.0)]
    assert found["activation_rate"] == [("late data or corrected source (calls)", 0.5)]


def test_amount_that_gained_a_digit_at_the_end_of_a_file_is_corrected(home):
    shutil.rmtree(home / "out")
    written("costs.csv", "date,currency,category,amount\n2026-01-15,USD,people,100")(home / "program")
    write_report(home / "program", "2026-Q1", home / "out")
    publish(home / "program", "2026-Q1", home / "out")
    # 1,600 for 100, then for 1,000.
    assert causes(after(home, added("costs.csv", "0"))) == {
        "value_ratio": [("corrected source (costs)", -14.4)]
    }


def test_late_entry_in_the_registry_is_late_data(home):
    # A partner that called in March is registered in April: it was one of two at production all along.
    shutil.rmtree(home / "out")
    added("calls.csv", "2026-03-05T12:00:00Z,b,production,200\n")(home / "program")
    replaced("program.toml", '"partners.csv"', '"partners*.csv"')(home / "program")
    write_report(home / "program", "2026-Q1", home / "out")
    publish(home / "program", "2026-Q1", home / "out")
    found = causes(
        after(home, written("partners-q2.csv", "partner_id,name,registered_at\nb,Bo,2026-04-02\n"))
    )
    assert found == {"cost_per_partner": [("late data (partners)", -500.0)]}


def test_money_in_another_currency_has_no_difference(home):
    fx = "month,currency,rate\n" + "".join(f"2026-0{month}-01,USD,0.8\n" for month in range(1, 7))
    review = after(
        home,
        written("fx.csv", fx),
        replaced("program.toml", '"USD"', '"EUR"'),
        replaced("program.toml", "worklogs = {", 'fx = { path = "fx.csv" }\nworklogs = {'),
    )
    # Ten hours at 100 are another amount too.
    because = [("changed settings (amounts were in USD)", 0.0)]
    assert causes(review) == {"revenue": because, "cost_per_partner": because}
    [found] = [each for each in review.found if each.check == "settled quarter moved"]
    assert found.seen == ("revenue: $1,200 then, €960 now", "cost_per_partner: $1,000 then, €1,000 now")
    assert notes(review)[0].endswith(
        "first reported as $1,200; restated: changed settings (amounts were in USD)."
    )


amounts = st.none() | st.fractions(-1000, 1000, max_denominator=1000)


@settings(max_examples=60, derandomize=True)
@given(st.fractions(-1000, 1000, max_denominator=1000), amounts, amounts, st.fractions(-1000, 1000))
@example(Fraction(1), None, None, Fraction(2))
@example(Fraction(0), Fraction(1), None, Fraction(0))
def test_parts_add_up_to_the_movement_whatever_cannot_be_worked_out(first, second, third, last):
    parts = parted([first, second, third, last], ["one", "two", ""])
    known = max(abs(point) for point in (first, second, third, last) if point is not None)
    assert abs(sum(part.amount for part in parts) - (last - first)) <= NOISE * known
    assert all(part.amount and part.what for part in parts)


@settings(
    max_examples=8,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(cost=st.integers(500, 1500), more=st.integers(0, 500), share=st.integers(0, 100))
def test_amounts_of_causes_are_those_of_the_formula(published, tmp_path, cost, more, share):
    home = tmp_path / f"{cost}-{more}-{share}"
    shutil.copytree(published, home, dirs_exist_ok=True)
    review = after(
        home,
        replaced("costs.csv", ",1000,", f",{cost},"),
        written("costs-late.csv", LATE.replace("250", str(more))),
        replaced("program.toml", "base = 0.5", f"base = {share / 100}"),
    )
    points = [1.6, 1600 / cost, 1600 / (cost + more), (1200 + 8 * share) / (cost + more)]
    named = ("corrected source (costs)", "late data (costs)", "changed settings (attribution)")
    expected = dict(zip(named, (b - a for a, b in pairwise(points)), strict=True))
    found = dict(causes(review).get("value_ratio", []))
    if abs(points[-1] - 1.6) > 0.001:
        assert found == pytest.approx({what: part for what, part in expected.items() if abs(part) > 1e-8})


# What is published


def test_edition_says_what_it_rests_on(published):
    edition = Edition(published / "out" / "editions" / "2026-Q1" / "001")
    report_figures = json.loads((published / "out" / "2026-Q1" / "figures.json").read_text())
    assert edition.figures == report_figures
    assert edition.changes == ()
    assert {file.name for file in edition.folder.rglob("*") if file.is_file()} == {
        "edition.json", "figures.json", "lines.bin", "one-pager.html", "program.toml", "1-attributed.sql",
    }  # fmt: skip
    about = edition.about
    assert (about["quarter"], about["number"], about["run"]) == ("2026-Q1", 1, report_figures["run"])
    assert (about["timezone"], about["currency"], *about["engines"]) == ("UTC", "USD", "duckdb", "polars")
    [calls] = [each for each in about["inputs"] if each["table"] == "calls"]
    assert {name: calls[name] for name in ("file", "first_day", "last_day", "rows", "bytes")} == {
        "file": "calls.csv", "first_day": DAYS[0], "last_day": DAYS[-1], "rows": 6, "bytes": len(FILES["calls.csv"]),
    }  # fmt: skip
    assert f"Edition 1, run {about['run']}, kit" in (edition.folder / "one-pager.html").read_text()
    assert str(published) not in (edition.folder / "edition.json").read_text()


def test_files_of_one_name_in_folders_elsewhere_are_told_apart_without_their_place(home, tmp_path):
    for name, amount in (("aws", 400), ("people", 600)):
        (tmp_path / "net" / name).mkdir(parents=True)
        (tmp_path / "net" / name / "costs.csv").write_text(FILES["costs.csv"].replace("1000", str(amount)))
    replaced("program.toml", '"costs*.csv"', f'"{tmp_path}/net/*/costs.csv"')(home / "program")
    write_report(home / "program", "2026-Q1", home / "out")
    edition, _ = publish(home / "program", "2026-Q1", home / "out")
    rested_on = [(each["file"], each["rows"]) for each in edition.about["inputs"] if each["table"] == "costs"]
    assert rested_on == [("aws/costs.csv", 1), ("people/costs.csv", 1)]
    assert str(tmp_path) not in (edition.folder / "edition.json").read_text()
    assert remake(edition.folder, home / "program").is_same
    replaced("costs.csv", "400", "500")(tmp_path / "net" / "aws")
    with pytest.raises(ReviewError, match=r"Changed since the report: aws/costs\.csv\."):
        publish(home / "program", "2026-Q1", home / "out")
    remade = remake(edition.folder, home / "program")
    assert [line.partition(":")[0] for line in remade.inputs] == ["aws/costs.csv (costs)"]


def test_shortest_tail_that_tells_files_apart_is_the_name_of_one_elsewhere(tmp_path):
    for name in ("program/in.csv", "a/in.csv", "a/b/x.csv", "c/b/x.csv", "d/y.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    paths = ["in.csv", *(f"{tmp_path}/{name}" for name in ("a/in.csv", "*/b/x.csv", "d/y.csv"))]
    names = editions.names_of(tmp_path / "program", [Export(path=paths)])
    assert sorted(names.values()) == ["a/b/x.csv", "a/in.csv", "c/b/x.csv", "in.csv", "y.csv"]


def test_same_report_makes_no_second_edition(home):
    result = CliRunner().invoke(
        cli.main,
        ["publish", "--program", str(home / "program"), "--quarter", "2026-Q1", "--out", str(home / "out")],
    )
    assert result.exit_code == 0, result.output
    assert "already, as edition 1 of 2026-Q1" in result.output
    assert [each.name for each in (home / "out" / "editions" / "2026-Q1").iterdir()] == ["001"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (corrected, "Changed since the report: costs.csv."),
        (setting, "Changed since the report: program.toml or its SQL."),
        (
            lambda program: (program.parent / "out" / "2026-Q1" / "figures.json").unlink(),
            "has no figures.json",
        ),
        (
            lambda program: replaced("figures.json", "1200.0", "1300.0")(program.parent / "out" / "2026-Q1"),
            "figures.json was changed since the report was made",
        ),
        (
            lambda program: replaced("figures.json", '"registered": 1', '"registered": 9')(
                program.parent / "out" / "2026-Q1"
            ),
            "figures.json was changed since the report was made",
        ),
        (
            lambda program: added("one-pager.html", " Revenue: $29.8K.")(program.parent / "out" / "2026-Q1"),
            "one-pager.html was changed since the report was made",
        ),
    ],
)
def test_report_that_nobody_could_make_again_is_not_published(home, change, named):
    change(home / "program")
    with pytest.raises(ReviewError, match=named):
        publish(home / "program", "2026-Q1", home / "out")
    assert len(editions_of(home / "out", "2026-Q1")) == 1


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (replaced("figures.json", "1200.0", "1300.0"), "figures.json was changed"),
        (lambda folder: (folder / "one-pager.html").unlink(), "one-pager.html is missing"),
        (added("settings/program.toml", "# ?"), "settings/program.toml was changed"),
        (replaced("edition.json", '"rows": 6', '"rows": 7'), "edition.json was changed"),
        (written("edition.json", "{"), "edition.json is missing or broken"),
    ],
)
def test_edition_that_was_changed_is_known(home, change, found):
    change(home / "out" / "editions" / "2026-Q1" / "001")
    [edition] = editions_of(home / "out", "2026-Q1")
    assert edition.changes == (found,)
    quarter = fiscal.quarters([*fiscal.calendar_months(date(2026, 1, 1), date(2026, 3, 31), 1)])[0]
    said = said_of(home / "out", quarter, "Small")
    assert said and said.changes == (f"edition 1 of 2026-Q1 was changed after it was published: {found}",)


def test_page_and_commands_say_that_an_edition_was_changed(home):
    folder = home / "out" / "editions" / "2026-Q1" / "001"
    replaced("figures.json", "1200.0", "1300.0")(folder)
    review = after(home)
    assert notes(review)[0] == (
        "Edition 1 of 2026-Q1 was changed after it was published: figures.json was changed."
    )
    # Nothing is compared with figures that are known to be false.
    assert causes(review) == {}
    where = ["--program", str(home / "program"), "--out", str(home / "out")]
    result = CliRunner().invoke(cli.main, ["publish", *where, "--quarter", "2026-Q1"])
    assert "edition 1 of 2026-Q1 was changed after it was published: figures.json" in result.output
    # The report is published once more, whole, beside what is no longer.
    assert "Published as edition 2 of 2026-Q1" in result.output
    assert json.loads((folder / "figures.json").read_text())["scorecard"]["revenue"]["this"] == 1300.0


def test_edition_in_the_place_of_another_or_gone_is_known_and_not_compared_with(home):
    folder = home / "out" / "editions" / "2026-Q1"
    late(home / "program")
    write_report(home / "program", "2026-Q1", home / "out")
    publish(home / "program", "2026-Q1", home / "out")
    shutil.copytree(folder / "002", folder / "004")
    shutil.copytree(folder / "001", folder.parent / "2025-Q4" / "001")
    shutil.rmtree(folder / "001")
    review = after(home, setting)
    assert review.said
    assert review.said.changes == (
        "edition 4 of 2026-Q1 was changed after it was published: it is edition 2 of 2026-Q1",
        "editions 1, 3 of 2026-Q1 are missing",
    )
    assert notes(review)[0] == (
        "† Program cost vs. value, Q1 2026: first reported as 1.3 : 1 in edition 2; restated: changed settings"
        " (attribution) −0.16."
    )


def test_settings_that_were_changed_in_an_edition_are_not_worked_with(home):
    added("settings/program.toml", "\n")(home / "out" / "editions" / "2026-Q1" / "001")
    assert causes(after(home, setting)) == {"value_ratio": [("changed settings", -0.2)]}


# Whole or not at all


def freeze(out: Path, run: str) -> tuple[Edition, bool]:
    content = {"figures.json": f'{{"run": "{run}"}}'.encode(), "one-pager.html": f"Run {run}, kit".encode()}
    about = {
        "quarter": "2026-Q1",
        "run": run,
        "report": {name: publishing._hash(text) for name, text in content.items()},
    }
    return publishing._freeze(out, about, content, {"program.toml": b"x", "a.sql": b"y"})


@pytest.mark.parametrize("step", range(6))
def test_publishing_that_breaks_off_leaves_nothing(tmp_path, monkeypatch, step):
    steps = iter(range(6))

    def breaks_off(work: Callable) -> Callable:
        def at_a_step(*given: object) -> object:
            if next(steps) == step:
                raise OSError(28, "No space left on device")
            return work(*given)

        return at_a_step

    monkeypatch.setattr(os, "fsync", breaks_off(os.fsync))
    monkeypatch.setattr(Path, "rename", breaks_off(Path.rename))
    with pytest.raises(OSError, match="No space left"):
        freeze(tmp_path, "abc")
    assert list((tmp_path / "editions" / "2026-Q1").iterdir()) == []


def test_of_many_publishers_at_once_each_gets_a_number_and_one_report_one_edition(tmp_path):
    runs = [f"{number // 2}" for number in range(16)]
    threads = [threading.Thread(target=freeze, args=(tmp_path, run)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = editions_of(tmp_path, "2026-Q1")
    assert len(whole) == len([*(tmp_path / "editions" / "2026-Q1").iterdir()])
    assert [edition.number for edition in whole] == list(range(1, len(whole) + 1))
    assert not any(edition.changes for edition in whole)
    assert {edition.about["run"] for edition in whole} == {*runs}


def test_publisher_that_is_killed_leaves_whole_editions_alone(tmp_path):
    code = (
        "import itertools, sys; from pathlib import Path; sys.path.insert(0, 'tests')\n"
        "from test_editions import freeze\n"
        "for run in itertools.count(): freeze(Path(sys.argv[1]), sys.argv[2] + str(run))"
    )
    for number in range(6):
        before = len(editions_of(tmp_path, "2026-Q1"))
        child = subprocess.Popen([sys.executable, "-c", code, str(tmp_path), f"{number}-"], cwd=ROOT)
        while len(editions_of(tmp_path, "2026-Q1")) == before and child.poll() is None:
            time.sleep(0.01)
        time.sleep(0.03 * number)
        child.kill()
        child.wait()
        assert len(editions_of(tmp_path, "2026-Q1")) > before
    found = editions_of(tmp_path, "2026-Q1")
    assert [edition.number for edition in found] == list(range(1, len(found) + 1))
    assert not any(edition.changes for edition in found)


# Made again


def test_edition_made_again_has_the_same_figures_though_files_have_grown_and_settings_changed(home):
    for change in (grown, late, setting):
        change(home / "program")
    remade = remake(home / "out" / "editions" / "2026-Q1" / "001", home / "program")
    assert remade.is_same
    assert remade_text(remade).splitlines() == [
        f"Small, edition 1 of 2026-Q1, run {remade.edition.about['run']}:",
        "The same figures.",
        "Note: costs.csv (costs) has grown; read as far as it went then.",
    ]


def test_edition_says_which_inputs_are_no_longer_the_same_and_which_figures_differ(home):
    corrected(home / "program")
    (home / "program" / "worklogs.csv").unlink()
    folder = home / "out" / "editions" / "2026-Q1" / "001"
    result = CliRunner().invoke(cli.main, ["remake", str(folder), "--program", str(home / "program")])
    assert result.exit_code == 1
    sha256 = {each["file"]: each["sha256"][:12] for each in Edition(folder).about["inputs"]}
    assert f"  worklogs.csv (worklogs): gone; it had {sha256['worklogs.csv']}\n" in result.output
    assert f"  costs.csv (costs): another content, {sha256['costs.csv']} then," in result.output
    assert "  scorecard.value_ratio.this: 1.6 then, 2.0 now\n" in result.output
    assert "  onboarding.cost: 1000.0 then, n/a now\n" in result.output


def test_file_that_was_moved_for_a_new_one_of_its_name_is_the_same(home):
    (home / "program" / "costs.csv").rename(home / "program" / "costs-1.csv")
    written("costs.csv", LATE)(home / "program")
    assert remake(home / "out" / "editions" / "2026-Q1" / "001", home / "program").is_same
    assert causes(after(home)) == {"value_ratio": [("late data (costs)", -0.32)]}


def test_edition_that_cannot_be_made_again_says_which_files_are_gone(home):
    (home / "program" / "calls.csv").unlink()
    replaced("program.toml", '"Small"', '"Other"')(home / "program")
    with pytest.raises(ReviewError) as told:
        remake(home / "out" / "editions" / "2026-Q1" / "001", home / "program")
    assert (
        f"the program in {home / 'program'} is Other; the edition is of Small (--program)\n"
        in f"{told.value}"
    )
    assert "\n  calls.csv (calls): gone; it had " in f"{told.value}"


def test_edition_is_made_again_from_files_that_lie_elsewhere_now(home):
    (home / "program" / "exports").mkdir()
    for name in ("calls", "partners", "costs", "invoices", "attributed", "worklogs"):
        (home / "program" / f"{name}.csv").rename(home / "program" / "exports" / f"{name}.csv")
    replaced("program.toml", 'path = "', 'path = "exports/')(home / "program")
    added("exports/costs.csv", "2026-03-20,people,250,USD\n")(home / "program")
    assert remake(home / "out" / "editions" / "2026-Q1" / "001", home / "program").is_same


def test_edition_is_made_again_from_within_its_folder(home, monkeypatch):
    monkeypatch.chdir(home / "out" / "editions" / "2026-Q1" / "001")
    assert remake(Path(), home / "program").is_same


def test_what_is_no_edition_is_not_made_again(tmp_path):
    result = CliRunner().invoke(cli.main, ["remake", str(tmp_path), "--program", str(tmp_path)])
    assert result.exit_code == 1
    assert "is no edition: it has no edition.json" in result.output
