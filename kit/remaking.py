"""An edition made again from what it rested on, and held against what was published."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kit import metrics, quarters, review
from kit.cache import open_cache
from kit.database import tables_of
from kit.editions import ABOUT, ENGINES, SETTINGS, Edition, definitions_hash, fingerprints
from kit.errors import ReviewError
from kit.old_inputs import compared, narrowed, program_then, relocated
from kit.program import Program, load_program, locate
from kit.toml_lines import parse

FIGURES_OF = ("scorecard", "funnel", "months", "unrealized", "onboarding", "cost", "value", "grades")
SHOWN = 20
LETTERS = 12


@dataclass(frozen=True)
class Remade:
    """What an edition comes to today; each of the three holds lines to read.

    `inputs` are those that are no longer the same, `figures` those that differ, `notes` what else there is to say.
    """

    edition: Edition
    inputs: tuple[str, ...]
    figures: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        return not self.inputs and not self.figures


def remake(folder: Path, program: Path) -> Remade:
    """Work out an edition's figures again, by its settings, from those of its files that a program still has.

    ReviewError if there is no edition, its settings no longer make a program, or its files no longer make figures.
    """
    edition = Edition(folder.resolve())
    if not edition.folder.name.isdecimal() or not (edition.folder / ABOUT).is_file():
        raise ReviewError(
            f"{folder} is no edition: it has no {ABOUT}. An edition is a folder like 2026-Q2/001."
        )
    if not edition.about or not edition.figures:
        raise ReviewError(f"{edition.title} cannot be made again: {', '.join(edition.changes)}.")
    home = _home(program)
    then = program_then(edition, home)
    if then is None:
        changed = [f"{change} after it was published" for change in edition.changes]
        why = ", ".join(changed) or "this kit no longer takes these settings"
        raise ReviewError(f"{folder / SETTINGS}: {why}.")
    before = edition.figures["inputs"]["files"]
    files = compared(then, before, edition)
    if any(files.gone.values()) and (now := _as_it_is(home)):
        then = relocated(then, now, before, edition)
        files = compared(then, before, edition)
    cache = open_cache(then.folder)
    after = {table: fingerprints(then, cache, exports) for table, exports in then.exports.items()}
    cache.save()
    changed = [f"{change} after it was published" for change in edition.changes]
    notes = [*_other_program(edition, home), *_kit(edition)]
    for table, names in before.items():
        for name, sha256 in names.items():
            if name in files.gone[table]:
                changed.append(f"{name} ({table}): gone; it had {sha256[:LETTERS]}")
            elif name in files.corrected[table] | files.retold[table]:
                changed.append(
                    f"{name} ({table}): another content, {sha256[:LETTERS]} then,"
                    f" {after[table][files.became[table][name]][:LETTERS]} now"
                )
            elif name in files.grown[table]:
                notes.append(f"{name} ({table}) has grown; read as far as it went then")
    with tempfile.TemporaryDirectory() as work:
        lost = [*_other_program(edition, home), *changed]
        figures = _figures(narrowed(then, files, edition, Path(work)), edition, lost)
    return Remade(edition, tuple(changed), tuple(_differences(edition.figures, figures)), tuple(notes))


def _home(program: Path) -> Path:
    """A program's folder; its settings of today need not be sound."""
    found = locate(program)
    if not found.is_dir():
        raise ReviewError(f"{found}: no such folder.")
    return found.resolve()


def _as_it_is(home: Path) -> Program | None:
    """A folder's program of today; None if its settings are not sound."""
    try:
        return load_program(home)
    except ReviewError:
        return None


def _other_program(edition: Edition, home: Path) -> Iterator[str]:
    """That a folder's program is not the one that was published."""
    try:
        name = parse((home / "program.toml").read_text("utf-8-sig"))["program"]["name"]
    except (OSError, ValueError, KeyError, TypeError):
        return
    if name != edition.about.get("program"):
        yield f"the program in {home} is {name}; the edition is of {edition.about.get('program')} (--program)"


def _figures(program: Program, edition: Edition, lost: Sequence[str]) -> dict[str, Any]:
    """The figures that an edition comes to; ReviewError with what was `lost` if it comes to none."""
    try:
        with tables_of(program) as con:
            quarter = quarters.choose_quarter(con, edition.about["quarter"])
            five = metrics.scorecard(con, quarter)
            return review.figures(review.Review(con, quarter, five, edition.figures["inputs"], ()))
    except ReviewError as error:
        told = "\n".join([f"{error}", *_listed(tuple(lost))])
        raise ReviewError(f"{edition.title} cannot be made again from what there is now: {told}") from None


def _kit(edition: Edition) -> Iterator[str]:
    if edition.about.get("definitions") != definitions_hash():
        kits = f"kit {edition.about.get('kit')} then, {version('api-review')} now"
        yield f"the code behind the figures is another ({kits})"
    for engine in ENGINES:
        then = edition.about.get("engines", {}).get(engine)
        if then != version(engine):
            yield f"{engine} is another: {then} then, {version(engine)} now"


def _differences(then: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """The figures that differ, by where figures.json has them."""
    before = dict(_leaves({key: then.get(key) for key in FIGURES_OF}))
    after = dict(_leaves({key: now.get(key) for key in FIGURES_OF}))
    for name in {**before, **after}:
        if before.get(name) != after.get(name):
            yield f"{name}: {_text(before.get(name))} then, {_text(after.get(name))} now"


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _leaves(part, f"{name}.{key}" if name else key)
    elif isinstance(value, list):
        for place, part in enumerate(value):
            key = part.get("month", place) if isinstance(part, dict) else place
            yield from _leaves(part, f"{name}.{key}")
    else:
        yield name, value


def _text(value: Any) -> str:
    return "n/a" if value is None else str(value)


def remade_text(remade: Remade) -> str:
    """What came of it, for a terminal."""
    about = remade.edition.about
    head = f"{about.get('program')}, {remade.edition.title}, run {about.get('run')}:"
    parts = []
    if remade.inputs:
        parts += ["No longer the same:", *_listed(remade.inputs)]
    if remade.figures:
        parts += ["These figures differ:", *_listed(remade.figures)]
    else:
        parts += ["The same figures."]
    return "\n".join([head, *parts, *(f"Note: {note}." for note in remade.notes)])


def _listed(lines: tuple[str, ...]) -> list[str]:
    more = [f"  … and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    return [*(f"  {line}" for line in lines[:SHOWN]), *more]
