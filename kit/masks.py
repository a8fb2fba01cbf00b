"""Keys and values of exports as they may be kept and shown: good for nothing, and nobody's."""

import hashlib
import re
from typing import Any

import polars as pl

# A run of letters and digits that no word or number is. Ids such as UUIDs have none.
RUN = re.compile("[A-Za-z0-9+/]{16,}")
# How keys begin of which dashes or dots make short runs.
VENDORS = re.compile(r"(xox[a-z]|[sprw]k|gh[a-z]|glpat|SG|whsec|shpat|npm|hf|dop_v1)[-_.]")
EMAIL = re.compile(r"[^\s/@]+@[^\s/@]+\.[A-Za-z]{2,}")
LEAST = 16  # bytes of a key
MASKED = re.compile(r"….{4} \([0-9a-f]{16}\)")
SALESFORCE = re.compile("001[A-Za-z0-9]{15}")  # an account's id, which opens nothing

# A whole value that is shown as it is: a number, a day or a time, a word or two, a few signs.
LONGEST_NUMBER = 12  # digits: those of a card have 13 and more
SHORT = 6  # signs, of which no key nor address has so few
UNIT = r"(?: ?(?:[A-Za-z]{1,3}|[%$€£¥]))?"
DIGITS = (
    r"\d+(?:\.\d{1,3}){2}|\d+(?:[.,]\d+)?|\d{1,3}(?:,\d{2,3})+(?:\.\d+)?"
    r"|\d{1,3}([.' ])\d{3}(?:\1\d{3})*(?:,\d+)?"
)
NUMBER = re.compile(rf"{UNIT} ?[-+(]?[$€£¥]?(?:{DIGITS})(?:[eE][-+]?\d{{1,2}})?\)?{UNIT}")
ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
MONTH = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
CLOCK = (
    r"\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?"
    r"(?: ?[AP]M)?(?: ?(?:Z|UTC|GMT|[A-Z]{3,4}|[-+]\d{2}(?::?\d{2})?))?"
)
DAY = (
    r"(?:\d{4}([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2(?:\d{4}|\d{2})"
    rf"|\d{{1,2}}[ /.-]{{1,2}}{MONTH}[ /.,-]{{1,2}}(?:\d{{4}}|\d{{2}})|{MONTH} \d{{1,2}},? \d{{4}}|\d{{4}}-\d{{2}})"
)
TIME = re.compile(rf"{DAY}(?:(?:,? |T|:){CLOCK})?|{CLOCK}", re.IGNORECASE)
WORDS = re.compile("[^\\W\\d_]{1,12}(?:[-_/][^\\W\\d_]{1,12})?")
# What presets write between and behind values that they could not reckon with.
OF_PRESETS = re.compile(
    r" less | times | \(is that mark one of decimals or of thousands\? Set `decimal`, and `thousands` if there is one\)"
)
LONGEST = 60  # signs
ROOM = 40  # signs of a shape


def masked_key(key: str) -> str:
    """What stands for a key that opens something: its last four signs and a hash; any other id as it is.

    The same as the macro `masked_key` in kit/sql/reading.sql.
    """
    if not _is_secret(key):
        return key
    return f"…{key[-4:]} ({hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()[:16]})"


def is_nobodys(value: str) -> bool:
    """Whether a value is a number, a time, a word or two or a few signs: no key, and nobody's name or address."""
    if len(parts := OF_PRESETS.split(value)) > 1:
        return all(map(is_nobodys, parts))
    if len(value) > LONGEST or ADDRESS.fullmatch(value):
        return False
    if NUMBER.fullmatch(value):
        return sum(sign.isdigit() for sign in value) <= LONGEST_NUMBER
    is_short = len(value) <= SHORT and "@" not in value
    return is_short or bool(TIME.fullmatch(value) or WORDS.fullmatch(value))


def shown(value: str) -> str:
    """A value of an export as it may be kept: itself where it is nobody's, otherwise its shape.

    In a shape letters are a and digits 9; it is cut at 40 signs.
    """
    if is_nobodys(value):
        return value
    shape = "".join("9" if sign.isdigit() else "a" if sign.isalpha() else sign for sign in value[:ROOM])
    return shape if len(value) <= ROOM else f"{shape}…"


def words(text: str) -> str:
    """A text with the shape of each word that is not nobody's: of a label one wants to see which it is."""
    return " ".join(shown(word) for word in text.split())


def redacted(text: str) -> str:
    """A text with a mark in place of what in it may open something, and with the shape of values that it quotes."""
    text = re.sub(
        r"""((?:string|value)[^'"\n]{0,40})(["'])(.*?)\2""",
        lambda found: f"{found[1]}{found[2]}{shown(found[3])}{found[2]}",
        text,
    )
    return re.sub(
        r"[^\s\"'<>(),;/]+", lambda word: "…" if _opens_or_tells(word[0]) else word[0], _no_run(text)
    )


def masked_usage(usage: pl.DataFrame) -> pl.DataFrame:
    """Usage with its keys and partner ids masked, and its operations without what may be anybody's."""
    return usage.with_columns(
        *(pl.col(name).replace(_masked(usage[name])) for name in ("api_key", "partner_id")),
        pl.col("operation").str.replace(r"\?.*", "").str.replace_all(EMAIL.pattern, "…"),
    )


def _masked(ids: pl.Series) -> dict[Any, str]:
    return {each: masked_key(each) for each in ids.unique().drop_nulls().to_list()}


def _no_run(text: str) -> str:
    return RUN.sub(lambda run: "…" if _is_mixed(run[0]) else run[0], text)


def _opens_or_tells(word: str) -> bool:
    return "…" in word or bool(EMAIL.search(word) or VENDORS.match(word) or re.search(r"\d{13}", word))


def _is_secret(text: str) -> bool:
    if MASKED.fullmatch(text) or SALESFORCE.fullmatch(text):
        return False
    if EMAIL.search(text):
        return True
    opens = RUN.search(text) or VENDORS.match(text)
    return len(text.encode()) >= LEAST and bool(opens) and _is_mixed(text)


def _is_mixed(text: str) -> bool:
    """Whether it has both digits and letters."""
    return bool(re.search("[0-9]", text)) and text.lower() != text.upper()
