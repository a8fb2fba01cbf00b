"""Rows that cannot be used: kept aside with their place and their text, up to a limit."""

import gzip
from datetime import date
from decimal import Decimal

import pytest
from conftest import rows

from kit.errors import ReviewError

pytestmark = pytest.mark.slow

HEAD = "partner_id,name,registered_at\n"
SOUND = "".join(f"p{number},Partner {number},2025-12-01\n" for number in range(20))
ALLOWED = 'path = "p.csv"\nrejects = 0.2'
READ = "select line, reason, text, row_count from rejects order by line"


def kept(con):
    return rows(con, "select count(*) from partners")[0][0]


def rejects(con):
    return rows(con, READ)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (
            "x,X,yesterday",
            "column 'registered_at': 'yesterday' is not allowed. Allowed: a day like 2026-07-31;",
        ),
        ("x,,2025-12-01", "column 'name': nothing is given"),
        ("x,X", "2 values, where the header has 3"),
        ("x,X,2025-12-01,more", "4 values, where the header has 3"),
        ('x,"X"Y,2025-12-01', "text stands beside a quoted value"),
        ('x,"X,2025-12-01', "a quoted value does not end"),
        ("x,Caf\udce9,2025-12-01", "byte 0xe9 is not UTF-8"),
        ("4.08E+07,X,2025-12-01", "column 'partner_id': '4.08E+07' is a number as Excel rewrites ids"),
        ("4,086918E+00,X,2025-12-01", "4 values, where the header has 3"),
    ],
)
def test_row_at_fault_is_kept_aside_as_it_stands(loaded, row, reason):
    text = f"{HEAD}{SOUND}{row}\n".encode(errors="surrogateescape")
    con = loaded({"partners": ALLOWED}, p_csv=text)
    [(line, why, kept_text, count)] = rejects(con)
    assert (line, kept_text, count) == (22, row.encode(errors="replace").decode(), 1)
    assert why.startswith(reason)
    assert kept(con) == 20


def test_file_whose_rows_are_all_at_fault_stops_within_the_limit_too(loaded):
    many = HEAD + "".join(f"q{number},Partner,2025-12-01\n" for number in range(99))
    with pytest.raises(ReviewError, match=r"one\.csv row 2, column 'registered_at': 'soon'"):
        loaded(
            {"partners": 'path = ["many.csv", "one.csv"]\nrejects = 0.5'},
            many_csv=many,
            one_csv=f"{HEAD}x,X,soon\n",
        )


def test_decimal_comma_of_excel_is_seen_in_an_id(loaded):
    text = "partner_id;name;registered_at\n" + SOUND.replace(",", ";") + "4,086918E+00;X;2025-12-01\n"
    con = loaded({"partners": f'{ALLOWED}\ndelimiter = ";"'}, p_csv=text)
    assert "number as Excel rewrites ids" in rejects(con)[0][1]


def test_id_of_digits_and_an_e_is_an_id(loaded):
    con = loaded(partners_csv=f"{HEAD}4086918E0001,Acme,2025-12-01\n12E7,Globex,2025-12-01\n")
    assert kept(con) == 2


def test_lines_are_counted_over_line_breaks_in_values_and_blank_lines(loaded):
    text = f'\n{HEAD}"a","A\n\nB",2025-12-01\n\n{SOUND}x,X,never\n'
    con = loaded({"partners": ALLOWED}, p_csv=text)
    assert [line for line, *_ in rejects(con)] == [27]
    assert rows(con, "select name from partners where partner_id = 'a'") == [("A\n\nB",)]


def test_quote_that_never_ends_costs_every_line_it_swallows(loaded):
    con = loaded(
        {"partners": 'path = "p.csv"\nrejects = 0.9'}, p_csv=f'{HEAD}{SOUND}x,"X,2025-12-01\n{SOUND}'
    )
    assert [(line, count) for line, _, _, count in rejects(con)] == [(22, 21)]
    assert rows(con, "select read from files where path = 'p.csv'") == [(41,)]


