"""Whether exports can be trusted: every row accounted for, and what makes a number wrong."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from kit import checks
from kit.check_text import WIDTH, check_text
from kit.cli import main
from kit.doubts import Finding, in_order

pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parent.parent / "data" / "samples"
HEAD = "called_at,partner_id,environment,status,operation,request_id\n"
PARTNERS = "partner_id,name,registered_at,is_test\nacme,Acme,2025-01-01,\nlab,Lab,2025-01-01,true\n"
FATES = [*checks.FATES]


def calls(days, partner="acme", each=12, operation="order", mark=""):
    """So many calls on each day, each with a request of its own."""
    return "".join(
        f"{day}T12:00:{number:02}Z,{partner},production,200,{operation},{mark}{partner}-{day}-{number}\n"
        for day in days
        for number in range(each)
    )


def days(first, last):
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [start + timedelta(days=number) for number in range((end - start).days + 1)]


TWO_QUARTERS = days("2026-01-01", "2026-06-30")


@pytest.fixture
def checked(program_folder):
    """A builder of program folders that checks what it builds; calls on every day of two quarters unless given."""

    def build_and_check(blocks=None, extra="", quarter="2026-Q2", **files):
        texts = {"partners_csv": PARTNERS, "calls_csv": HEAD + calls(TWO_QUARTERS)} | files
        return checks.check_exports(program_folder(blocks, extra, **texts), quarter)

    return build_and_check


def fates(check, table, file):
    """What became of a file's rows, those that none came to left out."""
    row = (
        checks.ledger(check)
        .filter((checks.pl.col("table") == table) & (checks.pl.col("file") == file))
        .to_dicts()[0]
    )
    assert row["read"] == sum(row[fate] for fate in FATES)
    return {name: row[name] for name in ("read", *FATES) if row[name]}


def problems(check):
    return [(problem.what, problem.figures) for problem in check.problems]


# The ledger


def test_every_call_comes_to_one_fate(checked):
    text = HEAD + calls(TWO_QUARTERS)
    text += calls(["2026-04-01"])  # the same requests again
    text += (
        calls(["2026-04-01"], "lab")
        + calls(["2026-04-01"], "nobody")
        + calls(["2026-04-01"], operation="health", mark="h")
    )
    text += "never,acme,production,200,order,x\n"
    extra = '[exclude]\noperation = ["health"]\n'
    check = checked(extra=extra, calls_csv=text)
    assert fates(check, "calls", "calls.csv") == {
        "read": 12 * 181 + 4 * 12 + 1, "rejected": 1, "duplicate": 12, "left out": 12, "test": 12, "unmatched": 12,
        "used": 12 * 181,
    }  # fmt: skip


def test_every_row_of_money_comes_to_one_fate(checked):
    line = "{},{},usage,10,USD,2026-02-01,{}\n"
    lines = [
        ("a", "acme", "paid"),
        ("a", "acme", "paid"),
        ("b", "acme", "draft"),
        ("c", "lab", "paid"),
        ("d", "who", "open"),
    ]
    text = "line_id,partner_id,kind,amount,currency,invoiced_at,status\n" + "".join(
        line.format(*each) for each in lines
    )
    check = checked({"invoices": 'path = "i.csv"'}, i_csv=text)
    expected = {"read": 5, "duplicate": 1, "left out": 1, "test": 1, "unmatched": 1, "used": 1}
    assert fates(check, "invoices", "i.csv") == expected
    assert ("invoices", "left out", "draft", 1) in checks.reasons(check).rows()


def test_rows_that_the_preset_leaves_out_are_counted(checked):
    head = "Client,Task,Start date,End date,Duration,Tags\n"
    text = (
        head
        + "acme,Support,2026-02-01,2026-02-01,01:00:00,engineer\nacme,Support,2026-02-02,,00:00:00,engineer\n"
    )
    rate = '[[rate]]\nrole = "engineer"\nhourly = 1\nfrom = 2026-01-01\n'
    check = checked({"worklogs": 'path = "w.csv"\npreset = "toggl"'}, rate, w_csv=text)
    assert fates(check, "worklogs", "w.csv") == {"read": 2, "left out": 1, "used": 1}


def test_file_with_the_content_of_another_is_all_duplicates(checked):
    text = HEAD + calls(TWO_QUARTERS)
    check = checked({"calls": 'path = ["calls.csv", "again.csv"]'}, calls_csv=text, again_csv=text)
    assert fates(check, "calls", "calls.csv") == {"read": 2172, "duplicate": 2172}
    assert fates(check, "calls", "again.csv") == {"read": 2172, "used": 2172}


