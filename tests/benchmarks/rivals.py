"""The daily rollup as one would write it with another engine, and what reading alone takes: one whole process each.

python tests/benchmarks/rivals.py ENGINE FORMAT FOLDER ZONE --out OUT [--distinct]

FOLDER is one that logs.py wrote. A rollup writes OUT/usage.parquet: day in the zone, api_key, partner_id, environment,
product, operation, status_class and calls. With --distinct a request id counts once, in all files; all rows of an id
are alike, so any of them may stand for it. Rollups: duckdb, chdb, polars, pandas (file by file). Floors: isal and gzip
decompress all bytes; parse-duckdb and parse-polars read the columns needed and sum their lengths, without grouping.
Each engine is imported by the process that runs it, and by no other.
"""

import argparse
import os
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

GROUP = ("day", "api_key", "partner_id", "environment", "product", "operation", "status_class")
PLAIN = ("api_key", "partner_id", "environment", "product", "operation", "status")
JSON_COLUMNS = {
    "started_at": "'BIGINT'",
    "request": "'STRUCT(id VARCHAR)'",
    "response": "'STRUCT(status INTEGER)'",
    "route": "'STRUCT(name VARCHAR)'",
    "service": "'STRUCT(name VARCHAR)'",
    "consumer": "'STRUCT(custom_id VARCHAR)'",
    "authenticated_entity": "'STRUCT(id VARCHAR)'",
    "workspace_name": "'VARCHAR'",
}
CSV_TYPES = (
    "{'called_at': 'TIMESTAMPTZ', 'api_key': 'VARCHAR', 'partner_id': 'VARCHAR', 'environment': 'VARCHAR',"
    " 'status': 'INTEGER', 'product': 'VARCHAR', 'operation': 'VARCHAR', 'request_id': 'VARCHAR'}"
)
PATHS = {"jsonl": "*.jsonl.gz", "csv": "*.csv.gz", "parquet": "*.parquet"}


def files_of(form: str, folder: Path) -> list[Path]:
    return sorted((folder / "logs").glob(PATHS[form]))


def duckdb_calls(form: str, folder: Path, ids: bool) -> str:
    """A SELECT of the calls' needed columns; called_at is TIMESTAMP WITH TIME ZONE."""
    path = folder / "logs" / PATHS[form]
    request_id = ", request_id" if ids else ""
    if form == "jsonl":
        columns = ", ".join(
            f"{name}: {kind}" for name, kind in JSON_COLUMNS.items() if ids or name != "request"
        )
        return (
            "select make_timestamptz(started_at * 1000) as called_at, authenticated_entity.id as api_key,"
            " consumer.custom_id as partner_id, workspace_name as environment, response.status as status,"
            f" service.name as product, route.name as operation{', request.id as request_id' if ids else ''}"
            f" from read_json('{path}', format = 'newline_delimited', columns = {{{columns}}})"
        )
    if form == "csv":
        return (
            f"select called_at, {', '.join(PLAIN)}{request_id} from read_csv('{path}', types = {CSV_TYPES})"
        )
    return f"select called_at, {', '.join(PLAIN)}{request_id} from read_parquet('{path}')"


def duckdb_rollup(form: str, folder: Path, zone: str, out: Path, distinct: bool) -> None:
    """One query."""
    rows = duckdb_calls(form, folder, distinct)
    if distinct:
        rows = f"select distinct on (request_id) * from ({rows})"
    con = connected(out)
    con.execute(
        f"copy (select (called_at at time zone '{zone}')::date as day, {', '.join(PLAIN[:-1])},"
        f" status // 100 as status_class, count(*) as calls from ({rows}) group by all)"
        f" to '{out / 'usage.parquet'}'"
    )


def connected(out: Path) -> Any:
    """A DuckDB in memory that may give rows in any order and spill beside its result."""
    import duckdb

    return duckdb.connect(config={"preserve_insertion_order": False, "temp_directory": str(out / "spill")})


def duckdb_parse(form: str, folder: Path, zone: str, out: Path, distinct: bool) -> None:
    sums = ", ".join(f"sum(strlen({name}))" for name in (*PLAIN[:-1], *(["request_id"] if distinct else [])))
    rows = duckdb_calls(form, folder, distinct)
    con = connected(out)
    con.execute(f"select sum(epoch_ms(called_at)), sum(status), {sums} from ({rows})").fetchall()


