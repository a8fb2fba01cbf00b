"""Gzip files for DuckDB to read, unpacked by Intel's library: DuckDB's own takes two thirds of the time they take.

JSON comes as a stream. Of a table DuckDB wants to know the length before it reads, so it is unpacked into a file.
"""

import gzip
import io
import shutil
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
from fsspec import AbstractFileSystem
from isal import igzip, isal_zlib

from kit.opening import LONGEST_END, stop_at_endless
from kit.raw import Query, file_format

PROTOCOL = "unpacked"
ENDING = ".gz"
WORTH_IT = 1_000_000  # bytes packed: smaller files take longer to make than they save
LARGEST = 4_000_000_000  # bytes unpacked
DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile, isal_zlib.error)
AT_ONCE = 1 << 22  # bytes: to allot larger pieces takes longer than to fill them


def unpack(
    con: duckdb.DuckDBPyConnection, query: Query, sources: Sequence[str], work: Path
) -> tuple[Query, list[str]]:
    """The same query with packed files named so that they come unpacked, and the names that `source` then gives.

    What is made for it is in the folder `work`.
    """
    named = {source: _named(source, work / f"unpacked-{place}") for place, source in enumerate(sources)}
    if not con.filesystem_is_registered(PROTOCOL):
        con.register_filesystem(Unpacked())
    parameters = {
        name: [named.get(file, file) for file in value] if isinstance(value, list) else value
        for name, value in query.parameters.items()
    }
    return Query(query.sql, parameters), list(named.values())


def _named(source: str, file: Path) -> str:
    path = Path(source)
    if not source.endswith(ENDING):
        return source
    if file_format(path) == "json":
        return f"{PROTOCOL}://{source[: -len(ENDING)]}"
    if not is_unpacked(path):
        _stop_at_damage(path)
        return source
    if _unpack_into(path, file):
        return str(file)
    stop_at_endless(path)
    return source


def _stop_at_damage(packed: Path) -> None:
    """EOFError if a packed file is not whole, or its checksum is another's; DuckDB looks at no checksum."""
    try:
        with igzip.open(packed, "rb") as stream:  # type: ignore[no-untyped-call]
            while stream.read(AT_ONCE):
                pass
    except DAMAGED as error:  # type: ignore[misc]
        raise EOFError(f"{packed}: {error}") from None


def is_unpacked(path: Path) -> bool:
    """Whether a packed table or log of lines is unpacked into a file, if there is room for it."""
    return path.suffix == ENDING and file_format(path) != "json" and path.stat().st_size >= WORTH_IT


def _unpack_into(packed: Path, file: Path) -> bool:
    """Unpack a file into another; whether that was done, it being sound, with lines that end, and room for it."""
    room = min(LARGEST, shutil.disk_usage(file.parent).free // 4)
    piece = bytearray(AT_ONCE)
    length = 0  # of the line that is not yet at its end
    try:
        with igzip.open(packed, "rb") as stream, file.open("wb") as copy:  # type: ignore[no-untyped-call]
            while size := stream.readinto(piece):
                copy.write(memoryview(piece)[:size])
                room -= size
                after = size - 1 - piece.rfind(b"\n", 0, size)
                length = length + size if after == size else after
                if room < 0 or length > LONGEST_END:
                    break
    except DAMAGED as error:  # type: ignore[misc]
        raise EOFError(f"{packed}: {error}") from None
    except OSError:  # no room, or not to be read: whatever reads the packed file says it
        room = -1
    is_whole = room >= 0 and length <= LONGEST_END
    if not is_whole:
        file.unlink(missing_ok=True)
    return is_whole


class _Stream(io.RawIOBase):
    """A file's bytes unpacked, from the first to the last: DuckDB reads JSON so where it has one thread."""

    def __init__(self, path: str) -> None:
        self.file = igzip.open(path, "rb")  # type: ignore[no-untyped-call]  # isal says no types here
        self.place = 0

    def read(self, size: int = -1) -> bytes:
        piece: bytes = self.file.read(min(size, AT_ONCE) if size >= 0 else AT_ONCE)
        self.place += len(piece)
        return piece

    def seek(self, place: int, whence: int = 0) -> int:
        if whence != 0 or place != self.place:
            raise OSError("a packed file is read from its first byte to its last")
        return place

    def tell(self) -> int:
        return self.place

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self.file.close()
        super().close()


class Unpacked(AbstractFileSystem):  # type: ignore[misc]  # fsspec says no types
    """Files with `.gz` left off their names, unpacked."""

    protocol = PROTOCOL

    def open(self, path: str, mode: str = "rb", **options: Any) -> _Stream:
        """A stream of the file's unpacked bytes."""
        return _Stream(_packed(path))

    def info(self, path: str, **options: Any) -> dict[str, Any]:
        """What DuckDB asks of a file; JSON is read to its end, whatever size is said."""
        size = Path(_packed(path)).stat().st_size
        return {"name": path, "size": size, "type": "file", "mtime": 0}

    def glob(self, path: str, **options: Any) -> list[str]:
        """The file itself: names are no patterns here."""
        return [path]

    def exists(self, path: str, **options: Any) -> bool:
        """Whether there is such a file."""
        return Path(_packed(path)).is_file()


def _packed(path: str) -> str:
    return path.removeprefix(f"{PROTOCOL}://") + ENDING
