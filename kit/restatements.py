"""What has been restated since a quarter was published, and why: worked out again with one thing changed at a time.

Between the figure as published and the figure now stand two others, each worked out by today's code:

    published → old settings on the files it had → old settings on all files → now
             corrected source,                  late data                  changed
             changed definition                                            settings

The parts add up to the whole movement. Where the old settings stop at the new files, the settings come before these. A
step that cannot be worked out is one part with the next.
"""

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
from pydantic import PrivateAttr

from kit import frames, metrics, quarters
from kit.cache import open_cache
from kit.database import tables_of
from kit.editions import RESTS_ON, SETTINGS, Edition, Published, fingerprints, name_of
from kit.errors import ReviewError
from kit.fiscal import Quarter
from kit.metrics import Figure, Metric
from kit.program import Export, Program
from kit.toml_lines import parse

# Shown figures agree to three digits; less than that is no restatement.
VISIBLE = 0.0005
# Published figures are JSON numbers, exact figures are not.
NOISE = Fraction(1, 10**9)
BLOCK = 1 << 20


@dataclass(frozen=True)
class Cause:
    """Why a figure moved, and by how much of it; no amount where the two are not of one currency."""

    what: str
    amount: Fraction | None


@dataclass(frozen=True)
class Restatement:
    """A figure that is not what was published: as first reported, as last published, and the causes between."""

    key: str
    reported: float
    published: float
    edition: int | None
    currency: str
    causes: tuple[Cause, ...]

    @property
    def reason(self) -> str:
        return "; ".join(cause.what for cause in self.causes)

    def as_json(self) -> dict[str, Any]:
        causes = [
            {"what": cause.what, "amount": None if cause.amount is None else float(cause.amount)}
            for cause in self.causes
        ]
        return {**vars(self), "reason": self.reason, "causes": causes}


@dataclass(frozen=True)
class Files:
    """The files of each table beside those that an edition had, by name.

    `grown` begin with all that they were; of `corrected` the old content is gone, and of `retold`, an engine's tables,
    it is not known what of it changed; `kept` are those that still are there, under whatever name.
    """

    added: Mapping[str, frozenset[str]]
    grown: Mapping[str, frozenset[str]]
    corrected: Mapping[str, frozenset[str]]
    retold: Mapping[str, frozenset[str]]
    gone: Mapping[str, frozenset[str]]
    kept: Mapping[str, frozenset[str]]


def restatements(
    con: duckdb.DuckDBPyConnection,
    program: Program,
    five: Sequence[Metric],
    of: Mapping[str, Any],
    said: Published | None,
    quarter: Quarter,
) -> tuple[Restatement, ...]:
    """Last quarter's figures that differ from what was published; `con` and `five` are this quarter's, `of` its inputs.

    `quarter` is the one that was published.
    """
    moved = moved_figures(five, said) if said else {}
    if not said or not moved:
        return ()
    currency = str(said.figures.get("currency", program.program.currency))
    number = said.edition.number if said.edition else None
    found = causes(con, program, moved, of, said, quarter)
    if currency != program.program.currency:
        other = Cause(f"changed settings (amounts were in {currency})", None)
        found |= {key: (other,) for key, (metric, _) in moved.items() if metric.unit == "money"}
    restated = []
    for key, (_, published) in moved.items():
        first = _reported(said.first, key)
        reported = published if first is None else first
        restated.append(Restatement(key, reported, published, number, currency, found[key]))
    return tuple(restated)


def moved_figures(five: Sequence[Metric], said: Published) -> dict[str, tuple[Metric, float]]:
    """Metrics whose figure for last quarter reads otherwise than was published, each with what was."""
    moved = {}
    for metric in five:
        published = _reported(said.figures, metric.key)
        if published is None or metric.last is None:
            continue
        if abs(float(metric.last) - published) > VISIBLE * max(abs(published), VISIBLE):
            moved[metric.key] = (metric, published)
    return moved


def _reported(figures: Mapping[str, Any], key: str) -> float | None:
    figure = figures.get("scorecard", {}).get(key, {}).get("this")
    return figure if isinstance(figure, int | float) else None


