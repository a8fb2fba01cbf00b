"""How long a sample's report takes beside papermill and nbconvert on an empty notebook, as whole processes in turn.

python tests/benchmarks/report_time.py [runs]
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

EMPTY = """
import papermill
from nbconvert import HTMLExporter
notebook = papermill.execute_notebook({path!r}, {out!r}, progress_bar=False)
HTMLExporter().from_notebook_node(notebook)
"""


def seconds(command: list[str]) -> float:
    """Wall time of one run of a command; an error if it fails."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def main(runs: int) -> None:
    """Print the median times and the median of the ratios, pair by pair."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "empty.ipynb", Path(folder) / "out.ipynb"
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        nbformat.write(nbformat.v4.new_notebook(metadata=kernel), path)
        empty = [sys.executable, "-c", EMPTY.format(path=str(path), out=str(out))]
        for program in ("northgate", "meridian"):
            report = [
                sys.executable,
                "-m",
                "kit.cli",
                "report",
                "--quiet",
                "--out",
                folder,
                "--program",
                program,
            ]
            report[-1] = str(Path(__file__).parents[2] / "data" / "samples" / program)
            pairs = [(seconds(report), seconds(empty)) for _ in range(runs + 1)][1:]
            ratio = statistics.median(one / other for one, other in pairs)
            mine, theirs = (statistics.median(times) for times in zip(*pairs, strict=True))
            print(f"{program}: report {mine:.2f} s, empty notebook {theirs:.2f} s, ratio {ratio:.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
