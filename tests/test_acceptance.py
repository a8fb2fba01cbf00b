"""Whole programs whose figures were worked out apart from this code."""

import json
from pathlib import Path

import pytest

from kit import review

ROOT = Path(__file__).parent.parent
ACCEPTANCE = ROOT.parent / "shared" / "acceptance"
SAMPLES = ROOT / "data" / "samples"
MONEY = {"revenue", "cost_per_partner"}
RATES = {"activation_rate", "growth_rate", "value_ratio"}


def expectations():
    """Each program's folder, a quarter of it, and the figures expected."""
    for file in sorted(ACCEPTANCE.glob("*/expected.json")):
        expected = json.loads(file.read_text())
        yield pytest.param(
            file.parent, expected["quarter"], expected, id=f"{file.parent.name} {expected['quarter']}"
        )
    for file in sorted(SAMPLES.glob("*/expected.json")):
        quarters = json.loads(file.read_text())["quarters"]
        for quarter, expected in quarters.items():
            marks = [] if quarter == max(quarters) else [pytest.mark.slow]  # a sample takes seconds to read
            yield pytest.param(
                file.parent, quarter, expected, id=f"{file.parent.name} {quarter}", marks=marks
            )


def leaves(node, path=()):
    """Every leaf with its path; months go by their name."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from leaves(value, (*path, key))
    elif isinstance(node, list):
        for item in node:
            yield from leaves(item, (*path, item.get("month") or item.get("name")))
    else:
        yield path, node


def tolerance(path):
    is_rate = path[0] == "scorecard" and (path[1] in RATES or path[-1] == "trend")
    return 1e-6 if is_rate or path[0] == "funnel" else 0.006


@pytest.mark.parametrize(("folder", "quarter", "expected"), list(expectations()))
def test_every_figure_is_as_expected(folder, quarter, expected):
    actual = dict(leaves(review.figures(review.open_review(folder, quarter))))
    wrong = []
    for path, value in leaves(expected):
        got = actual.get(path, "no such figure")
        is_number = isinstance(value, int | float) and isinstance(got, int | float)
        if abs(value - got) > tolerance(path) if is_number else value != got:
            wrong.append(f"{'.'.join(map(str, path))}: expected {value}, got {got}")
    assert not wrong, "\n".join(wrong)
