"""What an edition rested on, as far as it still is there: its settings, and its files."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import PrivateAttr

from kit.cache import open_cache
from kit.editions import SETTINGS, Edition, fingerprints, names_of
from kit.kept_lines import shared, write_lines
from kit.program import Export, Program
from kit.toml_lines import parse

BLOCK = 1 << 20
MOST = 0.5  # of a file's lines make another that file


@dataclass(frozen=True)
class Files:
    """The files of each table beside those that an edition had.

    `added` are names of today, those of them that tell a kept file's rows again and not all of them as they were are
    `again` too; the others are names of then: `kept` still are there, under whatever name; `grown` hold all
    that they were, and more; of `corrected` lines are gone, and of `retold`, an engine's tables and files of which no
    lines were kept, it is not known what changed. `became` says what each but the `gone` is called today.
    """

    added: Mapping[str, frozenset[str]]
    again: Mapping[str, frozenset[str]]
    kept: Mapping[str, frozenset[str]]
    grown: Mapping[str, frozenset[str]]
    corrected: Mapping[str, frozenset[str]]
    retold: Mapping[str, frozenset[str]]
    gone: Mapping[str, frozenset[str]]
    became: Mapping[str, Mapping[str, str]]


def compared(program: Program, then: Mapping[str, Mapping[str, str]], edition: Edition | None) -> Files:
    """What became of the files that an edition had, and which there are beside them."""
    cache = open_cache(program.folder)
    now = {table: fingerprints(program, cache, exports) for table, exports in program.exports.items()}
    cache.save()
    sets: dict[str, dict[str, frozenset[str]]] = {
        name: {} for name in Files.__annotations__ if name != "became"
    }
    became: dict[str, dict[str, str]] = {}
    for table in {*now, *then}:
        after, before = now.get(table, {}), then.get(table, {})
        kept = _kept(before, after)
        rest = {name: sha256 for name, sha256 in after.items() if name not in kept.values()}
        files = {
            name: file for file, name in names_of(program.folder, program.exports.get(table, [])).items()
        }
        other = {name: name for name in before if name not in kept and name in rest}
        for name in before.keys() - kept.keys() - other.keys():
            left = {each: files[each] for each in rest if each in files and each not in other.values()}
            if today := _moved(edition, table, name, before[name], left):
                other[name] = today
        engines = {export.table for export in program.exports.get(table, []) if export.table}
        # A register read from several files is told in the order of their names, which a copy would not have.
        is_cut = edition is not None and not (table == "partners" and len(files) > 1)
        grown = {
            name
            for name, today in other.items()
            if is_cut and today in files and _has_grown(edition, table, name, before[name], files[today])
        }
        untold = (
            other.keys()
            - grown
            - {name for name in other if edition is not None and edition.lines(table, name)}
        )
        added = rest.keys() - other.values()
        found = {
            "added": added,
            "again": {
                each
                for each in added
                if each in files and _tells_again(edition, table, each, files[each], kept)
            },
            "kept": kept.keys(),
            "grown": grown,
            "corrected": other.keys() - engines - grown - untold,
            "retold": (other.keys() & engines) | untold,
            "gone": before.keys() - kept.keys() - other.keys(),
        }
        for name, each in found.items():
            sets[name][table] = frozenset(each)
        became[table] = kept | other
    return Files(**sets, became=became)


def _kept(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """The files of then whose content still is there, each with a name of today: its own, if that has it."""
    by_content = {sha256: name for name, sha256 in reversed([*after.items()])}
    return {
        name: name if after.get(name) == sha256 else by_content[sha256]
        for name, sha256 in before.items()
        if sha256 in by_content
    }


def _moved(
    edition: Edition | None, table: str, name: str, sha256: str, left: Mapping[str, Path]
) -> str | None:
    """What a file is called today that lies elsewhere and is no longer what it was; None if nothing left is it.

    It has its own name in another folder, and all that it was, or the greater part of its lines.
    """
    alike = {each: file for each, file in left.items() if Path(each).name == Path(name).name}
    lines = edition.lines(table, name) if edition else b""
    for each, file in alike.items():
        if _has_grown(edition, table, name, sha256, file) or (lines and shared(file, lines, sha256) > MOST):
            return each
    return None


def _tells_again(
    edition: Edition | None, table: str, added: str, file: Path, kept: Mapping[str, str]
) -> bool:
    """Whether a new file is a later export of one that still is there, with rows of it that are others now."""
    for name in kept:
        lines = edition.lines(table, name) if edition and Path(name).name == Path(added).name else b""
        if lines and edition and MOST < shared(file, lines, edition.hash_of(table, name)) < 1:
            return True
    return False


def _has_grown(edition: Edition | None, table: str, name: str, sha256: str, file: Path) -> bool:
    """Whether a file holds all that it was when the edition was published: each line, or else as its beginning."""
    if edition is None or not file.is_file():
        return False
    if lines := edition.lines(table, name):
        return shared(file, lines, sha256) == 1
    size = edition.sizes.get((table, name), 0)
    with file.open("rb") as stream:
        return bool(size) and _hash_of_beginning(stream, size) == sha256 and _is_end_of_line(stream, size)


def _is_end_of_line(stream: Any, size: int) -> bool:
    """Whether a beginning of that many bytes breaks off no line, and so no value."""
    stream.seek(size - 1)
    last, following = stream.read(1), stream.read(1)
    return last == b"\n" or following in (b"", b"\r", b"\n")


def _hash_of_beginning(stream: Any, size: int) -> str:
    digest = hashlib.sha256()
    while size > 0 and (block := stream.read(min(BLOCK, size))):
        digest.update(block)
        size -= len(block)
    return "" if size else digest.hexdigest()


def program_then(edition: Edition, folder: Path) -> Program | None:
    """The program of a folder with an edition's settings and SQL; None if the kit no longer understands them.

    None too if they were changed since.
    """
    if not edition.has_settings:
        return None
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


def has_other_sql(edition: Edition, folder: Path) -> bool:
    """Whether a program's own SQL differs from an edition's."""
    kept = edition.about.get("sql", {})
    return any(_is_other(folder / name, edition.folder / SETTINGS / file) for name, file in kept.items())


def _is_other(now: Path, then: Path) -> bool:
    """Whether a file differs from the one kept, or is gone: where not, logs that it selects need not be read again."""
    return not now.is_file() or now.read_bytes() != then.read_bytes()


def relocated(
    then: Program, now: Program, before: Mapping[str, Mapping[str, str]], edition: Edition
) -> Program:
    """A program of then that looks for its exports where they lie now.

    Where its files are not found there, they were not moved: then it looks for them where they lay.
    """
    moved = {
        table: [
            export.model_copy(update={"path": today.path})
            for export, today in zip(blocks, now.exports[table], strict=True)
        ]
        for table, blocks in then.exports.items()
        if len(now.exports.get(table, [])) == len(blocks)
        and [export.path for export in blocks] != [today.path for today in now.exports[table]]
    }
    if not moved:
        return then
    everywhere = then.model_copy(update={"exports": {**then.exports, **moved}})
    gone = compared(everywhere, before, edition).gone
    found = {table: blocks for table, blocks in moved.items() if not gone.get(table)}
    return then.model_copy(update={"exports": {**then.exports, **found}})


class OldExport(Export):
    """An export as an edition had it: some of its files, one or the other cut to what it was."""

    _read: dict[Path, Path] = PrivateAttr({})

    def of_pattern(self, folder: Path, pattern: str) -> list[Path]:
        return [self._read[file] for file in super().of_pattern(folder, pattern) if file in self._read]


def narrowed(program: Program, files: Files, edition: Edition | None, work: Path, whole: str = "") -> Program:
    """A program with none but the files that an edition had; those that have grown are cut, in a folder of ours.

    One table may be left `whole`, as it is now.
    """
    exports: dict[str, list[Export]] = {}
    for number, (table, blocks) in enumerate(program.exports.items()):
        if table == whole:
            exports[table] = blocks
            continue
        then = {today: name for name, today in files.became.get(table, {}).items()}
        read = {
            file: _cut(file, edition, table, then[name], work / str(number) / then[name])
            if edition and then[name] in files.grown[table]
            else file
            for file, name in names_of(program.folder, blocks).items()
            if name in then
        }
        exports[table] = []
        for export in blocks:
            # Only what is set tells exports apart in the cache of logs: what is set must stay so.
            old = OldExport.model_construct(_fields_set=set(export.model_fields_set), **dict(export))
            old._read = read
            exports[table].append(old)
    return program.model_copy(update={"exports": exports})


def _cut(file: Path, edition: Edition, table: str, name: str, copy: Path) -> Path:
    """A copy of what a file was: of its lines of then, or of its beginning."""
    if lines := edition.lines(table, name):
        return write_lines(file, lines, edition.hash_of(table, name), copy)
    if copy.is_file():
        return copy
    left = edition.sizes[table, name]
    copy.parent.mkdir(parents=True, exist_ok=True)
    with file.open("rb") as source, copy.open("wb") as target:
        while left > 0 and (block := source.read(min(BLOCK, left))):
            target.write(block)
            left -= len(block)
    return copy
