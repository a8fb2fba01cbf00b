"""The workbook for finance: what its formulas come to, and that names from exports are text in it."""

import io
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.formula import Tokenizer
from openpyxl.utils import range_boundaries
from worked_out import EVIL, EXPECTED, FILES, write_program

from kit import checks, editions, evidence, review, workbook
from kit.checks import Check
from kit.errors import ReviewError
from kit.workbook.book import Book, Column

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
ACCEPTANCE = ROOT.parent / "shared" / "acceptance"
PROGRAMS = [
    *(ROOT / "data" / "samples" / name for name in ("northgate", "meridian")),
    *(ACCEPTANCE / name for name in ("pre", "paid")),
]
KEYS = ("revenue", "cost_per_partner", "activation_rate", "value_ratio", "growth_rate")
FIRST = 12  # row of the first of the five figures


class Made(NamedTuple):
    """The program above as read, and the figures of its second quarter."""

    folder: Path
    check: Check
    figures: dict

    def content(self, **changes: object) -> bytes:
        return workbook.content_of(self.check, self.check.quarter, self.figures | changes)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = write_program(tmp_path_factory.mktemp("made"))
    check = checks.check_exports(folder, "2026-Q2")
    told = review.Review(check.con, check.quarter, check.metrics, editions.inputs(check.program), ())
    return Made(folder, check, review.figures(told))


@pytest.fixture(scope="module")
def content(made: Made) -> bytes:
    return made.content()


def opened(content: bytes, **kept: bool) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(content), **kept)


def five(values: Callable[[str], object]) -> dict[str, tuple[object, object]]:
    """This and last quarter's figures, by a function that gives a scorecard cell's value."""
    return {key: (values(f"B{row}"), values(f"C{row}")) for row, key in enumerate(KEYS, start=FIRST)}


class Text(str):
    """Text in a formula, which & joins with what a number would be written as."""

    def __add__(self, other: object) -> "Text":
        return Text(f"{self}{other}")


class Calculator:
    """Works out the workbook's formulas from its constants alone: enough of a spreadsheet for what it uses."""

    def __init__(self, book: openpyxl.Workbook) -> None:
        self.book, self.known = book, {}
        self.names = {name.lower(): each.attr_text for name, each in book.defined_names.items()}

    def cell(self, sheet: str, at: str) -> object:
        at = at.replace("$", "")
        if (sheet, at) not in self.known:
            value = self.book[sheet][at].value
            if isinstance(value, str) and self.book[sheet][at].data_type == "f":
                value = self.of(value, sheet)
            if isinstance(value, datetime):
                value = (value - datetime(1899, 12, 30)).days
            self.known[sheet, at] = value
        return self.known[sheet, at]

    def of(self, formula: str, sheet: str) -> object:
        parts = []
        for token in Tokenizer(formula).items:
            if token.type == "OPERAND" and token.subtype == "RANGE":
                parts.append(f"get({token.value!r})")
            elif token.type == "OPERAND" and token.subtype == "TEXT":
                parts.append(f"Text({token.value[1:-1]!r})")
            elif token.type == "FUNC" and token.subtype == "OPEN":
                parts.append(f"f_{token.value}")
            elif token.type == "OPERAND" and token.subtype == "LOGICAL":
                parts.append(token.value.capitalize())
            else:
                parts.append({"^": "**", "=": "==", "&": "+"}.get(token.value, token.value))
        functions = {
            "f_IF": lambda test, yes, no: yes if test else no,
            "f_AND": lambda *tests: all(tests),
            "f_ABS": abs,
            "f_MAX": lambda *values: max(values),
            "f_SUM": lambda values: sum(value for value in values if isinstance(value, int | float)),
            "f_COUNT": lambda values: sum(isinstance(value, int | float) for value in values),
            "f_ISNUMBER": lambda value: isinstance(value, int | float),
            "f_SUMIFS": sumifs,
        }
        # Quotients stand in IF(x=0, …): a divisor of 0 or a text must not stop the branch that is not taken.
        scope = functions | {"get": lambda where: self.get(where, sheet), "Text": Text}
        try:
            return eval("".join(parts), {}, scope)
        except (ZeroDivisionError, TypeError):
            return "n/a"

    def get(self, where: str, sheet: str) -> object:
        where = self.names.get(where.lower(), where)
        if "!" in where:
            sheet, where = where.split("!")
            sheet = sheet.strip("'")
        if ":" not in where:
            return self.cell(sheet, where)
        left, top, right, bottom = range_boundaries(where.replace("$", ""))
        return [
            self.cell(sheet, f"{openpyxl.utils.get_column_letter(column)}{row}")
            for row in range(top, bottom + 1)
            for column in range(left, right + 1)
        ]


