"""Each preset on files as its system writes them: tests/presets/<table>/<preset>/<case>/ holds the files and the rows.

expected.csv has the rows under canonical names, empty for null; error.txt, in its stead, what the refusal must say;
block.toml, where there is one, more settings of the [exports] block.
"""

import re
import shutil
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from conftest import rows

from kit import presets
from kit.columns import schema
from kit.errors import ReviewError

pytestmark = pytest.mark.slow

CASES = Path(__file__).parent / "presets"
OURS = ("expected.csv", "error.txt", "block.toml")
PRESETS = sorted(presets.FOLDER.glob("*/*.sql"))
SECRET = re.compile(
    r"(?i)secret|password|primary_?key|secondary_?key|identity\.apikey\b|access_token|security-token"
)


def name_of(folder):
    return folder.relative_to(CASES).as_posix()


@pytest.mark.parametrize("case", sorted(path for path in CASES.glob("*/*/*") if path.is_dir()), ids=name_of)
def test_preset_gives_the_rows_of_its_case(loaded, tmp_path, case):
    table, preset, _ = case.relative_to(CASES).parts
    shutil.copytree(case, tmp_path / "raw", ignore=shutil.ignore_patterns(*OURS))
    block = case / "block.toml"
    more = block.read_text(encoding="utf-8") if block.exists() else ""
    lines = f'path = "raw/*"\npreset = "{preset}"\n{more}'
    if (case / "error.txt").exists():
        with pytest.raises(ReviewError) as error:
            loaded({table: lines})
        assert (case / "error.txt").read_text(encoding="utf-8").strip() in str(error.value)
        return
    con = loaded({table: lines})
    expected, names = expected_rows(con, table, case / "expected.csv")
    if table == "calls" and preset != "daily":
        names = names.replace("request_id", "request")
        table = "logged_calls order by file_id, line"
    actual = rows(con, f"select {names} from {table}")
    assert actual == expected


def expected_rows(con, table, file):
    """The rows of an expected.csv at the canonical types, and the names of its columns."""
    types = {name: type_ for name, type_, *_ in schema(table)}
    source = (
        f"read_csv('{file}', all_varchar = true, header = true, delim = ',', quote = '\"', escape = '\"')"
    )
    names = [row[0] for row in rows(con, f"describe from {source}")]
    typed = ", ".join(
        "coalesce(try_cast(request_id as uuid), md5(request_id)::uuid)"
        if name == "request_id"
        else f"{name}::{types[name]} as {name}"
        for name in names
    )
    return rows(con, f"select {typed} from {source}"), ", ".join(names)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_preset_has_a_case(preset):
    folder = CASES / preset.parent.name / preset.stem
    assert list(folder.glob("*/expected.csv"))


