"""Calls that stay in a warehouse or cluster: the SQL that each is sent, and the usage that comes back of it."""

# ruff: noqa: E501 - a mistake and its sentence stand on one row, as they are read

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
import sqlglot
from polars.testing import assert_frame_equal
from sqlglot import exp

from kit.engine import (
    Connected,
    Partition,
    client,
    connected,
    engine_sql,
    missing,
    partitions,
    usage_in_batches,
    usage_of,
)
from kit.engine_clients import DatabaseClient, SparkClient
from kit.engine_sql import faults_sql, partitions_sql
from kit.errors import ReviewError
from kit.program import ProgramError, load_program
from kit.settings import ENGINES, Engine, Export

SNAPSHOTS = Path(__file__).parent / "engines"
COLUMNS = {
    "called_at": "ts",
    "api_key": "key",
    "partner_id": "account",
    "environment": "env",
    "status": "code",
    "product": "product",
    "operation": "operation",
    "request_id": "request id",
    "calls": "calls",
    "units": "units",
}
EXPORT = Export(table="gateway_calls", day="event_date", columns=COLUMNS)
MARCH = [date(2026, 3, 7), date(2026, 3, 8), date(2026, 3, 9)]
TABLE = """
create table gateway_calls (
    event_date date, ts timestamptz, key varchar, account varchar, env varchar, code integer, product varchar,
    operation varchar, "request id" varchar, calls bigint, units decimal(18, 3)
)
"""
CALL = {
    "event_date": "2026-03-08",
    "ts": "2026-03-08 12:00:00+00",
    "key": "k1",
    "env": "production",
    "code": 200,
}


