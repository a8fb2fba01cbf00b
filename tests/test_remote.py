"""Exports that are kept elsewhere: an S3 server and a web server on this machine, and how they fail."""

# ruff: noqa: E501 - a url and its mistake stand on one row, as they are read

import _thread
import gzip
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import duckdb
import pytest
from fsspec.registry import _registry
from hypothesis import given
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer
from s3fs import S3FileSystem

from kit import editions, exports, remote, stores
from kit.blank import add_settings
from kit.checks import check_exports, ledger
from kit.database import TABLES, tables_of
from kit.drift import drift
from kit.errors import ReviewError
from kit.program import ProgramError, load_program
from kit.remote import fetch, files_at, fingerprint_of, look_anew, url_of
from kit.sources import files_of
from kit.urls import has_secret, name_of
from kit.usage import read_new
from kit.usage_state import has_new
from tests.conftest import CALLS, PARTNERS, emptied, rows

pytestmark = pytest.mark.slow

NUMBERS = count(1)
BROKEN, LATE, DENIED = "broken", "late", "denied"


class Gate(ThreadingHTTPServer):
    """A server before the S3 server: it keeps what was asked for, and spoils answers about a path."""

    daemon_threads = True

    def __init__(self, behind: tuple[str, int]) -> None:
        super().__init__(("127.0.0.1", 0), Passing)
        self.behind = behind
        self.open()

    def open(self) -> None:
        """Begin anew."""
        self.asked: list[str] = []
        self.spoiled: dict[str, str] = {}
        self.times = 10**9
        self.now = self.most = 0

    def read(self) -> list[str]:
        """The objects that were read, each as often as it was."""
        return [
            line.removeprefix("GET ") for line in self.asked if line.startswith("GET") and "?" not in line
        ]

    def listed(self) -> int:
        return sum("list-type" in line for line in self.asked)


