"""A program opened for questions of one's own, and the five metrics by group of partners."""

import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from conftest import add, made, set_up
from hypothesis import given
from hypothesis import strategies as st

from kit import metrics, quarters
from kit.errors import ReviewError
from kit.explore import GROUPS, ExploredProgram, by_group, open_program, shares_of

pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parent.parent / "data" / "samples"
ADDING = ("revenue", "onboarded", "onboarding_cost", "registered", "production", "value", "cost", "calls")
ADDING += ("active_before", "active_partners")


@pytest.fixture
def explored(con):
    """The program of what a test added, in a quarter."""

    def build(quarter="2026-Q1"):
        for day in ("2025-10-01", "2026-03-31"):
            add(con, "calls", called_at=f"{day} 12:00:00+00", partner_id="nobody")
        made(con)
        return ExploredProgram(con, quarters.all_quarters(con)[quarter])

    return build


# Tables by their own names


def test_tables_stand_under_their_own_names(con, explored):
    add(con, "partners", partner_id="acme")
    program = explored()
    assert program.partners["partner_id"].to_list() == ["acme"]
    assert {"partners", "registry", "production_usage", "stages", "sql", "quarter"} <= set(dir(program))
    with pytest.raises(AttributeError, match=r"no table 'partner'\. program\.tables\(\) lists them"):
        _ = program.partner


def test_every_table_says_what_it_holds(explored):
    told = explored().tables()
    assert told.filter(pl.col("what") == "")["table"].to_list() == []
    assert told.filter(pl.col("table") == "partners")["what"].item() == "One row per partner."
    assert told.filter(pl.col("table") == "stages")["what"].item().startswith("When did each partner reach")


def test_columns_have_types(explored):
    columns = explored().columns("stages")
    assert columns.row(0) == ("partner_id", "VARCHAR")
    with pytest.raises(ReviewError, match="There is no table 'stage'"):
        explored().columns("stage")


def test_any_question_is_asked_in_sql(con, explored):
    for name, segment in (("a", "shop"), ("b", "shop"), ("c", "bank")):
        add(con, "partners", partner_id=name, segment=segment)
    asked = explored().sql(
        "select segment, count(*) as partners from registry where segment <> $but group by all", but="bank"
    )
    assert asked.rows() == [("shop", 2)]


# By group


def use(con, partner, month, calls=1, **call):
    add(con, "calls", called_at=f"{month}-10 12:00:00+00", partner_id=partner, calls=calls, **call)


def test_metrics_of_each_segment(con, explored):
    for name, segment in (("a", "shop"), ("b", "shop"), ("c", "bank"), ("d", None)):
        add(con, "partners", partner_id=name, segment=segment)
    use(con, "a", "2025-12")
    use(con, "a", "2026-03", calls=3)
    use(con, "b", "2026-03", calls=1)
    add(con, "invoices", partner_id="a", amount=70)
    add(con, "invoices", partner_id="gone", amount=5)
    add(con, "rates")
    add(con, "worklogs", partner_id="b", hours=4)
    add(con, "worklogs", partner_id=None, hours=1)
    add(con, "costs", amount=100)
    rows = {row["segment"]: row for row in by_group(explored(), "segment").to_dicts()}
    assert list(rows) == ["shop", "(none)", "bank", "(no partner)", "All partners"]
    shop = rows["shop"]
    assert (shop["registered"], shop["production"], shop["activation_rate"]) == (2, 2, 1.0)
    # One of them in December, two in March; one new to production, with four hours at a hundred.
    assert (shop["active_before"], shop["active_partners"], shop["growth_rate"]) == (
        1,
        2,
        pytest.approx(2 ** (1 / 3) - 1),
    )
    assert (shop["onboarded"], shop["cost_per_partner"]) == (1, 400)
    assert (shop["revenue"], shop["cost"], shop["value_ratio"]) == (70, 100, 0.7)
    assert (rows["bank"]["activation_rate"], rows["bank"]["growth_rate"], rows["bank"]["value_ratio"]) == (
        0,
        None,
        None,
    )
    assert (rows["(no partner)"]["revenue"], rows["(no partner)"]["onboarding_cost"]) == (5, 100)
    assert (rows["All partners"]["revenue"], rows["All partners"]["cost_per_partner"]) == (75, 500)


def test_product_of_a_partner_is_the_one_it_used_most(con, explored):
    for name in ("a", "b", "idle"):
        add(con, "partners", partner_id=name)
    use(con, "a", "2026-01", calls=5, product="orders")
    use(con, "a", "2026-02", calls=3, product="rates")
    use(con, "a", "2026-02", calls=9, product="rates", environment="sandbox")
    use(con, "a", "2026-02", calls=9, product="rates", status=500)
    use(con, "b", "2026-02", product="rates")
    told = by_group(explored(), "product").select("product", "calls", "registered")
    assert told.rows() == [("(none)", 0, 1), ("orders", 8, 1), ("rates", 1, 1), ("All partners", 9, 3)]


