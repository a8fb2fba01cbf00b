"""Spark beside DuckDB on the same Parquet logs, as whole processes in turn; the same figures, or the benchmark ends.

python tests/benchmarks/engine_time.py FOLDER [--repeats 2]

FOLDER is one that logs.py wrote with --format parquet. Spark (PySpark in local mode, two threads, a driver of 1 GB)
reads them as a table of weeks, through the product's [engine]; DuckDB reads them as the product reads files.
"""

import argparse
import json
import shutil
import statistics
import tempfile
from pathlib import Path

import duckdb
from measured import Run, measured
from rivals import PLAIN
from usage_time import check, machine, product_command

ENGINE = """
[engine]
kind = "spark"

[engine.connect]
"spark.master" = "local[2]"
"spark.driver.memory" = "1g"
"spark.ui.enabled" = "false"
"spark.sql.shuffle.partitions" = "4"
"""


def on_spark(folder: Path, to: Path) -> Path:
    """A program whose calls are a table of Spark: another's logs, a partition for each week."""
    duckdb.execute(
        "copy (select *, date_trunc('week', called_at at time zone 'UTC')::date as week"
        f" from read_parquet('{folder / 'logs' / '*.parquet'}'))"
        f" to '{to / 'logs'}' (format parquet, partition_by (week))"
    )
    text = (folder / "program.toml").read_text("utf-8")
    columns = ", ".join(f"{name} = '{name}'" for name in (*PLAIN, "called_at", "request_id"))
    table = f"table = 'parquet.`{to / 'logs'}`'\nday = 'week'\ncolumns = {{ {columns} }}"
    lines = text.replace('path = "logs/*.parquet"', table).splitlines()
    settings = "\n".join(line for line in lines if not line.startswith("overlap"))
    (to / "program.toml").write_text(settings + ENGINE, encoding="utf-8")
    for name in ("partners.csv", "expected.json"):
        shutil.copy(folder / name, to / name)
    return to


def read_afresh(folder: Path, expected: dict) -> Run:
    shutil.rmtree(folder / ".usage", ignore_errors=True)
    taken = measured(product_command(folder))
    check(["product"], folder, folder, expected, distinct=True)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repeats", type=int, default=2)
    given = parser.parse_args()
    folder = given.folder.resolve()
    expected = json.loads((folder / "expected.json").read_text("utf-8"))
    print(machine())
    with tempfile.TemporaryDirectory() as scratch:
        other = on_spark(folder, Path(scratch))
        rounds = [(read_afresh(folder, expected), read_afresh(other, expected)) for _ in range(given.repeats)]
    for name, runs in zip(("DuckDB", "Spark"), zip(*rounds, strict=True), strict=True):
        wall, cpu, peak = (
            statistics.median(getattr(run, what) for run in runs) for what in ("wall", "cpu", "peak")
        )
        print(
            f"{name:8} {wall:7.2f} s, CPU {cpu:7.2f} s, peak {peak:6.0f} MB, {expected['rows'] / wall:>11,.0f} rows/s"
        )
    ratio = sorted(spark.wall / files.wall for files, spark in rounds)
    print(
        f"{expected['rows']:,} rows, the same figures; Spark takes {statistics.median(ratio):.1f} times DuckDB's time"
        f" ({ratio[0]:.1f} to {ratio[-1]:.1f})"
    )


if __name__ == "__main__":
    main()
