"""Files of text, record by record: which of them are broken, and on which line each stands.

DuckDB reads the files; this is for those in which it finds a fault, to keep the broken records aside.
"""

import csv
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import IO

from kit.errors import ReviewError
from kit.opening import endings, open_text
from kit.raw import FORMATS, Header

LONGEST = 1 << 24  # characters of a record: logged bodies are long, and DuckDB reads no longer JSON
MOST_BROKEN = 1_000_000  # rows: their text is kept in memory
csv.field_size_limit(LONGEST)
NOTHING = Header(",", 0, (), 0)


@dataclass(frozen=True)
class Record:
    """One record of a file: its first line, the text as it stands there, and why it cannot be read; empty if it can.

    A record that is broken over several lines counts as that many rows: what they held is unknown.
    """

    line: int
    text: str
    reason: str

    @property
    def rows(self) -> int:
        return max(1, self.text.rstrip("\r\n").count("\n") + 1) if self.reason else 1


@dataclass(frozen=True)
class Shape:
    """How the records of a text file follow one another: `csv`, `json` or `lines`.

    For a table also how it begins, and the fewest and most values a row may have.
    """

    form: str
    begins: Header = NOTHING
    fewest: int = 0
    most: int = 0


def records(file: Path, shape: Shape) -> Iterator[Record]:
    """The records of a file, blank ones and those above a table's header left out."""
    with open_text(file) as stream:
        read = {"csv": _of_table, "json": _of_json, "lines": _of_lines}[shape.form]
        try:
            yield from read(_bounded(stream), shape)
        except _TooLongError as line:
            raise ReviewError(
                f"{file}: what begins on line {line} goes on for more than {LONGEST:,} characters, as no row of an"
                " export does. The file is damaged, no text, or a quoted value in it does not end. Export it again."
            ) from None


class _TooLongError(Exception):
    """A record is longer than any export's; the line on which it begins."""


def _bounded(stream: IO[str]) -> Iterator[str]:
    """The lines of a stream, until one that would fill the memory."""
    for number in count(1):
        line = stream.readline(LONGEST + 1)
        if len(line) > LONGEST:
            raise _TooLongError(number)
        if not line:
            return
        yield line


def write_sound(file: Path, shape: Shape, to: Path) -> list[Record]:
    """Write the sound records of a file as they stand, below whatever is above a table's header; the broken ones.

    ReviewError if these are so many that the file is no such export.
    """
    broken = []
    with to.open("w", encoding="utf-8", newline="") as copy:
        copy.writelines(f"{_unended(line)}\n" for line in _preamble(file, shape))
        for record in records(file, shape):
            if record.reason:
                broken.append(record)
                if len(broken) > MOST_BROKEN:
                    raise ReviewError(
                        f"{file}: more than {MOST_BROKEN:,} rows are broken, the first on line {broken[0].line}:"
                        f" {broken[0].reason}."
                    )
            else:
                copy.write(f"{_unended(record.text)}\n")  # DuckDB takes one kind of line end a file
    return broken


def sound_records(file: Path, shape: Shape, numbers: Collection[int]) -> dict[int, Record]:
    """The sound records of these numbers, counted from 1."""
    counted = zip(count(1), (record for record in records(file, shape) if not record.reason), strict=False)
    return {number: record for number, record in counted if number in numbers}


def plain_ending(file: Path) -> str:
    """The ending that says a file's format, without that of its compression."""
    return next((ending for ending in reversed(endings(file)) if ending in FORMATS), ".txt")


def _unended(text: str) -> str:
    """A record without the end of its line."""
    return text.removesuffix("\n").removesuffix("\r")


def _preamble(file: Path, shape: Shape) -> list[str]:
    with open_text(file) as stream:
        return [stream.readline(LONGEST) for _ in range(shape.begins.lines)]


def _of_table(stream: Iterator[str], shape: Shape) -> Iterator[Record]:
    """Records of delimited text as RFC 4180 has them; a quoted value may hold line breaks."""
    begins = shape.begins
    lines: list[str] = []
    place = begins.lines

    def feed() -> Iterator[str]:
        size = 0
        for line in stream:
            size = size + len(line) if lines else len(line)
            if size > LONGEST:
                raise _TooLongError(place + 1)
            lines.append(line)
            yield line

    for _ in range(begins.lines):
        next(stream, None)
    reader = csv.reader(feed(), delimiter=begins.delimiter, strict=True)
    while True:
        lines.clear()
        try:
            values, reason = next(reader), ""
        except StopIteration:
            return
        except csv.Error as error:
            values, reason = ["?"], _quoting(str(error))
        text = "".join(lines)
        if values:
            yield Record(place + 1, text, _not_utf8(text) or reason or _width(values, shape))
        place += len(lines)


def _quoting(error: str) -> str:
    if "end of data" in error:
        return "a quoted value does not end"
    return "text stands beside a quoted value: a quote within one is written twice"


def _width(values: list[str], shape: Shape) -> str:
    if shape.fewest <= len(values) <= shape.most:
        return ""
    return f"{len(values)} values, where the header has {len(shape.begins.names)}"


def _of_json(stream: Iterator[str], shape: Shape) -> Iterator[Record]:
    for line, text in enumerate(stream, start=1):
        if text.strip():
            yield Record(line, text, _not_utf8(text) or _not_object(text))


def _not_object(text: str) -> str:
    try:
        is_object = isinstance(json.loads(text.strip(), parse_constant=_no_constant), dict)
    except (ValueError, RecursionError) as error:
        return f"not JSON: {str(error).split(': line')[0].removesuffix(' starting at')}"
    return "" if is_object else "not a JSON object"


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")


def _of_lines(stream: Iterator[str], shape: Shape) -> Iterator[Record]:
    for line, text in enumerate(stream, start=1):
        if text.strip():
            yield Record(line, text, _not_utf8(text))


def _not_utf8(text: str) -> str:
    """Why a text is no UTF-8; empty if it is."""
    if text.isascii():
        return ""
    byte = next((ord(character) - 0xDC00 for character in text if 0xDC80 <= ord(character) <= 0xDCFF), None)
    return (
        ""
        if byte is None
        else f'byte 0x{byte:02x} is not UTF-8; for a file in another encoding set `encoding`, like "cp1252"'
    )
