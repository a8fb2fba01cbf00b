"""Recognised files → groups: the files of one system, which become one block of program.toml, and their pattern."""

import glob
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kit.blank import empty_database
from kit.raw import COMPRESSED
from kit.sources import canonical_columns, files_of
from kit.starting.first_rows import Seen, read
from kit.starting.recognise import Kind, Recognised
from kit.values import CONTROL, OPEN

ENVIRONMENT = re.compile(r"(?i)(?<![a-z])(prod(?:uction)?|live|sandbox|staging|stage|test|dev)(?![a-z])")


@dataclass(frozen=True)
class Group:
    """Files of one system that become one block: where they are, and how they are to be read."""

    kind: Kind
    files: tuple[Recognised, ...]
    paths: tuple[str, ...]
    reading: Seen


def groups_of(found: Sequence[Recognised], home: Path) -> tuple[list[Group], list[Recognised]]:
    """The blocks, in the order of the contract's tables; and files whose names no block can say."""
    alike: dict[Any, list[Recognised]] = {}
    for each in found:
        alike.setdefault(_alike(each), []).append(each)
    groups, unnamed = [], []
    with empty_database() as con:
        for files in alike.values():
            named = [each for each in files if path_of([each.file], home)]
            why = "its name cannot be written down: rename it"
            unnamed += [
                Recognised(each.file, None, "cannot be used", why) for each in files if each not in named
            ]
            if not named:
                continue
            kind, first = named[0].kind, named[0]
            assert kind
            paths = [each.file for each in named]
            reading = read(con, kind.table, kind.preset, paths, first.delimiter, first.set_apart)
            groups.append(Group(kind, tuple(named), tuple(_paths(paths, home)), reading))
    order = list(canonical_columns())
    return sorted(groups, key=lambda group: (order.index(group.kind.table), group.paths)), unnamed


def _alike(each: Recognised) -> tuple[object, ...]:
    """What files of one block have in common; folders may differ in numbers, such as those of months."""
    assert each.kind
    is_lines = bool(each.kind.preset and each.kind.preset.is_lines)
    endings = [ending.lower() for ending in each.file.suffixes if ending.lower() not in COMPRESSED][-1:]
    folder = re.sub(r"\d+", "0", str(each.file.parent))
    # A log that does not say its environment often has it in its name.
    environment = environments(each.file.name) if each.kind.table == "calls" else ()
    return (
        each.kind.name,
        folder,
        () if is_lines else tuple(endings),
        each.delimiter,
        each.set_apart,
        environment,
    )


def environments(text: str) -> tuple[str, ...]:
    return tuple(sorted({word.lower() for word in ENVIRONMENT.findall(text)}))


def _paths(files: Sequence[Path], home: Path) -> list[str]:
    """Patterns that match exactly these files: one if there is one, else one a folder, else every file's own."""
    if one := path_of(files, home):
        return [one]
    folders: dict[Path, list[Path]] = {}
    for file in files:
        folders.setdefault(file.parent, []).append(file)
    paths: list[str] = []
    for inside in folders.values():
        one = path_of(inside, home)
        paths += [one] if one else [path_of([file], home) for file in inside]
    return paths


def path_of(files: Sequence[Path], home: Path) -> str:
    """A pattern that matches exactly these files; empty if there is none."""
    names = [path_from(home, file) for file in files]
    candidates = [names[0]] if len(names) == 1 else []
    candidates += [_pattern(names, cut) for cut in (True, False)]
    return next(
        (each for each in candidates if _may_be(each) and set(files_of(home, each)) == set(files)), ""
    )


def _may_be(path: str) -> bool:
    return (
        0 < len(path) <= 1000
        and path.isprintable()
        and path.strip() not in ("", OPEN)
        and not CONTROL.search(path)
    )


def _pattern(names: Sequence[str], cut: bool) -> str:
    """What the names have in common, with * for the rest; `cut` makes it end at a mark between words."""
    parts = [name.split("/") for name in names]
    if len({len(each) for each in parts}) > 1:
        return ""
    return "/".join(_common(each, cut) for each in zip(*parts, strict=True))


def _common(words: Sequence[str], cut: bool) -> str:
    if len(set(words)) == 1:
        return "".join(sign if sign.isprintable() else "?" for sign in glob.escape(words[0]))
    start = _shared(words)
    end = _shared([word[len(start) :][::-1] for word in words])[::-1]
    if cut and any(word[len(start) : len(start) + 1].isalnum() for word in words):
        start = re.sub(r"[^\W_]+$", "", start)
    if cut and any(word[: len(word) - len(end)][-1:].isalnum() for word in words):
        end = re.sub(r"^[^\W_]+", "", end)
    return f"{glob.escape(start)}*{glob.escape(end)}"


def path_from(home: Path, file: Path) -> str:
    """A file's path from a folder, if it is inside; else the whole."""
    return file.relative_to(home).as_posix() if file.is_relative_to(home) else file.as_posix()


def _shared(words: Sequence[str]) -> str:
    """What all words begin with."""
    first, last = min(words), max(words)
    same = (at for at, sign in enumerate(first) if sign != last[at])
    return first[: next(same, len(first))]
