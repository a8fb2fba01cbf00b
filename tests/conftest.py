"""Databases with the rows of one test, and program folders with the files of one test."""

import re
import signal
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from kit.blank import add_settings, empty_database, read_sql
from kit.currencies import smallest_unit, unusual_digits
from kit.database import TABLES, add_months, make_tables, open_program
from kit.exports import load_exports
from kit.program import load_program
from kit.settings import About
from kit.usage import take_calls

MACROS = re.findall(r"create macro (\w+)", read_sql("macros"))
ABOUT = About(name="Test", currency="USD", timezone="UTC", stage="monetized")
DEFAULTS: dict[str, dict[str, object]] = {
    "calls": {"called_at": "2026-02-10 12:00:00+00", "environment": "production", "status": 200},
    "keys": {},
    "aliases": {},
    "partners": {"registered_at": "2025-12-01"},
    "invoices": {"kind": "usage", "currency": "USD", "status": "paid", "invoiced_at": "2026-02-10"},
    "transactions": {"transacted_at": "2026-02-10 12:00:00+00", "partner_id": "acme", "currency": "USD"},
    "worklogs": {"date": "2026-02-10", "activity": "engineering", "role": "engineer"},
    "costs": {"date": "2026-02-10", "category": "people", "currency": "USD"},
    "attributed": {"date": "2026-02-10", "partner_id": "acme", "currency": "USD"},
    "fx": {},
    "rates": {"role": "engineer", "hourly": 100, "valid_from": "2025-01-01"},
    "excluded": {},
    "attribution": {},
    "avoidance": {},
    "pricing_cases": {
        "case_name": "Proposed", "is_base": True, "assign": "cheapest", "low": 1, "base": 1, "high": 1,
    },
    "pricing_plans": {
        "case_name": "Proposed", "plan": "Plan", "position": 0, "fee": 0, "minimum": 0,
    },
    "needs": {},
    "pricing_segments": {},
    "pricing_exceptions": {},
    "pricing_responses": {},
    "pricing_meters": {"case_name": "Proposed", "position": 0, "included": 0, "mode": "graduated", "package": None},
    "pricing_tiers": {"case_name": "Proposed", "position": 0, "above": 0, "up_to": None, "flat": 0},
}  # fmt: skip


@pytest.fixture(scope="session")
def only_database() -> Iterator[duckdb.DuckDBPyConnection]:
    with new_database() as database:
        yield database