def test_row_that_makes_two_is_one_row(checked):
    head = "date,partner_id,calls,errors\n"
    text = head + "".join(f"{day},acme,20,5\n" for day in TWO_QUARTERS)
    block = 'path = "calls.csv"\npreset = "daily"\nset = { environment = "production" }'
    check = checked({"calls": block}, calls_csv=text)
    assert fates(check, "calls", "calls.csv") == {"read": 181, "used": 181}


def test_rows_of_a_select_of_ones_own_stand_under_its_name(checked, tmp_path):
    (tmp_path / "own.sql").write_text(
        "select called_at, partner_id, environment, status, sum(1) as calls from raw group by all"
    )
    check = checked(
        {"calls": 'path = ["calls.csv", "c2.csv"]\nsql = "own.sql"'},
        c2_csv=HEAD + calls(["2026-04-01"], "lab"),
    )
    assert fates(check, "calls", "(rows of a SELECT)")["used"] == 12 * 181


@pytest.mark.parametrize("program", ["northgate", "meridian"])
def test_samples_ledger_is_the_generators(program):
    expected = json.loads((SAMPLES / program / "expected.json").read_text())["ledger"]["calls"]
    check = checks.check_exports(SAMPLES / program)
    total = (
        checks.ledger(check)
        .filter(checks.pl.col("table") == "calls")
        .select("read", *FATES)
        .sum()
        .to_dicts()[0]
    )
    assert total == {
        "read": expected["read"], "rejected": 0, "duplicate": expected["duplicates"], "replaced": 0,
        "left out": expected["excluded"], "test": expected["test"], "unmatched": expected["unmatched"],
        "used": expected["used"],
    }  # fmt: skip
    whole = checks.ledger(check)
    assert whole["read"].to_list() == whole.select(checks.pl.sum_horizontal(FATES)).to_series().to_list()
    assert check.is_sound


# Coverage


def test_day_without_calls_where_there_are_some_each_day_is_a_gap(checked):
    text = HEAD + calls([day for day in TWO_QUARTERS if day not in days("2026-05-04", "2026-05-08")])
    check = checked(calls_csv=text)
    row = checks.gaps(check).filter(checks.pl.col("source") == "calls").to_dicts()[0]
    assert (row["gap_days"], row["gaps"], row["last_day"]) == (
        5,
        "2026-05-04 to 2026-05-08",
        date(2026, 6, 30),
    )
    [(what, figures)] = problems(check)
    assert what == "calls: nothing on 2026-05-04 to 2026-05-08, and rows before and after."
    assert "growth_rate" in figures
    assert not check.is_sound


@pytest.mark.parametrize(
    ("first", "last", "severity"),
    [
        ("2026-05-04", "2026-05-07", "note"),  # of 91 days a twentieth is 4.55
        ("2026-05-04", "2026-05-08", "mark"),
        ("2026-06-15", "2026-06-16", "note"),  # of June's 30 days a tenth is 3
        ("2026-06-15", "2026-06-17", "mark"),
        ("2026-02-02", "2026-02-05", "note"),
        ("2026-02-02", "2026-02-06", "mark"),
    ],
)
def test_silent_days_are_a_mark_where_they_weigh(checked, first, last, severity):
    text = HEAD + calls([day for day in TWO_QUARTERS if day not in days(first, last)])
    assert [each.severity for each in checked(calls_csv=text).findings if each.check == "silent days"] == [
        severity
    ]


def test_weekends_without_calls_are_no_gap_where_that_is_usual(checked):
    check = checked(calls_csv=HEAD + calls([day for day in TWO_QUARTERS if day.weekday() < 5]))
    assert problems(check) == []


def test_gap_before_last_quarter_is_shown_and_makes_nothing_wrong(checked):
    before = [day for day in days("2025-10-01", "2025-12-31") if day != date(2025, 11, 11)]
    check = checked(calls_csv=HEAD + calls([*before, *TWO_QUARTERS]))
    assert checks.gaps(check)["gap_days"].sum() == 1
    assert check.is_sound


def test_month_without_costs_between_others_is_a_gap(checked):
    text = "date,category,amount,currency\n" + "".join(
        f"2026-{month:02}-15,people,10,USD\n" for month in (1, 2, 4, 5, 6)
    )
    check = checked({"costs": 'path = "costs.csv"'}, costs_csv=text)
    assert [figures for _, figures in problems(check)] == [("value_ratio",)]
    months = checks.coverage_by_month(check).filter(checks.pl.col("source") == "costs")
    assert dict(months.select("name", "rows").rows())["2026-03"] == 0


