"""A first program.toml: what is known stands in it, what is not is asked, and it reads once it is answered."""

import gzip
import re
import tomllib
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner
from conftest import rows
from hypothesis import given
from hypothesis import strategies as st

from kit.cli import main
from kit.database import open_program
from kit.program import ProgramError, load_program
from kit.sources import canonical_columns
from kit.starting.first_settings import first_settings, write
from kit.starting.toml_text import one_line, quoted

pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parent.parent / "data" / "samples"
PARTNERS = "partner_id,name,registered_at\nacme,Acme,2025-12-01\n"
CALLS = "called_at,partner_id,environment,status\n2026-02-10T12:00:00Z,acme,production,200\n"
LINE = '203.0.113.7 - acme [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 5 "-" "curl/7"\n'


@pytest.fixture
def drafted(tmp_path):
    """The draft for a folder of these files; calls and partners are there where nothing else is said."""

    def build(files, plain=True):
        standard = {"calls.csv": CALLS, "partners.csv": PARTNERS} if plain else {}
        for name, text in (standard | files).items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return first_settings(tmp_path, tmp_path)

    return build


def blocks(draft, table):
    found = tomllib.loads(draft.text)["exports"].get(table, [])
    return found if isinstance(found, list) else [found]


def asked(draft):
    return {question.about: question.text for question in draft.questions}


def answered(text, **answers):
    """The draft with each open value of a name replaced by its answer, in the order of the file."""
    for name, values in answers.items():
        for value in values if isinstance(values, list) else [values]:
            text, count = re.subn(rf'(?m)^(.*\b{name} = )("\?"|0(?=\s|$))', rf"\g<1>{value}", text, count=1)
            assert count, name
    return text


ABOUT = {
    "name": '"Test"', "timezone": '"UTC"', "fiscal_year_start": "1", "stage": '"monetized"', "currency": '"USD"',
}  # fmt: skip


# The two samples


@pytest.mark.parametrize("sample", ["northgate", "meridian"])
def test_draft_of_a_sample_reads_as_its_own_settings_do(tmp_path, sample):
    folder = SAMPLES / sample
    draft = first_settings(folder / "exports", tmp_path)
    real = tomllib.loads((folder / "program.toml").read_text(encoding="utf-8"))
    about = {name: f'"{real["program"][name]}"' for name in ("name", "stage")}
    about["fiscal_year_start"] = real["program"]["fiscal_year_start"]
    zones = [f'"{real["program"]["timezone"]}"']
    text = draft.text
    if sample == "northgate":
        zones.append(f'"{real["exports"]["partners"]["timezone"]}"')
        offered = text[text.index("# [exports.transactions]") :].split("\n\n")[0]
        text = text.replace(offered, offered.replace("# [", "[").replace("\n# ", "\n"))
    else:
        about["category"] = '"infrastructure"'
    text = answered(text, **about, timezone=zones, hourly=["1.00"] * 3, base=real["attribution"]["base"])
    (tmp_path / "program.toml").write_text(text, encoding="utf-8")
    expected = counted(folder)
    assert expected["calls"] > 1000
    assert counted(tmp_path) == expected


def counted(folder):
    """How many rows each table of exports holds."""
    with open_program(folder) as con:
        counts = {table: rows(con, f"select count(*) from {table}")[0][0] for table in canonical_columns()}
        return counts | {"calls": rows(con, "select sum(row_count)::int from file_usage")[0][0]}


@pytest.mark.parametrize("sample", ["northgate", "meridian"])
def test_each_question_is_named_by_its_line_until_it_is_answered(tmp_path, sample):
    draft = first_settings(SAMPLES / sample / "exports", tmp_path)
    write(draft, tmp_path / "program.toml")
    with pytest.raises(ProgramError) as error:
        load_program(tmp_path)
    named = [int(line) for line in re.findall(r"^program\.toml:(\d+) ", str(error.value), re.MULTILINE)]
    assert named == [question.line for question in draft.questions if not question.about.endswith(".csv")]


