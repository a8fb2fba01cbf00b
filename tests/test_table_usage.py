"""Call logs in an engine's table, read by its days into the cache: the figures of the same rows in files."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import nbformat
import pytest

from kit import metrics, quarters, report, table_usage
from kit.blank import add_settings
from kit.checks import check_exports, ledger
from kit.database import TABLES, open_program, tables_of
from kit.engine import Connected
from kit.engine_clients import DatabaseClient, Rows
from kit.errors import ReviewError
from kit.exports import load_exports
from kit.program import load_program
from kit.report import write_report
from kit.settings import Engine
from kit.usage_state import state_text
from tests.conftest import emptied, rows

pytestmark = pytest.mark.slow

TABLE = """
create table calls (
    event_date date, ts timestamptz, key varchar, account varchar, env varchar, code integer, product varchar,
    "request id" varchar, units decimal(18, 3)
)
"""
NAMES = """\
columns = { called_at = "ts", api_key = "key", partner_id = "account", environment = "env", status = "code", \
product = "product", units = "units"IDS }
"""
IDS = ', request_id = "request id"'
CALL = {"event_date": "2026-02-10", "account": "acme", "env": "production", "code": 200}


class Noting(DatabaseClient):
    """A client that keeps for which days it was asked for usage, and breaks off where it is told to."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        super().__init__(connection)
        self.asked: list[list[str]] = []
        self.answers = 10**9

    def rows(self, sql: str) -> Iterator[Rows]:
        if days := re.search(r"wanted AS .*?partition_day IN \((.*?)\)\s+AND", sql, re.DOTALL):
            if len(self.asked) == self.answers:
                raise KeyboardInterrupt
            self.asked.append(re.findall(r"\d{4}-\d\d-\d\d", days[1]))
        yield from super().rows(sql)

    def days(self) -> list[str]:
        """The days asked for since this was last looked at."""
        days = [day for asked in self.asked for day in asked]
        self.asked = []
        return days


@pytest.fixture
def warehouse(monkeypatch: pytest.MonkeyPatch) -> Iterator[Noting]:
    """A DuckDB with an empty table of calls, which stands where program.toml names an engine."""
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        con.execute(TABLE)
        noting = Noting(con)

        def connect(settings: Engine) -> Connected:
            return Connected("duckdb", noting, settings.lookback)

        monkeypatch.setattr(table_usage, "connected", connect)
        yield noting


def add(warehouse: Noting, day: str = "2026-02-10", **row: object) -> None:
    row = CALL | {"event_date": day, "ts": f"{day} 12:00:00+00"} | row
    names = ", ".join(f'"{name.replace("_id", " id")}"' for name in row)
    marks = ", ".join("?" * len(row))
    warehouse.connection.execute(f"insert into calls ({names}) values ({marks})", list(row.values()))


def block(ids: bool = False, more: str = "") -> str:
    """[exports.calls] of the table."""
    return 'table = "calls"\nday = "event_date"\n' + NAMES.replace("IDS", IDS if ids else "") + more


ENGINE = '[engine]\nkind = "spark"\n'


@pytest.fixture
def of_table(program_folder: Callable[..., Path]) -> Callable[..., Path]:
    """A builder of program folders whose calls are in the table."""

    def build(ids: bool = False, more: str = "", extra: str = "", **files: str) -> Path:
        return program_folder({"calls": block(ids, more)}, extra=ENGINE + extra, **files)

    return build


def read(con: duckdb.DuckDBPyConnection, folder: Path) -> list[tuple]:
    """How many calls the logs tell of, by the day and without repeats, in one run that reads them alone."""
    program = load_program(folder)
    emptied(con).execute("delete from settings; delete from minor_units")
    add_settings(con, program)
    load_exports(con, program.model_copy(update={"exports": {"calls": program.exports["calls"]}}))
    return rows(
        con,
        "select day::varchar, sum(calls)::integer from file_usage where not is_repeat group by day order by 1",
    )


# The figures