def sumifs(values: list, *conditions: object) -> float:
    tests = []
    for cells, criterion in zip(conditions[::2], conditions[1::2], strict=True):
        sign, number = re.fullmatch(r"([<>]=)?(.*)", str(criterion)).groups()
        compare = {">=": lambda a, b: a >= b, "<=": lambda a, b: a <= b, None: lambda a, b: a == b}[sign]
        tests.append([isinstance(cell, int | float) and compare(cell, float(number)) for cell in cells])
    return sum(
        value
        for value, *met in zip(values, *tests, strict=True)
        if all(met) and isinstance(value, int | float)
    )


def test_formulas_come_to_the_figures_worked_out_by_hand(made, content):
    calculator = Calculator(opened(content))
    got = five(lambda at: calculator.cell("Scorecard", at))
    for key, expected in EXPECTED.items():
        assert got[key] == pytest.approx(expected, rel=1e-12)
        card = made.figures["scorecard"][key]
        assert got[key] == pytest.approx((card["this"], card["last"]), rel=1e-12)
        trend = calculator.cell("Scorecard", f"D{FIRST + KEYS.index(key)}")
        points = 100 if key in ("activation_rate", "growth_rate") else 1
        assert trend == pytest.approx(card["trend"] * points, rel=1e-9)
        assert calculator.cell("Scorecard", f"G{FIRST + KEYS.index(key)}") == "yes"


def test_every_formula_comes_to_the_value_kept_beside_it(content):
    calculator, kept = Calculator(opened(content)), opened(content, data_only=True)
    formulas = 0
    for sheet in calculator.book:
        for cell in (cell for row in sheet for cell in row if cell.data_type == "f"):
            formulas += 1
            expected, got = (
                kept[sheet.title][cell.coordinate].value,
                calculator.cell(sheet.title, cell.coordinate),
            )
            assert got == (expected if isinstance(expected, str) else pytest.approx(expected, rel=1e-9)), (
                f"{sheet.title} {cell.coordinate}"
            )
    assert formulas > 60


@pytest.mark.parametrize(
    ("name", "value", "figure", "expected"),
    [
        ("Attribution_base", 0.5, "value_ratio", 1509 / 460),
        ("Min_calls", 2, "growth_rate", "n/a"),  # In March a and b made a call each.
        ("Share_billed", 1, None, None),
    ],
)
def test_changed_assumption_moves_its_figure_alone(content, name, value, figure, expected):
    calculator = Calculator(opened(content))
    sheet, at = calculator.names[name.lower()].split("!")
    calculator.book[sheet.strip("'")][at.replace("$", "")] = value
    got = {key: this for key, (this, _) in five(lambda at: calculator.cell("Scorecard", at)).items()}
    for key in KEYS:
        assert got[key] == pytest.approx(expected if key == figure else EXPECTED[key][0])
    if name == "Share_billed":  # June: a paid 300, c −30, b nothing; each would pay 400.
        labels = {calculator.book["Scorecard"][f"A{row}"].value: row for row in range(20, 50)}
        row = labels["Unrealized revenue of the last month (est.)"]
        assert calculator.cell("Scorecard", f"B{row}") == pytest.approx(100 + 400 + 430)


def test_names_from_exports_are_text_and_numbers_are_numbers(content):
    book = opened(content)
    formulas = [cell.value for sheet in book for row in sheet for cell in row if cell.data_type == "f"]
    assert not [
        formula for formula in formulas if "HYPERLINK" in formula or "1+1" in formula or "cmd" in formula
    ]
    names = {book["Funnel"][f"B{row}"].value: book["Funnel"][f"B{row}"] for row in range(5, 9)}
    assert set(names) == {EVIL, "@SUM(A1)", "+1", "-2+3"}
    for cell in names.values():
        assert cell.data_type == "s"
        assert cell.quotePrefix
    for sheet in (
        "Revenue",
        "Onboarding",
        "Costs",
        "Attributed",
        "Avoided",
        "Active",
        "Unrealized",
        "Funnel",
    ):
        header = {cell.column: cell.value for cell in book[sheet][4]}
        words = {
            "Partner ID", "Partner", "Kind", "Status", "Currency", "Plan", "Activity", "Role", "Category", "Operation",
            "Segment", "Invoice line",
        }  # fmt: skip
        for row in book[sheet].iter_rows(
            min_row=5, max_row=book[sheet].max_row - 1
        ):  # the last invites to more
            for cell in row:
                if cell.value is not None and header[cell.column] not in words:
                    assert cell.data_type in ("n", "f", "d"), f"{sheet} {cell.coordinate}: {cell.value!r}"
        assert book[sheet].freeze_panes == "A5"
        assert book[sheet].print_title_rows == "$4:$4"