class Passing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Gate

    def do_GET(self) -> None:
        gate, how = self.server, ""
        gate.asked.append(f"{self.command} {self.path}")
        if self.command == "GET" or DENIED in gate.spoiled.values():
            how = next((how for path, how in gate.spoiled.items() if path in self.path), "")
        if how == BROKEN and gate.times <= 0:
            how = ""
        gate.times -= how == BROKEN
        gate.now += 1
        gate.most = max(gate.most, gate.now)
        self.pass_on(how)
        gate.now -= 1

    do_HEAD = do_GET

    def pass_on(self, how: str) -> None:
        behind = HTTPConnection(*self.server.behind)
        behind.request(self.command, self.path, headers=dict(self.headers))
        answer = behind.getresponse()
        body = answer.read()
        if how == DENIED:
            body = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
        self.send_response(403 if how == DENIED else answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "server", "date", "content-length"):
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else len(body)
        self.send_header("Content-Length", str(0 if how == DENIED and self.command == "HEAD" else length))
        self.end_headers()
        if how == LATE:
            time.sleep(0.1)
        if self.command == "GET":
            self.wfile.write(body[: len(body) // 2] if how == BROKEN else body)
        self.close_connection = how == BROKEN

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="session")
def moto() -> tuple[str, int]:
    """An S3 server; it goes with the process."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    return server.get_host_and_port()


@pytest.fixture(scope="session")
def owner(moto: tuple[str, int]) -> Any:
    """A client past the gate, which fills the buckets."""
    host, port = moto
    keys = {"aws_access_key_id": "owner", "aws_secret_access_key": "owner", "region_name": "us-east-1"}
    return boto3.client("s3", endpoint_url=f"http://{host}:{port}", **keys)


@pytest.fixture(scope="session")
def only_gate(moto: tuple[str, int]) -> Iterator[Gate]:
    with Gate(moto) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def gate(only_gate: Gate, monkeypatch: pytest.MonkeyPatch) -> Gate:
    """The server before the S3 server, which has seen nothing yet."""
    only_gate.open()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{only_gate.server_port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    # Each client reads half a megabyte of what S3 can do, which does not change meanwhile.
    monkeypatch.setattr(botocore.session, "create_loader", one_loader)
    stores.open_store.cache_clear()
    return only_gate


one_loader = cache(botocore.session.create_loader)


@pytest.fixture
def bucket(gate: Gate, owner: Any) -> Callable[..., str]:
    """A builder of buckets: what it puts there under which keys; the bucket's name comes back."""
    name = f"acme-{next(NUMBERS)}"
    owner.create_bucket(Bucket=name)

    def put(files: dict[str, str | bytes]) -> str:
        for key, content in files.items():
            owner.put_object(Bucket=name, Key=key, Body=content)
        return name

    return put


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails is not tried again, by us or by S3's package."""
    once = {scheme: replace(store, attempts=1) for scheme, store in stores.STORES.items()}
    for scheme, store in once.items():
        monkeypatch.setitem(stores.STORES, scheme, store)
    monkeypatch.setattr(S3FileSystem, "retries", 1)


class Page:
    """What the web server says of one path."""

    def __init__(self, body: str, shown: int | None = None, **headers: str) -> None:
        self.body, self.shown = body.encode(), shown
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


LONG_AGO = "Mon, 02 Mar 2026 12:00:00 GMT"


class Web(ThreadingHTTPServer):
    """A web server of pages."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Showing)
        self.pages: dict[str, Page | int] = {}
        self.asked: list[str] = []

    def url(self, path: str) -> str:
        return f"http://localhost:{self.server_port}{path}"


class Showing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Web

    def do_GET(self) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        page = self.server.pages.get(self.path, 404)
        if isinstance(page, int):
            self.send_response(page)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        body = page.body if self.command == "HEAD" else page.body[: page.shown]
        self.send_response(200)
        for name, value in page.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def path(*urls: str) -> str:
    return f"path = {list(urls)}".replace("'", '"')


def calls(day: int, number: int = 1) -> str:
    """A call log of one day."""
    line = f"2026-02-{day:02}T12:00:00Z,acme,production,200\n"
    return "called_at,partner_id,environment,status\n" + line * number


def partners(*names: str) -> str:
    """A register of partners."""
    return "partner_id,name,registered_at\n" + "".join(f"{name},{name},2025-12-01\n" for name in names)


def mistake(folder: Path) -> str:
    """The one mistake of a program, without the file's name."""
    with pytest.raises(ProgramError) as error:
        load_program(folder)
    [_, sentence] = str(error.value).splitlines()
    return sentence.removeprefix("program.toml:")


def kept(folder: Path) -> list[str]:
    """The names of what has been fetched and is still there, sound or not."""
    found = (folder / ".usage" / "remote").rglob("*")
    return sorted(file.name for file in found if file.is_file() and file.name != ".gitignore")


# A program reads them


def test_program_on_s3_gives_the_figures_of_the_same_files_here(con, program_folder, bucket) -> None:
    logs = {f"logs/{day}.csv.gz": gzip.compress(calls(day, day).encode()) for day in range(9, 13)}
    name = bucket({**logs, "crm/partners.csv": PARTNERS})
    folder = program_folder(calls_csv="".join([calls(9, 9), *(calls(day, day)[40:] for day in (10, 11, 12))]))
    expected = contents(folder)
    program_folder(
        {"calls": path(f"s3://{name}/logs/*.csv.gz"), "partners": path(f"s3://{name}/crm/partners.csv")}
    )
    (folder / "calls.csv").unlink()
    (folder / "partners.csv").unlink()
    assert contents(folder) == expected
    assert sum(calls for _, calls in calls_of_files(con, folder)) == 42


def contents(folder: Path) -> dict[str, list[tuple]]:
    """The rows of a program's tables."""
    with tables_of(load_program(folder)) as con:
        return {table: rows(con, f"from {table} order by all") for table in TABLES if table != "coverage"}


def calls_of_files(con: duckdb.DuckDBPyConnection, folder: Path) -> list[tuple]:
    """How many calls each log gave, in one run that reads the exports alone."""
    return asked(con, folder, f"select path, sum(calls)::integer {OF_LOGS} group by 1 order by 1")


OF_LOGS = "from file_usage inner join files using (file_id) where not is_repeat"


def asked(
    con: duckdb.DuckDBPyConnection, folder: Path, question: str, table: str = "calls", counted: bool = False
) -> list[tuple]:
    """What a run that reads the exports of one table alone answers."""
    program = load_program(folder)
    emptied(con).execute("delete from settings; delete from minor_units")
    add_settings(con, program)
    only = program.model_copy(update={"exports": {table: program.exports[table]}})
    exports.load_exports(con, only, counted)
    return rows(con, question)


def test_files_have_their_urls_for_names(con, program_folder, bucket, gate) -> None:
    name = bucket(
        {"a b/9.csv": calls(9), "a b/10.csv": calls(10), "a b/[1] x.csv.gz": gzip.compress(calls(8).encode())}
    )
    folder = program_folder({"calls": path(f"s3://{name}/a b/*", "calls.csv")}, calls_csv=calls(11))
    assert asked(con, folder, "select path from files where table_name = 'calls' order by path") == [
        ("calls.csv",),
        (f"s3://{name}/a b/10.csv",),
        (f"s3://{name}/a b/9.csv",),
        (f"s3://{name}/a b/[1] x.csv.gz",),
    ]


def test_error_of_a_remote_file_names_its_url(con, program_folder, bucket) -> None:
    name = bucket({"[a].csv": "when,who\n1,2\n", "b.csv": "when,who\n3,4\n"})
    for key in ("[a].csv", "b.csv"):
        folder = program_folder({"calls": path(f"s3://{name}/{key}")})
        with pytest.raises(ReviewError) as error:
            asked(con, folder, "from files")
        assert str(error.value).startswith(f"s3://{name}/{key}: ")
        assert ".usage" not in str(error.value)


def test_column_that_is_new_in_a_remote_file_is_new_in_its_url(con, program_folder, bucket) -> None:
    name = bucket({"1.csv": PARTNERS, "2.csv": "partner_id,name,registered_at,note\nb,Bert,2025-12-02,x\n"})
    program = load_program(program_folder({"partners": path(f"s3://{name}/*.csv")}))
    [changes] = [each.changes for each in drift(con, program) if each.table == "partners"]
    assert changes == (f"new in s3://{name}/2.csv: note",)


def test_same_log_under_two_names_counts_once(con, program_folder, bucket) -> None:
    name = bucket({"1.csv": calls(9), "2.csv": calls(9), "3.csv": calls(10)})
    folder = program_folder({"calls": path(f"s3://{name}/*.csv", f"s3://{name}/1.csv")})
    assert calls_of_files(con, folder) == [(f"s3://{name}/1.csv", 1), (f"s3://{name}/3.csv", 1)]


def test_same_log_in_two_buckets_counts_once(con, program_folder, bucket, gate, owner) -> None:
    """Though one of them was fetched before, when the other could not be had."""
    name = bucket({"1.csv": calls(9, 3)})
    other = f"{name}z"
    owner.create_bucket(Bucket=other)
    owner.put_object(Bucket=other, Key="again.csv", Body=calls(9, 3))
    folder = program_folder({"calls": path(f"s3://{name}/1.csv", f"s3://{other}/again.csv")})
    fetch(load_program(folder).exports["calls"][0].files(folder)[:1])
    assert calls_of_files(con, folder) == [(f"s3://{name}/1.csv", 3)]
    assert gate.read() == [f"/{name}/1.csv"]
    copies = (
        "select copy.path, files.path from files as copy inner join files on files.file_id = copy.same_as"
    )
    assert asked(con, folder, copies) == [(f"s3://{other}/again.csv", f"s3://{name}/1.csv")]


def test_editions_know_remote_files_by_url_and_mark(program_folder, bucket) -> None:
    name = bucket({"1.csv": calls(9)})
    program = load_program(program_folder({"calls": path(f"s3://{name}/1.csv")}))
    before = editions.inputs(program)["files"]["calls"]
    bucket({"1.csv": calls(8)})
    after = editions.inputs(load_program(program.folder))["files"]["calls"]
    assert [*before] == [*after] == [f"s3://{name}/1.csv"]
    assert before != after
    assert kept(program.folder) == []


# When they are fetched


def test_nothing_is_fetched_to_know_what_is_there(program_folder, bucket, gate) -> None:
    name = bucket({f"{number}.csv": calls(9) for number in (10, 9, 1)})
    program = load_program(program_folder({"calls": path(f"s3://{name}/*.csv")}))
    files = program.exports["calls"][0].files(program.folder)
    assert [file.name for file in files] == ["1.csv", "9.csv", "10.csv"]
    assert [url_of(file) for file in files] == [f"s3://{name}/{number}.csv" for number in (1, 9, 10)]
    assert len({fingerprint_of(file) for file in files}) == 1
    assert (gate.read(), kept(program.folder)) == ([], [])


def test_a_pattern_is_listed_once_a_run(con, program_folder, bucket, gate) -> None:
    name = bucket({"1.csv": calls(9), "2.csv": calls(10)})
    folder = program_folder({"calls": path(f"s3://{name}/*.csv")})
    calls_of_files(con, folder)
    assert gate.listed() == 1
    calls_of_files(con, folder)
    assert gate.listed() == 2


def test_unchanged_file_is_not_fetched_again(con, program_folder, bucket, gate) -> None:
    name = bucket({"1.csv": partners("acme"), "2.csv": partners("bert")})
    folder = program_folder({"partners": path(f"s3://{name}/*.csv")})
    first = asked(con, folder, "from partners", "partners")
    bucket({"2.csv": partners("bert")})  # another date
    assert asked(con, folder, "from partners", "partners") == first
    assert sorted(gate.read()) == [f"/{name}/1.csv", f"/{name}/2.csv"]
    assert kept(folder) == ["1.csv", "2.csv"]


def test_log_that_was_read_is_not_kept_and_is_fetched_for_nothing_more(program_folder, bucket, gate) -> None:
    name = bucket({"9.csv": calls(9, 3), "10.csv.gz": gzip.compress(calls(10, 4).encode())})
    folder = program_folder({"calls": path(f"s3://{name}/*")})
    read_new(load_program(folder))
    assert kept(folder) == []
    assert not has_new(load_program(folder))
    contents(folder)
    check = check_exports(folder, "2026-Q1")
    assert ledger(check).filter(table="calls").select("file", "read", "used").rows() == [
        (f"s3://{name}/10.csv.gz", 4, 4),
        (f"s3://{name}/9.csv", 3, 3),
    ]
    assert sorted(gate.read()) == [f"/{name}/10.csv.gz", f"/{name}/9.csv"]
    assert kept(folder) == []


def test_new_log_alone_is_fetched_though_columns_are_named(con, program_folder, bucket, gate) -> None:
    name = bucket({"9.csv": calls(9)})
    folder = program_folder({"calls": path(f"s3://{name}/*") + '\ncolumns = { partner_id = "partner_id" }'})
    calls_of_files(con, folder)
    bucket({"10.csv": calls(10)})
    assert len(calls_of_files(con, folder)) == 2
    assert gate.read() == [f"/{name}/9.csv", f"/{name}/10.csv"]


def test_log_with_faults_is_not_kept_either(con, program_folder, bucket, gate) -> None:
    """Its faults stand in no cache, for they may say anything: who asks for them has the log fetched again."""
    name = bucket({"9.csv": calls(9, 3) + "2026-02-09T12:00:00Z,acme,nowhere,200\n"})
    folder = program_folder({"calls": path(f"s3://{name}/9.csv") + "\nrejects = 0.5"})
    for _ in range(2):
        assert calls_of_files(con, folder) == [(f"s3://{name}/9.csv", 3)]
    assert (len(gate.read()), kept(folder)) == (1, [])
    faults = asked(
        con, folder, "select line, text, read from rejects inner join files using (file_id)", counted=True
    )
    assert faults == [(5, "2026-02-09T12:00:00Z,acme,nowhere,200", 4)]
    assert (len(gate.read()), kept(folder)) == (2, [])


def test_hours_that_clocks_skip_are_counted_once(con, program_folder, bucket, gate) -> None:
    log = "called_at,partner_id,environment,status\n2026-03-08T02:30:00,acme,production,200\n"
    name = bucket({"1.csv": log, "2.csv": calls(9)})
    folder = program_folder(
        {"calls": path(f"s3://{name}/*.csv") + '\ntimezone = "America/New_York"'}, timezone="America/New_York"
    )
    for _ in range(2):
        assert asked(con, folder, "select skipped, twice from clock_changes", counted=True) == [(1, 0)]
    assert sorted(gate.read()) == [f"/{name}/{file}.csv" for file in (1, 1, 2, 2)]  # to read it, and to count
    assert kept(folder) == []


def test_log_changed_to_the_same_size_is_fetched_and_read_anew(con, program_folder, bucket, gate) -> None:
    name = bucket({"1.csv": calls(9), "2.csv": calls(10)})
    folder = program_folder({"calls": path(f"s3://{name}/*.csv")})
    calls_of_files(con, folder)
    bucket({"1.csv": calls(11)})
    assert asked(con, folder, f"select distinct day(day) {OF_LOGS} order by 1") == [(10,), (11,)]
    assert gate.read()[2:] == [f"/{name}/1.csv"]


def test_changed_file_takes_the_place_of_the_old_one(con, program_folder, bucket, gate) -> None:
    name = bucket({"1.csv": partners("acme"), "2.csv": partners("bert")})
    folder = program_folder({"partners": path(f"s3://{name}/*.csv")})
    asked(con, folder, "from partners", "partners")
    bucket({"1.csv": partners("carlotta")})
    assert asked(con, folder, "select partner_id from partners order by 1", "partners") == [
        ("bert",),
        ("carlotta",),
    ]
    assert len(gate.read()) == 3
    assert kept(folder) == ["1.csv", "2.csv"]


def test_twenty_files_are_fetched_several_at_a_time(con, program_folder, bucket, gate) -> None:
    name = bucket({f"{number}.csv": calls(9, number + 1) for number in range(20)})
    gate.spoiled = {".csv": LATE}
    folder = program_folder({"calls": path(f"s3://{name}/*.csv")})
    assert sum(calls for _, calls in calls_of_files(con, folder)) == 210
    assert len(gate.read()) == 20
    assert 3 <= gate.most <= 9


# What goes wrong on the way


def test_broken_download_is_tried_again(con, program_folder, bucket, gate) -> None:
    name = bucket({"1.csv": calls(9, 100)})
    gate.spoiled, gate.times = {"1.csv": BROKEN}, 2
    folder = program_folder({"calls": path(f"s3://{name}/1.csv")})
    assert calls_of_files(con, folder) == [(f"s3://{name}/1.csv", 100)]


@pytest.mark.usefixtures("impatient")
def test_download_that_always_breaks_leaves_nothing_and_says_what_to_do(
    con, program_folder, bucket, gate
) -> None:
    name = bucket({"1.csv": calls(9, 100), "2.csv": calls(10)})
    gate.spoiled = {"1.csv": BROKEN}
    folder = program_folder({"calls": path(f"s3://{name}/*.csv")})
    with pytest.raises(exports.ExportsError) as error:
        calls_of_files(con, folder)
    assert str(error.value).startswith(f"s3://{name}/1.csv: the server does not answer, or breaks off")
    assert str(error.value).endswith("Check the network and the address, and run again.")
    assert len(str(error.value).splitlines()) == 1
    assert set(kept(folder)) <= {"2.csv"}
    gate.spoiled = {}
    assert calls_of_files(con, folder) == [(f"s3://{name}/1.csv", 100), (f"s3://{name}/2.csv", 1)]


@pytest.mark.usefixtures("impatient")
def test_body_shorter_than_was_said_is_refused(program_folder, web) -> None:
    web.pages["/calls.csv"] = Page(CALLS, shown=50)
    folder = program_folder({"calls": path(web.url("/calls.csv"))})
    with pytest.raises(ReviewError, match=f"50 of {len(CALLS)} bytes came"):
        tables_of(load_program(folder))
    assert kept(folder) == []


def test_file_that_changes_before_it_is_fetched_is_refused(program_folder, bucket) -> None:
    name = bucket({"1.csv": calls(9)})
    program = load_program(program_folder({"calls": path(f"s3://{name}/1.csv")}))
    bucket({"1.csv": calls(8)})
    with pytest.raises(ReviewError, match=r"/1\.csv: changed since it was listed\. Run again"):
        tables_of(program)
    assert kept(program.folder) == []


def test_copy_cut_short_here_is_fetched_anew(con, program_folder, bucket, gate) -> None:
    name = bucket({"1.csv": partners("acme", "bert")})
    folder = program_folder({"partners": path(f"s3://{name}/1.csv")})
    asked(con, folder, "from partners", "partners")
    [file] = load_program(folder).exports["partners"][0].files(folder)
    file.write_bytes(file.read_bytes()[:50])
    assert len(asked(con, folder, "from partners", "partners")) == 2


@pytest.mark.usefixtures("own_interrupts")
def test_ctrl_c_leaves_whole_files_alone(program_folder, bucket, gate) -> None:
    name = bucket({f"{number}.csv": calls(9, number + 1) for number in range(40)})
    gate.spoiled = {".csv": LATE}
    program = load_program(program_folder({"calls": path(f"s3://{name}/*.csv")}))
    files = program.exports["calls"][0].files(program.folder)
    threading.Timer(0.35, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        fetch(files, workers=4)
    done = kept(program.folder)
    assert 0 < len(done) < 40
    assert all(name.endswith(".csv") and not name.startswith(".") for name in done)
    fetch(files)
    assert len(kept(program.folder)) == 40


@pytest.mark.usefixtures("impatient")
def test_old_file_stays_until_the_new_one_is_there(con, program_folder, bucket, gate) -> None:
    name = bucket({"1.csv": partners("acme")})
    folder = program_folder({"partners": path(f"s3://{name}/1.csv")})
    asked(con, folder, "from partners", "partners")
    bucket({"1.csv": partners("bert")})
    gate.spoiled = {"1.csv": BROKEN}
    with pytest.raises(ReviewError):
        asked(con, folder, "from partners", "partners")
    assert kept(folder) == ["1.csv"]


def test_what_a_killed_run_left_half_fetched_goes(con, program_folder, bucket) -> None:
    name = bucket({"1.csv": PARTNERS})
    folder = program_folder({"partners": path(f"s3://{name}/1.csv")})
    parts = folder / ".usage" / "remote" / "parts"
    parts.mkdir(parents=True)
    for part, age in (("dead", 3600), ("alive", 5)):
        (parts / part).write_text("called_at")
        os.utime(parts / part, (time.time() - age,) * 2)
    asked(con, folder, "from partners", "partners")
    assert kept(folder) == ["1.csv", "alive"]


def test_folder_that_cannot_be_written(con, program_folder, bucket) -> None:
    name = bucket({"1.csv": calls(9)})
    folder = program_folder({"calls": path(f"s3://{name}/1.csv")})
    (folder / ".usage").write_text("a file")
    with pytest.raises(ReviewError, match="remote files are kept there, and it cannot be written"):
        calls_of_files(con, folder)


# Mistakes of program.toml


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("s3://no-such-bucket-7/*.csv", "there is no bucket no-such-bucket-7, or not for these keys. Keys come from"),
        ("s3://no-such-bucket-7/a.csv", "there is no bucket no-such-bucket-7, or not for these keys. Keys come from"),
        ("s3://BUCKET/none.csv", "no such file there."),
        ("s3://BUCKET/none/*.csv", "no such file there."),
        ("s3://BUCKET", "names no file. Write it like s3://BUCKET/logs/2026-03.jsonl.gz."),
        ("s3://", "names no file. Write it like s3://bucket/logs/2026-03.jsonl.gz."),
        ("ftp://acme/a.csv", "not a store that can be read. Allowed: s3://, gs://, az://, https://."),
        ("gcs://acme/a.csv", 'not a store that can be read. Allowed: s3://, gs://, az://, https://. Did you mean "gs"?'),
        ("https://acme.com/*.csv", "the web has no lists of files. Allowed: one address a file, or several in a list."),
        ("https://acme.com/", "names no file. Write it like https://acme.com/logs/2026-03.jsonl.gz."),
        ("http://acme.com/a.csv", "not encrypted: whoever is on the way could change it. Allowed: https://; http:// on localhost."),
    ],
)  # fmt: skip
def test_url_that_leads_nowhere_is_a_mistake(program_folder, bucket, url: str, expected: str) -> None:
    name = bucket({"1.csv": calls(9)})
    url, expected = url.replace("BUCKET", name), expected.replace("BUCKET", name)
    assert mistake(program_folder({"calls": f'path = "{url}"'})).startswith(
        f'8  exports.calls.path = "{url}": {expected}'
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://me:hunter2@acme.com/a.csv",
        "s3://AKIA:hunter2@acme/a.csv",
        "https://acme.blob.core.windows.net/logs/a.csv?sv=2024&sig=hunter2",
        "https://acme.s3.amazonaws.com/a.csv?X-Amz-Signature=hunter2",
        "https://acme.com/a.csv?access_token=hunter2",
    ],
)
def test_secret_in_a_url_is_refused_and_not_shown(program_folder, url: str) -> None:
    folder = program_folder({"calls": f'path = ["calls.csv", "{url}"]'})
    said = mistake(folder)
    assert said.startswith("8  exports.calls.path[2].password: a password, a token or a signature")
    assert "hunter2" not in said