PARTNERS = """\
partner_id,name,registered_at,production_at,is_test
acme,Acme,2025-09-01,2025-10-05,false
bert,Bert,2026-01-10,2026-01-20,false
carl,Carl,2026-02-01,,false
lab,Our own,2025-09-01,,true
"""
KEYS = """\
api_key,partner_id,valid_from,valid_to
k1,acme,2025-01-01,2026-02-15
k1,bert,2026-02-15,
k2,lab,2025-01-01,
"""
OTHERS = {
    "keys": 'path = "keys.csv"',
    "worklogs": 'path = "worklogs.csv"',
    "costs": 'path = "costs.csv"',
    "invoices": 'path = "invoices.csv"',
}
FILES = {
    "partners_csv": PARTNERS,
    "keys_csv": KEYS,
    "worklogs_csv": "date,partner_id,activity,role,hours\n2026-01-12,bert,engineering,engineer,5\n",
    "costs_csv": "date,category,amount,currency\n2026-02-01,people,500,USD\n",
    "invoices_csv": "line_id,partner_id,kind,amount,currency,invoiced_at,status\n"
    "1,acme,usage,900,USD,2026-02-05,paid\n",
}
MORE = """\
[exclude]
product = ["health"]
[[rate]]
role = "engineer"
hourly = 100
from = 2024-01-01
[[avoidance]]
operation = "*"
minutes = 6
hourly = 50
share = 0.5
low = 0.5
high = 1
"""
# Thirty calls every fourth day of half a year; every seventh is told again, every eleventh the next day too.
HALF_A_YEAR = """
insert into calls
with told as (
    select
        range as n,
        timestamptz '2025-10-01 02:30:00+00' + to_hours(range // 30 * 97) + to_minutes(range % 30 * 10) as ts,
        unnest(case when range % 11 = 0 then [0, 0, 1] when range % 7 = 0 then [0, 0] else [0] end) as days_late
    from range(1350)
)
select
    (ts at time zone 'UTC')::date + days_late, ts, ['k1', 'k2', 'k9', null][1 + n % 4],
    if(n % 4 = 3, ['acme', if(n > 900, 'bert', 'acme'), 'carl', 'lab', 'nobody'][1 + n % 5], null),
    if(n % 6 = 0, 'sandbox', 'production'), 200 + n // 2 % 3 * 150, ['orders', 'health', null][1 + n % 3],
    if(n % 5 = 0 and n % 7 <> 0 and n % 11 <> 0, null, 'r' || n), if(n % 3 = 0, n % 50 * 0.25, null)
from told
"""
# Two months of partitions and the calls in them; the first of the months is one question.
TWO_MONTHS = """
insert into calls (event_date, ts, account, env, code, "request id")
select day, day + interval 12 hour, 'acme', 'production', 200, 'r' || row_number() over (order by day)
from (select unnest(range(date '2026-01-01', date '2026-02-15', interval 1 day))::date as day)
"""


def figures(folder: Path) -> dict[str, Any]:
    """The rows of a program's tables, and its five figures of a quarter."""
    with tables_of(load_program(folder)) as con:
        tables = {table: rows(con, f"from {table} order by all") for table in TABLES if table != "coverage"}
        scorecard = metrics.scorecard(con, quarters.choose_quarter(con, "2026-Q1"))
    return tables | {metric.key: (metric.this, metric.last) for metric in scorecard}


@pytest.mark.parametrize("ids", [True, False])
def test_figures_of_a_table_are_those_of_the_same_rows_in_files(
    program_folder: Callable[..., Path], warehouse: Noting, tmp_path: Path, ids: bool
) -> None:
    warehouse.connection.execute(HALF_A_YEAR)
    from_table = program_folder(
        {"calls": block(ids), **OTHERS}, extra=ENGINE + MORE, timezone="America/New_York", **FILES
    )
    actual = figures(from_table)
    warehouse.connection.execute(f"copy calls to '{tmp_path}/calls.csv'")
    named = 'path = "calls.csv"\n' + NAMES.replace("IDS", IDS if ids else "")
    expected = figures(
        program_folder(
            {"calls": named, **OTHERS},
            extra=MORE,
            timezone="America/New_York",
            calls_csv=(tmp_path / "calls.csv").read_text("utf-8"),
            **FILES,
        )
    )
    assert [key for key in actual if key not in TABLES and actual[key][0] is None] == []
    assert actual == expected


def test_ledger_has_the_table_and_what_became_of_its_rows(
    program_folder: Callable[..., Path], warehouse: Noting
) -> None:
    add(warehouse, request_id="a")
    add(warehouse, request_id="a", ts="2026-02-10 12:00:01+00")
    add(warehouse, "2026-02-11", request_id="a")
    add(warehouse, account="lab")
    add(warehouse, account="nobody")
    add(warehouse, key="k1", account=None)
    add(warehouse, product="health")
    folder = program_folder(
        {"calls": block(ids=True), "keys": OTHERS["keys"]},
        extra=ENGINE + '[exclude]\nproduct = ["health"]\n',
        partners_csv=PARTNERS,
        keys_csv=KEYS,
    )
    [row] = ledger(check_exports(folder, "2026-Q1")).filter(table="calls").to_dicts()
    assert {name: value for name, value in row.items() if value} == {
        "table": "calls",
        "file": "calls",
        "read": 7,
        "duplicate": 2,
        "test": 1,
        "unmatched": 1,
        "left out": 1,
        "used": 2,
    }


# What is asked for


