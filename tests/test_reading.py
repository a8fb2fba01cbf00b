"""Files of a program folder in, rows of the canonical tables out."""

# ruff: noqa: E501 - a row and its figure stand on one line, as they are read

import gzip
import json
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import openpyxl
import pytest
from conftest import CALLS, PARTNERS, rows

from kit.errors import ReviewError

HEAD = "partner_id,name,registered_at\n"
ACME = [("acme", "Acme", date(2025, 12, 1))]


def partners(con):
    return rows(con, "select partner_id, name, registered_at from partners order by partner_id")


def instants(con):
    return [
        at.astimezone(UTC) for (at,) in rows(con, "select called_at from logged_calls order by called_at")
    ]


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def calls_at(*times):
    return "called_at,partner_id,environment,status\n" + "".join(
        f"{at},acme,production,200\n" for at in times
    )


def costs(*amounts, currency="USD"):
    return "date;category;amount;currency\n" + "".join(f"2026-02-10;people;{a};{currency}\n" for a in amounts)


def amounts(con):
    return [amount for (amount,) in rows(con, "select amount from costs")]


COSTS = 'path = "costs.csv"\ndelimiter = ";"\n'


# Formats


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("partners_csv", PARTNERS),
        ("partners_tsv", PARTNERS.replace(",", "\t")),
        ("partners_txt", PARTNERS),
        ("partners_jsonl", '{"partner_id": "acme", "name": "Acme", "registered_at": "2025-12-01"}\n'),
        ("partners_ndjson", '{"partner_id": "acme", "name": "Acme", "registered_at": "2025-12-01"}\n\n'),
        ("partners_json", '[{"partner_id": "acme", "name": "Acme", "registered_at": "2025-12-01"}]'),
        (
            "partners_json",
            '[\n {\n "partner_id": "acme",\n "name": "Acme", "registered_at": "2025-12-01"}\n]',
        ),
        ("partners_json", '{"partner_id": "acme", "name": "Acme", "registered_at": "2025-12-01"}'),
        ("partners_json", '{\n"partner_id": "acme",\n"name": "Acme",\n"registered_at": "2025-12-01"\n}\n'),
        ("partners_csv", "\ufeff" + PARTNERS),
        ("partners_csv", PARTNERS.replace("\n", "\r\n")),
        ("partners_csv", "\ufeff" + PARTNERS.replace("\n", "\r\n")),
        ("partners_csv", PARTNERS.rstrip("\n")),
        ("partners_csv", PARTNERS.replace("acme,", '"acme",')),
        ("partners_csv", PARTNERS.replace("partner_id", " Partner_ID ")),
        pytest.param("partners_csv", "\n" + PARTNERS),
        ("partners_csv", PARTNERS + "\n\n"),
        pytest.param("partners_TSV", PARTNERS.replace(",", "\t")),
    ],
)
def test_partners_are_read_from_every_form(loaded, file, text):
    name = file.replace("_", ".")
    con = loaded({"partners": f'path = "{name}"'}, **{"partners_csv": PARTNERS, file: text})
    assert partners(con) == ACME


def test_gzip_and_zstandard_are_read_as_they_are(loaded, tmp_path):
    (tmp_path / "p.csv.gz").write_bytes(gzip.compress(PARTNERS.encode()))
    (tmp_path / "q.jsonl.gz").write_bytes(
        gzip.compress(b'{"partner_id": "globex", "name": "Globex", "registered_at": "2025-12-02"}\n')
    )
    duckdb.sql(
        "copy (select 'initech' as partner_id, 'Initech' as name, '2025-12-03' as registered_at)"
        f" to '{tmp_path}/r.csv.zst' (header, compression zstd)"
    )
    con = loaded({"partners": 'path = ["p.csv.gz", "q.jsonl.gz", "r.csv.zst"]'})
    assert [name for _, name, _ in partners(con)] == ["Acme", "Globex", "Initech"]


@pytest.mark.parametrize(("name", "wrapped"), [("p.json", "[{}]"), ("p.jsonl", "{}\n"), ("p.json", "{}")])
def test_object_on_one_very_long_line_is_read(loaded, name, wrapped):
    entry = {"partner_id": "acme", "name": "Acme", "registered_at": "2025-12-01", "note": "x" * 2_000_000}
    text = wrapped.replace("{}", json.dumps(entry))
    assert partners(loaded({"partners": f'path = "{name}"'}, **{name.replace(".", "_"): text})) == ACME


def test_parquet_keeps_its_types(loaded, tmp_path):
    duckdb.sql(
        "copy (select 7 as partner_id, 'Acme' as name, date '2025-12-01' as registered_at, true as is_test)"
        f" to '{tmp_path}/p.parquet'"
    )
    con = loaded({"partners": 'path = "p.parquet"'})
    assert rows(con, "select partner_id, name, registered_at, is_test from partners") == [
        ("7", "Acme", date(2025, 12, 1), True)
    ]


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("timestamptz '2026-02-10 09:30:00+02'", "2026-02-10 07:30:00"),
        ("timestamp '2026-02-10 09:30:00'", "2026-02-10 08:30:00"),  # in the export's zone, Berlin
        ("date '2026-02-10'", "2026-02-10 05:00:00"),  # a day in the program's zone, New York
    ],
)
def test_parquet_times_follow_the_rules_of_text(loaded, tmp_path, value, instant):
    duckdb.sql(
        f"copy (select {value} as called_at, 'acme' as partner_id, 'production' as environment, 200 as status,"
        f" 'r' as request_id) to '{tmp_path}/c.parquet'"
    )
    con = loaded({"calls": 'path = "c.parquet"\ntimezone = "Europe/Berlin"'}, timezone="America/New_York")
    assert instants(con) == [utc(instant)]