def test_money_has_the_currency_and_rates_their_signs(content):
    book = opened(content)
    formats = [book["Scorecard"][f"B{row}"].number_format for row in range(FIRST, FIRST + 5)]
    assert formats == ['"$"#,##0.00;[Red]-"$"#,##0.00'] * 2 + ["0.0%", '0.00" : 1"', "0.0%"]
    trends = [book["Scorecard"][f"D{row}"].number_format for row in range(FIRST, FIRST + 5)]
    assert [("%" in each, "pts" in each) for each in trends] == [
        (True, False), (True, False), (False, True), (False, False), (False, True),
    ]  # fmt: skip
    assert book["Funnel"]["E5"].is_date
    assert book["Funnel"]["E5"].value.date() == date(2025, 12, 15)  # a's first call


def test_figure_that_is_absent_says_why(tmp_path):
    folder = write_program(tmp_path, without=("worklogs", "costs"))
    figures = review.figures(review.open_review(folder, "2026-Q2"))
    book = opened(workbook.evidence_of(folder, figures))
    assert book["Scorecard"][f"B{FIRST + 1}"].value == "n/a"
    assert "needs the worklogs export" in book["Scorecard"][f"I{FIRST + 1}"].value
    calculator = Calculator(book)
    assert calculator.cell("Scorecard", f"D{FIRST + 1}") == "n/a"
    assert calculator.cell("Scorecard", f"B{FIRST}") == 1000
    assert figures["scorecard"]["cost_per_partner"]["this"] is None


