"""Files as they are → their bytes, their text, their first lines."""

import gzip
import sys
import zlib
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LONGEST_LINE = 1_000_000  # characters: whole exports stand on one line
BLOCK = 1 << 20
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
