"""What was published: editions, each with what it rested on."""

import ast
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache as once
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kit.cache import Cache, key_of, open_cache
from kit.program import Export, Program
from kit.remote import url_of
from kit.usage import way_of

# The exports that each figure rests on; those that say who is who come to all.
WHO = ("calls", "keys", "aliases", "partners", "calendar")
RESTS_ON = {
    "revenue": (*WHO, "invoices", "transactions", "fx"),
    "cost_per_partner": (*WHO, "worklogs"),
    "activation_rate": WHO,
    "value_ratio": (*WHO, "costs", "invoices", "attributed", "fx"),
    "growth_rate": WHO,
}
HERE = Path(__file__).parent
FOLDER = "editions"
ABOUT, FIGURES, PAGE, SETTINGS = "edition.json", "figures.json", "one-pager.html", "settings"
LINES = "lines.bin"
# The releases that figures could come out of otherwise.
ENGINES = ("duckdb", "polars")


def inputs(program: Program) -> dict[str, Any]:
    """What a review rests on: hashes of the settings and of each exported file, the kit's version and its source."""
    cache = open_cache(program.folder)
    files = {table: fingerprints(program, cache, exports) for table, exports in program.exports.items()}
    cache.save()
    return {
        "settings": settings_hash(program),
        "kit": version("api-review"),
        "source": source_hash(),
        "definitions": definitions_hash(),
        "engines": {engine: version(engine) for engine in ENGINES},
        "files": files,
    }


def settings_hash(program: Program) -> str:
    """One hash of program.toml and of the program's own SQL."""
    return hashlib.sha256(b"\0".join(settings_texts(program).values())).hexdigest()


def settings_texts(program: Program) -> dict[str, bytes]:
    """program.toml and the program's own SQL as they stand, by the names that program.toml has for them."""
    named = [export.sql for exports in program.exports.values() for export in exports if export.sql]
    return {name: (program.folder / name).read_bytes() for name in ("program.toml", *sorted(set(named)))}


@once
def source_hash() -> str:
    """One hash of every module and SELECT of the kit."""
    files = sorted([*HERE.rglob("*.py"), *HERE.rglob("*.sql")])
    return key_of([(file.relative_to(HERE).as_posix(), file.read_text("utf-8")) for file in files])


@once
def definitions_hash() -> str:
    """One hash of what figures come from: the modules and SELECTs that lead from exports to the five metrics.

    What they say in comments is left out: it makes no figure.
    """
    modules, found = {"metrics", "database"}, set[str]()
    while modules:
        found |= modules
        modules = {name for module in modules for name in _imported(HERE / f"{module}.py")} - found
    texts = {f"{name}.py": _without_comments(HERE / f"{name}.py") for name in sorted(found)}
    queries = {file.stem: _without_comments(file) for file in sorted((HERE / "sql").glob("*.sql"))}
    asked, words = set[str](), _words(texts.values())
    while new := {name for name in queries if name in words} - asked:
        asked |= new
        words = _words(queries[name] for name in new)
    presets = {file: _without_comments(file) for file in (HERE / "presets").rglob("*.sql")}
    return key_of(
        [
            *texts.items(),
            *((name, queries[name]) for name in sorted(asked)),
            *sorted((file.relative_to(HERE).as_posix(), text) for file, text in presets.items()),
        ]
    )


def _words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in re.findall(r"\w+", text)}


def _without_comments(file: Path) -> str:
    """The lines of a module or a SELECT but for those that only explain; a preset's settings begin with --|."""
    lines = file.read_text("utf-8").splitlines()
    if file.suffix == ".py":
        for node in _statements(file):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.end_lineno:
                for place in range(node.lineno - 1, node.end_lineno):
                    lines[place] = ""
    return "\n".join(line for line in lines if line.strip() and not re.match(r"\s*(#|--(?!\|))", line))


@once
def _statements(file: Path) -> list[ast.ImportFrom | ast.Expr]:
    """A module's imports and the expressions that stand alone, such as what explains it."""
    nodes = ast.walk(ast.parse(file.read_text("utf-8")))
    return [node for node in nodes if isinstance(node, ast.ImportFrom | ast.Expr)]


def _imported(file: Path) -> Iterator[str]:
    """The kit's modules that one of them imports anywhere in it."""
    for node in _statements(file):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "kit":
            names = (
                [node.module.partition(".")[2]] if "." in node.module else [name.name for name in node.names]
            )
            yield from (name for name in names if (HERE / f"{name}.py").is_file())


def fingerprints(program: Program, cache: Cache, exports: Sequence[Export]) -> dict[str, str]:
    """A hash of each file, or of what an engine's table says, by its name."""
    names = names_of(program.folder, exports)
    tables = {
        export.table: key_of(cache.told("partitions", key_of(way_of(program, export))) or {})
        for export in exports
        if export.table
    }
    return {names[file]: sha256 for file, sha256 in cache.fingerprints(list(names)).items()} | tables


