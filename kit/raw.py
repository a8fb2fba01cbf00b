"""Raw files → rows of text: which columns a file has, and the SELECT that reads the wanted ones.

Nothing here guesses what a value means; names are matched, values stay text until exports.py casts them.
"""

import csv
import difflib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import duckdb

from kit.errors import ReviewError

FORMATS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".log": "json",
    ".parquet": "parquet",
}
Key = TypeVar("Key")

COMPRESSED = (".gz", ".zst")


@dataclass
class Query:
    """A SELECT and its named parameters."""

    sql: str
    parameters: dict[str, object] = field(default_factory=dict)


def file_format(path: Path) -> str:
    """`csv`, `json` or `parquet`, by the file's name; ReviewError for any other."""
    suffixes = _endings(path)
    if suffixes and suffixes[-1] in COMPRESSED:
        suffixes.pop()
    known = FORMATS.get(suffixes[-1]) if suffixes else None
    if known is None:
        raise ReviewError(
            f"{path}: the name does not say what it holds."
            f" Allowed endings: {', '.join(FORMATS)}, and .gz or .zst after them."
        )
    return known


def _endings(path: Path) -> list[str]:
    return [suffix.lower() for suffix in path.suffixes]


def same_name(name: str) -> str:
    """What is left of a column's name when case, outer space and Unicode spelling don't count."""
    return unicodedata.normalize("NFC", name.strip().strip("\ufeff")).casefold()


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
) -> Query:
    """A SELECT of the wanted columns (name here → name in the file) as text, with `source` and `source_row`.

    A wanted column that a file lacks is null there, unless it is required: then a ReviewError names it.
    """
    query = Query("")
    parts = []
    of_kind = files_by(files, file_format)
    for begins, of_header in files_by(
        of_kind.get("csv", []), lambda file: header(con, file, delimiter)
    ).items():
        parts.append(_select_csv(of_header, begins, wanted, required, query))
    for layout, of_layout in files_by(of_kind.get("json", []), lambda file: json_layout(con, file)).items():
        parts.append(_select_json(of_layout, layout, wanted, query))
    if "parquet" in of_kind:
        parts.append(_select_parquet(con, of_kind["parquet"], wanted, required, query))
    query.sql = _numbered(parts, numbered)
    return query


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
    described = con.execute("describe select * from read_parquet($file)", {"file": str(file)}).fetchall()
    return [row[0] for row in described]


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
    parts = []
    for layout, of_layout in files_by(files, lambda file: json_layout(con, file)).items():
        query.parameters[f"files_{layout}"] = [str(file) for file in of_layout]
        parts.append(
            f"select *\nfrom {reader}($files_{layout}{columns}, format = '{layout}',"
            f" ignore_errors = {layout == 'newline_delimited'}, filename = 'source')"
        )
    query.sql = _numbered(parts, numbered)
    return query


def files_by(files: Sequence[Path], key: Callable[[Path], Key]) -> dict[Key, list[Path]]:
    """Files by key, each group in the order given."""
    groups: dict[Key, list[Path]] = {}
    for file in files:
        groups.setdefault(key(file), []).append(file)
    return groups


def _numbered(parts: Sequence[str], numbered: bool) -> str:
    rows = "\nunion all by name\n".join(parts)
    number = "row_number() over ()" if numbered else "null::bigint"
    return f"select *, {number} as source_row from (\n{rows}\n)"


@dataclass(frozen=True)
class Header:
    """How a delimited file begins: its delimiter, how many lines to skip, the names of its columns."""

    delimiter: str
    lines: int
    names: tuple[str, ...]


def header(con: duckdb.DuckDBPyConnection, file: Path, delimiter: str | None = None) -> Header:
    """The header in a delimited file's first line that is not blank; ReviewError if it has none."""
    number, line = _first_line(con, file)
    if not line.strip():
        raise ReviewError(
            f"{file}: the file is empty. A first line with the names of the columns is expected."
        )
    mark = delimiter or ("\t" if ".tsv" in _endings(file) else ",")
    return Header(mark, number, tuple(next(csv.reader([line], delimiter=mark))))


def _first_line(con: duckdb.DuckDBPyConnection, file: Path) -> tuple[int, str]:
    """Number and text of the first of a file's first lines that is not blank, without a byte order mark."""
    rows = con.execute(
        "select line from read_csv($file, columns = {line: 'VARCHAR'}, auto_detect = false, header = false,"
        " delim = '\x1f', quote = '', escape = '') limit 20",
        {"file": str(file)},
    ).fetchall()
    for number, (line,) in enumerate(rows, start=1):
        if line and line.strip("\ufeff \t\r"):
            return number, line.lstrip("\ufeff").rstrip("\r")
    return 0, ""