@pytest.fixture
def logs() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB with an empty table of calls, as an engine."""
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        con.execute(TABLE)
        yield con


def add(con: duckdb.DuckDBPyConnection, **row: object) -> None:
    row = CALL | row
    names = ", ".join(f'"{name}"' for name in row)
    con.execute(
        f"insert into gateway_calls ({names}) values ({', '.join('?' * len(row))})", list(row.values())
    )


def duck(con: duckdb.DuckDBPyConnection) -> Connected:
    return Connected("duckdb", DatabaseClient(con))


def counted(usage: pl.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    """The columns of the usage, in order."""
    return sorted(usage.select(columns).rows(), key=str)


# What is counted


def test_usage_of_a_few_calls_is_what_one_counts_by_hand(logs: duckdb.DuckDBPyConnection) -> None:
    add(logs, **{"request id": "a"}, units="1.125")
    add(logs, **{"request id": "a"}, units="1.125", ts="2026-03-08 12:00:01+00")  # again, a second later
    add(logs, **{"request id": "b"}, code=404, calls=3)
    add(logs, key=None, account="acme", env=" Sandbox ", code=599)
    add(logs, event_date="2026-03-09", **{"request id": "a"}, ts="2026-03-09 00:10:00+00", units="1.125")
    actual = usage_of(duck(logs), EXPORT, MARCH, "America/New_York").usage
    eighth, ninth = date(2026, 3, 8), date(2026, 3, 9)
    columns = ["partition_day", "day", "api_key", "partner_id", "environment", "status_class", "is_repeat"]
    assert counted(actual, *columns, "calls", "units", "row_count") == [
        (eighth, eighth, "k1", None, "production", 2, False, 1, Decimal("1.125"), 1),
        (eighth, eighth, "k1", None, "production", 2, True, 1, Decimal("1.125"), 1),
        (eighth, eighth, "k1", None, "production", 4, False, 3, Decimal(3), 1),
        (eighth, eighth, None, "acme", "sandbox", 5, False, 1, Decimal(1), 1),
        (ninth, eighth, "k1", None, "production", 2, True, 1, Decimal("1.125"), 1),
    ]


def test_first_of_a_repeated_request_is_the_earliest(logs: duckdb.DuckDBPyConnection) -> None:
    add(logs, **{"request id": "a"}, key="later", ts="2026-03-08 12:00:00.000002+00")
    add(logs, **{"request id": "a"}, key="first", ts="2026-03-08 12:00:00.000001+00")
    actual = usage_of(duck(logs), EXPORT, MARCH, "UTC").usage
    assert counted(actual, "api_key", "is_repeat") == [("first", False), ("later", True)]


def test_day_once_read_stays_though_a_later_one_holds_an_earlier_time(
    logs: duckdb.DuckDBPyConnection,
) -> None:
    add(logs, **{"request id": "a"}, key="read before")
    add(logs, **{"request id": "a"}, key="late", event_date="2026-03-09", ts="2026-03-08 11:00:00+00")
    alone = [usage_of(duck(logs), EXPORT, [day], "UTC").usage for day in MARCH]
    together = usage_of(duck(logs), EXPORT, MARCH, "UTC").usage
    assert counted(together, "api_key", "is_repeat") == [("late", True), ("read before", False)]
    assert_frame_equal(pl.concat(alone), together, check_row_order=False)


def test_row_at_fault_is_not_the_first_of_its_request(logs: duckdb.DuckDBPyConnection) -> None:
    add(logs, **{"request id": "a"}, code=None)
    add(logs, **{"request id": "a"}, ts="2026-03-08 13:00:00+00")
    lenient = EXPORT.model_copy(update={"rejects": Decimal("0.5")})
    usage, rejected = usage_of(duck(logs), lenient, MARCH, "UTC")
    assert counted(usage, "is_repeat", "calls") == [(False, 1)]
    assert rejected.rows() == [(date(2026, 3, 8), "status", 1, "production")]


def test_repeats_are_looked_for_as_far_back_as_the_engine_is_told(logs: duckdb.DuckDBPyConnection) -> None:
    for event_date in ("2026-03-01", "2026-03-08"):
        add(logs, **{"request id": "a"}, event_date=event_date)
    for lookback, expected in ((None, True), (7, True), (6, False)):
        engine = Connected("duckdb", DatabaseClient(logs), lookback)
        assert usage_of(engine, EXPORT, [MARCH[1]], "UTC").usage["is_repeat"].to_list() == [expected]


@pytest.mark.parametrize(
    ("zone", "last_before", "first_after"),
    [
        ("America/New_York", "2026-03-09 03:59:59.999999+00", "2026-03-09 04:00:00+00"),  # 23 hours long
        ("America/New_York", "2026-11-02 04:59:59.999999+00", "2026-11-02 05:00:00+00"),  # 25
        ("Asia/Kolkata", "2026-03-08 18:29:59.999999+00", "2026-03-08 18:30:00+00"),
        ("Australia/Lord_Howe", "2026-04-04 12:59:59.999999+00", "2026-04-04 13:00:00+00"),
        ("Australia/Lord_Howe", "2026-04-05 13:29:59.999999+00", "2026-04-05 13:30:00+00"),  # 24 and a half
    ],
)
def test_day_turns_at_midnight_of_the_program_zone(
    logs: duckdb.DuckDBPyConnection, zone: str, last_before: str, first_after: str
) -> None:
    add(logs, ts=last_before)
    add(logs, ts=first_after)
    days = usage_of(duck(logs), EXPORT, MARCH, zone).usage["day"].sort()
    assert [(after - before).days for before, after in pairwise(days)] == [1]


def test_times_without_a_zone_are_of_the_zone_set(logs: duckdb.DuckDBPyConnection) -> None:
    logs.execute("alter table gateway_calls alter ts type timestamp")
    add(
        logs, ts="2026-03-08 18:59:59"
    )  # in New York, an hour before the day turns in UTC, and its clocks are at -4
    add(logs, ts="2026-03-08 20:00:00")
    export = EXPORT.model_copy(update={"timezone": "America/New_York"})
    actual = usage_of(duck(logs), export, MARCH, "UTC").usage
    assert counted(actual, "day") == [(date(2026, 3, 8),), (date(2026, 3, 9),)]


def test_constant_stands_where_the_table_says_nothing(logs: duckdb.DuckDBPyConnection) -> None:
    add(logs, env=None)
    add(logs, env="sandbox")
    export = EXPORT.model_copy(update={"set": {"environment": "production", "product": "orders"}})
    actual = usage_of(duck(logs), export, MARCH, "UTC").usage
    assert counted(actual, "environment", "product") == [("production", "orders"), ("sandbox", "orders")]


# What is not counted


def test_rows_that_cannot_be_counted_stop_the_reading(logs: duckdb.DuckDBPyConnection) -> None:
    add(logs)
    add(logs, ts=None)
    add(logs, code=None)
    add(logs, env="prod")
    add(logs, env="live")
    with pytest.raises(ReviewError) as error:
        usage_of(duck(logs), EXPORT, MARCH, "UTC")
    assert str(error.value).splitlines() == [
        "gateway_calls, column 'ts': 1 row without a value. Allowed: a time in every row.",
        "gateway_calls, column 'env': 2 rows with no environment, such as 'live'. Allowed: production, sandbox;"
        " where the table is all of one, set = { environment = … }.",
        "gateway_calls, column 'code': 1 row without a value. Allowed: a status like 200 in every row.",
        "Of 5 rows at most 0.1 % may be left out (`rejects`).",
    ]


def test_rows_of_no_day_stop_the_reading(logs: duckdb.DuckDBPyConnection) -> None:
    add(logs, event_date=None)
    with pytest.raises(ReviewError, match="column 'event_date' is null in 1 row, and they are of no day"):
        partitions(duck(logs), EXPORT)


def test_what_the_engine_says_against_it_is_told(logs: duckdb.DuckDBPyConnection) -> None:
    export = EXPORT.model_copy(update={"columns": COLUMNS | {"status": "Status Code"}})
    with pytest.raises(
        ReviewError, match=r"duckdb does not answer about gateway_calls: Binder Error: .*Status Code"
    ):
        usage_of(duck(logs), export, MARCH, "UTC")


def test_figures_that_are_none_are_not_taken_for_nothing(logs: duckdb.DuckDBPyConnection) -> None:
    class Spelled(DatabaseClient):
        """A client that hands out decimals as text, as some may."""

        def rows(self, sql: str) -> Iterator[Sequence[tuple[Any, ...]]]:
            for batch in super().rows(sql):
                yield [
                    tuple(str(each) if isinstance(each, Decimal) else each for each in row) for row in batch
                ]

    add(logs)
    with pytest.raises(ReviewError, match="duckdb answers about gateway_calls with figures that are none"):
        usage_of(Connected("duckdb", Spelled(logs)), EXPORT, MARCH, "UTC")


# Days still to read


def test_partitions_are_days_and_their_rows(logs: duckdb.DuckDBPyConnection) -> None:
    for event_date in ("2026-03-09", "2026-03-08", "2026-03-09"):
        add(logs, event_date=event_date)
    assert partitions(duck(logs), EXPORT) == [Partition(MARCH[1], 1), Partition(MARCH[2], 2)]


def test_changed_day_is_read_again_with_those_whose_repeats_hang_on_it() -> None:
    there = [Partition(date(2026, 3, day), 10) for day in (1, 2, 5, 9)]
    known = {each.day: 10 for each in there} | {date(2026, 3, 2): 9}
    assert missing(there, {each.day: 10 for each in there}, EXPORT) == []
    assert [day.day for day in missing(there, {}, EXPORT)] == [1, 2, 5, 9]
    assert [day.day for day in missing(there, known, EXPORT)] == [2, 5, 9]
    assert [day.day for day in missing(there, known, EXPORT, lookback=3)] == [2, 5]
    no_ids = EXPORT.model_copy(update={"columns": {"called_at": "ts"}})
    assert [day.day for day in missing(there, known, no_ids)] == [2]


def test_reading_that_was_broken_off_goes_on_where_it_was(
    logs: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    logs.execute(
        "insert into gateway_calls (event_date, ts, key, env, code)"
        " select day, day::timestamp at time zone 'UTC', 'k1', 'production', 200"
        " from (select unnest(range(date '2026-01-01', date '2026-04-01', interval 1 day))::date as day)"
    )
    done: dict[date, int] = {}

    def read(stop_after: int) -> list[Sequence[date]]:
        """Keep each batch in a file before the next is asked for; which days were asked for."""
        asked = []
        there = partitions(duck(logs), EXPORT)
        rows = {each.day: each.rows for each in there}
        for days, (usage, _) in usage_in_batches(duck(logs), EXPORT, missing(there, done, EXPORT), "UTC"):
            usage.write_parquet(tmp_path / f"{days[0]}.parquet")
            done.update({day: rows[day] for day in days})
            asked.append(days)
            if len(asked) == stop_after:
                break
        return asked

    [first] = read(stop_after=1)
    rest = read(stop_after=9)
    assert (first[0], first[-1]) == (date(2026, 1, 1), date(2026, 1, 31))
    assert [(days[0], days[-1]) for days in rest] == [
        (date(2026, 2, 1), date(2026, 3, 3)),
        (date(2026, 3, 4), date(2026, 3, 31)),
    ]
    assert pl.read_parquet(tmp_path / "*.parquet")["calls"].sum() == 90
    assert read(stop_after=9) == []


# Other engines, against DuckDB's answer to the same question

ZONES = ["UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]
# Thirty hours around each change of clocks in 2026, a call every seven seconds and some millionths of one; a third is
# delivered twice, some of it in a later day. Keys, products and ids are null in some.
MANY = """
insert into gateway_calls
with instants as (
    select range as n, instant + to_microseconds(range * 7123457) as ts
    from range(15000), (values
        (timestamptz '2026-03-08 00:00:00+00'), (timestamptz '2026-11-01 00:00:00+00'),
        (timestamptz '2026-04-04 06:00:00+00'), (timestamptz '2026-10-03 06:00:00+00')
    ) as changes(instant)
),
deliveries as (
    select n, ts, unnest(case when n % 3 = 0 then [0, n % 4] else [0] end) as days_late from instants
)
select
    (ts at time zone 'UTC')::date + days_late::integer, ts + to_microseconds(n % 2), if(n % 7 = 0, null, 'k' || n % 5),
    if(n % 4 = 0, 'p' || n % 3, null), if(n % 9 = 0, ' SANDBOX', 'production'), 200 + n % 4 * 101,
    if(n % 5 = 0, null, 'orders'), if(n % 2 = 0, '', 'create'), if(n % 11 = 0, null, 'r' || epoch_us(ts) || '-' || n),
    if(n % 13 = 0, null, n % 3), if(n % 17 = 0, null, n % 1001 * 0.125)
