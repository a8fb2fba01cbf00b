"""Keys as they may be kept and shown: told apart, and good for nothing else."""

import hashlib
import re
from typing import Any

import polars as pl

# A run of letters and digits that no word or number is. Ids such as UUIDs have none.
RUN = re.compile("[A-Za-z0-9+/]{16,}")


def masked_key(key: str) -> str:
    """What stands for a key that opens something: its last four signs and a hash; any other id as it is.

    The same as the macro `masked_key` in kit/sql/reading.sql.
    """
    if not _is_secret(key):
        return key
    return f"…{key[-4:]} ({hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()[:16]})"


def redacted(text: str) -> str:
    """A text with a mark in place of each run that may open something."""
    return RUN.sub(lambda run: "…" if _is_secret(run[0]) else run[0], text)


def masked_usage(usage: pl.DataFrame) -> pl.DataFrame:
    """Usage with its keys masked and its operations without what a query says."""
    keys: list[Any] = usage["api_key"].unique().drop_nulls().to_list()
    return usage.with_columns(
        pl.col("api_key").replace({key: masked_key(key) for key in keys}),
        pl.col("operation").str.replace(r"\?.*", ""),
    )


def _is_secret(text: str) -> bool:
    return bool(RUN.search(text) and re.search("[0-9]", text) and text.lower() != text.upper())