def test_second_run_asks_for_no_day(con, of_table, warehouse: Noting) -> None:
    for day in ("2026-02-10", "2026-02-11"):
        add(warehouse, day)
    folder = of_table()
    first = read(con, folder)
    assert first == [("2026-02-10", 1), ("2026-02-11", 1)]
    assert warehouse.days() == ["2026-02-10", "2026-02-11"]
    assert read(con, folder) == first
    assert warehouse.days() == []


@pytest.mark.parametrize(("ids", "expected"), [(False, ["2026-02-10"]), (True, ["2026-02-10", "2026-02-11"])])
def test_new_day_is_asked_for_and_with_ids_those_after_it(
    con, of_table, warehouse: Noting, ids: bool, expected: list[str]
) -> None:
    for day in ("2026-02-09", "2026-02-11"):
        add(warehouse, day, request_id="a")
    folder = of_table(ids)
    read(con, folder)
    warehouse.days()
    add(warehouse, "2026-02-10", request_id="b")
    days = [("2026-02-09", 1), ("2026-02-10", 1), ("2026-02-11", 1)]
    assert read(con, folder) == (days[:2] if ids else days)
    assert warehouse.days() == expected


def test_day_whose_rows_changed_replaces_what_was_read_of_it(con, of_table, warehouse: Noting) -> None:
    for day in ("2026-02-10", "2026-02-11"):
        add(warehouse, day)
    folder = of_table()
    read(con, folder)
    warehouse.days()
    add(warehouse, "2026-02-10", code=500)
    assert read(con, folder) == [("2026-02-10", 2), ("2026-02-11", 1)]
    assert warehouse.days() == ["2026-02-10"]


def test_day_that_is_gone_is_gone(con, of_table, warehouse: Noting) -> None:
    for day in ("2026-02-10", "2026-02-11"):
        add(warehouse, day)
    folder = of_table()
    read(con, folder)
    warehouse.connection.execute("delete from calls where event_date = '2026-02-10'")
    assert read(con, folder) == [("2026-02-11", 1)]


def test_days_that_tell_the_same_count_each(con, of_table, warehouse: Noting) -> None:
    """Calls that came a day late are of the same day as those before."""
    for day in ("2026-02-10", "2026-02-11", "2026-02-12"):
        add(warehouse, day, ts="2026-02-10 12:00:00+00")
    assert read(con, of_table()) == [("2026-02-10", 3)]


def test_reading_that_was_broken_off_goes_on_with_the_next_days(con, of_table, warehouse: Noting) -> None:
    warehouse.connection.execute(TWO_MONTHS)
    folder = of_table()
    warehouse.answers = 1
    with pytest.raises(KeyboardInterrupt):
        read(con, folder)
    first = warehouse.days()
    warehouse.answers = 10**9
    found = read(con, folder)
    rest = warehouse.days()
    assert (first[0], first[-1], rest[0], rest[-1]) == (
        "2026-01-01",
        "2026-01-31",
        "2026-02-01",
        "2026-02-14",
    )
    assert len(found) == 45


def test_days_whose_repeats_hang_on_a_changed_one_are_asked_for_though_that_was_broken_off(
    con, of_table, warehouse: Noting
) -> None:
    warehouse.connection.execute(TWO_MONTHS)
    folder = of_table(ids=True)
    read(con, folder)
    add(warehouse, "2026-01-01", request_id="r45")  # told of on the last day so far
    warehouse.days()
    warehouse.answers = 1
    with pytest.raises(KeyboardInterrupt):
        read(con, folder)
    assert warehouse.days()[-1] == "2026-01-31"
    warehouse.answers = 10**9
    found = read(con, folder)
    assert warehouse.days()[0] == "2026-02-01"
    assert (found[0], found[-1], len(found)) == (("2026-01-01", 2), ("2026-02-13", 1), 44)


@pytest.mark.parametrize("lost", ["index.json", "days", "damaged"])
def test_what_is_lost_of_the_cache_is_asked_for_again(con, of_table, warehouse: Noting, lost: str) -> None:
    for day in ("2026-02-10", "2026-02-11"):
        add(warehouse, day)
    folder = of_table()
    first = read(con, folder)
    warehouse.days()
    shutil.rmtree(folder / ".usage" / "all")
    days = sorted((folder / ".usage" / "days").iterdir())
    if lost == "index.json":
        (folder / ".usage" / "index.json").unlink()
    elif lost == "days":
        days[0].unlink()
    else:
        days[0].write_bytes(days[0].read_bytes()[:100])
    assert read(con, folder) == first
    assert len(warehouse.days()) == (2 if lost == "index.json" else 1)


# Rows that cannot be counted


def test_rejects_within_the_limit_are_in_the_ledger(of_table, warehouse: Noting) -> None:
    for _ in range(3):
        add(warehouse)
    add(warehouse, code=None)
    check = check_exports(of_table(more="rejects = 0.25\n"), "2026-Q1")
    [row] = ledger(check).filter(table="calls").to_dicts()
    assert (row["read"], row["rejected"], row["used"]) == (4, 1, 3)
    assert not [problem for problem in check.problems if "rejects" in problem.what]


