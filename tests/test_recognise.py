"""Which export a file is: told by how it begins, whatever stands in it."""

import gzip
import json
import os
import time
import zipfile
from pathlib import Path

import duckdb
import pytest

from kit import presets
from kit.starting.beginnings import MOST_BYTES
from kit.starting.recognise import files_in, kinds, recognise

CASES = Path(__file__).parent / "presets"
OURS = ("expected.csv", "error.txt", "block.toml")
KNOWN = kinds()


@pytest.fixture
def told(tmp_path):
    """What a file of this name and content is: its kind, how sure that is, and why."""

    def write_and_recognise(name, content):
        file = tmp_path / name
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        found = recognise(file, KNOWN)
        return (found.kind.name if found.kind else None), found.certainty, found.why

    return write_and_recognise


def exports_of_cases():
    cases = sorted(file.parent for file in CASES.glob("*/*/*/expected.csv"))
    return [file for case in cases for file in sorted(case.iterdir()) if file.name not in OURS]


@pytest.mark.parametrize("file", exports_of_cases(), ids=lambda file: file.relative_to(CASES).as_posix())
def test_every_export_of_the_presets_cases_is_recognised(file):
    table, preset = file.relative_to(CASES).parts[:2]
    found = recognise(file, KNOWN)
    assert found.kind is not None, found.why
    assert found.kind.name == f"{table}/{preset}"


CANONICAL = {
    "calls": "called_at,partner_id,environment,status\n2026-02-10T12:00:00Z,acme,production,200\n",
    "partners": "partner_id,name,registered_at\nacme,Acme,2025-12-01\n",
    "keys": "api_key,partner_id,valid_from\nk1,acme,2025-12-01\n",
    "aliases": "id,partner_id,system\ncus_1,acme,stripe\n",
    "invoices": "line_id,partner_id,kind,amount,currency,invoiced_at,status\n1,acme,usage,1,USD,2026-02-10,paid\n",
    "transactions": "transacted_at,partner_id,amount,currency\n2026-02-10T12:00:00Z,acme,1,USD\n",
    "worklogs": "date,activity,role,hours\n2026-02-10,engineering,engineer,1\n",
    "costs": "date,category,amount,currency\n2026-02-10,people,1,USD\n",
    "attributed": "date,partner_id,amount,currency\n2026-02-10,acme,1,USD\n",
    "headcount": "month,team,fte\n2026-02-01,API,1\n",
    "milestones": "date,label\n2026-02-10,Launch\n",
    "fx": "month,currency,rate\n2026-02-01,CAD,0.7\n",
    "calendar": "period,quarter,first_day,last_day\nP1,2026-Q1,2026-01-01,2026-01-31\n",
}


@pytest.mark.parametrize(("table", "text"), CANONICAL.items(), ids=CANONICAL)
def test_canonical_names_need_no_preset(told, table, text):
    assert told("export.csv", text)[:2] == (table, "sure")


def test_canonical_names_are_told_in_json_and_parquet(told, tmp_path):
    row = {"called_at": "2026-02-10T12:00:00Z", "api_key": "k", "environment": "production", "status": 200}
    assert told("calls.jsonl", json.dumps(row) + "\n")[0] == "calls"
    with duckdb.connect() as con:
        con.execute(f"copy (select 1 as month, 'API' as team, 2 as fte) to '{tmp_path}/h.parquet'")
    assert recognise(tmp_path / "h.parquet", KNOWN).kind.name == "headcount"


def test_why_counts_the_columns(told):
    header = "Date,Client,Project,Task,Hours,Roles\n2026-02-10,Acme,API,Support,1,support\n"
    assert told("t.csv", header) == ("worklogs/harvest", "sure", "5 of 5 required columns")


def test_call_log_without_environment_is_likely(told):
    kind, certainty, why = told("c.csv", "called_at,partner_id,status\n2026-02-10T12:00:00Z,acme,200\n")
    assert (kind, certainty) == ("calls", "likely")
    assert "without environment" in why


def test_amounts_without_a_day_are_no_table(told):
    assert told("c.csv", "category,amount,currency\npeople,1,USD\n")[0] is None


def test_nearest_is_named_with_what_it_lacks(told):
    kind, certainty, why = told("f.csv", "ChargePeriodStart,EffectiveCost,Service\n2026-02-10,1,API\n")
    assert (kind, certainty) == (None, "not recognised")
    assert why.startswith("its columns are ChargePeriodStart, EffectiveCost, Service")
    assert why.endswith("nearest is costs/focus, which lacks BillingCurrency")