def test_parquet_money_is_exact(loaded, tmp_path):
    duckdb.sql(
        "copy (select date '2026-02-10' as date, 'people' as category, 12345678901234.56::decimal(18, 2) as amount,"
        f" 'USD' as currency) to '{tmp_path}/costs.parquet'"
    )
    assert amounts(loaded({"costs": 'path = "costs.parquet"'})) == [Decimal("12345678901234.56")]


@pytest.mark.parametrize(
    "text",
    [
        "0.1",
        "900719925474",
        "1234567890123.45",
        "1e3",
    ],
)
def test_json_money_is_exact(loaded, text):
    line = f'{{"date": "2026-02-10", "category": "people", "amount": {text}, "currency": "USD"}}\n'
    assert amounts(loaded({"costs": 'path = "costs.jsonl"'}, costs_jsonl=line)) == [Decimal(text)]


def test_json_is_matched_by_key_and_a_dot_leads_into_an_object(loaded):
    line = {"account": {"id": "acme"}, "acc.name": "Acme", 'odd "key"': "2025-12-01"}
    columns = """columns = { partner_id = "account.id", name = "acc.name", registered_at = 'odd "key"' }"""
    con = loaded({"partners": f'path = "p.jsonl"\n{columns}'}, p_jsonl=json.dumps(line))
    assert partners(con) == ACME


def test_name_that_looks_like_a_pattern_is_a_name(loaded, tmp_path):
    (tmp_path / "calls[1].csv").write_text(CALLS)
    (tmp_path / "calls1.csv").write_text(CALLS.replace("200", "404"))
    con = loaded({"calls": 'path = ["calls[1].csv", "calls1.csv"]'})
    assert rows(con, "select status, path from logged_calls join files using (file_id) order by 1") == [
        (200, "calls[1].csv"),
        (404, "calls1.csv"),
    ]


@pytest.mark.parametrize("name", ["partners.pdf", "partners", "partners.gz"])
def test_file_whose_name_says_no_form_is_refused(loaded, tmp_path, name):
    (tmp_path / name).write_text(PARTNERS)
    with pytest.raises(ReviewError, match="the name does not say what it holds"):
        loaded({"partners": f'path = "{name}"'})


# Delimited text


def test_quoted_delimiters_quotes_and_line_breaks_are_part_of_the_value(loaded):
    text = HEAD + 'a,"Acme, Inc.",2025-12-01\nb,"Line\none",2025-12-01\nc,"The ""C""",2025-12-01\n'
    assert [name for _, name, _ in partners(loaded(partners_csv=text))] == [
        "Acme, Inc.",
        "Line\none",
        'The "C"',
    ]


def test_delimiter_is_as_set(loaded):
    con = loaded({"partners": 'path = "p.csv"\ndelimiter = "|"'}, p_csv=PARTNERS.replace(",", "|"))
    assert partners(con) == ACME


def test_columns_in_any_order_and_more_than_wanted(loaded):
    text = "extra,registered_at,name,partner_id,more\nx,2025-12-01,Acme,acme,y\n"
    assert partners(loaded(partners_csv=text)) == ACME


def test_files_with_different_columns_are_matched_by_name(loaded):
    con = loaded(
        {"partners": 'path = ["p.csv", "q.csv"]'},
        p_csv="name,partner_id,registered_at,plan\nAcme,acme,2025-12-01,Pro\n",
        q_csv="partner_id,registered_at,name,segment\nglobex,2025-12-02,Globex,SMB\n",
    )
    assert rows(con, "select partner_id, name, plan, segment from partners order by 1") == [
        ("acme", "Acme", "Pro", None),
        ("globex", "Globex", None, "SMB"),
    ]


def test_which_of_two_columns_of_one_name_counts_is_not_guessed(loaded):
    text = "partner_id,name,Name ,registered_at\nacme,Other,Acme,2025-12-01\n"
    with pytest.raises(ReviewError, match=r"partners\.csv: columns 2 and 3 are both named 'name'"):
        loaded(partners_csv=text)
    block = 'path = "partners.csv"\ncolumns = { name = "name.1" }'
    assert partners(loaded({"partners": block}, partners_csv=text)) == ACME


def test_line_break_in_a_name_is_a_space(loaded):
    block = 'path = "k.csv"\ncolumns = { amount = "amount (net)" }'
    text = 'date,category,"amount\n(net)",currency\n2026-02-10,people,1,USD\n'
    assert amounts(loaded({"costs": block}, k_csv=text)) == [1]


def test_columns_that_nothing_reads_may_share_a_name(loaded):
    text = "partner_id,name,note,NOTE,registered_at\nacme,Acme,x,y,2025-12-01\n"
    assert partners(loaded(partners_csv=text)) == ACME


def test_name_of_a_column_may_go_on_on_the_next_line(loaded):
    block = 'path = "k.csv"\ncolumns = { date = "date\\nof cost" }'
    text = '"date\nof cost",category,amount,currency\n2026-02-10,people,1,USD\n2026-02-10,people,2,USD\n'
    assert amounts(loaded({"costs": block}, k_csv=text)) == [1, 2]
    with pytest.raises(ReviewError, match=r"k\.csv row 4, column 'amount': 'x'"):
        loaded({"costs": block}, k_csv=text.replace(",2,", ",x,"))


def test_table_of_one_column_is_asked_for_its_delimiter(loaded):
    with pytest.raises(
        ReviewError, match=r"Is it delimited by ';'\? Then set delimiter = \";\" for this export"
    ):
        loaded({"costs": 'path = "k.csv"'}, k_csv=costs("1"))


@pytest.mark.parametrize("kept", [0.5, 0.9])
def test_list_of_json_that_ends_in_the_middle_is_refused(loaded, kept):
    text = json.dumps(
        [{"partner_id": f"p{n}", "name": "P", "registered_at": "2025-12-01"} for n in range(100)]
    )
    with pytest.raises(ReviewError, match=r"p\.json: the file ends in the middle of its list"):
        loaded({"partners": 'path = "p.json"'}, p_json=text[: int(len(text) * kept)])
    assert rows(
        loaded({"partners": 'path = "p.json"'}, p_json=text + "\n \n"), "select count(*) from partners"
    ) == [(100,)]


