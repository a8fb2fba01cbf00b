"""program.toml: what loads, and what is said of each mistake in it."""

# ruff: noqa: E501 - a mistake and its sentence stand on one row, as they are read

import subprocess
import sys
import time
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit import presets, program, sources, toml_lines
from kit.program import PLAN_NAMES, ProgramError, load_program

FULL = """\
[program]
name = "Northgate Partner API"
currency = "USD"
timezone = "America/New_York"
fiscal_year_start = 1
stage = "pre-monetization"
min_calls = 1
[exports.calls]
path = "exports/*.csv"
preset = "kong"
set = { environment = "production" }
[exports.partners]
path = ["partners.csv"]
timezone = "Europe/Berlin"
[exclude]
operation = ["GET /health"]
[[rate]]
role = "engineer"
hourly = 95.00
from = 2025-01-01
[attribution]
low = 0.20
base = 0.35
high = 0.50
[[avoidance]]
operation = "create_order"
minutes = 4.0
hourly = 38.00
share = 1.0
[[pricing]]
case = "Proposed"
base = true
assign = "cheapest"
conversion = 1.0
  [[pricing.plan]]
  name = "Growth"
  fee = 99.00
  included = 10000
  minimum = 0.00
  mode = "graduated"
  package = 1000
    [[pricing.plan.tier]]
    up_to = 100000
    price = "0.0020"
    flat = 0.00
    [[pricing.plan.tier]]
    price = "0.0010"
[goal]
partners_to_add = 50
[plan]
doing = "Add {active_partners} more."
need = [ { what = "one engineer", amount = 95000 } ]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program folder with two exports, and presets for calls."""
    calls = tmp_path / "presets" / "calls"
    calls.mkdir(parents=True)
    (calls / "kong.sql").touch()
    (calls / "aws.sql").touch()
    monkeypatch.setattr(presets, "FOLDER", tmp_path / "presets")
    home = tmp_path / "northgate"
    (home / "exports").mkdir(parents=True)
    for name in ("exports/b.csv", "exports/a.csv", "exports/.hidden.csv", "partners.csv"):
        (home / name).touch()
    return home.resolve()


def test_marks_that_spark_leaves_are_no_files_of_a_pattern(tmp_path):
    for name in ("_SUCCESS", "_committed_8123", "_started_8123", "part-0.csv", "_other.csv"):
        (tmp_path / name).touch()
    assert {file.name for file in sources.files_of(tmp_path, "*")} == {"part-0.csv", "_other.csv"}


def load(folder: Path, text: str) -> program.Program:
    (folder / "program.toml").write_text(text, encoding="utf-8")
    return load_program(folder)


def mistakes(folder: Path, text: str) -> list[str]:
    with pytest.raises(ProgramError) as error:
        load(folder, text)
    return str(error.value).splitlines()


def test_full_program_loads_with_every_digit(folder: Path) -> None:
    actual = load(folder, FULL)
    case, plan = actual.pricing[0], actual.pricing[0].plans[0]
    assert actual.folder == folder
    assert actual.program.name == "Northgate Partner API"
    assert (actual.rates[0].from_, str(actual.rates[0].hourly)) == (date(2025, 1, 1), "95.00")
    assert actual.attribution is not None
    assert str(actual.attribution.base) == "0.35"
    assert {case.low, case.conversion, case.high} == {Decimal(1)}
    assert [str(tier.price) for tier in plan.tiers] == ["0.0020", "0.0010"]
    assert [tier.up_to for tier in plan.tiers] == [Decimal(100000), None]
    assert actual.goal is not None
    assert actual.goal.partners_to_add == 50
    assert actual.plan is not None
    assert (actual.plan.needs[0].what, actual.plan.needs[0].amount) == (
        "one engineer",
        Decimal(95000),
    )


