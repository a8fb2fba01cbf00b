"""Files with the same content under several names."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from kit.opening import UNREADABLE, endings, open_bytes


def distinct_files(paths: Sequence[Path]) -> dict[Path, Path]:
    """Each file, and the first that has the same content, compressed or not: itself, if there is none before."""
    by_size: dict[int, list[Path]] = {}
    for path in paths:
        by_size.setdefault(_size(path), []).append(path)
    first: dict[bytes | Path, Path] = {}
    return {
        path: first.setdefault(_content(path) if len(by_size[_size(path)]) > 1 else path, path)
        for path in paths
    }


def _size(path: Path) -> int:
    """How long a file's content is; for a gzip file what its end says, which may be of its last part alone."""
    size = path.stat().st_size
    if endings(path)[-1:] == [".gz"] and size > 4:
        with path.open("rb") as stream:
            stream.seek(-4, 2)
            return int.from_bytes(stream.read(4), "little")
    return size


def _content(path: Path) -> bytes | Path:
    """A hash of a file's content; the file itself if it is damaged."""
    try:
        with open_bytes(path) as stream:
            return hashlib.file_digest(stream, "sha256").digest()  # type: ignore[arg-type]  # any that can be read
    except UNREADABLE:
        return path