def test_two_that_fit_are_both_named(told):
    both = "Id,Name,CreatedDate,AccountId,Amount,CloseDate,IsWon,IsDeleted\n1,a,2026-01-01,2,3,2026-01-01,true,false\n"
    kind, _, why = told("o.csv", both)
    assert kind == "attributed/salesforce"
    assert "partners/salesforce would fit too" in why


def test_new_preset_is_recognised_by_its_header_alone(monkeypatch, tmp_path):
    folder = tmp_path / "presets" / "partners"
    folder.mkdir(parents=True)
    head = '--| required = ["Kunde", "Seit"]\n--| optional = ["Rabatt"]\nselect 1'
    (folder / "own.sql").write_text(head, encoding="utf-8")
    monkeypatch.setattr(presets, "FOLDER", folder.parent)
    file = tmp_path / "kunden.csv"
    file.write_text("Kunde;Seit;Rabatt\nAcme;2026-01-01;0\n", encoding="utf-8")
    found = recognise(file, kinds())
    assert (found.kind.name, found.certainty, found.delimiter) == ("partners/own", "sure", ";")


@pytest.mark.parametrize(("mark", "named"), [(",", None), (";", ";"), ("|", "|"), ("\t", "\t")])
def test_delimiter_is_told_by_the_header(tmp_path, mark, named):
    file = tmp_path / "fx.csv"
    file.write_text(CANONICAL["fx"].replace(",", mark), encoding="utf-8")
    assert recognise(file, KNOWN).delimiter == named


def test_delimiter_of_a_tsv_goes_without_saying(tmp_path):
    file = tmp_path / "fx.tsv"
    file.write_text(CANONICAL["fx"].replace(",", "\t"), encoding="utf-8")
    assert (recognise(file, KNOWN).kind.name, recognise(file, KNOWN).delimiter) == ("fx", None)


LINE = '203.0.113.7 - acme [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 5 "-" "curl/7"\n'


@pytest.mark.parametrize("name", ["access.log", "access.log.1", "access", "access.log-20260201"])
def test_log_is_told_by_its_lines_whatever_its_name(told, name):
    assert told(name, LINE * 3)[:2] == ("calls/combined", "sure")


def test_log_with_broken_lines_is_likely(told):
    assert told("access.log", LINE * 2 + "203.0\n")[:2] == ("calls/combined", "likely")


@pytest.mark.parametrize(
    ("name", "content", "told_to"),
    [
        ("kong.txt", '{"started_at":1,"request":{"id":"r"},"response":{"status":200}}\n', ".jsonl"),
        ("fx.log", CANONICAL["fx"], ".csv"),
        ("fx", CANONICAL["fx"], ".csv"),
        (
            "kong.jsonl",
            '[{"started_at":1,"request":{},"response":{"status":200}},\n {"started_at":2}]',
            ".json",
        ),
    ],
)
def test_export_under_a_name_that_does_not_say_so_is_to_be_renamed(told, name, content, told_to):
    kind, certainty, why = told(name, content)
    assert (kind, certainty) == (None, "cannot be used")
    assert why.endswith(f"rename it to end in {told_to}")


def zipped(tmp_path, name="inside.csv"):
    with zipfile.ZipFile(tmp_path / "made.zip", "w") as archive:
        archive.writestr(name, "a,b\n")
    return (tmp_path / "made.zip").read_bytes()


BROKEN = {
    "empty.csv": (b"", "empty"),
    "blank.csv": (b"\xef\xbb\xbf \r\n\r\n", "empty"),
    "empty.json": (b"", "empty"),
    "empty.parquet": (b"", "broken"),
    "empty.csv.gz": (gzip.compress(b""), "empty"),
    "nulls.csv": (b"a,b\n\x00\x01\x02", "binary"),
    "latin.csv": ("Größe,b\n1,2\n".encode("latin-1"), "not UTF-8: byte 0xf6 in line 1"),
    "utf16.csv": ("a,b\n".encode("utf-16"), "UTF-16"),
    "no.csv.gz": (b"a,b\n1,2\n", "broken"),
    "short.csv.gz": (gzip.compress(b"a,b\n" * 999)[:20], "broken"),
    "no.jsonl.zst": (b"a,b\n1,2\n", "broken"),
    "no.parquet": (b"PAR1 nothing", "broken"),
    "no.xlsx": (b"PK\x03\x04 nothing", "broken"),
    "table.csv": (b"%PDF-1.7\n", "PDF"),
    "open.json": (b'{"a": [1, 2', "no table"),
    "deep.json": (b"[" * 100_000, "no table"),
    "list.json": (b"[]", "no table"),
    "one.txt": (b"Dear all,\n", "no table"),
    "word.txt": (b"Hello\n", "no table"),
}


