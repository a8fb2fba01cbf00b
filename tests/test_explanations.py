"""From a figure to its rows, as text and as a notebook's block."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from worked_out import EVIL, FILES, write_program

from kit import cli, explain, open_program
from kit.errors import ReviewError
from kit.explanation import Explanation, Section, Table
from kit.explore import ExploredProgram
from kit.notes import LABELS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> ExploredProgram:
    return open_program(write_program(tmp_path_factory.mktemp("explained")), "2026-Q2")


@pytest.mark.parametrize(
    ("figure", "this", "last"),
    [
        (
            "revenue",
            "sum of $1,000.00 = 1,000, on the page $1,000.",
            "sum of $500.00 = 500, on the page $500.",
        ),
        (
            "cost_per_partner",
            "$1,050.00 ÷ 1 = 1,050, on the page $1,050.",
            "$200.00 ÷ 1 = 200, on the page $200.",
        ),
        ("activation_rate", "3 ÷ 4 = 0.75, on the page 75.0%.", "2 ÷ 2 = 1, on the page 100%."),
        (
            "value_ratio",
            "($1,000.00 direct + $250.00 attributed + $9.00 avoided) ÷ $460.00 = 2.73695652173913…, on the page 2.7",
            "($500.00 direct + $50.00 attributed + $6.00 avoided) ÷ $500.00 = 1.112, on the page 1.1 : 1.",
        ),
        (
            "growth_rate",
            "(3 ÷ 2) ^ (1/3) − 1 = 0.144714242553332…",
            "(2 ÷ 1) ^ (1/3) − 1 = 0.259921049894873…",
        ),
    ],
)
def test_formula_has_the_numbers_in_it(program, figure, this, last):
    said = " ".join(str(explain(program, figure)).split())
    assert f"This quarter, 2026-Q2: {this}" in said
    assert f"Last quarter, 2026-Q1: {last}" in said


def test_rows_behind_the_cost_per_partner_are_there(program):
    text = str(explain(program, "cost_per_partner"))
    assert re.search(r"c +\+1 +2026-05-15 +1\.5 +\$150\.00", text)  # live in the quarter, with its own hours
    assert re.search(r"engineer +support +\$200\.00 +4\.5 +\$900\.00", text)  # for no partner in particular
    assert re.search(r"worklogs +3 +0 +2\n", text)  # used, of nobody, and of the quarter
    assert re.search(r"worklogs +worklogs\.csv +2026-02-01 +2026-05-10", text)
    assert re.search(r"engineer +2026-05-01 +\$200\.00", text)
    assert "invoices" not in text


def test_rows_left_out_have_reasons(program):
    assert re.search(r"invoices +left out +void +1\n", str(explain(program, "revenue")))


def test_rows_of_the_quarter_are_those_that_its_figures_are_made_of(program):
    # Lines 1, 2 and 3; not 4, of February, nor 5, which is void. Calls from April to June.
    assert re.search(r"invoices +4 +0 +3\n", str(explain(program, "revenue")))
    assert re.search(r"calls +11 +0 +6\n", str(explain(program, "growth_rate")))


def test_rows_by_month_are_invoice_lines(tmp_path):
    folder = write_program(tmp_path)
    more = "6,c,usage,10.00,USD,2026-06-10,,,paid\n7,c,usage,20.00,USD,2026-06-11,,,paid\n"
    (folder / "invoices.csv").write_text(FILES["invoices_csv"] + more)
    text = str(explain(open_program(folder, "2026-Q2"), "revenue"))
    assert re.search(r"2026-06-01 +subscription +1 +\$300\.00", text)
    assert re.search(r"2026-06-01 +usage +3 +\$0\.00", text)  # −30 + 10 + 20


def test_rows_of_nobody_that_are_in_the_sum_are_not_left_out(tmp_path):
    folder = write_program(tmp_path)
    more = "6,x@y.example,usage,10.00,USD,2026-06-10,,,paid\n7,stranger,usage,5.00,USD,2026-06-10,,,draft\n"
    (folder / "invoices.csv").write_text(FILES["invoices_csv"] + more)
    text = str(explain(open_program(folder, "2026-Q2"), "revenue"))
    assert "sum of $1,010.00" in text
    assert re.search(r"…mple \([0-9a-f]{16}\) +\(not in the registry\) +\$10\.00", text)
    assert re.search(r"invoices +5 +1 +4\n", text)
    assert "leads to no partner" not in text
    assert re.search(r"invoices +left out +draft +1\n", text)


def test_calls_that_do_not_count_are_not_in_the_quarter(tmp_path):
    folder = write_program(tmp_path)
    more = "2026-06-20T12:00:00Z,stranger,production,200,order\n2026-06-20T12:00:00Z,t,production,200,order\n"
    (folder / "calls.csv").write_text(FILES["calls_csv"] + more)
    partners = FILES["partners_csv"].replace("registered_at\n", "registered_at,is_test\n")
    lines = partners.splitlines()
    tested = [lines[0], *(f"{line},false" for line in lines[1:]), "t,Test,2026-01-01,true"]
    (folder / "partners.csv").write_text("\n".join(tested) + "\n")
    text = str(explain(open_program(folder, "2026-Q2"), "growth_rate"))
    assert re.search(r"calls +11 +0 +6\n", text)
    assert re.search(r"calls +unmatched +leads to no partner in the registry +1\n", text)


def test_names_are_text_in_a_notebook(program):
    block = explain(program, "revenue")._repr_html_()
    assert "=HYPERLINK(&quot;http://x&quot;,&quot;y&quot;)" in block
    assert EVIL in str(explain(program, "revenue"))


@given(st.text(max_size=60), st.text(max_size=60))
@settings(derandomize=True, max_examples=60, deadline=None)
def test_no_text_moves_the_cursor_or_opens_a_tag(name, other):
    table = Table(("name",), ((name,), ("\x1b[2J\u202e",)), frozenset())
    found = Explanation(other, (Section(name, (other,), table),))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", str(found))
    tags = set(re.findall(r"</?([^ />]*)", found._repr_html_()))
    assert tags <= {"div", "h3", "h4", "table", "tr", "th", "td"}


def test_absent_figure_says_why(tmp_path):
    told = str(explain(open_program(write_program(tmp_path, without=("costs",)), "2026-Q2"), "value_ratio"))
    assert "This quarter, 2026-Q2: n/a, needs the costs export." in told
    assert "Trend: n/a, this quarter is not available." in told


def test_other_names_get_the_five(program):
    with pytest.raises(
        ReviewError, match=r"'cost' is not one of the five figures\. Allowed: revenue, cost_per_"
    ):
        explain(program, "cost")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["2026-Q2", "growth_rate"], 0, "Who came and went over the quarter"),
        (
            ["2026-Q2", "growth"],
            2,
            "Allowed: revenue, cost_per_partner, activation_rate, value_ratio, growth_rate.",
        ),
        (["Q2", "revenue"], 2, "'Q2' is not a quarter. Write it like 2026-Q3."),
        (["2031-Q2", "revenue"], 1, "2031-Q2 is not in the data"),
    ],
)
def test_command_explains_or_says_what_is_allowed(tmp_path: Path, arguments, code, said):
    folder = write_program(tmp_path)
    result = CliRunner().invoke(cli.main, ["explain", *arguments, "--program", str(folder)])
    assert result.exit_code == code
    assert said in " ".join(result.output.split())


@pytest.mark.parametrize("figure", LABELS)
@pytest.mark.parametrize("name", ["northgate", "meridian"])
def test_samples_explain_every_figure(name, figure):
    folder = Path(__file__).parent.parent / "data" / "samples" / name
    found = str(explain(open_program(folder), figure))
    assert "n/a" not in found.split("Rows counted")[0]
    assert max(map(len, found.splitlines())) < 160
