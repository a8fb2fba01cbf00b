"""Raw files → rows of text: which columns a file has, and the SELECT that reads the wanted ones.

Nothing here guesses what a value means; names are matched, values stay text until exports.py casts them.
"""

import csv
import difflib
import json
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import duckdb

from kit.errors import ReviewError, shortened
from kit.opening import endings, ends_with, first_lines, stop_at_open_quote

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".xlsx": "csv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".log": "json",
    ".parquet": "parquet",
}
Key = TypeVar("Key")

COMPRESSED = (".gz", ".zst")
WHOLE_LINES = (
    "columns = {line: 'VARCHAR'}, auto_detect = false,"
    " header = false, delim = '\x1f', quote = '', escape = ''"
)
SPARE = 100
SOURCE = "api_review_source"  # a name that no file has a column of
NAMES_SHOWN = 100
LONG_NAME = 1000  # characters


@dataclass
class Query:
    """A SELECT and its named parameters."""

    sql: str
    parameters: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Layout:
    """Where an export is not a plain table under one line of names.

    `names` are the columns of text that has no header, whose rows may be longer; `header_within` is in how many
    lines the header is looked for; `aliases` are a column's other names, the first found taken; a column of
    `lists` holds the values of all columns of its name; `records` is the key of a JSON object's list of rows.
    """

    names: tuple[str, ...] = ()
    header_within: int = 1
    aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)
    lists: tuple[str, ...] = ()
    records: str | None = None

    @property
    def is_padded(self) -> bool:
        """Whether rows may be shorter than the header."""
        return bool(self.names) or self.header_within > 1

    @property
    def spare(self) -> int:
        """By how many values rows may be longer than the header."""
        return SPARE if self.names else 0


PLAIN = Layout()


@dataclass(frozen=True)
class Wanted:
    """A column wanted of a file: its name here, its names there, whether the file must have it, or all of its name."""

    ours: str
    theirs: tuple[str, ...]
    is_required: bool
    is_list: bool


def file_format(path: Path) -> str:
    """`csv`, `json` or `parquet`, by the file's name; ReviewError for any other."""
    suffixes = endings(path)
    if suffixes and suffixes[-1] in COMPRESSED:
        suffixes.pop()
    known = FORMATS.get(suffixes[-1]) if suffixes else None
    if known is None:
        raise ReviewError(
            f"{path}: the name does not say what it holds."
            f" Allowed endings: {', '.join(FORMATS)}, and .gz or .zst after them."
        )
    return known


def same_name(name: str) -> str:
    """What is left of a column's name when case, Unicode spelling, outer and kinds of inner space don't count."""
    return " ".join(unicodedata.normalize("NFC", name.strip().strip("\ufeff")).casefold().split())


def identifier(name: str) -> str:
    """A name quoted for SQL."""
    return '"' + name.replace('"', '""') + '"'


def select_text(
    con: duckdb.DuckDBPyConnection,
    files: Sequence[Path],
    wanted: Mapping[str, str],
    delimiter: str | None,
    required: Sequence[str] = (),
    numbered: bool = True,
    layout: Layout = PLAIN,
    decimal: str = ".",
) -> Query:
    """A SELECT of the wanted columns (name here → name in the file) as text, with `source` and `source_row`.

    JSON's numbers are written with the decimal mark.

    A wanted column that a file lacks is null there, unless it is required: then a ReviewError names it.
    """
    columns = wanted_columns(wanted, required, layout)
    query = Query("")
    parts = []
    of_kind = files_by(files, file_format)
    for begins, of_header in files_by(
        of_kind.get("csv", []), lambda file: header(con, file, delimiter, layout, columns)
    ).items():
        parts.append(_select_csv(of_header, begins, columns, layout, query))
    for form, of_form in files_by(of_kind.get("json", []), lambda file: json_layout(con, file)).items():
        parts.append(_select_json(of_form, form, columns, layout, query, decimal))
    if "parquet" in of_kind:
        parts += _select_parquet(
            con, of_kind["parquet"], columns, query, decimal, beside_text=len(of_kind) > 1
        )
    query.sql = numbered_rows(parts, numbered)
    return query