from deliveries
"""


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB with calls around changes of clocks, and the Parquet files of it in the folder `logs`."""
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        con.execute(TABLE)
        con.execute(MANY)
        folder = tmp_path_factory.mktemp("calls")
        con.execute(f"copy gateway_calls to '{folder}/logs' (format parquet, partition_by (event_date))")
        con.execute(f"copy gateway_calls to '{folder}/calls.parquet'")
        con.execute(f"create table places as select '{folder}' as folder")
        yield con


def folder_of(many: duckdb.DuckDBPyConnection) -> str:
    [(folder,)] = many.execute("from places").fetchall()
    return str(folder)


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connected]:
    """Spark on this machine, which needs Java; begun in a zone of its own, which must not count."""
    engine = connected(
        Engine(
            kind="spark",
            connect={
                "spark.master": "local[2]",
                "spark.driver.memory": "1g",
                "spark.ui.enabled": "false",
                "spark.ui.showConsoleProgress": "false",
                "spark.sql.shuffle.partitions": "4",
                "spark.sql.session.timeZone": "Asia/Tokyo",
                "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
            },
        )
    )
    assert isinstance(engine.client, SparkClient)
    yield engine
    engine.client.session.stop()


def assert_same_usage(engine: Connected, export: Export, many: duckdb.DuckDBPyConnection, zone: str) -> None:
    """An engine's days and its usage are DuckDB's, row by row."""
    there = partitions(duck(many), EXPORT)
    days = [each.day for each in there]
    actual, rejected = usage_of(engine, export, days, zone)
    expected, _ = usage_of(duck(many), EXPORT, days, zone)
    assert partitions(engine, export) == there
    assert rejected.is_empty()
    assert expected["is_repeat"].any()
    assert_frame_equal(actual, expected, check_row_order=False)


