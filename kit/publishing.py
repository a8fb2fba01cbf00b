"""A report → an edition: frozen whole with what it rests on, never changed afterwards."""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from kit import frames, metrics, quarters
from kit.accounts import file_name
from kit.database import tables_of
from kit.editions import (
    ABOUT,
    ENGINES,
    FIGURES,
    FOLDER,
    LINES,
    PAGE,
    SETTINGS,
    Edition,
    editions_of,
    inputs,
    names_of,
    run_name,
    seal,
    settings_texts,
)
from kit.errors import ReviewError
from kit.kept_lines import NOT_KEPT, hashes_of
from kit.program import Program, load_program
from kit.review import number
from kit.usage import size_of

SHOWN = 5
MOST_AT_ONCE = 1000


def publish(folder: Path, quarter: str, out: Path) -> tuple[Edition, bool]:
    """Freeze the report in <out>/<quarter>/ as the quarter's next edition; that edition, and whether it is a new one.

    The report of the last edition makes no other. An empty quarter is the last that the data completes. ReviewError if
    there is no report, if it was changed by hand, or if settings, files or kit are no longer those that it rests on:
    nobody could make it again.
    """
    program = load_program(folder)
    with tables_of(program) as con:
        chosen = quarters.choose_quarter(con, quarter)
        windows = {(table, name): rest for table, name, *rest in _file_windows(con, program)}
        five = {metric.key: number(metric.this) for metric in metrics.scorecard(con, chosen)}
    texts = settings_texts(program)
    report = {name: _read(out / chosen.name, name) for name in (FIGURES, PAGE)}
    figures = _figures(out / chosen.name, report[FIGURES])
    of = inputs(program)
    _stop_at_other_inputs(out / chosen.name, figures, of)
    if _hash(b"\0".join(texts.values())) != of["settings"]:
        raise ReviewError("program.toml is being written to. Run again when it is done.")
    run = run_name(of, chosen.name)
    said = {key: figures["scorecard"].get(key, {}).get("this") for key in five}
    changed = [
        *([FIGURES] if said != five or figures.get("seal") != seal(figures) else []),
        *([PAGE] if figures.get("page") != _hash(report[PAGE]) or run.encode() not in report[PAGE] else []),
    ]
    if changed:
        raise ReviewError(
            f"{out / chosen.name}: {' and '.join(changed)} {'were' if len(changed) > 1 else 'was'} changed since the"
            " report was made. Make it again."
        )
    about = {
        "quarter": chosen.name,
        "run": run,
        "program": program.program.name,
        "currency": program.program.currency,
        "timezone": program.program.timezone,
        **{name: of[name] for name in ("kit", "source", "definitions", "engines", "settings")},
        "inputs": (rests_on := _inputs(program, of, windows)),
        "report": {name: _hash(content) for name, content in report.items()},
    }
    return _freeze(out, about, {**report, LINES: _lines(program, rests_on)}, texts)


def _file_windows(
    con: duckdb.DuckDBPyConnection, program: Program
) -> list[tuple[str, str, date | None, date | None, int]]:
    """Table, name, first day, last day and rows of each file."""
    names = {
        (table, file_name(program, file)): name
        for table, exports in program.exports.items()
        for file, name in names_of(program.folder, exports).items()
    }
    return [
        (table, names.get((table, path), path), first, last, count)
        for table, path, first, last, count in frames.frame(con, "file_windows")
        .drop("block", "same_as")
        .rows()
    ]


def _freeze(
    out: Path, about: dict[str, Any], report: Mapping[str, bytes], texts: Mapping[str, bytes]
) -> tuple[Edition, bool]:
    """Put an edition beside those that are there; a folder cannot take the place of one that holds something."""
    folder = out / FOLDER / about["quarter"]
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".publishing-", dir=folder) as work:
        for place in range(MOST_AT_ONCE):
            last = editions_of(out, about["quarter"])[-1:]
            if last and last[0].about.get("report") == about["report"] and not last[0].changes:
                return last[0], False
            following = last[0].number + 1 if last else 1
            written = Path(work) / str(place)
            _write(written, {**about, "number": following}, report, texts)
            target = folder / f"{following:03d}"
            try:
                written.rename(target)
            except OSError:
                if not target.exists():
                    raise
                continue  # Another was published meanwhile.
            return Edition(target), True
    raise ReviewError(f"{folder}: others publish there without end. Publish again when they are done.")


