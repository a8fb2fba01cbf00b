"""Each engine's own client, asked for rows alike: a SELECT goes out, and batches of rows come back."""

import importlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from itertools import islice
from typing import Any, Protocol

from kit.errors import ReviewError

Rows = Sequence[tuple[Any, ...]]
ROWS_AT_ONCE = 10_000
CLIENTS = {
    "spark": ("pyspark.sql", "pyspark"),
    "databricks": ("databricks.sql", "databricks-sql-connector"),
    "bigquery": ("google.cloud.bigquery", "google-cloud-bigquery"),
    "snowflake": ("snowflake.connector", "snowflake-connector-python"),
    "trino": ("trino", "trino"),
    "clickhouse": ("clickhouse_connect.dbapi", "clickhouse-connect"),
    "athena": ("pyathena", "PyAthena"),
}
# A time without a zone is read in the session's, and that must be UTC.
# A driver on this machine tells the terminal of each of its steps, over what we say there.
QUIET = {"spark.log.level": "ERROR", "spark.ui.showConsoleProgress": "false"}
IN_UTC = {"databricks": "set time zone 'UTC'", "snowflake": "alter session set timezone = 'UTC'"}


class Client(Protocol):
    """Sends a SELECT to an engine, and hands out the rows of the answer some at a time."""

    def rows(self, sql: str) -> Iterator[Rows]: ...


def client(kind: str, connect: dict[str, Any]) -> Client:
    """The client of an engine, connected with the settings given.

    ReviewError if its package is not installed, or an environment variable named in the settings not set.
    """
    module, settings = _module(kind), _filled(connect, "connect")
    if kind == "spark":
        return SparkClient(_session(module, settings))
    database = DatabaseClient(_connection(kind, module, settings))
    if kind in IN_UTC:
        database.run(IN_UTC[kind])
    return database


class SparkClient:
    """A Spark session; its zone is set to UTC."""

    def __init__(self, session: Any) -> None:
        self.session = session

    def rows(self, sql: str) -> Iterator[Rows]:
        self.session.conf.set("spark.sql.session.timeZone", "UTC")
        answer = self.session.sql(sql).toLocalIterator()
        while batch := list(islice(answer, ROWS_AT_ONCE)):
            yield batch


class DatabaseClient:
    """A connection of Python's DB-API, which the clients of all other engines have."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def run(self, sql: str) -> Any:
        """The cursor of a statement that has been sent."""
        cursor = self.connection.cursor()
        cursor.execute(sql)
        return cursor

    def rows(self, sql: str) -> Iterator[Rows]:
        cursor = self.run(sql)
        while batch := cursor.fetchmany(ROWS_AT_ONCE):
            yield [tuple(row) for row in batch]


def _module(kind: str) -> Any:
    module, package = CLIENTS[kind]
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ReviewError(
            f"[engine] kind = {kind!r} needs the package {package}: pip install {package} ({error})."
        ) from None


def _session(module: Any, settings: dict[str, Any]) -> Any:
    """A Spark session; the settings are Spark's own, such as spark.master or spark.remote."""
    builder = module.SparkSession.builder.appName("api-review")
    for name, value in (settings if "spark.remote" in settings else QUIET | settings).items():
        builder = builder.config(name, value)
    with _heard_if_it_fails():
        return builder.getOrCreate()


@contextmanager
def _heard_if_it_fails() -> Iterator[None]:
    """Keep off the terminal, and out of notebooks, what a process that is started here says as long as it runs."""
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            yield
        except BaseException:
            said.seek(0)
            os.write(terminal, said.read())
            raise
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)


def _connection(kind: str, module: Any, settings: dict[str, Any]) -> Any:
    if kind == "bigquery":
        return importlib.import_module("google.cloud.bigquery.dbapi").connect(module.Client(**settings))
    if kind == "trino":
        return _trino(module, settings)
    return module.connect(**settings)


def _trino(module: Any, settings: dict[str, Any]) -> Any:
    """A connection to Trino, in UTC; a password is sent as its Basic authentication."""
    others = {name: value for name, value in settings.items() if name != "password"}
    if "password" in settings:
        others["auth"] = module.auth.BasicAuthentication(settings["user"], settings["password"])
    return module.dbapi.connect(**others, timezone="UTC")


def _filled(value: Any, name: str) -> Any:
    """Settings as clients take them: plain numbers, and what environment variables hold in place of their names."""
    if isinstance(value, dict):
        return {key: _filled(each, f"{name}.{key}") for key, each in value.items()}
    if isinstance(value, Decimal):
        return float(value)
    if not isinstance(value, str) or not value.startswith("$"):
        return value
    if (variable := value[1:]) not in os.environ:
        raise ReviewError(
            f"[engine] {name} = {value!r}: there is no environment variable {variable}. Set it before this is run."
        )
    return os.environ[variable]
