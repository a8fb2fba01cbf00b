"""Lines of an export are found again by their hashes, in whatever order, packing and encoding."""

import gzip
from pathlib import Path

import pytest

from kit import kept_lines
from kit.kept_lines import hashes_of, shared, write_lines

THEN = "id,amount\n1,10\n1,10\n2,20"


def made(folder: Path, name: str, text: str, encoding: str = "utf-8") -> Path:
    file = folder / name
    content = text.encode(encoding)
    file.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return file


@pytest.mark.parametrize(
    ("now", "share"),
    [
        (THEN, 1),
        ("id,amount\r\n0,5\r\n1,10\r\n2,20\r\n1,10\r\n3,30\r\n", 1),
        ("id,amount\n1,10\n2,20\n", 0.75),  # once, where it was there twice
        ("id,amount\n1,10\n1,10\n2,209\n", 0.75),
        ("", 0),
    ],
)
def test_share_of_lines_that_are_still_there(tmp_path, now, share):
    hashes = hashes_of(made(tmp_path, "then.csv", THEN), "key")
    assert shared(made(tmp_path, "now.csv.gz", now), hashes, "key") == share
    assert shared(made(tmp_path, "now.csv", now), hashes, "other") == 0


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_copy_has_the_lines_of_then(tmp_path, encoding):
    then = "id,name\n1,Zoë\n2,Ada\n"
    hashes = hashes_of(made(tmp_path, "then.csv", then, encoding), "key")
    now = made(tmp_path, "now.csv.gz", "id,name\n1,Zoë\n3,Bo\n2,Ada\n4,Cy\n", encoding)
    copy = write_lines(now, hashes, "key", tmp_path / "work" / "now.csv.gz")
    assert copy.name == "now.csv"
    assert copy.read_bytes().decode(encoding).rstrip("\n\x00") == then.rstrip()


@pytest.mark.parametrize("name", ["book.xlsx", "table.parquet", "array.json"])
def test_what_has_no_lines_has_no_hashes(tmp_path, name):
    assert hashes_of(made(tmp_path, name, THEN), "key") == b""


def test_of_a_large_file_no_lines_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(kept_lines, "LARGEST", 10)
    assert hashes_of(made(tmp_path, "then.csv", THEN), "key") == b""