def polars_calls(form: str, folder: Path, ids: bool) -> Any:  # as above
    """A lazy frame of the calls' needed columns; called_at is in UTC."""
    import polars as pl

    path = folder / "logs" / PATHS[form]
    request_id = ["request_id"] if ids else []
    if form == "jsonl":
        text = pl.String
        schema = {
            "started_at": pl.Int64,
            "response": pl.Struct({"status": pl.Int32}),
            "route": pl.Struct({"name": text}),
            "service": pl.Struct({"name": text}),
            "consumer": pl.Struct({"custom_id": text}),
            "authenticated_entity": pl.Struct({"id": text}),
            "workspace_name": text,
        } | ({"request": pl.Struct({"id": text})} if ids else {})
        return pl.scan_ndjson(path, schema=schema).select(
            pl.from_epoch("started_at", "ms").dt.replace_time_zone("UTC").alias("called_at"),
            pl.col("authenticated_entity").struct.field("id").alias("api_key"),
            pl.col("consumer").struct.field("custom_id").alias("partner_id"),
            pl.col("workspace_name").alias("environment"),
            pl.col("response").struct.field("status").alias("status"),
            pl.col("service").struct.field("name").alias("product"),
            pl.col("route").struct.field("name").alias("operation"),
            *([pl.col("request").struct.field("id").alias("request_id")] if ids else []),
        )
    if form == "csv":
        called_at = pl.col("called_at").str.to_datetime(
            "%Y-%m-%dT%H:%M:%S%.3fZ", time_unit="ms", time_zone="UTC"
        )
        return pl.scan_csv(path, schema_overrides={"status": pl.Int32}).select(called_at, *PLAIN, *request_id)
    return pl.scan_parquet(path).select("called_at", *PLAIN, *request_id)