# What is asked, and what is written down


def test_days_that_two_orders_fit_are_asked(drafted):
    text = '"Task","Tags","Start Date","Duration (h)"\nSupport,support,03/04/2026,01:00:00\n'
    draft = drafted({"clockify.csv": text})
    assert blocks(draft, "worklogs")[0]["dates"] == "?"
    expected = '03/04/2026: 3 April 2026 or 4 March 2026? "%d/%m/%Y" or "%m/%d/%Y"'
    assert asked(draft)["exports.worklogs.dates"] == expected


@pytest.mark.parametrize(("day", "form"), [("13/04/2026", "%d/%m/%Y"), ("04/13/2026", "%m/%d/%Y")])
def test_days_that_one_order_fits_are_written_down_with_the_reason(drafted, day, form):
    text = f'"Task","Tags","Start Date","Duration (h)"\nA,support,03/04/2026,01:00:00\nA,support,{day},01:00:00\n'
    draft = drafted({"clockify.csv": text})
    assert blocks(draft, "worklogs")[0]["dates"] == form
    assert f"the only order that fits all 2 seen, such as {day}" in draft.text


def test_iso_days_need_nothing(drafted):
    assert set(blocks(drafted({}), "partners")[0]) == {"path"}


def test_days_in_two_notations_are_remarked(drafted):
    draft = drafted({"partners.csv": PARTNERS + "b,B,13/04/2026\n"})
    assert blocks(draft, "partners")[0]["dates"] == "?"
    assert "days are written in two ways, as '2025-12-01' and '13/04/2026'" in draft.text


def test_times_without_offset_are_asked_for_their_zone(drafted):
    draft = drafted({"calls.csv": CALLS.replace("T12:00:00Z", " 12:00")})
    assert asked(draft)["exports.calls.timezone"].startswith("2026-02-10 12:00: in which time zone")


def test_times_of_a_parquet_file_without_offset_are_asked_too(drafted, tmp_path):
    with duckdb.connect() as con:
        con.execute(
            "copy (select timestamp '2026-02-10 12:00:00' as called_at, 'a' as partner_id, 'production' as environment,"
            f" 200 as status) to '{tmp_path}/calls.parquet'"
        )
    draft = drafted({"partners.csv": PARTNERS}, plain=False)
    assert asked(draft)["exports.calls.timezone"].startswith("2026-02-10 12:00:00: in which time zone")


def test_times_that_their_system_writes_in_utc_are_not_asked(drafted):
    header = "id,Customer,Status,Currency,Total,Date (UTC)"
    text = f"{header}\nin_1,cus_1,paid,usd,1.50,2026-02-11 12:00:00\n"
    assert blocks(drafted({"stripe.csv": text}), "invoices")[0]["timezone"] == "UTC"


COSTS = "date;category;amount;currency\n2026-02-10;people;{};USD\n"


@pytest.mark.parametrize(
    ("amount", "settings"),
    [
        ("7.5", {}),
        ("0.125", {}),
        ("1000", {}),
        ("7,5", {"decimal": ","}),
        ("1.388,98", {"decimal": ",", "thousands": "."}),
        ("1,388.98", {"thousands": ","}),
        ("1 388,98", {"decimal": ",", "thousands": " "}),
        ("1.388", {"decimal": "?"}),
        ("1,388", {"decimal": "?"}),
    ],
)
def test_marks_in_numbers_are_written_down_or_asked(drafted, amount, settings):
    [block] = blocks(drafted({"costs.csv": COSTS.format(amount)}), "costs")
    assert block["delimiter"] == ";"
    assert {name: block[name] for name in ("decimal", "thousands") if name in block} == settings


