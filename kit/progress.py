"""What is said of work that takes longer than two seconds: how far it is, how fast, and how long it will take."""

from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

AFTER = 2.0  # seconds


@dataclass
class Progress:
    """A bar on the terminal for files of so many bytes in all; nothing where standard error is none."""

    total: int
    files: int
    done: float = 0
    rows: int = 0
    bar: Any = field(default=None, init=False)

    def __enter__(self) -> Self:
        from tqdm import tqdm  # Most runs have nothing to read.

        self.bar = tqdm(
            total=self.total, unit="B", unit_scale=True, delay=AFTER, disable=None, dynamic_ncols=True, leave=False,
            desc="Reading call logs",
        )  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.close()

    def show(self, bytes_done: float, files_done: int, rows: int) -> None:
        """Move the bar to so many bytes; files done and rows a second stand behind it."""
        if self.bar.disable:
            return
        elapsed = max(self.bar.format_dict["elapsed"], 0.001)
        self.bar.set_postfix_str(
            f"{files_done:,} of {self.files:,} files, {rows / elapsed:,.0f} rows/s", refresh=False
        )
        self.bar.update(max(0, bytes_done - self.bar.n))


Watch = Callable[[float, int, int], None]
