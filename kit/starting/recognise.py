"""Which export a file is, by its columns, its JSON keys or the form of its lines; how sure that is, and why."""

import functools
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit import presets
from kit.columns import schema
from kit.errors import ReviewError
from kit.presets import Preset, read_preset
from kit.raw import COMPRESSED, PLAIN, Layout, file_format, same_name
from kit.sources import canonical_columns
from kit.starting.beginnings import Beginning, beginning, table_rows
from kit.starting.first_rows import ASKED

OURS = (".toml", ".sql", ".md", ".py")
DELIMITERS = (",", ";", "|", "\t")
LONGEST_NAME = 400
Names = tuple[tuple[str, ...], ...]  # each a column under all names it goes by


@dataclass(frozen=True)
class Kind:
    """One kind of export that can be told: a table under its canonical names, or a preset of it."""

    table: str
    preset: Preset | None
    required: Names
    others: Names

    @property
    def name(self) -> str:
        """costs/focus; or the table alone, where no preset is needed."""
        return f"{self.table}/{self.preset.name}" if self.preset else self.table

    @property
    def layout(self) -> Layout:
        return self.preset.layout if self.preset else PLAIN

    @property
    def pattern(self) -> str:
        """What its lines match; empty where columns or keys tell it."""
        return self.preset.recognise if self.preset else ""

    @property
    def is_json(self) -> bool:
        """Whether only JSON is read so."""
        return bool(self.preset and self.preset.types)

    @property
    def delimiter(self) -> str | None:
        return self.preset.delimiter if self.preset else None


@dataclass(frozen=True)
class Fit:
    """How well a file fits a kind: which of the required columns and of the others it has, or how many lines fit."""

    kind: Kind
    required: int
    others: int
    missing: tuple[str, ...] = ()
    lines: float = 0  # share of them
    of: str = ""
    delimiter: str | None = None
    width: int = 0

    @property
    def rank(self) -> tuple[float, int, int]:
        return self.lines, self.required + self.others, self.required

    @property
    def is_sure(self) -> bool:
        """Whether so many of the names, or one so much its own, would not come together by chance."""
        if self.kind.pattern or (self.kind.preset and self.kind.preset.keys):
            return not self.lines or self.lines > 0.9
        found = self.required + self.others
        is_typical = self.required >= 5 or self.others > 0 or not self.kind.others
        return not self.set_apart and ((found >= 3 and is_typical) or found == self.width)

    @property
    def set_apart(self) -> tuple[str, ...]:
        """The columns that the export lacks and that `set` must say, the same for all its rows."""
        constant = set(ASKED) - {"date", "hours"}
        return () if self.kind.preset else tuple(name for name in self.missing if name in constant)

    def __str__(self) -> str:
        if self.kind.pattern:
            share = "every line" if self.lines == 1 else f"{self.lines:.0%} of the lines"
            return f"{share} looked at has its form"
        required = len(self.kind.required)
        others = f", {self.others} of {len(self.kind.others)} others" if self.kind.others else ""
        lacks = f", without {', '.join(self.set_apart)}" if self.set_apart else ""
        return f"{self.required} of {required} required {self.of}{others}{lacks}"


@dataclass(frozen=True)
class Recognised:
    """What a file is, if anything: `kind` is None if it is not known or cannot be read as it is, and `why` says why."""

    file: Path
    kind: Kind | None
    certainty: str
    why: str
    names: tuple[str, ...] = ()
    delimiter: str | None = None
    set_apart: tuple[str, ...] = ()
    row: tuple[str, ...] = ()


def kinds() -> list[Kind]:
    """Every kind of export there is: the canonical tables, and the presets that stand in the kit's folder."""
    found = []
    for table, columns in canonical_columns().items():
        required = tuple((name,) for name, _, is_required, _ in schema(table) if is_required)
        identity: Names = (("api_key", "partner_id"),) if table == "calls" else ()
        others = tuple((name,) for name in columns if (name,) not in required and (name,) not in identity)
        found.append(Kind(table, None, required + identity, others))
        names = sorted(file.stem for file in (presets.FOLDER / table).glob("*.sql"))
        found += [_of_preset(table, read_preset(table, name)) for name in names]
    return found