def test_number_of_json_beside_a_decimal_comma_is_the_number_it_is(loaded):
    block = 'path = "k.jsonl"\ndecimal = ","\nthousands = "."'
    lines = [
        {"date": "2026-02-10", "category": "people", "amount": a, "currency": "USD"}
        for a in (1.234, "1.234", 5)
    ]
    assert amounts(loaded({"costs": block}, k_jsonl="\n".join(map(json.dumps, lines)))) == [
        Decimal("1.234"),
        1234,
        5,
    ]


def test_number_of_a_spreadsheet_beside_a_decimal_comma_is_the_number_it_is(loaded, tmp_path):
    head = ["date", "category", "amount", "currency"]
    workbook(
        tmp_path / "k.xlsx", head, *([date(2026, 2, 10), "people", a, "USD"] for a in (1.234, "1.234", 5))
    )
    block = 'path = "k.xlsx"\ndecimal = ","\nthousands = "."'
    assert amounts(loaded({"costs": block})) == [Decimal("1.234"), 1234, 5]


def test_number_of_parquet_is_below_the_limit_too(loaded, tmp_path):
    duckdb.sql(
        "select date '2026-02-10' as date, 'people' as category, 1e15::double as amount, 'USD' as currency"
    ).write_parquet(str(tmp_path / "k.parquet"))
    with pytest.raises(ReviewError, match="a number below 1e15"):
        loaded({"costs": 'path = "k.parquet"'})


def test_two_digits_are_no_year_of_four(loaded):
    block = 'path = "k.csv"\ndates = "%d/%m/%Y"'
    with pytest.raises(ReviewError, match="'01/07/26' is not allowed"):
        loaded({"costs": block}, k_csv="date,category,amount,currency\n01/07/26,people,1,USD\n")


def test_empty_first_column_name_does_not_shift_the_columns(loaded):
    text = "\tpartner_id\tname\tregistered_at\n0\tacme\tAcme\t2025-12-01\n"  # as pandas writes its index
    assert partners(loaded({"partners": 'path = "p.tsv"'}, p_tsv=text)) == ACME


@pytest.mark.parametrize(
    "hostile",
    ['say "hi"', "it's", "a; drop table partners; --", "x' || (select 1) || '", "Größe", "a.b", "$name", "n" * 200,
     "source", "source_row", "select", "(name)", "a\\b", "c0"],
)  # fmt: skip
def test_hostile_names_of_columns_are_names(loaded, hostile):
    quoted = hostile.replace('"', '""')
    text = f'partner_id,"{quoted}",registered_at\nacme,Acme,2025-12-01\n'
    toml = json.dumps(hostile, ensure_ascii=False)
    con = loaded({"partners": f'path = "p.csv"\ncolumns = {{ name = {toml} }}'}, p_csv=text)
    assert partners(con) == ACME


@pytest.mark.parametrize(
    "hostile", ["acme'; drop table calls; --", 'a"b', "a\\", "$1", "x" * 10_000, "名前", "😀"]
)
def test_hostile_values_are_values(loaded, hostile):
    text = HEAD + 'acme,"' + hostile.replace('"', '""') + '",2025-12-01\n'
    assert partners(loaded(partners_csv=text)) == [("acme", hostile, date(2025, 12, 1))]


def test_missing_required_column_names_the_nearest_and_all(loaded):
    with pytest.raises(ReviewError) as error:
        loaded(partners_csv="partner_idd,name,registered_at\nacme,Acme,2025-12-01\n")
    for part in (
        "partners.csv",
        "'partner_id' is missing",
        "Did you mean 'partner_idd'?",
        "partner_idd, name, registered_at",
    ):
        assert part in str(error.value)


def test_name_in_columns_that_no_file_has_is_refused(loaded):
    block = 'path = "q*.csv"\ncolumns = { is_test = "Internal" }'
    with pytest.raises(ReviewError, match=r"q1\.csv: column 'Internal' is missing. Did you mean 'internals'"):
        loaded({"partners": block}, q1_csv=PARTNERS.replace("registered_at", "registered_at,internals"))
    text = PARTNERS.replace("registered_at\n", "registered_at,internal\n").replace("01\n", "01,true\n")
    con = loaded({"partners": block}, q1_csv=PARTNERS.replace("acme", "bolt"), q2_csv=text)
    assert rows(con, "select partner_id, is_test from partners order by 1") == [
        ("acme", True),
        ("bolt", False),
    ]


def test_missing_column_is_named_as_program_toml_names_it(loaded):
    with pytest.raises(ReviewError, match=r"column 'Kunde' is missing. Did you mean 'Kunden'\?"):
        loaded(
            {"partners": 'path = "p.csv"\ncolumns = { name = "Kunde" }'},
            p_csv=PARTNERS.replace("name", "Kunden"),
        )


def test_column_that_no_table_has_is_refused(loaded):
    with pytest.raises(ReviewError, match="segmnt"):
        loaded({"partners": 'path = "partners.csv"\ncolumns = { segmnt = "Tier" }'})


@pytest.mark.parametrize("text", ["", "\n", "\n\n\n"])
def test_empty_file_is_refused(loaded, text):
    with pytest.raises(ReviewError, match=r"partners.csv: the file is empty"):
        loaded(partners_csv=text)


def test_file_with_a_header_alone_has_no_rows(loaded):
    assert partners(loaded(partners_csv=HEAD)) == []