def wanted_columns(wanted: Mapping[str, str], required: Sequence[str], layout: Layout) -> list[Wanted]:
    """The columns wanted of a file, each with all the names it may have there."""
    return [
        Wanted(ours, (theirs, *layout.aliases.get(ours, ())), ours in required, ours in layout.lists)
        for ours, theirs in wanted.items()
    ]


def select_lines(files: Sequence[Path], numbered: bool = True) -> Query:
    """A SELECT of a log's lines that are not blank, each whole in a column `line`; and `source`, `source_row`."""
    lines = f"select line, source from read_csv($files, {WHOLE_LINES}, filename = 'source')"
    return Query(
        f"select * from (\n{numbered_rows([lines], numbered)}\n) where trim(line) <> ''",
        {"files": [str(file) for file in files]},
    )


def select_all(
    con: duckdb.DuckDBPyConnection, files: Sequence[Path], delimiter: str | None, numbered: bool = True
) -> Query:
    """A SELECT of every column under its own name; JSON objects come whole, in a column `json`."""
    if all(file_format(file) == "json" for file in files):
        return select_json(con, files, None, numbered)
    names: dict[str, str] = {}
    for file in files:
        names |= {name: name for name in column_names(con, file, delimiter)}
    return select_text(con, files, names, delimiter, (), numbered)


def column_names(con: duckdb.DuckDBPyConnection, file: Path, delimiter: str | None) -> list[str]:
    """The names of a delimited or Parquet file's columns."""
    if file_format(file) == "csv":
        return list(header(con, file, delimiter).names)
    return [name for name, _ in _columns_of_parquet(con, file)]


def select_json(
    con: duckdb.DuckDBPyConnection,
    files: Sequence[Path],
    types: Mapping[str, str] | None,
    numbered: bool = True,
) -> Query:
    """A SELECT of JSON objects' keys at the DuckDB types given, or of the objects whole; and `source`, `source_row`."""
    query = Query("", {"types": dict(types)} if types else {})
    reader = "read_json" if types else "read_json_objects"
    columns = ", columns = $types" if types else ""
    records = " records = true," if types else ""  # or a line that is no object makes nulls of its neighbours
    parts = []
    for layout, of_layout in files_by(files, lambda file: json_layout(con, file)).items():
        query.parameters[f"files_{layout}"] = [str(file) for file in of_layout]
        parts.append(
            f"select *\nfrom {reader}($files_{layout}{columns}, format = '{layout}',{records}"
            f" ignore_errors = {layout == 'newline_delimited'}, filename = 'source')"
        )
    query.sql = numbered_rows(parts, numbered)
    return query


def files_by(files: Sequence[Path], key: Callable[[Path], Key]) -> dict[Key, list[Path]]:
    """Files by key, each group in the order given."""
    groups: dict[Key, list[Path]] = {}
    for file in files:
        groups.setdefault(key(file), []).append(file)
    return groups


def numbered_rows(parts: Sequence[str], numbered: bool) -> str:
    """The rows of all parts; `source_row` counts from 1 in each file, or is null where nobody asks for it."""
    rows = "\nunion all by name\n".join(parts)
    if not numbered:
        return f"select *, null::bigint as source_row from (\n{rows}\n)"
    return (
        "select * exclude (row_of_all), row_of_all - min(row_of_all) over (partition by source) + 1 as source_row\n"
        f"from (select *, row_number() over () as row_of_all from (\n{rows}\n))\norder by row_of_all"
    )


@dataclass(frozen=True)
class Header:
    """How a delimited file begins: its delimiter, how many lines to skip, the names of its columns.

    `records` is how many the lines to skip hold: fewer, where a name goes on on the next line.
    """

    delimiter: str
    lines: int
    names: tuple[str, ...]
    records: int


