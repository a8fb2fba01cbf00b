"""How long daily usage takes beside other engines and beside reading alone, as whole processes in turn.

python tests/benchmarks/usage_time.py FOLDER [FOLDER ...] [--repeats 3] [--distinct] [--engines product polars chdb]

A FOLDER is one that logs.py wrote. The product reads it afresh each time and counts each request id once; its rivals do
so with --distinct. What each comes to is compared with the totals by day that logs.py expects and, row by row, with
the others, after every run; a difference ends the benchmark.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import duckdb
from measured import Run, measured
from rivals import FLOORS, GROUP, ROLLUPS, floors_of

from kit.blank import add_settings, empty_database
from kit.program import load_program
from kit.usage import load_logs

RIVALS = Path(__file__).parent / "rivals.py"
USAGE = (
    f"select {', '.join(GROUP)}, calls from (select * replace (day::date as day, status_class::integer as"
    " status_class, calls::bigint as calls) from '{}')"
)


def product_command(folder: Path) -> list[str]:
    return [sys.executable, "-m", "kit.cli", "usage", "--read", "--program", str(folder)]


def product_result(folder: Path) -> Path | None:
    """The product's usage as a Parquet file with the columns of the rivals'; None where it has not run."""
    if not (folder / ".usage" / "all").is_dir():
        return None
    out = folder / ".usage" / "result.parquet"
    program = load_program(folder)
    with empty_database() as con:
        add_settings(con, program)
        if wrong := load_logs(con, program):
            raise SystemExit("\n".join(wrong))
        con.execute(
            f"copy (select {', '.join(GROUP)}, sum(calls)::bigint as calls from file_usage"
            f" where not is_repeat group by all) to '{out}'"
        )
    return out


def commands(engines: list[str], folder: Path, out: Path, logs: dict, distinct: bool) -> dict[str, list[str]]:
    """The command of each engine that has something to do with a format, floors last."""
    flags = ["--distinct"] if distinct else []
    found = {"product": product_command(folder)} if "product" in engines else {}
    for engine in (*ROLLUPS, *floors_of(logs["format"])):
        if engine in engines:
            rival = [sys.executable, str(RIVALS), engine, logs["format"], str(folder), logs["zone"]]
            found[engine] = [*rival, "--out", str(out / engine), *flags]
    return found


def result(engine: str, folder: Path, out: Path) -> Path | None:
    """The file of usage that an engine has written; None for a floor."""
    if engine == "product":
        return product_result(folder)
    return out / engine / "usage.parquet" if engine in ROLLUPS else None


def check_days(usage: Path, engine: str, expected: dict, count: str) -> None:
    """SystemExit unless usage has the expected calls, all and successful, on each day in the zone."""
    found = {
        day.isoformat(): (calls, successful)
        for day, calls, successful in duckdb.execute(
            "select day, sum(calls)::bigint, coalesce(sum(calls) filter (status_class in (2, 3)), 0)::bigint"
            f" from ({USAGE.format(usage)}) group by day"
        ).fetchall()
    }
    right = {
        day: (counts.get(count, 0), counts.get(f"successful_{count}", 0))
        for day, counts in expected["days"].items()
        if counts.get(count)
    }
    wrong = sorted(day for day in found.keys() | right.keys() if found.get(day) != right.get(day))
    if wrong:
        day = wrong[0]
        raise SystemExit(
            f"{engine}: {len(wrong)} of {len(right)} days are wrong, first {day}: {found.get(day)} {count},"
            f" not {right.get(day)}."
        )


def check_rows(usage: Path, engine: str, other_usage: Path, other: str) -> None:
    """SystemExit unless two engines came to the same rows."""
    one, two = USAGE.format(usage), USAGE.format(other_usage)
    for mine, theirs, name in ((one, two, engine), (two, one, other)):
        rows = duckdb.execute(f"from (({mine}) except all ({theirs})) limit 3").fetchall()
        if rows:
            raise SystemExit(f"{engine} and {other} differ; {name} alone has {rows[0]}.")


def check(names: list[str], folder: Path, out: Path, expected: dict, distinct: bool) -> int:
    """How many rows of usage there are; SystemExit unless every engine is right and all agree."""
    first: dict[str, tuple[str, Path]] = {}
    has_repeats = expected["rows"] != expected["calls"]
    groups = 0
    for engine in names:
        usage = result(engine, folder, out)
        if usage is None:
            continue
        count = "calls" if distinct or engine == "product" or not has_repeats else "rows"
        check_days(usage, engine, expected, count)
        other, other_usage = first.setdefault(count, (engine, usage))
        check_rows(usage, engine, other_usage, other)
        groups = duckdb.execute(f"select count(*) from '{usage}'").fetchone()[0]
    return groups


def runs_in_turn(table: dict[str, list[str]], folder: Path, repeats: int) -> Iterator[dict[str, Run]]:
    """Each round of runs: engine → what it took. The product's usage is removed before each."""
    for _ in range(repeats):
        taken = {}
        for engine, command in table.items():
            if engine == "product":
                shutil.rmtree(folder / ".usage", ignore_errors=True)
            taken[engine] = measured(command)
        yield taken


