"""Where a program's exports come from: the tables there are, and the files, presets and columns of each."""

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kit import presets
from kit.errors import ReviewError
from kit.mistakes import EXAMPLES, Mistake, blocks, unknown
from kit.own_sql import read_own
from kit.remote import files_at
from kit.toml_lines import Key
from kit.urls import has_secret, is_mark, is_remote
from kit.values import CONTROL, OPEN

OF_TABLES = ("day", "columns", "set", "timezone", "rejects")
OF_FILES = (
    "path", "preset", "sql", "kinds", "dates", "delimiter", "decimal", "thousands", "amounts", "null",
    "encoding", "overlap",
)  # fmt: skip
CANONICAL = Path(__file__).parent / "sql" / "canonical.sql"


@functools.cache
def canonical_columns() -> dict[str, list[str]]:
    """The columns that an export of each table may give."""
    tables = re.findall(
        r"^create table (\w+) \($(.*?)^\);$", CANONICAL.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    columns = {table: re.findall(r"^    (\w+) ", body, re.MULTILINE) for table, body in tables}
    # `system` is the preset's name, which the kit fills in; aliases alone say whose ids they are.
    return {
        table: [name for name in names if name != "system" or table == "aliases"]
        for table, names in columns.items()
    }


def files_of(folder: Path, pattern: str) -> list[Path]:
    """The files of a pattern; names that begin with a dot only if the pattern has such a name, and no marks of Spark.

    Those of a url are where they are fetched to; ReviewError if it leads to none.
    """
    if is_remote(pattern):
        return files_at(folder, pattern)
    path = Path(pattern)
    start = Path(path.anchor) if path.is_absolute() else folder
    try:
        if (folder / path).is_file():
            return [folder / path]
        found = [file for file in start.glob(str(path.relative_to(path.anchor))) if file.is_file()]
    except (ValueError, OSError, IndexError):  # no pattern at all, such as "a**" or ".", or a name too long
        return []
    shown = [file for file in found if _is_hidden(path) or not _is_hidden(file.relative_to(start))]
    return [file for file in shown if not is_mark(file.name)]


Parts = tuple[tuple[int, str | int], ...]


def natural(path: str) -> tuple[Parts, Parts]:
    """A key that sorts names as people do, 9 before 10, and `x.csv` before `x (1).csv`; no two names have the same."""
    return _parts(re.sub(r"(\.\w+){1,2}$", "", path)), _parts(path)


def _parts(text: str) -> Parts:
    return tuple((1, int(part)) if part.isdigit() else (0, part) for part in re.split(r"(\d+)", text))


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def of_exports(raw: dict[str, Any], folder: Path) -> Iterator[Mistake]:
    """Tables unknown or missing, and blocks that lead to no file, preset or column."""
    exports, tables = raw.get("exports", {}), canonical_columns()
    if not isinstance(exports, dict):
        return
    for table in exports:
        if table not in tables:
            yield Mistake(("exports", table), unknown("a table", table, tables))
        for key, block in blocks(exports, table, key=("exports",)):
            yield from _ways(key, block)
            yield from _place(raw, table, key, block)
            yield from _files(folder, key, block)
            if table in tables:
                yield from _preset(table, key, block)
                yield from _columns(table, key, block)
        yield from _read_twice(folder, table, list(blocks(exports, table, key=("exports",))))
        yield from _named_twice(list(blocks(exports, table, key=("exports",))))
    for table in ("calls", "partners"):
        if exports.get(table, []) == []:
            yield Mistake(("exports", table), f"missing. Write a block [exports.{table}] with its path.")


def _ways(key: Key, block: dict[str, Any]) -> Iterator[Mistake]:
    ways = [way for way in ("preset", "columns", "sql") if way in block]
    for way in ways[1:]:
        yield Mistake((*key, way), f"beside {ways[0]}. Allowed: one of preset, columns, sql.")


def _place(raw: dict[str, Any], table: str, key: Key, block: dict[str, Any]) -> Iterator[Mistake]:
    """Blocks that name neither files nor a table, or a table that is not read as one."""
    if "table" in block:
        yield from _table(raw, table, key, block)
        return
    if "path" not in block:
        yield Mistake((*key, "path"), f"missing. Write it like path = {EXAMPLES['path']}.")
    if "day" in block:
        yield Mistake((*key, "day"), "without a table. It names the column of days of a table of [engine].")


def _table(raw: dict[str, Any], table: str, key: Key, block: dict[str, Any]) -> Iterator[Mistake]:
    engine = raw.get("engine")
    kind = engine.get("kind") if isinstance(engine, dict) else None
    if table != "calls":
        yield Mistake((*key, "table"), f"{table} are read from files. Export them, and write their path.")
        return
    if engine is None:
        yield Mistake((*key, "table"), 'without an engine. Write [engine], and its kind like kind = "spark".')
    if "day" not in block:
        reason = 'missing. It names the column of days by which the table is read, like day = "event_date".'
        yield Mistake((*key, "day"), reason)
    for setting in OF_FILES:
        if setting in block:
            yield Mistake((*key, setting), f"beside table. Allowed there: {', '.join(OF_TABLES)}.")
    if kind == "clickhouse" and block.get("timezone", "UTC") != "UTC":
        yield Mistake((*key, "timezone"), "times of ClickHouse have their zone. Leave this setting out.")
    yield from _unsaid(key, block)


def _unsaid(key: Key, block: dict[str, Any]) -> Iterator[Mistake]:
    """What neither the columns of a table nor constants say of its calls."""
    said = {name for way in ("columns", "set") if isinstance(block.get(way), dict) for name in block[way]}
    for name in ("called_at", "environment", "status"):
        if name not in said:
            reason = f'say no {name}. Write its column, like {name} = "…", or a constant under set.'
            yield Mistake((*key, "columns"), reason)
    if not {"api_key", "partner_id"} & said:
        yield Mistake((*key, "columns"), "say of no call whose it is. Write api_key, partner_id or both.")


def _files(folder: Path, key: Key, block: dict[str, Any]) -> Iterator[Mistake]:
    paths = block.get("path")
    for place, path in enumerate(paths if isinstance(paths, list) else [paths]):
        if isinstance(path, str) and (reason := _found(folder, path)[1]):
            # The value at a key is shown, so a secret has a key below its own.
            secret = ("password",) if is_remote(path) and has_secret(path) else ()
            yield Mistake((*key, "path", place, *secret), reason)
    if isinstance(sql := block.get("sql"), str):
        found = [file for file in _found(folder, sql)[0] if file == folder / sql]
        if reason := _astray(folder, sql, found) or _not_own(found):
            yield Mistake((*key, "sql"), reason)


def _not_own(found: list[Path]) -> str:
    """Why files are no SELECT from an export's rows alone; empty if they are."""
    try:
        for file in found:
            read_own(file)
    except ReviewError as error:
        return f"{error}"
    return ""


def _read_twice(folder: Path, table: str, found: list[tuple[Key, dict[str, Any]]]) -> Iterator[Mistake]:
    """Files that two blocks of a table would count twice: neither selects from them, nor takes other columns."""
    before: dict[Path, tuple[int, dict[str, Any]]] = {}
    folders: dict[Path, Path] = {}
    for number, (key, block) in enumerate(found if len(found) > 1 else [], start=1):
        paths = block.get("path")
        listed = [path for path in (paths if isinstance(paths, list) else [paths]) if isinstance(path, str)]
        for file in dict.fromkeys(file for path in listed for file in _found(folder, path)[0]):
            first, other = before.setdefault(_resolved(file, folders), (number, block))
            is_alike = {**block, "path": ""} == {**other, "path": ""}
            if (
                first != number
                and not is_alike
                and all(block.get(way) == other.get(way) for way in ("columns", "sql"))
            ):
                reason = f"{file.name} is read by block {first} of {table} already, and its rows would count twice."
                yield Mistake((*key, "path"), reason)
                break


def _found(folder: Path, text: str) -> tuple[list[Path], str]:
    """The files of a path, and why it leads to none it may lead to."""
    try:
        found = files_of(folder, text)
    except ReviewError as error:
        return [], str(error)
    return found, "" if is_remote(text) else _astray(folder, text, found)


def _named_twice(found: list[tuple[Key, dict[str, Any]]]) -> Iterator[Mistake]:
    """Tables of an engine that two blocks name."""
    before: set[str] = set()
    for key, block in found:
        if isinstance(name := block.get("table"), str) and name in before:
            yield Mistake((*key, "table"), "named by a block before, and its rows would count twice.")
        before.add(str(block.get("table")))


def _astray(folder: Path, text: str, found: list[Path]) -> str:
    """Why a path leads to no file it may lead to; empty if it does, or is no path to begin with."""
    path = Path(text)
    if text.strip() in ("", OPEN) or CONTROL.search(text):
        return ""
    if not path.is_absolute() and ".." in path.parts:
        return "leaves the program folder. If that is meant, write an absolute path."
    if not found and (other := _no_file(folder / path)):
        return other
    if not found:
        return f"no such file. Looked in {path.parent if path.is_absolute() else folder}."
    folders: dict[Path, Path] = {}
    for file in found:
        if not path.is_absolute() and not _resolved(file, folders).is_relative_to(folder):
            return (
                f"leaves the program folder: {file.relative_to(folder)} is a link to"
                f" {file.resolve()}. If that is meant, write an absolute path."
            )
    return ""


def _no_file(path: Path) -> str:
    """What stands where a file is expected, and is none; empty where nothing does."""
    if path.is_symlink() and not path.exists():
        return f"a link to {path.readlink()}, where nothing is."
    if path.is_dir():
        return 'a folder. Write the files in it like "exports/*.csv".'
    return "no file of bytes, but a pipe or a device." if path.exists() else ""


def _resolved(file: Path, folders: dict[Path, Path]) -> Path:
    """Where a file is, links followed; each folder is looked up once."""
    if file.is_symlink():
        return file.resolve()
    if file.parent not in folders:
        folders[file.parent] = file.parent.resolve()
    return folders[file.parent] / file.name


def _preset(table: str, key: Key, block: dict[str, Any]) -> Iterator[Mistake]:
    there = sorted(file.stem for file in (presets.FOLDER / table).glob("*.sql"))
    if isinstance(preset := block.get("preset"), str) and preset not in there:
        yield Mistake((*key, "preset"), unknown(f"a preset of {table}", preset, there))


def _selected(table: str, block: dict[str, Any]) -> str:
    """What a block's preset selects; empty where it has none."""
    files = {file.stem: file for file in (presets.FOLDER / table).glob("*.sql")}
    preset = block.get("preset")
    return files[preset].read_text("utf-8") if isinstance(preset, str) and preset in files else ""


def _columns(table: str, key: Key, block: dict[str, Any]) -> Iterator[Mistake]:
    allowed = canonical_columns()[table]
    if "kinds" in block and "price_id" not in _selected(table, block):
        yield Mistake(
            (*key, "kinds"), "this export names no prices. Allowed: for invoices by the preset stripe."
        )
    for setting in ("columns", "set"):
        names = block.get(setting)
        for name in names if isinstance(names, dict) else ():
            if name not in allowed:
                yield Mistake((*key, setting, name), unknown(f"a column of {table}", name, allowed))