def _of_preset(table: str, preset: Preset) -> Kind:
    def named(names: Iterable[str]) -> Names:
        return tuple((name, *preset.layout.aliases.get(name, ())) for name in names)

    told = {name for group in preset.keys for name in group}
    required = named(preset.required)
    keys = tuple(group for group in preset.keys if group[0] not in preset.required)
    apart = {name for group in (*required, *keys) for name in group} | {name.split(".")[0] for name in told}
    others = tuple(group for group in named((*preset.optional, *preset.types)) if not set(group) & apart)
    return Kind(table, preset, required + keys, others)


# Files


def files_in(folder: Path) -> Iterator[tuple[Path, str]]:
    """Every file that may be an export, sorted; with a sentence for one that is left alone."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted([*names, *(name for name in folders if (Path(parent) / name).is_symlink())]):
            path = Path(parent) / name
            if name.startswith(".") or path.suffix.lower() in OURS:
                continue
            if path.is_symlink():
                yield path, "a link, left alone: what is in the folder is looked at itself"
            elif path.is_file():  # no pipe or device
                yield path, ""


def recognise(file: Path, known: Sequence[Kind]) -> Recognised:
    """What a file is, by its beginning."""
    try:
        begins = beginning(file)
    except ReviewError as error:
        return Recognised(file, None, "cannot be used", str(error))
    fits = sorted(_fits(begins, known), key=lambda fit: fit.rank, reverse=True)
    full = [fit for fit in fits if set(fit.missing) == set(fit.set_apart) and _is_telling(fit)]
    names = _own_names(begins, full[0].delimiter if full else None)
    if not full:
        row = _first_row(begins, len(names))
        return Recognised(file, None, "not recognised", _unknown(begins, fits, names), names, row=row)
    best = full[0]
    if obstacle := _obstacle(best.kind, begins):
        return Recognised(file, None, "cannot be used", f"looks like {best.kind.name}, but {obstacle}", names)
    also = tuple(fit.kind.name for fit in full[1:] if not fit.set_apart)[:2]
    is_rivalled = len(full) > 1 and full[1].rank[:2] == best.rank[:2]
    certainty = "sure" if best.is_sure and not is_rivalled else "likely"
    why = f"{best}; {' and '.join(also)} would fit too" if also else str(best)
    return Recognised(file, best.kind, certainty, why, names, _mark(best, begins), best.set_apart)


def _is_telling(fit: Fit) -> bool:
    """Whether enough is there to speak of a fit: what `set` would have to say is not most of it."""
    if fit.lines:
        return fit.lines >= 0.5
    has_keys = bool(fit.kind.preset and fit.kind.preset.keys)
    return has_keys or (fit.required >= 2 and fit.required > len(fit.set_apart))


def _fits(begins: Beginning, known: Sequence[Kind]) -> Iterator[Fit]:
    """How well a file fits each kind that it fits at all."""
    if begins.names:
        names = frozenset(map(same_name, begins.names))
        tabular = (kind for kind in known if not kind.is_json and not kind.pattern)
        yield from (_by_names(kind, names, "columns") for kind in tabular)
        return
    lines = begins.lines()
    for kind in known:
        if kind.pattern and (found := sum(bool(re.search(kind.pattern, line)) for line in lines)):
            yield Fit(kind, 0, 0, lines=found / len(lines))
    if begins.objects:
        keys = {
            records: frozenset(json_names(begins.objects, records))
            for records in {k.layout.records for k in known}
        }
        yield from (_by_names(kind, keys[kind.layout.records], "keys") for kind in known if not kind.pattern)
        return
    headers = {mark: _headers(begins.text, mark) for mark in DELIMITERS}
    for kind in known:
        if not kind.is_json and not kind.pattern:
            within = [
                _by_names(kind, names, "columns", mark)
                for mark in ([kind.delimiter] if kind.delimiter else DELIMITERS)
                for place, (number, names) in enumerate(headers.get(mark) or _headers(begins.text, mark))
                if place == 0 or number <= kind.layout.header_within
            ]
            yield from sorted(within, key=lambda fit: fit.rank)[-1:]


def _headers(text: str, mark: str) -> list[tuple[int, frozenset[str]]]:
    """Number and names of the lines that may be the header."""
    return [(number, frozenset(map(same_name, row))) for number, row in table_rows(text, mark)]


def _by_names(kind: Kind, there: frozenset[str], of: str, delimiter: str | None = None) -> Fit:
    # JSON's keys are matched letter by letter when they are read, columns are not.
    required, others = (
        (kind.required, kind.others) if of == "keys" else (_same(kind.required), _same(kind.others))
    )
    has = [not there.isdisjoint(group) for group in required]
    missing = tuple(group[0] for group, is_there in zip(kind.required, has, strict=True) if not is_there)
    found = sum(not there.isdisjoint(group) for group in others)
    return Fit(kind, sum(has), found, missing, of=of, delimiter=delimiter, width=len(there))


@functools.cache
def _same(names: Names) -> Names:
    return tuple(tuple(map(same_name, group)) for group in names)


def json_names(objects: Iterable[dict[str, Any]], records: str | None = None) -> list[str]:
    """The keys of JSON objects, in the order met; of nested ones with dots, through lists too."""
    names: dict[str, None] = {}
    for item in objects:
        listed = item.get(records) if records else None
        for each in listed[:20] if isinstance(listed, list) else [item]:
            names |= dict.fromkeys(_dotted(each, "", 6))
    return list(names)


def _dotted(value: Any, prefix: str, depth: int) -> Iterator[str]:
    if isinstance(value, list):
        for item in value[:20]:
            yield from _dotted(item, prefix, depth)
    elif isinstance(value, dict) and depth:
        for key, inner in list(value.items())[:200]:
            name = f"{prefix}.{key}" if prefix else key
            if len(name) <= LONGEST_NAME:
                yield name
                yield from _dotted(inner, name, depth - 1)


# Words


def _own_names(begins: Beginning, mark: str | None) -> tuple[str, ...]:
    """The file's columns or keys, as far as they can be told."""
    if begins.names or begins.objects:
        return begins.names or tuple(name for name in json_names(begins.objects) if "." not in name)
    headers = [
        row for each in ([mark] if mark else DELIMITERS) for _, row in list(table_rows(begins.text, each))[:1]
    ]
    return tuple(name.strip("\ufeff") for name in max(headers, key=len, default=[]))


