"""Bad input is refused in a line and within bounds; bad luck leaves the old or the new, whole."""

import contextlib
import errno
import gzip
import io
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest
from click.testing import CliRunner
from conftest import rows

from kit import cache, cli, folders, own_sql, readable, records, report, usage
from kit.database import open_program
from kit.errors import ReviewError
from kit.opening import zstd
from kit.program import load_program

pytestmark = pytest.mark.slow

# For how long processes are killed at random: FAULT_SECONDS=600 kills them by the hundred.
SECONDS = int(os.environ.get("FAULT_SECONDS", "45"))
MEMORY = 4 << 30  # bytes of addresses; of them the packages take one
CALLS = "called_at,partner_id,environment,status\n"
SOUND = "2026-02-10T12:00:00Z,acme,production,200\n"
PARTNERS = "partner_id,name,registered_at\nacme,Acme,2025-12-01\n"
ROOT = Path(__file__).parent.parent


def bounded() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def run(folder: Path, *command: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
    """The command on a program, with so much memory and time."""
    return subprocess.run(
        [sys.executable, "-m", "kit.cli", *command, "--program", str(folder)],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds,
        preexec_fn=bounded,
        cwd=ROOT,
    )


def refused(folder: Path, *why: str, seconds: float = 60) -> None:
    """The program is refused in a few lines that say why, and nothing is left but what was there."""
    before = {file for file in folder.rglob("*") if ".usage" not in file.parts}
    done = run(folder, "report", "--out", str(folder / "out"), seconds=seconds)
    assert done.returncode == 1, done.stdout + done.stderr
    said = " ".join(done.stderr.split())
    for part in why:
        assert part in said, done.stderr
    assert "Traceback" not in done.stderr and len(done.stderr) < 3000
    assert {file for file in folder.rglob("*") if ".usage" not in file.parts} == before
    assert not list((folder / ".usage").glob("writing-*"))


# Bad input


def packed(head: str, sign: bytes, megabytes: int) -> bytes:
    """A gzip file of a head and then nothing but one sign, made of one part again and again."""
    part = gzip.compress(sign * (1 << 24), 9)
    return gzip.compress(head.encode()) + part * (megabytes >> 4)


OBJECT = '{"called_at":"2026-02-10T12:00:00Z","partner_id":"acme","environment":"production","status":200}\n'
LINES = 'preset = "combined"\nset = { environment = "production" }'
ENDLESS = {
    "table": ("calls.csv.gz", CALLS + SOUND, "", "its last line is longer than 16,777,216 bytes"),
    "JSON": ("calls.jsonl.gz", OBJECT, "", "calls.jsonl.gz: what begins on line 2 goes on for more than"),
    "log": ("calls.log.gz", "", LINES, "its last line is longer than 16,777,216 bytes"),
    "zeros": ("calls.csv.gz", "", "", "column 'called_at' is missing"),
}


@pytest.mark.parametrize("case", ENDLESS)
def test_two_packed_gigabytes_in_a_line_are_refused_within_four(program_folder, case):
    name, head, more, why = ENDLESS[case]
    folder = program_folder({"calls": f'path = "{name}"\n{more}'})
    (folder / name).write_bytes(packed(head, b"\0" if case == "zeros" else b"a", 2048))
    refused(folder, why)


@pytest.mark.parametrize("ending", [".csv", ".csv.gz", ".csv.zst"])
@pytest.mark.parametrize("table", ["calls", "partners"])
def test_endless_last_line_is_not_left_out_in_silence(loaded, tmp_path, ending, table):
    pack = {".csv": bytes, ".csv.gz": gzip.compress, ".csv.zst": zstd.compress}[ending]
    (tmp_path / f"x{ending}").write_bytes(
        pack((CALLS + SOUND if table == "calls" else PARTNERS).encode() + b"a" * 34_000_000)
    )
    with pytest.raises(ReviewError, match=r"its last line is longer than 16,777,216 bytes"):
        loaded({table: f'path = "x{ending}"'})


def test_line_in_the_middle_that_fills_the_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(records, "LONGEST", 100)
    for form, text in (
        ("json", "{}\n" + "a" * 101 + "\n{}\n"),
        ("csv", 'a\n"x\n' + "y\n" * 100),
        ("lines", "a" * 101),
    ):
        (tmp_path / "x").write_text(text)
        begins = records.Header(",", 1, ("a",), 1) if form == "csv" else records.NOTHING
        with pytest.raises(ReviewError, match=r"what begins on line \d goes on for more than 100 characters"):
            list(records.records(tmp_path / "x", records.Shape(form, begins, 1, 1)))


def test_millions_of_broken_rows_are_refused_before_they_fill_the_memory(loaded, monkeypatch):
    monkeypatch.setattr(records, "MOST_BROKEN", 3)
    with pytest.raises(ReviewError, match="more than 3 rows are broken, the first on line 2: 1 values"):
        loaded(
            {"partners": 'path = "p.csv"\nrejects = 1.0'}, p_csv="partner_id,name,registered_at\n" + "x\n" * 9
        )


@pytest.mark.parametrize(
    "quoted", ['07/04/2026,Invoice,1002,"acme,10.00\n', '"07/04/2026,Invoice,1002,acme,10.00\n']
)
def test_open_quote_in_a_table_under_titles_is_told_and_not_left_out_with_all_after_it(loaded, quoted):
    head = "Northwind\n\nDate,Transaction Type,Num,Name,Amount\n"
    line = "07/03/2026,Invoice,100{},acme,10.00\n"
    block = 'path = "q.csv"\npreset = "quickbooks"\ndates = "%m/%d/%Y"\nset = { kind = "usage", currency = "USD" }'
    text = head + line.format(1) + quoted + line.format(3) + line.format(4)
    with pytest.raises(
        ReviewError, match=r"3 rows of the invoices export have faults:\n.* row 5: a quoted value does"
    ):
        loaded({"invoices": block}, q_csv=text)


DEEP = 100_000


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.jsonl", '{"partner_id": ' + "[" * DEEP + "]" * DEEP + "}\n"),
        ("p.json", "[" * DEEP + "]" * DEEP),
        ("p.json", '{"partner_id": ' * DEEP + "1" + "}" * DEEP),
        ("p.json", "[" * DEEP),
        ("p.jsonl", '{"name": "' + "x" * 17_000_000 + '"}'),
    ],
    ids=["in a line", "list", "object", "open", "long"],
)
def test_deep_or_long_json_is_refused(loaded, tmp_path, name, text):
    (tmp_path / name).write_text(text)
    with pytest.raises(ReviewError, match=name.replace(".", r"\.")) as refusal:
        loaded({"partners": f'path = "{name}"'})
    assert len(str(refusal.value)) < 3000