def test_least_program_loads_with_defaults(folder: Path) -> None:
    actual = load(
        folder,
        'program = {name="A", currency="EUR", timezone="UTC", stage="monetized"}\n'
        'exports.calls.path = "exports/a.csv"\nexports.partners.path = "partners.csv"\n',
    )
    export = actual.exports["calls"][0]
    assert (actual.program.fiscal_year_start, actual.program.min_calls) == (1, 1)
    assert (export.path, export.timezone) == (("exports/a.csv",), "UTC")
    assert (export.preset, export.columns, export.set, export.null) == (None, {}, {}, ())
    assert (actual.goal, actual.plan, actual.attribution, actual.pricing) == (None, None, None, ())


def test_package_is_kept_only_where_units_are_sold_in_packages(folder: Path) -> None:
    graduated, package = FULL, FULL.replace('"graduated"', '"package"')
    assert load(folder, graduated).pricing[0].plans[0].package is None
    assert load(folder, package).pricing[0].plans[0].package == 1000


def test_sole_case_is_the_base(folder: Path) -> None:
    assert load(folder, FULL.replace("base = true\n", "")).pricing[0].base


def test_low_and_high_follow_the_middle(folder: Path) -> None:
    actual = load(folder, FULL.replace("share = 1.0", "share = 0.8\nlow = 0.5"))
    assert (actual.avoidance[0].low, actual.avoidance[0].high) == (Decimal("0.5"), Decimal("0.8"))


def test_constants_become_the_text_an_export_would_hold(folder: Path) -> None:
    given = 'set = { product = "x", operation = true, status = 12, units = 0.20, called_at = 2026-01-31, calls = 1e3 }'
    actual = load(folder, FULL.replace('set = { environment = "production" }', given))
    assert actual.exports["calls"][0].set == {
        "product": "x", "operation": "true", "status": "12", "units": "0.20", "called_at": "2026-01-31", "calls": "1000",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("written", "expected"), [("1e3", "1000"), ("-0.00", "0.00"), ("0e99999", "0"), ("7.50", "7.50")]
)
def test_number_keeps_its_digits_and_is_plain(folder: Path, written: str, expected: str) -> None:
    actual = load(folder, FULL.replace("fee = 99.00", f"fee = {written}"))
    assert str(actual.pricing[0].plans[0].fee) == expected


def test_columns_an_export_may_name_are_those_of_the_database_but_system() -> None:
    with duckdb.connect() as con:
        con.execute(sources.CANONICAL.read_text(encoding="utf-8"))
        rows = con.execute(
            "select table_name, column_name from duckdb_columns() where not internal order by table_oid, column_index"
        ).fetchall()
    expected = {(table, column) for table, column in rows if column != "system" or table == "aliases"}
    actual = [(table, column) for table, columns in sources.canonical_columns().items() for column in columns]
    assert actual == [row for row in rows if row in expected]


def test_alias_may_say_whose_id_it_is(folder: Path) -> None:
    text = FULL + '[exports.aliases]\npath = "partners.csv"\ncolumns = { id = "Key", system = "Source" }\n'
    assert load(folder, text).exports["aliases"][0].columns == {"id": "Key", "system": "Source"}


def test_list_of_blocks_joins_several_systems(folder: Path) -> None:
    text = FULL.replace("[exports.partners]", "[[exports.partners]]")
    text += '[[exports.partners]]\npath = "exports/a.csv"\n'
    assert len(load(folder, text).exports["partners"]) == 2


def test_files_are_sorted_and_visible_files_only(folder: Path) -> None:
    (folder / "exports" / "c.csv").mkdir()
    (folder / "exports" / "c.csv" / "deep.csv").touch()
    export = load(folder, FULL).exports["calls"][0]
    assert [file.name for file in export.files(folder)] == ["a.csv", "b.csv"]
    deep = export.model_copy(update={"path": ("exports/**/*.csv", "exports/b.csv")})
    assert [file.name for file in deep.files(folder)] == ["a.csv", "b.csv", "deep.csv"]


