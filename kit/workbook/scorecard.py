"""The sheet of the five figures: formulas over the other sheets, beside the figures of the page."""

from collections.abc import Mapping, Sequence
from typing import Any

from kit import evidence, formats, frames, notes
from kit.evidence import ENDS, FORMULAS
from kit.metrics import Metric
from kit.workbook.book import LINE, Value
from kit.workbook.subject import Subject

SHEET = "Scorecard"
KINDS = {"money": "money", "rate": "percent", "monthly_rate": "percent", "ratio": "ratio"}
TREND_KINDS = {"money": "change", "rate": "points", "monthly_rate": "points", "ratio": "difference"}
WIDTHS = (42, 16, 16, 11, 16, 16, 14, 11, 60)
PERIODS_ROW, FIVE_ROW, PARTS_ROW = 3, 10, 18  # of the headers


def write(of: Subject) -> None:
    """Write the periods, the five figures, and the sums and counts that they are made of."""
    of.book.head(
        SHEET,
        f"{of.program.program.name}: evidence for {notes.quarter_text(of.review, of.quarter.name)}",
        "Every figure is a formula over the other sheets. Change a blue cell there, and the figures made of it follow.",
        (PERIODS_ROW, 1),
    )
    for place, width in enumerate(WIDTHS):
        of.book.sheets[SHEET].set_column(place, place, width)
    _periods(of)
    parts = [evidence.parts(of.con, quarter) for quarter in (of.quarter, of.previous)]
    rows = _parts(of, parts)
    _five(of, rows, parts)


def _periods(of: Subject) -> None:
    """The days that formulas ask for, in rows 6 to 9 of the sheet."""
    this, last = of.quarter, of.previous
    of.book.header(SHEET, PERIODS_ROW, ("", "This quarter", "Last quarter"), (False, True, True))
    lines: list[tuple[str, Value, Value]] = [
        ("Quarter", this.name, last.name),
        ("First day", this.first_day, last.first_day),
        ("Last day", this.last_day, last.last_day),
        ("Its last month begins on", this.last_month.month, last.last_month.month),
        ("Three months before that", last.last_month.month, of.before.last_month.month),
    ]
    for row, line in enumerate(lines, start=PERIODS_ROW + 1):
        of.book.write(SHEET, row, 0, line[0])
        for place, value in enumerate(line[1:], start=1):
            of.book.write(SHEET, row, place, value, align="right")