@pytest.mark.parametrize("row", ["acme,Acme", "acme,Acme,2025-12-01,more", 'acme,"Acme,2025-12-01'])
def test_ragged_row_is_refused_with_its_file(loaded, row):
    with pytest.raises(ReviewError, match=r"partners\.csv"):
        loaded(partners_csv=f"{HEAD}globex,Globex,2025-12-01\n{row}\n")


def test_row_that_is_not_utf8_is_named_with_its_byte(loaded):
    with pytest.raises(ReviewError, match=r"partners\.csv row 3: byte 0xe9 is not UTF-8; .* `encoding`"):
        loaded(partners_csv=PARTNERS.encode() + b"cafe,Caf\xe9,2025-12-01\n")


@pytest.mark.parametrize(
    ("lines", "encoding"),
    [("", "utf-16"), ('encoding = "cp1252"', "cp1252"), ('encoding = "utf-16-be"', "utf-16-be")],
)
def test_text_in_another_encoding_is_read_where_it_says_so(loaded, lines, encoding):
    con = loaded(
        {"partners": f'path = "p.csv"\n{lines}'}, p_csv=f"{HEAD}cafe,Café,2025-12-01\n".encode(encoding)
    )
    assert rows(con, "select name from partners") == [("Café",)]


def test_text_that_is_not_of_the_encoding_set_is_refused(loaded):
    with pytest.raises(ReviewError, match=r"p\.csv: not text in the encoding utf-16"):
        loaded({"partners": 'path = "p.csv"\nencoding = "utf-16"'}, p_csv=b"\x00")


def test_broken_gzip_is_refused_with_its_name(loaded, tmp_path):
    (tmp_path / "p.csv.gz").write_bytes(gzip.compress(PARTNERS.encode() * 1000)[:60])
    with pytest.raises(ReviewError, match=r"p\.csv\.gz"):
        loaded({"partners": 'path = "p.csv.gz"'})


def test_broken_line_of_json_is_refused(loaded):
    text = '{"partner_id": "acme", "name": "Acme", "registered_at": "2025-12-01"}\n{"partner_id": "gl\n'
    with pytest.raises(ReviewError, match=r"p\.jsonl"):
        loaded({"partners": 'path = "p.jsonl"'}, p_jsonl=text)


def test_parquet_time_that_is_a_number_is_refused(loaded, tmp_path):
    duckdb.sql(
        "copy (select 1770000000 as called_at, 'acme' as partner_id, 'production' as environment, 200 as status)"
        f" to '{tmp_path}/c.parquet'"
    )
    with pytest.raises(ReviewError, match=r"c\.parquet: called_at holds numbers .*to_timestamp\(called_at\)"):
        loaded({"calls": 'path = "c.parquet"'})


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (gzip.compress(CALLS.encode()), "gzip, and its name ends in .csv. Let the name end in .gz"),
        (b"PK\x03\x04 and more", "a zip archive or a workbook"),
        (b"PAR1 and more", "Parquet"),
        (b"\x28\xb5\x2f\xfd and more", "zstd"),
    ],
)
def test_packed_file_whose_name_does_not_say_so_is_refused(loaded, content, kind):
    with pytest.raises(ReviewError, match=rf"calls\.csv: this is {kind}"):
        loaded(calls_csv=content)


# columns, sql, set, null


def test_columns_give_canonical_names(loaded):
    con = loaded(
        {"partners": 'path = "p.csv"\ncolumns = { partner_id = "Account ID", registered_at = "Since" }'},
        p_csv="account id,Name,SINCE\nacme,Acme,2025-12-01\n",
    )
    assert partners(con) == ACME


def test_sql_selects_from_the_raw_files(loaded, tmp_path):
    (tmp_path / "calls.sql").write_text(
        '-- ours\nselect "When" as called_at, lower("Who") as partner_id, \'production\' as environment,\n'
        '  200 as status, try_cast("N" as bigint) as calls\nfrom raw\nwhere "N" <> \'0\';\n'
    )
    con = loaded(
        {"calls": 'path = "raw.csv"\nsql = "calls.sql"'},
        raw_csv="When,Who,N\n2026-02-10T12:00:00Z,ACME,3\n2026-02-11T12:00:00Z,ACME,0\n",
    )
    assert rows(con, "select partner_id, calls, status from logged_calls") == [("acme", 3, 200)]


def test_sql_reads_whole_json_objects(loaded, tmp_path):
    (tmp_path / "p.sql").write_text(
        "select json ->> '$.id' as partner_id, json ->> '$.n' as name, '2025-12-01' as registered_at from raw"
    )
    con = loaded({"partners": 'path = "p.jsonl"\nsql = "p.sql"'}, p_jsonl='{"id": "acme", "n": "Acme"}\n')
    assert partners(con) == ACME


@pytest.mark.parametrize("name", ["source", "source_row", "typed"])
def test_sql_may_select_a_raw_column_of_any_name(loaded, tmp_path, name):
    (tmp_path / "p.sql").write_text(f'select "{name}" as partner_id, "name", registered_at from raw')
    con = loaded({"partners": 'path = "p.csv"\nsql = "p.sql"'}, p_csv=PARTNERS.replace("partner_id", name))
    assert partners(con) == ACME


def test_sql_that_fails_is_refused_with_its_name(loaded, tmp_path):
    (tmp_path / "p.sql").write_text("select nonsense from raw")
    with pytest.raises(ReviewError, match=r"p\.sql"):
        loaded({"partners": 'path = "partners.csv"\nsql = "p.sql"'})


def test_set_says_what_the_export_does_not(loaded):
    con = loaded(
        {"calls": 'path = "c.csv"\nset = { environment = "sandbox", status = 200, calls = 3 }'},
        c_csv="called_at,partner_id,environment\n2026-02-10T12:00:00Z,a,\n2026-02-11T12:00:00Z,b,production\n",
    )
    assert rows(con, "select environment::varchar, status, calls from logged_calls order by called_at") == [
        ("sandbox", 200, 3),
        ("production", 200, 3),
    ]