def test_absolute_path_may_lie_outside(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "all.csv").touch()
    actual = load(folder, FULL.replace('"exports/*.csv"', f'"{tmp_path}/a*.csv"'))
    assert actual.exports["calls"][0].files(folder) == [tmp_path / "all.csv"]


def test_link_out_of_the_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").touch()
    (folder / "exports" / "z.csv").symlink_to(tmp_path / "secret.csv")
    actual = mistakes(folder, FULL)
    assert actual[1].startswith(
        'program.toml:9  exports.calls.path = "exports/*.csv": leaves the program folder:'
        " exports/z.csv is a link to "
    )


def test_paragraph_is_folded_and_keeps_its_names(folder: Path) -> None:
    doing = '"""\nOne {revenue}\n  two {{x}} {{{goal_cost}}}"""'
    actual = load(folder, FULL.replace('"Add {active_partners} more."', doing)).plan
    assert actual is not None
    assert actual.doing == "One {revenue} two {{x}} {{{goal_cost}}}"
    assert actual.doing.format(**dict.fromkeys(PLAN_NAMES, 1)) == "One 1 two {x} {1}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Northgate Partner API", "x" * 60),
        ("fiscal_year_start = 1", "fiscal_year_start = 12"),
        ("Add {active_partners} more.", "x" * 600),
        ("one engineer", "x" * 90),
        ("Proposed", "x" * 24),
        ('"0.0020"', "0.000000000001"),
        ("fee = 99.00", "fee = 999999999999999"),
        ("fee = 99.00", 'fee = "99.00"'),
        ("base = 0.35", "base = 0.2"),
        ("minutes = 4.0", "minutes = 4"),
        ('preset = "kong"', 'thousands = "\u00a0"\ndecimal = ","\ndelimiter = "\\t"'),
        ("path = [", "path = [ # a comment\n"),
    ],
)
def test_value_at_its_boundary_loads(folder: Path, old: str, new: str) -> None:
    assert old in FULL
    load(folder, FULL.replace(old, new, 1))