def workbook(part: str = "", content: list[bytes] | None = None) -> bytes:
    """A workbook of partners; one of its parts may be another."""
    book = openpyxl.Workbook()
    for row in (["partner_id", "name", "registered_at"], ["acme", "Acme", "2025-12-01"]):
        book.active.append(row)
    book.save(plain := io.BytesIO())
    made = io.BytesIO()
    with zipfile.ZipFile(plain) as parts, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as changed:
        for name in {*parts.namelist(), *([part] if part else [])}:
            with changed.open(name, "w", force_zip64=True) as stream:
                for piece in (content or []) if name == part else [parts.read(name)]:
                    stream.write(piece)
    return made.getvalue()


SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
OPENS = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
LAUGHS = b"".join(b'<!ENTITY %c "%s">' % (98 + place, b"&%c;" % (97 + place) * 100) for place in range(6))
WORKBOOKS = {
    "rows": (SHEET, [OPENS, *([b"<row/>" * (1 << 20)] * 100)], "unpacked it has 629,1"),
    "strings": (STRINGS, [b"<sst>", *([b"<si><t>" + b"a" * (8 << 20) + b"</t></si>"] * 40)], "unpacked it has 335,5"),
    "far": (SHEET, [OPENS, b'<row r="2000000000"/></sheetData></worksheet>'], "more than 1,048,576 rows"),
    "laughs": (
        SHEET, [b'<!DOCTYPE l [<!ENTITY a "xxxxxxxxxx">', LAUGHS, b"]>", OPENS, b"<row>&g;</row></sheetData>"],
        "not an Excel workbook",
    ),
    "cut": (SHEET, [OPENS, b"<row"], "not an Excel workbook"),
    "column": (SHEET, [OPENS, b'<row><c r="ZZZZZ1"><v>1</v></c></row></sheetData>'], "not an Excel workbook"),
}  # fmt: skip


