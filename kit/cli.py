"""The command: api-review."""

import atexit
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from kit.errors import ReviewError, printable, shortened

LONGEST = 10_000  # characters of an error
SAMPLES = Path(__file__).parent.parent / "data" / "samples"
REPORTS = Path(__file__).parent.parent / "reports"


of_program = click.option(
    "--program",
    type=click.Path(file_okay=False, path_type=Path),
    default=SAMPLES / "northgate",
    show_default="the sample data/samples/northgate",
    help="Folder with a program.toml.",
)


def _set_memory(context: click.Context, option: click.Parameter, size: str | None) -> None:
    """Let this process and those it starts keep within a size."""
    from kit.machine import MEMORY, read_size

    if size:
        try:
            read_size(size, "--memory")
        except ReviewError as error:
            raise click.BadParameter(str(error)) from None
        os.environ[MEMORY] = size


within_memory = click.option(
    "--memory",
    metavar="SIZE",
    callback=_set_memory,
    expose_value=False,
    show_default="half of what the machine or its cgroup has",
    help="Memory that reading may take, such as 4GB; what needs more goes to disk meanwhile.",
)


of_quarter = click.option(
    "--quarter",
    default="",
    metavar="2026-Q3",
    help="Fiscal quarter. Default: the last that the data completes.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="api-review", message="%(version)s")
def main() -> None:
    """Turn an API program's raw exports into the one page its CFO reads each quarter.

    A program is a folder with a program.toml and, beside it, the exports it names. Start with the sample:

    \b
        api-review report
        api-review report --program data/samples/meridian --quarter 2027-Q1 --quarter 2027-Q2

    Exit codes: 0 done; 1 the settings or the data are at fault; 2 the call is.
    """
    atexit.register(_end_quietly)


@main.command()
@of_program
@click.option(
    "--quarter",
    "quarters",
    multiple=True,
    metavar="2026-Q3",
    help="Fiscal quarter; may be given several times. Default: the last that the data completes.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    show_default="reports/<program>",
    help="Folder for the pages; each quarter gets a folder in it. Earlier pages there are compared with.",
)
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@within_memory
def report(program: Path, quarters: tuple[str, ...], out: Path | None, quiet: bool) -> None:
    """Write a quarter's page, the notebook behind it, and its figures.

    \b
    <out>/<quarter>/one-pager.html    the CFO's page: one file, no script, one printed sheet
    <out>/<quarter>/one-pager.ipynb   the notebook as it ran
    <out>/<quarter>/figures.json      every figure on the page, for machines
    <out>/<quarter>/evidence.xlsx     the rows behind each figure, with the formulas between
    <out>/<quarter>/rejects.jsonl     rows of the exports that could not be used, if there are any
    """
    from kit.report import write_report

    for quarter in quarters:
        _check_quarter(quarter)
    with _told_in_words():
        for quarter in quarters or ("",):
            folder, figures = write_report(
                program,
                quarter,
                out or REPORTS / program.resolve().name,
                progress=not quiet and sys.stderr.isatty(),
            )
            if not quiet:
                click.echo(printable(closing_line(figures)))
                click.echo(folder / "one-pager.html")
            for change in (figures["compared_with"] or {}).get("changed", []):
                click.echo(f"api-review: {change}", err=True)


@main.command()
@of_program
@of_quarter
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    show_default="reports/<program>",
    help="Folder of the pages.",
)
@within_memory
def publish(program: Path, quarter: str, out: Path | None) -> None:
    """Freeze a quarter's report as an edition, which later pages are compared with.

    It goes to <out>/editions/<quarter>/001, the next one to 002: the page, its figures, the settings, and in
    edition.json the code, and the hash and days of each file that it rests on. The same report makes no second edition,
    and no command changes one that is there.
    """
    from kit.earlier_pages import to_day, troubles
    from kit.editions import editions_of
    from kit.publishing import publish as freeze
    from kit.quarters import day_text

    if quarter:
        _check_quarter(quarter)
    pages = out or REPORTS / program.resolve().name
    with _told_in_words():
        edition, is_new = freeze(program, quarter, pages)
        for trouble in troubles(editions_of(pages, edition.folder.parent.name)):
            click.echo(f"api-review: {trouble}", err=True)
        if day := to_day(edition):
            click.echo(
                f"api-review: {edition.folder.parent.name} is not over: the calls end on {day_text(day)}. Later"
                " pages will call its figures reported to that day.",
                err=True,
            )
        done = "Published as" if is_new else f"Published on {edition.about['published_at'][:10]} already, as"
        click.echo(f"{done} {edition.title}, run {edition.about['run']}.")
        click.echo(edition.folder)


@main.command()
@click.argument("edition", metavar="EDITION_DIR", type=click.Path(file_okay=False, path_type=Path))
@of_program
@within_memory
def remake(edition: Path, program: Path) -> None:
    """Make an edition again from the files it rested on, and say whether the figures are the same.

    EDITION_DIR is a folder like <out>/editions/2026-Q2/001. Exits with 1 if figures differ, or files, settings or the
    edition itself are no longer what they were.
    """
    from kit.remaking import remade_text
    from kit.remaking import remake as make_again

    with _told_in_words():
        remade = make_again(edition, program)
        click.echo(remade_text(remade))
        raise SystemExit(0 if remade.is_same else 1)


