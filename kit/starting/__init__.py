"""A folder of exports → a first program.toml, with what is left to answer.

beginnings       how a file begins
toml_text        settings as lines of TOML
notations        in which notation dates and numbers are written
first_rows       what the first rows of an export show of how it is read
recognise        which system's export a file is, how sure that is, and why
nearest_columns  which columns of an unknown table may be ours
export_groups    files that belong in one block
first_settings   recognised files → program.toml and the questions left
told             what was found, as text for a terminal
"""