@pytest.mark.parametrize("case", WORKBOOKS)
def test_workbook_that_is_a_bomb_is_refused(tmp_path, case):
    part, content, why = WORKBOOKS[case]
    (tmp_path / "p.xlsx").write_bytes(workbook(part, content))
    begun = time.monotonic()
    with pytest.raises(ReviewError, match=why):
        readable.readable_files([tmp_path / "p.xlsx"], tmp_path, None)
    assert time.monotonic() - begun < 60


def link(file: Path, to: str) -> None:
    file.unlink(missing_ok=True)
    file.symlink_to(to)


def pipe(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


PLACES = {
    "device": (lambda file: link(file, "/dev/zero"), "no file of bytes, but a pipe or a device"),
    "pipe": (pipe, "no file of bytes, but a pipe or a device"),
    "dangling": (lambda file: link(file, "nowhere"), "a link to nowhere, where nothing is"),
    "itself": (lambda file: link(file, file.name), "where nothing is"),
    "outside": (lambda file: link(file, "/etc/passwd"), "leaves the program folder"),
    "folder": (lambda file: (file.unlink(), file.mkdir()), "a folder. Write the files in it like"),
}


@pytest.mark.parametrize("case", PLACES)
def test_what_is_no_file_in_the_program_folder_is_refused_unread(program_folder, case):
    folder = program_folder()
    change, why = PLACES[case]
    change(folder / "calls.csv")
    with pytest.raises(ReviewError, match=why):
        load_program(folder)


def test_folders_that_lead_into_themselves_are_walked_once(program_folder):
    folder = program_folder({"calls": 'path = "**/calls.csv"'})
    link(folder / "again", ".")
    assert rows(open_program(folder), "select sum(calls)::int from usage") == [(1,)]


@pytest.mark.parametrize("path", ["../x/calls.csv", "a/../../x.csv", "../../etc/passwd"])
def test_path_that_climbs_out_is_refused(program_folder, path):
    with pytest.raises(ReviewError, match="leaves the program folder"):
        load_program(program_folder({"calls": f'path = "{path}"'}))


QUERIES = [
    "copy (select 1) to '{out}'",
    "select * from raw) ; copy (select 1) to '{out}'; select * from (select * from raw",
    "with x as (copy raw to '{out}') select * from raw",
    "with x as (delete from raw returning *) select * from x",
    "select * from raw; select 1",
    "select raw.*, (select content from read_text('/etc/passwd')) as product from raw",
    "from '/etc/passwd'",
    'with y as (with "{out}" as (select 1) select 1) select * from "{out}"',
    "from raw, glob('/*')",
    "from query('copy (select 1) to ''{out}''')",
    "from duckdb_secrets()",
    "from information_schema.tables",
    "install httpfs",
    "load httpfs",
    "attach '{out}' as x",
    "set enable_external_access = true",
    "pragma database_list",
    "describe raw",
    "select getvariable('x') from raw",
    "select random() as units, * from raw",
    "select $path from raw",
    "select " + "(" * 3000 + "1" + ")" * 3000 + " from raw",
    "",
]


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_sql_of_ones_own_that_is_more_than_a_select_from_raw_is_refused(program_folder, query):
    folder = program_folder({"calls": 'path = "calls.csv"\nsql = "own.sql"'})
    (folder / "own.sql").write_text(query.format(out=folder / "written"))
    with pytest.raises(ReviewError, match=r"own\.sql"):
        open_program(folder)
    assert not (folder / "written").exists()


@pytest.mark.parametrize(
    "query",
    [
        "-- mine\nselect * from raw -- all\n;\n",
        "with mine as (select * from raw), twice as (from mine union all from mine) select distinct * from twice",
        "select raw.* from raw, range(2) where status = '200' qualify row_number() over () = 1",
        "select * replace (lower(partner_id) as partner_id) from Raw where exists (select 1 from raw)",
    ],
)
def test_sql_of_ones_own_may_be_any_select_from_raw(opened, tmp_path, query):
    assert own_sql.fault_of(query) == ""
    (tmp_path / "own.sql").write_text(query)
    con = opened({"calls": 'path = "calls.csv"\nsql = "own.sql"'})
    assert rows(con, "select sum(calls)::int from usage") == [(1,)]


ATTACK = "x') ; copy (select 1) to 'written'; select ('"


@pytest.mark.parametrize(
    "line",
    [
        "columns = { partner_id = " + json.dumps(ATTACK) + " }",
        "columns = { partner_id = " + json.dumps("x\"; copy (select 1) to 'written'; --") + " }",
        "set = { product = " + json.dumps(ATTACK) + " }",
        "set = { status = " + json.dumps("200); attach 'written'; --") + " }",
        "null = [" + json.dumps(ATTACK) + "]",
        "dates = " + json.dumps("%Y" + ATTACK),
        'delimiter = "\'"',
        'decimal = ","\nthousands = "\'"',
        "timezone = " + json.dumps(ATTACK),
        "encoding = " + json.dumps(ATTACK),
        "preset = " + json.dumps("../../" + ATTACK),
    ],
)
def test_setting_with_code_in_it_is_text(program_folder, line, monkeypatch):
    folder = program_folder({"calls": f'path = "calls.csv"\n{line}'})
    monkeypatch.chdir(folder)
    with contextlib.suppress(ReviewError):
        open_program(folder).close()
    assert not (folder / "written").exists()


@pytest.mark.parametrize(
    "quarter", ["2026-Q5", "../2026-Q1", "2026-Q1/../..", "2026-Q1\n", "", "2026-Q1;x", "²026-Q1"]
)
def test_quarter_that_is_none_leaves_nothing(program_folder, quarter):
    folder = program_folder()
    result = CliRunner().invoke(
        cli.main,
        ["report", "--program", str(folder), "--quarter", quarter or "\0", "--out", str(folder / "out")],
    )
    assert result.exit_code == 2
    assert not (folder / "out").exists()


def test_too_little_memory_is_told_in_a_line(program_folder, monkeypatch):
    def lacking(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(usage, "read_new", lacking)
    result = CliRunner().invoke(cli.main, ["usage", "--read", "--program", str(program_folder())])
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert "too little memory" in result.output


# Bad luck

DAYS = [f"2026-{month:02d}-{day:02d}" for month in range(1, 7) for day in (1, 10, 28)]


@pytest.fixture
def small(program_folder):
    """A program of two logs whose second quarter is whole."""
    logs = {
        f"log{number}_csv": CALLS + "".join(f"{day}T12:00:0{number}Z,acme,production,200\n" for day in DAYS)
        for number in range(2)
    }
    return program_folder({"calls": 'path = "log*.csv"'}, **logs)


COUNTS = "select day, sum(calls)::int from usage group by 1 order by 1"


def counted(folder: Path) -> list[tuple]:
    with open_program(folder) as con:
        return rows(con, COUNTS)


def start(folder: Path, *command: str) -> subprocess.Popen[bytes]:
    """The command in a group of processes of its own, which is killed whole."""
    return subprocess.Popen(
        [sys.executable, "-m", "kit.cli", *command, "--program", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd=ROOT,
    )


def kill(process: subprocess.Popen[bytes], after: float) -> bool:
    """Kill the process and all that it started at a moment; whether it was still at work."""
    time.sleep(after)
    is_at_work = process.poll() is None
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return is_at_work


def killed_while_reading(small: Path, times: int, longest: float) -> int:
    """Kill `usage --read` at so many moments; after each the cache says the truth. How often it was at work."""
    truth = counted(small)
    luck, hits, until = random.Random(7), 0, time.monotonic() + SECONDS
    for number in range(times):
        if time.monotonic() > until:  # on a busy machine it is fewer times
            break
        if number % 2 == 0:
            shutil.rmtree(small / ".usage")
        else:  # an edited log: the cache has what it was before
            file = small / "log1.csv"
            file.write_text(file.read_text() + f"{DAYS[-1]}T13:00:00Z,acme,production,200\n")
            truth = [*truth[:-1], (truth[-1][0], truth[-1][1] + 1)]
        hits += kill(start(small, "usage", "--read"), luck.uniform(0.0, longest))
        assert counted(small) == truth
        left = [*(small / ".usage").glob("writing-*"), *(small / ".usage").glob("spill-*")]
        assert not [each for each in left if f"-{os.getpid()}-" not in each.name]
    return hits


def test_killed_reading_leaves_no_cache_that_lies(small):
    killed_while_reading(small, 3, 1.2)


def test_killed_reading_leaves_no_cache_that_lies_a_hundred_times(small):
    begun = time.monotonic()
    run(small, "usage", "--read")
    shutil.rmtree(small / ".usage")
    assert killed_while_reading(small, 100, (time.monotonic() - begun) * 1.2) >= 8


def whole(folder: Path) -> dict[str, bytes]:
    return {
        file.name: file.read_bytes() for file in folder.iterdir() if file.suffix != ".ipynb"
    }  # a notebook says when it ran


def test_folder_is_the_old_or_the_new_whole_at_every_moment(tmp_path):
    """One process puts folders in each other's place without end, until it is killed; another looks."""
    code = (
        "import sys, itertools, pathlib; from kit.folders import put_folder, writing_in\n"
        "out = pathlib.Path(sys.argv[1])\n"
        "for number in itertools.count():\n"
        "    with writing_in(out) as work:\n"
        "        new = work / '2026-Q1'; new.mkdir()\n"
        "        for name in 'ab': (new / name).write_text(str(number))\n"
        "        put_folder(new, out / '2026-Q1')\n"
    )
    for number in range(5):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "out")], start_new_session=True, cwd=ROOT
        )
        while not (tmp_path / "out" / "2026-Q1").exists():
            time.sleep(0.01)
        until = time.monotonic() + 0.05 * number
        while time.monotonic() < until:
            assert (tmp_path / "out" / "2026-Q1").exists()
        kill(process, 0)
        a, b = ((tmp_path / "out" / "2026-Q1" / name).read_text() for name in "ab")
        assert a == b
        with folders.writing_in(tmp_path / "out"):
            assert len(list((tmp_path / "out").glob(".writing-*"))) == 1
    assert {each.name for each in (tmp_path / "out").iterdir()} == {"2026-Q1"}