def test_cut_last_line_is_kept_aside(loaded):
    con = loaded({"partners": ALLOWED}, p_csv=f"{HEAD}{SOUND}x,Half a na")
    assert [(line, text) for line, _, text, _ in rejects(con)] == [(22, "x,Half a na")]


def test_cut_last_line_of_json_is_no_row(loaded):
    sound = "".join(
        f'{{"partner_id": "p{number}", "name": "P", "registered_at": "2025-12-01"}}\n' for number in range(20)
    )
    con = loaded(
        {"partners": 'path = "p.jsonl"\nrejects = 0.2'}, p_jsonl=f'{sound}\n[1]\n{{"partner_id": "x", "na'
    )
    assert [(line, text) for line, _, text, _ in rejects(con)] == [
        (22, "[1]"),
        (23, '{"partner_id": "x", "na'),
    ]
    assert [reason.split(":")[0] for _, reason, *_ in rejects(con)] == ["not a JSON object", "not JSON"]
    assert kept(con) == 20


@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_truncated_gzip_stops_since_what_it_lacks_cannot_be_counted(loaded, tmp_path, cut):
    whole = gzip.compress((HEAD + SOUND * 500).encode())
    (tmp_path / "p.csv.gz").write_bytes(whole[: int(len(whole) * cut)])
    with pytest.raises(
        ReviewError, match=r"p\.csv\.gz: the file ends in the middle or is damaged.*export it again"
    ):
        loaded({"partners": 'path = "p.csv.gz"\nrejects = 1'})


def test_one_value_of_a_wrong_type_is_named_though_json_loses_its_row(loaded):
    line = '{{"started_at": {}, "response": {{"status": {}}}, "consumer": {{"username": "acme"}}}}\n'
    text = line.format(1770000000000, 200) * 20 + line.format(1770000000000, '"none"')
    block = 'path = "c.jsonl"\npreset = "kong"\nset = { environment = "production" }\nrejects = 0.2'
    con = loaded({"calls": block}, c_jsonl=text)
    [(number, reason, *_)] = rejects(con)
    assert number == 21
    assert "none" in reason
    assert rows(con, "select count(*) from logged_calls") == [(20,)]


def test_line_that_no_preset_can_take_apart_is_kept_aside(loaded):
    line = '1.2.3.4 - acme [10/Feb/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 1 "-" "curl"\n'
    block = 'path = "a.log"\npreset = "combined"\nset = { environment = "production" }\nrejects = 0.2'
    con = loaded({"calls": block}, counted=True, a_log=line * 9 + "\nnonsense\n")
    assert [(number, text) for number, _, text, _ in rejects(con)] == [(11, "nonsense")]


def test_row_whose_parts_are_partly_at_fault_is_kept_aside_whole(loaded):
    logs = "a;01/Feb/26 9:00 AM;me;3600"
    text = (
        "Issue key,Issue Type,Log Work,Log Work\n"
        + f"K-1,Task,{logs},{logs}\n" * 9
        + f"K-2,Task,{logs},a;never;me;60\n"
    )
    block = 'path = "j.csv"\npreset = "jira"\nset = { role = "engineer" }\ndates = "%d/%b/%y %I:%M %p"\nrejects = 0.2'
    con = loaded({"worklogs": block}, j_csv=text)
    assert [(line, count) for line, _, _, count in rejects(con)] == [(11, 1)]
    assert rows(con, "select count(*), sum(hours) from worklogs") == [(18, Decimal(18))]


