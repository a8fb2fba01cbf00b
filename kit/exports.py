"""Raw exports → canonical tables: every value is text until a declared format makes it what the contract says."""

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb

from kit.errors import ReviewError
from kit.presets import read_preset
from kit.program import Export, Program
from kit.raw import Query, file_format, select_all, select_json, select_text

SHOWN = 5


def load_exports(con: duckdb.DuckDBPyConnection, program: Program) -> None:
    """Fill the canonical tables from every export of the program; ReviewError at the first that has faults."""
    con.execute("create or replace table sources (table_name varchar, file varchar, row_count bigint)")
    for table, exports in program.exports.items():
        for export in exports:
            load_export(con, program, table, export)


def load_export(con: duckdb.DuckDBPyConnection, program: Program, table: str, export: Export) -> None:
    """Append one export to its canonical table; nothing is appended if any value of it is wrong."""
    try:
        query = typed(con, program, table, export)
        con.execute(f"create or replace temp table typed as {query.sql}", query.parameters)
    except duckdb.Error as error:
        raise ReviewError(_reading_failed(program, table, export, error)) from None
    _stop_at_problems(con, program, table, export)
    columns = ", ".join(name for name, _, _ in schema(con, table))
    con.execute(f"insert into {table} select {columns} from typed")
    con.execute(
        "insert into sources select $table, source, count(*) from typed group by source", {"table": table}
    )


def _reading_failed(program: Program, table: str, export: Export, error: duckdb.Error) -> str:
    """What DuckDB says of an export that it can't read, with the files and the SQL that it may mean."""
    reason = str(error).split("Possible fixes")[0].split("Possible Solution")[0].strip()
    files = [str(file) for file in export.files(program.folder)]
    more = f" and {len(files) - SHOWN} more" if len(files) > SHOWN else ""
    by = export.sql or (f"preset {export.preset}" if export.preset else "")
    named = f" by {by}" if by else ""
    return f"The {table} export cannot be read{named}: {reason}\nFiles: {', '.join(files[:SHOWN])}{more}."


def schema(con: duckdb.DuckDBPyConnection, table: str) -> list[tuple[str, str, bool]]:
    """Columns of a canonical table: name, DuckDB type, and whether an export must say it."""
    return [
        (name, type_, not is_nullable and default is None)
        for name, type_, is_nullable, default in con.execute(
            "select column_name, data_type, is_nullable, column_default from duckdb_columns()"
            " where table_name = $table and not internal order by column_index",
            {"table": table},
        ).fetchall()
    ]


def staged(
    con: duckdb.DuckDBPyConnection, program: Program, table: str, export: Export, numbered: bool
) -> Query:
    """A SELECT that gives an export the canonical names, through its preset, its SQL or its `columns`."""
    files = export.files(program.folder)
    if export.preset:
        preset = read_preset(table, export.preset)
        if preset.types:
            raw = select_json(con, files, preset.types, numbered)
        else:
            names = {name: name for name in (*preset.required, *preset.optional)}
            raw = select_text(con, files, names, export.delimiter, preset.required, numbered)
        return Query(f"with raw as (\n{raw.sql}\n)\nselect * from (\n{preset.sql}\n)", raw.parameters)
    if export.sql:
        raw = select_all(con, files, export.delimiter, numbered)
        text = (program.folder / export.sql).read_text(encoding="utf-8").rstrip().rstrip(";")
        return Query(f"with raw as (\n{raw.sql}\n)\nselect * from (\n{text}\n)", raw.parameters)
    columns = schema(con, table)
    names = {name: export.columns.get(name, name) for name, _, _ in columns if not _is_ours(table, name)}
    required = [name for name, _, is_required in columns if is_required and name not in export.set]
    return select_text(con, files, names, export.delimiter, required, numbered)


def _is_ours(table: str, column: str) -> bool:
    """Whether the kit fills in a column: whose ids a row holds is the preset's name, but aliases say it themselves."""
    return column == "system" and table != "aliases"