@pytest.fixture
def con(only_database: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """An empty database of a monetized program that counts in dollars and in UTC."""
    return emptied(only_database)


def new_database() -> duckdb.DuckDBPyConnection:
    con = empty_database()
    con.execute("set threads = 1")
    for currency in unusual_digits():
        con.execute("insert into minor_units values (?, ?)", [currency, smallest_unit(currency)])
    return emptied(con)


def emptied(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """The database as it was when new: opening another takes longer than most tests."""
    tables = [table for (table,) in rows(con, "select table_name from duckdb_tables() where not internal")]
    filled = [table for table in tables if table not in TABLES and table != "minor_units"]
    con.execute("; ".join(f"drop table {table}" for table in tables if table in TABLES) or "select 1")
    con.execute(
        "; ".join(f"truncate {table}" for table in filled if rows(con, f"from {table} limit 1")) or "select 1"
    )
    con.execute("create or replace view file_usage as from usage_of_sums")
    con.execute("; ".join(f"drop macro if exists {macro}" for macro in MACROS))
    con.execute("insert into settings values ('Test', 'USD', 0.01, 'UTC', 'monetized', 1)")
    return con


def set_up(con: duckdb.DuckDBPyConnection, **settings: object) -> duckdb.DuckDBPyConnection:
    """Change settings of the program."""
    for name, value in settings.items():
        con.execute(f"update settings set {name} = ?", [value])
    return con


def add(con: duckdb.DuckDBPyConnection, table: str, **row: object) -> None:
    """Insert one row; what is not said takes the table's ordinary value."""
    if table == "partners":
        row.setdefault("name", str(row["partner_id"]).capitalize())
    if table == "invoices" and "line_id" not in row:
        row["line_id"] = f"line {con.execute('select count(*) from invoices').fetchall()[0][0]}"
    row = DEFAULTS[table] | row
    marks = ", ".join("?" * len(row))
    con.execute(f"insert into {table} ({', '.join(row)}) values ({marks})", list(row.values()))


def cover(con: duckdb.DuckDBPyConnection, first: str, last: str) -> None:
    """Let the call logs reach from one day to another, with calls that lead to no partner."""
    for day in (first, last):
        add(con, "calls", called_at=f"{day} 12:00:00+00", partner_id="nobody")


def made(con: duckdb.DuckDBPyConnection, fiscal_year_start: int = 1) -> duckdb.DuckDBPyConnection:
    """The database with its months and every table between the rows and the figures."""
    con.execute("delete from months; delete from segments")
    take_calls(con)
    add_months(con, ABOUT.model_copy(update={"fiscal_year_start": fiscal_year_start}))
    make_tables(con)
    return con


def rows(con: duckdb.DuckDBPyConnection, question: str) -> list[tuple]:
    return con.execute(question).fetchall()


def day(text: str) -> date:
    return date.fromisoformat(text)


PROGRAM = """\
[program]
name = "Test"
currency = "USD"
timezone = "{timezone}"
fiscal_year_start = {fiscal_year_start}
stage = "monetized"
"""
PARTNERS = "partner_id,name,registered_at\nacme,Acme,2025-12-01\n"
CALLS = "called_at,partner_id,environment,status\n2026-02-10T12:00:00Z,acme,production,200\n"


@pytest.fixture
def own_interrupts() -> Iterator[None]:
    """Ctrl-C is Python's own: Spark, once started, leaves its handler behind."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def program_folder(tmp_path: Path) -> Callable[..., Path]:
    """A builder of program folders."""

    def build(
        blocks: dict[str, str] | None = None,
        extra: str = "",
        timezone: str = "UTC",
        fiscal_year_start: int = 1,
        **files: str | bytes,
    ) -> Path:
        """A folder with a program.toml and exports.

        `blocks` holds the lines of each [exports.table]; a keyword such as calls_csv gives the text of calls.csv.
        Calls and partners have one row where nothing else is said.
        """
        blocks = {"calls": 'path = "calls.csv"', "partners": 'path = "partners.csv"'} | (blocks or {})
        texts = {"calls_csv": CALLS, "partners_csv": PARTNERS} | files
        for name, content in texts.items():
            file = tmp_path / ".".join(name.rsplit("_", 1))
            file.write_bytes(content if isinstance(content, bytes) else content.encode())
        head = PROGRAM.format(timezone=timezone, fiscal_year_start=fiscal_year_start)
        exports = "\n".join(f"[exports.{table}]\n{lines}" for table, lines in blocks.items())
        (tmp_path / "program.toml").write_text(f"{head}{exports}\n{extra}", encoding="utf-8")
        return tmp_path

    return build


@pytest.fixture
def opened(program_folder: Callable[..., Path]) -> Iterator[Callable[..., duckdb.DuckDBPyConnection]]:
    """A builder of program folders that opens what it builds."""
    connections = []

    def build_and_open(*args: object, **files: object) -> duckdb.DuckDBPyConnection:
        connections.append(open_program(program_folder(*args, **files)))
        return connections[-1]

    yield build_and_open
    for connection in connections:
        connection.close()


@pytest.fixture
def loaded(
    con: duckdb.DuckDBPyConnection, program_folder: Callable[..., Path]
) -> Callable[..., duckdb.DuckDBPyConnection]:
    """A builder of program folders whose exports are read, and nothing is made of them."""

    def build_and_load(*args: object, counted: bool = False, **files: object) -> duckdb.DuckDBPyConnection:
        program = load_program(program_folder(*args, **files))
        con.execute("delete from settings; delete from minor_units")
        add_settings(con, program)
        load_exports(con, program, counted)
        return con

    return build_and_load