def test_amounts_that_are_no_numbers_are_said_plainly_with_their_file(drafted):
    draft = drafted({"costs.csv": COSTS.format("USD 7")})
    text = " ".join(draft.text.replace("# ", "").split())
    assert "costs.csv cannot be used as exported: 'USD 7' is no number in any notation" in text


def test_amounts_that_are_missing_are_remarked(drafted):
    [group] = [
        group for group in drafted({"costs.csv": COSTS.format("")}).groups if group.kind.table == "costs"
    ]
    expected = "amount is empty or unreadable in 1 of 1 rows looked at, which are refused"
    assert group.reading.remarks[0] == expected


def test_words_for_nothing_are_written_down(drafted):
    draft = drafted({"calls.csv": CALLS + "2026-02-10T12:00:00Z,-,production,401\n"})
    assert blocks(draft, "calls")[0]["null"] == ["-"]


def test_environments_named_in_files_make_blocks_of_their_own(drafted):
    draft = drafted({"calls.csv": "", "logs/access-prod.log": LINE, "logs/access-sandbox.log": LINE})
    assert [block["path"] for block in blocks(draft, "calls")] == [
        "logs/access-prod.log",
        "logs/access-sandbox.log",
    ]
    assert [block["set"] for block in blocks(draft, "calls")] == [{"environment": "?"}] * 2
    assert "The path says sandbox." in draft.text


def test_log_that_names_nobody_shows_its_hint(drafted):
    draft = drafted({"calls.csv": "", "access.log": LINE.replace("acme", "-")})
    assert "Add an id of the consumer to the log format" in asked(draft)["exports.calls.set.partner_id"]


def test_roles_get_a_rate_each(drafted):
    text = "date,activity,role,hours\n2026-02-10,x,engineer,1\n2026-02-10,x,counsel,1\n"
    draft = drafted({"worklogs.csv": text})
    rates = tomllib.loads(draft.text)["rate"]
    assert [(rate["role"], rate["hourly"]) for rate in rates] == [("counsel", 0), ("engineer", 0)]


def test_one_currency_is_the_programs(drafted):
    draft = drafted({"costs.csv": COSTS.format("1")})
    assert tomllib.loads(draft.text)["program"]["currency"] == "USD"
    assert "# the only one seen" in draft.text


def test_several_currencies_ask_for_rates(drafted):
    draft = drafted({"costs.csv": COSTS.format("1") + "2026-02-10;people;1;CAD\n"})
    assert {"program.currency", "exports.fx.path"} <= set(asked(draft))


def test_currency_that_fx_does_not_convert_is_the_programs(drafted):
    costs = COSTS.format("1") + "2026-02-10;people;1;CAD\n"
    draft = drafted({"costs.csv": costs, "fx.csv": "month,currency,rate\n2026-02-01,CAD,0.7\n"})
    assert tomllib.loads(draft.text)["program"]["currency"] == "USD"


def test_tables_not_found_are_named_with_the_figure_that_needs_them(drafted):
    text = drafted({}).text
    assert "#   worklogs: without them there is no cost per partner onboarded" in text
    assert "#   costs: without them there is no program cost vs. value" in text


def test_calls_and_partners_are_asked_for(drafted):
    draft = drafted({"costs.csv": COSTS.format("1")}, plain=False)
    assert {"exports.calls.path", "exports.partners.path"} <= set(asked(draft))


def test_unknown_table_is_offered_and_not_taken(drafted):
    draft = drafted({"paid.csv": "Settled At,Partner,Gross,Ccy\n2024-07-02T01:31:00Z,P-1,547.13,USD\n"})
    assert blocks(draft, "transactions") == []
    assert 'transacted_at = "Settled At"' in draft.text
    assert asked(draft)["paid.csv"].startswith("Is it transactions?")


OFFERED = {
    "partners": "Account ID,Company,Signed up,Plan\n1,Acme,2026-02-03,Gold\n",
    "transactions": "Settled At,Partner,Gross,Ccy\n2024-07-02T01:31:00Z,P-1,547.13,USD\n",
    "headcount": "Month,Department,Heads,Team name\n2026-02-01,API,3,API\n",
    "": "Account;Firma;Seit\n1;Acme AG;03.04.2026\n",
}


