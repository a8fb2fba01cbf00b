"""Call logs become daily usage once: what is kept of them, and when it is made anew."""

import _thread
import gzip
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import duckdb
import polars as pl
import pytest
from conftest import rows
from hypothesis import given, settings
from hypothesis import strategies as st

from kit import cache, kept_periods, log_reading, log_usage, machine, repeats, unpacking, usage, usage_state
from kit.blank import empty_database
from kit.database import open_program
from kit.errors import ReviewError
from kit.program import load_program

pytestmark = pytest.mark.slow

HEAD = "called_at,partner_id,environment,status,request_id\n"


def calls(*lines):
    return HEAD + "".join(f"{line}\n" for line in lines)


def call(at="2026-02-10T12:00:00Z", request="", partner="acme", status=200, environment="production"):
    return f"{at},{partner},{environment},{status},{request}"


def used(con):
    """Calls that count, by day."""
    return [
        (str(day), count)
        for day, count in rows(con, "select day, sum(calls)::int from usage group by 1 order by 1")
    ]


def days_kept(folder):
    return {file.name: file.stat().st_mtime_ns for file in (folder / ".usage" / "days").glob("*.parquet")}


def test_log_is_read_once(program_folder):
    folder = program_folder(calls_csv=calls(call()))
    open_program(folder).close()
    before = days_kept(folder)
    assert used(open_program(folder)) == [("2026-02-10", 1)]
    assert days_kept(folder) == before and len(before) == 1


def test_new_log_alone_is_read(program_folder):
    folder = program_folder({"calls": 'path = "log*.csv"'}, log1_csv=calls(call(request="a")))
    open_program(folder).close()
    before = days_kept(folder)
    (folder / "log2.csv").write_text(calls(call("2026-02-11T12:00:00Z", "b")))
    assert used(open_program(folder)) == [("2026-02-10", 1), ("2026-02-11", 1)]
    after = days_kept(folder)
    assert len(after) == 2 and before.items() <= after.items()


def test_edit_of_the_same_size_shows_though_its_date_is_set_back(program_folder):
    folder = program_folder(calls_csv=calls(call(status=200)))
    log = folder / "calls.csv"
    os.utime(log, (1_700_000_000, 1_700_000_000))
    time.sleep(0.01)
    assert rows(open_program(folder), "select is_successful from usage") == [(True,)]
    log.write_text(calls(call(status=500)))
    os.utime(log, (1_700_000_000, 1_700_000_000))
    assert rows(open_program(folder), "select is_successful from usage") == [(False,)]


def test_touched_log_is_not_read_again(program_folder):
    folder = program_folder(calls_csv=calls(call()))
    open_program(folder).close()
    before = days_kept(folder)
    (folder / "calls.csv").touch()
    open_program(folder).close()
    assert days_kept(folder) == before


@pytest.mark.parametrize("what", ["another version", "another zone", "another column"])
def test_usage_made_in_another_way_is_made_anew(program_folder, monkeypatch, what):
    folder = program_folder(calls_csv=calls(call("2026-02-10T02:00:00Z")))
    assert used(open_program(folder)) == [("2026-02-10", 1)]
    settings_file = folder / "program.toml"
    text = settings_file.read_text()
    expected = "2026-02-10"
    if what == "another version":
        monkeypatch.setattr(usage, "version_of", lambda modules: "other")
    elif what == "another zone":
        settings_file.write_text(text.replace('"UTC"', '"America/New_York"'))
        expected = "2026-02-09"
    else:
        settings_file.write_text(
            text.replace('path = "calls.csv"', 'path = "calls.csv"\nset = { product = "x" }')
        )
    assert (
        what.split()[1]
        in " ".join(usage_state.states(load_program(folder), cache.open_cache(folder))[0].unread.values())
        or what == "another column"
    )
    assert used(open_program(folder)) == [(expected, 1)]
    # What another version made may hold what this one leaves out; it is never read, and goes.
    assert len(days_kept(folder)) == (1 if what == "another version" else 2)


