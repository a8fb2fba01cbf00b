"""Files that DuckDB cannot read as they are → what it can: spreadsheets, other encodings than UTF-8, odd names."""

import codecs
import csv
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from kit.errors import ReviewError, shortened
from kit.opening import BLOCK, UNREADABLE, endings, open_bytes
from kit.records import plain_ending

LARGEST_WORKBOOK = 2_000_000_000  # bytes unpacked
MOST_PACKED = 100  # bytes that a large workbook has of one: some are made to fill a machine's memory
LARGE = 100_000_000  # bytes
MOST_ROWS = 1_048_576  # of a sheet, as Excel has it
TABLES = (".csv", ".tsv", ".txt")
LINE_BREAK = re.compile(rb"\r\n|\n|\r")
BLANK = re.compile(rb"(?:\xef\xbb\xbf)?(?:[ \t]*(?:\r\n|\n|\r))+")  # lines before the first with something
# How files of these kinds begin, and how their names end.
KINDS = {
    b"\x1f\x8b": ("gzip", (".gz",)),
    b"\x28\xb5\x2f\xfd": ("zstd", (".zst",)),
    b"PK\x03\x04": ("a zip archive or a workbook", (".xlsx",)),
    b"PAR1": ("Parquet", (".parquet",)),
}
PATTERN = re.compile(r"[*?\[]")  # a name with these means other files to DuckDB


def readable_files(
    paths: Sequence[Path], folder: Path, encoding: str | None, decimal: str = "."
) -> dict[Path, Path]:
    """Each path by what is to be read for it: itself, a file of UTF-8 text made of it in the folder, or a link there.

    Text is of the encoding given, of UTF-16 where its first bytes say so, or else of UTF-8. Numbers of a spreadsheet
    are written with the decimal mark. ReviewError for a file that is packed and whose name does not say so.
    """
    made: dict[Path, Path] = {}
    for number, path in enumerate(paths):
        _stop_at_another_kind(path)
        if path.suffix.lower() == ".xlsx":
            text = folder / f"{number}.csv"
            _write_sheet(path, text, decimal)
        elif foreign := _encoding(path, encoding):
            text = folder / f"{number}{plain_ending(path)}"
            _write_text(path, foreign, text)
        elif (ending := _other_ending(path)) is not None:
            text = folder / f"{number}{plain_ending(path)}"
            _write_with_ending(path, ending, text)
        elif PATTERN.search(str(path)):
            text = folder / f"{number}{''.join(end for end in endings(path)[-2:] if not PATTERN.search(end))}"
            text.symlink_to(path.absolute())
        else:
            text = path
        made[text] = path
    return made


def _stop_at_another_kind(path: Path) -> None:
    try:
        with path.open("rb") as stream:
            start = stream.read(4)
    except OSError:  # whatever reads it says what is wrong with it
        return
    for sign, (kind, allowed) in KINDS.items():
        if start.startswith(sign) and path.suffix.lower() not in allowed:
            said = f"ends in {path.suffix}" if path.suffix else "has no ending"
            raise ReviewError(
                f"{path}: this is {kind}, and its name {said}. Let the name end in {allowed[0]}, or unpack it."
            )


def _encoding(path: Path, said: str | None) -> str | None:
    """The encoding of a file of text; None if it is UTF-8, or no text."""
    if path.suffix.lower() == ".parquet":
        return None
    try:
        with open_bytes(path) as stream:
            start = stream.read(2)
    except UNREADABLE:  # whatever reads it says what is wrong with it
        return None
    return "utf-16" if start in (BOM_UTF16_LE, BOM_UTF16_BE) else said


def _other_ending(path: Path) -> bytes | None:
    """How the lines of a table end that begins with blank lines of another ending: DuckDB would find no row in it."""
    if plain_ending(path) not in TABLES:
        return None
    try:
        with open_bytes(path) as stream:
            start = stream.read(BLOCK)
    except UNREADABLE:
        return None
    blank = BLANK.match(start)
    after = LINE_BREAK.search(start, blank.end()) if blank else None
    if not blank or not after or set(LINE_BREAK.findall(blank[0])) == {after[0]}:
        return None
    return after[0]


def _write_with_ending(path: Path, ending: bytes, text: Path) -> None:
    """The file with its first blank lines ended as its others are."""
    with open_bytes(path) as stream, text.open("wb") as copy:
        start = stream.read(BLOCK)
        blank = BLANK.match(start)
        end = blank.end() if blank else 0
        copy.write(LINE_BREAK.sub(lambda _: ending, start[:end]) + start[end:])
        while block := stream.read(BLOCK):
            copy.write(block)


def _write_text(path: Path, encoding: str, text: Path) -> None:
    with open_bytes(path) as stream, text.open("wb") as copy:
        try:
            decoder = codecs.getincrementaldecoder(encoding)()
            while block := stream.read(BLOCK):
                copy.write(decoder.decode(block).encode())
            copy.write(decoder.decode(b"", final=True).encode())
        except UnicodeError as error:
            raise ReviewError(f"{path}: not text in the encoding {encoding}: {error}") from None


def _write_sheet(workbook: Path, text: Path, decimal: str) -> None:
    with text.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(_rows(workbook, decimal))


def _rows(workbook: Path, decimal: str) -> Iterator[list[str]]:
    """The first sheet's rows as text, one without values empty; ReviewError if the file is no workbook."""
    from openpyxl import load_workbook  # Few exports are spreadsheets.

    try:
        _stop_at_bomb(workbook)
        book = load_workbook(workbook, read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # some programs write a size that is none
        for number, row in enumerate(sheet.iter_rows(), start=1):
            if number > MOST_ROWS:
                raise ReviewError(
                    f"{workbook}: its first sheet has more than {MOST_ROWS:,} rows. Export it as CSV."
                )
            texts = [_text(cell, decimal) for cell in row]
            yield texts if any(texts) else []
        book.close()
    except (ReviewError, OSError, MemoryError):
        raise
    except Exception as error:  # openpyxl raises what its parts raise: of XML, of zip, of types
        raise ReviewError(f"{workbook}: not an Excel workbook (.xlsx): {shortened(str(error))}") from None


def _stop_at_bomb(workbook: Path) -> None:
    """ReviewError if a workbook holds more than any export; its parts unpack to no more than they say."""
    with ZipFile(workbook) as parts:
        size = sum(part.file_size for part in parts.infolist())
    if size > LARGEST_WORKBOOK or (size > LARGE and size > MOST_PACKED * workbook.stat().st_size):
        raise ReviewError(
            f"{workbook}: unpacked it has {size:,} bytes, packed {workbook.stat().st_size:,}: no export has. Export it"
            " as CSV."
        )


def _text(cell: Any, decimal: str) -> str:
    """A cell as an export would write it: a day whose format shows no hours is a day alone."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, datetime):
        shows_hours = "h" in re.sub(r'"[^"]*"|\\.|\[[^\]]*\]', "", cell.number_format or "").lower()
        if value.time() == time() and not shows_hours:
            return value.date().isoformat()
        return value.isoformat(sep=" ")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value).replace(".", decimal)
    return value.isoformat() if isinstance(value, date) else str(value)