@pytest.mark.slow
@pytest.mark.parametrize("zone", ZONES)
def test_spark_counts_files_as_duckdb_does(
    spark: Connected, many: duckdb.DuckDBPyConnection, zone: str
) -> None:
    export = EXPORT.model_copy(update={"table": f"parquet.`{folder_of(many)}/logs`"})
    assert_same_usage(spark, export, many, zone)


@pytest.mark.slow
def test_spark_counts_a_table_as_duckdb_does(spark: Connected, many: duckdb.DuckDBPyConnection) -> None:
    assert isinstance(spark.client, SparkClient)
    session = spark.client.session
    session.sql("create database logs")
    session.read.parquet(f"{folder_of(many)}/calls.parquet").write.partitionBy("event_date").saveAsTable(
        "logs.gateway_calls"
    )
    export = EXPORT.model_copy(update={"table": "logs.gateway_calls"})
    assert_same_usage(spark, export, many, "America/New_York")


@pytest.mark.slow
def test_spark_reads_clocks_of_a_zone_as_duckdb_does(
    spark: Connected, many: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    file = tmp_path / "clocks.parquet"
    many.execute(
        f"copy (select * replace (ts at time zone 'America/New_York' as ts) from gateway_calls) to '{file}'"
    )
    in_new_york = EXPORT.model_copy(update={"timezone": "America/New_York"})
    days = [each.day for each in partitions(duck(many), EXPORT)]
    actual = usage_of(
        spark, in_new_york.model_copy(update={"table": f"parquet.`{file}`"}), days, "Asia/Kolkata"
    )
    many.execute(f"create or replace view clocks as from '{file}'")
    expected = usage_of(duck(many), in_new_york.model_copy(update={"table": "clocks"}), days, "Asia/Kolkata")
    assert_frame_equal(actual.usage, expected.usage, check_row_order=False)


@pytest.mark.slow
def test_spark_says_what_is_wrong(spark: Connected, many: duckdb.DuckDBPyConnection) -> None:
    export = EXPORT.model_copy(update={"table": "nowhere.calls"})
    with pytest.raises(
        ReviewError, match=r"spark does not answer about nowhere.calls: \[TABLE_OR_VIEW_NOT_FOUND\]"
    ):
        partitions(spark, export)
    export = EXPORT.model_copy(update={"table": f"parquet.`{folder_of(many)}/logs`", "rejects": Decimal(0)})
    wrong = export.model_copy(update={"columns": COLUMNS | {"environment": "key"}})
    with pytest.raises(ReviewError, match=r"column 'key': .* rows with no environment, such as 'k0'"):
        usage_of(spark, wrong, MARCH, "UTC")


@pytest.mark.slow
@pytest.mark.parametrize("zone", ZONES)
def test_clickhouse_counts_as_duckdb_does(many: duckdb.DuckDBPyConnection, zone: str) -> None:
    engine = connected(Engine(kind="clickhouse", connect={"interface": "chdb"}))
    assert isinstance(engine.client, DatabaseClient)
    engine.client.run(
        "create or replace table gateway_calls engine = MergeTree partition by event_date order by tuple() as"
        f" select assumeNotNull(event_date)::Date as event_date, * except event_date"
        f" from file('{folder_of(many)}/calls.parquet')"
    )
    assert_same_usage(engine, EXPORT, many, zone)


# The SQL of each engine

LEFT_OVER = re.compile(r"(?<!\w)timezone\(|::|//|\$|at time zone 'utc' at time zone", re.IGNORECASE)


def sent(kind: str) -> str:
    """All that an engine is sent for two days of a table."""
    export = EXPORT.model_copy(update={"table": "logs.gateway_calls"})
    questions = {
        "Which days there are": partitions_sql(kind, export),
        "Which rows cannot be counted": faults_sql(kind, export, MARCH[1:], "America/New_York"),
        "Usage": engine_sql(kind, export, MARCH[1:], "America/New_York"),
    }
    return "\n\n".join(f"-- {title}\n{sql};" for title, sql in questions.items()) + "\n"


@pytest.mark.parametrize("kind", ENGINES)
def test_engine_is_sent_this(kind: str) -> None:
    assert sent(kind) == (SNAPSHOTS / f"{kind}.sql").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ENGINES)