def test_costs_that_end_before_the_quarters_last_month_make_the_ratio_wrong(checked):
    text = "date,category,amount,currency\n" + "".join(
        f"2026-0{month}-15,people,10,USD\n" for month in range(1, 6)
    )
    check = checked({"costs": 'path = "costs.csv"'}, costs_csv=text)
    assert problems(check) == [
        ("costs: the last row is of 15 May 2026, and the quarter ends on 30 June 2026.", ("value_ratio",))
    ]


def costs(*months, day=15):
    return "date,category,amount,currency\n" + "".join(
        f"2026-0{month}-{day},people,10,USD\n" for month in months
    )


def test_one_of_two_sources_that_ends_early_makes_the_ratio_wrong(checked):
    blocks = '[[exports.costs]]\npath = "a.csv"\n[[exports.costs]]\npath = "b.csv"\n'
    check = checked(None, blocks, a_csv=costs(1, 2, 3, 4, 5), b_csv=costs(1, 2, 3, 4, 5, 6))
    assert problems(check) == [
        ("costs 1: the last row is of 15 May 2026, and the quarter ends on 30 June 2026.", ("value_ratio",))
    ]


def test_source_that_another_takes_over_from_has_not_ended_early(checked):
    blocks = '[[exports.costs]]\npath = "a.csv"\n[[exports.costs]]\npath = "b.csv"\n'
    assert problems(checked(None, blocks, a_csv=costs(1, 2, 3, 4), b_csv=costs(5, 6))) == []


def test_gap_of_one_of_two_sources_is_told_though_the_other_has_none(checked):
    blocks = '[[exports.costs]]\npath = "a.csv"\n[[exports.costs]]\npath = "b.csv"\n'
    check = checked(None, blocks, a_csv=costs(1, 2, 3, 4, 5, 6), b_csv=costs(1, 2, 3, 4, 6))
    [(what, _)] = problems(check)
    assert what == "costs 2: nothing on 2026-04-16 to 2026-06-14, and rows before and after."


def test_calls_that_end_within_the_quarter_make_its_figures_wrong(checked):
    check = checked(calls_csv=HEAD + calls(days("2026-01-01", "2026-06-12")))
    [(what, figures)] = problems(check)
    assert what == "calls: the last row is of 12 June 2026, and the quarter ends on 30 June 2026."
    assert {"activation_rate", "growth_rate"} <= set(figures)


def test_file_read_by_two_blocks_with_other_columns_has_a_line_in_the_ledger_for_each(checked):
    blocks = "".join(
        f'[[exports.costs]]\npath = "a.csv"\ncolumns = {{ amount = "{name}" }}\nset = {{ category = "{name}" }}\n'
        for name in ("people", "tooling")
    )
    text = "date,people,tooling,currency\n" + "".join(f"2026-0{month}-15,1,2,USD\n" for month in range(1, 7))
    ledger = checks.ledger(checked(None, blocks, a_csv=text)).filter(checks.pl.col("table") == "costs")
    assert ledger.select("file", "read", "used").rows() == [("a.csv", 6, 6)] * 2


# Who is who


def test_what_leads_nowhere_is_listed_by_calls_money_and_hours(checked):
    check = checked(
        {"invoices": 'path = "i.csv"', "worklogs": 'path = "w.csv"'},
        '[[rate]]\nrole = "engineer"\nhourly = 1\nfrom = 2026-01-01\n',
        calls_csv=HEAD + calls(TWO_QUARTERS) + calls(["2026-06-01"], "stranger"),
        i_csv="line_id,partner_id,kind,amount,currency,invoiced_at,status\n"
        "a,acme,usage,90,USD,2026-06-01,paid\nb,other,usage,10,USD,2026-06-01,paid\n",
        w_csv="date,partner_id,activity,role,hours\n2026-06-01,acme,legal,engineer,9\n2026-06-01,odd,legal,engineer,1\n"
        "2026-06-02,,legal,engineer,10\n",
    )
    assert [(table, id_, float(amount)) for table, id_, amount, *_ in checks.unmatched(check).rows()] == [
        ("calls", "stranger", 12.0), ("invoices", "other", 10.0), ("worklogs", "odd", 1.0),
    ]  # fmt: skip
    shares = {
        row["table_name"]: round(row["unmatched_share"], 3) for row in checks.match_rates(check).to_dicts()
    }
    assert shares == {"calls": round(12 / (91 * 12 + 12), 3), "invoices": 0.1, "worklogs": 0.05}
    assert [what for what, _ in problems(check)] == [
        "invoices: 10.0% of the quarter's leads to no partner; at most 5% may."
    ]


