"""Sheets of a workbook: typed cells, formulas, and text from exports that is never anything but text.

What a reader may change and formulas follow is blue, all else is black, as finance models have it.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from kit import currencies
from kit.plain_text import plain

LONGEST_TEXT = 32_000  # characters; a cell holds 32,767
INPUT, WORKED_OUT = "#1f4e9e", "#111111"
HEADER_ROW = 3
LINE = 15  # points
Row = Mapping[str, Any]
Value = str | bool | int | float | Decimal | Fraction | date | None


@dataclass(frozen=True)
class Column:
    """A column of a sheet's rows: `key` names the value in a row, `kind` how it is written.

    `formula` gives a row's formula, in which {key} stands for the cell of another column of that row; None where the
    row has none. `name` is what the column's cells are called in formulas elsewhere. `is_input` says that formulas
    follow what stands there; `kind_of` gives a row's own kind.
    """

    title: str
    key: str
    kind: str
    name: str = ""
    formula: Callable[[Row], str | None] | None = None
    width: int = 0
    is_input: bool = False
    kind_of: Callable[[Row], str] | None = None


MORE = "Insert rows above this line."
WIDTHS = {
    "text": 24, "wide": 90, "date": 12, "money": 16, "price": 14, "count": 11, "amount": 12, "share": 10, "rate": 12,
    "percent": 10, "ratio": 10,
}  # fmt: skip


class Book:
    """A workbook in the making. The same calls give the same bytes, whenever they are made."""

    def __init__(self, currency: str, day: date, sheets: Sequence[str]) -> None:
        self._bytes = io.BytesIO()
        self._book = xlsxwriter.Workbook(
            self._bytes,
            {
                "in_memory": True,
                "strings_to_formulas": False,
                "strings_to_numbers": False,
                "strings_to_urls": False,
            },
        )
        self._book.set_properties({"created": datetime(day.year, day.month, day.day)})
        self._book.set_calc_mode("auto")
        self._formats = number_formats(currency)
        self._styles: dict[tuple[Any, ...], Any] = {}
        self.sheets = {name: self._book.add_worksheet(name) for name in sheets}
        for sheet in self.sheets.values():
            _set_up_print(sheet)

    def content(self) -> bytes:
        """The file's bytes; nothing can be added after."""
        self._book.close()
        return self._bytes.getvalue()

    def name(
        self, name: str, sheet: str, first: tuple[int, int], last: tuple[int, int] | None = None
    ) -> None:
        """Call cells by a name in formulas."""
        cells = ":".join(
            xl_rowcol_to_cell(*cell, row_abs=True, col_abs=True) for cell in (first, last) if cell
        )
        self._book.define_name(name, f"='{sheet}'!{cells}")

    def write(
        self, sheet: str, row: int, column: int, value: Value, kind: str = "text", **style: Any
    ) -> None:
        """Write a value as its kind; None leaves the cell empty."""
        cell = self.sheets[sheet]
        if value is None:
            return
        if isinstance(value, str):
            text = plain(value)[:LONGEST_TEXT]
            is_like_formula = text.startswith(("=", "+", "-", "@"))
            cell.write_string(
                row,
                column,
                text,
                self.style(kind, **style, **({"quote_prefix": True} if is_like_formula else {})),
            )
        elif isinstance(value, bool):
            cell.write_boolean(row, column, value, self.style(kind, **style))
        elif isinstance(value, date):
            looks = self.style("date", **{"align": "left"} | style)
            cell.write_datetime(row, column, datetime(value.year, value.month, value.day), looks)
        else:
            cell.write_number(row, column, float(value), self.style(kind, **style))

    def calculate(
        self, sheet: str, row: int, column: int, formula: str, value: Value, kind: str, **style: Any
    ) -> None:
        """Write a formula, and what it comes to as the kit worked it out."""
        known = value if isinstance(value, str) else 0 if value is None else float(value)  # type: ignore[arg-type]
        self.sheets[sheet].write_formula(
            row, column, f"={formula}", self.style(kind, font_color=WORKED_OUT, **style), known
        )

    def style(self, kind: str, **more: Any) -> Any:
        """A cell's looks by its kind."""
        known = (kind, *more.items())  # A sheet of 50,000 rows asks a million times.
        if known not in self._styles:
            self._styles[known] = self._new_style(kind, more)
        return self._styles[known]

    def _new_style(self, kind: str, more: Mapping[str, Any]) -> Any:
        looks = {
            "font_size": 10,
            "valign": "vcenter",
            "num_format": self._formats.get(kind, "General"),
            **more,
        }
        if kind == "wide":
            looks["text_wrap"] = True
        return self._book.add_format(looks)

    def head(self, sheet: str, title: str, note: str, freeze: tuple[int, int] = (HEADER_ROW + 1, 0)) -> None:
        """A sheet's title and a note beneath; what is above and left of `freeze` stays in sight."""
        self.write(sheet, 0, 0, title, bold=True, font_size=14)
        self.write(sheet, 1, 0, note, font_color="#555555", italic=True)
        self.sheets[sheet].freeze_panes(*freeze)

    def header(self, sheet: str, row: int, titles: Sequence[str], numbers: Sequence[bool] = ()) -> None:
        """A row of column titles."""
        for place, title in enumerate(titles):
            align = "right" if place < len(numbers) and numbers[place] else "left"
            self.write(
                sheet, row, place, title, bold=True, bg_color="#e8ecf2", bottom=1, text_wrap=True, align=align
            )

    def table(
        self,
        sheet: str,
        title: str,
        note: str,
        columns: Sequence[Column],
        rows: Sequence[Row],
        nothing: str = "(none)",
    ) -> None:
        """A sheet of rows beneath a header that stays in sight and is printed on every page.

        Names reach one line beyond the last row, so that rows inserted or written there count; `nothing` stands where
        there are no rows.
        """
        self.head(sheet, title, note)
        self.header(
            sheet,
            HEADER_ROW,
            [column.title for column in columns],
            [_is_number(column) for column in columns],
        )
        letters = {column.key: xl_col_to_name(place, col_abs=True) for place, column in enumerate(columns)}
        has_long_texts = any(column.kind == "wide" for column in columns)
        for number, row in enumerate(rows, start=HEADER_ROW + 1):
            cells = {key: f"{letter}{number + 1}" for key, letter in letters.items()}
            for place, column in enumerate(columns):
                formula = column.formula(row) if column.formula else None
                kind = column.kind_of(row) if column.kind_of else column.kind
                if formula is not None:
                    self.calculate(sheet, number, place, formula.format_map(cells), row.get(column.key), kind)
                else:
                    color = INPUT if column.is_input else WORKED_OUT
                    self.write(sheet, number, place, row.get(column.key), kind, font_color=color)
            if has_long_texts and (height := _height(columns, row)):
                self.sheets[sheet].set_row(number, height)
        last = HEADER_ROW + max(len(rows), 1)
        for place, column in enumerate(columns):
            self.sheets[sheet].set_column(place, place, column.width or WIDTHS[column.kind])
            if column.name:
                self.name(column.name, sheet, (HEADER_ROW + 1, place), (last + 1, place))
        self.sheets[sheet].set_row(HEADER_ROW, 2 * LINE)
        self.sheets[sheet].autofilter(HEADER_ROW, 0, last, len(columns) - 1)
        self.sheets[sheet].repeat_rows(HEADER_ROW)
        if not rows:
            self.write(sheet, HEADER_ROW + 1, 0, nothing, font_color="#555555")
        if any(column.name for column in columns):
            self.write(sheet, last + 1, 0, MORE, font_color="#555555", italic=True)


