"""What is not exported is not zero: exports that end before the quarter, and what rests on them or is withheld."""

import pytest

from kit import charts, checks, frames, review

pytestmark = pytest.mark.slow

MONTHS = [f"2026-{month:02}" for month in range(1, 10)]
PARTNERS = "partner_id,name,registered_at\nacme,Acme,2025-12-01\nother,Other,2025-12-01\n"
DAYS = [f"{month}-{day:02}" for month in MONTHS for day in range(1, 29, 3)]
SETTINGS = """
[attribution]
low = 0.1
base = 0.5
high = 0.5
[[pricing]]
case = "List"
base = true
assign = "cheapest"
conversion = 1.0
[[pricing.plan]]
name = "Pro"
fee = 150
included = 100000
"""
BLOCKS = {table: f'path = "{table}.csv"' for table in ("invoices", "costs", "attributed")}


def lines(head, row, months=MONTHS):
    return "\n".join([head, *(row.format(month=month) for month in months)]) + "\n"


def program(program_folder, stage="monetized", ends=None, strangers=0):
    """A program that costs 100 a month, bills Acme 200 and drives 100, half of it credited: 2.5 for one.

    `ends` says how many of the nine months an export has; `strangers` are calls a day that lead to nobody.
    """
    ends = ends or {}
    own = [f"{day}T12:00:00Z,acme,production,200" for day in DAYS]
    others = [
        f"{day}T13:00:0{n}Z,who,production,200" for day in DAYS if day > "2026-06" for n in range(strangers)
    ]
    folder = program_folder(
        BLOCKS,
        SETTINGS,
        partners_csv=PARTNERS,
        calls_csv="\n".join(["called_at,partner_id,environment,status", *own, *others]) + "\n",
        invoices_csv=lines(
            "line_id,partner_id,kind,amount,currency,invoiced_at,status",
            "L{month},acme,subscription,200,USD,{month}-01,paid",
            MONTHS[: ends.get("invoices")],
        ),
        costs_csv=lines("date,category,amount,currency", "{month}-15,tooling,100,USD"),
        attributed_csv=lines(
            "date,partner_id,amount,currency", "{month}-20,acme,100,USD", MONTHS[: ends.get("attributed")]
        ),
    )
    settings = folder / "program.toml"
    settings.write_text(settings.read_text().replace('"monetized"', f'"{stage}"'))
    return folder


def test_value_is_all_that_was_exported(program_folder):
    made = review.open_review(program(program_folder), "2026-Q3")
    assert made.metric("value_ratio").this == 2.5
    assert made.found == ()
    assert review.message(made).startswith("The program returns an estimated 2.5 times its cost. ")


@pytest.mark.parametrize(
    ("table", "why", "touched"),
    [
        ("invoices", "the invoices end on 1 June 2026", ("revenue", "value_ratio")),
        ("attributed", "the attributed amounts end on 20 June 2026", ("value_ratio",)),
    ],
)
def test_value_lacks_a_part_whose_export_ends_before_the_quarter(program_folder, table, why, touched):
    folder = program(program_folder, ends={table: 6})
    made = review.open_review(folder, "2026-Q3")
    value = made.metric("value_ratio")
    assert (value.this, value.why_this, value.last) == (None, why, 2.5)
    assert "returns" not in review.message(made)
    assert review.figures(made)["value"] == dict.fromkeys(("total", "direct", "attributed", "avoided"))
    picture = charts.unless_withheld(value, "the picture").to_dict()["title"]
    assert (picture["text"], picture["subtitle"]) == (
        "Program cost vs. value is not available",
        [f"T{why[1:]}"],
    )
    [finding] = checks.check_exports(folder, "2026-Q3").findings
    assert (finding.severity, finding.figures) == ("mark", touched)


def test_nothing_is_unrealized_and_no_month_is_zero_where_invoices_end_before_the_quarter(program_folder):
    made = review.open_review(program(program_folder, ends={"invoices": 6}), "2026-Q3")
    assert review.unrealized_sentences(made)[1:] == (
        "Unrealized revenue: n/a",
        "the invoices end on 1 June 2026",
    )
    figures = review.figures(made)
    assert figures["unrealized"]["amount"] is None
    assert figures["unrealized"]["cases"] == {"List": None}
    assert [month["revenue"] for month in figures["months"]][-4:] == [200, None, None, None]
    assert [month["unrealized"] for month in figures["months"]][-4:] == [0, None, None, None]
    drawn = charts.revenue(frames.revenue_parts(made.con, made.quarter), "USD").to_dict()
    assert drawn["title"]["text"] == "Monthly revenue is where it stood in January"


def test_before_a_program_bills_an_old_invoice_withholds_nothing(program_folder):
    made = review.open_review(program(program_folder, "pre-monetization", {"invoices": 3}), "2026-Q3")
    assert made.metric("value_ratio").this == 0.5
    assert review.unrealized(made)["amount"] == 150


def test_month_that_ends_early_within_the_quarter_marks_the_page_and_its_headline(program_folder):
    made = review.open_review(program(program_folder, ends={"invoices": 7}), "2026-Q3")
    assert made.in_doubt == {"revenue", "value_ratio", "unrealized"}
    # 200 billed and 150 attributed for 300 of cost.
    assert review.message(made).startswith(
        "The program returns an estimated 1.2 times its cost (in doubt ‡). "
    )
    assert review.unrealized_sentences(made)[1] == "$150 a month in unrealized revenue (in doubt ‡)"


def test_usage_under_its_limit_is_told_nowhere(program_folder):
    made = review.open_review(program(program_folder, strangers=2), "2026-Q3")
    used, amount, why = review.unrealized_sentences(made)
    assert (used, amount) == ("", "Unrealized revenue: n/a")
    assert why.startswith("withheld: only 33.3% of calls lead to a partner")
    assert review.plan_names(made)["active_partners"] == "n/a"
    drawn = frames.revenue_parts(made.con, made.quarter).filter("is_estimate")
    assert max(drawn["name"]) == "2026-06"
    figures = review.figures(made)
    assert set(figures["funnel"].values()) == {None}
    assert [month["calls"] for month in figures["months"]][-4:] == [10, None, None, None]
    assert {figures["unrealized"][name] for name in ("partners", "calls", "amount", "low", "high")} == {None}


def test_empty_exports_are_said_to_be_there_and_empty(program_folder):
    folder = program(program_folder)
    for table in ("invoices", "costs"):
        file = folder / f"{table}.csv"
        file.write_text(file.read_text().splitlines()[0] + "\n")
    made = review.open_review(folder, "2026-Q3")
    assert made.metric("revenue").why_this == "the invoices export holds no rows"
    assert made.metric("value_ratio").why_this == "the costs export holds no rows"
    assert review.unrealized_sentences(made)[2] == "the invoices export holds no rows"
    assert [(each.severity, each.what) for each in checks.check_exports(folder, "2026-Q3").findings] == [
        ("mark", "costs: the export holds no rows."),
        ("mark", "invoices: the export holds no rows."),
    ]


def test_export_that_could_not_be_read_is_not_called_empty(program_folder):
    folder = program(program_folder)
    (folder / "costs.csv").write_text("date,category,amount,currency\nnever,people,1,USD\n")
    found = checks.check_exports(folder, "2026-Q3").findings
    assert "costs: the export holds no rows." not in [each.what for each in found]
    assert found[0].severity == "stop"
