"""What has been restated since a quarter was published, and why: worked out again with one thing changed at a time.

Between the figure as first published and the figure now stand two others, each worked out by today's code:

    published → old settings on the files it had → old settings on all files → now
             corrected source,                  late data                  changed
             changed definition                                            settings

The parts add up to the whole movement. Where the old settings stop at the new files, the settings come before these. A
step that cannot be worked out is one part with the next.
"""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb

from kit import formats, metrics, quarters
from kit.database import tables_of
from kit.earlier_pages import Published, to_day
from kit.editions import RESTS_ON, Edition
from kit.errors import ReviewError
from kit.fiscal import Quarter
from kit.metrics import Figure
from kit.old_inputs import Files, compared, narrowed, program_then, relocated
from kit.program import Program
from kit.what_changed import changed_definition, changed_settings, corrected, late_data

# Shown figures agree to three digits; less than that is no restatement.
VISIBLE = 0.0005
# Published figures are JSON numbers, exact figures are not.
NOISE = Fraction(1, 10**9)


@dataclass(frozen=True)
class Cause:
    """Why a figure moved, and by how much of it; no amount where the two are not of one currency."""

    what: str
    amount: Fraction | None


@dataclass(frozen=True)
class Restatement:
    """A quarter's figure that is not what was published: as first reported, as last published, now, and why it moved.

    `edition` is the last one, `reported_in` the first that could be read; None where none was published. `to_day` is
    the day to which the quarter had come when it was first reported, if it was not over. A figure may be absent.
    """

    quarter: str
    key: str
    reported: float | None
    published: float | None
    now: float | None
    edition: int | None
    reported_in: int | None
    to_day: date | None
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
        day = self.to_day and self.to_day.isoformat()
        return {**vars(self), "to_day": day, "reason": self.reason, "causes": causes}


@dataclass(frozen=True)
class Moved:
    """A figure of a quarter, its unit, and what was first reported; either may be absent."""

    unit: str
    reported: float | None
    now: Figure


def restatements(
    con: duckdb.DuckDBPyConnection,
    program: Program,
    figures: Mapping[str, tuple[str, Figure]],
    of: Mapping[str, Any],
    said: Published | None,
    quarter: Quarter,
) -> tuple[Restatement, ...]:
    """A quarter's figures that differ from what was first published; `con` is of the program now, `of` its inputs.

    `figures` are those of the quarter now, each after its unit, by key.
    """
    moved = moved_figures(figures, said, program.program.currency) if said else {}
    if not said or not moved:
        return ()
    currency = str(said.figures.get("currency", program.program.currency))
    found = causes(con, program, moved, of, said, quarter)
    if currency != program.program.currency:
        other = Cause(f"changed settings (amounts were in {currency})", None)
        found |= {key: (other,) for key, each in moved.items() if each.unit == "money"}
    return tuple(
        Restatement(
            quarter.name,
            key,
            each.reported,
            reported(said.last, key)[1],
            None if each.now is None else float(each.now),
            said.last_edition.number if said.last_edition else None,
            said.edition.number if said.edition else None,
            to_day(said.edition) if said.edition else None,
            currency,
            found[key],
        )
        for key, each in moved.items()
    )


def moved_figures(
    figures: Mapping[str, tuple[str, Figure]], said: Published, currency: str
) -> dict[str, Moved]:
    """The figures that read otherwise than was first published, by key; in another currency all money does."""
    moved = {}
    for key, (unit, now) in figures.items():
        is_told, first = reported(said.figures, key)
        was_in = str(said.figures.get("currency", currency))
        is_other = unit == "money" and was_in != currency and (first, now) != (None, None)
        if is_told and (is_other or has_moved(unit, first, now, currency)):
            moved[key] = Moved(unit, first, now)
    return moved


def has_moved(unit: str, then: float | None, now: Figure, currency: str) -> bool:
    """Whether a figure is not what it was: to three digits, as the page shows it, or by being there at all."""
    if then is None or now is None:
        return (then is None) != (now is None)
    difference = abs(float(now) - then)
    if difference <= NOISE * abs(then):
        return False
    is_visible = difference > VISIBLE * max(abs(then), VISIBLE)
    return is_visible or shown(unit, then, currency) != shown(unit, now, currency)


def shown(unit: str, value: Figure | float, currency: str) -> str:
    """A figure as the page writes it, by itself."""
    if unit == "money":
        return formats.money(value, currency)
    return formats.ratio(value) if unit == "ratio" else formats.percent(value)


