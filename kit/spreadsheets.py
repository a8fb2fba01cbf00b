"""Excel workbooks → delimited text, so that they are read like any other export: the first sheet, cell by cell."""

import csv
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from zipfile import BadZipFile

from kit.errors import ReviewError


def text_files(paths: Sequence[Path], folder: Path) -> dict[Path, Path]:
    """Each path, or for a workbook a file of delimited text made of it in the folder; by what is to be read."""
    made: dict[Path, Path] = {}
    for number, path in enumerate(paths):
        if path.suffix.lower() == ".xlsx":
            text = folder / f"{number}.csv"
            _write(path, text)
            made[text] = path
        else:
            made[path] = path
    return made


def _write(workbook: Path, text: Path) -> None:
    with text.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(_rows(workbook))


def _rows(workbook: Path) -> Iterator[list[str]]:
    """The first sheet's rows that hold anything, as text; ReviewError if the file is no workbook."""
    from openpyxl import load_workbook  # Few exports are spreadsheets.
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(workbook, read_only=True, data_only=True)
        for row in book.worksheets[0].iter_rows(values_only=True):
            texts = [_text(value) for value in row]
            if any(texts):
                yield texts
        book.close()
    except (BadZipFile, InvalidFileException, KeyError) as error:
        raise ReviewError(f"{workbook}: not an Excel workbook (.xlsx): {error}") from None


def _text(value: object) -> str:
    """A cell as an export would write it: a day without a time of day is a day alone."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(sep=" ")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, date) else str(value)