def test_other_key_table_reads_no_log_again(program_folder):
    keys = "api_key,partner_id\nk1,{}\n"
    log = "called_at,api_key,environment,status\n2026-02-10T12:00:00Z,k1,production,200\n"
    partners = "partner_id,name,registered_at\nacme,Acme,2025-12-01\nbolt,Bolt,2025-12-01\n"
    blocks = {"keys": 'path = "keys.csv"'}
    folder = program_folder(blocks, calls_csv=log, keys_csv=keys.format("acme"), partners_csv=partners)
    assert rows(open_program(folder), "select partner_id from traffic") == [("acme",)]
    before = days_kept(folder)
    (folder / "keys.csv").write_text(keys.format("bolt"))
    assert rows(open_program(folder), "select partner_id from traffic") == [("bolt",)]
    assert days_kept(folder) == before


@pytest.mark.parametrize("kind", ["days", "calls", "all"])
@pytest.mark.parametrize("harm", ["cut", "zeros", "empty", "gone"])
def test_cache_that_is_not_whole_is_made_anew(program_folder, kind, harm):
    folder = program_folder(
        {"calls": 'path = "log*.csv"'}, log1_csv=calls(call(request="a")), log2_csv=calls(call(request="a"))
    )
    assert used(open_program(folder)) == [("2026-02-10", 1)]
    for file in (folder / ".usage" / kind).glob("*.parquet"):
        content = file.read_bytes()
        if harm == "gone":
            file.unlink()
        else:
            file.write_bytes(
                {"cut": content[: len(content) // 2], "zeros": bytes(len(content)), "empty": b""}[harm]
            )
    if kind != "all":
        shutil.rmtree(folder / ".usage" / "all")
    assert used(open_program(folder)) == [("2026-02-10", 1)]


@pytest.mark.parametrize("harm", ["cut", "zeros", "gone"])
def test_usage_of_one_log_that_is_not_whole_is_made_anew(program_folder, harm):
    logs = {f"log{number}_csv": calls(call(request=f"r{number}")) for number in range(2)}
    folder = program_folder({"calls": 'path = "log*.csv"'}, **logs)
    assert used(open_program(folder)) == [("2026-02-10", 2)]
    file = next((folder / ".usage" / "days").glob("*.parquet"))
    content = file.read_bytes()
    if harm == "gone":
        file.unlink()
    else:
        file.write_bytes({"cut": content[: len(content) // 2], "zeros": bytes(len(content))}[harm])
    assert used(open_program(folder)) == [("2026-02-10", 2)]


def test_usage_in_stretches_of_days_is_kept_and_made_anew_where_owners_change(program_folder, monkeypatch):
    monkeypatch.setattr(kept_periods, "LEAST", 1)
    log = "called_at,api_key,environment,status\n" + "".join(
        f"2026-02-{day:02}T12:00:00Z,k1,production,200\n" for day in range(1, 21)
    )
    keys = "api_key,partner_id,valid_from,valid_to\nk1,acme,,{0}\nk1,bolt,{0},\n"
    partners = "partner_id,name,registered_at\nacme,Acme,2025-12-01\nbolt,Bolt,2025-12-01\n"
    blocks = {"keys": 'path = "keys.csv"'}
    texts = {"calls_csv": log, "partners_csv": partners}
    question = "select partner_id, environment, sum(calls)::int from partner_usage group by 1, 2 order by 1"
    folder = program_folder(blocks, keys_csv=keys.format("2026-02-11"), **texts)
    for _ in range(2):
        assert rows(open_program(folder), question) == [
            ("acme", "production", 10),
            ("bolt", "production", 10),
        ]
    kept = sorted((folder / ".usage" / "all").iterdir())
    assert len(kept) == 2
    (folder / "keys.csv").write_text(keys.format("2026-02-16"))
    assert rows(open_program(folder), question) == [("acme", "production", 15), ("bolt", "production", 5)]
    (folder / "calls.csv").write_text(log + "2026-02-20T13:00:00Z,k1,production,200\n")
    assert rows(open_program(folder), question) == [("acme", "production", 15), ("bolt", "production", 6)]
    for file in (folder / ".usage" / "all").iterdir():
        file.write_bytes(file.read_bytes()[:-9])
    assert rows(open_program(folder), question) == [("acme", "production", 15), ("bolt", "production", 6)]


def test_usage_damaged_within_is_said_to_be(program_folder):
    folder = program_folder(calls_csv=calls(*(call(partner=f"p{number}") for number in range(50))))
    open_program(folder).close()
    [file] = (folder / ".usage" / "days").glob("*.parquet")
    content = bytearray(file.read_bytes())
    content[20:60] = bytes(255 - byte for byte in content[20:60])
    file.write_bytes(content)
    with pytest.raises(ReviewError, match=r"damaged .*api-review usage --drop"):
        open_program(folder)


@pytest.mark.parametrize(
    "index", ['{"files": {"x": 3}}', '{"files": {}, "read": 3}', "[]", '{"files": {"x": {"stat": 1}}}']
)
def test_index_of_another_shape_costs_no_reading(program_folder, index):
    folder = program_folder(calls_csv=calls(call()))
    open_program(folder).close()
    before = days_kept(folder)
    (folder / ".usage" / "index.json").write_text(index)
    assert used(open_program(folder)) == [("2026-02-10", 1)]
    assert days_kept(folder) == before


def test_select_that_reads_names_of_files_is_asked_again_where_these_change(program_folder):
    select = "select *, regexp_extract(source, '([^/]*).csv', 1) as partner_id from raw"
    folder = program_folder({"calls": 'path = "logs/*.csv"\nsql = "own.sql"'}, own_sql=select)
    (folder / "logs").mkdir()
    file = folder / "logs" / "acme.csv"
    file.write_text("called_at,environment,status\n2026-02-10T12:00:00Z,production,200\n")
    assert rows(open_program(folder), "select partner_id from usage") == [("acme",)]
    file.rename(folder / "logs" / "bolt.csv")
    assert rows(open_program(folder), "select partner_id from usage") == [("bolt",)]


@pytest.mark.parametrize("year", ["0001-01-01", "9999-12-31", "1899-12-31"])
def test_call_of_no_age_of_ours_is_refused_with_its_line(program_folder, year):
    folder = program_folder(calls_csv=calls(call(), call(f"{year}T00:00:00Z")))
    with pytest.raises(ReviewError, match=rf"calls\.csv row 3.*{year}"):
        open_program(folder)


def test_lost_index_costs_no_reading(program_folder):
    folder = program_folder(calls_csv=calls(call()))
    open_program(folder).close()
    before = days_kept(folder)
    (folder / ".usage" / "index.json").write_text("{ not json")
    assert used(open_program(folder)) == [("2026-02-10", 1)]
    assert days_kept(folder) == before


def test_what_a_killed_run_left_goes(program_folder):
    folder = program_folder(calls_csv=calls(call()))
    open_program(folder).close()
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    host = cache.HERE.rsplit("-", 1)[0]
    left = folder / ".usage" / f"writing-{host}-{dead.pid}-x1"
    live = folder / ".usage" / f"writing-{host}-{os.getpid()}-x1"
    left.mkdir()
    live.mkdir()
    open_program(folder).close()
    assert not left.exists() and live.exists()


# Repeats


def test_request_delivered_again_in_a_later_file_counts_once(program_folder):
    first = calls(call("2026-02-10T12:00:00Z", "a"), call("2026-02-10T12:00:01Z", "b"))
    later = calls(call("2026-02-14T12:00:00Z", "c"), call("2026-02-10T12:00:00Z", "a"))
    folder = program_folder({"calls": 'path = "log*.csv"'}, log1_csv=first, log2_csv=later)
    con = open_program(folder)
    assert used(con) == [("2026-02-10", 2), ("2026-02-14", 1)]
    assert rows(
        con,
        "select path, sum(row_count)::int from file_usage join files using (file_id) where is_repeat group by 1",
    ) == [("log2.csv", 1)]


def test_repeat_of_a_log_read_long_ago_is_found_when_it_comes(program_folder):
    folder = program_folder(
        {"calls": 'path = "log*.csv"'}, log1_csv=calls(call(request="a"), call(request="b"))
    )
    assert used(open_program(folder)) == [("2026-02-10", 2)]
    (folder / "log2.csv").write_text(calls(call(request="b"), call(request="c")))
    assert used(open_program(folder)) == [("2026-02-10", 3)]
    (folder / "log2.csv").unlink()
    assert used(open_program(folder)) == [("2026-02-10", 2)]


def test_first_of_a_request_by_its_time_counts(program_folder):
    log = calls(call("2026-02-10T12:00:05Z", "a", status=500), call("2026-02-10T12:00:00Z", "a", status=200))
    con = open_program(program_folder(calls_csv=log))
    assert rows(con, "select is_successful, calls from usage") == [(True, 1)]
    assert rows(con, "select sum(requests)::int from contradictory_requests") == [(1,)]


def test_request_of_several_partners_stops_with_its_id_as_the_log_has_it(program_folder):
    one, other = calls(call(request="Req-1")), calls(call(request="Req-1", partner="bolt"))
    folder = program_folder({"calls": 'path = "log*.csv"'}, log1_csv=one, log2_csv=other)
    with pytest.raises(ReviewError) as error:
        open_program(folder)
    assert "request Req-1 is logged 2 times, for several partners" in str(error.value)
    assert "log1.csv, log2.csv" in str(error.value)


def test_ids_are_compared_in_turns_where_memory_asks_for_it(program_folder, monkeypatch):
    log = calls(*(call(request=f"r{number % 50}") for number in range(200)))
    monkeypatch.setattr(repeats, "GROUP", machine.memory_limit() // 20)
    assert used(open_program(program_folder(calls_csv=log))) == [("2026-02-10", 50)]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 8), st.integers(0, 2)), max_size=40))
@settings(max_examples=25, deadline=None, derandomize=True)
def test_each_request_counts_once_however_logs_are_cut(tmp_path_factory, told):
    """Each triple is a file, a request, and the day of its delivery; a request's own time is always the same."""
    folder = tmp_path_factory.mktemp("cut")
    (folder / "program.toml").write_text(
        '[program]\nname = "T"\ncurrency = "USD"\ntimezone = "UTC"\nstage = "monetized"\n'
        '[exports.calls]\npath = "log*.csv"\n[exports.partners]\npath = "partners.csv"\n'
    )
    (folder / "partners.csv").write_text("partner_id,name,registered_at\nacme,Acme,2025-12-01\n")
    for file in range(4):
        lines = [
            call(f"2026-02-1{request}T12:00:00Z", f"r{request}") for of, request, _ in told if of == file
        ]
        (folder / f"log{file}.csv").write_text(calls(call("2026-02-01T00:00:00Z", f"file {file}"), *lines))
    requests = {request for _, request, _ in told}
    expected = [("2026-02-01", 4), *((f"2026-02-1{request}", 1) for request in sorted(requests))]
    con = open_program(folder)
    assert used(con) == expected
    assert rows(con, "select sum(row_count)::int from file_usage") == [(4 + len(told),)]


# Days


@given(
    st.sampled_from(
        [
            "America/New_York",
            "Asia/Kolkata",
            "Australia/Lord_Howe",
            "America/St_Johns",
            "Asia/Kathmandu",
            "UTC",
        ]
    ),
    st.lists(st.datetimes(datetime(2024, 1, 1), datetime(2027, 12, 31)), min_size=1, max_size=50),
)
@settings(max_examples=30, deadline=None, derandomize=True)
def test_days_looked_up_are_those_worked_out(zone, times):
    with empty_database() as con:
        con.execute("insert into settings values ('T', 'USD', 0.01, ?, 'monetized', 1)", [zone])
        log_reading.fill_zone_days(con)
        con.execute(
            "create table times as select unnest(?::timestamptz[]) as called_at",
            [[at.replace(tzinfo=UTC) for at in times]],
        )
        assert rows(
            con,
            "select count(*) from times inner join zone_days on quarter_hour = epoch_us(called_at) // 900000000"
            f" where day <> (called_at at time zone '{zone}')::date",
        ) == [(0,)]
        [(found,)] = rows(con, "select count(*) from zone_days")
        assert found > 130_000


# Rows of Parquet, brought together before they are read


def write_parquet(file, columns, told):
    """A Parquet file of rows; `columns` are SQL of values of `told`, an array of rows without names."""
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        con.execute("create table told (time timestamp, key varchar, environment varchar, status integer)")
        con.executemany("insert into told values (?, ?, ?, ?)", told)
        con.execute(f"copy (select {columns} from told) to '{file}' (row_group_size 2048)")


PARQUET_COLUMNS = "key as api_key, environment, status, 'Pay' as product"


@given(
    st.lists(
        st.tuples(
            # Around the change of clocks in New York and in Lord Howe, where it is of half an hour.
            st.datetimes(datetime(2026, 3, 7), datetime(2026, 3, 10))
            | st.datetimes(datetime(2026, 4, 4), datetime(2026, 4, 6)),
            st.sampled_from(["k1", " k1", "k2", "", None]),
            st.sampled_from(["production", "Sandbox "]),
            st.sampled_from([200, 204, 399, 404, 500]),
        ),
        min_size=1,
        max_size=40,
    ),
    st.sampled_from(["America/New_York", "Australia/Lord_Howe"]),
    st.sampled_from(["time::timestamptz", "time"]),
)
@settings(max_examples=25, deadline=None, derandomize=True)
def test_parquet_log_without_ids_says_what_its_rows_say(tmp_path_factory, told, zone, called_at):
    folder = tmp_path_factory.mktemp("alike")
    (folder / "program.toml").write_text(
        f'[program]\nname = "T"\ncurrency = "USD"\ntimezone = "{zone}"\nstage = "monetized"\n'
        '[exports.calls]\npath = "calls.parquet"\n[exports.partners]\npath = "partners.csv"\n'
    )
    (folder / "partners.csv").write_text("partner_id,name,registered_at\nacme,Acme,2025-12-01\n")
    write_parquet(folder / "calls.parquet", f"{called_at} as called_at, {PARQUET_COLUMNS}", told)
    expected = Counter(
        (
            str(at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date()),
            (key or "").strip() or None,
            environment.strip().lower(),
            status // 100,
        )
        for at, key, environment, status in told
    )
    con = open_program(folder)
    found = rows(
        con,
        "select day::varchar, api_key, environment, status_class, sum(calls)::int, sum(units)::int,"
        " sum(row_count)::int from file_usage group by 1, 2, 3, 4",
    )
    assert {row[:4]: row[4:] for row in found} == {key: (n, n, n) for key, n in expected.items()}
    first, last = (edge(at for at, *_ in told).replace(tzinfo=UTC) for edge in (min, max))
    [log] = (folder / ".usage" / "days").glob("*.parquet")
    about = log_usage.told_of(log_usage.noted(con, log, "told"))
    assert (about.told_first, about.told_last, about.rows) == (first, last, (len(told),))


@pytest.mark.parametrize(
    ("at", "environment", "status", "named"),
    [
        (None, "production", 200, "called_at"),
        ("2026-02-10T12:00:00", "staging", 200, "staging"),
        ("2026-02-10T12:00:00", "production", None, "status"),
    ],
)
def test_faulty_row_of_a_parquet_log_is_named(program_folder, at, environment, status, named):
    folder = program_folder({"calls": 'path = "calls.parquet"'})
    good = (datetime(2026, 2, 10), "k1", "production", 200)
    bad = (at and datetime.fromisoformat(at), "k1", environment, status)
    write_parquet(folder / "calls.parquet", f"time as called_at, {PARQUET_COLUMNS}", [good, bad, good])
    with pytest.raises(ReviewError, match=rf"calls\.parquet.*row 2.*{named}"):
        open_program(folder)


def test_parquet_log_that_counts_its_calls_is_read_row_by_row(program_folder):
    folder = program_folder({"calls": 'path = "calls.parquet"'})
    told = [(datetime(2026, 2, 10), "k1", "production", 200)] * 3
    columns = f"time as called_at, {PARQUET_COLUMNS}, 7 as calls"
    write_parquet(folder / "calls.parquet", columns, told)
    con = open_program(folder)
    assert rows(con, "select sum(calls)::int, sum(row_count)::int from file_usage") == [(21, 3)]


# Files as they come


@pytest.mark.parametrize("room", [unpacking.LARGEST, 10])
def test_packed_table_of_several_members_is_read_whole(program_folder, monkeypatch, room):
    monkeypatch.setattr(unpacking, "WORTH_IT", 0)
    monkeypatch.setattr(unpacking, "LARGEST", room)
    packed = gzip.compress(calls(call(), call()).encode()) + gzip.compress(f"{call()}\n".encode())
    folder = program_folder({"calls": 'path = "calls.csv.gz"'}, **{"calls.csv_gz": packed})
    con = open_program(folder)
    assert used(con) == [("2026-02-10", 3)]
    assert not list((folder / ".usage").glob("writing-*"))


def test_packed_table_that_ends_in_the_middle_stops_and_is_not_kept(program_folder, monkeypatch):
    monkeypatch.setattr(unpacking, "WORTH_IT", 0)
    packed = gzip.compress(calls(*(call(request=f"r{number}") for number in range(9000))).encode())
    folder = program_folder(
        {"calls": 'path = "calls.csv.gz"'}, **{"calls.csv_gz": packed[: len(packed) // 2]}
    )
    with pytest.raises(ReviewError, match=r"calls\.csv\.gz.*ends in the middle"):
        open_program(folder)
    assert days_kept(folder) == {}


@pytest.mark.parametrize("worth_it", [0, 10**6])
def test_packed_table_with_another_checksum_stops(program_folder, monkeypatch, worth_it):
    monkeypatch.setattr(unpacking, "WORTH_IT", worth_it)
    packed = bytearray(gzip.compress(calls(call()).encode()))
    packed[-6] ^= 1
    folder = program_folder({"calls": 'path = "calls.csv.gz"'}, **{"calls.csv_gz": bytes(packed)})
    with pytest.raises(ReviewError, match=r"calls\.csv\.gz.*damaged"):
        open_program(folder)


def test_faulty_row_of_a_packed_table_is_named_as_it_stands_there(program_folder, monkeypatch):
    monkeypatch.setattr(unpacking, "WORTH_IT", 0)
    packed = gzip.compress(calls(call(), call(status="often")).encode())
    folder = program_folder({"calls": 'path = "calls.csv.gz"'}, **{"calls.csv_gz": packed})
    with pytest.raises(ReviewError, match=r"calls\.csv\.gz.*often"):
        open_program(folder)


def test_packed_json_of_several_members_is_read_whole(program_folder):
    line = json.dumps(
        {
            "called_at": "2026-02-10T12:00:00Z",
            "partner_id": "acme",
            "environment": "production",
            "status": 200,
        }
    )
    packed = gzip.compress(f"{line}\n{line}\n".encode()) + gzip.compress(f"{line}\n".encode())
    con = open_program(program_folder({"calls": 'path = "calls.jsonl.gz"'}, **{"calls.jsonl_gz": packed}))
    assert used(con) == [("2026-02-10", 3)]


def test_packed_json_that_ends_in_the_middle_stops_and_is_not_kept(program_folder):
    line = json.dumps(
        {
            "called_at": "2026-02-10T12:00:00Z",
            "partner_id": "acme",
            "environment": "production",
            "status": 200,
        }
    )
    packed = gzip.compress(
        "".join(f"{line} {number}\n" for number in range(9000)).replace("} ", "}").encode()
    )
    folder = program_folder(
        {"calls": 'path = "calls.jsonl.gz"'}, **{"calls.jsonl_gz": packed[: len(packed) // 2]}
    )
    with pytest.raises(ReviewError, match="ends in the middle"):
        open_program(folder)
    assert days_kept(folder) == {}


def test_one_broken_log_holds_up_no_other(program_folder):
    folder = program_folder(
        {"calls": 'path = "log*.csv"'}, log1_csv=calls(call(request="a")), log2_csv="nothing\n1\n"
    )
    with pytest.raises(ReviewError, match=r"log2\.csv"):
        open_program(folder)
    assert len(days_kept(folder)) == 1


def test_file_that_is_written_to_while_it_is_read_is_refused(program_folder, monkeypatch):
    folder = program_folder(calls_csv=calls(call()))
    monkeypatch.setattr(cache.Cache, "is_as_it_was", lambda self, file: False)
    with pytest.raises(ReviewError, match="written to while it was read"):
        open_program(folder)
    assert days_kept(folder) == {}


@pytest.mark.usefixtures("own_interrupts")
def test_ctrl_c_keeps_what_is_done_and_leaves_nothing_else(program_folder, monkeypatch):
    logs = {f"log{number}_csv": calls(call(request=f"r{number}")) for number in range(40)}
    folder = program_folder({"calls": 'path = "log*.csv"'}, **logs)
    monkeypatch.setattr(log_reading, "LITTLE", 1)
    monkeypatch.setattr(log_reading, "TOGETHER", 0)
    monkeypatch.setattr(machine, "readers", lambda: 2)
    roll_up, jobs = log_reading.roll_up, []

    def interrupted(*given):
        jobs.append(given)
        if len(jobs) == 4:
            _thread.interrupt_main()
            time.sleep(5 * log_reading.STEP)  # the main thread looks at its tasks meanwhile
        return roll_up(*given)

    monkeypatch.setattr(log_reading, "roll_up", interrupted)
    with pytest.raises(KeyboardInterrupt):
        usage.read_new(load_program(folder))
    done = days_kept(folder)
    assert 2 <= len(done) < 40
    assert not [*(folder / ".usage").glob("writing-*"), *(folder / ".usage" / "all").iterdir()]
    monkeypatch.setattr(log_reading, "roll_up", roll_up)
    assert used(open_program(folder)) == [("2026-02-10", 40)]
    assert done.items() <= days_kept(folder).items()


def test_folder_that_cannot_be_written_to_is_read_each_time(program_folder, monkeypatch):
    folder = program_folder(calls_csv=calls(call()))
    (folder / ".usage").write_text("in the way")
    assert used(open_program(folder)) == [("2026-02-10", 1)]
    assert "cannot be written" in usage_state.state_text(load_program(folder))


# The command


def test_state_says_what_is_read_and_what_not_and_why(program_folder):
    folder = program_folder(
        {"calls": 'path = "log*.csv"'}, log1_csv=calls(call(request="a")), log2_csv=calls(call(request="b"))
    )
    program = load_program(folder)
    assert "to read  2 files, 0.0 MB, new: log1.csv, log2.csv" in usage_state.state_text(program)
    usage.read_new(program)
    (folder / "log2.csv").write_text(calls(call(request="c")))
    told = usage_state.state_text(program)
    assert "read     1 file," in told and "to read  1 file, 0.0 MB, changed since: log2.csv" in told
    assert usage_state.has_new(program)
    usage.read_new(program)
    assert not usage_state.has_new(program)
    assert usage_state.drop(program) > 0
    assert "to read  2 files" in usage_state.state_text(program)


@pytest.mark.parametrize("size", ["1MB", "lots", "-4GB", ""])
def test_memory_that_is_none_is_refused(size):
    with pytest.raises(ReviewError, match="Allowed: a size of 500 MB or more"):
        machine.read_size(size, "--memory")


def test_memory_is_half_of_what_there_is_unless_said(monkeypatch):
    monkeypatch.delenv(machine.MEMORY, raising=False)
    assert machine.memory_limit() == machine._installed() // 2
    monkeypatch.setenv(machine.MEMORY, "1.5 GB")
    assert machine.memory_limit() == 1_500_000_000


# Files that are read together


def parquet_of(file, select):
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        con.execute(f"copy ({select}) to '{file}' (format parquet)")


REST = "'production' as environment, 200 as status"


@pytest.mark.parametrize(
    ("first", "second", "zone", "expected"),
    [
        # Times of no zone are the export's, whatever another file has.
        (
            "unnest([timestamp '2026-07-02 23:00', timestamp '2026-07-03 01:00']) as called_at, 'acme' as partner_id",
            "timestamptz '2026-07-09 12:00:00+00' as called_at, 'acme' as partner_id",
            "America/New_York",
            [("2026-07-02", 1), ("2026-07-03", 1), ("2026-07-09", 1)],
        ),
        (
            "date '2026-07-02' as called_at, 'acme' as partner_id",
            "timestamptz '2026-07-09 12:00:00+00' as called_at, 'acme' as partner_id",
            "UTC",
            [("2026-07-02", 1), ("2026-07-09", 1)],
        ),
    ],
)
def test_parquet_of_other_types_says_the_same_beside_others_as_alone(
    program_folder, first, second, zone, expected
):
    block = f'path = "log*.parquet"\ntimezone = "{zone}"'
    folder = program_folder({"calls": block}, timezone="America/New_York")
    parquet_of(folder / "log1.parquet", f"select {first}, {REST}")
    assert used(open_program(folder)) == expected[:-1]
    parquet_of(folder / "log2.parquet", f"select {second}, {REST}")
    assert used(open_program(folder)) == expected
    shutil.rmtree(folder / ".usage")
    assert used(open_program(folder)) == expected


def test_ids_that_are_numbers_are_written_whole_whatever_their_type(program_folder):
    folder = program_folder({"calls": 'path = "log*"'})
    at = "timestamptz '2026-02-10 12:00:00+00' as called_at"
    parquet_of(folder / "log1.parquet", f"select {at}, 1001 as partner_id, 7 as request_id, {REST}")
    parquet_of(
        folder / "log2.parquet",
        f"select {at}, unnest([1001.0::double, null]) as partner_id, unnest([7.0::double, 8.0]) as request_id, {REST}",
    )
    (folder / "log3.csv").write_text(calls(call(partner="1001", request="7")))
    con = open_program(folder)
    assert rows(con, "select partner_id, sum(calls)::int from usage group by 1 order by 1") == [
        ("1001", 1),
        (None, 1),
    ]


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_parquet_of_any_unit_of_time_is_read(program_folder, unit):
    folder = program_folder({"calls": 'path = "calls.parquet"'}, timezone="America/New_York")
    told = pl.DataFrame({"called_at": [datetime(2026, 2, 10, 3)], "partner_id": ["acme"], "status": [200]})
    told = told.with_columns(
        pl.col("called_at").dt.cast_time_unit(unit).dt.replace_time_zone("UTC"),
        environment=pl.lit("production"),
    )
    told.write_parquet(folder / "calls.parquet")
    assert used(open_program(folder)) == [("2026-02-09", 1)]


def test_parquet_with_a_column_named_source_is_read(program_folder):
    folder = program_folder({"calls": 'path = "calls.parquet"'})
    at = "timestamptz '2026-02-10 12:00:00+00' as called_at"
    parquet_of(folder / "calls.parquet", f"select {at}, 'acme' as partner_id, 'web' as source, {REST}")
    assert used(open_program(folder)) == [("2026-02-10", 1)]


def test_folders_name_says_nothing_of_the_calls_in_it(program_folder):
    folder = program_folder({"calls": 'path = "logs/*/*.parquet"'})
    (folder / "logs" / "partner_id=bolt").mkdir(parents=True)
    at = "timestamptz '2026-02-10 12:00:00+00' as called_at"
    parquet_of(folder / "logs/partner_id=bolt/a.parquet", f"select {at}, 'acme' as partner_id, {REST}")
    assert rows(open_program(folder), "select partner_id from usage") == [("acme",)]


@pytest.mark.parametrize("before", ["\n", " \n\n", "\ufeff\n"])
def test_blank_lines_of_another_ending_cost_no_row(program_folder, before):
    text = before + calls(call(), call("2026-02-10T13:00:00Z")).replace("\n", "\r\n")
    con = open_program(program_folder(calls_csv=text))
    assert used(con) == [("2026-02-10", 2)]


def test_later_name_comes_last_though_names_differ_in_what_looks_like_an_ending(program_folder):
    names = ["kong.log.1.csv", "kong.log.2.csv", "kong.log.10.csv", "kong.log.10.csv.gz"]
    folder = program_folder({"calls": 'path = "kong*"'})
    for name in reversed(names):
        (folder / name).write_bytes(b"x")
    [export] = load_program(folder).exports["calls"]
    assert [file.name for file in export.files(folder)] == names