TOOLS = "Allowed: calls, keys, aliases, partners, invoices, transactions, worklogs, costs, "
TOOLS += "attributed, headcount, milestones, fx, calendar."
FIGURES = f"Allowed: {', '.join(PLAN_NAMES)}."
COLUMN = "not a column of calls. Allowed: called_at, api_key, partner_id, environment, status, product, operation, "
COLUMN += "request_id, calls, units."
TIER = "[[pricing.plan.tier]]\n    up_to = 100000"
MISTAKES = [
    # replace this, by this: the line and what is said
    ("name = ", "nam = ", ["1  program.name: missing. Write it like name = \"Partner API\".",
        '2  program.nam = "Northgate Partner API": not a setting. Allowed: name, currency, '
        'timezone, fiscal_year_start, year_named, calendar, year_ends, week_53, stage, min_calls. Did you mean "name"?']),
    ("Northgate Partner API", "x" * 61, [f'2  program.name = "{"x" * 60}…": 61 characters. There is room for 60.']),
    ("Northgate Partner API", " ", ['2  program.name = " ": empty.']),
    ("Northgate Partner API", "a\\nb", ['2  program.name = "a\\nb": holds a line break or a control character. Write it on one line.']),
    ('"Northgate Partner API"', "3", ["2  program.name = 3: not text. Write it in quotes."]),
    ('"USD"', '"usd"', ['3  program.currency = "usd": not an ISO 4217 currency code. Write it like USD. Did you mean "USD"?']),
    ("America/New_York", "America/NewYork", ['4  program.timezone = "America/NewYork": not an IANA time zone. Write it like Europe/Berlin. Did you mean "America/New_York"?']),
    ("fiscal_year_start = 1", "fiscal_year_start = 13", ["5  program.fiscal_year_start = 13: too large. Allowed: 12 or less."]),
    ("fiscal_year_start = 1", "fiscal_year_start = 0", ["5  program.fiscal_year_start = 0: too small. Allowed: 1 or more."]),
    ("fiscal_year_start = 1", 'fiscal_year_start = "1"', ['5  program.fiscal_year_start = "1": not a whole number. Write it in digits, without quotes.']),
    ("pre-monetization", "monetised", ['6  program.stage = "monetised": not a stage. Allowed: pre-monetization, monetized. Did you mean "monetized"?']),
    ("min_calls = 1", "min_calls = 0", ["7  program.min_calls = 0: too small. Allowed: 1 or more."]),
    ("min_calls = 1", "min_calls = true", ["7  program.min_calls = true: not a whole number. Write it in digits, without quotes."]),
    ("[exports.partners]", "[exports.partner]", [f'12  exports.partner: not a table. {TOOLS} Did you mean "partners"?',
        "8  exports.partners: missing. Write a block [exports.partners] with its path."]),
    ("exports/*.csv", "export/*.csv", ['9  exports.calls.path = "export/*.csv": no such file. Looked in {folder}.']),
    ("exports/*.csv", "../*.csv", ['9  exports.calls.path = "../*.csv": leaves the program folder. If that is meant, write an absolute path.']),
    ("exports/*.csv", "/nowhere/x.csv", ['9  exports.calls.path = "/nowhere/x.csv": no such file. Looked in /nowhere.']),
    ("exports/*.csv", "", ['9  exports.calls.path = "": empty.']),
    ('["partners.csv"]', '["partners.csv",\n"b.csv"]', ['14  exports.partners.path[2] = "b.csv": no such file. Looked in {folder}.']),
    ('["partners.csv"]', "[]", ["13  exports.partners.path: empty. At least one is needed."]),
    ('"kong"', '"kongg"', ['10  exports.calls.preset = "kongg": not a preset of calls. Allowed: aws, kong. Did you mean "kong"?']),
    ('"kong"', '"kong"\nsql = "x.sql"', ['11  exports.calls.sql = "x.sql": beside preset. Allowed: one of preset, columns, sql.',
        '11  exports.calls.sql = "x.sql": no such file. Looked in {folder}.']),
    ('preset = "kong"', 'thousands = "."', ['10  exports.calls.thousands = ".": the decimal mark too. They must differ.']),
    ('preset = "kong"', 'decimal = ";"', ['10  exports.calls.decimal = ";": not a decimal mark. Allowed: ".", ",".']),
    ('preset = "kong"', 'delimiter = ";;"', ['10  exports.calls.delimiter = ";;": not a delimiter. Write one character, such as ";" or "\\t".']),
    ('preset = "kong"', 'dates = "%d/%m"', ['10  exports.calls.dates = "%d/%m": without a year. Write it like "%d/%m/%Y".']),
    ('preset = "kong"', 'dates = "DD/MM"', ['10  exports.calls.dates = "DD/MM": not a date format. Write it like "%d/%m/%Y".']),
    ('preset = "kong"', 'amounts = "cents"', ['10  exports.calls.amounts = "cents": not a unit of amounts. Allowed: major, minor.']),
    ('preset = "kong"', 'tables = "x"', ['10  exports.calls.tables = "x": not a setting. Allowed: path, table, day, preset, columns, sql, set, kinds, timezone, dates, delimiter, decimal, thousands, amounts, null, encoding, rejects, overlap. Did you mean "table"?']),
    ('preset = "kong"', 'columns = { partnerid = "Account ID" }', [f'10  exports.calls.columns.partnerid = "Account ID": {COLUMN} Did you mean "partner_id"?']),
    ('preset = "kong"', 'columns = { Status = "Code", units = "" }', [f'10  exports.calls.columns.Status = "Code": {COLUMN} Did you mean "status"?', '10  exports.calls.columns.units = "": empty.']),
    ("environment =", "enviroment =", [f'11  exports.calls.set.enviroment = "production": {COLUMN} Did you mean "environment"?']),
    ("environment =", "system =", [f'11  exports.calls.set.system = "production": {COLUMN}']),
    ("[exclude]", '[exports.partners.set]\n"is test" = true\n[exclude]',
        ['16  exports.partners.set."is test" = true: not a column of partners. Allowed: partner_id, name, registered_at, '
        'sandbox_at, first_call_at, production_at, offboarded_at, is_test, segment, plan, region. Did you mean "is_test"?']),
    ('"production"', "[1]", ["11  exports.calls.set.environment: not a constant. Allowed: text, a number, true or false, a date."]),
    ('["GET /health"]', '"GET /health"', ['16  exclude.operation = "GET /health": not a list. Write it in brackets: [ … ].']),
    ("[[rate]]", "[rate]", ["17  rate: not a list. Write [[rate]]."]),
    ("[exclude]", "[[exclude]]", ["15  exclude: not a block of settings. Write it once, under [exclude]."]),
    ("hourly = 95.00", "hourly = 0", ["19  rate[1].hourly = 0: too small. Allowed: more than 0."]),
    ("hourly = 95.00", 'hourly = "95,00"', ['19  rate[1].hourly = "95,00": not a number. Write it like "0.0020".']),
    ("from = 2025-01-01", 'from = "2025-01-01"', ['20  rate[1].from = "2025-01-01": not a date. Write it like 2025-01-31, without quotes.']),
    ("[attribution]", '[[rate]]\nrole = "engineer"\nhourly = 1\nfrom = 2025-01-01\n[attribution]',
        ["24  rate[2].from = 2025-01-01: a second rate of the same role from the same day."]),
    ("base = 0.35", "base = 35", ["23  attribution.base = 35: not a share. Allowed: 0 to 1; write 35 % as 0.35."]),
    ("low = 0.20", "low = 0.40", ["22  attribution.low = 0.40: more than base, 0.35. Allowed: low ≤ base ≤ high."]),
    ("high = 0.50", "high = 0.30", ["24  attribution.high = 0.30: less than base, 0.35. Allowed: low ≤ base ≤ high."]),
    ("share = 1.0", "high = 0.9", ["29  avoidance[1].high = 0.9: less than share, 1. Allowed: low ≤ share ≤ high."]),
    ("minutes = 4.0", "minutes = nan", ["27  avoidance[1].minutes = NaN: too large. Allowed: numbers below 1e15."]),
    ("minutes = 4.0", 'minutes = "4"', ['27  avoidance[1].minutes = "4": not a number. Write it in digits, without quotes.']),
    ("base = true", "base = false", ["30  pricing: no case is the base. Write base = true in one of them."]),
    ("base = true", 'base = "yes"', ['32  pricing[1].base = "yes": not a boolean. Allowed: true, false, without quotes.']),
    ("[goal]", '[[pricing]]\ncase = "Proposed"\nbase = true\nplan = [{name="A", mode="flat", tier=[{price=1}]}]\n[goal]',
        ['49  pricing[2].case = "Proposed": a second case of this name.', "50  pricing[2].base = true: a second base. Exactly one case is the base."]),
    ("[goal]", '[[pricing.plan]]\nname = "Growth"\nmode = "flat"\ntier = [{price=1}]\n[goal]',
        ['49  pricing[1].plan[2].name = "Growth": a second plan of this name in its case.']),
    ("[goal]", '[[pricing.plan]]\nname = "B"\nmode = "gradual"\n[goal]',
        ["48  pricing[1].plan[2].tier: missing. Write it like [[pricing.plan.tier]] and its settings below it.",
         '50  pricing[1].plan[2].mode = "gradual": not a mode. Allowed: graduated, volume, package, flat. Did you mean "graduated"?']),
    ("minimum = 0.00", "minimum = 9\nmaximum = 8", ["40  pricing[1].plan[1].maximum = 8: below the minimum, 9."]),
    ("fee = 99.00", "discount = 10", ["37  pricing[1].plan[1].discount = 10: not a share. Allowed: 0 to 1; write 35 % as 0.35."]),
    ("fee = 99.00", "from = 2026-02-01\nuntil = 2026-02-01", ["38  pricing[1].plan[1].until = 2026-02-01: not after from, 2026-02-01."]),
    ('mode = "graduated"', "", ["35  pricing[1].plan[1].mode: missing. It says how the tiers are charged."]),
    ("fee = 99.00", 'fee = 1\nmeter = [{mode = "flat", tier = [{price = 1}]}]',
        ["43  pricing[1].plan[1].tier: beside meters. Allowed: tiers of the plan, or meters that have theirs."]),
    ("[goal]", '[[pricing.exception]]\npartner_id = "acme"\nplan = "Growht"\n[goal]',
        ['50  pricing[1].exception[1].plan = "Growht": not a plan of this case. Allowed: Growth. Did you mean "Growth"?']),
    ("[goal]", '[[pricing.exception]]\npartner_id = "acme"\n[[pricing.exception]]\npartner_id = "acme"\n[goal]',
        ['51  pricing[1].exception[2].partner_id = "acme": a second exception for this partner.']),
    ("[goal]", '[pricing.response]\nelasticity = 0.3\nat = 0\n[goal]',
        ["49  pricing[1].response.elasticity = 0.3: not an elasticity of demand. Allowed: -10 to 0.",
         "50  pricing[1].response.at = 0: too small. Allowed: more than 0."]),
    ("fee = 99.00", "fee = -1", ["37  pricing[1].plan[1].fee = -1: too small. Allowed: 0 or more."]),
    ("fee = 99.00", "fee = 1e15", ["37  pricing[1].plan[1].fee = 1E+15: too large. Allowed: numbers below 1e15."]),
    ("fee = 99.00", "fee = 1e99999999999999999999", ["37  pricing[1].plan[1].fee = Infinity: too large. Allowed: numbers below 1e15."]),
    ('"0.0020"', '"0.0000000000001"', ['44  pricing[1].plan[1].tier[1].price = "0.0000000000001": 13 decimals. Allowed: 12.']),
    ("graduated", "flat", ['46  pricing[1].plan[1].tier[2]: a second tier. mode = "flat" is one price a unit: one tier.']),
    ('graduated"\n  package = 1000', 'package"', ['35  pricing[1].plan[1].package: missing. mode = "package" needs the units in one, like package = 1000.']),
    ("package = 1000", "package = 0", ["41  pricing[1].plan[1].package = 0: too small. Allowed: more than 0."]),
    ("    up_to = 100000\n", "", ["42  pricing[1].plan[1].tier[1].up_to: missing. All tiers but the last have it."]),
    (TIER, f"[[pricing.plan.tier]]\n    up_to = 100000\n    price = 1\n    {TIER}", ["46  pricing[1].plan[1].tier[2].up_to = 100000: not above the tier before, 100000."]),
    ('price = "0.0010"', 'price = 1\nup_to = 5', ["48  pricing[1].plan[1].tier[2].up_to = 5: the last tier has no up_to: it holds whatever is above the others."]),
    ("partners_to_add = 50", "partners_to_add = 0", ["49  goal.partners_to_add = 0: too small. Allowed: 1 or more."]),
    ("{active_partners}", "{active_partner}", [f'51  plan.doing = "Add {{active_partner}} more.": "{{active_partner}}" is not a figure. {FIGURES} Did you mean "active_partners"?']),
    ("{active_partners}", "{revenue.real}", [f'51  plan.doing = "Add {{revenue.real}} more.": "{{revenue.real}}" is not a figure. {FIGURES} Did you mean "revenue"?']),
    ("{active_partners}", "{", ['51  plan.doing = "Add { more.": a { without its pair. Write {{ for the sign itself.']),
    ("Add {active_partners} more.", "x" * 601, [f'51  plan.doing = "{"x" * 60}…": 601 characters. There is room for 600.']),
    ("one engineer", "x" * 91, [f'52  plan.need[1].what = "{"x" * 60}…": 91 characters. There is room for 90.']),
    ("amount = 95000 }", "amount = -1 }" + ', {what = "a", amount = 0}' * 3, ["52  plan.need: 4 of them. There is room for 3.", "52  plan.need[1].amount = -1: too small. Allowed: 0 or more."]),
    ("[program]", "plann = 1\n[program]", ['1  plann = 1: not a setting. Allowed: program, page, engine, exports, exclude, rate, attribution, avoidance, pricing, limits, goal, plan. Did you mean "plan"?']),
    ("[program]", "folder = 1\n[program]", ["1  folder = 1: not a setting. Allowed: program, page, engine, exports, exclude, rate, attribution, avoidance, pricing, limits, goal, plan."]),
    ("[goal]", "[goal]]", ["48  not TOML, at column 7: Expected newline or end of document after a statement."]),
    ("currency = ", "name = ", ["3  not TOML, at column 13: Cannot overwrite a value."]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), MISTAKES, ids=range(len(MISTAKES)))
