"""What this machine lets the kit use: memory and cores."""

import os
import re
from pathlib import Path

import duckdb

from kit.errors import ReviewError

MEMORY = "API_REVIEW_MEMORY"
UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
LEAST = 500_000_000  # bytes: the packages alone have a third of that
# A thread that reads call logs was seen to need so much of it.
OF_READER = 250_000_000
OF_PACKAGES = 150_000_000
# DuckDB counts what it plans for; a process was seen to have up to a third more.
COUNTED = 0.7
CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def memory_limit() -> int:
    """The bytes that reading may take: those of API_REVIEW_MEMORY, or half of what the machine or its cgroup has."""
    said = os.environ.get(MEMORY, "")
    return read_size(said, MEMORY) if said else _installed() // 2


def read_size(text: str, name: str) -> int:
    """The bytes that a text such as 800MB or 4 GB says; ReviewError if it says none, or too few to work with."""
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?\s*", text, re.IGNORECASE)
    size = int(float(found[1]) * UNITS[found[2].upper()]) if found else 0
    if size < LEAST:
        raise ReviewError(
            f"{name}: {text!r} is not allowed. Allowed: a size of {LEAST // 10**6} MB or more, such as 4GB."
        )
    return size


def _installed() -> int:
    """The memory of the machine in bytes, or of the cgroup that this process is in if that has less."""
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    limits = [file.read_text().strip() for file in map(Path, CGROUPS) if file.is_file()]
    return min([*sizes, *(int(limit) for limit in limits if limit.isdigit())])


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def readers() -> int:
    """How many threads may read call logs at once."""
    return max(1, min(cores(), memory_limit() // OF_READER - 1))


def bound(con: duckdb.DuckDBPyConnection, spill: Path, parts: int = 1, threads: int = 0) -> None:
    """Keep a database within its part of the memory; what does not fit goes to the folder `spill`."""
    share = int((memory_limit() - OF_PACKAGES) * COUNTED / parts)
    con.execute(f"set memory_limit = '{share}B'")
    con.execute(f"set threads = {threads or cores()}")
    con.execute("set temp_directory = $folder", {"folder": str(spill)})
