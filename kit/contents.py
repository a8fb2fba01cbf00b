"""What whole rows of files say, in columns that nothing else reads too: by that rows of two files are the same."""

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from kit.raw import (
    PLAIN,
    Query,
    file_format,
    files_by,
    header,
    identifier,
    json_layout,
    numbered_rows,
    objects_of_json,
    rows_of_csv,
    same_name,
    select_lines,
)
from kit.reading import Reading, wanted_of

# A charge that is restated differs in these alone.
AMOUNTS = re.compile("cost|price|quantity|amount|discount|rate$", re.IGNORECASE)


def fill_contents(reading: Reading, files: Mapping[Path, int], numbered: bool = True) -> None:
    """Make the temporary table `contents` of the rows of some files of an export, given with their numbers.

    Each row with its file, its place there if they are numbered, and two hashes: of `whole` it, and of what is `named`,
    which leaves out amounts, prices and quantities, or all but what a preset tells its rows apart by.
    """
    con = reading.con
    query = _hashed(reading, list(files), numbered)
    con.execute(
        "create or replace temp table contents as"
        " select list_extract($numbers::integer[], list_position($read::varchar[], source)) as file_id,"
        f" source_row, whole, named from ({query.sql})",
        query.parameters | {"read": [str(file) for file in files], "numbers": list(files.values())},
    )


def _hashed(reading: Reading, files: Sequence[Path], numbered: bool) -> Query:
    preset = reading.preset
    if preset and preset.is_lines:
        lines = select_lines(files, numbered)
        return Query(
            f"select source, source_row, hash(line) as whole, whole as named from ({lines.sql})",
            lines.parameters,
        )
    layout = preset.layout if preset else PLAIN
    delimiter = reading.export.delimiter or (preset.delimiter if preset else None)
    wanted = [] if reading.export.sql or (preset and preset.types) else wanted_of(reading)
    identity = preset.identity if preset else ()
    query = Query("")
    parts = []
    of_kind = files_by(files, file_format)
    for begins, of_header in files_by(
        of_kind.get("csv", []), lambda file: header(reading.con, file, delimiter, layout, wanted)
    ).items():
        width = len(begins.names) + layout.spare
        names = [*begins.names, *[""] * (width - len(begins.names))]
        columns = {f"c{number}": name for number, name in enumerate(names)}
        parts.append(f"{_both(columns, identity)} from {rows_of_csv(of_header, begins, layout, query)}")
    for form, of_form in files_by(
        of_kind.get("json", []), lambda file: json_layout(reading.con, file)
    ).items():
        objects = objects_of_json(of_form, form, layout, query)
        parts.append(f"select source, hash(json::varchar) as whole, whole as named from {objects}")
    for file in of_kind.get("parquet", []):
        key = f"parquet_{len(query.parameters)}"
        query.parameters[key] = str(file)
        described = reading.con.execute(
            "describe select * from read_parquet($file, hive_partitioning = false)", {"file": str(file)}
        ).fetchall()
        columns = {identifier(row[0]): row[0] for row in described}
        parts.append(
            f"{_both(columns, identity)} from read_parquet(${key}, filename = 'source', hive_partitioning = false)"
        )
    query.sql = numbered_rows(parts, numbered)
    return query


def _both(columns: Mapping[str, str], identity: Collection[str]) -> str:
    """SQL for both hashes, whatever order the columns stand in; outer space does not count."""
    ordered = sorted(columns, key=lambda column: same_name(columns[column]))
    told = set(map(same_name, identity))
    named = [column for column in ordered if same_name(columns[column]) in told] or [
        column for column in ordered if not AMOUNTS.search(columns[column])
    ]
    return f"select source, {_hash(ordered)} as whole, {_hash(named)} as named"


def _hash(columns: Sequence[str]) -> str:
    values = [f"coalesce(trim({column}::varchar), '')" for column in columns]
    return f"hash({', '.join(values)})" if values else "hash('')"