def test_mistake_is_told_with_its_line(folder: Path, old: str, new: str, expected: list[str]) -> None:
    assert old in FULL
    actual = mistakes(folder, FULL.replace(old, new, 1))
    sentences = [line.replace("{folder}", str(folder)) for line in expected]
    assert sorted(actual[1:]) == sorted(f"program.toml:{line}" for line in sentences)


def test_mistakes_are_told_together_in_the_order_of_the_file(folder: Path) -> None:
    text = FULL.replace('"USD"', '"US$"').replace("base = true", "base = false")
    text = text.replace('"0.0020"', '"abc"').replace("kong", "king").replace("{active", "{aktive")
    actual = mistakes(folder, text)
    assert actual[0] == "program.toml has 5 mistakes:"
    assert [line.split("  ")[0] for line in actual[1:]] == [
        f"program.toml:{line}" for line in (3, 10, 30, 44, 51)
    ]


def test_empty_file_says_what_is_missing(folder: Path) -> None:
    assert mistakes(folder, "") == [
        "program.toml has 3 mistakes:",
        "program.toml:1  program: missing. Write it like [program] and its settings below it.",
        "program.toml:1  exports.calls: missing. Write a block [exports.calls] with its path.",
        "program.toml:1  exports.partners: missing. Write a block [exports.partners] with its path.",
    ]