def test_killed_report_leaves_the_old_or_the_new_page_whole_and_no_folder_behind(small, tmp_path):
    out = tmp_path / "out"
    begun = time.monotonic()
    report.write_report(small, "2026-Q2", out)
    lasts = time.monotonic() - begun
    old = new = whole(out / "2026-Q2")
    luck, hits, number = random.Random(3), 0, 0
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        number += 1
        file = small / "log1.csv"
        if hits % 2 == 0:
            file.write_text(file.read_text() + f"{DAYS[-1]}T13:00:00Z,acme,production,200\n")
        hits += kill(start(small, "report", "--out", str(out)), luck.uniform(0.2, lasts * 1.3))
        new = whole(out / "2026-Q2")
        assert set(new) == set(old)
        calls = json.loads(new["figures.json"])["months"][-1]["calls"]
        assert f"{calls}" in new["one-pager.html"].decode()
    folder, figures = report.write_report(small, "2026-Q2", out)
    assert figures["months"][-1]["calls"] == file.read_text().count("2026-06") + 3
    assert [each.name for each in out.iterdir()] == ["2026-Q2"]
    untouched = small.parent / "untouched"
    shutil.copytree(small, untouched, ignore=shutil.ignore_patterns(".usage", "out"))
    assert whole(report.write_report(untouched, "2026-Q2", tmp_path / "other")[0]) == whole(folder)
    assert number >= 5 and hits >= 3


