"""The same inputs give the same bytes, whoever runs the review, where, and when."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parent.parent / "data" / "samples"
# What differs between two machines, and may not show.
ELSEWHERE = {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "7", "API_REVIEW_MEMORY": "700MB"}
HERE = {"TZ": "America/New_York", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "1"}


def reported(program: Path, out: Path, more: dict[str, str], *before: str) -> Path:
    command = [
        *before,
        sys.executable,
        "-m",
        "kit.cli",
        "report",
        "--program",
        str(program),
        "--out",
        str(out),
    ]
    done = subprocess.run(command, env=os.environ | more, capture_output=True, text=True, cwd=program)
    assert done.returncode == 0, done.stderr
    return next(out.iterdir())


def hashes(folder: Path) -> dict[str, str]:
    """The SHA-256 of each file whose bytes are the same wherever it is made; a notebook says where and when it ran."""
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.iterdir()
        if file.suffix != ".ipynb"
    }


def outputs(folder: Path) -> str:
    """The outputs of a notebook's cells, but for what was set for the run."""
    cells = nbformat.read(folder / "one-pager.ipynb", as_version=4).cells
    return json.dumps([cell.get("outputs", []) for cell in cells], sort_keys=True)


def copied_backwards(program: Path, to: Path) -> Path:
    """A program's files made anew, the last first, with other times."""
    files = sorted(
        (file for file in program.rglob("*") if file.is_file() and ".usage" not in file.parts), reverse=True
    )
    for number, file in enumerate(files):
        target = to / file.relative_to(program)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
        os.utime(target, (1_600_000_000 + number, 1_600_000_000 + number))
    return to


@pytest.mark.parametrize("name", ["northgate", "meridian"])
def test_page_figures_and_outputs_have_the_same_bytes_in_another_folder_zone_locale_and_on_one_core(
    name, tmp_path
):
    one = copied_backwards(SAMPLES / name, tmp_path / "one")
    other = tmp_path / "a folder elsewhere" / "é"
    shutil.copytree(SAMPLES / name, other, ignore=shutil.ignore_patterns(".usage"))
    first = reported(one, tmp_path / "out", HERE)
    one_core = ("taskset", "-c", "0") if shutil.which("taskset") else ()
    second = reported(other, tmp_path / "other" / "out", ELSEWHERE, *one_core)
    assert hashes(first) == hashes(second)
    assert set(hashes(first)) >= {"one-pager.html", "figures.json"}
    assert outputs(first) == outputs(second)
    again = reported(one, tmp_path / "out", ELSEWHERE)  # from the cache, over the page that stands
    assert hashes(again) == hashes(second)


def test_figures_do_not_hang_on_the_order_of_files_nor_of_hashes(program_folder, tmp_path):
    days = [f"2026-{month:02d}-{day:02d}" for month in range(1, 7) for day in range(1, 29)]
    logs = {}
    for number in range(4):
        lines = [
            f"{day}T12:00:0{number}Z,p{place},production,200" for day in days for place in range(number, 9)
        ]
        logs[f"log{number}_csv"] = "called_at,partner_id,environment,status\n" + "\n".join(lines) + "\n"
    partners = "partner_id,name,registered_at\n" + "".join(
        f"p{each},P{each},2025-12-0{each + 1}\n" for each in range(9)
    )
    folder = program_folder({"calls": 'path = "log*.csv"'}, partners_csv=partners, **logs)
    other = copied_backwards(folder, tmp_path / "other")
    code = (
        "import json, sys; from kit.review import open_review, figures;"
        " print(json.dumps(figures(open_review(sys.argv[1], '2026-Q2')), sort_keys=True))"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", code, str(each)],
            env=os.environ | more,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for each, more in ((folder, HERE), (other, ELSEWHERE))
    ]
    assert said[0] == said[1]
    assert '"active_partners": 9' in said[0]
