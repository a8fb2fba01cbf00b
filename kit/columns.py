"""Text of an export → values: a SELECT of the canonical columns at their types, and what is wrong with a value."""

import re
from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files

import duckdb

from kit.errors import ReviewError
from kit.masks import is_nobodys, shown
from kit.presets import read_preset
from kit.raw import Query
from kit.settings import Export

IDS = ("partner_id", "api_key", "request_id", "line_id", "id")
# Columns of which not all is kept that an export says, and the macro that leaves the rest out.
KEPT = {
    ("keys", "api_key"): "masked_key",
    ("calls", "api_key"): "masked_key",
    ("calls", "partner_id"): "masked_key",
    ("calls", "operation"): "without_query",
}
# What a number must be to be one of these, and how that is said.
RANGES = {
    "rate": ("{0} > 0", "a rate above 0"),
    "allocation": ("{0} between 0 and 1", "a share from 0 to 1"),
    "calls": ("{0} >= 0", "a whole number from 0 up"),
}
EXCEL_NUMBER = r"\d([.,]\d+)?[eE][+-]\d+"
NUMBERS = "U?(TINY|SMALL|BIG|HUGE)?INT|FLOAT|DOUBLE|DECIMAL|BOOLEAN"
EXCEL_LONGEST = 30  # bytes: it keeps fifteen digits


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


def typed(
    con: duckdb.DuckDBPyConnection, program_zone: str, table: str, export: Export, query: Query
) -> Query:
    """A SELECT of the canonical columns at their types, from one that gives an export the canonical names.

    `problem` names the first column whose value is no such thing, `problem_value` holds that value.
    """
    described = con.execute(f"describe {query.sql}", query.parameters).fetchall()
    given = {row[0]: row[1] for row in described}
    _stop_at_numbers_for_times(_file_of(query) or table, table, given, export)
    settings = read_preset(table, export.preset).settings if export.preset else {}
    query.parameters |= {
        "export_zone": export.timezone,
        "program_zone": program_zone,
        "preset_name": export.preset,
        "is_minor": (export.amounts if export.amounts != "major" else settings.get("amounts", "major"))
        == "minor",
    }
    values, casts, problems, faulty, clocks = [], [], [], [], []
    names = [name for name, *_ in schema(table)]
    for name, type_, is_required, _ in schema(table):
        values.append(f"{_text_or_value(table, name, given.get(name), export, query)} as {name}_given")
        cast = _cast(name, type_, given.get(name), export)
        if type_ == "DATE" and (written := _written(name, given.get(name), export)):
            clocks.append(f"bool_and({written} = date_trunc('day', {written})) as {name}_is_day")
            cast = f"if({name}_is_day, {_first_of_month(name, f'({written})::date')}, {cast})"
        casts.append(f"{cast} as {name}")
        if wrong := _wrong(name, type_, is_required):
            problems.append(f"when {wrong} then '{name}'")
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
    select
        $export_zone as export_zone, $program_zone as program_zone,
        $preset_name::varchar as preset_name, $is_minor::boolean as is_minor
),
given as {"materialized " if clocks else ""}(
    select {", ".join(values)}, {source}, settings_of_export.* from staged, settings_of_export
),
clocks as (select {", ".join(clocks) or "null as nothing"}{" from given" if clocks else ""}),
casted as (select *, {", ".join(casts)} from given, clocks)
select {columns}, source, source_row, case {" ".join(problems)} end as problem,
    case problem {" ".join(faulty)} end as problem_value
