"""Raw exports → canonical tables: every value is text until a declared format makes it what the contract says."""

import re
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

import duckdb

from kit.errors import ReviewError
from kit.presets import read_preset
from kit.program import Export, Program
from kit.raw import Query, file_format, select_all, select_json, select_lines, select_text
from kit.spreadsheets import text_files

SHOWN = 5


def load_exports(con: duckdb.DuckDBPyConnection, program: Program) -> None:
    """Fill the canonical tables from every export of the program; ReviewError at the first that has faults."""
    for table, exports in program.exports.items():
        for export in exports:
            load_export(con, program, table, export)


def load_export(con: duckdb.DuckDBPyConnection, program: Program, table: str, export: Export) -> None:
    """Append one export to its canonical table; nothing is appended if any value of it is wrong."""
    # Numbering rows leaves a core idle: of calls, the only large table, it is done when there is a fault to show.
    faulty = _read(con, program, table, export, numbered=table != "calls")
    if faulty:
        _read(con, program, table, export, numbered=True)
        raise ReviewError(_faults(con, table, export, faulty))
    _stop_without_identity(con, table, export)
    columns = ", ".join(name for name, *_ in schema(table))
    con.execute(f"insert into {table} select {columns} from typed")


def _read(
    con: duckdb.DuckDBPyConnection, program: Program, table: str, export: Export, numbered: bool
) -> int:
    """Read an export into the table `typed`; how many of its rows have faults. ReviewError if it can't be read."""
    with tempfile.TemporaryDirectory() as folder:
        originals = text_files(export.files(program.folder), Path(folder))
        try:
            query = typed(con, program, table, export, list(originals), numbered)
            con.execute(f"create or replace temp table typed as {query.sql}", query.parameters)
        except duckdb.Error as error:
            raise ReviewError(_reading_failed(table, export, error, originals)) from None
        except ReviewError as error:
            raise ReviewError(_named(str(error), originals)) from None
    for read, original in originals.items():
        if read != original:
            con.execute("update typed set source = ? where source = ?", [str(original), str(read)])
    [(faulty,)] = con.execute("select count(problem) from typed").fetchall()
    return int(faulty)


def _named(message: str, originals: Mapping[Path, Path]) -> str:
    """A message with the workbooks' names in place of those of the text made of them."""
    for read, original in originals.items():
        message = message.replace(str(read), str(original))
    return message


def _reading_failed(table: str, export: Export, error: duckdb.Error, originals: Mapping[Path, Path]) -> str:
    """What DuckDB says of an export that it can't read, with the files and the SQL that it may mean."""
    reason = _named(str(error), originals).split("Possible fixes")[0].split("Possible Solution")[0].strip()
    paths = [str(path) for path in originals.values()]
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    by = export.sql or (f"preset {export.preset}" if export.preset else "")
    named = f" by {by}" if by else ""
    return f"The {table} export cannot be read{named}: {reason}\nFiles: {', '.join(paths[:SHOWN])}{more}."


@cache
def schema(table: str) -> tuple[tuple[str, str, bool, str | None], ...]:
    """Columns of a canonical table: name, DuckDB type, whether an export must say it, and what stands in if not.

    They are those of kit/sql/canonical.sql, whatever database they are asked for.
    """
    return tuple(
        (name, type_, not is_nullable and default is None, default)
        for table_name, name, type_, is_nullable, default in _all_columns()
        if table_name == table
    )


@cache
def _all_columns() -> list[tuple[str, str, str, bool, str | None]]:
    with duckdb.connect() as con:
        con.execute(files("kit").joinpath("sql", "canonical.sql").read_text(encoding="utf-8"))
        return con.execute(
            "select table_name, column_name, data_type, is_nullable, column_default from duckdb_columns()"
            " where not internal order by table_name, column_index"
        ).fetchall()


def staged(
    con: duckdb.DuckDBPyConnection,
    program: Program,
    table: str,
    export: Export,
    paths: Sequence[Path],
    numbered: bool,
) -> Query:
    """A SELECT that gives an export the canonical names, through its preset, its SQL or its `columns`."""
    if export.preset:
        preset = read_preset(table, export.preset)
        if preset.is_lines:
            raw = select_lines(paths, numbered)
        elif preset.types:
            raw = select_json(con, paths, preset.types, numbered)
        else:
            names = {name: name for name in (*preset.required, *preset.optional)}
            mark = export.delimiter or preset.delimiter
            raw = select_text(con, paths, names, mark, preset.required, numbered, preset.layout)
        return Query(f"with raw as (\n{raw.sql}\n)\nselect * from (\n{preset.sql}\n)", raw.parameters)
    if export.sql:
        raw = select_all(con, paths, export.delimiter, numbered)
        text = (program.folder / export.sql).read_text(encoding="utf-8").rstrip().rstrip(";")
        return Query(f"with raw as (\n{raw.sql}\n)\nselect * from (\n{text}\n)", raw.parameters)
    columns = schema(table)
    names = {name: export.columns.get(name, name) for name, *_ in columns if not _is_ours(table, name)}
    required = [name for name, _, is_required, _ in columns if is_required and name not in export.set]
    return select_text(con, paths, names, export.delimiter, required, numbered)