def test_missing_file_names_the_folder(tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match=f"{tmp_path} has no program.toml"):
        load_program(tmp_path)


def test_file_may_be_named_and_begin_with_a_mark(folder: Path) -> None:
    (folder / "other.toml").write_text(FULL, encoding="utf-8-sig")
    assert load_program(folder / "other.toml").folder == folder


def test_file_in_another_encoding_is_refused_with_its_line(folder: Path) -> None:
    (folder / "program.toml").write_bytes(b'[program]\nname = "Caf\xe9"\n')
    with pytest.raises(ProgramError, match=r"program.toml:2 is not UTF-8 text: byte 0xe9"):
        load_program(folder)


@pytest.mark.parametrize(
    "text",
    [
        "#" * 1_000_001,
        "a = " + "[" * 100_000,
        "a = " + "[" * 90_000 + "]" * 90_000,
        "a." * 300_000 + "a = 1",
        '"a" . ' * 100_000 + "a = 1",
        "a = " + "9" * 5000,
        "[program]\nmin_calls = 0x" + "f" * 100_000,
        "[attribution]\nbase = 0x" + "f" * 100_000,
        "[attribution]\nbase = 0e" + "9" * 18,
        "a = " + "{a = " * 200 + "1" + "}" * 200,
    ],
)
def test_hostile_file_is_refused_soon(folder: Path, text: str) -> None:
    began = time.monotonic()
    assert len("\n".join(mistakes(folder, text))) < 2000
    assert time.monotonic() - began < 2