from casted"""
    return query


def _file_of(query: Query) -> str:
    """The file that a SELECT reads; empty if there are several."""
    lists = [value for name, value in query.parameters.items() if name.startswith("files_")]
    files = [str(file) for value in lists if isinstance(value, list) for file in value]
    return files[0] if len(files) == 1 else ""


def _stop_at_numbers_for_times(where: str, table: str, given: Mapping[str, str], export: Export) -> None:
    """ReviewError for a column of days or times that holds numbers: of which unit and since when, nothing says."""
    for name, type_, *_ in schema(table):
        kind = given.get(name, "")
        if (
            type_ in ("DATE", "TIMESTAMP WITH TIME ZONE")
            and re.match(NUMBERS, kind)
            and name not in export.set
        ):
            raise ReviewError(
                f"{where}: {name} holds numbers ({kind}). Allowed: {ALLOWED[type_]}. A SELECT of your own (`sql`) can"
                f" make times of them: to_timestamp({name}) of seconds, make_timestamp({name}) of millionths."
            )


def _wrong(name: str, type_: str, is_required: bool) -> str:
    """SQL for whether a column's value can't be used; empty if any can."""
    wrong = [f"{name} is null"] if is_required else []
    if not is_required and type_ != "VARCHAR":  # whatever is given is some text
        wrong.append(f"{name} is null and {name}_given is not null")
    if name in IDS:
        # Most ids begin with no digit or are longer, and to see that is quicker than to look for the pattern.
        wrong.append(
            f"{name} between '0' and ':' and strlen({name}) < {EXCEL_LONGEST}"
            f" and regexp_full_match({name}, {literal(EXCEL_NUMBER)})"
        )
    return " or ".join(f"({each})" for each in wrong)


def _text_or_value(table: str, name: str, given_type: str | None, export: Export, query: Query) -> str:
    """The value as the export gives it, text cleaned of outer space and of the words for nothing."""
    if is_ours(table, name):
        return "settings_of_export.preset_name"
    value = "null::varchar"
    if given_type == "VARCHAR":
        value = f"trimmed(staged.{name})"
        if export.null:
            value = f"if({value} in ({', '.join(map(literal, export.null))}), null, {value})"
    elif given_type is not None:
        value = f"staged.{name}"
    if name == "kind" and export.kinds:
        query.parameters |= {"priced": list(export.kinds), "kinds": list(export.kinds.values())}
        # No price, or none that is listed, is at place 0, where a list has nothing.
        listed = (
            "list_extract($kinds::varchar[], coalesce(list_position($priced::varchar[], staged.price_id), 0))"
        )
        value = f"coalesce({listed}, {value})"
    if name in export.set:
        query.parameters[f"set_{name}"] = export.set[name]
        value = f"coalesce({value}::varchar, $set_{name})"
    if (table, name) not in KEPT:
        return value
    is_float = given_type in ("FLOAT", "DOUBLE") and name not in export.set
    return f"{KEPT[table, name]}({f'whole_text({value})' if is_float else f'{value}::varchar'})"


def is_ours(table: str, name: str) -> bool:
    """Whether the kit fills in a column: whose ids a row holds is the preset's name, but aliases say it themselves."""
    return name == "system" and table != "aliases"


def _cast(name: str, type_: str, given_type: str | None, export: Export) -> str:
    """SQL that makes a given value the canonical type, or null where it is no such thing."""
    value = f"{name}_given"
    is_text = given_type in (None, "VARCHAR") or name in export.set
    if type_ == "DATE":
        day = _text_day(name, value, export) if is_text else _day(value, given_type)
        return _first_of_month(name, day)
    if type_ == "TIMESTAMP WITH TIME ZONE":
        instant = _text_instant(value, export) if is_text else _instant(value, given_type)
        return f"of_this_age({instant})" if name == "called_at" else instant
    if type_.startswith("DECIMAL"):
        number = (
            f"read_number({value}, {marks(export)})"
            if is_text
            else f"in_range(try_cast({value}::varchar as {type_}))"
        )
        if name == "amount":
            return f"if(is_minor, times({number}, minor_unit(upper(currency_given::varchar))), {number})"
        if name in RANGES:
            return f"if({RANGES[name][0].format(number)}, {number}, null)::{type_}"
        return f"{number}::{type_}"
    if type_ in ("INTEGER", "BIGINT"):
        is_whole = given_type in ("INTEGER", "BIGINT")
        read = value if is_whole else f"read_whole({value}::varchar, {marks(export)})"
        whole = f"try_cast({read} as {type_})"
        return f"if({RANGES[name][0].format(whole)}, {whole}, null)" if name in RANGES else whole
    if type_ == "BOOLEAN":
        return f"read_boolean({value}::varchar)"
    if type_.startswith("ENUM"):
        return f"try_cast(lower({value}::varchar) as {type_})"
    if name == "currency":
        return f"upper({value}::varchar)"
    if given_type in ("FLOAT", "DOUBLE"):  # of a column of whole numbers in which one is missing
        return f"whole_text({value})"
    return f"try_cast({value} as {type_})"


def _first_of_month(name: str, day: str) -> str:
    return f"date_trunc('month', {day})::date" if name == "month" else day