def number_formats(currency: str) -> dict[str, str]:
    """How each kind of number is shown; money with the currency's sign and decimals."""
    sign = currencies.sign(currency)
    places = currencies.digits(currency)
    money = f'"{sign}"#,##0{"." + "0" * places if places else ""}'
    price = f'"{sign}"#,##0.00####'
    return {
        "money": f"{money};[Red]-{money}",
        "price": f"{price};[Red]-{price}",
        "count": "#,##0",
        "amount": "#,##0.00####;[Red]-#,##0.00####",
        "share": "0.0%",
        "percent": "0.0%",
        "change": "+0.0%;-0.0%;0.0%",
        "points": '+0.0" pts";-0.0" pts";0.0" pts"',
        "ratio": '0.00" : 1"',
        "difference": "+0.00;-0.00;0.00",
        "rate": "0.0000####",
        "date": "yyyy-mm-dd",
        "text": "@",
        "wide": "@",
    }


def _is_number(column: Column) -> bool:
    return column.kind not in ("text", "wide", "date")


def _height(columns: Sequence[Column], row: Row) -> int:
    """The height of a row whose texts take several lines; 0 where one is enough."""
    lines = max(
        (
            -(-len(str(row.get(column.key) or "")) // (column.width or WIDTHS["wide"]))
            for column in columns
            if column.kind == "wide"
        ),
        default=1,
    )
    return LINE * lines if lines > 1 else 0


def _set_up_print(sheet: Any) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.set_footer("&L&8&A&R&8Page &P of &N")
    sheet.hide_gridlines(2)
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})  # ids of digits are names