def typed(
    con: duckdb.DuckDBPyConnection, program: Program, table: str, export: Export, numbered: bool = True
) -> Query:
    """A SELECT of the canonical columns at their types; `problem` names the first whose value is no such thing."""
    query = staged(con, program, table, export, numbered)
    described = con.execute(f"describe {query.sql}", query.parameters).fetchall()
    given = {row[0]: row[1] for row in described}
    settings = read_preset(table, export.preset).settings if export.preset else {}
    query.parameters |= {
        "empty": ["", *export.null],
        "decimal_mark": export.decimal,
        "thousands_mark": export.thousands or "",
        "export_zone": export.timezone,
        "program_zone": program.program.timezone,
        "preset_name": export.preset,
        "is_minor": (export.amounts if export.amounts != "major" else settings.get("amounts", "major"))
        == "minor",
    }
    values, casts, problems = [], [], []
    for name, type_, is_required in schema(con, table):
        values.append(f"{_text_or_value(table, name, given.get(name), export, query)} as {name}_given")
        casts.append(f"{_cast(name, type_, given.get(name), export)} as {name}")
        missing = f"{name}_given is null" if is_required else "false"
        problems.append(
            f"when {missing} then '{name}' when {name}_given is not null and {name} is null then '{name}'"
        )
    with_defaults = _defaults(con, table)
    source = (
        "source, source_row" if "source" in given else "null::varchar as source, null::bigint as source_row"
    )
    query.sql = f"""
with staged as (
{query.sql}
),
settings_of_export as (
    select $empty::varchar[] as empty, $decimal_mark as decimal_mark, $thousands_mark as thousands_mark,
        $export_zone as export_zone, $program_zone as program_zone,
        $preset_name::varchar as preset_name, $is_minor::boolean as is_minor
),
given as (select {", ".join(values)}, {source}, settings_of_export.* from staged, settings_of_export),
casted as (select *, {", ".join(casts)} from given)
select * replace ({with_defaults}), case {" ".join(problems)} end as problem from casted"""
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
            f"read_number({value}, decimal_mark, thousands_mark)"
            if is_text
            else f"try_cast({value}::varchar as {type_})"
        )
        if name == "amount":
            return f"if(is_minor, times({number}, minor_unit(upper(currency_given::varchar))), {number})"
        return f"{number}::{type_}"
    if type_ in ("INTEGER", "BIGINT"):
        return f"try_cast(read_whole({value}::varchar, decimal_mark, thousands_mark) as {type_})"
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


def _defaults(con: duckdb.DuckDBPyConnection, table: str) -> str:
    """What stands in a canonical column where the export says nothing."""
    defaults = con.execute(
        "select column_name, column_default from duckdb_columns()"
        " where table_name = $table and column_default is not null",
        {"table": table},
    ).fetchall()
    return (
        ", ".join(f"coalesce({name}, {default}) as {name}" for name, default in defaults)
        or "source as source"
    )


ALLOWED = {
    "DATE": "a day like 2026-07-31; for any other form set `dates` for this export",
    "TIMESTAMP WITH TIME ZONE": "a time like 2026-07-31T09:30:00Z; for any other form set `dates` for this export",
    "BOOLEAN": "true or false",
    "INTEGER": "a whole number",
    "BIGINT": "a whole number",
}


def _stop_at_problems(con: duckdb.DuckDBPyConnection, program: Program, table: str, export: Export) -> None:
    """ReviewError with the first faulty values of an export: file, row, column, value, and what is allowed."""
    [(faulty,)] = con.execute("select count(*) from typed where problem is not null").fetchall()
    if not faulty:
        return
    types = {name: type_ for name, type_, _ in schema(con, table)}
    lines = [
        f"{source or table} row {row}, column {column!r}: {_fault(value, types[column], export)}"
        for source, row, column, value in _problems(con, list(types))
    ]
    more = [f"… and {faulty - SHOWN:,} rows more"] if faulty > SHOWN else []
    raise ReviewError("\n".join([f"{faulty:,} rows of the {table} export have faults:", *lines, *more]))


def _problems(
    con: duckdb.DuckDBPyConnection, columns: list[str]
) -> Iterator[tuple[str, int, str, str | None]]:
    """The first faulty rows: file, row in the file (the header is row 1 of a delimited file), column, value."""
    value = " ".join(f"when '{name}' then {name}_given::varchar" for name in columns)
    rows = con.execute(
        f"""
        with first_rows as (select source, min(source_row) as first_row from typed group by source)
        select typed.source, typed.source_row - first_rows.first_row, problem, case problem {value} end
        from typed
        left join first_rows on first_rows.source is not distinct from typed.source
        where problem is not null
        order by typed.source_row
        limit {SHOWN}
        """
    ).fetchall()
    for source, offset, column, text in rows:
        first_row = 2 if source and file_format(Path(source)) == "csv" else 1
        yield source, (offset or 0) + first_row, column, text


def _fault(value: str | None, type_: str, export: Export) -> str:
    if value is None:
        return "nothing is given, and a value is required."
    if type_.startswith("ENUM"):
        allowed = "one of " + type_[5:-1].replace("'", "")
    elif type_.startswith("DECIMAL"):
        mark = f"thousands mark {export.thousands!r}" if export.thousands else "no thousands mark"
        allowed = f"a number with decimal mark {export.decimal!r} and {mark}"
    else:
        allowed = (
            f"the format {export.dates!r} set for this export"
            if export.dates and "T" in type_
            else ALLOWED[type_]
        )
    return f"{value!r} is not allowed. Allowed: {allowed}."
