"""How daily usage grows: with rows, with files, with what is new, within a limit of memory; and a report over it.

python tests/benchmarks/usage_scale.py rows      [--format parquet] [--rows 5_000_000]    N, 2N and 4N rows, 4 files
python tests/benchmarks/usage_scale.py files     [--counts 1_000 10_000]                  small files, nothing changed
python tests/benchmarks/usage_scale.py increment [--format parquet] [--rows 5_000_000]    the last of ten files is new
python tests/benchmarks/usage_scale.py memory    [--rows 100_000_000] [--limit 1GB]       peak memory, with request ids
python tests/benchmarks/usage_scale.py report    [--rows 100_000_000]                     beside the sample's, cached

Programs are made in --folder, by default a temporary one, and kept there for the next run if one is given. What the
product reads in is checked as usage_time.py does.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from logs import ENDING, Logs, write_program
from measured import ROOT, Run, measured
from usage_time import check, machine, product_command

SAMPLE = ROOT / "data" / "samples" / "northgate"
SMALL = 25  # rows in each of many files


def program(folder: Path, logs: Logs) -> Path:
    """The folder of a program with these logs, written unless it is there."""
    place = folder / f"{logs.format}-{logs.rows}-{logs.files}"
    expected = place / "expected.json"
    if not expected.is_file() or json.loads(expected.read_text("utf-8"))["logs"] != asdict(logs):
        shutil.rmtree(place, ignore_errors=True)
        write_program(logs, place)
    return place


def read_afresh(place: Path, *flags: str) -> Run:
    """What reading all logs takes, nothing cached."""
    shutil.rmtree(place / ".usage", ignore_errors=True)
    return read(place, *flags)


def read(place: Path, *flags: str) -> Run:
    """What reading takes with what is cached."""
    taken = measured([*product_command(place), *flags])
    expected = json.loads((place / "expected.json").read_text("utf-8"))
    check(["product"], place, place, expected, distinct=True)
    return taken


def median(runs: list[Run], what: str) -> float:
    return statistics.median(getattr(run, what) for run in runs)


def rows(folder: Path, given: argparse.Namespace) -> None:
    """Print what N, 2N and 4N rows take, and the ratios of the time of a row to that at N."""
    places = [program(folder, Logs(given.format, given.rows * factor, files=4)) for factor in (1, 2, 4)]
    rounds = [[read_afresh(place) for place in places] for _ in range(given.repeats)]
    print(f"{given.format}, 4 files, each run {given.repeats} times")
    for number, factor in enumerate((1, 2, 4)):
        runs = [taken[number] for taken in rounds]
        a_row = sorted(taken[number].wall / taken[0].wall / factor for taken in rounds)
        print(
            f"  {given.rows * factor:>13,} rows: {median(runs, 'wall'):8.2f} s, CPU {median(runs, 'cpu'):8.2f} s,"
            f" {given.rows * factor / median(runs, 'wall'):>11,.0f} rows/s, peak {median(runs, 'peak'):6.0f} MB;"
            f" a row takes {statistics.median(a_row):.2f} ({a_row[0]:.2f} to {a_row[-1]:.2f}) of its time at N"
        )


def files(folder: Path, given: argparse.Namespace) -> None:
    """Print what it takes to read many small files, and to see that none has changed."""
    unchanged = []
    for count in given.counts:
        place = program(folder, Logs(given.format, count * SMALL, count))
        first = read_afresh(place)
        again = [read(place) for _ in range(given.repeats)]
        unchanged.append(median(again, "wall"))
        print(
            f"{count:>7,} {given.format} files of {SMALL} rows: first {first.wall:.2f} s"
            f" ({first.wall / count * 1000:.2f} ms a file, peak {first.peak:.0f} MB); unchanged {unchanged[-1]:.2f} s"
            f" (CPU {median(again, 'cpu'):.2f} s, peak {median(again, 'peak'):.0f} MB)"
        )
    print(f"unchanged, most files to fewest: ratio {unchanged[-1] / unchanged[0]:.2f}")


def increment(folder: Path, given: argparse.Namespace) -> None:
    """Print what the last of ten files takes when nine are cached, and that over reading all ten."""
    place = program(folder, Logs(given.format, given.rows, files=10))
    last = sorted((place / "logs").glob(f"*.{ENDING[given.format]}"))[-1]
    aside = place / last.name
    pairs = []
    for _ in range(given.repeats):
        whole = read_afresh(place)
        shutil.rmtree(place / ".usage", ignore_errors=True)
        last.rename(aside)
        try:
            measured(product_command(place))
        finally:
            aside.rename(last)
        pairs.append((whole, read(place)))
    ratio = sorted(new.wall / whole.wall for whole, new in pairs)
    print(
        f"{given.format}, {given.rows:,} rows in 10 files: all {median([whole for whole, _ in pairs], 'wall'):.2f} s,"
        f" the last alone {median([new for _, new in pairs], 'wall'):.2f} s;"
        f" ratio {statistics.median(ratio):.2f} ({ratio[0]:.2f} to {ratio[-1]:.2f})"
    )


def memory(folder: Path, given: argparse.Namespace) -> None:
    """Print the peak memory of reading many rows with ids under a limit, beside no limit given."""
    place = program(folder, Logs(given.format, given.rows, files=20))
    limited = read_afresh(place, "--memory", given.limit)
    free = read_afresh(place)
    print(
        f"{given.format}, {given.rows:,} rows with ids in 20 files, --memory {given.limit}:"
        f" peak {limited.peak:,.0f} MB, {limited.wall:.1f} s; without: {free.peak:,.0f} MB, {free.wall:.1f} s;"
        f" ratio of times {limited.wall / free.wall:.2f}, of memory {limited.peak / free.peak:.2f}"
    )


def report(folder: Path, given: argparse.Namespace) -> None:
    """Print how long a report over much cached usage takes beside the sample's, in turn."""
    place = program(folder, Logs("parquet", given.rows, files=20))
    if not (place / ".usage").is_dir():
        read_afresh(place)
    with tempfile.TemporaryDirectory() as out:
        commands = [
            [
                sys.executable,
                "-m",
                "kit.cli",
                "report",
                "--quiet",
                "--out",
                f"{out}/{each.name}",
                "--program",
                each,
            ]
            for each in (place, SAMPLE)
        ]
        rounds = [
            [measured([str(word) for word in command]) for command in commands]
            for _ in range(given.repeats + 1)
        ][1:]  # the first fills what is cached of the sample
    large, sample = zip(*rounds, strict=True)
    ratio = sorted(one.wall / two.wall for one, two in rounds)
    print(
        f"report over {given.rows:,} cached calls: {median(large, 'wall'):.2f} s, peak {median(large, 'peak'):.0f} MB;"
        f" the sample's {median(sample, 'wall'):.2f} s, {median(sample, 'peak'):.0f} MB;"
        f" ratio {statistics.median(ratio):.2f} ({ratio[0]:.2f} to {ratio[-1]:.2f})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = parser.add_subparsers(dest="part", required=True)
    defaults = {
        rows: ("parquet", 5_000_000),
        files: ("csv", None),
        increment: ("parquet", 5_000_000),
        memory: ("parquet", 100_000_000),
        report: ("parquet", 100_000_000),
    }
    for work, (form, count) in defaults.items():
        part = parts.add_parser(work.__name__)
        part.set_defaults(work=work)
        part.add_argument("--folder", type=Path, help="where programs are made and kept")
        part.add_argument("--repeats", type=int, default=3)
        if work is not report:
            part.add_argument("--format", choices=list(ENDING), default=form)
        if work is files:
            part.add_argument("--counts", type=int, nargs="+", default=[1_000, 10_000])
        else:
            part.add_argument("--rows", type=int, default=count)
        if work is memory:
            part.add_argument("--limit", default="1GB")
    given = parser.parse_args()
    print(machine())
    if given.folder:
        given.work(given.folder.resolve(), given)
        return
    with tempfile.TemporaryDirectory() as folder:
        given.work(Path(folder), given)


if __name__ == "__main__":
    main()
