"""How texts write days and numbers: the one notation that fits them all, or the question which of several it is."""

import re
from collections.abc import Iterable, Sequence
from itertools import product

import duckdb

from kit.columns import literal
from kit.starting.toml_text import Setting
from kit.values import OPEN

MOST_TEXTS = 2000
DAYS = [
    *(form.replace("-", sep) for sep in "/.-" for form in ("%d-%m-%Y", "%m-%d-%Y", "%d-%m-%y", "%m-%d-%y", "%Y-%m-%d")),
    *("%d/%b/%y", "%d/%b/%Y", "%d-%b-%y", "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%Y%m%d"),
]  # fmt: skip
CLOCKS = (
    "", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", ", %I:%M %p", ", %I:%M:%S %p",
    ":%H:%M:%S %z",
)  # fmt: skip
YEAR_FIRST = ["%y/%m/%d", "%y.%m.%d", "%y-%m-%d"]
MARKS = [
    (".", ""), (",", ""), (".", ","), (",", "."), (".", " "), (",", " "), (".", "'"), (",", "'"),
    (".", "\u00a0"), (",", "\u00a0"), (".", "\u202f"), (",", "\u202f"),
]  # fmt: skip


# Days


def days(
    con: duckdb.DuckDBPyConnection, texts: Sequence[str], naive: Sequence[str], is_utc: bool
) -> tuple[list[Setting], str]:
    """Settings for how days and times are written, and a remark if no one way reads them all.

    `naive` are times without offset that are no text; `is_utc` says that their system writes them in UTC.
    """
    settings, remark = [], ""
    texts = texts[:MOST_TEXTS]
    plain = [f"{text}-01" if re.fullmatch(r"\d{4}-\d{2}", text) else text for text in texts]
    local = [*_where(con, plain, "is_clock(text)"), *naive]
    if other := _where(con, plain, "read_day(text, 'UTC', 'UTC') is null"):
        forms = _forms(con, texts)
        settings.append(_date_form(con, forms, texts, other[0]))
        if any(re.search("%[HI]", form) and "%z" not in form for form in forms):
            local = other
        if not forms and (plain_one := next((text for text in plain if text not in other), "")):
            remark = f"days are written in two ways, as {plain_one!r} and {other[0]!r}: part the files in two blocks"
    if local:
        question = f'{local[0]}: in which time zone is it written? Such as "UTC" or "America/New_York"'
        known = Setting("timezone", "UTC", f"times like {local[0]} are in UTC, says their system")
        settings.append(known if is_utc else Setting("timezone", OPEN, question, is_open=True))
    return settings, remark


def _where(con: duckdb.DuckDBPyConnection, texts: Sequence[str], condition: str) -> list[str]:
    rows = con.execute(
        f"select text from (select unnest($texts::varchar[]) as text) where {condition}",
        {"texts": list(texts)},
    ).fetchall()
    return [row[0] for row in rows]


def _forms(con: duckdb.DuckDBPyConnection, texts: Sequence[str]) -> list[str]:
    """Every form of dates that reads all of these texts as days of our time."""
    days = DAYS + (YEAR_FIRST if all(re.match(r"\d\d\D", text) for text in texts) else [])
    forms = [day + clock for day, clock in product(days, CLOCKS)]
    fits = ", ".join(
        f"coalesce(bool_and(year(try_strptime(text, {literal(form)})) between 1980 and 2100), false)"
        f" and bool_and(try_strptime(text, {literal(form)}) is not null)"
        for form in forms
    )
    [row] = con.execute(
        f"select {fits} from (select unnest($texts::varchar[]) as text)", {"texts": list(texts)}
    ).fetchall()
    return [form for form, does_fit in zip(forms, row, strict=True) if does_fit]


def _date_form(
    con: duckdb.DuckDBPyConnection, forms: Sequence[str], texts: Sequence[str], example: str
) -> Setting:
    if len(forms) == 1:
        return Setting(
            "dates", forms[0], f"the only order that fits all {len(texts)} seen, such as {_telling(texts)}"
        )
    if not forms:
        return Setting(
            "dates", OPEN, f'{example}: how are days written? Such as "%d/%m/%Y" or "%m/%d/%Y"', is_open=True
        )
    readings_of = {text: _readings(con, text, forms) for text in texts[:100]}
    text, readings = max(readings_of.items(), key=lambda pair: len(set(pair[1])))
    choices = " or ".join(f'"{form}"' for form in forms)
    return Setting("dates", OPEN, f"{text}: {' or '.join(readings)}? {choices}", is_open=True)


def _telling(texts: Sequence[str]) -> str:
    """A text that has a number above 12: it tells the day from the month."""
    telling = (
        text for text in texts if any(12 < int(part) <= 31 for part in re.findall(r"\b\d\d?\b", text)[:2])
    )
    return next(telling, texts[0])


def _readings(con: duckdb.DuckDBPyConnection, text: str, forms: Sequence[str]) -> list[str]:
    """The day that a text is in each form."""
    each = ", ".join(f"strftime(try_strptime($text, {literal(form)}), '%-d %B %Y')" for form in forms)
    [row] = con.execute(f"select {each}", {"text": text}).fetchall()
    return list(row)


# Numbers


def numbers(con: duckdb.DuckDBPyConnection, texts: Sequence[str]) -> tuple[list[Setting], list[str]]:
    """Settings for how numbers are written; and the texts that are none, if no notation reads them all."""
    signs = set("".join(texts))
    marks = [(decimal, thousands) for decimal, thousands in MARKS if not thousands or thousands in signs]
    unread = {pair: _misread(con, texts, *pair) for pair in marks}
    fitting = [pair for pair in marks if not unread[pair]]
    # A leading zero is no group of three: 0.125 leaves no doubt.
    is_clear = any(re.match(r"[+-]?0[.,]", text) for text in texts)
    for plain, grouped in (((".", ""), (",", ".")), ((",", ""), (".", ","))):
        if not is_clear and grouped[1] in signs and plain in fitting and grouped in fitting:
            question = (
                f'{_with(texts, plain[0])}: is the {plain[0]} a decimal mark? decimal = "{plain[0]}";'
                f' or decimal = "{grouped[0]}" and thousands = "{grouped[1]}"'
            )
            return [Setting("decimal", OPEN, question, is_open=True)], []
    if not fitting:
        return [], min(unread.values(), key=len)
    decimal, thousands = fitting[0]
    named = {"decimal": "," if decimal == "," else "", "thousands": thousands}
    why = {name: f"numbers are written like {_with(texts, mark)}" for name, mark in named.items() if mark}
    return [Setting(name, named[name], reason) for name, reason in why.items()], []


def _misread(con: duckdb.DuckDBPyConnection, texts: Sequence[str], decimal: str, thousands: str) -> list[str]:
    return _where(con, texts, f"read_number(text, {literal(decimal)}, {literal(thousands)}) is null")


def _with(texts: Iterable[str], mark: str) -> str:
    return next(text for text in texts if mark in text)