ODD = ["3", "-1", "1.5", "inf", '""', '"\\u0000"', "true", "[]", "[[]]", "[{}]", "{}", "{a.b = 1}"]
ODD += ["2025-01-01", "2025-01-01T10:00:00", "10:00:00", '["a", 1]', '"**a"', '"."', '"~"', "0xfff"]
SETTINGS = [place for place, line in enumerate(FULL.splitlines()) if "=" in line]


@pytest.mark.parametrize("odd", ODD)
def test_no_value_anywhere_breaks_the_report(folder: Path, odd: str) -> None:
    for start in range(6):
        rows = FULL.splitlines()
        for place in SETTINGS[start::6]:
            rows[place] = rows[place].split("=")[0] + "= " + odd
        try:
            load(folder, "\n".join(rows))
        except ProgramError as error:
            for line in str(error).splitlines()[1:]:
                assert line.startswith("program.toml:"), line
                assert "not allowed here" not in line


def test_message_holds_no_line_break_from_the_file(folder: Path) -> None:
    text = FULL + '"a\\nb\\u2028\\u001b" = "c\\r\\u202e"\n'
    assert mistakes(folder, text)[1].startswith(
        'program.toml:53  plan."a\\nb\\u2028\\u001b" = "c\\r\\u202e": not a setting.'
    )