def _select_csv(
    files: Sequence[Path],
    begins: Header,
    wanted: Mapping[str, str],
    required: Sequence[str],
    query: Query,
) -> str:
    names = begins.names
    position = {same_name(name): number for number, name in reversed(list(enumerate(names)))}
    missing_stop(
        files[0], names, [name for name in required if same_name(wanted[name]) not in position], wanted
    )
    group = len(query.parameters)
    query.parameters |= {
        f"files_{group}": [str(file) for file in files],
        f"columns_{group}": {f"c{number}": "VARCHAR" for number in range(len(names))},
        f"mark_{group}": begins.delimiter,
        f"lines_{group}": begins.lines,
    }
    columns = [
        f"c{position[same_name(theirs)]} as {identifier(ours)}"
        if same_name(theirs) in position
        else f"null::varchar as {identifier(ours)}"
        for ours, theirs in wanted.items()
    ]
    return (
        f"select {', '.join(columns)}, source\n"
        f"from read_csv($files_{group}, columns = $columns_{group}, delim = $mark_{group}, skip = $lines_{group},"
        " auto_detect = false,"
        """ header = false, quote = '"', escape = '"', filename = 'source')"""
    )


def _select_json(files: Sequence[Path], layout: str, wanted: Mapping[str, str], query: Query) -> str:
    """Objects are matched key by key; a dot in a name leads into a nested object."""
    group = len(query.parameters)
    query.parameters[f"files_{group}"] = [str(file) for file in files]
    columns = []
    for number, (ours, theirs) in enumerate(wanted.items()):
        query.parameters[f"key_{group}_{number}"] = json_path([theirs])
        query.parameters[f"path_{group}_{number}"] = json_path(theirs.split("."))
        columns.append(
            f"coalesce(json ->> $key_{group}_{number}, json ->> $path_{group}_{number}) as {identifier(ours)}"
        )
    return (
        f"select {', '.join(columns)}, source\n"
        f"from read_json_objects($files_{group}, format = '{layout}',"
        f" ignore_errors = {layout == 'newline_delimited'}, filename = 'source')"
    )


def json_path(keys: Sequence[str]) -> str:
    """A JSON path that takes each key literally."""
    return "$" + "".join('."' + key.replace("\\", "\\\\").replace('"', '\\"') + '"' for key in keys)


def json_layout(con: duckdb.DuckDBPyConnection, file: Path) -> str:
    """How a JSON file lays out its objects: one a line, in one array, or spread over lines."""
    if any(ending in _endings(file) for ending in (".jsonl", ".ndjson", ".log")):
        return "newline_delimited"
    first = _first_line(con, file)[1].strip()
    if first.startswith("["):
        return "array"
    is_whole = con.execute("select json_valid($line)", {"line": first}).fetchall()
    return "newline_delimited" if is_whole == [(True,)] else "unstructured"


def _select_parquet(
    con: duckdb.DuckDBPyConnection,
    files: Sequence[Path],
    wanted: Mapping[str, str],
    required: Sequence[str],
    query: Query,
) -> str:
    """Types of the file are kept; they say more than text would."""
    group = len(query.parameters)
    query.parameters[f"files_{group}"] = [str(file) for file in files]
    described = con.execute(
        "describe select * from read_parquet($files, union_by_name = true)",
        {"files": query.parameters[f"files_{group}"]},
    ).fetchall()
    theirs_by_name = {same_name(row[0]): row[0] for row in described}
    missing = [name for name in required if same_name(wanted[name]) not in theirs_by_name]
    missing_stop(files[0], list(theirs_by_name.values()), missing, wanted)
    columns = [
        f"{identifier(theirs_by_name[same_name(theirs)])} as {identifier(ours)}"
        if same_name(theirs) in theirs_by_name
        else f"null::varchar as {identifier(ours)}"
        for ours, theirs in wanted.items()
    ]
    return (
        f"select {', '.join(columns)}, source\n"
        f"from read_parquet($files_{group}, union_by_name = true, filename = 'source')"
    )


def missing_stop(file: Path, names: Sequence[str], missing: Sequence[str], wanted: Mapping[str, str]) -> None:
    """ReviewError naming the required columns that a file lacks, the nearest it has, and all it has."""
    if not missing:
        return
    sentences = []
    for name in missing:
        near = difflib.get_close_matches(wanted[name], names, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        sentences.append(f"column {wanted[name]!r} is missing.{hint}")
    raise ReviewError(
        f"{file}: {' '.join(sentences)} The file has: {', '.join(names)}."
        " If a column goes by another name there, say so with `columns` in program.toml."
    )