def test_two_reports_at_once_into_one_folder_both_end_well(small, tmp_path):
    command = [
        sys.executable,
        "-m",
        "kit.cli",
        "report",
        "--program",
        str(small),
        "--out",
        str(tmp_path / "out"),
    ]
    for _ in range(2):
        both = [
            subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) for _ in range(2)
        ]
        for each in both:
            assert (each.communicate()[1].decode(), each.returncode) == ("", 0)
    assert [each.name for each in (tmp_path / "out").iterdir()] == ["2026-Q2"]
    assert {"one-pager.html", "one-pager.ipynb", "figures.json", "evidence.xlsx"} == {
        each.name for each in (tmp_path / "out" / "2026-Q2").iterdir()
    }


def test_many_folders_put_in_one_place_at_once_leave_one_whole(tmp_path):
    code = (
        "import sys, pathlib; from kit.folders import put_folder, writing_in\n"
        "out = pathlib.Path(sys.argv[1])\n"
        "for number in range(40):\n"
        "    with writing_in(out) as work:\n"
        "        new = work / 'new'; new.mkdir()\n"
        "        for name in 'ab': (new / name).write_text(sys.argv[2] + str(number))\n"
        "        put_folder(new, out / '2026-Q1')\n"
    )
    crowd = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "o"), str(each)], cwd=ROOT)
        for each in range(3)
    ]
    assert [each.wait() for each in crowd] == [0, 0, 0]
    place = tmp_path / "o" / "2026-Q1"
    assert (place / "a").read_text() == (place / "b").read_text()
    assert [each.name for each in (tmp_path / "o").iterdir()] == ["2026-Q1"]


