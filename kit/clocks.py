"""Times without an offset that a zone's clocks show twice in a night, or never."""

from collections.abc import Iterator

from kit.columns import has_clock, has_zone, in_form, schema
from kit.reading import Reading, staged
from kit.rows import insert_rows


def count_clock_changes(reading: Reading, block: int) -> None:
    """Enter how many times of an export its zone's clocks skip, and how many they show twice, if any.

    Those that are skipped are read as an hour later, those shown twice as the later of the two.
    """
    export, con = reading.export, reading.con
    if export.timezone == "UTC":
        return
    query = staged(reading, numbered=False)
    given = con.sql(query.sql, params=query.parameters)
    clocks = list(_clocks(reading, dict(zip(given.columns, map(str, given.types), strict=True))))
    if not clocks:
        return
    query.parameters["zone_of_clocks"] = export.timezone
    there = "clock at time zone $zone_of_clocks"
    [(skipped, twice)] = con.execute(
        f"with staged as (\n{query.sql}\n), clocks as (select unnest([{', '.join(clocks)}]) as clock from staged)"
        f" select count(*) filter ((({there}) at time zone $zone_of_clocks) <> clock),"
        f" count(*) filter ((({there}) - interval 1 hour) at time zone $zone_of_clocks = clock) from clocks",
        query.parameters,
    ).fetchall()
    if skipped or twice:
        insert_rows(con, "clock_changes", [(reading.table, block, export.timezone, skipped, twice)])


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
