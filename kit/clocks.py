"""Times without an offset that a zone's clocks show twice in a night, or never."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb

from kit.columns import has_clock, has_zone, in_form, schema
from kit.reading import Reading, staged
from kit.rows import insert_rows

Changes = tuple[int, int]  # times that clocks skip, and times that they show twice


def enter_clock_changes(
    con: duckdb.DuckDBPyConnection, table: str, block: int, zone: str, changes: Iterable[Changes]
) -> None:
    """Enter how many times of an export's files its zone's clocks skip, and how many they show twice, if any."""
    skipped, twice = (sum(counts) for counts in zip((0, 0), *changes, strict=True))
    if skipped or twice:
        insert_rows(con, "clock_changes", [(table, block, zone, skipped, twice)])


def clock_changes(reading: Reading) -> dict[Path, Changes]:
    """How many times of each file its zone's clocks skip, and how many they show twice; files without any are left out.

    Those that are skipped are read as an hour later, those shown twice as the later of the two. Times that a SELECT of
    one's own gives without their file are of the first.
    """
    export, con = reading.export, reading.con
    if export.timezone == "UTC":
        return {}
    query = staged(reading, numbered=False)
    given = con.sql(query.sql, params=query.parameters)
    clocks = list(_clocks(reading, dict(zip(given.columns, map(str, given.types), strict=True))))
    if not clocks:
        return {}
    source = "source" if "source" in given.columns else "null::varchar as source"
    query.parameters["zone_of_clocks"] = export.timezone
    there = "clock at time zone $zone_of_clocks"
    rows = con.execute(
        f"with staged as (\n{query.sql}\n), clocks as ("
        f"select unnest([{', '.join(clocks)}]) as clock, {source} from staged)"
        f" select source, count(*) filter ((({there}) at time zone $zone_of_clocks) <> clock) as skipped,"
        f" count(*) filter ((({there}) - interval 1 hour) at time zone $zone_of_clocks = clock) as twice from clocks"
        " group by source having skipped + twice > 0",
        query.parameters,
    ).fetchall()
    first = next(iter(reading.originals.values()))
    return {
        reading.originals[Path(source)] if source else first: (skipped, twice)
        for source, skipped, twice in rows
    }


def _clocks(reading: Reading, types: dict[str, str]) -> Iterator[str]:
    """SQL for the time on the clock of each column that has one without an offset."""
    export = reading.export
    for name, type_, *_ in schema(reading.table):
        if type_ not in ("DATE", "TIMESTAMP WITH TIME ZONE") or name in export.set:
            continue
        text = f"trim(staged.{name})"
        if types.get(name, "").startswith("TIMESTAMP") and types[name] != "TIMESTAMP WITH TIME ZONE":
            yield f"staged.{name}::timestamp"
        elif types.get(name) == "VARCHAR" and not export.dates:
            yield f"if(is_clock({text}), written_clock({text}), null)"
        elif (
            types.get(name) == "VARCHAR"
            and export.dates
            and has_clock(export.dates)
            and not has_zone(export.dates)
        ):
            yield in_form(text, export.dates)