def test_words_for_nothing_are_nothing(loaded):
    con = loaded(
        {"partners": 'path = "p.csv"\nnull = ["-", "(not set)"]'},
        p_csv="partner_id,name,registered_at,plan,segment\nacme,Acme,2025-12-01,-, (not set) \n",
    )
    assert rows(con, "select plan, segment from partners") == [(None, None)]


def test_empty_values_take_the_defaults_of_the_table(loaded):
    text = "called_at,partner_id,environment,status,calls,units,request_id\n2026-02-10T12:00:00Z,acme,PRODUCTION,200,,,\n"
    assert rows(loaded(calls_csv=text), "select calls, units, request from logged_calls") == [(1, None, None)]


# Times and days


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-02-10T09:30:00Z", "2026-02-10 09:30:00"),
        ("2026-02-10T09:30:00.123456789Z", "2026-02-10 09:30:00.123456"),
        ("2026-02-10 09:30:00+02:00", "2026-02-10 07:30:00"),
        ("2026-02-10T09:30:00+0200", "2026-02-10 07:30:00"),
        ("2026-02-10T09:30:00+02", "2026-02-10 07:30:00"),
        ("2026-02-10T09:30:00-05:30", "2026-02-10 15:00:00"),
        ("2026-02-10 09:30:00 UTC", "2026-02-10 09:30:00"),
        ("2026-02-10T09:30Z", "2026-02-10 09:30:00"),
        pytest.param("2026-02-10t09:30:00z", "2026-02-10 09:30:00"),
        ("2026-02-10T09:30:00", "2026-02-10 08:30:00"),  # no offset: in the export's zone, Berlin
        ("2026-02-10 09:30", "2026-02-10 08:30:00"),
        ("2026-07-10 09:30:00", "2026-07-10 07:30:00"),
        ("2026-02-10", "2026-02-10 05:00:00"),  # a day alone: in the program's zone, New York
        ("2026-07-10", "2026-07-10 04:00:00"),
    ],
)
def test_time_is_read_by_its_offset_or_else_in_the_exports_zone(loaded, text, instant):
    con = loaded(
        {"calls": 'path = "calls.csv"\ntimezone = "Europe/Berlin"'},
        timezone="America/New_York",
        calls_csv=calls_at(text),
    )
    assert instants(con) == [utc(instant)]


@pytest.mark.parametrize(
    "text",
    ["10.02.2026", "2026-02-30", "2026-13-01", "yesterday", "1770000000", "20260210", "2026-02-10T25:00:00Z", "09:30",
     pytest.param("2026-02-10T09:30:00+99:00"),
     pytest.param("2026-02-10T09:30:00 Mars")],
)  # fmt: skip
def test_text_that_is_no_time_is_refused_with_its_place(loaded, text):
    with pytest.raises(ReviewError) as error:
        loaded(calls_csv=calls_at("2026-02-10T12:00:00Z", text))
    for part in ("calls.csv", "row 3", "'called_at'", repr(text), "a time like"):
        assert part in str(error.value)


@pytest.mark.parametrize(
    ("dates", "text", "instant"),
    [
        ("%d/%m/%Y %H:%M", "10/02/2026 09:30", "2026-02-10 08:30:00"),
        ("%m/%d/%Y %I:%M %p", "02/10/2026 09:30 PM", "2026-02-10 20:30:00"),
        ("%d/%m/%Y", "10/02/2026", "2026-02-10 05:00:00"),
        ("%d/%m/%Y %H:%M %z", "10/02/2026 09:30 +0400", "2026-02-10 05:30:00"),
        pytest.param(
            "%d/%m/%Y %-H:%M",
            "10/02/2026 9:30",
            "2026-02-10 08:30:00",
        ),
        pytest.param(
            "%-m/%-d/%Y %-I:%M %p",
            "2/10/2026 9:30 PM",
            "2026-02-10 20:30:00",
        ),
        pytest.param(
            "%Y-%m-%d %H:%M:%S %Z",
            "2026-02-10 09:30:00 UTC",
            "2026-02-10 09:30:00",
        ),
        ("%b %d '%y %H:%M", "Feb 10 '26 09:30", "2026-02-10 08:30:00"),
    ],
)
def test_time_is_read_in_the_form_set(loaded, dates, text, instant):
    block = f'path = "calls.csv"\ntimezone = "Europe/Berlin"\ndates = "{dates}"'
    con = loaded({"calls": block}, timezone="America/New_York", calls_csv=calls_at(text))
    assert instants(con) == [utc(instant)]


def test_text_that_has_not_the_form_set_is_refused(loaded):
    with pytest.raises(ReviewError, match=r"'2026-02-10' is not allowed. Allowed: the format '%d/%m/%Y'"):
        loaded({"calls": 'path = "calls.csv"\ndates = "%d/%m/%Y"'}, calls_csv=calls_at("2026-02-10"))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2025-12-01", date(2025, 12, 1)),  # a day alone is not shifted
        ("2025-12-01T02:00:00Z", date(2025, 11, 30)),  # 21:00 in New York
        ("2025-12-01T07:00:00", date(2025, 12, 1)),  # in Berlin; 01:00 in New York
        ("2025-12-01T05:59:59", date(2025, 11, 30)),
        ("2025-12-01T00:00:00-05:00", date(2025, 12, 1)),
    ],
)
def test_day_is_that_of_the_programs_zone(loaded, text, day):
    con = loaded(
        {"partners": 'path = "partners.csv"\ntimezone = "Europe/Berlin"'},
        timezone="America/New_York", partners_csv=f"{HEAD}acme,Acme,{text}\n",
    )  # fmt: skip
    assert partners(con) == [("acme", "Acme", day)]


MIDNIGHTS = ["2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z"]