def test_request_logged_again_with_something_else_is_told(checked):
    again = calls(["2026-06-01"], each=1).replace(",200,", ",500,")
    check = checked(calls_csv=HEAD + calls(TWO_QUARTERS) + again)
    assert checks.repeated_requests(check) == 1
    assert "1 request logged again under the same id, but not alike" in check_text(check)


# Drift


def test_columns_that_come_and_go_and_are_not_read_are_listed(checked):
    check = checked(
        {"partners": 'path = "reg*.csv"'},
        reg1_csv=PARTNERS.replace("is_test", "is_test,color"),
        reg2_csv="partner_id,name,registered_at,plan\nnew,New,2025-01-01,Pro\n",
    )
    assert [text for table, text in checks.columns(check).rows() if table == "partners"] == [
        "gone after reg1.csv: is_test, color", "new in reg2.csv: plan", "not read: color",
    ]  # fmt: skip


def test_column_that_counts_and_is_missing_in_some_files_makes_figures_wrong(checked):
    head = "date,category,amount,currency,{}\n"
    check = checked(
        {"costs": 'path = "k*.csv"'},
        k1_csv=head.format("allocation")
        + "".join(f"2026-0{month}-15,people,10,USD,0.1\n" for month in (1, 2, 3)),
        k2_csv=head.format("share") + "".join(f"2026-0{month}-15,people,10,USD,0.1\n" for month in (4, 5, 6)),
    )
    assert problems(check) == [
        ("costs: some files lack the column 'allocation', and count without it.", ("value_ratio",))
    ]


# What stops


def test_export_at_fault_stops_its_figures_and_the_others_are_still_told(checked):
    check = checked(
        {"costs": 'path = "costs.csv"'}, costs_csv="date,category,amount,currency\n2026-06-01,people,x,USD\n"
    )
    [(what, figures)] = problems(check)
    assert what.startswith("1 row of the costs export has faults:")
    assert figures == ("value_ratio",)
    assert ("Program cost vs. value", "would be wrong") in checks.numbers(check).rows()
    assert fates(check, "calls", "calls.csv")["used"] == 2172


def test_exports_without_calls_are_told_and_not_raised(checked):
    check = checked(quarter="", calls_csv="called_at,partner_id\n")
    assert check.quarter is None
    assert "column 'environment' is missing" in " ".join(check_text(check).split())
    assert not check.is_sound


def test_call_of_another_age_stops_the_check_as_it_does_the_report(checked):
    old = HEAD + calls(TWO_QUARTERS) + "1970-01-01T00:00:00Z,acme,production,200,order,old\n"
    check = checked(calls_csv=old)
    assert [finding.what.split(" from ")[0] for finding in check.findings if finding.severity == "stop"] == [
        "calls: after more than two years without a call there are some"
    ]


def test_text_keeps_to_its_width_and_moves_no_cursor(checked):
    stranger = "\x1b[31m" + "x" * 150
    check = checked(calls_csv=HEAD + calls(TWO_QUARTERS) + calls(["2026-06-01"], stranger))
    text = check_text(check)
    assert "\x1b" not in text
    assert [line for line in text.splitlines() if len(line) > WIDTH and stranger[5:] not in line] == []


@pytest.mark.parametrize(("count", "told"), [(5, "e"), (6, "e; and 1 more"), (18, "e; and 13 more")])
def test_what_is_not_named_is_counted_whole(checked, count, told):
    seen = tuple("abcdefghijklmnopqr"[:count])
    many = in_order([Finding("calls: many.", ("growth_rate",), seen=seen)])
    text = check_text(
        replace(checked(), findings=in_order(many))
    )  # those of a part are put in order with all others
    assert f"a; b; c; d; {told}\n" in text


# The command


def test_command_prints_the_check_and_exits_with_0_if_all_is_sound():
    result = CliRunner().invoke(main, ["check", "--program", str(SAMPLES / "meridian")])
    assert result.exit_code == 0
    assert "66,085" in result.output