def header(
    con: duckdb.DuckDBPyConnection,
    file: Path,
    delimiter: str | None = None,
    layout: Layout = PLAIN,
    wanted: Sequence[Wanted] = (),
) -> Header:
    """A delimited file's header: its first line that is not blank, or that has every required name.

    ReviewError if it has none.
    """
    mark = delimiter or ("\t" if ".tsv" in endings(file) else ",")
    if layout.names:
        return Header(mark, 0, layout.names, 0)
    lines = first_lines(file)
    if not lines:
        raise ReviewError(
            f"{file}: the file is empty. A first line with the names of the columns is expected."
        )
    headers = [_header_from(lines[place:], mark) for place in range(len(lines))]
    if layout.header_within == 1:
        return headers[0]
    for begins in headers:
        if begins.lines <= layout.header_within and not _missing(positions(begins.names), wanted):
            return begins
    names = ", ".join(repr(column.theirs[0]) for column in wanted if column.is_required)
    raise ReviewError(
        f"{file}: none of the first {layout.header_within} lines is the header. It has at least: {names}."
    )


def _header_from(lines: Sequence[tuple[int, str]], mark: str) -> Header:
    """The header that begins on the first of these lines; a quoted name may go on on the next."""
    reader = csv.reader((f"{line}\n" for _, line in lines), delimiter=mark)
    names = tuple(next(reader))
    last = lines[reader.line_num - 1][0]
    return Header(mark, last, names, last - reader.line_num + 1)


def positions(names: Sequence[str]) -> dict[str, list[int]]:
    """Where each name stands in a header; a repeated one also as `name.1`, `name.2`, unless others are named so."""
    found: dict[str, list[int]] = {}
    for number, name in enumerate(names):
        found.setdefault(same_name(name), []).append(number)
    repeats = {
        f"{name}.{again}": [number]
        for name, numbers in found.items()
        for again, number in enumerate(numbers[1:], start=1)
    }
    return repeats | found


def _missing(there: Collection[str], wanted: Sequence[Wanted]) -> list[str]:
    return [column.theirs[0] for column in wanted if column.is_required and _name_in(there, column) is None]


def _name_in(there: Collection[str], column: Wanted) -> str | None:
    """The first of a column's names that a file has."""
    return next((name for name in map(same_name, column.theirs) if name in there), None)


def _select_csv(
    files: Sequence[Path], begins: Header, wanted: Sequence[Wanted], layout: Layout, query: Query
) -> str:
    there = positions(begins.names)
    missing_stop(files[0], begins.names, _missing(there, wanted))
    columns = []
    for column in wanted:
        name = _name_in(there, column)
        if name is not None and not column.is_list:
            _stop_if_repeated(files[0], name, there[name], column, wanted)
        value = _of_columns(column, [f"c{number}" for number in there[name]] if name is not None else [])
        columns.append(f"{value} as {identifier(column.ours)}")
    return f"select {', '.join(columns)}, source\nfrom {rows_of_csv(files, begins, layout, query)}"


def _stop_if_repeated(
    file: Path, name: str, places: Sequence[int], column: Wanted, wanted: Sequence[Wanted]
) -> None:
    """ReviewError where several columns have the name of one that is read, unless the others are read by number."""
    if len(places) > 1 and not any(f"{name}.1" in map(same_name, other.theirs) for other in wanted):
        there = " and ".join(str(place + 1) for place in places)
        raise ReviewError(
            f"{file}: columns {there} are both named {name!r}. Rename the one that is not meant, or read another than"
            f' the first with columns = {{ {column.ours} = "{name}.1" }} in program.toml.'
        )


def rows_of_csv(files: Sequence[Path], begins: Header, layout: Layout, query: Query) -> str:
    """SQL for the rows of delimited files that begin alike: columns `c0`, `c1`, … of text, and `source`."""
    group = len(query.parameters)
    query.parameters |= {
        f"files_{group}": [str(file) for file in files],
        f"columns_{group}": {f"c{number}": "VARCHAR" for number in range(len(begins.names) + layout.spare)},
        f"mark_{group}": begins.delimiter,
        f"lines_{group}": begins.records,
    }
    # DuckDB pads short rows only where it reads a file in one go; then it leaves out, without a word, what follows an
    # open quote.
    for file in files if layout.is_padded else ():
        stop_at_open_quote(file)
    padding = ", null_padding = true, parallel = false" if layout.is_padded else ""
    return (
        f"read_csv($files_{group}, columns = $columns_{group}, delim = $mark_{group}, skip = $lines_{group},"
        f" auto_detect = false{padding},"
        """ header = false, quote = '"', escape = '"', filename = 'source')"""
    )