def test_sql_is_of_its_engine(kind: str) -> None:
    statements = sqlglot.parse(sent(kind), read=kind, error_level=sqlglot.ErrorLevel.RAISE)
    assert [type(statement) for statement in statements] == [exp.Select] * 3
    assert not any(statement.find(exp.Command, exp.Qualify) for statement in statements if statement)
    assert LEFT_OVER.findall(sent(kind)) == []
    assert statements[2] is not None
    assert statements[2].named_selects == duck_columns()


def duck_columns() -> list[str]:
    return sqlglot.parse_one(engine_sql("duckdb", EXPORT, MARCH, "UTC"), read="duckdb").named_selects


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("spark", "TO_UTC_TIMESTAMP(CAST(logs.`ts` AS TIMESTAMP_NTZ), 'Europe/Berlin')"),
        ("bigquery", "DATETIME(TIMESTAMP(CAST(logs.`ts` AS DATETIME), 'Europe/Berlin'), 'UTC')"),
        ("snowflake", "CONVERT_TIMEZONE('Europe/Berlin', 'UTC', CAST(logs.ts AS TIMESTAMPNTZ))"),
        ("trino", "WITH_TIMEZONE(CAST(logs.\"ts\" AS TIMESTAMP(6)), 'Europe/Berlin')"),
    ],
)
def test_times_without_a_zone_are_turned_the_right_way(kind: str, expected: str) -> None:
    export = EXPORT.model_copy(update={"timezone": "Europe/Berlin"})
    assert expected in engine_sql(kind, export, MARCH, "UTC")