def ratios(rounds: list[dict[str, Run]], base: str, engine: str) -> list[float]:
    """Wall time of one engine over another's, round by round, sorted."""
    return sorted(taken[base].wall / taken[engine].wall for taken in rounds)


def machine() -> str:
    """The cores, the memory and the versions that a table holds for."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    names = ("duckdb", "chdb", "polars", "pandas")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return f"{os.cpu_count()} cores, {memory:.0f} GB; Python {platform.python_version()}, {versions}"


def print_table(rounds: list[dict[str, Run]], base: str) -> None:
    """Medians, the base's time over each engine's, and how far each rollup is from each floor."""
    engines, floors = list(rounds[0]), [engine for engine in rounds[0] if engine in FLOORS]
    head = "".join(f"{'/ ' + floor:>16}" for floor in floors)
    print(
        f"{'':14}{'wall s':>8}{'CPU s':>8}{'peak MB':>9}   {base + ' / it':>15} {'(least to most)':17}{head}"
    )
    for engine in engines:
        wall, cpu, peak = (
            statistics.median(getattr(taken[engine], what) for taken in rounds)
            for what in ("wall", "cpu", "peak")
        )
        paired = ratios(rounds, base, engine)
        spread = f"({paired[0]:.2f} to {paired[-1]:.2f})"
        above = "".join(
            f"{statistics.median(ratios(rounds, engine, floor)):16.2f}" if engine not in FLOORS else ""
            for floor in floors
        )
        print(
            f"{engine:14}{wall:8.2f}{cpu:8.2f}{peak:9.0f}   {statistics.median(paired):15.2f} {spread:17}{above}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--distinct", action="store_true", help="let rivals count each request id once too")
    everyone = ["product", *ROLLUPS, *FLOORS]
    parser.add_argument("--engines", nargs="+", choices=everyone, default=everyone)
    given = parser.parse_args()
    print(machine())
    for folder in (path.resolve() for path in given.folders):
        expected = json.loads((folder / "expected.json").read_text("utf-8"))
        logs, rounds = expected["logs"], []
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            table = commands(given.engines, folder, Path(scratch), logs, given.distinct)
            for taken in runs_in_turn(table, folder, given.repeats):
                rounds.append(taken)
                groups = check(list(table), folder, Path(scratch), expected, given.distinct)
        size = sum(path.stat().st_size for path in (folder / "logs").iterdir()) / 1e6
        print(
            f"\n{logs['format']}: {expected['rows']:,} rows, {expected['calls']:,} calls, {logs['files']:,} files of"
            f" {size:,.0f} MB in all, {groups:,} rows of usage{', each id once' if given.distinct else ''};"
            f" each run {given.repeats} times, all equal"
        )
        if "product" in table and product_result(folder) is None:
            print("The product's usage was not compared.")
        print_table(rounds, next(iter(table)))


if __name__ == "__main__":
    main()
