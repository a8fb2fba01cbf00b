"""The sheets that say what the figures rest on: definitions, sources, the ledger of rows, restatements."""

from kit import checks, evidence, notes
from kit.evidence import FORMULAS
from kit.workbook.book import Column, Row
from kit.workbook.scorecard import KINDS
from kit.workbook.subject import Subject

UNMATCHED = (
    "Unmatched rows lead to no partner in the registry; those of invoices, transactions, attributed revenue and"
    " worklogs are in the sums all the same."
)
RATES = ("rate", "monthly_rate")
DIFFERENCES = {"money": "money", "rate": "points", "monthly_rate": "points", "ratio": "difference"}
COUNTED = (
    "Of logs from which a preset or a SELECT leaves rows out, only rows that gave calls are counted here."
)


def write(of: Subject) -> None:
    """Write a sheet for each."""
    _definitions(of)
    _sources(of)
    _ledger(of)
    _reasons(of)
    _restatements(of)


def _definitions(of: Subject) -> None:
    sentences = notes.definitions(of.review)
    rows: list[Row] = [
        {
            "figure": notes.LABELS[metric.key],
            "grade": ": ".join(part for part in (metric.grade, metric.why_grade) if part),
            "formula": FORMULAS[metric.key],
            "definition": sentences[metric.key],
        }
        for metric in of.check.metrics
    ]
    said = {*sentences.values()}
    rows += [{"figure": "Note", "definition": note} for note in notes.notes(of.review) if note not in said]
    columns = [
        Column("Figure", "figure", "text", width=28),
        Column("Definition", "definition", "wide"),
        Column("Formula", "formula", "wide", width=44),
        Column("Grade", "grade", "wide", width=24),
    ]
    of.book.table("Definitions", "Definitions and notes", "As the page has them.", columns, rows)


def _sources(of: Subject) -> None:
    hashes = of.figures["inputs"]["files"]
    counts = {(table, file): count for table, file, count in of.ledger.select("table", "file", "read").rows()}
    rows: list[Row] = [
        row
        | {
            "sha256": hashes.get(row["table_name"], {}).get(row["path"]),
            "read": counts.get((row["table_name"], row["path"])),
        }
        for row in evidence.files(of.con).to_dicts()
    ]
    rows.append({"path": "program.toml", "sha256": of.figures["inputs"]["settings"]})
    columns = [
        Column("Export", "table_name", "text", width=14),
        Column("File", "path", "text", width=52),
        Column("First day", "first_day", "date"),
        Column("Last day", "last_day", "date"),
        Column("Rows", "read", "count"),
        Column("Same content as", "same_as", "text"),
        Column("SHA-256", "sha256", "text", width=68),
    ]
    note = f"Days are in the program’s time zone. {COUNTED}"
    of.book.table("Sources", "Sources", note, columns, rows)


def _ledger(of: Subject) -> None:
    columns = [
        Column("Export", "table", "text", width=14),
        Column("File", "file", "text", width=52),
        Column("Rows", "read", "count"),
        *(Column(fate.capitalize(), fate, "count") for fate in reversed(checks.FATES)),
        Column("Not accounted for", "rest", "count", formula=lambda row: "{read}-SUM({used}:{rejected})"),
    ]
    rows = [row | {"rest": 0} for row in of.ledger.to_dicts()]
    note = f"What became of every row. {UNMATCHED} {COUNTED}"
    of.book.table("Ledger", "Ledger", note, columns, rows)


def _reasons(of: Subject) -> None:
    columns = [
        Column("Export", "table", "text", width=14),
        Column("What became of them", "fate", "text", width=22),
        Column("Reason", "reason", "wide", width=60),
        Column("Rows", "rows", "count"),
    ]
    note = "By export and reason; what needs no reason is not listed."
    found = checks.reasons(of.check).sort(
        "table", "fate", "rows", "reason", descending=[False, False, True, False]
    )
    of.book.table("Left out", "Why rows are not used", note, columns, found.to_dicts())


def _restatements(of: Subject) -> None:
    units = {metric.key: metric.unit for metric in of.check.metrics}
    now_in = of.figures["currency"]
    rows: list[Row] = []
    for told in of.figures["restated"]:
        unit = units[told["key"]]
        is_money, is_other = unit == "money", told["currency"] != now_in
        is_known = told["now"] is not None and told["reported"] is not None and not (is_money and is_other)
        rows.append(
            told
            | {
                "unit": unit,
                "figure": notes.LABELS[told["key"]],
                "currency": told["currency"] if is_money else None,
                "difference": (told["now"] - told["reported"]) * (100 if unit in RATES else 1)
                if is_known
                else None,
            }
        )
    columns = [
        Column("Figure", "figure", "text", width=28),
        Column("Quarter", "quarter", "text", width=12),
        Column(
            "First reported",
            "reported",
            "amount",
            width=16,
            kind_of=lambda row: KINDS[row["unit"]] if row["currency"] in (None, now_in) else "amount",
        ),
        Column("In", "currency", "text", width=8),
        Column("Now", "now", "amount", width=16, kind_of=lambda row: KINDS[row["unit"]]),
        Column(
            "Difference",
            "difference",
            "amount",
            formula=lambda row: (
                None
                if row["difference"] is None
                else "({now}-{reported})*100"
                if row["unit"] in RATES
                else "{now}-{reported}"
            ),
            width=16,
            kind_of=lambda row: DIFFERENCES[row["unit"]],
        ),
        Column("Why", "reason", "wide", width=60),
    ]
    note = f"Figures that their quarter’s own page had otherwise; now in {now_in}."
    of.book.table("Restatements", "Restatements", note, columns, rows)