@pytest.mark.parametrize(("table", "text"), OFFERED.items(), ids=OFFERED)
def test_table_that_is_offered_is_the_one_its_columns_are_like(drafted, table, text):
    offers = re.findall(r"(?m)^# \[\[?exports\.(\w+)\]", drafted({"own.csv": text}).text)
    assert offers == ([table] if table else [])


def test_two_presets_that_fit_are_both_in_the_comment(drafted):
    text = "Id,Name,CreatedDate,AccountId,Amount,CloseDate,IsWon\n1,a,2026-01-01,2,3,2026-01-01,true\n"
    assert "partners/salesforce would fit too" in drafted({"o.csv": text}).text


# Blocks and their paths


def test_rotated_logs_are_one_block(drafted):
    files = {
        "calls.csv": "",
        "access.log": LINE,
        "access.log.1": LINE,
        "access.log.2.gz": gzip.compress(LINE.encode()),
    }
    [block] = blocks(drafted(files), "calls")
    assert block["path"] == "access.log*"


def test_pattern_that_would_take_more_is_none(drafted):
    costs = COSTS.format("1").replace(";", ",")
    draft = drafted({"a-1.csv": costs, "a-2.csv": costs, "a-3.csv": "nothing,known\n"})
    assert blocks(draft, "costs")[0]["path"] == ["a-1.csv", "a-2.csv"]


def test_exports_of_two_systems_are_two_blocks(drafted):
    toggl = "Client,Task,Start date,End date,Duration,Tags\nAcme,A,2026-02-10,2026-02-10,01:00:00,support\n"
    harvest = "Date,Client,Task,Hours,Roles\n2026-02-10,Acme,A,1,support\n"
    draft = drafted({"t.csv": toggl, "h.csv": harvest})
    assert {block["preset"] for block in blocks(draft, "worklogs")} == {"toggl", "harvest"}


STRANGE = [
    "a'b\".csv", "[x]*?.csv", "é ü.csv", "a#b = c.csv", "back\\slash.csv", '"\n[exclude]\nx = "', "new\nline.csv",
    "\x1b[31mred.csv", "x\u202egnp.csv", "{x}.csv",
]  # fmt: skip


@pytest.mark.parametrize("name", STRANGE, ids=repr)
def test_strange_names_are_found_again_and_nothing_else(drafted, tmp_path, name):
    inside = name if name.endswith(".csv") else f"{name}.csv"
    draft = drafted({f"{name[:-4]}/{inside}": "month,team,fte\n2026-02-01,API,1\n"})
    assert set(tomllib.loads(draft.text)) == {"program", "exports"}
    (tmp_path / "program.toml").write_text(answered(draft.text, **ABOUT), encoding="utf-8")
    [export] = load_program(tmp_path).exports["headcount"]
    assert [file.name for file in export.files(tmp_path)] == [inside]


@given(st.text())
def test_any_text_is_one_line_of_toml_and_reads_as_itself(text):
    line = f"a = {quoted(text)} # {one_line(text)}"
    assert line.isprintable()
    assert tomllib.loads(line) == {"a": text}


def test_names_of_columns_stay_in_their_comment(drafted):
    header = '"date ""\n[exclude]\n# ? x",Other\n'
    draft = drafted({"x.csv": header, 'Ag\n[exclude]\noperation = ["*"].csv': "Nothing,Known\n1,2\n"})
    assert set(tomllib.loads(draft.text)) == {"program", "exports"}


def test_role_is_quoted_and_one_with_a_line_break_gets_no_rate(drafted):
    text = 'date,activity,role,hours\n2026-02-10,x,"a""\n[goal]\n",1\n2026-02-10,x,"b""]\\",1\n'
    [rate] = tomllib.loads(drafted({"worklogs.csv": text}).text)["rate"]
    assert rate["role"] == 'b"]\\'