@pytest.mark.parametrize(
    ("days", "lines", "read"),
    [
        (MIDNIGHTS, "", [1, 2]),  # days, as databases write them
        (["2026-07-01", "2026-07-02 00:00"], "", [1, 2]),
        (["01/07/2026 00:00", "02/07/2026 00:00"], '\ndates = "%d/%m/%Y %H:%M"', [1, 2]),
        ([*MIDNIGHTS, "2026-07-03T01:00:00Z"], "", [30, 1, 2]),  # times
        (MIDNIGHTS, '\ntimezone = "UTC"', [30, 1]),  # times, since a zone is said
    ],
)
def test_column_of_midnights_holds_days(loaded, days, lines, read):
    text = "date,category,amount,currency\n" + "".join(f"{day},people,1,USD\n" for day in days)
    con = loaded({"costs": f'path = "costs.csv"{lines}'}, timezone="America/New_York", costs_csv=text)
    assert rows(con, "select day(date) from costs order by date") == [(day,) for day in read]


def test_column_of_midnights_in_parquet_holds_days(loaded, tmp_path):
    duckdb.sql(
        "select timestamp '2026-07-01' + to_days(n::int) as date, 'people' as category, 1 as amount, 'USD' as currency"
        " from range(2) as days(n)"
    ).write_parquet(str(tmp_path / "costs.parquet"))
    con = loaded({"costs": 'path = "costs.parquet"'}, timezone="America/New_York")
    assert rows(con, "select day(date) from costs order by date") == [(1,), (2,)]


def test_charge_of_an_hour_is_of_its_day_in_utc(loaded):
    text = "ChargePeriodStart,EffectiveCost,BillingCurrency\n" + "".join(
        f"2026-07-01T{hour:02}:00:00Z,1,USD\n" for hour in (0, 13, 23)
    )
    block = 'path = "f.csv"\npreset = "focus"\nset = { category = "infrastructure" }'
    con = loaded({"costs": block}, timezone="America/New_York", f_csv=text)
    assert rows(con, "select date, count(*) from costs group by all") == [(date(2026, 7, 1), 3)]


@pytest.mark.parametrize(
    ("dates", "text", "day"),
    [("%d.%m.%Y", "01.12.2025", date(2025, 12, 1)), ("%d.%m.%Y %H:%M", "01.12.2025 05:59", date(2025, 11, 30)),
     pytest.param("%d.%m.%Y %-H:%M", "01.12.2025 5:59", date(2025, 11, 30))],
)  # fmt: skip
def test_day_is_read_in_the_form_set(loaded, dates, text, day):
    con = loaded(
        {"partners": f'path = "partners.csv"\ntimezone = "Europe/Berlin"\ndates = "{dates}"'},
        timezone="America/New_York", partners_csv=f"{HEAD}acme,Acme,{text}\n",
    )  # fmt: skip
    assert partners(con) == [("acme", "Acme", day)]


@pytest.mark.parametrize(
    ("dates", "text"),
    [
        ("", "2026-07"),
        ("", "2026-07-01"),
        ("", "2026-07-15"),
        pytest.param("%d/%m/%Y", "01/07/2026"),
        pytest.param("%m/%Y", "07/2026"),
    ],
)
def test_month_is_its_first_day(loaded, dates, text):
    block = 'path = "fx.csv"' + (f'\ndates = "{dates}"' if dates else "")
    con = loaded({"fx": block}, fx_csv=f"month,currency,rate\n{text},eur,1.1\n")
    assert rows(con, "select month, currency, rate from fx") == [(date(2026, 7, 1), "EUR", Decimal("1.1"))]


def test_month_from_parquet_is_its_first_day(loaded, tmp_path):
    duckdb.sql(
        f"copy (select date '2026-07-15' as month, 'EUR' as currency, 1.1 as rate) to '{tmp_path}/fx.parquet'"
    )
    assert rows(loaded({"fx": 'path = "fx.parquet"'}), "select month from fx") == [(date(2026, 7, 1),)]


# Numbers


@pytest.mark.parametrize(
    ("lines", "text", "amount"),
    [
        ("", "1234.5", "1234.5"),
        ("", "-0.01", "-0.01"),
        ("", "+7", "7"),
        ("", ".5", "0.5"),
        ("", "1e3", "1000"),
        ("", "9999999999999.999999999999", "9999999999999.999999999999"),
        ('decimal = ","', "1234,5", "1234.5"),
        ('decimal = ","\nthousands = "."', "1.234.567,89", "1234567.89"),
        ('thousands = ","', "1,234,567.89", "1234567.89"),
        ('thousands = ","', "1234567.89", "1234567.89"),
        ('''thousands = "'"''', "1'234.50", "1234.50"),
        ('decimal = ","\nthousands = " "', "1 234,50", "1234.50"),
        ('decimal = ","\nthousands = "\u00a0"', "1\u00a0234,50", "1234.50"),
        ('decimal = ","\nthousands = "\u202f"', "1\u202f234,50", "1234.50"),
    ],
)
def test_number_is_read_in_the_notation_set(loaded, lines, text, amount):
    assert amounts(loaded({"costs": COSTS + lines}, costs_csv=costs(text))) == [Decimal(amount)]


@pytest.mark.parametrize(
    ("lines", "text"),
    [("", "1,234.50"), ("", "1.234,50"), ("", "$5"), ("", "(5)"), ("", "5 USD"), ("", "NaN"), ("", "1e99"), ("", "inf"),
     ("", "0x10"), ("", "1_000"), ("", "--5"), ("", "e5"), ("", "."), ("", "٣"), ('thousands = ","', "1,23,456"), ('thousands = ","', "12,34"),
     ('decimal = ","\nthousands = "."', "1.5"), ('decimal = ","\nthousands = "."', "1.234.5")],
)  # fmt: skip
def test_text_in_another_notation_is_refused_with_its_place(loaded, lines, text):
    with pytest.raises(ReviewError) as error:
        loaded({"costs": COSTS + lines}, costs_csv=costs("1", text))
    for part in ("costs.csv", "row 3", "'amount'", repr(text), "a number below 1e15 with decimal mark"):
        assert part in str(error.value)