@pytest.mark.parametrize(
    ("name", "content", "says"), [(name, *each) for name, each in BROKEN.items()], ids=BROKEN
)
def test_file_that_is_no_export_gets_a_sentence(told, name, content, says):
    kind, certainty, why = told(name, content)
    assert kind is None
    assert certainty in ("cannot be used", "not recognised")
    assert says in why or certainty == "not recognised"
    assert "\n" not in why


def test_archive_and_false_workbook_get_a_sentence(told, tmp_path):
    assert "zip archive" in told("exports.zip", zipped(tmp_path))[2]
    assert "not an Excel workbook" in told("book.xlsx", zipped(tmp_path))[2]


def test_workbook_is_read(told, tmp_path):
    from openpyxl import Workbook

    book = Workbook()
    for row in (["month", "team", "fte"], ["2026-02-01", "API", 2]):
        book.active.append(row)
    book.save(tmp_path / "made.xlsx")
    assert told("headcount.xlsx", (tmp_path / "made.xlsx").read_bytes())[:2] == ("headcount", "sure")


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_of_a_huge_file_the_beginning_is_enough(told, ending):
    entry = {"id": "c", "username": "acme", "custom_id": "P", "tags": ["}", '"[']}
    text = json.dumps({"data": [entry] * (MOST_BYTES // 40), "next": None})
    content = gzip.compress(text.encode()) if ending else text
    assert told(f"consumers.json{ending}", content)[:2] == ("keys/kong", "sure")


def test_zst_is_read(told, tmp_path):
    with duckdb.connect() as con:
        con.execute(
            "copy (select '2026-02-01' as month, 'API' as team, 1 as fte)"
            f" to '{tmp_path}/h.csv.zst' (compression zstd, header)"
        )
    assert recognise(tmp_path / "h.csv.zst", KNOWN).kind.name == "headcount"


def test_blank_lines_before_the_header_do_not_hide_its_delimiter(tmp_path):
    file = tmp_path / "fx.csv"
    file.write_text("\n\n" + CANONICAL["fx"].replace(",", ";"), encoding="utf-8")
    assert recognise(file, KNOWN).delimiter == ";"


NASTY = {
    "wide.csv": ",".join(f"a{number}" for number in range(40_000)),
    "keys.json": json.dumps({"k" * 100_000: {str(number): {"a": 1} for number in range(9_000)}}),
    "quotes.csv": '"' * 250_000,
    "line.log": '1 - - [17/May/2015:10:05:03 +0000] "' + '" 20 5 ' * 25_000,
}


@pytest.mark.parametrize(("name", "text"), NASTY.items(), ids=NASTY)
def test_file_made_to_take_long_does_not(told, name, text):
    begun = time.monotonic()
    assert told(name, text)[0] is None
    assert time.monotonic() - begun < 5


def test_sql_in_a_header_is_text(told):
    header = '"\'; drop table x; --","a""; attach \'b\'"\n1,2\n'
    assert told("x.csv", header)[0] is None


def test_name_that_is_not_utf8_gets_a_sentence(tmp_path):
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/gr\xf6.parquet"))
    file.write_bytes(b"PAR1")
    assert recognise(file, KNOWN).why == "its name is not UTF-8: rename it"


def test_links_and_hidden_files_are_left_alone(tmp_path):
    outside, inside = tmp_path / "outside", tmp_path / "exports"
    for folder in (outside, inside, inside / ".git"):
        folder.mkdir()
    for file in (outside / "fx.csv", inside / "fx.csv", inside / ".fx.csv", inside / ".git" / "fx.csv"):
        file.write_text(CANONICAL["fx"], encoding="utf-8")
    (inside / "program.toml").write_text("", encoding="utf-8")
    (inside / "link.csv").symlink_to(outside / "fx.csv")
    (inside / "gone.csv").symlink_to(outside / "gone.csv")
    (inside / "linked").symlink_to(outside)
    os.mkfifo(inside / "pipe.csv")
    found = {file.name: reason for file, reason in files_in(inside)}
    assert [name for name, reason in found.items() if not reason] == ["fx.csv"]
    assert [name for name, reason in found.items() if "link" in reason] == ["gone.csv", "link.csv", "linked"]