def polars_rollup(form: str, folder: Path, zone: str, out: Path, distinct: bool) -> None:
    """The streaming engine, from scan to sink."""
    import polars as pl

    rows = polars_calls(form, folder, distinct)
    if distinct:
        rows = rows.unique("request_id", keep="any")
    day = pl.col("called_at").dt.convert_time_zone(zone).dt.date().alias("day")
    usage = (
        rows.with_columns(day, (pl.col("status") // 100).alias("status_class"))
        .group_by(GROUP)
        .agg(pl.len().cast(pl.Int64).alias("calls"))
    )
    usage.sink_parquet(out / "usage.parquet", engine="streaming")


def polars_parse(form: str, folder: Path, zone: str, out: Path, distinct: bool) -> None:
    import polars as pl

    texts = [*PLAIN[:-1], *(["request_id"] if distinct else [])]
    polars_calls(form, folder, distinct).select(
        pl.col("called_at").dt.epoch("ms").sum(),
        pl.col("status").cast(pl.Int64).sum(),
        pl.col(texts).str.len_bytes().sum(),
    ).collect(engine="streaming")


def chdb_rollup(form: str, folder: Path, zone: str, out: Path, distinct: bool) -> None:
    """One query; ClickHouse takes types and what to do about absent keys from its settings."""
    import chdb

    path, text = folder / "logs" / PATHS[form], "Nullable(String)"
    if form == "jsonl":
        columns = {
            "started_at": "Int64",
            "request": f"Tuple(id {text})",
            "response": "Tuple(status Int32)",
            "route": f"Tuple(name {text})",
            "service": f"Tuple(name {text})",
            "consumer": f"Tuple(custom_id {text})",
            "authenticated_entity": f"Tuple(id {text})",
            "workspace_name": text,
        }
        kind, called_at = "JSONEachRow", "fromUnixTimestamp64Milli(started_at)"
        names = (
            "authenticated_entity.id as api_key, consumer.custom_id as partner_id, workspace_name as environment,"
            " response.status as status, service.name as product, route.name as operation, request.id as request_id"
        )
        if not distinct:
            del columns["request"]
            names = names.removesuffix(", request.id as request_id")
    else:
        columns = {"called_at": "DateTime64(6, 'UTC')"} | dict.fromkeys(PLAIN, text) | {"status": "Int32"}
        if distinct:
            columns["request_id"] = text
        kind, called_at = {"csv": "CSVWithNames", "parquet": "Parquet"}[form], "called_at"
        names = ", ".join(name for name in columns if name != "called_at")
    structure = ", ".join(f"{name} {kind}" for name, kind in columns.items()).replace("'", "''")
    rows = f"select {called_at} as at, {names} from file('{path}', {kind}, '{structure}')"
    if distinct:
        picked = ", ".join(f"any(({name},)).1 as {name}" for name in ("at", *PLAIN))
        rows = f"select {picked} from (select * from ({rows})) group by request_id"
    chdb.query(
        f"select toDate32(at, '{zone}') as day, {', '.join(PLAIN[:-1])}, intDiv(status, 100) as status_class,"
        f" toInt64(count()) as calls from ({rows}) group by {', '.join(GROUP)}"
        f" into outfile '{out / 'usage.parquet'}' truncate format Parquet"
        " settings input_format_skip_unknown_fields = 1, input_format_null_as_default = 1,"
        " input_format_json_ignore_unknown_keys_in_named_tuple = 1,"
        " input_format_json_defaults_for_missing_elements_in_named_tuple = 1,"
        " input_format_csv_empty_as_default = 1, date_time_input_format = 'best_effort',"
        " output_format_parquet_string_as_string = 1"
    )


def pandas_rollup(form: str, folder: Path, zone: str, out: Path, distinct: bool) -> None:
    """File by file, the sums added up at the end; the ids seen are kept for the files to come."""
    import pandas as pd

    parts, seen = [], pd.Series(dtype="str")
    for file in files_of(form, folder):
        rows = pandas_calls(form, file, distinct)
        if distinct:
            rows = rows.drop_duplicates("request_id")
            rows = rows[~rows["request_id"].isin(seen)]
            seen = pd.concat([seen, rows["request_id"]])
        local = rows["called_at"].dt.tz_convert(zone).dt.tz_localize(None)
        rows = rows.assign(day=local.dt.floor("D"), status_class=rows["status"] // 100)
        parts.append(rows.groupby(list(GROUP), dropna=False).size().rename("calls").reset_index())
    usage = pd.concat(parts).groupby(list(GROUP), dropna=False)["calls"].sum().reset_index()
    usage.to_parquet(out / "usage.parquet", index=False)


def pandas_calls(form: str, file: Path, ids: bool) -> Any:  # as above
    import pandas as pd

    wanted = ["called_at", *PLAIN, *(["request_id"] if ids else [])]
    if form == "parquet":
        return pd.read_parquet(file, columns=wanted)
    if form == "csv":
        rows = pd.read_csv(file, usecols=wanted)
        return rows.assign(called_at=pd.to_datetime(rows["called_at"], format="ISO8601", utc=True))
    raw = pd.read_json(file, lines=True, dtype=False)
    fields = {
        "api_key": raw["authenticated_entity"].str.get("id"),
        "partner_id": raw["consumer"].str.get("custom_id"),
        "environment": raw["workspace_name"],
        "status": raw["response"].str.get("status").astype("int64"),
        "product": raw["service"].str.get("name"),
        "operation": raw["route"].str.get("name"),
    } | ({"request_id": raw["request"].str.get("id")} if ids else {})
    return pd.DataFrame({"called_at": pd.to_datetime(raw["started_at"], unit="ms", utc=True), **fields})


def isal_floor(form: str, folder: Path, zone: str, out: Path, distinct: bool) -> None:
    """Every byte decompressed, a file a thread."""
    from isal import igzip

    def read(file: Path) -> None:
        with igzip.open(file, "rb") as stream:
            while stream.read(1 << 20):
                pass

    with ThreadPoolExecutor(os.cpu_count()) as readers:
        list(readers.map(read, files_of(form, folder)))


def gzip_floor(form: str, folder: Path, zone: str, out: Path, distinct: bool) -> None:
    """gzip -dc | wc -c, one after the other."""
    unzip = subprocess.Popen(["gzip", "-dc", *map(str, files_of(form, folder))], stdout=subprocess.PIPE)
    subprocess.run(["wc", "-c"], stdin=unzip.stdout, stdout=subprocess.DEVNULL, check=True)
    if unzip.wait():
        raise SystemExit("gzip failed")


ROLLUPS: dict[str, Callable] = {
    "duckdb": duckdb_rollup,
    "chdb": chdb_rollup,
    "polars": polars_rollup,
    "pandas": pandas_rollup,
}
FLOORS: dict[str, Callable] = {
    "parse-duckdb": duckdb_parse,
    "parse-polars": polars_parse,
    "isal": isal_floor,
    "gzip": gzip_floor,
}


def floors_of(form: str) -> list[str]:
    """The floors of a format: Parquet is not to be decompressed without being parsed."""
    return [name for name in FLOORS if form != "parquet" or name.startswith("parse")]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("engine", choices=[*ROLLUPS, *FLOORS])
    parser.add_argument("format", choices=list(PATHS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("zone")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--distinct", action="store_true", help="count each request id once")
    given = parser.parse_args()
    if given.engine in FLOORS and given.engine not in floors_of(given.format):
        parser.error(f"{given.engine} has no {given.format}")
    given.out.mkdir(parents=True, exist_ok=True)
    work = {**ROLLUPS, **FLOORS}[given.engine]
    work(given.format, given.folder.resolve(), given.zone, given.out.resolve(), given.distinct)


if __name__ == "__main__":
    main()
