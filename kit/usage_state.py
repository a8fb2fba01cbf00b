"""What the cache of daily usage holds for a program, what it lacks, and why."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kit.cache import KINDS, Cache, key_of, open_cache
from kit.formats import plural
from kit.program import Export, Program
from kit.usage import logs_of, made_of, name_of, size_of, way_of

WHY = {
    "content": "changed since",
    "version": "read by another version of the kit",
    "zone": "read in another time zone of the program",
    "way": "read in another way: the export's settings or preset changed",
}
NEW = "new"
SHOWN = 3


@dataclass(frozen=True)
class State:
    """Of an export of logs: the files that need not be read, and the others with the reason why they are."""

    export: Export
    read: tuple[Path, ...]
    unread: Mapping[Path, str]
    days: int | None


def states(program: Program, cache: Cache) -> list[State]:
    """The state of each export of logs; of a table of an engine, how many of its days are here."""
    found = []
    for _, export in logs_of(program):
        if export.table:
            known = cache.told("partitions", key_of(way_of(program, export))) or {}
            days = sum(cache.file("days", key).is_file() for _, key in known.values())
            found.append(State(export, (), {}, days))
            continue
        fingerprints = cache.fingerprints(export.files(program.folder))
        rests_on = made_of(way_of(program, export))
        why = {
            path: _why(cache.told("read", name_of(path)), {"content": fingerprint, **rests_on})
            for path, fingerprint in fingerprints.items()
        }
        found.append(
            State(
                export,
                tuple(path for path in why if not why[path]),
                {path: reason for path, reason in why.items() if reason},
                None,
            )
        )
    return found


def _why(before: Mapping[str, str] | None, now: Mapping[str, str]) -> str:
    """Why a file is to be read, from what its usage rested on and would rest on now; empty if it isn't."""
    if not before:
        return NEW
    return next((why for part, why in WHY.items() if before.get(part) != now[part]), "")


def has_new(program: Program) -> bool:
    """Whether logs are to be read before figures can be made."""
    cache = open_cache(program.folder)
    try:
        return cache.is_kept and any(state.unread for state in states(program, cache))
    finally:
        cache.save()


def state_text(program: Program) -> str:
    """The state of the cache in words: by export what is read and what not and why, then how large it is."""
    cache = open_cache(program.folder)
    lines = []
    for state in states(program, cache):
        lines += [_label(state.export), *_lines(program, state), ""]
    cache.save()
    sizes = {kind: _size(cache.folder / kind) for kind in KINDS}
    lines.append(
        f"{cache.folder}: {_megabytes(sum(sizes.values()))}; daily usage {_megabytes(sizes['days'] + sizes['all'])},"
        f" the calls behind it {_megabytes(sizes['calls'])}"
    )
    if not cache.is_kept:
        lines.append("The program's folder cannot be written to: logs are read anew each time.")
    return "\n".join(lines)


def _label(export: Export) -> str:
    by = f" by preset {export.preset}" if export.preset else ""
    return f"{export.table or ', '.join(export.path)}{by}"


def _lines(program: Program, state: State) -> list[str]:
    if state.days is not None:
        return [f"  read     {plural(state.days, 'day')}; whether there are more, only the engine knows"]
    lines = [f"  read     {plural(len(state.read), 'file')}, {_megabytes(sum(map(size_of, state.read)))}"]
    for why, count in Counter(state.unread.values()).most_common():
        paths = [path for path, reason in state.unread.items() if reason == why]
        names = [_shown(program, path) for path in paths[:SHOWN]]
        more = [f"{len(paths) - SHOWN:,} more"] if len(paths) > SHOWN else []
        size = _megabytes(sum(map(size_of, paths)))
        lines.append(f"  to read  {plural(count, 'file')}, {size}, {why}: {', '.join([*names, *more])}")
    return lines


def _shown(program: Program, path: Path) -> str:
    name = Path(name_of(path))
    return str(name.relative_to(program.folder)) if name.is_relative_to(program.folder) else name_of(path)


def drop(program: Program) -> int:
    """Delete all that was kept of a program's logs; how many bytes that were."""
    cache = open_cache(program.folder)
    found = [file for kind in KINDS for file in (cache.folder / kind).glob("*.parquet")]
    size = sum(file.stat().st_size for file in found)
    # Without the index a file that stays behind is not found; with it alone, each would be looked for.
    for file in [cache.folder / "index.json", *found]:
        file.unlink(missing_ok=True)
    return size


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("*.parquet"))


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
