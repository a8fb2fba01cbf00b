"""The sample programs: what the generator writes, and that no call is lost between its lines and the figures."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from kit.database import open_program

SAMPLES = Path(__file__).parent.parent / "data" / "samples"


def content(file: Path) -> bytes:
    """A file's bytes, unpacked: another zlib packs the same lines differently."""
    return gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()


@pytest.mark.slow
def test_generator_writes_the_samples_as_they_are(tmp_path):
    subprocess.run(
        [sys.executable, SAMPLES / "generate.py", "--out", tmp_path], check=True, capture_output=True
    )
    written = sorted(file.relative_to(tmp_path) for file in tmp_path.rglob("*") if file.is_file())
    kept = [
        file.relative_to(SAMPLES)
        for program in ("meridian", "northgate")
        for file in (SAMPLES / program).rglob("*")
        if file.is_file() and ".usage" not in file.parts
    ]
    assert written == sorted(kept)
    different = [str(name) for name in written if content(tmp_path / name) != content(SAMPLES / name)]
    assert different == []


@pytest.mark.slow
@pytest.mark.parametrize("program", ["northgate", "meridian"])
def test_every_call_read_is_used_or_left_out_for_a_reason(program):
    expected = json.loads((SAMPLES / program / "expected.json").read_text())["ledger"]["calls"]
    con = open_program(SAMPLES / program)
    fates = dict(con.execute("select fate, sum(calls)::bigint from traffic group by fate").fetchall())
    [(read,)] = con.execute("select sum(row_count)::bigint from file_usage").fetchall()
    assert fates | {"read": read, "duplicates": read - sum(fates.values())} == expected


def test_samples_are_small_enough_to_keep():
    assert (
        sum(
            file.stat().st_size
            for file in SAMPLES.rglob("*")
            if file.is_file() and ".usage" not in file.parts
        )
        < 15_000_000
    )
