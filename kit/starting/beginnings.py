"""How a file begins: enough of its text or rows to see what it is, whatever its size.

Files are a stranger's: a ReviewError says in a sentence why one cannot be looked into.
"""

import codecs
import csv
import gzip
import json
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from kit.errors import ReviewError
from kit.raw import FORMATS, WHOLE_LINES
from kit.readable import readable_files

MOST_BYTES = 256 * 1024
MOST_RECORDS = 200
LARGEST_WORKBOOK = 50 * 1024 * 1024  # bytes, unpacked
LONGEST_LINE = 4096
JSON_SIGN = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}]|"', re.DOTALL)
MAGIC = {
    b"PK\x03\x04": "a zip archive: unzip it first",
    b"%PDF": "a PDF: export a table instead",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: save it as .xlsx or CSV",
    b"PAR1": "Parquet: rename it to end in .parquet",
    b"\x1f\x8b": "compressed: rename it to end in .gz",
    b"\x28\xb5\x2f\xfd": "compressed: rename it to end in .zst",
    b"\xff\xfe": "UTF-16 text: save it as UTF-8",
    b"\xfe\xff": "UTF-16 text: save it as UTF-8",
}


@dataclass(frozen=True)
class Beginning:
    """A file's first records, whole ones: `text` but for Parquet, whose columns are `names`; JSON's `objects`.

    `layout` is how JSON is laid out: newline_delimited, array or unstructured; empty for other text.
    """

    file: Path
    text: str = ""
    objects: tuple[dict[str, Any], ...] = ()
    layout: str = ""
    names: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """The first lines that are not blank, none endlessly long."""
        lines = (line[:LONGEST_LINE] for line in self.text.split("\n")[: 2 * MOST_RECORDS])
        return [line.rstrip("\r") for line in lines if line.strip()][:MOST_RECORDS]


def beginning(file: Path) -> Beginning:
    """How a file begins; ReviewError if it is empty, broken or no text."""
    if not str(file).isascii() and str(file) != str(file).encode("utf-8", "replace").decode():
        raise ReviewError("its name is not UTF-8: rename it")
    try:
        if file.suffix.lower() == ".parquet":
            return Beginning(file, names=_parquet_names(file))
        text, is_cut = (_workbook(file), False) if file.suffix.lower() == ".xlsx" else _text(file)
    except (duckdb.Error, EOFError, zlib.error, gzip.BadGzipFile):
        raise ReviewError("broken: it cannot be unpacked. Fetch it anew") from None
    except OSError as error:
        raise ReviewError(f"cannot be opened: {error.strerror or error}") from None
    if not text.strip("\ufeff \t\r\n"):
        raise ReviewError("empty")
    layout, objects, rest = _json(text, is_cut)
    if objects:
        return Beginning(file, rest, tuple(objects[:MOST_RECORDS]), layout)
    return Beginning(file, _whole_records(text) if is_cut else text)


def sample(found: Beginning, folder: Path, number: int) -> Path:
    """A small file in the folder, of the first records, that is read as the whole file would be."""
    if found.names:
        copy = folder / f"{number}.parquet"
        with duckdb.connect() as con:
            rows = con.read_parquet(str(found.file)).limit(MOST_RECORDS)
            rows.write_parquet(str(copy))
        return copy
    endings = [ending.lower() for ending in found.file.suffixes if ending.lower() in FORMATS]
    ending = endings[-1].replace(".xlsx", ".csv") if endings else ".log"
    copy = folder / f"{number}{ending}"
    copy.write_text(found.text, encoding="utf-8", newline="")
    return copy


# Bytes and text


def _text(file: Path) -> tuple[str, bool]:
    """The beginning as text, and whether it was cut."""
    suffix = file.suffix.lower()
    if suffix == ".zst":
        content = _lines_by_duckdb(file)
    elif suffix == ".gz":
        with gzip.open(file) as unpacked:
            content = unpacked.read(MOST_BYTES + 1)
    else:
        with file.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
    for magic, what in MAGIC.items():
        if content.startswith(magic):
            raise ReviewError(what)
    if b"\x00" in content:
        raise ReviewError("binary: no text")
    is_cut = len(content) > MOST_BYTES
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    try:
        return decoder.decode(content[:MOST_BYTES], final=not is_cut), is_cut
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ReviewError(
            f"not UTF-8: byte 0x{content[error.start]:02x} in line {line}. Save it as UTF-8"
        ) from None