def test_disk_that_is_full_at_any_write_of_the_cache_leaves_the_next_run_right(small, monkeypatch):
    truth = counted(small)
    put, left = cache.put, [0]

    def full(written: Path, target: Path) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, "No space left on device", str(target))
        put(written, target)

    for writes in range(8):
        shutil.rmtree(small / ".usage")
        left[0] = writes
        with monkeypatch.context() as patched:
            for module in (cache, sys.modules["kit.log_usage"], sys.modules["kit.all_usage"]):
                patched.setattr(module, "put", full)
            result = CliRunner().invoke(cli.main, ["usage", "--read", "--program", str(small)])
        is_through = left[0] >= 0
        assert result.exit_code == (0 if is_through else 1), result.output
        assert is_through or "No space left" in result.output
        assert counted(small) == truth
    assert is_through


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="mounts a small disk")
def test_disk_of_every_size_is_too_small_or_gives_the_same_report(small, tmp_path):
    expected = whole(report.write_report(small, "2026-Q2", tmp_path / "expected")[0])
    disk = tmp_path / "disk"
    disk.mkdir()
    ends = []
    for kilobytes in (48, 128, 256, 4000):
        if subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(disk)]
        ).returncode:
            pytest.skip("this machine lets nobody mount")
        try:
            shutil.copytree(
                small, disk / "program", ignore=shutil.ignore_patterns(".usage", "expected", "disk")
            )
            done = run_unbounded(disk / "program", "report", "--out", str(disk / "out"))
            ends.append(done.returncode)
            assert "Traceback" not in done.stderr, done.stderr
            there = disk / "out" / "2026-Q2"
            assert there.exists() == (done.returncode == 0)
            if there.exists():
                assert whole(there) == expected
        finally:
            subprocess.run(["umount", str(disk)], check=True)
    assert ends[-1] == 0 and 1 in ends


def run_unbounded(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kit.cli", *command, "--program", str(folder)],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )


def test_file_that_grows_while_it_is_read_is_refused(small, monkeypatch):
    asked = sys.modules["kit.log_usage"].readable_files

    def grows(paths: list[Path], *more: object) -> dict[Path, Path]:
        with paths[0].open("a") as file:
            file.write(f"{DAYS[-1]}T13:00:00Z,acme,production,200\n")
        return asked(paths, *more)

    with monkeypatch.context() as patched:
        patched.setattr(sys.modules["kit.log_usage"], "readable_files", grows)
        with pytest.raises(ReviewError, match="was written to while it was read"):
            open_program(small)
    lines = [line for each in range(2) for line in (small / f"log{each}.csv").read_text().splitlines()]
    assert sum(count for _, count in counted(small)) == len(lines) - 2 > 2 * len(DAYS)


def test_clock_that_was_set_back_hides_no_edit(small, monkeypatch):
    before = sum(count for _, count in counted(small))
    shown = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: shown() - 10**9 * 86_400 * 400)
    assert sum(count for _, count in counted(small)) == before
    log = small / "log0.csv"
    log.write_text(log.read_text().replace("acme,production,200\n", "acme,production,500\n", 1))
    os.utime(log, (1_600_000_000, 1_600_000_000))
    with open_program(small) as con:
        assert rows(con, "select sum(calls)::int from usage where is_successful") == [(before - 1,)]


def test_folder_that_nobody_can_write_to_is_told_and_nothing_more(tmp_path):
    (tmp_path / "a file").write_text("x")
    for out in (tmp_path / "a file", tmp_path / "a file" / "out"):
        with pytest.raises(ReviewError, match="is no folder that can be written to"), folders.writing_in(out):
            pass


def test_program_folder_that_cannot_be_written_to_is_read_all_the_same(small, monkeypatch):
    truth = counted(small)
    shutil.rmtree(small / ".usage")
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert counted(small) == truth
    assert not list((small / ".usage").rglob("*.parquet"))


def test_copies_that_a_killed_process_left_go_at_the_next_start(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import time; from kit.folders import scratch\n"
            "with scratch() as work: print(work, flush=True); time.sleep(60)",
        ],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
    )
    left = Path(process.stdout.readline().strip())
    assert left.parent == tmp_path
    folders.tidy(tmp_path, folders.SCRATCH)
    assert left.exists()  # of a process that runs
    process.kill()
    process.wait()
    folders.tidy(tmp_path, folders.SCRATCH)
    assert not left.exists()
