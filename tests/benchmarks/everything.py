"""All benchmarks of call logs, one after another, and their tables: three sizes, three formats, scale, Spark.

python tests/benchmarks/everything.py [--folder FOLDER] [--share 1] [--repeats 3]

Takes about an hour and 10 GB of disk; --share 0.01 takes that share of the rows, to see that it works. Logs are written
to --folder, by default a temporary one, and kept there for the next run if one is given.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
# Format, rows and files of the largest of three sizes, and what logs.py is told beside.
LARGEST = (
    ("jsonl", 1_000_000, 4, ()),
    ("csv", 4_000_000, 4, ()),
    ("parquet", 50_000_000, 10, ("--no-ids",)),
)
SIZES = (0.0625, 0.25, 1)
# pandas reads file by file into memory, and one row in twenty is enough to see how far behind it is.
OF_PANDAS = 0.0625


def run(script: str, *words: str | int | float | Path) -> None:
    subprocess.run([sys.executable, str(HERE / script), *map(str, words)], check=True)


def logs(folder: Path, form: str, rows: int, files: int, flags: tuple[str, ...]) -> Path:
    """The folder of a program with so many rows, written unless it is there."""
    place = folder / f"{form}-{rows}"
    if not (place / "expected.json").is_file():
        run("logs.py", place, "--format", form, "--rows", rows, "--files", files, *flags)
    return place


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--share", type=float, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = (given.folder or Path(scratch)).resolve()
        repeats = ("--repeats", given.repeats)
        for form, most, files, flags in LARGEST:
            for size in SIZES:
                place = logs(folder, form, int(most * size * given.share), files, flags)
                engines = ["product", "duckdb", "chdb", "polars", "isal", "parse-duckdb", "parse-polars"]
                if size == OF_PANDAS:
                    engines.append("pandas")
                if form == "parquet":
                    engines.remove("isal")
                run("usage_time.py", place, *repeats, "--engines", *engines)
                if "--no-ids" not in flags:
                    run("usage_time.py", place, *repeats, "--distinct", "--engines", *engines[:4])
        for part, rows in (("rows", 5e6), ("increment", 5e6), ("memory", 1e8), ("report", 1e8)):
            run("usage_scale.py", part, "--folder", folder, *repeats, "--rows", int(rows * given.share))
        counts = [int(count * given.share) for count in (1_000, 10_000)]
        run("usage_scale.py", "files", "--folder", folder, *repeats, "--counts", *counts)
        place = logs(folder, "parquet", int(2_000_000 * given.share), 4, ())
        run("engine_time.py", place, *repeats)


if __name__ == "__main__":
    main()
