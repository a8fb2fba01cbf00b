"""The lines of a small export as hashes: whether a later export still has them all, in whatever order and packing."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from kit.opening import UNREADABLE, endings, open_bytes

OF_LINES = (".csv", ".tsv", ".jsonl", ".ndjson")
PACKED = (".gz", ".zst")
NOT_KEPT = ("calls", "keys")  # the large one, and the one of secrets
LARGEST = 32 << 20  # bytes, unpacked
SIZE = 8  # bytes of a hash: two lines in a file of a million have the same once in forty million times


def hashes_of(file: Path, key: str) -> bytes:
    """A hash of each line, sorted; empty if the file is large, not of lines, or damaged.

    `key` is the file's own hash: hashes of different files cannot be compared.
    """
    suffixes = [suffix for suffix in endings(file) if suffix not in PACKED]
    if suffixes[-1:] not in [[suffix] for suffix in OF_LINES] or not file.is_file():
        return b""
    found, size = [], 0
    try:
        for line, hashed in _hashed(file, key):
            size += len(line)
            if size > LARGEST:
                return b""
            found.append(hashed)
    except UNREADABLE:
        return b""
    return b"".join(sorted(found))


def shared(file: Path, hashes: bytes, key: str) -> float:
    """The share of lines of then that a file has."""
    left = counted(hashes)
    lines = left.total()
    try:
        found = sum(1 for _ in _still_there(file, left, key))
    except UNREADABLE:
        return 0.0
    return found / max(lines, 1)


def write_lines(file: Path, hashes: bytes, key: str, copy: Path) -> Path:
    """A copy of those of a file's lines that were there then; its name says how it is packed no more."""
    target = copy
    while target.suffix.lower() in PACKED:
        target = target.with_suffix("")
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as stream:
        stream.writelines(_still_there(file, counted(hashes), key))
    return target


def _still_there(file: Path, left: Counter[bytes], key: str) -> Iterator[bytes]:
    """The lines of a file that are among those left, each as often as it is."""
    for line, hashed in _hashed(file, key):
        if left[hashed] > 0:
            left[hashed] -= 1
            yield line


def counted(hashes: bytes) -> Counter[bytes]:
    """How often each hash is there."""
    return Counter(hashes[place : place + SIZE] for place in range(0, len(hashes), SIZE))


def _hashed(file: Path, key: str) -> Iterator[tuple[bytes, bytes]]:
    """Each line and its hash; how it ends and blank ones do not count."""
    own = key.encode()[: hashlib.blake2b.MAX_KEY_SIZE]
    with open_bytes(file) as stream:
        for line in iter(lambda: stream.readline(LARGEST), b""):
            if text := line.rstrip(b"\r\n"):
                yield line, hashlib.blake2b(text, digest_size=SIZE, key=own).digest()
