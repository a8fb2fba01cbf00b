"""An API program's raw exports, and the one page its CFO reads each quarter.

The modules in reading order; each imports only from those before it:

errors      what the people who run a review can mend themselves
toml_lines  program.toml's keys, each with its line
program     program.toml → typed settings; every mistake in it reported at once (values, sources, settings, mistakes)
fiscal      fiscal months and quarters
raw         raw files → rows of text
spreadsheets  Excel workbooks → delimited text
presets     known systems' exports
exports     rows of text → canonical tables
currencies  how many decimals each has, and its sign
database    canonical tables → the rows behind each figure, one SELECT a table (kit/sql)
quarters    which quarters there are, and whether the data covers them
frames      questions and their answers as Polars frames
metrics     the five metrics
formats     a figure and its unit → text
findings    figures → sentences
editions    what was published, and what has been restated since
review      one quarter's review: all the page says
notes       the small print
pictures    how charts look
charts      frames → charts
sheet       the page's style sheets
blocks      the blocks of the page as HTML
notebook    what a parameterized notebook needs of itself
report      papermill, then nbconvert
toml_text   settings → lines of program.toml
beginnings  how a stranger's file begins
notations   which notation of days and numbers fits all of a column, or which several do
readings    how an export's values are to be read, as far as its first rows show
recognise   which export it is, how sure that is, and why
nearest_columns  what an unknown table's columns may be
export_groups  files that belong in one block of program.toml
first_settings  all of that → a first program.toml, and what is left to answer
told        what `init` tells in the terminal
cli         the command
"""

import sys

# jsonschema, which Altair and papermill load, builds a grammar of web addresses for two seconds when it can import
# this; nothing here has one to check, and without it jsonschema leaves that check out.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
