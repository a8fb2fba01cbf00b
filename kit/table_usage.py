"""A table of call logs in an engine → its daily usage in the cache, a file for each of the table's days."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from kit.cache import Cache, key_of, put
from kit.engine import connected, missing, partitions, usage_in_batches
from kit.log_usage import Log, Told
from kit.masks import masked_usage
from kit.program import Export, Program
from kit.progress import Progress

PARQUET = b"PAR1"


def table_logs(
    program: Program, cache: Cache, number: int, export: Export, way: Mapping[str, Any]
) -> tuple[Log, ...]:
    """The days of a table as logs whose usage is in the cache; only new and changed days are asked for.

    Each answer is kept before the next question, so that what breaks off goes on there. ReviewError if the engine
    can't be asked, or what it holds can't be used.
    """
    assert program.engine is not None and export.table  # the settings say so of each block with a table
    engine = connected(program.engine)
    name = key_of(way)
    known = {
        date.fromisoformat(day): (rows, key)
        for day, (rows, key) in (cache.told("partitions", name) or {}).items()
        if _is_whole(cache.file("days", key))
    }
    found = partitions(engine, export)
    there = {each.day: each.rows for each in found}
    wanted = missing(found, {day: rows for day, (rows, _) in known.items()}, export, engine.lookback)
    # Where this breaks off, days that hang on a changed one are still to be asked for, though they have as many rows.
    known = {day: told for day, told in known.items() if day not in wanted}
    with Progress(len(wanted), "days", f"Asking {engine.kind}") as progress:
        rows_come = 0
        for place, (days, answer) in enumerate(
            usage_in_batches(engine, export, wanted, program.program.timezone)
        ):
            for day in days:
                of_day = pl.col("partition_day") == day
                usage = masked_usage(answer.usage.filter(of_day))
                key = _keep(cache, there[day], usage, answer.rejected.filter(of_day))
                known[day] = (there[day], key)
            cache.remember(
                "partitions",
                name,
                {str(day): [rows, key] for day, (rows, key) in known.items() if day in there},
            )
            cache.save()
            rows_come += sum(there[day] for day in days)
            progress.show(sum(day in known for day in wanted), f"{place + 1} questions", rows_come)
    return tuple(Log((Path(export.table),), export, number, known[day][1], 0) for day in sorted(there))


def _is_whole(file: Path) -> bool:
    """Whether a Parquet file is there, and to its end."""
    try:
        with file.open("rb") as stream:
            stream.seek(-len(PARQUET), 2)
            return stream.read() == PARQUET
    except OSError:
        return False


def _keep(cache: Cache, rows: int, usage: pl.DataFrame, rejected: pl.DataFrame) -> str:
    """Write the usage of a day under a name made of what it says."""
    told = Told(
        row_count=rows,
        has_requests=False,  # the engine has told repeats from firsts
        has_owner=bool(
            usage.select(pl.any_horizontal(pl.col("api_key", "partner_id").is_not_null()).any()).item()
        ),
        told_first=None,
        told_last=None,
        rows=(rows,),
        rejects=tuple(
            (0, 0, f"column {problem!r}: no value that can be used", count, problem, None)
            for problem, count in rejected.select("problem", "row_count").iter_rows()
        ),
    )
    days = usage.drop("partition_day").with_columns(
        pl.lit(0, pl.Int32).alias("place"), pl.lit(None, pl.String).alias("system")
    )
    with cache.writing() as work:
        days.sort(pl.all()).write_parquet(work / "days.parquet", metadata={"told": json.dumps(asdict(told))})
        key = hashlib.sha256((work / "days.parquet").read_bytes()).hexdigest()[:40]
        put(work / "days.parquet", cache.file("days", key))
    return key