def _written(name: str, given_type: str | None, export: Export) -> str | None:
    """SQL for the clock time that a day is written with, its zone left aside; None where there is none, or it counts.

    Spreadsheets and databases write a day as its midnight. Where a whole column holds midnights it holds days, unless
    the export's zone is set: shifted to another zone they would all be of the day before.
    """
    value = f"{name}_given"
    if name in export.set or given_type in (None, "DATE") or "timezone" in export.model_fields_set:
        return None
    if given_type != "VARCHAR":
        return f"{value}::timestamp" if given_type.startswith("TIMESTAMP") else None
    if not export.dates:
        return f"written_clock({value})"
    if has_clock(export.dates) and not has_zone(export.dates):
        return in_form(value, export.dates)
    return None


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
    return f"{in_form(value, export.dates)}::date"


def _text_instant(value: str, export: Export) -> str:
    if not export.dates:
        return f"read_instant({value}, export_zone, program_zone)"
    if has_zone(export.dates):
        return in_form(value, export.dates)
    zone = "export_zone" if has_clock(export.dates) else "program_zone"
    return f"{in_form(value, export.dates)} at time zone {zone}"


def in_form(value: str, dates: str) -> str:
    """SQL for a time in the form set; two digits are no year of four."""
    return f"this_age(try_strptime({value}, {literal(dates)}))"


def has_clock(dates: str) -> bool:
    """Whether a format of dates says a time of day."""
    return re.search("%-?[HIXcTs]", dates) is not None


def has_zone(dates: str) -> bool:
    """Whether a format of dates says an offset or a zone."""
    return re.search("%[zZ]", dates) is not None


def literal(text: str) -> str:
    """A text quoted for SQL, where DuckDB takes no parameter."""
    return "'" + text.replace("'", "''") + "'"


def marks(export: Export) -> str:
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


def fault(column: str, type_: str, value: str | None, export: Export) -> str:
    """What is wrong with a column's value, and what is allowed."""
    if value is None:
        return "nothing is given, and a value is required."
    told = repr(shown(value))
    if not is_nobodys(value):
        told = f"a value of the form {told} (a for letters, 9 for digits)"
    if column in IDS:
        return f"{told} is a number as Excel rewrites ids. Export again, and do not open it in Excel before."
    if type_.startswith("ENUM"):
        allowed = "one of " + type_[5:-1].replace("'", "")
    elif type_.startswith("DECIMAL"):
        mark = f"thousands mark {export.thousands!r}" if export.thousands else "no thousands mark"
        kind = RANGES[column][1] if column in RANGES else "a number below 1e15"
        allowed = f"{kind} with decimal mark {export.decimal!r} and {mark}"
    elif column in RANGES:
        allowed = RANGES[column][1]
    else:
        allowed = (
            f"the format {export.dates!r} set for this export"
            if export.dates and "T" in type_
            else ALLOWED[type_]
        )
    return f"{told} is not allowed. Allowed: {allowed}."


DATE_PARTS = re.compile(
    r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?:,? (\d{1,2}:\d{2})(:\d{2})?( ?[AaPp][Mm])?)?"
)


def date_order(values: Collection[str]) -> str:
    """Which orders of day and month all the dates fit, as a question or an answer; empty if they are no such dates."""
    found = [DATE_PARTS.fullmatch(value) for value in values]
    parts = [match for match in found if match]
    if not parts or len(parts) < len(found):
        return ""
    day_first = all(int(match[3]) <= 12 for match in parts)
    month_first = all(int(match[1]) <= 12 for match in parts)
    example = parts[0]
    by_day, by_month = (_form(example, order) for order in ("%d{0}%m{0}", "%m{0}%d{0}"))
    if day_first and month_first:
        return (
            f"Is {example[0]!r} of day {example[1]} or of month {example[1]}? All values fit both:"
            f" set dates = {by_day!r} or dates = {by_month!r} for this export."
        )
    if day_first or month_first:
        return f"All values fit dates = {by_day if day_first else by_month!r}: set it for this export."
    return "Some values fit day before month alone, others month before day alone: this holds two kinds of dates."


def _form(example: re.Match[str], order: str) -> str:
    """The format of a date like the example, its day and month in an order."""
    year = "%Y" if len(example[4]) == 4 else "%y"
    clock = ""
    if example[5]:
        hours = "%I:%M" if example[7] else "%H:%M"
        half = (" %p" if example[7].startswith(" ") else "%p") if example[7] else ""
        clock = f"{', ' if ',' in example[0] else ' '}{hours}{':%S' if example[6] else ''}{half}"
    return order.format(example[2]) + year + clock