def reported(figures: Mapping[str, Any], key: str) -> tuple[bool, float | None]:
    """Whether published figures tell of a metric, and its figure; None where it was absent."""
    told = figures.get("scorecard", {}).get(key, {})
    figure = told.get("this")
    return "this" in told, figure if isinstance(figure, int | float) else None


def causes(
    con: duckdb.DuckDBPyConnection,
    program: Program,
    moved: Mapping[str, Moved],
    of: Mapping[str, Any],
    said: Published,
    quarter: Quarter,
) -> dict[str, tuple[Cause, ...]]:
    """Why each figure moved, by its key."""
    then = said.figures.get("inputs", {})
    before, settings = program, dict[str, str]()
    if of["settings"] != then.get("settings"):
        old = program_then(said.edition, program.folder) if said.edition else None
        if old and said.edition:
            before = relocated(old, program, then.get("files", {}), said.edition)
        settings = changed_settings(said.edition, before if old else None, program)
    is_known = before is not program or not settings
    files = compared(before, then.get("files", {}), said.edition)
    definition = changed_definition(of, then)
    now = {key: each.now for key, each in moved.items()}
    between = figures_of(before, quarter) if before is not program else now
    on_old, is_late_last, late = between, False, dict[str, Sequence[str]]()
    if any(files.added.values()) or any(files.grown.values()):
        with tempfile.TemporaryDirectory() as work:
            on_old = figures_of(narrowed(before, files, said.edition, Path(work) / "then"), quarter)
            if (
                not between
            ):  # The old settings may be at a loss with new files, not the new ones with the old.
                is_late_last = True
                between = figures_of(narrowed(program, files, said.edition, Path(work) / "now"), quarter)
            steps = (program, between, now) if is_late_last else (before, on_old, between)
            late = _late_tables(*steps, moved, files, said.edition, quarter, Path(work) / "late")
    found = {}
    for key, each in moved.items():
        its_settings = settings.get(key, "")
        other = [corrected(key, files), definition, "" if is_known else its_settings]
        later = [late_data(late.get(key, ()), files), its_settings if is_known else ""]
        named = [" or ".join(what for what in other if what), *(reversed(later) if is_late_last else later)]
        if each.reported is None or each.now is None:
            there = [
                figures[key] is not None if key in figures else None for figures in (on_old, between, now)
            ]
            found[key] = turned([each.reported is not None, *there], named)
        else:
            points = [on_old.get(key), between.get(key), each.now]
            found[key] = parted([Fraction(each.reported), *map(_fraction, points)], named)
    return found


def turned(is_there: Sequence[bool | None], steps: Sequence[str]) -> tuple[Cause, ...]:
    """What lies between the points where a figure came or went; None where it is not known whether it is there."""
    found, start, names = [], is_there[0], list[str]()
    for there, step in zip(is_there[1:], steps, strict=True):
        names += [step] if step else []
        if there is None:
            continue
        if there != start:
            found.append(Cause(" and ".join(names) or "reason unknown", None))
            start = there
        names = []
    return tuple(found)


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


def figures_of(program: Program, quarter: Quarter) -> dict[str, Figure]:
    """The five figures of a quarter's days in a program, by key; none if its settings and files give none."""
    days = (quarter.first_day, quarter.last_day)
    try:
        with tables_of(program) as con:
            by_days = {(each.first_day, each.last_day): each for each in quarters.all_quarters(con).values()}
            five = metrics.scorecard(con, by_days[days])
    except (ReviewError, duckdb.Error, KeyError, OSError):
        return {}
    return {metric.key: metric.this for metric in five}


def _fraction(figure: Figure) -> Fraction | None:
    return None if figure is None else Fraction(figure)


def _late_tables(
    program: Program,
    without: Mapping[str, Figure],
    whole: Mapping[str, Figure],
    moved: Iterable[str],
    files: Files,
    edition: Edition | None,
    quarter: Quarter,
    work: Path,
) -> dict[str, Sequence[str]]:
    """The tables whose new rows moved a figure, by figure: worked out with those of one table at a time.

    `without` are a program's figures without any new rows, `whole` with all. Where no table moves a figure by itself,
    all that it rests on do together.
    """
    new = [table for table in files.added if files.added[table] or files.grown[table]]
    found: dict[str, Sequence[str]] = {
        key: [table for table in RESTS_ON[key] if table in new]
        for key in moved
        if without.get(key) != whole.get(key)
    }
    asked = {table for tables in found.values() if len(tables) > 1 for table in tables}
    alone = {
        table: figures_of(narrowed(program, files, edition, work, whole=table), quarter)
        for table in sorted(asked)
    }
    for key, tables in found.items():
        own = [table for table in tables if table in alone and alone[table].get(key) != without.get(key)]
        found[key] = own or tables
    return found