def test_command_exits_with_1_if_a_number_would_be_wrong(program_folder):
    text = HEAD + calls([day for day in TWO_QUARTERS if day not in days("2026-05-05", "2026-05-09")])
    folder = program_folder(calls_csv=text, partners_csv=PARTNERS)
    result = CliRunner().invoke(main, ["check", "--program", str(folder), "--quarter", "2026-Q2"])
    assert result.exit_code == 1
    assert "mark  calls: nothing on 2026-05-05" in result.output


def test_command_tells_mistakes_in_the_settings(tmp_path):
    (tmp_path / "program.toml").write_text("[program]\n")
    result = CliRunner().invoke(main, ["check", "--program", str(tmp_path)])
    assert result.exit_code == 1
    assert "program.toml has" in result.output


# Nights when clocks change


def test_times_that_clocks_skip_or_show_twice_are_counted(checked):
    # Berlin's clocks went from 2:00 to 3:00 on 29 March 2026, and from 3:00 back to 2:00 on 26 October 2025.
    times = ["2025-10-26 01:59:59", "2025-10-26 02:00:00", "2025-10-26 02:59:59", "2025-10-26 03:00:00"]
    times += ["2026-03-29 01:59:59", "2026-03-29 02:30:00", "2026-03-29 03:00:00", "2026-03-29T02:30:00Z"]
    text = "called_at,partner_id,environment,status\n" + "".join(
        f"{time},acme,production,200\n" for time in times
    )
    check = checked(
        {"calls": 'path = "calls.csv"\ntimezone = "Europe/Berlin"'}, calls_csv=text, quarter="2026-Q1"
    )
    assert checks.clock_changes(check).rows() == [("calls", "Europe/Berlin", 1, 2)]
    assert "1 that its clocks skip, read as an hour later; 2 that they show twice" in " ".join(
        check_text(check).split()
    )
    there = check.con.execute("select called_at::varchar from logged_calls order by called_at").fetchall()
    assert ("2026-03-29 01:30:00+00",) in there
    assert ("2025-10-26 01:59:59+00",) in there


def test_times_that_clocks_skip_are_counted_beside_broken_rows(checked):
    text = (
        "called_at,partner_id,environment,status\n2026-03-29 02:30:00,acme,production,200\n"
        '2026-03-29 12:00:00,acme,"prod"uction,200\n'
    )
    check = checked(
        {"calls": 'path = "calls.csv"\ntimezone = "Europe/Berlin"\nrejects = 0.5'}, calls_csv=text
    )
    assert checks.clock_changes(check).rows() == [("calls", "Europe/Berlin", 1, 0)]
    assert fates(check, "calls", "calls.csv") == {"read": 2, "rejected": 1, "used": 1}


@pytest.mark.parametrize(
    ("dates", "form"), [("", "{:%Y-%m-%d %H:%M}"), ('\ndates = "%d.%m.%Y %H:%M"', "{:%d.%m.%Y %H:%M}")]
)
def test_clock_changes_are_found_in_any_form_of_time(checked, dates, form):
    moment = form.format(datetime(2026, 3, 29, 2, 30))
    text = f"transacted_at,partner_id,amount,currency\n{moment},acme,5,USD\n"
    block = f'path = "t.csv"\ntimezone = "Europe/Berlin"{dates}'
    assert checks.clock_changes(checked({"transactions": block}, t_csv=text)).rows() == [
        ("transactions", "Europe/Berlin", 1, 0)
    ]
    utc = block.replace('\ntimezone = "Europe/Berlin"', "")
    assert checks.clock_changes(checked({"transactions": utc}, t_csv=text)).is_empty()


def test_text_without_room_on_the_page_is_told_before_the_report_is_made(program_folder):
    label = "Self-service portal is opened"
    folder = program_folder(
        {"costs": 'path = "costs.csv"', "milestones": 'path = "milestones.csv"'},
        costs_csv="date,category,amount,currency\n2026-02-01,people,1,USD\n"
        "2026-02-10,cloud hosting and monitors,5,USD\n",
        milestones_csv=f"date,label\n2026-02-10,{label}\n",
    )
    told = [each.what for each in checks.check_exports(folder, "2026-Q1").findings if each.severity == "stop"]
    remedy = "\nShorten the text where it is kept, or with a SELECT of your own (`sql`) for this export."
    assert told == [
        f"milestones: label '{label}' has 29 characters (milestones.csv, data row 1). There is room for 28."
        + remedy,
        "costs: category 'Cloud hosting and monitors' has 26 characters (costs.csv, data row 2). There is room for 24."
        + remedy,
    ]