def _first_row(begins: Beginning, width: int) -> tuple[str, ...]:
    """The first row's values, if they can be told; of JSON, its first object's."""
    if begins.objects:
        first = begins.objects[0]
        return tuple(str(first.get(name, "")) for name in _own_names(begins, None))
    for mark in DELIMITERS:
        for _, row in list(table_rows(begins.text, mark))[1:2]:
            if len(row) == width:
                return tuple(row)
    return ()


def _mark(fit: Fit, begins: Beginning) -> str | None:
    """The delimiter, where program.toml must say it."""
    usual = "\t" if ".tsv" in [ending.lower() for ending in begins.file.suffixes] else ","
    return None if fit.delimiter == (fit.kind.delimiter or usual) else fit.delimiter


def _obstacle(kind: Kind, begins: Beginning) -> str:
    """Why a file that is recognised can't be read under its name; empty if it can."""
    if kind.preset and kind.preset.is_lines:
        return "" if begins.file.suffix.lower() != ".xlsx" else "is a workbook: save it as the log it was"
    holds = "parquet" if begins.names else "json" if begins.objects else "csv"
    by_line = begins.layout == "newline_delimited"
    ending = {"csv": ".csv", "json": ".jsonl" if by_line else ".json"}.get(holds, ".parquet")
    packed = begins.file.suffix.lower() if begins.file.suffix.lower() in COMPRESSED else ""
    try:
        by_name = file_format(begins.file)
    except ReviewError:
        by_name = ""
    of_lines = {".jsonl", ".ndjson", ".log"} & {each.lower() for each in begins.file.suffixes}
    if by_name != holds or (holds == "json" and of_lines and not by_line):
        return f"its name does not say so: rename it to end in {ending}{packed}"
    return ""


def _unknown(begins: Beginning, fits: Sequence[Fit], names: Sequence[str]) -> str:
    """What a file has that is not recognised, and what it is nearest to."""
    if len(names) < 2 and not begins.objects:
        return (
            f"no table, JSON or log known; it begins {begins.lines()[0][:40]!r}"
            if begins.text
            else "no columns"
        )
    shown = ", ".join(name[:40] for name in names[:6]) + (
        f" and {len(names) - 6} more" if len(names) > 6 else ""
    )
    what = f"its {'keys' if begins.objects else 'columns'} are {shown}"
    partly = [fit for fit in fits if fit.required and fit.missing]
    if not partly:
        return what
    near = max(partly, key=lambda fit: (fit.required - len(fit.missing), fit.required))
    return f"{what}; nearest is {near.kind.name}, which lacks {', '.join(near.missing)}"
