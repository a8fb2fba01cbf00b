"""Files with the same content under several names."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from kit.opening import UNREADABLE, endings, open_bytes
from kit.remote import fingerprint_of


def content_of(path: Path) -> object:
    """A hash of a file's content, decompressed; the file itself if it is damaged."""
    try:
        with open_bytes(path) as stream:
            return hashlib.file_digest(stream, "sha256").digest()  # type: ignore[arg-type]  # any that can be read
    except UNREADABLE:
        return path


def distinct_files(paths: Sequence[Path], content: Callable[[Path], object] = content_of) -> dict[Path, Path]:
    """Each file, and the first that has the same content, compressed or not: itself, if there is none before.

    Of files elsewhere that are not here, only what their stores say of their content is compared.
    """
    alike: dict[object, Path] = {}
    same = {path: alike.setdefault(fingerprint_of(path) or path, path) for path in paths}
    sizes = {path: _size(path) for path in alike.values()}
    by_size: dict[int | Path, int] = {}
    for size in sizes.values():
        by_size[size] = by_size.get(size, 0) + 1
    first: dict[object, Path] = {}
    distinct = {
        path: first.setdefault(content(path) if by_size[size] > 1 else path, path)
        for path, size in sizes.items()
    }
    return {path: distinct[same[path]] for path in paths}


def _size(path: Path) -> int | Path:
    """How long a file's content is; for a gzip file what its end says, which may be of its last part alone.

    A file that is not here is of no size that another has.
    """
    if not path.exists():
        return path
    size = path.stat().st_size
    if endings(path)[-1:] == [".gz"] and size > 4:
        with path.open("rb") as stream:
            stream.seek(-4, 2)
            return int.from_bytes(stream.read(4), "little")
    return size
