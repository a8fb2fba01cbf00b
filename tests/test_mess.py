"""However a program's exports are written, split, ordered and repeated, its figures are the same.

A small program is known in Python; it is written as messily as exports come, read, and its figures are compared with
those worked out here. Every row that is written comes to one fate, and the broken ones are found where they were put.
"""

import csv
import gzip
import io
import json
import random
import sys
from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal

import openpyxl
import polars as pl
import pytest
from conftest import rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kit import checks

pytestmark = pytest.mark.slow

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FIRST = date(2026, 1, 1)
SETTINGS = """\
[program]
name = "Mess"
currency = "USD"
timezone = "Europe/Berlin"
stage = "monetized"

[exclude]
operation = ["health"]

[[rate]]
role = "engineer"
hourly = 100
from = 2025-01-01
"""
PARTNERS = {
    "acme": "Acme",
    "cafe": "Café Zürich",
    "o'neil": 'O"Neil, & Söhne; Ltd',
    "late": "Late | Co",
    "lab": "Lab",
}
DATE_FORMS = ("", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%y", "%Y%m%d")
BROKEN = {"csv": ["x", "|".join("abcdefghijk")], "json": ['{"cut', "[]", "7"]}


# The truth


def program(luck):
    """The rows of a small program, as text in canonical columns."""
    days = [FIRST + timedelta(days=number) for number in range(181)]
    partners = [
        {"partner_id": id_, "name": name, "registered_at": "2025-12-01", "is_test": str(id_ == "lab").lower()}
        for id_, name in PARTNERS.items()
    ]
    calls = [
        {
            "called_at": f"{luck.choice(days)}T{luck.randrange(24):02}:{luck.randrange(60):02}:{number % 60:02}Z",
            "partner_id": luck.choice([*PARTNERS, "nobody"]),
            "environment": luck.choice(["production", "production", "sandbox"]),
            "status": luck.choice(["200", "200", "204", "404", "500"]),
            "operation": luck.choice(["order", "quote", "health"]),
            "request_id": f"r{number}",
        }
        for number in range(60)
    ]
    worklogs = [
        {
            "date": f"{luck.choice(days)}", "partner_id": luck.choice(["acme", "cafe", "lab", ""]),
            "activity": luck.choice(["support", "engineering"]), "role": "engineer",
            "hours": f"{luck.randrange(1, 5000) / 4}",
        }
        for _ in range(25)
    ]  # fmt: skip
    costs = [
        {
            "date": f"{luck.choice(days)}", "category": luck.choice(["people", "tools"]),
            "amount": f"{luck.randrange(1, 9_999_999) / 100:.2f}", "currency": "USD",
        }
        for _ in range(25)
    ]  # fmt: skip
    invoices = [
        {
            "line_id": f"l{number}", "partner_id": luck.choice(["acme", "cafe", "lab", "nobody"]), "kind": "usage",
            "amount": f"{luck.randrange(-90_000, 9_999_999) / 100:.2f}", "currency": "USD",
            "invoiced_at": f"{luck.choice(days)}", "status": luck.choice(["paid", "open", "draft", "void"]),
        }
        for number in range(25)
    ]  # fmt: skip
    return {"partners": partners, "calls": calls, "worklogs": worklogs, "costs": costs, "invoices": invoices}


def figures_of(truth):
    """The figures that these rows come to, and how many rows each fate has."""
    used = [
        each for each in truth["calls"] if each["operation"] != "health" and each["partner_id"] in PARTNERS
    ]
    successes = [
        each
        for each in used
        if each["partner_id"] != "lab"
        and each["environment"] == "production"
        and each["status"] in ("200", "204")
    ]
    billed = [
        each
        for each in truth["invoices"]
        if each["status"] in ("paid", "open") and each["partner_id"] != "lab"
    ]
    return {
        "successes": len(successes),
        "active": sorted({(month_of(each["called_at"]), each["partner_id"]) for each in successes}),
        "revenue": sum((Decimal(each["amount"]) for each in billed), Decimal(0)),
        "hours": sum(
            (Decimal(each["hours"]) for each in truth["worklogs"] if each["partner_id"] != "lab"), Decimal(0)
        ),
        "cost": sum((Decimal(each["amount"]) for each in truth["costs"]), Decimal(0)),
    }


def month_of(instant):
    """The month in Berlin, an hour or two ahead of Greenwich."""
    at = datetime.fromisoformat(instant.removesuffix("Z"))
    summer = datetime(2026, 3, 29, 1) <= at < datetime(2026, 10, 25, 1)
    return f"{at + timedelta(hours=2 if summer else 1):%Y-%m}"


def fates_of(truth):
    """How many rows of each table come to each fate, if each is written once."""
    calls = Counter(
        "left out" if each["operation"] == "health"
        else "unmatched" if each["partner_id"] == "nobody" else "test" if each["partner_id"] == "lab" else "used"
        for each in truth["calls"]
    )  # fmt: skip
    invoices = Counter(
        "left out" if each["status"] in ("draft", "void")
        else "unmatched" if each["partner_id"] == "nobody" else "test" if each["partner_id"] == "lab" else "used"
        for each in truth["invoices"]
    )  # fmt: skip
    worklogs = Counter("test" if each["partner_id"] == "lab" else "used" for each in truth["worklogs"])
    return {
        "calls": calls, "invoices": invoices, "worklogs": worklogs,
        "costs": Counter(used=len(truth["costs"])), "partners": Counter(used=len(PARTNERS) - 1, test=1),
    }  # fmt: skip


def figures_read(con):
    """The same figures as the kit has them."""
    [(revenue,)] = rows(con, "select coalesce(sum(amount), 0) from recognised_revenue")
    [(hours,)] = rows(con, "select coalesce(sum(hours), 0) from onboarding_work")
    [(cost,)] = rows(con, "select coalesce(sum(amount), 0) from program_costs")
    active = rows(
        con,
        "select distinct strftime(month, '%Y-%m'), partner_id from production_usage where is_active order by all",
    )
    [(successes,)] = rows(con, "select coalesce(sum(calls), 0)::bigint from production_usage")
    return {"successes": successes, "active": active, "revenue": revenue, "hours": hours, "cost": cost}


# The mess


class Dress:
    """How one export is written: its form, its notation, and what program.toml says of it."""

    def __init__(self, luck, table):
        self.luck, self.table = luck, table
        self.form = luck.choice(["csv", "csv", "csv", "tsv", "jsonl", "json", "parquet", "xlsx"])
        is_text = self.form in ("csv", "tsv")
        self.mark = "\t" if self.form == "tsv" else luck.choice([",", ";", "|"]) if is_text else ","
        self.encoding = luck.choice(["utf-8", "utf-8-sig", "cp1252", "utf-16"]) if is_text else "utf-8"
        self.line_end = luck.choice(["\n", "\r\n"])
        self.quoting = luck.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
        self.packing = luck.choice(["", "", ".gz", ".zst"]) if self.form not in ("parquet", "xlsx") else ""
        self.decimal, self.thousands = luck.choice([(".", ""), (",", ""), (",", "."), (".", ",")])
        self.dates = luck.choice(DATE_FORMS) if table != "calls" else ""
        self.nothing = luck.choice(["", "NULL", "-"])
        self.renamed = luck.random() < 0.3

    def block(self):
        """The lines of the export's block."""
        lines = [f'path = "{self.table}/*"', "rejects = 0.9"]
        if self.form == "csv" and self.mark != ",":
            lines.append(f"delimiter = {json.dumps(self.mark)}")
        if self.encoding == "cp1252":
            lines.append('encoding = "cp1252"')
        if self.decimal != ".":
            lines.append(f'decimal = "{self.decimal}"')
        if self.thousands:
            lines.append(f'thousands = "{self.thousands}"')
        if self.dates:
            lines.append(f'dates = "{self.dates}"')
        if self.nothing:
            lines.append(f'null = ["{self.nothing}"]')
        if self.renamed:
            names = ", ".join(f'{name} = "{self.header(name).strip()}"' for name in self.columns)
            lines.append(f"columns = {{ {names} }}")
        return "\n".join([f"[exports.{self.table}]", *lines])

    def header(self, name):
        return f"Their {name}" if self.renamed else name

    def value(self, name, text):
        """A value in this export's notation."""
        if text == "":
            return self.nothing
        if self.dates and name in ("date", "invoiced_at", "registered_at"):
            return date.fromisoformat(text).strftime(self.dates)
        if name in ("amount", "hours"):
            grouped = f"{Decimal(text):,}" if self.thousands else text
            return grouped.translate(str.maketrans({",": self.thousands or ",", ".": self.decimal}))
        return text

    def write(self, folder, name, entries, broken):
        """One file of these rows, shuffled, with broken ones among them; the broken ones' lines and texts."""
        self.columns = list(entries[0])
        columns = self.luck.sample(self.columns, len(self.columns))
        extra = self.luck.random() < 0.4 and self.form != "parquet"
        table = [{self.header(key): self.value(key, entry[key]) for key in columns} for entry in entries]
        for entry in table if extra else []:
            entry["Notes"] = self.luck.choice(
                ["", "two\nlines" if self.form != "tsv" else "x", 'a "quoted" word', "plain"]
            )
        names = list(table[0])
        placed = []
        if self.form == "parquet":
            pl.DataFrame(table).write_parquet(folder / f"{name}.parquet")
            return placed
        if self.form == "xlsx":
            book = openpyxl.Workbook()
            for row in [names, *([entry[key] for key in names] for entry in table)]:
                book.active.append(row)
            book.save(folder / f"{name}.xlsx")
            return placed
        if self.form == "json":
            text = json.dumps(table, indent=self.luck.choice([None, 1]), ensure_ascii=False)
        else:
            lines = self.lines(table, names)
            for _ in range(broken):
                bad = self.luck.choice(BROKEN["json" if self.form == "jsonl" else "csv"])
                bad = bad.replace("|", self.mark)
                place = self.luck.randrange(0 if self.form == "jsonl" else 1, len(lines) + 1)
                lines.insert(place, bad + self.line_end)
                placed.append(bad)
            if self.luck.random() < 0.3:
                lines.insert(self.luck.randrange(1, len(lines) + 1), self.line_end)
            text = "".join(lines)
            if self.luck.random() < 0.3:
                text = text.removesuffix(self.line_end)
        content = text.encode(self.encoding)
        packed = {".gz": gzip.compress, ".zst": zstd.compress}.get(self.packing, bytes)(content)
        (folder / f"{name}.{self.form}{self.packing}").write_bytes(packed)
        return [(bad, self.line_of(text, bad)) for bad in placed]

    def lines(self, table, names):
        if self.form == "jsonl":
            return [json.dumps(entry, ensure_ascii=False) + self.line_end for entry in table]
        lines = []
        head = [self.luck.choice([name, name.upper(), f" {name} "]) for name in names]
        for row in [head, *([entry[key] for key in names] for entry in table)]:
            stream = io.StringIO()
            csv.writer(
                stream, delimiter=self.mark, quoting=self.quoting, lineterminator=self.line_end
            ).writerow(row)
            lines.append(stream.getvalue())
        return lines

    def line_of(self, text, bad):
        """The lines on which a broken row stands: it may have been put there more than once."""
        return [number for number, line in enumerate(text.split("\n"), start=1) if line.rstrip("\r") == bad]


def split(luck, table, entries):
    """Rows over files: of what has ids anyhow, of the others by day, so that no two files speak of the same days."""
    if table in ("calls", "partners"):
        luck.shuffle(entries)
        bounds = range(1, len(entries))
    else:
        key = "invoiced_at" if table == "invoices" else "date"
        entries.sort(key=lambda entry: entry[key])
        bounds = [place for place in range(1, len(entries)) if entries[place][key] != entries[place - 1][key]]
    chosen = sorted(luck.sample(bounds, luck.randrange(3)))
    return [entries[first:last] for first, last in zip([0, *chosen], [*chosen, len(entries)], strict=True)]


def write_messily(luck, folder, truth):
    """Write a program; its rows as written, by table: how many repeat, how many were broken, and where."""
    blocks, repeated, broken = [], Counter(), {}
    for table, entries in truth.items():
        (folder / table).mkdir()
        dress = Dress(luck, table)
        parts = split(luck, table, list(entries))
        if table == "calls":
            again = luck.sample(entries, luck.randrange(6))
            luck.choice(parts).extend(again)
            repeated[table] += len(again)
        names = luck.sample("abcdefgh", len(parts))
        broken[table] = []
        for name, part in zip(names, parts, strict=True):
            broken[table] += dress.write(folder / table, name, part, luck.choice([0, 0, 1, 2]))
        if luck.random() < 0.3:
            [copied, *_] = sorted((folder / table).iterdir())
            ending = "".join(copied.suffixes)
            (folder / table / f"zz copy{ending}").write_bytes(copied.read_bytes())
        blocks.append(dress.block())
    (folder / "program.toml").write_text("\n\n".join([SETTINGS, *blocks]), encoding="utf-8")
    return repeated, broken


@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 10**6))
def test_figures_are_the_same_however_messily_a_program_is_written(tmp_path_factory, seed):
    check_seed(tmp_path_factory.mktemp("mess"), seed)