def test_rejects_beyond_the_limit_stop_the_reading(con, of_table, warehouse: Noting) -> None:
    for _ in range(3):
        add(warehouse)
    add(warehouse, code=None)
    with pytest.raises(ReviewError) as error:
        read(con, of_table(more="rejects = 0.2\n"))
    assert str(error.value).splitlines() == [
        "calls, column 'code': 1 row without a value. Allowed: a status like 200 in every row.",
        "Of 4 rows at most 20 % may be left out (`rejects`).",
    ]


# What is said of it


def test_state_names_the_table_and_its_days(con, of_table, warehouse: Noting) -> None:
    for day in ("2026-02-10", "2026-02-11"):
        add(warehouse, day)
    folder = of_table()
    before = state_text(load_program(folder)).splitlines()
    read(con, folder)
    after = state_text(load_program(folder)).splitlines()
    known = "whether there are more, only the engine knows"
    assert before[:2] == ["calls", f"  read     0 days; {known}"]
    assert after[:2] == ["calls", f"  read     2 days; {known}"]
    assert warehouse.days() == ["2026-02-10", "2026-02-11"]


# With Spark, from the command to the page


@pytest.mark.parametrize(("is_watched", "asked"), [(True, ["2026-02-10"]), (False, [])])
def test_table_is_asked_before_the_notebook_where_somebody_watches(
    warehouse, of_table, monkeypatch, tmp_path, is_watched, asked
):
    days = []

    def run_notebook(*_: object) -> None:
        days.extend(warehouse.days())
        raise ReviewError("it would run now")

    monkeypatch.setattr(report, "run_notebook", run_notebook)
    add(warehouse)
    with pytest.raises(ReviewError, match="it would run now"):
        write_report(of_table(), "", tmp_path / "out", progress=is_watched)
    assert days == asked


NORTHGATE = Path(__file__).parent.parent / "data" / "samples" / "northgate"
# Logs come each Monday; what is told again came a week later.
DELIVERED = """
select
    called_at, api_key, environment::varchar as environment, product, operation, status,
    request::varchar as request_id, calls, units,
    date_trunc('week', called_at at time zone 'UTC')::date
        + 7 * row_number() over (partition by request order by file_id, line)::integer as delivered_on
from logged_calls
"""
SPARK = """\
[engine]
kind = "spark"

[engine.connect]
"spark.master" = "local[2]"
"spark.driver.memory" = "1g"
"spark.ui.enabled" = "false"
"spark.sql.shuffle.partitions" = "4"
"spark.sql.sources.parallelPartitionDiscovery.threshold" = "1000"

[exports.calls]
table = "parquet.`FOLDER/logs`"
day = "delivered_on"

[exports.calls.columns]
"""
SAME = (
    "called_at",
    "api_key",
    "environment",
    "product",
    "operation",
    "status",
    "request_id",
    "calls",
    "units",
)


def test_report_on_a_table_of_spark_is_that_on_the_files(tmp_path: Path) -> None:
    files, table, out = tmp_path / "files", tmp_path / "table", tmp_path / "out"
    shutil.copytree(NORTHGATE, files, ignore=shutil.ignore_patterns(".usage"))
    _, expected = write_report(files, "", tmp_path / "expected")
    shutil.copytree(files, table, ignore=shutil.ignore_patterns(".usage", "gateway"))
    with open_program(files) as con:
        con.execute(f"copy ({DELIVERED}) to '{table}/logs' (format parquet, partition_by (delivered_on))")
        assert rows(con, "select sum(row_count) > 500 from file_usage where is_repeat") == [(True,)]
    settings = (files / "program.toml").read_text("utf-8")
    before, rest = settings.split("[exports.calls]")
    columns = "".join(f'{name} = "{name}"\n' for name in SAME)
    block = SPARK.replace("FOLDER", str(table)) + columns
    (table / "program.toml").write_text(
        before + block + "\n[exports.keys]" + rest.split("[exports.keys]")[1], "utf-8"
    )
    command = [sys.executable, "-m", "kit.cli", "report", "--program", str(table), "--out", str(out)]
    ran = subprocess.run(command, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    actual = json.loads((out / expected["quarter"] / "figures.json").read_text("utf-8"))
    of_the_run = ("run", "inputs", "page", "seal")  # the page says its run
    assert {name: actual[name] for name in actual if name not in of_the_run} == {
        name: expected[name] for name in expected if name not in of_the_run
    }
    notebook = nbformat.read(out / expected["quarter"] / "one-pager.ipynb", as_version=4)
    said = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream"
    ]
    assert said == []