@pytest.mark.parametrize(
    ("currency", "text", "amount"),
    [
        ("USD", "1999", "19.99"),
        ("usd", "-1", "-0.01"),
        ("JPY", "1999", "1999"),
        ("KWD", "1999", "1.999"),
        ("EUR", "0.5", "0.005"),
    ],
)
def test_minor_amounts_are_in_the_currencys_smallest_unit(loaded, currency, text, amount):
    con = loaded({"costs": COSTS + 'amounts = "minor"'}, costs_csv=costs(text, currency=currency))
    assert amounts(con) == [Decimal(amount)]


@pytest.mark.parametrize("share", ["80", "1.01", "-0.1"])
def test_share_of_a_cost_that_is_none_is_refused_with_its_place(loaded, share):
    text = f"date,category,amount,currency,allocation\n2026-02-10,people,5,USD,1\n2026-02-11,people,5,USD,{share}\n"
    with pytest.raises(ReviewError) as error:
        loaded({"costs": 'path = "costs.csv"'}, costs_csv=text)
    for part in ("costs.csv row 3, column 'allocation'", repr(share), "Allowed: a share from 0 to 1"):
        assert part in str(error.value)


@pytest.mark.parametrize("rate", ["0", "-1.1"])
def test_rate_of_exchange_that_is_not_above_zero_is_refused_with_its_place(loaded, rate):
    text = f"month,currency,rate\n2026-01,EUR,1.1\n2026-02,EUR,{rate}\n"
    with pytest.raises(ReviewError) as error:
        loaded({"fx": 'path = "fx.csv"'}, fx_csv=text)
    for part in ("fx.csv row 3, column 'rate'", repr(rate), "Allowed: a rate above 0"):
        assert part in str(error.value)


def test_minor_amounts_leave_shares_and_rates_alone(loaded):
    text = "date,category,amount,currency,allocation\n2026-02-10,people,500,USD,0.5\n"
    con = loaded({"costs": 'path = "costs.csv"\namounts = "minor"'}, costs_csv=text)
    assert rows(con, "select amount, allocation from costs") == [(5, Decimal("0.5"))]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("1.5"),
        pytest.param("2.7"),
        "-",
        "many",
        "-5",
        "99999999999999999999",
    ],
)
def test_calls_that_are_no_whole_number_are_refused(loaded, text):
    csv = f"called_at,partner_id,environment,status,calls\n2026-02-10T12:00:00Z,acme,production,200,{text}\n"
    with pytest.raises(ReviewError, match="a whole number"):
        loaded(calls_csv=csv)


def test_whole_numbers_may_have_the_thousands_mark_set(loaded):
    csv = 'called_at,partner_id,environment,status,calls\n2026-02-10T12:00:00Z,acme,production,200,"1,234"\n'
    con = loaded({"calls": 'path = "calls.csv"\nthousands = ","'}, calls_csv=csv)
    assert rows(con, "select calls from logged_calls") == [(1234,)]


# Faults


def test_all_faults_of_a_file_are_counted_and_the_first_five_are_shown(loaded):
    bad = "".join(f"p{number},P,yesterday\n" for number in range(7))
    with pytest.raises(ReviewError) as error:
        loaded(partners_csv=f"{PARTNERS}{bad}")
    text = str(error.value)
    assert text.startswith("7 rows of the partners export have faults:")
    assert [f"row {number}" in text for number in range(2, 10)] == [
        False,
        True,
        True,
        True,
        True,
        True,
        False,
        False,
    ]
    assert "… and 2 rows more" in text


@pytest.mark.parametrize(
    ("row", "column", "allowed"),
    [
        (",Acme,2025-12-01", "partner_id", "nothing is given, and a value is required"),
        ("acme,Acme,", "registered_at", "nothing is given"),
        (
            "acme,Acme,01/12/2025",
            "registered_at",
            "'01/12/2025' is not allowed. Allowed: a day like 2026-07-31",
        ),
    ],
)
def test_fault_names_file_row_column_value_and_what_is_allowed(loaded, row, column, allowed):
    with pytest.raises(ReviewError) as error:
        loaded(partners_csv=f"{PARTNERS}{row}\n")
    assert f"partners.csv row 3, column '{column}': {allowed}" in str(error.value)


def test_fault_in_a_text_file_names_its_row(loaded):
    with pytest.raises(ReviewError, match="row 3"):
        loaded({"partners": 'path = "p.txt"'}, p_txt=f"{PARTNERS}x,X,yesterday\n")


def test_fault_in_the_second_file_names_it_and_its_row(loaded):
    with pytest.raises(ReviewError, match=r"q\.csv row 2, column 'registered_at'"):
        loaded({"partners": 'path = ["p.csv", "q.csv"]'}, p_csv=PARTNERS * 1, q_csv=f"{HEAD}x,X,never\n")


@pytest.mark.parametrize(
    ("column", "value", "allowed"),
    [("environment", "staging", "one of production, sandbox"), ("status", "OK", "a whole number")],
)
def test_value_outside_a_list_is_refused_with_the_list(loaded, column, value, allowed):
    row = {
        "called_at": "2026-02-10T12:00:00Z",
        "partner_id": "acme",
        "environment": "production",
        "status": "200",
    }
    row[column] = value
    with pytest.raises(ReviewError, match=f"'{value}' is not allowed. Allowed: {allowed}"):
        loaded(calls_csv=",".join(row) + "\n" + ",".join(row.values()) + "\n")


