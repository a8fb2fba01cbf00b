"""How an export's values are to be read: what its first rows leave no doubt of, and what only a person can say.

No order of dates, decimal mark or time zone is guessed: one is written down only if no other fits.
"""

import re
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from kit.columns import schema
from kit.errors import ReviewError
from kit.presets import Preset
from kit.program import Export, Program
from kit.reading import Reading, staged
from kit.settings import About
from kit.starting.beginnings import beginning, sample
from kit.starting.notations import days, numbers
from kit.starting.toml_text import Setting
from kit.values import OPEN

MOST_FILES, MOST_ROWS, MOST_NAMED = 24, 20_000, 6
NOTHING = ("-", "--", "(not set)", "null", "NULL", "None", "N/A", "n/a", "NaN", "\\N", "undefined")
# Columns for which a constant may stand.
ASKED = {
    "environment": "", "kind": "", "status": 'Such as "200"?', "currency": 'Such as "USD"?',
    "category": 'Such as "infrastructure"?', "activity": 'Such as "engineering" or "support"?',
    "role": 'Such as "engineer"?', "hours": 'How many does one take? Such as "0.5"',
    "date": 'Which day do the amounts fall on? Such as "2026-07-31"',
}  # fmt: skip


@dataclass
class Seen:
    """What an export's first rows say: settings to write, constants to `set`, and what there is to remark."""

    settings: list[Setting] = field(default_factory=list)
    constants: list[Setting] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    roles: list[str] = field(default_factory=list)
    currencies: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Rows:
    """An export's first rows: the type and the values of each canonical column, and the file of each row."""

    types: Mapping[str, str]
    values: Mapping[str, Sequence[object]]
    files: Sequence[str]

    def texts(self, *names: str) -> list[str]:
        """The different texts of these columns, without the empty and the words for nothing."""
        stripped = (value.strip() for name in names for value in self.values[name] if isinstance(value, str))
        return list(dict.fromkeys(text for text in stripped if text and text not in NOTHING))

    def files_with(self, texts: Collection[str], names: Iterable[str]) -> list[str]:
        """The files that have one of these texts in one of these columns."""
        pairs = (pair for name in names for pair in zip(self.files, self.values[name], strict=True))
        return sorted({file for file, value in pairs if isinstance(value, str) and value.strip() in texts})


def read(
    con: duckdb.DuckDBPyConnection,
    table: str,
    preset: Preset | None,
    files: Sequence[Path],
    delimiter: str | None,
    set_apart: Sequence[str] = (),
    theirs: Mapping[str, str] | None = None,
) -> Seen:
    """How the values of these files are to be read, as their first rows show.

    `set_apart` are columns that they lack; `theirs` are their names of columns, where those are not ours.
    """
    reading = Seen()
    try:
        rows = _first_rows(con, table, preset, files, delimiter, set_apart, theirs or {})
    except ReviewError as error:
        reading.remarks.append(str(error))
        return reading
    if not rows.files:
        reading.remarks.append("its beginning gives no rows")
    reading.settings += _nothing(rows)
    _add_days(con, table, rows, bool(preset and preset.is_utc), reading)
    _add_numbers(con, table, rows, reading)
    if table != "calls" and _is_nobodys(table, rows):
        reading.remarks.append(f"no row looked at says whose it is. {preset.hint if preset else ''}".strip())
    else:
        reading.constants += _constants(table, rows)
    if table == "calls":
        reading.constants += _identity(preset, rows)
    reading.remarks += _not_allowed(table, rows)
    if table == "costs" and not any(value is not None for value in rows.values["allocation"]):
        reading.remarks.append(
            'all of it counts as cost; for the program\'s share of it set allocation = "0.8"'
        )
    reading.roles = sorted(rows.texts("role")) if table == "worklogs" else []
    reading.currencies = (
        sorted({text.upper() for text in rows.texts("currency")}) if "currency" in rows.values else []
    )
    return reading


