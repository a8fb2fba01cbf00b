"""What moved since last quarter's page, and why."""

from fractions import Fraction

import pytest

from kit.editions import published_figures, restatements
from kit.metrics import Metric

NOW = {
    "settings": "s1",
    "kit": "1",
    "files": {"worklogs": {"w1.csv": "a"}, "calls": {"c1": "x"}, "costs": {"k": "1"}},
}


def metric(last: float | None, key: str = "cost_per_partner") -> Metric:
    figure = None if last is None else Fraction(last)
    return Metric(key, "money", Fraction(1), figure, None, "", "", "", (), "B")


def page(this: float | None, **changes: object) -> dict:
    return {"scorecard": {"cost_per_partner": {"this": this}}, "inputs": NOW | changes}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"settings": "s0"}, "changed settings"),
        ({"kit": "0"}, "changed definition (new version of the kit)"),
        ({"files": NOW["files"] | {"worklogs": {"w1.csv": "b"}}}, "corrected source (worklogs)"),
        ({"files": NOW["files"] | {"worklogs": {}}}, "late data (worklogs)"),
        ({"files": {"worklogs": {"w1.csv": "a"}, "costs": {"k": "1"}}}, "late data (calls)"),
        # Costs have no part in this figure.
        ({"files": NOW["files"] | {"costs": {"k": "0"}}}, "reason unknown"),
        (
            {"settings": "s0", "files": NOW["files"] | {"worklogs": {"w1.csv": "b"}}},
            "corrected source (worklogs); changed settings",
        ),
    ],
)
def test_reason_is_what_changed_between_the_two_pages(changes, reason):
    [restated] = restatements((metric(110),), NOW, page(100, **changes))
    assert (restated.reported, restated.reason) == (100, reason)


@pytest.mark.parametrize(("last", "reported"), [(100, 100), (100.04, 100), (None, 100), (100, None)])
def test_figure_that_reads_the_same_or_is_missing_is_not_restated(last, reported):
    assert restatements((metric(last),), NOW, page(reported, settings="s0")) == ()


def test_without_an_earlier_page_nothing_is_restated(tmp_path):
    assert published_figures(tmp_path, "2026-Q2") is None
    assert restatements((metric(110),), NOW, None) == ()