def _lines_by_duckdb(file: Path) -> bytes:
    with duckdb.connect() as con:
        rows = con.execute(
            f"select line from read_csv($file, {WHOLE_LINES}) limit 5000", {"file": str(file)}
        ).fetchall()
    return "\n".join(line or "" for (line,) in rows).encode()


def _workbook(file: Path) -> str:
    """The first sheet as delimited text."""
    try:
        with zipfile.ZipFile(file) as parts:
            if sum(part.file_size for part in parts.infolist()) > LARGEST_WORKBOOK:
                raise ReviewError("too large for a workbook: save it as CSV")
        with tempfile.TemporaryDirectory() as folder:
            [text] = readable_files([file], Path(folder), None)
            return text.read_text(encoding="utf-8")
    except ReviewError as error:
        raise ReviewError(str(error).removeprefix(f"{file}: ")) from None
    except OSError:
        raise
    except Exception:  # openpyxl raises what its parts raise: of XML, of zip, of types
        raise ReviewError("broken: no Excel workbook") from None


def _parquet_names(file: Path) -> tuple[str, ...]:
    with duckdb.connect() as con:
        rows = con.execute("describe select * from read_parquet($file)", {"file": str(file)}).fetchall()
    return tuple(row[0] for row in rows)


def _whole_records(text: str) -> str:
    """Text that was cut, without its last line; and without a record that is open there, by its quotes."""
    quotes = text.count('"')
    end = len(text)
    while (broken := text.rfind("\n", 0, end)) > 0:
        quotes -= text.count('"', broken, end)
        end = broken
        if quotes % 2 == 0:
            return text[: end + 1]
    return text[: text.rfind("\n") + 1] or text


# JSON


def _json(text: str, is_cut: bool) -> tuple[str, list[dict[str, Any]], str]:
    """How JSON is laid out, its first objects, and the text that holds them whole; no objects if it is none."""
    begins = text.lstrip("\ufeff \t\r\n")
    if begins[:1] not in ("{", "["):
        return "", [], ""
    if isinstance(_loaded(begins.split("\n", 1)[0]), dict):
        whole = text[: text.rfind("\n") + 1] or text if is_cut else text
        return "newline_delimited", list(_objects_of_lines(whole)), whole
    whole = _closed(begins) if is_cut else begins
    loaded = _loaded(whole)
    if isinstance(loaded, list):
        return "array", [item for item in loaded if isinstance(item, dict)], whole
    if isinstance(loaded, dict):
        one_line = "\n" not in begins.strip()
        return "newline_delimited" if one_line else "unstructured", [loaded], whole
    return "", [], ""


def _objects_of_lines(text: str) -> Iterator[dict[str, Any]]:
    for line in text.split("\n")[:MOST_RECORDS]:
        if isinstance(loaded := _loaded(line), dict):
            yield loaded


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _closed(text: str) -> str:
    """JSON that was cut, ended after the last item of a list that it holds whole; nothing if there is none."""
    open_ones: list[str] = []
    ended = ""
    for found in JSON_SIGN.finditer(text):
        sign = found[0]
        if sign == '"':  # a string that is cut
            break
        if sign in "[{":
            open_ones.append("]" if sign == "[" else "}")
        elif sign in "]}":
            if not open_ones or open_ones.pop() != sign:
                break
            if open_ones and open_ones[-1] == "]":
                ended = text[: found.end()] + "".join(reversed(open_ones))
    return ended


def table_rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Number and parts of the first lines that are not blank."""
    for number, line in enumerate(text.split("\n")[:20], start=1):
        if line.strip("\ufeff \t\r"):
            try:
                yield number, next(csv.reader([line.rstrip("\r")], delimiter=delimiter))
            except csv.Error:  # a field of over 128 KB
                return