def _is_ours(table: str, column: str) -> bool:
    """Whether the kit fills in a column: whose ids a row holds is the preset's name, but aliases say it themselves."""
    return column == "system" and table != "aliases"


def typed(
    con: duckdb.DuckDBPyConnection,
    program: Program,
    table: str,
    export: Export,
    paths: Sequence[Path],
    numbered: bool,
) -> Query:
    """A SELECT of the canonical columns at their types; `problem` names the first whose value is no such thing."""
    query = staged(con, program, table, export, paths, numbered)
    described = con.execute(f"describe {query.sql}", query.parameters).fetchall()
    given = {row[0]: row[1] for row in described}
    settings = read_preset(table, export.preset).settings if export.preset else {}
    query.parameters |= {
        "empty": ["", *export.null],
        "export_zone": export.timezone,
        "program_zone": program.program.timezone,
        "preset_name": export.preset,
        "is_minor": (export.amounts if export.amounts != "major" else settings.get("amounts", "major"))
        == "minor",
    }
    values, casts, problems, faulty = [], [], [], []
    names = [name for name, *_ in schema(table)]
    for name, type_, is_required, _ in schema(table):
        values.append(f"{_text_or_value(table, name, given.get(name), export, query)} as {name}_given")
        casts.append(f"{_cast(name, type_, given.get(name), export)} as {name}")
        missing = f"{name}_given is null" if is_required else "false"
        problems.append(f"when {missing} or ({name}_given is not null and {name} is null) then '{name}'")
        faulty.append(f"when '{name}' then {name}_given::varchar")
    defaults = {name: default for name, *_, default in schema(table) if default is not None}
    columns = ", ".join(
        f"coalesce({name}, {defaults[name]}) as {name}" if name in defaults else name for name in names
    )
    source = (
        "source, source_row" if "source" in given else "null::varchar as source, null::bigint as source_row"
    )
    query.sql = f"""
with staged as (
{query.sql}
),
settings_of_export as (
    select $empty::varchar[] as empty,
        $export_zone as export_zone, $program_zone as program_zone,
        $preset_name::varchar as preset_name, $is_minor::boolean as is_minor
),
given as (select {", ".join(values)}, {source}, settings_of_export.* from staged, settings_of_export),
casted as (select *, {", ".join(casts)} from given)
select {columns}, source, source_row, case {" ".join(problems)} end as problem,
    case problem {" ".join(faulty)} end as problem_value
from casted"""
    return query


def _text_or_value(table: str, name: str, given_type: str | None, export: Export, query: Query) -> str:
    """The value as the export gives it, text cleaned of outer space and of the words for nothing."""
    if _is_ours(table, name):
        return "settings_of_export.preset_name"
    value = "null::varchar"
    if given_type == "VARCHAR":
        value = f"if(list_contains(empty, trim(staged.{name})), null, trim(staged.{name}))"
    elif given_type is not None:
        value = f"staged.{name}"
    if name in export.set:
        query.parameters[f"set_{name}"] = export.set[name]
        value = f"coalesce({value}::varchar, $set_{name})"
    return value


def _cast(name: str, type_: str, given_type: str | None, export: Export) -> str:
    """SQL that makes a given value the canonical type, or null where it is no such thing."""
    value = f"{name}_given"
    is_text = given_type in (None, "VARCHAR") or name in export.set
    if type_ == "DATE":
        day = _text_day(name, value, export) if is_text else _day(value, given_type)
        return f"date_trunc('month', {day})::date" if name == "month" else day
    if type_ == "TIMESTAMP WITH TIME ZONE":
        return _text_instant(value, export) if is_text else _instant(value, given_type)
    if type_.startswith("DECIMAL"):
        number = (
            f"read_number({value}, {_marks(export)})" if is_text else f"try_cast({value}::varchar as {type_})"
        )
        if name == "amount":
            return f"if(is_minor, times({number}, minor_unit(upper(currency_given::varchar))), {number})"
        return f"{number}::{type_}"
    if type_ in ("INTEGER", "BIGINT") and given_type in ("INTEGER", "BIGINT"):
        return f"try_cast({value} as {type_})"
    if type_ in ("INTEGER", "BIGINT"):
        return f"try_cast(read_whole({value}::varchar, {_marks(export)}) as {type_})"
    if type_ == "BOOLEAN":
        return f"read_boolean({value}::varchar)"
    if type_.startswith("ENUM"):
        return f"try_cast(lower({value}::varchar) as {type_})"
    if name == "currency":
        return f"upper({value}::varchar)"
    return f"try_cast({value} as {type_})"


def _text_day(name: str, value: str, export: Export) -> str:
    """A day from text; a `month` may be written 2026-07, and is the first of the month."""
    if name == "month" and not export.dates:
        return (
            f"read_day(regexp_replace({value}, '^(\\d{{4}}-\\d{{2}})$', '\\1-01'), export_zone, program_zone)"
        )
    if not export.dates:
        return f"read_day({value}, export_zone, program_zone)"
    if has_clock(export.dates):
        return f"({_text_instant(value, export)} at time zone program_zone)::date"
    return f"try_strptime({value}, {literal(export.dates)})::date"