@pytest.mark.parametrize("seed", range(40))
def test_figures_are_the_same_in_forty_more_ways_to_write_them(tmp_path, seed):
    check_seed(tmp_path, seed)


def check_seed(folder, seed):
    luck = random.Random(seed)
    truth = program(luck)
    repeated, broken = write_messily(luck, folder, truth)
    check = checks.check_exports(folder, "2026-Q2")
    assert not [
        problem.what for problem in check.problems if "cannot" in problem.what or "faults" in problem.what
    ]
    assert figures_read(check.con) == figures_of(truth)
    ledger = checks.ledger(check)
    assert ledger["read"].to_list() == ledger.select(pl.sum_horizontal(checks.FATES)).to_series().to_list()
    for table, fates in fates_of(truth).items():
        counted = ledger.filter((pl.col("table") == table) & ~pl.col("file").str.contains("zz copy"))
        found = {
            fate: count for fate, count in counted.select(checks.FATES).sum().to_dicts()[0].items() if count
        }
        expected = fates + Counter(duplicate=repeated[table], rejected=len(broken[table]))
        assert found == {fate: count for fate, count in expected.items() if count}
    kept = pl.DataFrame(
        check.con.sql(
            "select line, text from rejects inner join files using (file_id) where path not like '%zz copy%'"
        )
    )
    assert sorted(kept["text"].to_list()) == sorted(
        bad for of_table in broken.values() for bad, _ in of_table
    )
    for bad, lines in (each for of_table in broken.values() for each in of_table):
        assert kept.filter((pl.col("text") == bad) & pl.col("line").is_in(lines)).height