def causes(
    con: duckdb.DuckDBPyConnection,
    program: Program,
    moved: Mapping[str, tuple[Metric, float]],
    of: Mapping[str, Any],
    said: Published,
    quarter: Quarter,
) -> dict[str, tuple[Cause, ...]]:
    """Why each figure moved, by its key."""
    then = said.figures.get("inputs", {})
    before, settings = program, ""
    if of["settings"] != then.get("settings"):
        before = (program_then(said.edition, program.folder) if said.edition else None) or program
        settings = _changed_settings(said.edition, program)
    is_known = before is not program or not settings
    files = compared(before, then.get("files", {}), said.edition)
    late = _spoken_by(con, files, quarter.last_day)
    definition = _changed_definition(of, then)
    now = {metric.key: metric.last for metric, _ in moved.values()}
    between = figures_of(before, quarter.name) if before is not program else now
    on_old, is_late_last = between, False
    if any(files.added.values()) or any(files.grown.values()):
        with tempfile.TemporaryDirectory() as work:
            on_old = figures_of(narrowed(before, files, said.edition, Path(work) / "then"), quarter.name)
            if (
                not between
            ):  # The old settings may be at a loss with new files, not the new ones with the old.
                is_late_last = True
                between = figures_of(narrowed(program, files, said.edition, Path(work) / "now"), quarter.name)
    found = {}
    for key, (metric, published) in moved.items():
        other = [_corrected(key, files), definition, "" if is_known else settings]
        later = [_named("late data", key, late), settings if is_known else ""]
        steps = [" or ".join(what for what in other if what), *(reversed(later) if is_late_last else later)]
        points = [on_old.get(key), between.get(key), metric.last]
        found[key] = parted([Fraction(published), *map(_fraction, points)], steps)
    return found


def parted(points: Sequence[Fraction | None], steps: Sequence[str]) -> tuple[Cause, ...]:
    """The movement from the first point to the last in parts, each of what lies between two known points.

    A step without a name has no cause that is known of. Parts of nothing are left out; the others add up.
    """
    found, start, names = [], points[0] or Fraction(0), list[str]()
    least = NOISE * max(abs(point) for point in points if point is not None)
    for point, step in zip(points[1:], steps, strict=True):
        names += [step] if step else []
        if point is None:
            continue
        if abs(point - start) > least:
            found.append(Cause(" and ".join(names) or "reason unknown", point - start))
            start = point
        names = []
    return tuple(found)


def figures_of(program: Program, quarter: str) -> dict[str, Figure]:
    """A quarter's five figures of a program, by key; none if its settings and files give none."""
    try:
        with tables_of(program) as con:
            five = metrics.scorecard(con, quarters.all_quarters(con)[quarter])
    except (ReviewError, duckdb.Error, KeyError, OSError):
        return {}
    return {metric.key: metric.this for metric in five}


def _fraction(figure: Figure) -> Fraction | None:
    return None if figure is None else Fraction(figure)


# What changed


def compared(program: Program, then: Mapping[str, Mapping[str, str]], edition: Edition | None) -> Files:
    """What became of the files that an edition had, and which there are beside them."""
    cache = open_cache(program.folder)
    now = {table: fingerprints(program, cache, exports) for table, exports in program.exports.items()}
    cache.save()
    found: dict[str, dict[str, frozenset[str]]] = {name: {} for name in Files.__annotations__}
    for table in {*now, *then}:
        after, before = now.get(table, {}), then.get(table, {})
        engines = {export.table for export in program.exports.get(table, []) if export.table}
        other = {name for name in before if name in after and after[name] != before[name]}
        grown = {name for name in other - engines if _has_grown(program, edition, table, name, before[name])}
        renamed = {name for name, sha256 in after.items() if sha256 in before.values()}
        sets = {
            "added": after.keys() - before.keys() - renamed,
            "grown": grown,
            "corrected": other - engines - grown,
            "retold": other & engines,
            "gone": {name for name in before.keys() - after.keys() if before[name] not in after.values()},
            "kept": (before.keys() & after.keys()) | renamed,
        }
        for name, files in sets.items():
            found[name][table] = frozenset(files)
    return Files(**found)


def _has_grown(program: Program, edition: Edition | None, table: str, name: str, sha256: str) -> bool:
    """Whether a file begins with what it was when the edition was published."""
    size = edition.sizes.get((table, name), 0) if edition else 0
    file = _file_named(program, table, name)
    # A register read from several files is told in the order of their names, which a copy would not have.
    if not size or file is None or (table == "partners" and _count(program, table) > 1):
        return False
    with file.open("rb") as stream:
        return _hash_of_beginning(stream, size) == sha256


def _hash_of_beginning(stream: Any, size: int) -> str:
    digest = hashlib.sha256()
    while size > 0 and (block := stream.read(min(BLOCK, size))):
        digest.update(block)
        size -= len(block)
    return "" if size else digest.hexdigest()


def _file_named(program: Program, table: str, name: str) -> Path | None:
    """The local file of that name; None if it is elsewhere or gone."""
    found = (
        file
        for export in program.exports.get(table, [])
        for file in export.files(program.folder)
        if name_of(program.folder, file) == name and file.is_file()
    )
    return next(found, None)


def _count(program: Program, table: str) -> int:
    return sum(len(export.files(program.folder)) for export in program.exports.get(table, []))


def _spoken_by(con: duckdb.DuckDBPyConnection, files: Files, last_day: date) -> dict[str, frozenset[str]]:
    """The files that came late, by table: those with rows of days up to one, or rows of no days."""
    begins = {(table, name): first for table, name, first, _, _ in file_windows(con) if first is not None}
    return {
        table: frozenset(name for name in added if begins.get((table, name), last_day) <= last_day)
        | files.grown.get(table, frozenset())
        for table, added in files.added.items()
    }