@pytest.mark.parametrize("url", ["https://acme.com/a.csv?month=3&key=logs", "s3://acme/a@b?sig=1.csv"])
def test_url_without_secret(url: str) -> None:
    assert not has_secret(url)


def test_store_that_denies_access_says_where_keys_come_from(program_folder, bucket, gate) -> None:
    name = bucket({"1.csv": calls(9)})
    gate.spoiled = {name: DENIED}
    folder = program_folder({"calls": path(f"s3://{name}/*.csv")})
    assert "no access (Access Denied). Keys come from the environment (AWS_PROFILE, or" in mistake(folder)


def test_no_keys_at_all(program_folder, bucket, monkeypatch) -> None:
    name = bucket({"1.csv": calls(9)})
    for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/none")
    folder = program_folder({"calls": path(f"s3://{name}/*.csv")})
    assert "no access (Unable to locate credentials). Keys come from the environment" in mistake(folder)


@pytest.mark.usefixtures("impatient")
def test_server_that_does_not_answer(program_folder, bucket, monkeypatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    said = mistake(program_folder({"calls": path("s3://acme/*.csv")}))
    assert "the server does not answer, or breaks off (Could not connect to the endpoint URL" in said
    assert "127.0.0.1:9" in said


@pytest.mark.parametrize(
    ("package", "url", "extra"),
    [("s3fs", "s3://a/b", "s3"), ("gcsfs", "gs://a/b", "gcs"), ("adlfs", "az://a/b", "azure"),
     ("aiohttp", "https://a/b", "https")],
)  # fmt: skip
def test_missing_package_is_named_with_what_installs_it(
    program_folder, monkeypatch, package: str, url: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(_registry, url.partition(":")[0], raising=False)
    said = mistake(program_folder({"calls": path(url)}))
    assert said.endswith(
        f'needs a package that is not installed. Install it: pip install "api-review[{extra}]".'
    )


def test_query_is_not_read_from_elsewhere(program_folder, bucket) -> None:
    name = bucket({"calls.sql": "from raw"})
    folder = program_folder({"calls": f'path = "calls.csv"\nsql = "s3://{name}/calls.sql"'})
    assert "exports.calls.sql" in mistake(folder)


# The web


def test_web_file_with_an_old_date_is_fetched_once(con, program_folder, web) -> None:
    web.pages["/my%20calls.csv"] = Page(CALLS, Last_Modified=LONG_AGO)
    folder = program_folder({"calls": path(web.url("/my%20calls.csv"))})
    for _ in range(2):
        assert calls_of_files(con, folder) == [(web.url("/my%20calls.csv"), 1)]
    assert web.asked.count("GET /my%20calls.csv") == 1


@pytest.mark.parametrize(
    "headers",
    [{}, {"Last_Modified": "now"}, {"Last_Modified": "lately"}, {"Last_Modified": "now", "ETag": '"1-2"'}],
)
def test_web_file_without_a_mark_or_just_changed_is_known_by_nothing(tmp_path, web, headers) -> None:
    now = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
    said = {name: now if value == "now" else value for name, value in headers.items()}
    web.pages["/calls.csv"] = Page(CALLS, **said)
    [file] = files_at(tmp_path, web.url("/calls.csv"))
    assert fingerprint_of(file) is None


def test_web_file_that_is_known_by_nothing_is_fetched_each_run(con, program_folder, web) -> None:
    web.pages["/calls.csv"] = page = Page(CALLS)
    folder = program_folder({"calls": path(web.url("/calls.csv"))})
    for day in (10, 11):
        page.body = CALLS.replace("02-10", f"02-{day}").encode()
        assert asked(con, folder, f"select day(day) {OF_LOGS}") == [(day,)]
    assert web.asked.count("GET /calls.csv") == 2
    assert kept(folder) == []


def test_two_web_files_with_one_date_and_length_are_two(program_folder, web) -> None:
    for day in (9, 8):
        web.pages[f"/{day}.csv"] = Page(calls(day), Last_Modified=LONG_AGO)
    program = load_program(program_folder({"calls": path(web.url("/9.csv"), web.url("/8.csv"))}))
    first, second = program.exports["calls"][0].files(program.folder)
    assert fingerprint_of(first) != fingerprint_of(second)


def test_gzip_file_that_a_server_calls_encoded_is_kept_as_it_is(con, program_folder, web) -> None:
    page = Page("", ETag='"1"', Content_Encoding="gzip", Content_Type="text/csv")
    page.body = gzip.compress(CALLS.encode())
    web.pages["/calls.csv.gz"] = page
    folder = program_folder({"calls": path(web.url("/calls.csv.gz"))})
    assert calls_of_files(con, folder) == [(web.url("/calls.csv.gz"), 1)]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    ("status", "expected"),
    [(404, "no such file there."), (403, "no access (403, message='Forbidden'"), (401, "no access (401"),
     (410, "the server answers with status 410."), (503, "the server answers with status 503.")],
)  # fmt: skip
def test_web_server_that_refuses(program_folder, web, status: int, expected: str) -> None:
    web.pages["/calls.csv"] = status
    assert expected in mistake(program_folder({"calls": path(web.url("/calls.csv"))}))


# Patterns and names

KEYS = [
    "a.csv", "logs/a.csv", "logs/b.csv.gz", "logs/2026-01/a.csv", "logs/2026-02/a1.csv", "logs/2026-03/deep/a.csv",
    "logs/.hidden/a.csv", "logs/.b.csv", "logs/[1].csv", "logs/1.csv", "logs/what?.csv", "other/logs/a.csv", "logs.csv",
]  # fmt: skip
PATTERNS = [
    "a.csv", "*.csv", "logs/*.csv", "logs/*", "logs/**/*.csv", "**/*.csv", "*/a.csv", "logs/2026-0[12]/*", "*/*/a?.csv",
    "logs/2026-0[!1]/*.csv", "logs/.hidden/*.csv", "logs/.*.csv", "logs/[1].csv", "logs/[[]1].csv", "logs/what?.csv",
    "**/logs/*.csv", "*/deep/*.csv", "logs/2026-*/**/a.csv", "logs",
]  # fmt: skip


def test_patterns_match_on_s3_what_they_match_here(tmp_path: Path, bucket) -> None:
    name = bucket(dict.fromkeys(KEYS, "x"))
    for key in KEYS:
        (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / key).write_text("x")
    for pattern in PATTERNS:
        expected = sorted(str(file.relative_to(tmp_path)) for file in files_of(tmp_path, pattern))
        try:
            found = files_at(tmp_path, f"s3://{name}/{pattern}")
        except ReviewError:
            found = []
        assert sorted(url_of(file).removeprefix(f"s3://{name}/") for file in found) == expected, pattern


def test_folder_kept_as_an_object_is_no_file(tmp_path: Path, bucket) -> None:
    name = bucket({"logs/": "", "logs/a.csv": "x", "logs/deep/": ""})
    assert [file.name for file in files_at(tmp_path, f"s3://{name}/logs/*")] == ["a.csv"]


def test_more_files_than_a_page_of_the_listing_holds(tmp_path: Path, bucket) -> None:
    name = bucket({f"{number}.csv": "x" for number in range(1005)})
    assert len(files_at(tmp_path, f"s3://{name}/*.csv")) == 1005


@given(st.sampled_from(["s3://acme/", "https://acme.com/"]), st.text())
def test_own_name_is_one_name_that_a_disk_takes(start: str, key: str) -> None:
    name = name_of(start + key)
    assert "/" not in name
    assert name not in (".", "..")
    assert len(name.encode()) <= 255


def test_looking_anew_is_for_one_program(tmp_path: Path, bucket, gate) -> None:
    name = bucket({"1.csv": "x"})
    for folder in ("one", "other"):
        files_at(tmp_path / folder, f"s3://{name}/*.csv")
    look_anew(tmp_path / "one")
    for folder in ("one", "other"):
        files_at(tmp_path / folder, f"s3://{name}/*.csv")
    assert gate.listed() == 3


def test_local_files_are_not_remote(tmp_path: Path) -> None:
    fetch([tmp_path / "none.csv"])
    assert (url_of(tmp_path / "none.csv"), fingerprint_of(tmp_path / "none.csv")) == (None, None)
    assert remote.with_urls("none") == "none"


def described(**entry: Any) -> remote.Remote:
    return remote._remote("gs", {"name": "acme/a.csv", "size": 1, **entry})


def test_marks_of_stores_that_are_not_run_here() -> None:
    """Google's MD5 is of the content; its generation and Azure's etag are of one object alone."""
    assert described(md5Hash="x", generation="7").fingerprint == "md5 x 1"
    assert described(generation="7").fingerprint == "gs://acme/a.csv version 7 1"
    assert described(etag='"0x8D"').fingerprint == "gs://acme/a.csv version 0x8D 1"
    assert described().fingerprint is None