def test_cost_is_not_given_where_nothing_shares_it(con, explored):
    add(con, "partners", partner_id="a", region="north")
    add(con, "costs", amount=100)
    told = by_group(explored(), "region")
    assert told.select("region", "cost", "value_ratio").rows() == [
        ("north", None, None),
        ("All partners", 100, None),
    ]


def test_grouping_that_partners_do_not_have_is_refused(explored):
    with pytest.raises(
        ReviewError, match=r"'colour' is no grouping of partners\. Allowed: segment, plan, region, product"
    ):
        by_group(explored(), "colour")


@pytest.mark.parametrize("sample", ["northgate", "meridian"])
def test_groups_add_up_to_the_pages_figures(sample):
    program = open_program(SAMPLES / sample)
    five = {metric.key: metric.this for metric in metrics.scorecard(program.con, program.quarter)}
    for by in GROUPS:
        told = by_group(program, by)
        every, groups = told.tail(1).to_dicts()[0], told.head(-1)
        assert {name: sum(groups[name].to_list()) for name in ADDING} == {
            name: every[name] for name in ADDING
        }
        assert Fraction(every["revenue"]) == Fraction(five["revenue"])
        assert every["cost_per_partner"] == pytest.approx(
            Decimal(round(five["cost_per_partner"] * 10**12)) / 10**12
        )
        assert every["activation_rate"] == pytest.approx(float(five["activation_rate"]))
        assert every["value_ratio"] == pytest.approx(float(five["value_ratio"]))
        assert every["growth_rate"] == pytest.approx(float(five["growth_rate"]))


@given(st.decimals(0, 10**9, places=12), st.lists(st.integers(0, 10**6), min_size=1, max_size=8))
def test_shares_add_up_exactly(total, weights):
    parts = shares_of(total, weights)
    if not sum(weights):
        assert parts is None
        return
    assert sum(parts) == total
    assert all(
        abs(Fraction(part) - Fraction(total) * weight / sum(weights)) <= Fraction(1, 10**12)
        for part, weight in zip(parts, weights, strict=True)
    )


def test_program_opens_for_its_last_complete_quarter():
    program = open_program(SAMPLES / "northgate")
    assert repr(program).startswith("<Northgate Partner API, 2026-Q3: ")
    assert (program.currency, program.is_monetized) == ("USD", False)
    assert program.scorecard[0].key == "revenue"


def test_transactions_are_revenue_before_monetization(con, explored):
    set_up(con, stage="pre-monetization")
    add(con, "partners", partner_id="acme", plan="Basic")
    add(con, "transactions", amount=12)
    assert by_group(explored(), "plan").select("plan", "revenue").rows() == [
        ("Basic", 12),
        ("All partners", 12),
    ]


def test_groups_have_no_figure_that_the_page_has_not(con):
    add(con, "partners", partner_id="a", segment="shop")
    use(con, "a", "2025-12")
    add(con, "calls", called_at="2026-01-10 12:00:00+00", partner_id="nobody")
    add(con, "costs", amount=10, date="2026-01-05")
    add(con, "attribution", low=1, base=1, high=1)
    add(con, "attributed", partner_id="a", amount=100, date="2026-01-05")
    made(con)
    program = ExploredProgram(con, quarters.all_quarters(con)["2026-Q1"])
    for row in by_group(program, "segment").to_dicts():
        # No invoices, no work logs, and calls that end in January.
        figures = ("revenue", "cost_per_partner", "value_ratio", "growth_rate")
        assert [row[name] for name in figures] == [None] * 4


def test_program_without_a_rate_is_not_opened(program_folder):
    text = "date,category,amount,currency\n2026-02-10,people,10,EUR\n"
    with pytest.raises(ReviewError, match=r"(?s)Rates are missing.*costs, 2026-02: 1 row of 'EUR'"):
        open_program(program_folder({"costs": 'path = "c.csv"'}, c_csv=text), "2026-Q1")


# As an analyst begins


def test_names_stand_on_tab():
    import kit

    assert {"open_program", "by_group", "revenue", "onboarding", "activation", "value", "growth"} <= set(
        dir(kit)
    )
    for name in dir(kit):
        assert getattr(kit, name).__doc__
    with pytest.raises(AttributeError, match="has no attribute 'revenu'"):
        _ = kit.revenu


def test_question_in_the_readme_is_answered(monkeypatch):
    root = Path(__file__).parent.parent
    monkeypatch.chdir(root)
    [code] = re.findall(r"```python\n(.*?)```", (root / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    *lines, by_segment, by_plan = code.strip().splitlines()
    names: dict[str, object] = {}
    exec("\n".join(lines), names)
    assert eval(by_segment, names).tail(1).rows() == [("All partners", 127, 46, pytest.approx(46 / 127))]
    told = eval(by_plan, names)
    assert told["production"].sum() == 46
