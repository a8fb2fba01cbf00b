"""What is said of work that takes longer than two seconds: how far it is, how fast, and how long it will take."""

from types import TracebackType
from typing import Any, Self

AFTER = 2.0  # seconds


class Progress:
    """A bar on the terminal for work of a size in all, in bytes or what else; nothing where standard error is none."""

    def __init__(self, total: float, unit: str, what: str) -> None:
        self.total, self.unit, self.what = total, unit, what
        self.bar: Any = None

    def __enter__(self) -> Self:
        from tqdm import tqdm  # Most runs have nothing to read.

        is_bytes = self.unit == "B"
        self.bar = tqdm(
            total=self.total, desc=self.what, unit=self.unit if is_bytes else f" {self.unit}", unit_scale=is_bytes,
            delay=AFTER, disable=None, dynamic_ncols=True, leave=False,
        )  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.close()

    def show(self, done: float, how_far: str, rows: int) -> None:
        """Move the bar to so much done; beside it stand how far that is in other words, and the rows a second."""
        if self.bar.disable:
            return
        elapsed = max(self.bar.format_dict["elapsed"], 0.001)
        self.bar.set_postfix_str(f"{how_far}, {rows / elapsed:,.0f} rows/s", refresh=False)
        self.bar.update(max(0, done - self.bar.n))