def _first_rows(
    con: duckdb.DuckDBPyConnection,
    table: str,
    preset: Preset | None,
    files: Sequence[Path],
    delimiter: str | None,
    set_apart: Sequence[str],
    theirs: Mapping[str, str],
) -> Rows:
    """The canonical columns of the first and the last files' first rows, before any is cast."""
    some = files if len(files) <= MOST_FILES else [*files[: MOST_FILES // 2], *files[-MOST_FILES // 2 :]]
    about = About(name="Any", currency="USD", timezone="UTC", stage="monetized")
    with tempfile.TemporaryDirectory() as folder:
        copies = [sample(beginning(file), Path(folder), number) for number, file in enumerate(some)]
        said = dict.fromkeys(set_apart, "not yet said")
        named = {"preset": preset.name} if preset else {}
        export = Export.model_validate(
            {"path": "*", "columns": theirs, "delimiter": delimiter, "set": said, **named}
        )
        try:
            program = Program(folder=Path(folder), program=about)
            query = staged(
                Reading(con, program, table, export, {copy: copy for copy in copies}), numbered=False
            )
            found = con.execute(f"select * from ({query.sql}) limit {MOST_ROWS}", query.parameters)
            types = {column[0]: str(column[1]) for column in found.description}
            found_rows = found.fetchall()
        except (ReviewError, duckdb.Error) as error:
            reason = str(error).split("\n")[0].replace(f"{folder}/", "")
            raise ReviewError(f"its first rows cannot be read: {reason}") from None
    given = dict(zip(types, zip(*found_rows, strict=True), strict=True)) if found_rows else {}
    nothing = (None,) * len(found_rows)
    originals = {str(copy): file.name for copy, file in zip(copies, some, strict=True)}
    return Rows(
        {name: types.get(name, "") for name, *_ in schema(table)},
        {name: given.get(name, nothing) for name, *_ in schema(table)},
        [originals.get(str(source), "") for source in given.get("source", nothing)],
    )


def _of_type(table: str, *types: str) -> list[str]:
    return [name for name, type_, *_ in schema(table) if type_.startswith(types)]


def _add_days(con: duckdb.DuckDBPyConnection, table: str, rows: Rows, is_utc: bool, reading: Seen) -> None:
    names = _of_type(table, "DATE", "TIMESTAMP")
    clocks = [name for name in names if rows.types[name] == "TIMESTAMP"]
    naive = [str(value) for name in clocks for value in rows.values[name] if value is not None]
    settings, remark = days(con, rows.texts(*names), naive, is_utc)
    reading.settings += settings
    reading.remarks += [remark] if remark else []


def _add_numbers(con: duckdb.DuckDBPyConnection, table: str, rows: Rows, reading: Seen) -> None:
    names = _of_type(table, "DECIMAL", "INTEGER", "BIGINT")
    settings, strange = numbers(con, rows.texts(*names))
    reading.settings += settings
    if strange:
        files = rows.files_with(strange, names)
        more = f" and {len(files) - MOST_NAMED} more" if len(files) > MOST_NAMED else ""
        where = ", ".join(files[:MOST_NAMED]) + more
        reading.remarks.append(
            f"{where} cannot be used as exported: {strange[0]!r} is no number in any notation that can be declared"
        )


def _nothing(rows: Rows) -> Iterator[Setting]:
    """The words that stand for nothing where a value should be."""
    found = {
        value.strip(): name
        for name, values in rows.values.items()
        for value in values
        if isinstance(value, str) and value.strip() in NOTHING
    }
    if found:
        where = ", ".join(sorted(set(found.values())))
        yield Setting("null", sorted(found), f"stands in {where} where nothing is known")


# What the export does not say


def _is_nobodys(table: str, rows: Rows) -> bool:
    """Whether an export that must name partners names none."""
    must = any(name == "partner_id" and is_required for name, _, is_required, _ in schema(table))
    return must and bool(rows.files) and not any(rows.values["partner_id"])


def _constants(table: str, rows: Rows) -> Iterator[Setting]:
    """A constant to be said for each required column that is empty: in all rows, or in some where that is usual."""
    for name, type_, is_required, _ in schema(table):
        values = rows.values[name]
        empty = sum(value is None or str(value).strip() in ("", *NOTHING) for value in values)
        is_partly = 0 < empty < len(values)
        if not is_required or not empty or name not in ASKED or (is_partly and name in ("kind", "status")):
            continue
        how_many = (
            f"missing in {empty} of {len(values)} rows looked at" if is_partly else "in no row looked at"
        )
        yield Setting(name, OPEN, f"{name} is {how_many}. {_allowed(name, type_)}", is_open=True)


def _allowed(name: str, type_: str) -> str:
    if type_.startswith("ENUM"):
        return " or ".join(f'"{word}"' for word in re.findall(r"'(\w+)'", type_)) + "?"
    return ASKED[name]


def _identity(preset: Preset | None, rows: Rows) -> Iterator[Setting]:
    """A question where no call says whose it is."""
    if not any(rows.values["api_key"]) and not any(rows.values["partner_id"]):
        switch = (
            (preset.hint or _switch(preset)) if preset else "Its columns api_key and partner_id are empty"
        )
        question = (
            f"No call says whose it is. {switch.rstrip('.')}; or name the one partner who makes them all"
        )
        yield Setting("partner_id", OPEN, question, is_open=True)


def _switch(preset: Preset) -> str:
    """What the comment of a preset says must be switched on."""
    found = re.search(r"^-- Switch on: (.*(?:\n-- (?![A-Z][\w ]*:).*)*)", preset.sql, re.MULTILINE)
    return "Switch on: " + found[1].replace("\n-- ", " ") if found else "See the comment of its preset"


def _not_allowed(table: str, rows: Rows) -> Iterator[str]:
    """A remark for values that a column of few words does not take, and for those that are missing."""
    for name, type_, is_required, _ in schema(table):
        values = rows.values[name]
        if type_.startswith("ENUM"):
            words = re.findall(r"'(\w+)'", type_)
            strange = [text for text in rows.texts(name) if text.lower() not in words]
            if strange:
                yield f"{name} has {strange[0]!r}, which is not one of {', '.join(words)}: give them with sql"
        empty = sum(value is None or str(value).strip() in ("", *NOTHING) for value in values)
        if (
            is_required
            and empty > 0
            and name not in ASKED
            and not (name == "partner_id" and empty == len(values))
        ):
            yield f"{name} is empty or unreadable in {empty} of {len(values)} rows looked at, which are refused"
