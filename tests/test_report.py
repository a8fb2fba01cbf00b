"""The command, the notebook and the folder they leave: whole or not at all."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest
from click.testing import CliRunner
from papermill.exceptions import PapermillExecutionError

from kit import cli, report
from kit.errors import ReviewError

ROOT = Path(__file__).parent.parent
NORTHGATE = ROOT / "data" / "samples" / "northgate"
MERIDIAN = ROOT / "data" / "samples" / "meridian"
FILES = {"one-pager.html", "one-pager.ipynb", "figures.json", "evidence.xlsx"}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """Northgate's last complete quarter, as the command writes it."""
    return report.write_report(NORTHGATE, "", tmp_path_factory.mktemp("reports"))


def small_program(folder: Path, **about: object) -> Path:
    """A program of two partners and six calls, its folder made new."""
    folder.mkdir(parents=True)
    settings = {"name": "Small", "currency": "USD", "timezone": "UTC", "stage": "pre-monetization"} | about
    lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    (folder / "program.toml").write_text(
        "\n".join(
            [
                "[program]",
                *lines,
                '[exports.calls]\npath = "calls.csv"\n[exports.partners]\npath = "partners.csv"',
            ]
        )
    )
    (folder / "partners.csv").write_text(
        "partner_id,name,registered_at\na,Ada,2026-01-05\nb,Bert,2026-02-01\n", encoding="utf-8"
    )
    days = ["2026-01-01", "2026-03-31", "2026-04-01", "2026-05-15", "2026-06-15", "2026-06-30"]
    (folder / "calls.csv").write_text(
        "called_at,partner_id,environment,status\n"
        + "".join(f"{day}T12:00:00Z,a,production,200\n" for day in days)
    )
    return folder


@pytest.mark.slow
def test_report_leaves_its_files_and_nothing_else(page: tuple[Path, dict]) -> None:
    folder, figures = page
    assert folder.name == figures["quarter"] == "2026-Q3"
    assert {file.name for file in folder.iterdir()} == FILES
    assert [each.name for each in folder.parent.iterdir()] == ["2026-Q3"]
    assert json.loads((folder / "figures.json").read_text(encoding="utf-8")) == figures


@pytest.mark.slow
def test_page_asks_nobody_and_runs_nothing(page: tuple[Path, dict]) -> None:
    html = (page[0] / "one-pager.html").read_text(encoding="utf-8")
    assert len(html.encode()) < 150_000
    assert "<script" not in html.lower()
    # The only addresses are the names of the SVG vocabulary.
    addresses = {part.split('"')[0] for part in html.split('"http')[1:]}
    assert addresses <= {"://www.w3.org/2000/svg", "://www.w3.org/1999/xlink"}
    assert "url(http" not in html


@pytest.mark.slow
def test_executed_notebook_carries_the_figures_and_no_error(page: tuple[Path, dict]) -> None:
    notebook = nbformat.read(page[0] / "one-pager.ipynb", as_version=4)
    nbformat.validate(notebook)
    # The file of figures says besides which page it belongs to, and that nobody changed it.
    assert report.figures_of(notebook) | {name: page[1][name] for name in ("page", "seal")} == page[1]
    assert not [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.output_type == "stream"
    ]