def names_of(folder: Path, exports: Sequence[Export]) -> dict[Path, str]:
    """What an edition calls each file of a table: its name as seen from the program's folder, or its url.

    A file elsewhere has the shortest tail of its path that no other of the table has: where it lies is not told.
    """
    files = list(dict.fromkeys(file for export in exports for file in export.files(folder)))
    names = {
        file: url_of(file) or str(file.relative_to(folder))
        for file in files
        if url_of(file) or file.is_relative_to(folder)
    }
    outside, length, taken = [file for file in files if file not in names], 1, {*names.values()}
    while outside:
        tails = {file: str(Path(*file.parts[-length:])) for file in outside}
        counts = Counter(tails.values())
        names |= {
            file: tail
            for file, tail in tails.items()
            if (counts[tail] == 1 and tail not in taken) or length >= len(file.parts)
        }
        outside, length = [file for file in outside if file not in names], length + 1
    return {file: names[file] for file in files}


def run_name(of: Mapping[str, Any], quarter: str) -> str:
    """Six characters that are the same whenever inputs, settings, kit and quarter are."""
    return hashlib.sha256(json.dumps([of, quarter], sort_keys=True).encode()).hexdigest()[:6]


@dataclass(frozen=True)
class Edition:
    """A report as it was published, in a folder named by its number."""

    folder: Path

    @property
    def number(self) -> int:
        return int(self.folder.name)

    @property
    def title(self) -> str:
        return f"edition {self.number} of {self.folder.parent.name}"

    @cached_property
    def about(self) -> dict[str, Any]:
        """edition.json; empty if it cannot be read."""
        return read_object(self.folder / ABOUT)

    @cached_property
    def figures(self) -> dict[str, Any]:
        """The figures as published; empty if they cannot be read."""
        return read_object(self.folder / FIGURES)

    @cached_property
    def wrong(self) -> dict[str, str]:
        """What is wrong with those of its files that are not as they were published."""
        if not self.about:
            return {ABOUT: "is missing or broken"}
        own = {} if self.about.get("seal") == seal(self.about) else {ABOUT: "was changed"}
        return own | {
            name: "was changed" if (self.folder / name).is_file() else "is missing"
            for name, sha256 in self.about.get("files", {}).items()
            if _hash_of(self.folder / name) != sha256
        }

    @property
    def changes(self) -> tuple[str, ...]:
        """Those of its files that are not as they were published, each with what is wrong; none if all are."""
        return tuple(f"{name} {what}" for name, what in self.wrong.items())

    @property
    def misplaced(self) -> str:
        """What it is where it lies in another's place, as a copy does; empty if it is in its own."""
        if not self.about:
            return ""
        number, quarter = self.about.get("number"), self.about.get("quarter")
        is_own = (number, quarter) == (self.number, self.folder.parent.name)
        return "" if is_own else f"it is edition {number} of {quarter}"

    @property
    def is_sound(self) -> bool:
        """Whether its figures are those that were published, of this quarter, under this number."""
        return bool(self.figures) and not self.misplaced and not {ABOUT, FIGURES} & self.wrong.keys()

    @property
    def has_settings(self) -> bool:
        """Whether its settings are those that were published."""
        return not any(name == ABOUT or name.startswith(f"{SETTINGS}/") for name in self.wrong)

    @cached_property
    def sizes(self) -> dict[tuple[str, str], int]:
        """How many bytes each file had that it rests on, by table and name."""
        return {(each["table"], each["file"]): each["bytes"] for each in self.about.get("inputs", [])}

    def hash_of(self, table: str, name: str) -> str:
        """The hash that a file had."""
        return str(self.figures["inputs"]["files"][table][name])

    def lines(self, table: str, name: str) -> bytes:
        """Hashes of a file's lines as `kept_lines` makes them; empty where none were kept, or they were changed."""
        if LINES in self.wrong or ABOUT in self.wrong:
            return b""
        first, last = self._places.get((table, name), (0, 0))
        if first == last:
            return b""
        with (self.folder / LINES).open("rb") as stream:
            stream.seek(first)
            return stream.read(last - first)

    @cached_property
    def _places(self) -> dict[tuple[str, str], tuple[int, int]]:
        """Where in the file of lines those of each file begin and end."""
        return {
            (each["table"], each["file"]): tuple(each.get("lines", (0, 0)))
            for each in self.about.get("inputs", [])
        }


def seal(about: Mapping[str, Any]) -> str:
    """A hash of all that an edition.json, or a figures.json, says beside it."""
    rest = {name: value for name, value in about.items() if name != "seal"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()


def sealed(figures: Mapping[str, Any], page: bytes) -> dict[str, Any]:
    """A report's figures with the hash of its page and their own: neither can be changed by hand without a trace."""
    found = {**figures, "page": hashlib.sha256(page).hexdigest()}
    return found | {"seal": seal(found)}


def editions_of(pages: Path | str, quarter: str) -> list[Edition]:
    """The editions of a quarter in a folder of pages, oldest first."""
    folder = Path(pages) / FOLDER / quarter
    if not str(pages) or not folder.is_dir():
        return []
    found = [Edition(each) for each in folder.iterdir() if each.name.isdecimal() and each.is_dir()]
    return sorted(found, key=lambda edition: edition.number)


def read_object(file: Path) -> dict[str, Any]:
    """What a file of JSON holds; empty if it is missing, broken or no object."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _hash_of(file: Path) -> str:
    """The SHA-256 of a file; empty if it is not there."""
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return ""