def _of_columns(column: Wanted, values: Sequence[str]) -> str:
    """SQL for a column from the columns of that name."""
    if column.is_list:
        return f"[{', '.join(values)}]::varchar[]"
    return values[0] if values else "null::varchar"


def _select_json(
    files: Sequence[Path], form: str, wanted: Sequence[Wanted], layout: Layout, query: Query, decimal: str
) -> str:
    """Objects are matched key by key; a dot in a name leads into a nested object."""
    group = len(query.parameters)
    columns = []
    for number, column in enumerate(wanted):
        places = []
        for again, name in enumerate(column.theirs):
            query.parameters[f"key_{group}_{number}_{again}"] = json_path([name])
            query.parameters[f"path_{group}_{number}_{again}"] = json_path(name.split("."))
            places += [f"json ->> $key_{group}_{number}_{again}", f"json ->> $path_{group}_{number}_{again}"]
        value = f"coalesce({', '.join(places)})"
        if decimal != ".":
            types = [f"json_type({place.replace('->>', '->')})" for place in places]
            query.parameters["decimal"] = decimal
            value = f"if(coalesce({', '.join(types)}) = 'DOUBLE', replace({value}, '.', $decimal), {value})"
        value = _of_columns(column, [value])
        columns.append(f"{value} as {identifier(column.ours)}")
    return f"select {', '.join(columns)}, source\nfrom {objects_of_json(files, form, layout, query)}"


def objects_of_json(files: Sequence[Path], form: str, layout: Layout, query: Query) -> str:
    """SQL for the objects of JSON files laid out alike: columns `json` and `source`."""
    group = len(query.parameters)
    query.parameters[f"files_{group}"] = [str(file) for file in files]
    objects = (
        f"read_json_objects($files_{group}, format = '{form}',"
        f" ignore_errors = {form == 'newline_delimited'}, filename = 'source')"
    )
    if not layout.records:
        return objects
    query.parameters[f"records_{group}"] = json_path([layout.records])
    rows = f"""coalesce(from_json(json -> $records_{group}, '["JSON"]'), [json])"""
    return f"(select unnest({rows}) as json, source from {objects})"


def json_path(keys: Sequence[str]) -> str:
    """A JSON path that takes each key literally."""
    return "$" + "".join('."' + key.replace("\\", "\\\\").replace('"', '\\"') + '"' for key in keys)


def json_layout(con: duckdb.DuckDBPyConnection, file: Path) -> str:
    """How a JSON file lays out its objects: one a line, in one array, or spread over lines."""
    if any(ending in endings(file) for ending in (".jsonl", ".ndjson", ".log")):
        return "newline_delimited"
    first = next((line.strip() for _, line in first_lines(file)), "")
    if first.startswith("["):
        if not ends_with(file, b"]"):
            raise ReviewError(f"{file}: the file ends in the middle of its list. Export it again.")
        return "array"
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return "unstructured"
    return "newline_delimited"