@pytest.mark.parametrize(
    ("text", "value"), [("true", True), ("Yes", True), ("1", True), ("F", False), ("no", False), ("", False)]
)
def test_boolean_is_read_from_its_usual_words(loaded, text, value):
    con = loaded(partners_csv=f"partner_id,name,registered_at,is_test\nacme,Acme,2025-12-01,{text}\n")
    assert rows(con, "select is_test from partners") == [(value,)]


def test_word_that_is_no_boolean_is_refused(loaded):
    with pytest.raises(ReviewError, match=r"'maybe' is not allowed. Allowed: true or false"):
        loaded(partners_csv="partner_id,name,registered_at,is_test\nacme,Acme,2025-12-01,maybe\n")


def test_calls_of_several_systems_are_joined(program_folder):
    from kit.database import open_program

    extra = '[[exports.calls]]\npath = "a.csv"\n[[exports.calls]]\npath = "b.csv"\nset = { status = 200 }\n'
    folder = program_folder(a_csv=CALLS, b_csv="called_at,partner_id,environment\n2026-02-11,acme,sandbox\n")
    toml = (folder / "program.toml").read_text()
    (folder / "program.toml").write_text(toml.replace('[exports.calls]\npath = "calls.csv"\n', "") + extra)
    with open_program(folder) as con:
        assert rows(con, "select environment::varchar from logged_calls order by called_at") == [
            ("production",),
            ("sandbox",),
        ]


def test_calls_dated_years_after_the_others_are_refused(opened):
    rows_of_calls = "".join(
        f"{day}T12:00:00Z,acme,production,200\n" for day in ("2026-01-05", "2026-02-12", "2035-01-01")
    )
    with pytest.raises(ReviewError, match="from 2035-01-01 on"):
        opened(calls_csv=f"called_at,partner_id,environment,status\n{rows_of_calls}")


def test_registry_without_partners_is_refused(opened):
    with pytest.raises(ReviewError, match="The partners export holds no partners"):
        opened(partners_csv=HEAD)


def workbook(path, *sheet):
    book = openpyxl.Workbook()
    for row in sheet:
        book.active.append(row)
    book.save(path)


def test_spreadsheet_is_read_cell_by_cell(loaded, tmp_path):
    workbook(
        tmp_path / "costs.xlsx",
        ["date", "category", "amount", "currency", "allocation"],
        [date(2026, 2, 10), "people", 1234.5, "USD", 1],
        [],
        [datetime(2026, 2, 11), "tooling", "7.10", "USD", 0.25],
    )
    con = loaded({"costs": f'path = "{tmp_path}/costs.xlsx"'})
    assert rows(con, "select date, category, amount, allocation from costs order by date") == [
        (date(2026, 2, 10), "people", Decimal("1234.5"), Decimal(1)),
        (date(2026, 2, 11), "tooling", Decimal("7.1"), Decimal("0.25")),
    ]


def test_time_in_a_spreadsheet_is_no_day_even_at_midnight(loaded, tmp_path):
    head, call = ["called_at", "partner_id", "environment", "status"], ["acme", "production", 200]
    workbook(tmp_path / "calls.xlsx", head, *([datetime(2026, 7, day), *call] for day in (1, 2)))
    con = loaded({"calls": 'path = "calls.xlsx"'}, timezone="America/New_York")
    assert instants(con) == [utc("2026-07-01T00:00"), utc("2026-07-02T00:00")]


def test_spreadsheet_may_claim_any_size(loaded, tmp_path):
    workbook(
        tmp_path / "p.xlsx", ["partner_id", "name", "registered_at"], ["acme", "Acme", date(2025, 12, 1)]
    )
    with zipfile.ZipFile(tmp_path / "p.xlsx") as book:
        parts = {name: book.read(name) for name in book.namelist()}
    with zipfile.ZipFile(tmp_path / "p.xlsx", "w") as book:
        for name, part in parts.items():
            book.writestr(name, part.replace(b'<dimension ref="A1:C2"', b'<dimension ref="A1"'))
    assert partners(loaded({"partners": 'path = "p.xlsx"'})) == ACME


def test_fault_in_a_spreadsheet_names_the_workbook_and_its_row(loaded, tmp_path):
    workbook(
        tmp_path / "costs.xlsx",
        ["date", "category", "amount", "currency"],
        ["2026-02-10", "people", "much", "USD"],
    )
    with pytest.raises(ReviewError, match=r"costs\.xlsx row 2, column 'amount': 'much' is not allowed"):
        loaded({"costs": f'path = "{tmp_path}/costs.xlsx"'})


def test_spreadsheet_without_a_column_is_refused_by_its_own_name(loaded, tmp_path):
    workbook(tmp_path / "costs.xlsx", ["date", "category", "amount"], ["2026-02-10", "people", 1])
    with pytest.raises(ReviewError, match=r"costs\.xlsx: column 'currency' is missing"):
        loaded({"costs": f'path = "{tmp_path}/costs.xlsx"'})


def test_file_that_only_says_it_is_a_spreadsheet_is_refused(loaded, tmp_path):
    (tmp_path / "costs.xlsx").write_text("date,category\n")
    with pytest.raises(ReviewError, match=r"costs\.xlsx: not an Excel workbook"):
        loaded({"costs": f'path = "{tmp_path}/costs.xlsx"'})


def test_contradiction_names_its_files(opened):
    lines = [
        "line_id,partner_id,kind,amount,currency,invoiced_at,status\n"
        + f"a,acme,usage,{amount},USD,2026-02-10,paid\n"
        for amount in (1, 2)
    ]
    blocks = '[[exports.invoices]]\npath = "a.csv"\n[[exports.invoices]]\npath = "b.csv"\n'
    with pytest.raises(ReviewError, match=r"line a has 2 rows that differ \(a\.csv, b\.csv\)"):
        opened(None, blocks, a_csv=lines[0], b_csv=lines[1])