def file_windows(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str, date | None, date | None, int]]:
    """Table, name, first day, last day and rows of each file."""
    return [
        (table, Path(path).name if Path(path).is_absolute() else path, first, last, count)
        for table, path, first, last, count in frames.frame(con, "file_windows").rows()
    ]


def _corrected(key: str, files: Files) -> str:
    changed = {
        table: files.corrected.get(table, frozenset()) | files.gone.get(table, frozenset())
        for table in {*files.corrected, *files.gone}
    }
    parts = [
        _named("corrected source", key, changed),
        _named("late data or corrected source", key, files.retold),
    ]
    return " and ".join(part for part in parts if part)


def _named(what: str, key: str, files: Mapping[str, frozenset[str]]) -> str:
    """What happened to the tables that a figure rests on, with their names; empty if nothing did."""
    tables = [table for table in RESTS_ON[key] if files.get(table)]
    return f"{what} ({', '.join(tables)})" if tables else ""


def _changed_definition(of: Mapping[str, Any], then: Mapping[str, Any]) -> str:
    """Whether figures are worked out by other code; empty if not."""
    of_kit = "definitions" if "definitions" in then else "kit"
    if then.get(of_kit) != of[of_kit]:
        return "changed definition"
    is_other = "engines" in then and then["engines"] != of["engines"]
    return "changed definition (new release of an engine)" if is_other else ""


# Old settings, and old files


def _changed_settings(edition: Edition | None, program: Program) -> str:
    """The blocks of program.toml that an edition had otherwise, or that they changed where it is not known which."""
    try:
        old = parse((edition.folder / SETTINGS / "program.toml").read_text("utf-8-sig")) if edition else None
    except (OSError, ValueError):
        old = None
    if old is None:
        return "changed settings"
    now = parse((program.folder / "program.toml").read_text("utf-8-sig"))
    names = [name for name in {**old, **now} if old.get(name) != now.get(name)]
    return (
        f"changed settings ({', '.join(names[:3])}{' and more' if names[3:] else ''})"
        if names
        else ("changed settings (SQL)")
    )


def program_then(edition: Edition, folder: Path) -> Program | None:
    """The program of a folder with an edition's settings and SQL; None if the kit no longer understands them."""
    kept = edition.folder / SETTINGS
    try:
        then = Program(folder=folder, **parse((kept / "program.toml").read_text("utf-8-sig")))
    except (OSError, ValueError):
        return None
    sql = {
        name: str((kept / file).resolve())
        for name, file in edition.about.get("sql", {}).items()
        if _is_other(folder / name, kept / file)
    }
    exports = {
        table: [
            export.model_copy(update={"sql": sql[export.sql]}) if export.sql in sql else export
            for export in blocks
        ]
        for table, blocks in then.exports.items()
    }
    return then.model_copy(update={"exports": exports})


def _is_other(now: Path, then: Path) -> bool:
    """Whether a file differs from the one kept, or is gone: where not, logs that it selects need not be read again."""
    return not now.is_file() or now.read_bytes() != then.read_bytes()


class OldExport(Export):
    """An export as an edition had it: some of its files, one or the other cut to what it was."""

    _kept: frozenset[str] = PrivateAttr(frozenset())
    _cut: dict[str, Path] = PrivateAttr({})

    def of_pattern(self, folder: Path, pattern: str) -> list[Path]:
        named = {name_of(folder, file): file for file in super().of_pattern(folder, pattern)}
        return [self._cut.get(name, file) for name, file in named.items() if name in self._kept]


def narrowed(program: Program, files: Files, edition: Edition | None, work: Path) -> Program:
    """A program with none but the files that an edition had; those that have grown are cut, in a folder of ours."""
    exports: dict[str, list[Export]] = {}
    for number, (table, blocks) in enumerate(program.exports.items()):
        cut = {
            name: _cut(program, table, name, edition, work / str(number))
            for name in files.grown.get(table, frozenset())
        }
        exports[table] = []
        for export in blocks:
            # Only what is set tells exports apart in the cache of logs: what is set must stay so.
            old = OldExport.model_construct(_fields_set=set(export.model_fields_set), **dict(export))
            old._kept, old._cut = (
                files.kept.get(table, frozenset()),
                {name: at for name, at in cut.items() if at},
            )
            exports[table].append(old)
    return program.model_copy(update={"exports": exports})


def _cut(program: Program, table: str, name: str, edition: Edition | None, work: Path) -> Path | None:
    """A copy of a file's beginning, as long as the file was."""
    file = _file_named(program, table, name)
    if file is None or edition is None:
        return None
    copy, left = work / name, edition.sizes[table, name]
    copy.parent.mkdir(parents=True, exist_ok=True)
    with file.open("rb") as source, copy.open("wb") as target:
        while left > 0 and (block := source.read(min(BLOCK, left))):
            target.write(block)
            left -= len(block)
    return copy
