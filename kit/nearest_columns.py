"""A table that nobody knows → the canonical table whose columns its own are most like; offered, never taken."""

import difflib
import re
from collections.abc import Mapping, Sequence

from kit.exports import schema
from kit.readings import ASKED
from kit.sources import canonical_columns

ALIKE, MOST_COLUMNS = 0.35, 200
NUMBER = re.compile(r"[-+(]?[$€£]?\s?\d[\d.,'  ]*\)?%?")
DAY = re.compile(
    r"(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/. ](\d{1,2}|[A-Za-z]{3,9})[-/. ]\d{2,4})([ T,:].*)?"
)


def nearest_columns(names: Sequence[str], row: Sequence[str]) -> tuple[str, Mapping[str, str]]:
    """The nearest table and, for each of its required columns and the like, theirs; empty if none is near.

    `row` is the first row, if it is known: a column of days is none of amounts.
    """
    if len(names) > MOST_COLUMNS:
        return "", {}
    values = {name: value[:100] for name, value in zip(names, row, strict=False)}
    best: tuple[float, str, Mapping[str, str]] = (0.0, "", {})
    for table in canonical_columns():
        pairs = _paired(table, names, values)
        required = [name for name, _, is_required, _ in schema(table) if is_required]
        needed = [name for name in required if name not in ASKED or name == "date"]
        if len(pairs) >= 2 and all(name in pairs for name in needed):
            likeness = sum(pairs[name][0] if name in pairs else 0.2 for name in required) / len(required)
            best = max(best, (likeness, table, {ours: theirs for ours, (_, theirs) in pairs.items()}))
    return best[1], best[2]


def _paired(table: str, names: Sequence[str], values: Mapping[str, str]) -> dict[str, tuple[float, str]]:
    """Each of the table's columns with the most like of theirs that is left, the likest pairs first."""
    scored = sorted(
        (
            (likeness, name, theirs)
            for name, type_, is_required, _ in schema(table)
            for theirs in names
            if name != "system"
            and (likeness := _likeness(name, type_, theirs, values.get(theirs)))
            > (ALIKE if is_required else 0.75)
        ),
        reverse=True,
    )
    pairs: dict[str, tuple[float, str]] = {}
    for likeness, name, theirs in scored:
        if name not in pairs and theirs not in {taken for _, taken in pairs.values()}:
            pairs[name] = likeness, theirs
    return pairs


def _likeness(name: str, type_: str, theirs: str, value: str | None) -> float:
    """How alike two columns are, by name, and by what a value of theirs can be; nothing if it can't be ours."""
    words = re.sub(r"\W+", "_", theirs[:80].casefold()).strip("_")
    alike = difflib.SequenceMatcher(None, name, words).ratio()
    if not value:
        return alike
    is_day, is_number = bool(DAY.fullmatch(value.strip())), bool(NUMBER.fullmatch(value.strip()))
    if type_.startswith(("TIMESTAMP", "DATE")):
        has_clock = is_day and re.search(r"\d:\d", value) is not None
        return (alike + (0.4 if has_clock == type_.startswith("TIMESTAMP") else 0.2)) if is_day else 0
    if type_.startswith(("DECIMAL", "INTEGER", "BIGINT")):
        return alike + 0.4 if is_number and not is_day else 0
    if name == "currency":
        return alike + 0.4 if re.fullmatch(r"[A-Za-z]{3}", value.strip()) else 0
    return 0 if is_day else alike