def test_role_in_two_cases_gets_one_rate(drafted):
    text = "date,activity,role,hours\n2026-02-10,x,Engineer,1\n2026-02-10,x,engineer,1\n"
    assert len(tomllib.loads(drafted({"worklogs.csv": text}).text)["rate"]) == 1


def test_currency_that_is_none_is_asked(drafted):
    draft = drafted({"costs.csv": COSTS.format("1").replace("USD", "XYZ")})
    assert "program.currency" in asked(draft)


# The command


def run(*arguments):
    return CliRunner().invoke(main, ["init", *map(str, arguments)])


def test_command_writes_beside_the_exports_and_says_what_is_left(tmp_path):
    (tmp_path / "calls.csv").write_text(CALLS, encoding="utf-8")
    ran = run(tmp_path)
    assert ran.exit_code == 0
    assert (tmp_path / "program.toml").is_file()
    assert "calls.csv  calls  1 file  sure: 4 of 4 required columns" in ran.output
    assert re.search(r"(?m)^  1\. line 6    program\.name: ", ran.output)
    assert ran.output.endswith(f"api-review check --program {tmp_path}\n")
    assert max(map(len, ran.output.replace(str(tmp_path), "").splitlines())) <= 100


def test_command_makes_the_program_folder_and_names_exports_elsewhere_whole(tmp_path):
    exports, program = tmp_path / "exports", tmp_path / "new" / "program"
    exports.mkdir()
    (exports / "calls.csv").write_text(CALLS, encoding="utf-8")
    assert run(exports, "--program", program).exit_code == 0
    written = tomllib.loads((program / "program.toml").read_text(encoding="utf-8"))
    assert written["exports"]["calls"]["path"] == str(exports / "calls.csv")
    assert run(exports, "--program", tmp_path).exit_code == 0
    written = tomllib.loads((tmp_path / "program.toml").read_text(encoding="utf-8"))
    assert written["exports"]["calls"]["path"] == "exports/calls.csv"


@pytest.mark.parametrize("is_link", [False, True])
def test_program_that_is_there_is_left_as_it_is(tmp_path, is_link):
    (tmp_path / "calls.csv").write_text(CALLS, encoding="utf-8")
    file = tmp_path / "program.toml"
    if is_link:
        file.symlink_to(tmp_path / "elsewhere.toml")
    else:
        file.write_text("mine", encoding="utf-8")
    ran = run(tmp_path)
    assert ran.exit_code == 1
    assert "is there already, and is left as it is" in ran.output
    assert not (tmp_path / "elsewhere.toml").exists()
    assert is_link or file.read_text(encoding="utf-8") == "mine"


def test_nothing_usable_writes_nothing(tmp_path):
    (tmp_path / "x.csv").write_text("Nothing,Known\n", encoding="utf-8")
    ran = run(tmp_path)
    assert ran.exit_code == 1
    assert "holds no export that can be used" in ran.output
    assert "x.csv: not recognised: its columns are Nothing, Known" in ran.output
    assert [file.name for file in tmp_path.iterdir()] == ["x.csv"]


def test_failed_writing_leaves_nothing(tmp_path, drafted, monkeypatch):
    draft = drafted({})
    monkeypatch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write(draft, tmp_path / "program" / "program.toml")
    assert list((tmp_path / "program").iterdir()) == []


def test_answered_draft_opens(drafted, tmp_path):
    draft = drafted({"calls.csv": CALLS.replace("production", "")})
    text = answered(draft.text, **ABOUT, environment='"production"')
    (tmp_path / "program.toml").write_text(text, encoding="utf-8")
    with open_program(tmp_path) as con:
        assert rows(con, "select environment, partner_id from logged_calls") == [("production", "acme")]