@pytest.mark.parametrize(
    ("kind", "name", "expected"),
    [
        ("spark", "Account ID", "logs.`Account ID`"),
        ("bigquery", "request.account", "logs.`request`.`account`"),
        ("snowflake", "account_id", "logs.account_id"),
        ("snowflake", "Account ID", 'logs."Account ID"'),
        ("trino", "user", 'logs."user"'),
    ],
)
def test_columns_are_named_as_the_engine_takes_them(kind: str, name: str, expected: str) -> None:
    export = EXPORT.model_copy(update={"columns": COLUMNS | {"partner_id": name}})
    assert f"TRIM(CAST({expected} AS " in engine_sql(kind, export, MARCH, "UTC")


def test_table_that_is_no_name_is_refused() -> None:
    export = EXPORT.model_copy(update={"table": "logs."})
    with pytest.raises(ReviewError, match=r"'logs\.' is no name of a table of trino"):
        engine_sql("trino", export, MARCH, "UTC")


# Clients


def test_secret_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLICKHOUSE_PASSWORD", raising=False)
    with pytest.raises(ReviewError, match="there is no environment variable CLICKHOUSE_PASSWORD"):
        client("clickhouse", {"interface": "chdb", "settings": {"password": "$CLICKHOUSE_PASSWORD"}})


def test_client_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "snowflake.connector", None)
    with pytest.raises(ReviewError, match="pip install snowflake-connector-python"):
        client("snowflake", {})


# Settings

LOADS = """\
[engine]
kind = "trino"
connect = { host = "trino.example.com", user = "review", password = "$TRINO_PASSWORD" }
lookback = 7
"""
CALLS = """\
table = "hive.logs.gateway_calls"
day = "event_date"
columns = { called_at = "ts", partner_id = "account", status = "code" }
set = { environment = "production" }"""


def test_table_of_an_engine_needs_no_files(program_folder: Callable[..., Path]) -> None:
    actual = load_program(program_folder({"calls": CALLS}, extra=LOADS))
    assert actual.engine == Engine(
        kind="trino",
        connect={"host": "trino.example.com", "user": "review", "password": "$TRINO_PASSWORD"},
        lookback=7,
    )
    assert (actual.exports["calls"][0].table, actual.exports["calls"][0].files(actual.folder)) == (
        "hive.logs.gateway_calls",
        [],
    )