def _five(of: Subject, rows: Mapping[str, int], parts: Sequence[Mapping[str, Any]]) -> None:
    """The five figures, their trends, and whether they are those of the page."""
    titles = ("Figure", "This quarter", "Last quarter", "Trend", "On the page: this", "On the page: last", "Agrees",
              "Grade", "How, and why one is absent")  # fmt: skip
    of.book.header(SHEET, FIVE_ROW, titles, (False, *(True,) * 6))
    of.book.sheets[SHEET].set_row(FIVE_ROW, 2 * LINE)
    for row, metric in enumerate(of.check.metrics, start=FIVE_ROW + 1):
        of.book.write(SHEET, row, 0, notes.LABELS[metric.key], bold=True)
        for place, figure in ((1, metric.this), (2, metric.last)):
            looks = {"bold": True} if figure is not None else {"align": "right"}
            if figure is not None or _is_of_nothing(metric.key, parts[place - 1]):
                shown = formats.ABSENT if figure is None else figure
                formula = _figure(metric.key, "ABC"[place], rows)
                of.book.calculate(SHEET, row, place, formula, shown, KINDS[metric.unit], **looks)
            else:
                of.book.write(SHEET, row, place, formats.ABSENT, **looks)
            if figure is None:
                of.book.write(SHEET, row, place + 3, formats.ABSENT, align="right")
            else:
                of.book.write(SHEET, row, place + 3, figure, KINDS[metric.unit], font_color="#555555")
        _trend(of, row, metric)
        _agrees(of, row, metric)
        of.book.write(SHEET, row, 7, metric.grade, align="center")
        how = _how(metric)
        of.book.write(SHEET, row, 8, how, "wide")
        of.book.sheets[SHEET].set_row(row, LINE * max(-(-len(how) // WIDTHS[8]), 1))


def _figure(key: str, column: str, rows: Mapping[str, int]) -> str:
    """A figure's formula from the lines below it."""
    cells = {name: f"{column}{row + 1}" for name, row in rows.items()}
    return {
        "revenue": cells["revenue"],
        "cost_per_partner": _quotient(cells["onboarding"], cells["onboarded"]),
        "activation_rate": _quotient(cells["production"], cells["registered"]),
        "value_ratio": _quotient(cells["value"], cells["cost"]),
        "growth_rate": f'IF({cells["earlier"]}=0,"n/a",({cells["active"]}/{cells["earlier"]})^(1/3)-1)',
    }[key]


def _trend(of: Subject, row: int, metric: Metric) -> None:
    is_of_nothing = metric.this is None or metric.last in (None, 0)
    if metric.trend is None and not is_of_nothing:
        of.book.write(SHEET, row, 3, formats.ABSENT, align="right")
        return
    kind, line = TREND_KINDS[metric.unit], row + 1
    formula, factor = {
        "change": (f'IF(C{line}=0,"n/a",B{line}/C{line}-1)', 1),
        "points": (f"(B{line}-C{line})*100", 100),
        "difference": (f"B{line}-C{line}", 1),
    }[kind]
    value = formats.ABSENT if metric.trend is None else metric.trend * factor
    looks = {"align": "right"} if metric.trend is None else {}
    of.book.calculate(SHEET, row, 3, f'IF(COUNT(B{line}:C{line})<2,"n/a",{formula})', value, kind, **looks)


def _agrees(of: Subject, row: int, metric: Metric) -> None:
    """Whether what the formulas give is what the page says, or whether they do not follow what was changed."""
    line = row + 1
    alike = [
        f"IF(ISNUMBER({here}{line}),ABS({here}{line}-{page}{line})<=ABS({page}{line})*1E-9,FALSE)"
        if figure is not None
        else f"IF(ISNUMBER({here}{line}),FALSE,TRUE)"
        for here, page, figure in (("B", "E", metric.this), ("C", "F", metric.last))
    ]
    if metric.this is None and metric.last is None:
        return
    formula = f'IF(AND({",".join(alike)}),"yes","no")'
    if beyond := _beyond(of, metric.key):
        formula = f'IF(AND({",".join(beyond)}),{formula},"cannot follow")'
    of.book.calculate(SHEET, row, 6, formula, "yes", "text", align="right")


def _beyond(of: Subject, key: str) -> list[str]:
    """What must be so for a figure to follow: rows are there of active partners alone, and some are summed up."""
    least = of.program.program.min_calls
    found = []
    if key == "revenue" and of.basis == "unrealized":
        found.append(f"Min_calls{'=' if of.is_summed['Unrealized'] else '>='}{least}")
        if of.is_summed["Unrealized"]:
            share = next(case.conversion for case in of.program.pricing if case.base)
            found.append(f"Share_billed={float(share)!r}")
    if key == "growth_rate" and of.is_summed["Active"]:
        found.append(f"Min_calls={least}")
    return found


def _is_of_nothing(key: str, parts: Mapping[str, Any]) -> bool:
    """Whether a figure is absent because nothing can be divided by, which rows may mend."""
    below = {
        "cost_per_partner": "onboarded",
        "activation_rate": "registered",
        "value_ratio": "cost",
        "growth_rate": "earlier",
    }
    return key in below and parts[below[key]] == 0


def _how(metric: Metric) -> str:
    reasons = (
        ("This quarter", metric.why_this),
        ("Last quarter", metric.why_last),
        ("Trend", metric.why_trend),
    )
    absent = [f" {what} n/a: {why}." for what, why in reasons if why]
    return f"{FORMULAS[metric.key]}.{''.join(absent)}"


def _parts(of: Subject, told: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Write the sums and counts that the five figures are made of; the row of each."""
    titles = ("Worked out from", "This quarter", "Last quarter")
    of.book.header(SHEET, PARTS_ROW, titles, (False, True, True))
    rows: dict[str, int] = {}
    for row, (key, label, kind, formula) in enumerate(_sums(of), start=PARTS_ROW + 1):
        rows[key] = row
        of.book.write(SHEET, row, 0, label)
        for place, values in enumerate(told, start=1):
            column = "ABC"[place]
            cells = {name: f"{column}{above + 1}" for name, above in rows.items()}
            of.book.calculate(SHEET, row, place, formula.format(column=column, **cells), values[key], kind)
    return rows


def _sums(of: Subject) -> list[tuple[str, str, str, str]]:
    """Key, label, kind and formula of each part; a part may use those above it by their keys."""
    direct = "Revenue" if of.basis == "recognised" else "Direct"
    revenue = "Unrealized" if of.basis == "unrealized" else "Revenue"
    by_end = 'SUMIFS(Funnel_partners,Funnel_{stage},"<="&{{column}}$7)'
    return [
        ("revenue", "Revenue", "money", _in_quarter(f"{revenue}_amount", f"{revenue}_month")),
        ("onboarding", "Onboarding cost", "money", _in_quarter("Work_cost", "Work_date")),
        ("hours", "Onboarding hours", "amount", _in_quarter("Work_hours", "Work_date")),
        (
            "onboarded",
            "Partners who reached production",
            "count",
            _in_quarter("Funnel_partners", "Funnel_production"),
        ),
        *(
            (stage, f"{title}, by the quarter’s end", "count", by_end.format(stage=stage))
            for stage, title in frames.STAGES.items()
        ),
        ("cost", "Program cost", "money", _in_quarter("Costs_amount", "Costs_month")),
        ("direct", "Direct revenue", "money", _in_quarter(f"{direct}_amount", f"{direct}_month")),
        *(
            (
                f"attributed_{end}",
                f"Attributed revenue × share, {end}",
                "money",
                f"{_in_quarter('Attributed_amount', 'Attributed_month')}*Attribution_{end}",
            )
            for end in ENDS
        ),
        *(
            (
                f"avoided_{end}",
                f"Work avoided, {end}",
                "money",
                _in_quarter(f"Avoided_{end}", "Avoided_month"),
            )
            for end in ENDS
        ),
        ("value", "Value", "money", "{direct}+{attributed_base}+{avoided_base}"),
        (
            "active",
            "Active partners in the last month",
            "count",
            "SUMIFS(Active_partners,Active_month,{column}$8)",
        ),
        (
            "earlier",
            "Active partners three months before",
            "count",
            "SUMIFS(Active_partners,Active_month,{column}$9)",
        ),
        *(
            (
                f"ratio_{end}",
                f"Value : cost, all assumptions {end}",
                "ratio",
                _quotient(f"({{direct}}+{{attributed_{end}}}+{{avoided_{end}}})", "{cost}"),
            )
            for end in ("low", "high")
        ),
        ("ratio_direct", "Value : cost, on direct revenue alone", "ratio", _quotient("{direct}", "{cost}")),
        (
            "unrealized",
            "Unrealized revenue of the last month (est.)",
            "money",
            "SUMIFS(Unrealized_amount,Unrealized_month,{column}$8)",
        ),
    ]


def _in_quarter(values: str, days: str) -> str:
    """The sum of what falls into the column's quarter."""
    return f'SUMIFS({values},{days},">="&{{column}}$6,{days},"<="&{{column}}$7)'


def _quotient(above: str, below: str) -> str:
    return f'IF({below}=0,"n/a",{above}/{below})'