def test_import_leaves_babel_alone() -> None:
    code = "import sys, kit.program; sys.exit('babel' in sys.modules)"
    root = Path(program.__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_lines_of_keys_in_every_spelling() -> None:
    text = (
        '''# [no] = 1
a.b = """
[[x]]
c = 1""" # "
"q.\\u0061" . 'z' = [ # ] }
  1, [2,
  3], { k = "}", l.m = 2025-01-01 10:00:00 },
]
[[t]]
[[t]]
[t.u]
[[t.v]]
w = 'it'''
        + """'
[[t]]
[[t.v]]
w = ''''
quoted'''''
"""
    )
    actual = toml_lines.lines(text)
    expected = {
        ("a",): 2, ("a", "b"): 2, ("q.a",): 5, ("q.a", "z"): 5, ("q.a", "z", 0): 6,
        ("q.a", "z", 1): 6, ("q.a", "z", 1, 0): 6, ("q.a", "z", 1, 1): 7, ("q.a", "z", 2): 7,
        ("q.a", "z", 2, "k"): 7, ("q.a", "z", 2, "l"): 7, ("q.a", "z", 2, "l", "m"): 7,
        ("t",): 9, ("t", 0): 9, ("t", 1): 10, ("t", 1, "u"): 11, ("t", 1, "v"): 12,
        ("t", 1, "v", 0): 12, ("t", 1, "v", 0, "w"): 13, ("t", 2): 14, ("t", 2, "v"): 15,
        ("t", 2, "v", 0): 15, ("t", 2, "v", 0, "w"): 16,
    }  # fmt: skip
    toml_lines.parse(text)
    assert actual == expected


NAMES = st.text(max_size=4)
VALUES = st.recursive(
    st.integers() | st.booleans() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def written(value: Any) -> str:
    """A value in TOML, with line breaks and comments where it may have them."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(c):08x}" if c != "]" else c for c in value) + '"'
    if isinstance(value, list):
        return "[ # [\n" + "".join(f"{written(item)} , # ]\n" for item in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{written(k)} = {written(v)}" for k, v in value.items()) + " }"
    return str(value)


def keys(value: Any, key: toml_lines.Key = ()) -> set[toml_lines.Key]:
    """The key of every value inside a value."""
    inner = dict(enumerate(value)) if isinstance(value, list) else value
    items = inner.items() if isinstance(inner, dict) else ()
    return {key}.union(*(keys(item, (*key, name)) for name, item in items)) - {()}


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_every_key_of_any_file_has_a_line(tables: dict[str, Any]) -> None:
    text = "".join(f"{written(name)} = {written(value)}\n" for name, value in tables.items())
    assert toml_lines.parse(text) == tables
    actual = toml_lines.lines(text)
    assert set(actual) == keys(tables)
    assert all(1 <= line <= text.count("\n") for line in actual.values())