def _text_instant(value: str, export: Export) -> str:
    if not export.dates:
        return f"read_instant({value}, export_zone, program_zone)"
    if has_zone(export.dates):
        return f"try_strptime({value}, {literal(export.dates)})"
    zone = "export_zone" if has_clock(export.dates) else "program_zone"
    return f"try_strptime({value}, {literal(export.dates)}) at time zone {zone}"


def has_clock(dates: str) -> bool:
    """Whether a format of dates says a time of day."""
    return re.search("%-?[HIXcTs]", dates) is not None


def has_zone(dates: str) -> bool:
    """Whether a format of dates says an offset or a zone."""
    return re.search("%[zZ]", dates) is not None


def literal(text: str) -> str:
    """A text quoted for SQL, where DuckDB takes no parameter."""
    return "'" + text.replace("'", "''") + "'"


def _marks(export: Export) -> str:
    """The marks within numbers; as literals, since a pattern made of columns is made anew for each row."""
    return f"{literal(export.decimal)}, {literal(export.thousands or '')}"


def _day(value: str, given_type: str | None) -> str:
    if given_type == "TIMESTAMP WITH TIME ZONE":
        return f"({value} at time zone program_zone)::date"
    if given_type == "DATE":
        return value
    return f"(({value}::timestamp at time zone export_zone) at time zone program_zone)::date"


def _instant(value: str, given_type: str | None) -> str:
    if given_type == "TIMESTAMP WITH TIME ZONE":
        return value
    if given_type == "DATE":
        return f"{value}::timestamp at time zone program_zone"
    return f"{value}::timestamp at time zone export_zone"


ALLOWED = {
    "DATE": "a day like 2026-07-31; for any other form set `dates` for this export",
    "TIMESTAMP WITH TIME ZONE": "a time like 2026-07-31T09:30:00Z; for any other form set `dates` for this export",
    "BOOLEAN": "true or false",
    "INTEGER": "a whole number",
    "BIGINT": "a whole number",
}


def _faults(con: duckdb.DuckDBPyConnection, table: str, export: Export, faulty: int) -> str:
    """The first faulty values of an export just read: file, row, column, value, and what is allowed."""
    types = {name: type_ for name, type_, *_ in schema(table)}
    rows = con.execute(
        f"""
        with first_rows as (select source, min(source_row) as first_row from typed group by source)
        select typed.source, typed.source_row - first_rows.first_row, typed.problem, typed.problem_value
        from typed
        left join first_rows on first_rows.source is not distinct from typed.source
        where typed.problem is not null
        order by typed.source_row
        limit {SHOWN}
        """
    ).fetchall()
    lines = [
        f"{source or table} row {(offset or 0) + _first_row(source, table, export)}, column {column!r}:"
        f" {_fault(value, types[column], export)}"
        for source, offset, column, value in rows
    ]
    more = [f"… and {faulty - SHOWN:,} rows more"] if faulty > SHOWN else []
    rows_have = "row of the {} export has" if faulty == 1 else "rows of the {} export have"
    hint = [_hint(table, export)] if export.preset and any(value is None for *_, value in rows) else []
    return "\n".join([f"{faulty:,} {rows_have.format(table)} faults:", *lines, *more, *hint])


def _stop_without_identity(con: duckdb.DuckDBPyConnection, table: str, export: Export) -> None:
    """ReviewError if no call of a preset's log says whose it is: then something was not switched on."""
    if table != "calls" or not export.preset:
        return
    [(is_nobodys,)] = con.execute(
        "select bool_and(api_key is null and partner_id is null) from typed"
    ).fetchall()
    if is_nobodys:
        raise ReviewError(f"The calls export says of no call whose it is. {_hint(table, export)}")


def _hint(table: str, export: Export) -> str:
    """What a preset says must be switched on."""
    preset = export.preset or ""
    told = read_preset(table, preset).hint if preset else ""
    return told or (
        f"See the header of kit/presets/{table}/{preset}.sql for what to switch on." if preset else ""
    )


def _first_row(source: str | None, table: str, export: Export) -> int:
    """The number of a file's first row as an editor counts: 2 where the first line is a header."""
    preset = read_preset(table, export.preset) if export.preset else None
    if source is None or (preset and (preset.is_lines or preset.layout.names)):
        return 1
    return 2 if file_format(Path(source)) == "csv" else 1


def _fault(value: str | None, type_: str, export: Export) -> str:
    if value is None:
        return "nothing is given, and a value is required."
    if type_.startswith("ENUM"):
        allowed = "one of " + type_[5:-1].replace("'", "")
    elif type_.startswith("DECIMAL"):
        mark = f"thousands mark {export.thousands!r}" if export.thousands else "no thousands mark"
        allowed = f"a number below 1e15 with decimal mark {export.decimal!r} and {mark}"
    else:
        allowed = (
            f"the format {export.dates!r} set for this export"
            if export.dates and "T" in type_
            else ALLOWED[type_]
        )
    return f"{value!r} is not allowed. Allowed: {allowed}."
