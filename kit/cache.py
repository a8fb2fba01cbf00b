"""What was made of files before: kept beside a program's exports, and found again by what the files hold.

A file is known by a hash of its bytes. That it still has them is taken from its size, its inode and the times of its
last change; the time of the inode's change cannot be set back, so a touched date or an edit of the same size shows.
"""

import hashlib
import json
import os
import shutil
import socket
import tempfile
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache as once
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kit.errors import ReviewError
from kit.folders import tidy
from kit.machine import cores
from kit.remote import fetch, fingerprint_of, url_of

FOLDER = ".usage"
TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# What api-review has read of call logs. It may be deleted.\n"
# A file that was changed so shortly before it was hashed may change again within one tick of its clock.
TICK = 2_000_000_000  # nanoseconds
PARQUET = b"PAR1"
KINDS = ("days", "calls", "all")
HERE = f"{socket.gethostname()}-{os.getpid()}"


@dataclass(frozen=True)
class Cache:
    """A folder of what was made of files, each under a key of its content; `is_kept` says whether it outlives us."""

    folder: Path
    is_kept: bool
    changed: dict[str, Any] = field(default_factory=dict)

    def file(self, kind: str, key: str) -> Path:
        """Where what was made of a file stands, whether it is there or not."""
        return self.folder / kind / f"{key}.parquet"

    def is_whole(self, kind: str, key: str) -> bool:
        """Whether what was made of a file is there, and its end is that of such a file."""
        try:
            with self.file(kind, key).open("rb") as stream:
                stream.seek(-len(PARQUET), os.SEEK_END)
                return stream.read() == PARQUET
        except OSError:
            return False

    def fingerprints(self, files: Sequence[Path]) -> dict[Path, str]:
        """The SHA-256 of each file's bytes, in hexadecimal; those that did not change are not read for it.

        Of a file elsewhere it is what its store says of its content, and the file is not fetched for it.
        """
        known = {file: fingerprint_of(file) or self._known(file) for file in files}
        unknown = [file for file, fingerprint in known.items() if fingerprint is None]
        with ThreadPoolExecutor(cores()) as pool:
            hashed = dict(zip(unknown, pool.map(self._hashed, unknown), strict=True))
        return {file: fingerprint or hashed[file] for file, fingerprint in known.items()}

    def is_as_it_was(self, file: Path) -> bool:
        """Whether a file is still the one whose fingerprint was taken; one from elsewhere is fetched whole."""
        if url_of(file):
            return True
        seen = self.index["files"].get(str(file))
        return bool(seen and seen["stat"] == _stat(file))

    def _known(self, file: Path) -> str | None:
        seen = self.index["files"].get(str(file))
        fetch([file])
        if not seen or seen["stat"] != _stat(file) or seen["at"] - max(seen["stat"][1:3]) < TICK:
            return None
        return str(seen["sha256"])

    def _hashed(self, file: Path) -> str:
        at, before = time.time_ns(), _stat(file)
        with file.open("rb") as stream:
            fingerprint = hashlib.file_digest(stream, "sha256").hexdigest()
        if _stat(file) != before:
            raise ReviewError(f"{file}: the file is being written to. Run again when it is whole.")
        self.index["files"][str(file)] = {"stat": before, "at": at, "sha256": fingerprint}
        self.changed["index"] = True
        return fingerprint

    def remember(self, what: str, name: str, value: Any) -> None:
        """Keep a small fact about a file or a key; `save` writes it down."""
        if self.told(what, name) == value:
            return
        self.index.setdefault(what, {})[name] = value
        self.changed["index"] = True

    def told(self, what: str, name: str) -> Any:
        """A fact that was kept; None if there is none."""
        return self.index.get(what, {}).get(name)

    @cached_property
    def index(self) -> dict[str, Any]:
        """What is known of the files; losing it costs a reading of their bytes and no more."""
        try:
            found = json.loads((self.folder / "index.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            found = {}
        return found if _is_index(found) else {"files": {}}

    def save(self) -> None:
        """Write down what was learned of the files, if anything was."""
        if self.changed.pop("index", False):
            with self.writing() as work:
                (work / "index.json").write_text(json.dumps(self.index), encoding="utf-8")
                put(work / "index.json", self.folder / "index.json")

    @contextmanager
    def writing(self) -> Iterator[Path]:
        """A folder to write in, on the same disk; it goes when the work ends, however it ends."""
        with tempfile.TemporaryDirectory(prefix=f"writing-{HERE}-", dir=self.folder) as work:
            yield Path(work)

    @cached_property
    def spill(self) -> Path:
        """A folder for what does not fit into memory, which goes with the process."""
        return _of_process(self.folder)

    def keep_to(self, version: str) -> None:
        """Delete what another version of the kit made of logs: it is never read, and may hold what this leaves out."""
        made_by = self.folder / "version.txt"
        try:
            if made_by.read_text(encoding="utf-8") == version:
                return
        except (OSError, ValueError):
            pass
        for kind in KINDS:
            for file in (self.folder / kind).glob("*.parquet"):
                file.unlink(missing_ok=True)
        with self.writing() as work:
            (work / made_by.name).write_text(version, encoding="utf-8")
            put(work / made_by.name, made_by)

    def tidy(self) -> None:
        """Remove what processes of this machine that were killed have left."""
        tidy(self.folder, "writing")
        tidy(self.folder, "spill")
        tidy(Path(tempfile.gettempdir()), "spill")


def open_cache(home: Path) -> Cache:
    """The cache of a program's folder; one that goes with the process where that folder cannot be written to."""
    folder = home / FOLDER
    try:
        for kind in KINDS:
            (folder / kind).mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError
        if not (folder / ".gitignore").exists():
            (folder / "CACHEDIR.TAG").write_text(TAG, encoding="utf-8")
            (folder / ".gitignore").write_text("*\n", encoding="utf-8")
        cache = Cache(folder, is_kept=True)
    except OSError:
        cache = Cache(_of_process(None), is_kept=False)
        for kind in KINDS:
            (cache.folder / kind).mkdir()
    cache.tidy()
    return cache


def put(written: Path, target: Path) -> None:
    """Move a file that is wholly written to where it is looked for."""
    with written.open("rb") as stream:
        os.fsync(stream.fileno())
    written.replace(target)


def key_of(parts: Mapping[str, object] | Sequence[object]) -> str:
    """A name made of whatever a result rests on."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:40]


@once
def version_of(modules: Sequence[str]) -> str:
    """A name for the source of modules of the kit and of its SQL, and for the release of DuckDB."""
    here = Path(__file__).parent
    return key_of([version("duckdb"), [(here / module).read_text("utf-8") for module in modules]])


def damaged(error: Exception) -> ReviewError:
    """What to say where something kept cannot be read, though it looks whole."""
    what = str(error).splitlines()[0][:200]
    return ReviewError(
        f"What was kept of call logs in {FOLDER} is damaged ({what}). Delete it: api-review usage --drop"
    )


def _is_index(found: object) -> bool:
    """Whether something is of an index's shape: facts by what they are and by name, those of files with all parts."""
    return (
        isinstance(found, dict)
        and all(isinstance(facts, dict) for facts in found.values())
        and isinstance(found.get("files"), dict)
        and all(
            isinstance(seen, dict) and {"stat", "at", "sha256"} <= seen.keys()
            for seen in found["files"].values()
        )
    )


def _stat(file: Path) -> list[int]:
    found = file.stat()
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def _of_process(within: Path | None) -> Path:
    """A new folder that goes with this process."""
    folder = Path(tempfile.mkdtemp(prefix=f"spill-{HERE}-", dir=within))
    weakref.finalize(_of_process, shutil.rmtree, folder, ignore_errors=True)
    return folder