def _write(
    folder: Path, about: dict[str, Any], report: Mapping[str, bytes], texts: Mapping[str, bytes]
) -> None:
    """The files of an edition, and what they are."""
    (folder / SETTINGS).mkdir(parents=True)
    files = {**report, PAGE: _with_number(report[PAGE], about)}
    sql = {}
    for place, (name, text) in enumerate(texts.items()):
        kept = f"{place}-{Path(name).name}" if place else name
        files[f"{SETTINGS}/{kept}"] = text
        if place:
            sql[name] = kept
    about |= {
        "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "sql": sql,
        "files": {name: _hash(content) for name, content in files.items()},
    }
    about["seal"] = seal(about)
    files[ABOUT] = json.dumps(about, ensure_ascii=False, indent=1).encode() + b"\n"
    for name, content in files.items():
        with (folder / name).open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())


def _with_number(page: bytes, about: Mapping[str, Any]) -> bytes:
    """The page, with the edition's number before its run."""
    run = f"Run {about['run']},".encode()
    return page.replace(run, f"Edition {about['number']}, run {about['run']},".encode(), 1)


def _inputs(
    program: Program, of: Mapping[str, Any], windows: Mapping[tuple[str, str], list[Any]]
) -> list[dict[str, Any]]:
    """Each file, or table of an engine: its hash, its bytes, and the first and last day and number of its rows."""
    sizes = {
        (table, name): size_of(file)
        for table, exports in program.exports.items()
        for file, name in names_of(program.folder, exports).items()
    }
    found = []
    for table, files in of["files"].items():
        for name, sha256 in files.items():
            first, last, rows = windows.get((table, name), (None, None, 0))
            found.append(
                {
                    "table": table,
                    "file": name,
                    "sha256": sha256,
                    "bytes": sizes.get((table, name), 0),
                    "first_day": first and first.isoformat(),
                    "last_day": last and last.isoformat(),
                    "rows": rows,
                }
            )
    return found


def _lines(program: Program, rests_on: list[dict[str, Any]]) -> bytes:
    """The hashes of the lines of small exports, one after the other; each input says where its own are."""
    files = {
        (table, name): file
        for table, exports in program.exports.items()
        for file, name in names_of(program.folder, exports).items()
        if table not in NOT_KEPT
    }
    found = bytearray()
    for each in rests_on:
        file = files.get((each["table"], each["file"]))
        hashes = hashes_of(file, each["sha256"]) if file else b""
        each["lines"] = [len(found), len(found) + len(hashes)]
        found += hashes
    return bytes(found)


def _stop_at_other_inputs(folder: Path, figures: Mapping[str, Any], of: Mapping[str, Any]) -> None:
    """ReviewError naming what the report does not rest on as it is now."""
    then = figures.get("inputs", {})
    if then == of:
        return
    before, after = then.get("files", {}), of["files"]
    named = sorted(
        {
            name
            for table in {*before, *after}
            for name in {*before.get(table, {}), *after.get(table, {})}
            if before.get(table, {}).get(name) != after.get(table, {}).get(name)
        }
    )
    other = [
        *(["program.toml or its SQL"] if then.get("settings") != of["settings"] else []),
        *(["the kit"] if any(then.get(name) != of[name] for name in ("kit", "source")) else []),
        *(
            f"{engine}'s release"
            for engine in ENGINES
            if then.get("engines", {}).get(engine) != of["engines"][engine]
        ),
        *named[:SHOWN],
        *([f"and {len(named) - SHOWN} files more"] if len(named) > SHOWN else []),
    ]
    raise ReviewError(
        f"{folder} does not rest on what there is now. Changed since the report: {', '.join(other)}."
        " Run api-review report, look at the page, and publish that."
    )


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except FileNotFoundError:
        raise ReviewError(
            f"{folder} has no {name}: there is no report to publish. Run api-review report --quarter"
            f" {folder.name} first."
        ) from None


def _figures(folder: Path, content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not isinstance(found.get("scorecard"), dict):
        raise ReviewError(f"{folder / FIGURES} was changed since the report was made. Make it again.")
    return found


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
