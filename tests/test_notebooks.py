"""The analyst's notebooks run on both samples, and show what they say."""

from pathlib import Path

import papermill
import pytest

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "data" / "samples"


def shown(notebook: str, program: str, to: Path) -> str:
    """All that a notebook shows of a sample, as text; its run must be without an error."""
    ran = papermill.execute_notebook(
        ROOT / "notebooks" / notebook,
        to / notebook,
        {"program": str(SAMPLES / program)},
        progress_bar=False,
        cwd=ROOT,
    )
    outputs = [output for cell in ran.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [
        output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"
    ]
    return "\n".join(str(text) for output in outputs for text in output.get("data", {}).values())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "said"),
    [
        # Figures of the bridge's ends stand in the samples' own account of unrealized revenue, summed over the year.
        (
            "northgate",
            ["$204K is expected", "204,327.43", "Umber Markets would pay most", "paid back in 5 months"],
        ),
        ("meridian", ["€30.8K is expected", "30,757.28", "Vantage Retail is hit hardest", "over-billed"]),
    ],
)
def test_pricing_lab_answers_on_the_samples(program, said, tmp_path):
    told = shown("pricing_lab.ipynb", program, tmp_path)
    assert [text for text in said if text not in told] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "said"),
    [
        # 32 active partners in June and 42 in September, of the samples' own account.
        ("northgate", ["+9.5% a month", "= 42", "Umber Markets", "four in five"]),
        ("meridian", ["+5.6% a month", "= 40", "Summit Markets", "four in five"]),
    ],
)
def test_growth_answers_on_the_samples(program, said, tmp_path):
    told = shown("growth.ipynb", program, tmp_path)
    assert [text for text in said if text not in told] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "said"),
    [
        (
            "northgate",
            ["first API call to production: 28 partners, 37.8%", "36.2% of all partners", "2026-Q1, 38.5%"],
        ),
        ("meridian", ["first API call to production: 21 partners, 31.8%", "45.0% of all partners"]),
    ],
)
def test_activation_answers_on_the_samples(program, said, tmp_path):
    told = shown("activation.ipynb", program, tmp_path)
    assert [text for text in said if text not in told] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "said"),
    [
        # The quarter's and the months' revenue are those of the samples' own account.
        ("northgate", ["not billed: $1.83M in the quarter, +22.6%", "306,108.28", "660,440.94"]),
        ("meridian", ["Recognised revenue: €166K in the quarter, +10.6%", "59,037.29", "Summit Markets"]),
    ],
)
def test_revenue_answers_on_the_samples(program, said, tmp_path):
    told = shown("revenue.ipynb", program, tmp_path)
    assert [text for text in said if text not in told] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "said"),
    [
        (
            "northgate",
            ["1,161.42", "10 partners this quarter with a team of 4.0; a year ago 2", "$58.1K at today"],
        ),
        ("meridian", ["1,417.44", "6 partners this quarter with a team of 5.0; a year ago 2"]),
    ],
)
def test_onboarding_answers_on_the_samples(program, said, tmp_path):
    told = shown("onboarding.ipynb", program, tmp_path)
    assert [text for text in said if text not in told] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("program", "said"),
    [
        # The quarter's ratio, low, high and on direct revenue are those of the samples' own account.
        ("northgate", ["2.4 : 1: 1.5 : 1 if every", "3.4 : 1 at its high", "and 0 : 1 on direct"]),
        ("meridian", ["2.9 : 1: 2.2 : 1 if every", "3.5 : 1 at its high", "and 1.8 : 1 on direct"]),
    ],
)
def test_value_answers_on_the_samples(program, said, tmp_path):
    told = shown("value.ipynb", program, tmp_path)
    assert [text for text in said if text not in told] == []


@pytest.mark.slow
@pytest.mark.parametrize("program", ["northgate", "meridian"])
def test_check_exports_shows_the_ledger_of_the_samples(program, tmp_path):
    assert "unmatched" in shown("check_exports.ipynb", program, tmp_path)
