"""A table that nobody knows → the canonical table whose columns its own are most like; offered, never taken."""

import difflib
import re
from collections.abc import Mapping, Sequence

from kit.columns import schema
from kit.sources import canonical_columns
from kit.starting.first_rows import ASKED

ALIKE, MOST_COLUMNS = 0.5, 200
# What else our columns are often called.
WORDS = {
    "partner_id": "partner account account_id account_number customer customer_id client client_id company_id",
    "name": "company company_name account_name organization customer_name partner_name",
    "registered_at": "signed_up signup registered created created_at create_date since joined",
    "called_at": "time timestamp date_time request_time",
    "api_key": "key client_id consumer consumer_id",
    "status": "status_code response_code code",
    "amount": "gross net total value sum price cost",
    "currency": "ccy currency_code",
    "transacted_at": "settled_at settled paid_at completed_at time timestamp",
    "invoiced_at": "invoice_date date issued",
    "line_id": "id line invoice_line invoice_number",
    "date": "day posted booked closed close_date work_date",
    "hours": "duration time_spent hours_worked",
    "role": "roles title job",
    "activity": "task type work",
    "category": "type cost_type account",
    "rate": "exchange_rate fx_rate",
    "label": "event milestone title description",
    "fte": "ftes headcount heads people",
}
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
        there = sum(name in pairs for name in required)
        if 2 <= there >= 0.6 * len(required) and all(name in pairs for name in needed):
            likeness = sum(pairs[name][0] for name in required if name in pairs) / len(required)
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
    if words in WORDS.get(name, "").split():
        alike = max(alike, 0.8)
    if not value or alike < 0.3:
        return alike
    is_day, is_number = bool(DAY.fullmatch(value.strip())), bool(NUMBER.fullmatch(value.strip()))
    if type_.startswith(("TIMESTAMP", "DATE")):
        has_clock = is_day and re.search(r"\d:\d", value) is not None
        return (alike + (0.3 if has_clock == type_.startswith("TIMESTAMP") else 0.1)) if is_day else 0
    if type_.startswith(("DECIMAL", "INTEGER", "BIGINT")):
        return alike + 0.3 if is_number and not is_day and "id" not in words.split("_") else 0
    if name == "currency":
        return alike + 0.3 if re.fullmatch(r"[A-Za-z]{3}", value.strip()) else 0
    return 0 if is_day else alike