def test_the_same_inputs_give_the_same_bytes_without_a_clock(made, content):
    assert made.content() == content
    assert workbook.evidence_of(made.folder, made.figures) == content  # read anew, as the report does
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {each.date_time for each in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"2026-06-30T00:00:00Z" in archive.read("docProps/core.xml")
        assert str(made.folder).encode() not in b"".join(archive.read(name) for name in archive.namelist())


def test_rows_summed_up_leave_every_figure_as_it_was(made, monkeypatch):
    monkeypatch.setattr(evidence, "MOST_ROWS", 1)
    calculator = Calculator(opened(made.content()))
    got = five(lambda at: calculator.cell("Scorecard", at))
    for key, expected in EXPECTED.items():
        assert got[key] == pytest.approx(expected, rel=1e-12)
    assert "summed up" in calculator.book["Revenue"]["A2"].value
    # The largest is February's; the others are summed up in three months, May's in two currencies.
    assert calculator.book["Revenue"].max_row == 4 + 1 + 4 + 1


def test_exports_that_changed_meanwhile_stop_the_workbook(made, tmp_path):
    folder = write_program(tmp_path)
    (folder / "costs.csv").write_text(FILES["costs_csv"].replace("800.00", "801.00"))
    with pytest.raises(
        ReviewError, match=r"Program cost vs\. value came out as 2\.73\d+ .* changed meanwhile"
    ):
        workbook.evidence_of(folder, made.figures)


def test_restated_figure_stands_beside_what_was_reported(made):
    moved = [
        {"key": key, "quarter": "2026-Q1", "reported": reported, "now": 500.0, "currency": currency, "reason": "why"}
        for key, reported, currency in (
            ("revenue", 480.0, "USD"), ("revenue", 480.0, "EUR"), ("revenue", None, "USD"), ("value_ratio", 2.0, "EUR"),
        )
    ]  # fmt: skip
    sheet = opened(made.content(restated=moved))["Restatements"]
    assert [[cell.value for cell in row] for row in sheet["A5:G8"]] == [
        ["API program revenue", "2026-Q1", 480, "USD", 500, "=$E5-$C5", "why"],
        ["API program revenue", "2026-Q1", 480, "EUR", 500, None, "why"],
        ["API program revenue", "2026-Q1", None, "USD", 500, None, "why"],
        ["Program cost vs. value", "2026-Q1", 2, None, 500, "=$E8-$C8", "why"],
    ]
    assert "$" in sheet["C5"].number_format and "$" not in sheet["C6"].number_format


def test_restated_rate_is_a_percentage_and_moved_by_points(made):
    moved = [
        {
            "key": "activation_rate",
            "quarter": "2026-Q1",
            "reported": 0.5,
            "now": 1.0,
            "currency": "USD",
            "reason": "why",
        }
    ]
    sheet = opened(made.content(restated=moved))["Restatements"]
    assert [sheet[f"{column}5"].number_format for column in "CE"] == ["0.0%", "0.0%"]
    assert "pts" in sheet["F5"].number_format
    assert Calculator(opened(made.content(restated=moved))).cell("Restatements", "F5") == pytest.approx(50)


def test_ledger_accounts_for_every_row(content):
    calculator = Calculator(opened(content))
    sheet = calculator.book["Ledger"]
    rows = {row[0].value: row for row in sheet.iter_rows(min_row=5)}
    assert [cell.value for cell in rows["invoices"][2:5]] == [5, 4, 0]  # read, used, unmatched
    assert all(calculator.cell("Ledger", row[-1].coordinate) == 0 for row in rows.values())


@given(
    st.lists(
        st.text(max_size=40) | st.sampled_from(["=1", "_x0041_", "\x00", "\ud800", "\u202e"]), max_size=8
    )
)
@settings(derandomize=True, max_examples=25, deadline=None)
def test_any_text_is_a_text_that_opens(texts):
    book = Book("USD", date(2026, 9, 30), ["Names"])
    book.table("Names", "Names", "", [Column("Name", "name", "text")], [{"name": text} for text in texts])
    sheet = opened(book.content())["Names"]
    for row, text in enumerate(texts, start=5):
        cell = sheet[f"A{row}"]
        if text:
            assert cell.data_type == "s"
            assert len(cell.value.replace("_x005F_", "_")) == len(text)


# What a reader changes

BLUE = "FF1F4E9E"


def referred_to(book: openpyxl.Workbook) -> set[tuple[str, str]]:
    """The cells from which formulas take a value."""
    names = {name.lower(): each.attr_text for name, each in book.defined_names.items()}
    found = set()
    for sheet in book:
        for cell in (cell for row in sheet for cell in row if cell.data_type == "f"):
            for token in Tokenizer(cell.value).items:
                if token.type == "OPERAND" and token.subtype == "RANGE":
                    where = names.get(token.value.lower(), token.value)
                    of, _, cells = where.rpartition("!")
                    left, top, right, bottom = range_boundaries(cells.replace("$", ""))
                    found |= {
                        (of.strip("'") or sheet.title, f"{openpyxl.utils.get_column_letter(column)}{row}")
                        for row in range(top, bottom + 1)
                        for column in range(left, right + 1)
                    }
    return found


def test_blue_are_cells_that_formulas_follow_and_no_others(content):
    book = opened(content)
    followed = referred_to(book)
    blue = {
        (sheet.title, cell.coordinate)
        for sheet in book
        for row in sheet
        for cell in row
        if cell.value is not None and cell.font.color is not None and cell.font.color.rgb == BLUE
    }
    assert {sheet for sheet, _ in blue} == {
        "Assumptions", "Revenue", "Unrealized", "Onboarding", "Funnel", "Costs", "Attributed", "Avoided", "Active",
    }  # fmt: skip
    assert blue - followed == set()


def changed(content: bytes, *changes: tuple[str, str, object]) -> Calculator:
    calculator = Calculator(opened(content))
    for sheet, at, value in changes:
        calculator.book[sheet][at] = value
    return calculator


def below(calculator: Calculator, sheet: str) -> int:
    """The line that invites to more rows."""
    [row] = [
        row[0].row
        for row in calculator.book[sheet].iter_rows(min_row=5)
        if row[0].value == "Insert rows above this line."
    ]
    return row


@pytest.mark.parametrize(
    ("sheet", "amount", "key", "expected"),
    [("Revenue", "Amount", "revenue", 6000), ("Costs", "Cost", "value_ratio", 1259 / 5460)],
)
def test_row_written_beneath_the_last_counts(content, sheet, amount, key, expected):
    calculator = Calculator(opened(content))
    titles = [cell.value for cell in calculator.book[sheet][4]]
    row = below(calculator, sheet)
    calculator.book[sheet].cell(row, 1).value = datetime(2026, 6, 1)
    calculator.book[sheet].cell(row, titles.index(amount) + 1).value = 5000
    line = FIRST + KEYS.index(key)
    assert calculator.cell("Scorecard", f"B{line}") == pytest.approx(expected)
    assert calculator.cell("Scorecard", f"G{line}") == "no"


def test_changed_revenue_is_netted_from_unrealized_revenue(content):
    calculator = Calculator(opened(content))
    titles = [cell.value for cell in calculator.book["Revenue"][4]]
    for row in calculator.book["Revenue"].iter_rows(min_row=5):
        if titles and row[0].value == datetime(2026, 6, 1):
            row[titles.index("Amount in it")].value = 0
    rows = {calculator.book["Scorecard"][f"A{row}"].value: row for row in range(20, 50)}
    row = rows["Unrealized revenue of the last month (est.)"]
    assert calculator.cell("Scorecard", f"B{row}") == pytest.approx(3 * 200)  # half of 400 of a, b and c


@pytest.fixture(scope="module")
def unrealized(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The same before monetization, without invoices, and active with two calls in a month."""
    folder = write_program(tmp_path_factory.mktemp("unrealized"), without=("invoices",))
    toml = folder / "program.toml"
    text = toml.read_text().replace('stage = "monetized"', 'stage = "pre-monetization"')
    toml.write_text(text.replace("[program]", "[program]\nmin_calls = 2", 1))
    return workbook.evidence_of(folder, review.figures(review.open_review(folder, "2026-Q2")))


def test_unrealized_revenue_follows_the_least_calls_or_says_that_it_cannot(unrealized):
    # With two calls in a month: a in January, c in June.
    for least, revenue, agrees in ((2, 200, "yes"), (3, 0, "no"), (1, 200, "cannot follow")):
        calculator = Calculator(opened(unrealized))
        sheet, at = calculator.names["min_calls"].split("!")
        calculator.book[sheet.strip("'")][at.replace("$", "")] = least
        assert calculator.cell("Scorecard", f"B{FIRST}") == pytest.approx(revenue)
        assert calculator.cell("Scorecard", f"G{FIRST}") == agrees


def test_rate_of_rows_summed_up_moves_the_cost(made, monkeypatch):
    monkeypatch.setattr(evidence, "MOST_ROWS", 1)
    calculator = Calculator(opened(made.content()))
    sheet = calculator.book["Assumptions"]
    [cell] = [row[2] for row in sheet.iter_rows() if row[0].value == "engineer" and row[2].value == 200]
    cell.value = 400  # from May: 4.5 hours, beside 1.5 of April at 100
    assert calculator.cell("Scorecard", f"B{FIRST + 1}") == pytest.approx(150 + 1800)


def test_rate_of_exchange_of_rows_summed_up_moves_the_revenue(made, monkeypatch):
    monkeypatch.setattr(evidence, "MOST_ROWS", 1)
    calculator = Calculator(opened(made.content()))
    [cell] = [
        row[2]
        for row in calculator.book["Assumptions"].iter_rows()
        if row[0].value == "EUR" and row[1].value == datetime(2026, 5, 1)
    ]
    cell.value = 2.2  # of EUR 100
    assert calculator.cell("Scorecard", f"B{FIRST}") == pytest.approx(1100)


def test_rows_are_down_to_the_invoice_line_and_the_day(content):
    book = opened(content)
    lines = [
        row[4].value for row in book["Revenue"].iter_rows(min_row=5, max_row=book["Revenue"].max_row - 1)
    ]
    assert sorted(lines) == ["1", "1", "1", "2", "3", "4"]
    assert book["Costs"]["B5"].value == datetime(2026, 2, 1)


# Recalculated by another program


def recalculated(
    content: bytes, work: Path, change: Callable[[openpyxl.Workbook], None] | None = None
) -> openpyxl.Workbook:
    """The workbook as LibreOffice works it out, no value of a formula being there before."""
    source = work / "bare.xlsx"
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(source, "w") as bare:
        for name in archive.namelist():
            text = archive.read(name)
            if name.startswith("xl/worksheets/"):
                text = re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", text)
            bare.writestr(name, text)
    if change:
        book = openpyxl.load_workbook(source)
        change(book)
        book.save(source)
    subprocess.run(
        ["soffice", "--headless", f"-env:UserInstallation={(work / 'profile').as_uri()}", "--convert-to", "xlsx",
         "--outdir", str(work / "out"), str(source)],
        check=True, capture_output=True, timeout=180,
    )  # fmt: skip
    return openpyxl.load_workbook(work / "out" / "bare.xlsx", data_only=True)


needs_calc = pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice Calc")


@needs_calc
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.name)
def test_libreoffice_comes_to_the_figures_of_the_page(program: Path, tmp_path: Path) -> None:
    figures = json.loads(json.dumps(review.figures(review.open_review(program)), default=str))
    content = workbook.evidence_of(program, figures)
    book, kept = recalculated(content, tmp_path), opened(content, data_only=True)
    for key, got in five(lambda at: book["Scorecard"][at].value).items():
        card = figures["scorecard"][key]
        assert got == pytest.approx((card["this"], card["last"]), rel=1e-9)
        row = FIRST + KEYS.index(key)
        points = 100 if key in ("activation_rate", "growth_rate") else 1
        assert book["Scorecard"][f"D{row}"].value == pytest.approx(card["trend"] * points, rel=1e-9)
        assert book["Scorecard"][f"G{row}"].value == "yes"
    wrong = []
    for sheet in kept:
        for cell in (cell for row in sheet for cell in row if isinstance(cell.value, int | float)):
            got = book[sheet.title][cell.coordinate].value
            if not isinstance(got, int | float) or got != pytest.approx(cell.value, rel=1e-9, abs=1e-9):
                wrong.append(f"{sheet.title} {cell.coordinate}: {cell.value}, recalculated {got}")
    assert not wrong, "\n".join(wrong[:20])


@needs_calc
def test_libreoffice_follows_a_changed_row_to_the_figure(content: bytes, tmp_path: Path) -> None:
    def dearer(book: openpyxl.Workbook) -> None:
        header = [cell.value for cell in book["Costs"][4]]
        [row] = [row for row in book["Costs"].iter_rows(min_row=5) if row[0].value == datetime(2026, 5, 1)]
        row[header.index("Amount in it")].value = 800 + 920  # a share of a half: 460 more, twice the cost

    book = recalculated(content, tmp_path, dearer)
    assert book["Scorecard"][f"B{FIRST + 3}"].value == pytest.approx(1259 / 920, rel=1e-12)
    assert book["Scorecard"][f"G{FIRST + 3}"].value == "no"
    assert book["Scorecard"][f"B{FIRST}"].value == pytest.approx(1000, rel=1e-12)


@needs_calc
def test_libreoffice_divides_nothing_by_zero_and_revives_what_was_absent(
    content: bytes, tmp_path: Path
) -> None:
    def nothing(book: openpyxl.Workbook) -> None:
        for sheet, title in (("Revenue", "Amount in it"), ("Onboarding", "Hours"), ("Costs", "Share borne")):
            header = [cell.value for cell in book[sheet][4]]
            for row in book[sheet].iter_rows(min_row=5):
                if isinstance(row[0].value, datetime) and row[0].value < datetime(2026, 4, 1):
                    row[header.index(title)].value = 0

    sheet = recalculated(content, tmp_path, nothing)["Scorecard"]
    assert [sheet[f"{column}{FIRST}"].value for column in "BCDG"] == [pytest.approx(1000), 0, "n/a", "no"]
    assert [sheet[f"{column}{FIRST + 1}"].value for column in "BCDG"] == [pytest.approx(1050), 0, "n/a", "no"]
    assert [sheet[f"{column}{FIRST + 3}"].value for column in "CDG"] == ["n/a", "n/a", "no"]
    assert not [cell.coordinate for row in sheet for cell in row if str(cell.value).startswith("#")]


@needs_calc
def test_libreoffice_revives_a_figure_of_nothing(tmp_path: Path) -> None:
    folder = write_program(tmp_path)
    costs = FILES["costs_csv"].replace("2026-02-01,people,1000.00,USD,0.5\n", "")
    (folder / "costs.csv").write_text(costs)
    figures = review.figures(review.open_review(folder, "2026-Q2"))
    assert figures["scorecard"]["value_ratio"]["last"] is None

    def booked(book: openpyxl.Workbook) -> None:
        [row] = [
            row
            for row in book["Costs"].iter_rows(min_row=5)
            if row[0].value == "Insert rows above this line."
        ]
        row[0].value, row[-1].value = datetime(2026, 2, 1), 500

    sheet = recalculated(workbook.evidence_of(folder, figures), tmp_path, booked)["Scorecard"]
    assert sheet[f"C{FIRST + 3}"].value == pytest.approx(556 / 500)
    assert sheet[f"D{FIRST + 3}"].value == pytest.approx(1259 / 460 - 556 / 500)
    assert sheet[f"G{FIRST + 3}"].value == "no"
