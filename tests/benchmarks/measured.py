"""What a command takes as a whole process, with those it starts: wall and CPU seconds, and its peak memory.

Linux counts the memory of whoever starts a process into that process's peak, so a small Python of its own starts it.
"""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Run:
    """Seconds, and MB (10^6 bytes): of the largest process, or of all at one moment if that is more."""

    wall: float
    cpu: float
    peak: float


def measured(command: list[str]) -> Run:
    """One run of a command from the repository's folder; SystemExit with its words if it fails."""
    starter = [sys.executable, "-I", "-S", __file__, *command]
    done = subprocess.run(starter, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return Run(**json.loads(done.stdout))


def main(command: list[str]) -> None:
    """Run a command and print its Run as JSON; fail with its exit code."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peak, is_over = [0], threading.Event()
    sampler = threading.Thread(target=_sample, args=(process.pid, peak, is_over))
    sampler.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    is_over.set()
    sampler.join()
    process.returncode = os.waitstatus_to_exitcode(status)
    most = max(usage.ru_maxrss * 1024, peak[0])
    print(json.dumps({"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak": most / 1e6}))
    sys.exit(abs(process.returncode))


def _sample(pid: int, peak: list[int], is_over: threading.Event) -> None:
    """Keep the most memory that a process and those below it had at one moment; pages they share count each time."""
    while not is_over.wait(0.1):
        peak[0] = max(peak[0], sum(_resident(each) for each in _family(pid)))


def _family(pid: int) -> list[int]:
    try:
        lists = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:  # over already
        return [pid]
    return [pid, *(each for text in lists for child in text.split() for each in _family(int(child)))]


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError):  # over already
        return 0


if __name__ == "__main__":
    main(sys.argv[1:])