@pytest.mark.slow
@pytest.mark.parametrize("notebook", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
@pytest.mark.parametrize("program", [NORTHGATE, MERIDIAN], ids=lambda path: path.name)
def test_every_notebook_runs_on_both_samples_by_plain_papermill(
    notebook: Path, program: Path, tmp_path: Path
) -> None:
    papermill.execute_notebook(
        notebook, tmp_path / "out.ipynb", {"program": str(program)}, cwd=str(tmp_path), progress_bar=False
    )


@pytest.mark.slow
def test_misspelt_parameter_stops_plain_papermill(tmp_path: Path) -> None:
    with pytest.raises(PapermillExecutionError, match=r"'quater' is not a parameter.*Did you mean 'quarter'"):
        papermill.execute_notebook(
            report.NOTEBOOK, tmp_path / "out.ipynb", {"quater": "2026-Q2"}, progress_bar=False
        )


@pytest.mark.parametrize("notebook", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebooks_are_committed_without_outputs_or_logic(notebook: Path) -> None:
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
            assert not any(word in cell.source for word in ("def ", "for ", "while ", "select ", "lambda"))
            assert len(cell.source.splitlines()) <= 6


@pytest.mark.slow
def test_faulty_data_exits_with_1_and_leaves_an_earlier_page_as_it_was(tmp_path: Path) -> None:
    program = small_program(tmp_path / "small")
    out = tmp_path / "out"
    first = CliRunner().invoke(cli.main, ["report", "--program", str(program), "--out", str(out)])
    assert first.exit_code == 0, first.output
    before = {file.name: file.read_bytes() for file in (out / "2026-Q2").iterdir()}
    (program / "partners.csv").write_text("partner_id,name,registered_at\na,Ada,31.12.2026\n")
    second = CliRunner().invoke(cli.main, ["report", "--program", str(program), "--out", str(out)])
    assert second.exit_code == 1
    assert "partners.csv row 2, column 'registered_at': '31.12.2026' is not allowed" in second.output
    assert {file.name: file.read_bytes() for file in (out / "2026-Q2").iterdir()} == before
    assert [each.name for each in out.iterdir()] == ["2026-Q2"]


@pytest.mark.slow
def test_rows_that_cannot_be_used_are_written_beside_the_page_and_told_on_it(tmp_path: Path) -> None:
    program = small_program(tmp_path / "small")
    settings = program / "program.toml"
    settings.write_text(
        settings.read_text().replace('path = "partners.csv"', 'path = "partners.csv"\nrejects = 0.5')
    )
    with (program / "partners.csv").open("a") as file:
        file.write('=1+1,"Cara, once",never\n')
    folder, figures = report.write_report(program, "", tmp_path / "out")
    reason = "column 'registered_at': 'never' is not allowed. Allowed: a day like 2026-07-31;"
    [kept] = [json.loads(line) for line in (folder / "rejects.jsonl").read_text().splitlines()]
    assert (kept["file"], kept["line"]) == ("partners.csv", 4)
    assert "Cara" not in str(kept)  # what stands there may be anybody's, and stays there
    assert kept["reason"].startswith(reason)
    assert [(each["file"], each["line"], each["rows"]) for each in figures["rejects"]] == [
        ("partners.csv", 4, 1)
    ]
    page = (folder / "one-pager.html").read_text()
    assert "1 row of the exports could not be used and is kept aside." in page
    assert "Cara" not in page + (folder / "one-pager.ipynb").read_text()


def test_faulty_settings_exit_with_1_before_a_kernel_starts(tmp_path: Path) -> None:
    program = small_program(tmp_path / "small", currency="USDX", timezone="Mars/Base")
    result = CliRunner().invoke(
        cli.main, ["report", "--program", str(program), "--out", str(tmp_path / "out")]
    )
    assert result.exit_code == 1
    assert "USDX" in result.output
    assert "Mars/Base" in result.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "wrong", [["--quarter", "Q3"], ["--quarter", "2026-Q5"], ["--quater", "2026-Q3"], ["extra"]]
)
def test_wrong_call_exits_with_2(wrong: list[str]) -> None:
    assert CliRunner().invoke(cli.main, ["report", *wrong]).exit_code == 2


def test_missing_program_folder_exits_with_1_and_says_so(tmp_path: Path) -> None:
    result = CliRunner().invoke(cli.main, ["report", "--program", str(tmp_path / "nowhere")])
    assert result.exit_code == 1
    assert "nowhere" in result.output


@pytest.mark.slow
def test_several_quarters_in_one_call_and_the_restated_one_is_marked(tmp_path: Path) -> None:
    program = tmp_path / "northgate"
    shutil.copytree(NORTHGATE, program)
    report.write_report(program, "2026-Q2", tmp_path / "out")
    costs = program / "exports" / "program-costs.csv"
    lines = costs.read_text().splitlines()
    changed = [
        line.replace(",people,", ",people,9") if line.startswith("2026-05") else line for line in lines
    ]
    costs.write_text("\n".join(changed) + "\n")
    folder, figures = report.write_report(program, "2026-Q3", tmp_path / "out")
    # A page that was not published kept no lines by which late rows could be told from corrected ones.
    assert [(each["key"], each["reason"]) for each in figures["restated"]] == [
        ("value_ratio", "late data or corrected source (costs)")
    ]
    assert "<sup>†</sup>" in (folder / "one-pager.html").read_text(encoding="utf-8")
    result = CliRunner().invoke(
        cli.main,
        [
            "report",
            "--program",
            str(program),
            "--out",
            str(tmp_path / "two"),
            "--quarter",
            "2026-Q2",
            "--quarter",
            "2026-Q3",
        ],
    )
    assert result.exit_code == 0
    assert {each.name for each in (tmp_path / "two").iterdir()} == {"2026-Q2", "2026-Q3"}


def test_help_teaches_and_needs_no_notebook_machinery() -> None:
    code = "import sys; from kit import cli; cli.main(['--help'], standalone_mode=False); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Exit codes: 0 done; 1 the settings or the data are at fault; 2 the call is." in done.stdout
    assert not any(
        f"'{heavy}'" in done.stdout for heavy in ("altair", "papermill", "nbconvert", "polars", "duckdb")
    )


def test_page_too_large_for_a_mail_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "LARGEST_PAGE", 100)
    with pytest.raises(ReviewError, match="There is room for 100"):
        report.lay_out(nbformat.v4.new_notebook(), "Title")