@pytest.mark.parametrize("preset", PRESETS, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_preset_says_what_to_export_and_reads_no_secret(preset):
    lines = preset.read_text(encoding="utf-8").splitlines()
    comment = [line for line in lines if line.startswith("-- ")]
    read = "\n".join(line for line in lines if not line.startswith("-- "))
    assert len(comment) >= 2
    assert any(line.startswith("-- Export") for line in comment)
    assert not SECRET.search(read)
    head = tomllib.loads("\n".join(line[3:] for line in lines if line.startswith("--|")))
    known = (
        "summed parts identity required optional json settings format header names delimiter aliases header_within"
        " lists records hint recognise keys utc"
    )
    assert set(head) <= set(known.split())


# What presets may say of their files


def made_preset(monkeypatch, tmp_path, head, select):
    """A preset of partners, `own`, in place of the kit's presets."""
    folder = tmp_path / "presets" / "partners"
    folder.mkdir(parents=True)
    text = "".join(f"--| {line}\n" for line in head.splitlines()) + select
    (folder / "own.sql").write_text(text, encoding="utf-8")
    monkeypatch.setattr(presets, "FOLDER", folder.parent)
    return {"partners": 'path = "p.csv"\npreset = "own"'}


PLAIN = 'select "Id" as partner_id, "Name" as name, "Since" as registered_at, source, source_row from raw'
NAMES = 'required = ["Id", "Name", "Since"]'
READ = "select partner_id, name from partners order by 1"


def test_first_named_of_two_aliases_is_taken(loaded, monkeypatch, tmp_path):
    head = f'{NAMES}\n[aliases]\nName = ["Firma", "Company"]'
    text = "Company,Id,firma,Since\nWrong,acme,Acme,2025-12-01\n"
    con = loaded(made_preset(monkeypatch, tmp_path, head, PLAIN), p_csv=text)
    assert rows(con, READ) == [("acme", "Acme")]


def test_header_is_the_first_line_with_all_required_names(loaded, monkeypatch, tmp_path):
    text = 'Report of Id\n"Id, Name"\n\n,Id,Since,Name\n,acme,2025-12-01,"Ac\nme"\n'
    con = loaded(made_preset(monkeypatch, tmp_path, f"{NAMES}\nheader_within = 5", PLAIN), p_csv=text)
    assert rows(con, READ) == [("acme", "Ac\nme")]


def test_header_further_down_is_not_looked_for(loaded, monkeypatch, tmp_path):
    block = made_preset(monkeypatch, tmp_path, f"{NAMES}\nheader_within = 2", PLAIN)
    with pytest.raises(ReviewError, match="none of the first 2 lines is the header"):
        loaded(block, p_csv="a\nb\nId,Name,Since\nacme,Acme,2025-12-01\n")


def test_repeated_column_is_read_by_its_number(loaded):
    text = "Id,Note,Note,Since,Note\nacme,x,Acme,2025-12-01,y\n"
    columns = 'columns = { partner_id = "Id", name = "Note.1", registered_at = "Since", segment = "Note.2" }'
    con = loaded({"partners": f'path = "p.csv"\n{columns}'}, p_csv=text)
    assert rows(con, "select name, segment from partners") == [("Acme", "y")]


def test_column_named_like_a_repeat_keeps_its_name(loaded):
    text = "Id,Note,Note,Note.1,Since\nacme,x,y,Acme,2025-12-01\n"
    columns = 'columns = { partner_id = "Id", name = "Note.1", registered_at = "Since" }'
    con = loaded({"partners": f'path = "p.csv"\n{columns}'}, p_csv=text)
    assert rows(con, READ) == [("acme", "Acme")]


def test_list_holds_every_column_of_its_name(loaded, monkeypatch, tmp_path):
    select = PLAIN.replace('"Name"', "array_to_string(\"Name\", '+')")
    block = made_preset(monkeypatch, tmp_path, f'{NAMES}\nlists = ["Name"]', select)
    con = loaded(block, p_csv="Id,Name,Since,Name\nacme,A,2025-12-01,B\n")
    assert rows(con, READ) == [("acme", "A+B")]


def test_lines_are_read_whole_and_blank_ones_are_none(loaded, monkeypatch, tmp_path):
    select = (
        "select split_part(line, ' ', 1) as partner_id, line as name, '2025-12-01' as registered_at,"
        " source, source_row from raw"
    )
    block = made_preset(monkeypatch, tmp_path, 'format = "lines"', select)
    con = loaded(block, p_csv='acme "x, \\y\r\n\r\nglobex ;\r\n')
    assert rows(con, READ) == [("acme", 'acme "x, \\y'), ("globex", "globex ;")]


def test_preset_that_the_readme_shows_works(loaded, monkeypatch, tmp_path):
    readme = (CASES.parent.parent / "README.md").read_text(encoding="utf-8")
    select = readme.split("```sql\n")[1].split("```")[0]
    folder = tmp_path / "presets" / "worklogs"
    folder.mkdir(parents=True)
    (folder / "timebook.sql").write_text(select, encoding="utf-8")
    monkeypatch.setattr(presets, "FOLDER", folder.parent)
    text = "Day,Account,Work,Position,Time,Note\n2026-02-10,acme,Legal,counsel,1.5,x\n"
    con = loaded({"worklogs": 'path = "t.csv"\npreset = "timebook"'}, t_csv=text)
    assert rows(con, "select partner_id, activity, role, hours from worklogs") == [
        ("acme", "legal", "counsel", Decimal("1.5"))
    ]
