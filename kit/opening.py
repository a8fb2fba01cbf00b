"""Files as they are → their bytes, their text, their first lines."""

import gzip
import os
import sys
import zlib
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any

from isal import igzip, isal_zlib

from kit.errors import ReviewError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LONGEST_LINE = 1_000_000  # characters: whole exports stand on one line
BLOCK = 1 << 20
# What follows a file's last line break, if it is longer than its buffer, DuckDB leaves out of a table without a word.
LONGEST_END = 1 << 24  # bytes
MOST_PACKED = 1032  # bytes that gzip makes of one, at most
WHOLE = (".xlsx", ".parquet")
UNREADABLE = (OSError, EOFError, zlib.error, zstd.ZstdError)


def endings(path: Path) -> list[str]:
    """The endings of a file's name, in lower case."""
    return [suffix.lower() for suffix in path.suffixes]


def open_bytes(file: Path) -> IO[bytes]:
    """A file's bytes, decompressed as its name says; one of UNREADABLE, here or later, if they are damaged."""
    opening: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".zst": zstd.open}
    stream: IO[bytes] = opening.get("".join(endings(file)[-1:]), Path.open)(file, "rb")
    return stream


def open_text(file: Path) -> IO[str]:
    """A file's text without a byte order mark; bytes that are not UTF-8 are kept as lone surrogates."""
    return TextIOWrapper(open_bytes(file), encoding="utf-8-sig", errors="surrogateescape", newline="")


def first_lines(file: Path, most: int = 20) -> list[tuple[int, str]]:
    """Number and text of those of a file's first lines that are not blank; a very long one is the last, and cut."""
    lines: list[str] = []
    with open_text(file) as stream:
        while len(lines) < most and (line := stream.readline(LONGEST_LINE)):
            lines.append(line.rstrip("\r\n"))
            if len(line) == LONGEST_LINE:
                break
    return [(number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def ends_with(file: Path, sign: bytes) -> bool:
    """Whether a sign is the last of a file's text, blanks left out."""
    last = b""
    with open_bytes(file) as stream:
        if stream.seekable() and not isinstance(stream, gzip.GzipFile | zstd.ZstdFile):
            stream.seek(max(0, file.stat().st_size - BLOCK))
        while block := stream.read(BLOCK):
            last = (last + block).rstrip()[-len(sign) :] or last
    return last == sign


def stop_at_open_quote(file: Path) -> None:
    """EOFError if a quoted value of a file may not end: one quote in it has no other."""
    count = 0
    with open_bytes(file) as stream:
        while block := stream.read(BLOCK):
            count += block.count(b'"')
    if count % 2:
        raise EOFError(f"{file}: a quote in it has no other, so that a quoted value does not end.")


def stop_at_endless(file: Path) -> None:
    """ReviewError if a file of text ends in a line longer than any export has; damaged files are left to others."""
    try:
        is_endless = file.suffix.lower() not in WHOLE and _is_endless(file)
    except (*UNREADABLE, isal_zlib.error):  # type: ignore[misc]  # whatever reads it says what is wrong with it
        return
    if is_endless:
        raise ReviewError(
            f"{file}: its last line is longer than {LONGEST_END:,} bytes, as no export's is. The file is damaged, or no"
            " text. Export it again."
        )


def _is_endless(file: Path) -> bool:
    packed = file.stat().st_size
    if endings(file)[-1:] == [".gz"] and _says_little(file, packed):
        return False
    length = 0
    opened = igzip.open(file, "rb") if file.suffix.lower() == ".gz" else open_bytes(file)  # type: ignore[no-untyped-call]
    with opened as stream:
        if endings(file)[-1:] not in ([".gz"], [".zst"]):
            stream.seek(max(0, packed - LONGEST_END - BLOCK))
        while length <= LONGEST_END and (block := stream.read(BLOCK)):
            after = len(block) - 1 - block.rfind(b"\n")
            length = length + len(block) if after == len(block) else after
    return length > LONGEST_END


def _says_little(file: Path, packed: int) -> bool:
    """Whether the end of a gzip file says that it holds little, and as much as text of its size would be."""
    if packed * MOST_PACKED < LONGEST_END:
        return True
    with file.open("rb") as stream:
        stream.seek(-4, os.SEEK_END)
        size = int.from_bytes(stream.read(4), "little")
    return 2 * packed < size < min(LONGEST_END, 50 * packed)