def test_one_row_in_a_thousand_may_be_kept_aside(loaded):
    body = "".join(f"p{number},Partner,2025-12-01\n" for number in range(999))
    con = loaded({"partners": 'path = "p.csv"'}, p_csv=f"{HEAD}{body}x,X,never\n")
    assert (kept(con), len(rejects(con))) == (999, 1)
    with pytest.raises(ReviewError, match="1 row of the partners export has faults") as error:
        loaded({"partners": 'path = "p.csv"'}, p_csv=f"{HEAD}{body[:-25]}\nx,X,never\n")
    assert "Of its 999 rows at most 0.1 % may be kept aside" in str(error.value)


def test_nothing_of_an_export_with_too_many_is_taken(con, loaded):
    with pytest.raises(ReviewError):
        loaded({"partners": 'path = "p.csv"'}, p_csv=f"{HEAD}{SOUND}x,X,never\n")
    assert rows(con, "select count(*) from partners") == [(0,)]


def test_exports_at_fault_are_told_all_at_once(loaded):
    with pytest.raises(ReviewError) as error:
        loaded(
            {"costs": 'path = "costs.csv"'}, partners_csv=f"{HEAD}x,X,never\n", costs_csv="date\n2026-02-10\n"
        )
    assert "partners.csv row 2" in str(error.value)
    assert "costs.csv: column 'category' is missing" in str(error.value)


def test_parquet_row_at_fault_is_shown_as_json(loaded, con, tmp_path):
    con.execute(
        "copy (select 'p' || range as partner_id, if(range = 7, null, 'P') as name, date '2025-12-01' as registered_at"
        f" from range(20)) to '{tmp_path}/p.parquet'"
    )
    con = loaded({"partners": 'path = "p.parquet"\nrejects = 0.2'})
    [(row, _, text, _)] = rejects(con)
    assert (row, "p7" in text) == (8, True)
    assert kept(con) == 19


# Dates that fit two orders


def questions(loaded, *dates):
    text = HEAD + "".join(f"p{number},P,{at}\n" for number, at in enumerate(dates))
    with pytest.raises(ReviewError) as error:
        loaded({"partners": 'path = "p.csv"\ndelimiter = ","'}, p_csv=text)
    return str(error.value)


def test_dates_that_fit_two_orders_stop_with_a_question(loaded):
    assert (
        "Column 'registered_at': Is '03/04/2026' of day 03 or of month 03? All values fit both:"
        " set dates = '%d/%m/%Y' or dates = '%m/%d/%Y' for this export."
    ) in questions(loaded, "03/04/2026", "12/12/2026")


@pytest.mark.parametrize(
    ("dates", "form"),
    [
        (("03/04/2026", "13/04/2026"), "%d/%m/%Y"),
        (("4/1/25", "10/15/25"), "%m/%d/%y"),
        (("26.01.2015",), "%d.%m.%Y"),
        (("3/15/2024 2:30 PM",), "%m/%d/%Y %I:%M %p"),
        (("25/03/2024 14:30:00",), "%d/%m/%Y %H:%M:%S"),
    ],
)
def test_dates_that_fit_one_order_are_told_which(loaded, dates, form):
    assert f"All values fit dates = {form!r}" in questions(loaded, *dates)


@pytest.mark.parametrize(("form", "day"), [("%d/%m/%Y", date(2026, 4, 3)), ("%m/%d/%Y", date(2026, 3, 4))])
def test_order_that_is_set_is_taken(loaded, form, day):
    con = loaded({"partners": f'path = "p.csv"\ndates = "{form}"'}, p_csv=f"{HEAD}p,P,03/04/2026\n")
    assert rows(con, "select registered_at from partners") == [(day,)]


def test_dates_of_two_orders_in_one_column_are_told(loaded):
    assert "this holds two kinds of dates" in questions(loaded, "13/04/2026", "04/13/2026")


def test_lines_of_one_file_may_end_in_two_ways(loaded):
    con = loaded(
        {"partners": 'path = "p.csv"'}, p_csv=f"{HEAD}a,A,2025-12-01\r\nb,B,2025-12-01\nc,C,2025-12-01\r\n"
    )
    assert kept(con) == 3
    assert rejects(con) == []