def _select_parquet(
    con: duckdb.DuckDBPyConnection,
    files: Sequence[Path],
    wanted: Sequence[Wanted],
    query: Query,
    decimal: str,
    beside_text: bool,
) -> list[str]:
    """A SELECT for the files of each schema. Types of the file are kept, as they say more than text would.

    Where files differ in a column's type, or others are text, its values are text: of two types DuckDB would make one,
    and shift times.
    """
    schemas = list(_parquet_schemas(con, files).items())
    there = [{same_name(name): (name, type_) for name, type_ in schema} for schema, _ in schemas]
    names = {key: name for of_schema in there for key, (name, _) in of_schema.items()}
    missing_stop(files[0], list(names.values()), _missing(names, wanted))
    is_mixed = {
        column.ours: beside_text
        or len({of[name][1] for of in there if (name := _name_in(of, column)) is not None}) > 1
        for column in wanted
    }
    parts = []
    for (_, of_schema), columns in zip(schemas, there, strict=True):
        group = len(query.parameters)
        query.parameters[f"files_{group}"] = [str(file) for file in of_schema]
        values = []
        for column in wanted:
            name = _name_in(columns, column)
            value = _of_columns(column, [])
            if name is not None:
                value = _of_columns(column, [_value_of(*columns[name], is_mixed[column.ours], decimal)])
            elif _name_in(names, column) is not None:
                value = "null"  # of the type that it has in other files
            values.append(f"{value} as {identifier(column.ours)}")
        parts.append(
            f"select {', '.join(values)}, {SOURCE} as source\n"
            f"from read_parquet($files_{group}, filename = '{SOURCE}', hive_partitioning = false)"
        )
    return parts


def _parquet_schemas(
    con: duckdb.DuckDBPyConnection, files: Sequence[Path]
) -> dict[tuple[tuple[str, str], ...], list[Path]]:
    """Files by the names and types of their columns."""
    told: dict[str, tuple[object, ...]] = dict(
        con.execute(
            "select file_name, list((name, type, converted_type, logical_type, num_children))"
            " from parquet_schema($files) group by file_name",
            {"files": [str(file) for file in files]},
        ).fetchall()
    )
    alike = files_by(files, lambda file: repr(told[str(file)]))
    return {_columns_of_parquet(con, of_schema[0]): of_schema for of_schema in alike.values()}


def _columns_of_parquet(con: duckdb.DuckDBPyConnection, file: Path) -> tuple[tuple[str, str], ...]:
    described = con.execute(
        "describe select * from read_parquet($file, hive_partitioning = false)", {"file": str(file)}
    ).fetchall()
    return tuple((row[0], row[1]) for row in described)


def _value_of(name: str, type_: str, is_mixed: bool, decimal: str) -> str:
    """SQL for a column's value as the others can be read with: as it is, or as text."""
    value = identifier(name)
    if type_ == "TIMESTAMPTZ_NS":  # which converts to nothing else
        value, type_ = f"{value}::timestamptz", "TIMESTAMP WITH TIME ZONE"
    if not is_mixed:
        return value
    if type_ == "TIMESTAMP WITH TIME ZONE":
        return f"strftime({value} at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')"
    if type_.startswith("TIMESTAMP"):
        return f"strftime({value}::timestamp, '%Y-%m-%dT%H:%M:%S.%f')"
    text = f"{value}::varchar"
    if type_ in ("FLOAT", "DOUBLE"):
        text = f"whole_text({value})"
    is_number = type_ in ("FLOAT", "DOUBLE") or type_.startswith("DECIMAL")
    return f"replace({text}, '.', '{decimal}')" if is_number and decimal != "." else text


def missing_stop(file: Path, names: Sequence[str], missing: Sequence[str]) -> None:
    """ReviewError naming the required columns that a file lacks, the nearest it has, and all it has."""
    if not missing:
        return
    sentences = []
    if len(names) == 1 and (mark := next((mark for mark in ";\t|" if mark in names[0]), None)):
        raise ReviewError(
            f"{file}: column {missing[0]!r} is missing: the file has one column alone, {shortened(names[0])!r}."
            f" Is it delimited by {mark!r}? Then set delimiter = {json.dumps(mark)} for this export."
        )
    for name in missing:
        near = difflib.get_close_matches(name, [each for each in names if len(each) < LONG_NAME], n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        sentences.append(f"column {name!r} is missing.{hint}")
    has = ", ".join([*map(shortened, names[:NAMES_SHOWN]), *(["…"] if len(names) > NAMES_SHOWN else [])])
    raise ReviewError(
        f"{file}: {' '.join(sentences)} The file has: {has}."
        " If a column goes by another name there, say so with `columns` in program.toml."
    )
