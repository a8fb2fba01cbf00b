"""An API program's raw exports, and the one page its CFO reads each quarter.

The modules in reading order; each imports only from those before it:

errors      what the people who run a review can mend themselves, and any text as a terminal may show it
folders     a folder of outputs that appears whole, and one for copies that goes
masks       keys and values as they may be kept and shown
own_sql     a SELECT of one's own over the raw rows, and nothing more
toml_lines  program.toml's keys, each with its line
fiscal      fiscal months and quarters (weeks: 4-4-5 and its like)
program     program.toml → typed settings; every mistake in it reported at once (values, sources, settings, mistakes)
opening     files → bytes, text, first lines
raw         raw files → rows of text
records     the records of a text file, sound and broken, with their lines
readable    spreadsheets and other encodings → text that DuckDB reads
presets     known systems' exports
columns     text of an export → values, and what is wrong with one
reading     one export on its way: raw rows, canonical names, values
currencies  how many decimals each has, and its sign
formats     a figure and its unit → text
plain_text  names and texts from exports as nothing but text
clocks      times that a zone's clocks skip or show twice
rejects     the rows that cannot be used, kept aside up to a limit
copies      the same file under several names
contents    what whole rows say, in columns that nothing else reads too
overlaps    later exports in place of earlier ones, or parts of one
machine     the memory and the cores that reading may take; progress, how far it is
cache       what was made of files before, found again by what they hold
remote      exports at addresses, fetched and kept (urls, stores)
log_usage   one call log → its daily usage, in the cache (unpacking); log_reading, several at a time
repeats     requests that logs tell of several times
all_usage   what all logs tell together, each call once; kept_periods, in stretches of days of one owner
engine      a warehouse or cluster that holds the logs (engine_sql, engine_clients, table_usage)
usage       call logs → daily usage, reading what is new; usage_state, what is kept and why the rest is not
accounts    what became of files and rows
exports     raw exports → canonical tables, and an account of their rows
own_calendar   a fiscal calendar that no rule makes, as finance keeps it
database    canonical tables → the rows behind each figure, one SELECT a table (kit/sql)
quarters    which quarters there are, and whether the data covers them
frames      questions and their answers as Polars frames
grades      how sure each figure is, and when it is withheld
metrics     the five metrics
beside      the same quarter last year and the year to date (beside_words)
trials      pricing cases tried on a program's usage
pricing     what partners would pay: the questions of a finance partner
what_if     a pricing case with one thing changed, what it comes to, and its block for program.toml
findings    figures → sentences
editions    what was published, and what it rested on
earlier_pages   what was said of a quarter before
kept_lines  the lines of a small export as hashes
old_inputs  what an edition rested on, as far as it still is there
what_changed   what changed since an edition, in words
restatements   what has been restated since, and why
gaps        days and months in which a source has nothing, and days with far more than usual
doubts      what a check found: how grave, which figures it touches, how to mend it
swings      days with far more calls than usual, or by far fewer partners
lapses      sources with days, months or owners missing
money_checks   amounts and hours too strange to be taken as they stand
reconciliation   what in the exports contradicts something else there, before anyone reads a number
review      one quarter's review: all the page says
publishing  a report → an edition that nothing changes
remaking    an edition made again from what it rested on
notes       the small print
pictures    how charts look
charts      frames → charts
sheet       the page's style sheets
blocks      the blocks of the page as HTML
drift       columns that come and go between the files of an export
checks      whether exports can be trusted, and what makes a number wrong
evidence    the rows behind the five figures
workbook    evidence.xlsx: from rows to figures by formulas (book, subject, assumptions, rows, scorecard, account)
check_text  a check as text for a terminal
coverage_chart  the picture of what each source covers
tables      frames → tables for a notebook
pricing_words, pricing_charts   the answers of pricing as sentences and pictures
explore     a program opened for questions of one's own, and the five metrics by group of partners
explanation, explanations   from a figure to its rows, as text and as a notebook's block
revenue     behind API program revenue
onboarding  behind the cost per partner onboarded
value       behind program cost vs. value
growth      behind the partner growth rate
activation  behind the partner activation rate
explore_charts   pictures for the notebooks behind the five numbers
lab         sliders for a pricing case
notebook    what a parameterized notebook needs of itself
report      papermill, then nbconvert
starting    a folder of exports → a first program.toml, and what is left to answer
cli         the command
"""

import importlib
import sys
from typing import Any

# jsonschema, which Altair and papermill load, builds a grammar of web addresses for two seconds when it can import
# this; nothing here has one to check, and without it jsonschema leaves that check out.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

# What a notebook wants, by its own name: `from kit import open_program, growth`. Nothing is imported before it is asked
# for, since the command starts in half the time without pictures and notebooks.
OF_MODULES = {
    "open_program": "explore",
    "by_group": "explore",
    "explain": "explanations",
    "open_lab": "lab",
    "sentence": "tables",
    "table": "tables",
}
MODULES = (
    "revenue", "onboarding", "activation", "value", "growth", "pricing", "what_if", "checks",
    "charts", "explore_charts", "pricing_charts", "coverage_chart",
)  # fmt: skip
__all__ = [*OF_MODULES, *MODULES]


def __getattr__(name: str) -> Any:
    if name in OF_MODULES:
        return getattr(importlib.import_module(f"kit.{OF_MODULES[name]}"), name)
    if name in MODULES:
        return importlib.import_module(f"kit.{name}")
    raise AttributeError(f"module 'kit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
