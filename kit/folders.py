"""A folder of outputs that appears whole: written beside its place, and put there in one step of the file system."""

import ctypes
import errno
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from kit.errors import ReviewError

PREFIX, SCRATCH = ".writing", "api-review"
TRIES = 100
# Of renameat2 in Linux: at the working folder, and two names for one another.
AT_FDCWD, RENAME_EXCHANGE = -100, 2


@contextmanager
def writing_in(out: Path) -> Iterator[Path]:
    """A new folder in another, which is made; it goes when the work ends. What killed processes left goes before."""
    is_new = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        tidy(out, PREFIX)
        work = tempfile.mkdtemp(prefix=_of_process(PREFIX), dir=out)
    except (PermissionError, FileExistsError, NotADirectoryError):
        raise ReviewError(
            f"{out} is no folder that can be written to. Say with --out where the pages go."
        ) from None
    try:
        yield Path(work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if is_new:
            with suppress(OSError):  # there are pages in it
                out.rmdir()


@contextmanager
def scratch() -> Iterator[Path]:
    """A new folder for copies of exports, which go when the work ends; or, if that is killed, at the next."""
    _tidy_scratch()
    with tempfile.TemporaryDirectory(prefix=_of_process(SCRATCH)) as work:
        yield Path(work)


@cache
def _tidy_scratch() -> None:
    tidy(Path(tempfile.gettempdir()), SCRATCH)


def _of_process(prefix: str) -> str:
    return f"{prefix}-{socket.gethostname()}-{os.getpid()}-"


def tidy(folder: Path, prefix: str) -> None:
    """Remove what processes of this machine that run no more have left in a folder."""
    for left in folder.glob(f"{prefix}-*-*-*"):
        host, pid = left.name.removeprefix(f"{prefix}-").rsplit("-", 2)[:2]
        if host == socket.gethostname() and pid.isdigit() and not runs(int(pid)):
            shutil.rmtree(left, ignore_errors=True)


def runs(pid: int) -> bool:
    """Whether a process of this machine runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def put_folder(written: Path, target: Path) -> None:
    """Put a folder in the place of another, if there is one; what stood there is then where the first was, or gone.

    At every moment one of the two stands there whole, where the system can exchange names, as Linux can.
    """
    for file in written.iterdir():
        with file.open("rb") as stream:
            os.fsync(stream.fileno())
    for _ in range(TRIES):
        try:
            if target.exists():
                _exchange(written, target)
            else:
                written.rename(target)
        except OSError as error:
            # Another run was faster: it has put its folder there, or taken away what was.
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
                raise
        else:
            return
    raise ReviewError(f"{target} is being written to by others. Run again when they are done.")


def _exchange(one: Path, other: Path) -> None:
    if sys.platform == "linux":
        library = ctypes.CDLL(None, use_errno=True)
        names = os.fsencode(one), os.fsencode(other)
        if (
            hasattr(library, "renameat2")
            and library.renameat2(AT_FDCWD, names[0], AT_FDCWD, names[1], RENAME_EXCHANGE) == 0
        ):
            return
        if (number := ctypes.get_errno()) not in (errno.ENOSYS, errno.EINVAL):
            raise OSError(number, os.strerror(number), str(other))
    old = one.parent / f"{one.name}-before"
    other.rename(old)
    try:
        one.rename(other)
    except OSError:
        old.rename(other)
        raise
    shutil.rmtree(old, ignore_errors=True)