@main.command()
@of_program
@of_quarter
@click.option(
    "--published",
    type=click.Path(file_okay=False, path_type=Path),
    show_default="reports/<program>",
    help="Folder of earlier pages, whose figures are held against those of today.",
)
@within_memory
def check(program: Path, quarter: str, published: Path | None) -> None:
    """Say whether a program's exports can be trusted, before anyone reads a number.

    Prints what became of every row of every file, the rows of each source by month and its days without any, what
    leads to no partner, columns that come and go, and what the checks found, the gravest first: a stop keeps the report
    from being made, a mark stands beside a figure on the page, a note is only told. Exits with 1 at a stop or a mark.
    """
    from kit.check_text import check_text
    from kit.checks import check_exports

    if quarter:
        _check_quarter(quarter)
    with _told_in_words():
        found = check_exports(program, quarter, published or REPORTS / program.resolve().name)
        click.echo(check_text(found))
        raise SystemExit(0 if found.is_sound else 1)


@main.command()
@click.argument("quarter", metavar="QUARTER")
@click.argument("figure", metavar="FIGURE")
@of_program
@within_memory
def explain(quarter: str, figure: str, program: Path) -> None:
    """Follow one of the five figures to its rows: api-review explain 2026-Q3 cost_per_partner

    FIGURE is revenue, cost_per_partner, activation_rate, value_ratio or growth_rate. Prints its definition, the formula
    with the numbers in it, the tables behind it, the rows counted and those left out with reasons, files and settings.
    """
    from kit.explanations import explain_quarter, stop_at_other_name

    _check_quarter(quarter, "QUARTER")
    try:
        stop_at_other_name(figure)
    except ReviewError as error:
        raise click.BadParameter(str(error), param_hint="FIGURE") from None
    with _told_in_words():
        found = explain_quarter(program, quarter, figure)
        click.echo(str(found))


@main.command()
@of_program
@click.option("--read", is_flag=True, help="Read now what was not read before.")
@click.option("--drop", is_flag=True, help="Delete all that is kept; the next run reads every log.")
@within_memory
def usage(program: Path, read: bool, drop: bool) -> None:
    """Show which call logs need not be read again, which do, and why.

    Logs are read once. What they say is kept in <program>/.usage, daily usage first; report and check read only what is
    new or changed there. The folder may be deleted at any time.
    """
    from kit import usage_state
    from kit.program import load_program
    from kit.usage import read_new

    with _told_in_words():
        loaded = load_program(program)
        if drop:
            click.echo(f"Deleted {usage_state.drop(loaded) / 1e6:,.1f} MB.")
        if read:
            read_new(loaded)
        click.echo(printable(usage_state.state_text(loaded)))


@main.command()
@click.argument(
    "exports", metavar="EXPORTS_DIR", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option(
    "--program",
    type=click.Path(file_okay=False, path_type=Path),
    show_default="EXPORTS_DIR",
    help="Folder for the program.toml; made if there is none.",
)
def init(exports: Path, program: Path | None) -> None:
    """Look at a folder of exports, and write a first program.toml.

    Each file is recognised by how it begins: by its columns, its JSON keys or the form of its lines. What is known is
    written down with the reason, what is not is asked. A program.toml that is there already is left as it is.
    """
    from kit.starting.first_settings import first_settings, stop_if_there, write
    from kit.starting.told import told

    folder = program or exports
    file = folder / "program.toml"
    with _told_in_words():
        stop_if_there(file)
        draft = first_settings(exports, folder)
        write(draft, file)
        click.echo(printable(told(draft, exports, file)))


def _end_quietly() -> None:
    """Keep off the terminal what DuckDB says as the process ends: types that Polars's reading has left with it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)


@contextmanager
def _told_in_words() -> Iterator[None]:
    """Say what is wrong with the settings, the data or the machine, and end with 1; any other error is ours."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo("\napi-review: stopped. What was read is kept; the next run goes on from there.", err=True)
        raise SystemExit(130) from None
    except BrokenPipeError:  # whoever was reading has enough
        raise
    except Exception as error:
        text = str(error)
        if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryException":  # DuckDB's
            text = "there is too little memory for this. Let it take more with --memory, or use a larger machine."
        elif not isinstance(error, (ReviewError, OSError)):
            raise
        click.echo(f"api-review: {shortened(printable(text), LONGEST)}", err=True)
        raise SystemExit(1) from None


def _check_quarter(name: str, hint: str = "--quarter") -> None:
    from kit.fiscal import is_quarter_name, not_a_quarter

    if not is_quarter_name(name):
        raise click.BadParameter(not_a_quarter(name), param_hint=hint)


def closing_line(figures: dict[str, Any]) -> str:
    """The five numbers in a line."""
    from kit import formats

    card, currency = figures["scorecard"], figures["currency"]
    growth = card["growth_rate"]["this"]
    numbers = [
        f"revenue {formats.money(card['revenue']['this'], currency)}",
        f"cost per partner {formats.money(card['cost_per_partner']['this'], currency)}",
        f"activation {formats.percent(card['activation_rate']['this'])}",
        f"value to cost {formats.ratio(card['value_ratio']['this'])}",
        f"growth {formats.percent(growth)}{'' if growth is None else ' a month'}",
    ]
    return f"{figures['program']}, {figures['quarter']}: {', '.join(numbers)}"


if __name__ == "__main__":
    main()