MISTAKES = [
    # replace this, by this: what is said
    ('kind = "trino"', 'kind = "spork"', 'engine.kind = "spork": not an engine. Allowed: spark, databricks, bigquery, snowflake, trino, clickhouse, athena. Did you mean "spark"?'),
    ('kind = "trino"\n', "", 'engine.kind: missing. Write it like kind = "spark".'),
    ("lookback = 7", "lookback = 0", "engine.lookback = 0: too small. Allowed: 1 or more."),
    (LOADS, "", 'exports.calls.table = "hive.logs.gateway_calls": without an engine. Write [engine], and its kind like kind = "spark".'),
    ('day = "event_date"\n', "", 'exports.calls.day: missing. It names the column of days by which the table is read, like day = "event_date".'),
    ("day =", 'path = "calls.csv"\nday =', 'exports.calls.path = "calls.csv": beside table. Allowed there: day, columns, set, timezone, rejects.'),
    ("day =", 'delimiter = ";"\nday =', 'exports.calls.delimiter = ";": beside table. Allowed there: day, columns, set, timezone, rejects.'),
    ('partner_id = "account", ', "", "exports.calls.columns: say of no call whose it is. Write api_key, partner_id or both."),
    (', status = "code"', "", 'exports.calls.columns: say no status. Write its column, like status = "…", or a constant under set.'),
    ('partner_id = "account"', 'partner = "account", api_key = "key"', 'exports.calls.columns.partner = "account": not a column of calls. Allowed: called_at, api_key, partner_id, environment, status, product, operation, request_id, calls, units. Did you mean "partner_id"?'),
    ('table = "hive.logs.gateway_calls"\nday =', 'path = "calls.csv"\nday =', "exports.calls.day = \"event_date\": without a table. It names the column of days of a table of [engine]."),
    ('table = "hive.logs.gateway_calls"\nday = "event_date"', "", 'exports.calls.path: missing. Write it like path = "exports/*.csv".'),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), MISTAKES, ids=range(len(MISTAKES)))
def test_mistake_of_an_engine_is_told(
    program_folder: Callable[..., Path], old: str, new: str, expected: str
) -> None:
    folder = program_folder({"calls": CALLS}, extra=LOADS)
    settings = folder / "program.toml"
    text = settings.read_text(encoding="utf-8")
    assert old in text
    settings.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ProgramError) as error:
        load_program(folder)
    assert [line.split("  ", 1)[1] for line in str(error.value).splitlines()[1:]] == [expected]


def test_only_calls_are_read_where_they_are(program_folder: Callable[..., Path]) -> None:
    partners = CALLS.replace('status = "code"', 'name = "name"').replace("called_at", "registered_at")
    folder = program_folder({"partners": partners.replace("environment", "plan")}, extra=LOADS)
    with pytest.raises(
        ProgramError, match=r"partners are read from files\. Export them, and write their path\."
    ):
        load_program(folder)


def test_clocks_of_clickhouse_have_their_zone(program_folder: Callable[..., Path]) -> None:
    blocks = {"calls": CALLS + '\ntimezone = "Europe/Berlin"'}
    folder = program_folder(blocks, extra=LOADS.replace("trino", "clickhouse"))
    with pytest.raises(ProgramError, match="times of ClickHouse have their zone"):
        load_program(folder)


def test_table_is_named_once(program_folder: Callable[..., Path]) -> None:
    folder = program_folder({"calls": CALLS}, extra=LOADS)
    settings = folder / "program.toml"
    text = settings.read_text(encoding="utf-8")
    block = f"[[exports.calls]]\n{CALLS}\n"
    settings.write_text(text.replace(f"[exports.calls]\n{CALLS}\n", block * 2), encoding="utf-8")
    with pytest.raises(ProgramError, match="named by a block before, and its rows would count twice"):
        load_program(folder)
