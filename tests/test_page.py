"""The page as a browser prints it: one sheet of either paper, whatever the texts and names."""

import os
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from kit import report

ROOT = Path(__file__).parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.slow,
    # Where CI installs a browser, its absence is a failure, not a reason to skip.
    pytest.mark.skipif(CHROMIUM is None and not os.environ.get("CI"), reason="needs Chromium"),
]
LONG = "Extraordinarily long Partner & Söhne “Quoted” <b>Name</b> "


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


def written(program: Path, quarter: str, out: Path) -> Path:
    return report.write_report(program, quarter, out)[0] / "one-pager.html"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The samples' pages, a quarter not over, the first of all, one of weeks, and one with the longest texts."""
    out = tmp_path_factory.mktemp("pages")
    samples = ROOT / "data" / "samples"
    return {
        "northgate": written(samples / "northgate", "2026-Q3", out / "northgate"),
        "meridian": written(samples / "meridian", "2027-Q2", out / "meridian"),
        "partial": written(samples / "northgate", "2026-Q4", out / "northgate"),
        "first": written(samples / "meridian", "2025-Q1", out / "meridian"),
        "weeks": written(program_of_weeks(out / "weeks-program"), "2026-Q4", out / "weeks"),
        "longest": written(longest_program(out / "longest"), "2027-Q2", out / "long"),
    }


def program_of_weeks(folder: Path) -> Path:
    """Northgate with a 4-4-5 calendar, and with last year and the year to date beside last quarter."""
    shutil.copytree(ROOT / "data" / "samples" / "northgate", folder)
    settings = (folder / "program.toml").read_text(encoding="utf-8")
    settings = settings.replace("fiscal_year_start = 1", 'calendar = "4-4-5"', 1)
    settings += '\n[page]\nbeside = ["year_ago", "year_to_date"]\n'
    (folder / "program.toml").write_text(settings, encoding="utf-8")
    return folder


def longest_program(folder: Path) -> Path:
    """Meridian with every text as long as the settings allow, and names that try to be more than text."""
    shutil.copytree(ROOT / "data" / "samples" / "meridian", folder)
    settings = (folder / "program.toml").read_text(encoding="utf-8")
    plan = settings.index("[plan]")
    need = (
        "W" * 20 + " engineers, metering & <i>billing</i> specialists for four quarters, and more words"[:70]
    )
    doing = (
        "We move “production” <access> to self-service & add checklists {unrealized_year} {stalled_partners} "
        * 9
    )[:590]
    doing = doing.rsplit("{", 1)[0] if doing.count("{") != doing.count("}") else doing
    settings = (
        settings[:plan]
        + '[page]\nbeside = ["year_ago", "year_to_date"]\n'
        + f"[plan]\ndoing = '''{doing}'''\nneed = [\n"
        + "".join(f'  {{ what = "{need[:90]}", amount = 123456789 }},\n' for _ in range(3))
        + "]\n"
    )
    settings = settings.replace(
        'name = "Meridian Data API"', f'name = "{LONG[:50].replace(chr(34), "")}WWWWWWWWWW"'
    )
    settings = settings.replace('case = "List 2027"', f'case = "{"W" * 24}"')
    (folder / "program.toml").write_text(settings, encoding="utf-8")
    milestones = folder / "exports" / "milestones.csv"
    milestones.write_text(
        "date,label\n"
        + "".join(
            f'2026-0{month}-1{month},"Healthcare ""content"" <b>&'[:36] + '"\n' for month in range(1, 10)
        ),
        encoding="utf-8",
    )
    partners = folder / "exports" / "partners.csv"
    header, *rows = partners.read_text(encoding="utf-8-sig").splitlines()
    position = header.split(",").index("name")
    assert position >= 0
    partners.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize("paper", ["A4", "Letter"])
@pytest.mark.parametrize("name", ["northgate", "meridian", "partial", "first", "weeks", "longest"])
def test_page_prints_on_exactly_one_sheet_with_nothing_cut(
    browser: Any, pages: dict[str, Path], name: str, paper: str, tmp_path: Path
) -> None:
    from pypdf import PdfReader

    page = browser.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(pages[name].as_uri())
    page.pdf(path=tmp_path / "page.pdf", format=paper, print_background=True)
    pdf = PdfReader(tmp_path / "page.pdf")
    assert len(pdf.pages) == 1
    text = " ".join(pdf.pages[0].extract_text().split())
    # The first and the last words of the sheet are on it.
    assert "API program review" in text
    assert "kit 0.1.0." in text
    assert requests == [pages[name].as_uri()]


@pytest.mark.parametrize("size", [(794, 1122), (816, 1055)], ids=["A4", "Letter"])
@pytest.mark.parametrize("name", ["northgate", "meridian", "partial", "first", "weeks", "longest"])
def test_nothing_on_the_sheet_reaches_over_its_neighbour(
    browser: Any, pages: dict[str, Path], name: str, size: tuple[int, int]
) -> None:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.emulate_media(media="print")
    page.goto(pages[name].as_uri())
    boxes = page.evaluate(
        "[...document.querySelectorAll('main > *')].map(e => { const r = e.getBoundingClientRect();"
        " return [r.top, r.bottom, r.left, r.right, e.scrollWidth - e.clientWidth] })"
    )
    sheet = page.evaluate(
        "(() => { const r = document.querySelector('main').getBoundingClientRect();"
        " return [r.top, r.bottom, r.left, r.right] })()"
    )
    for (_, bottom, *_), (top, *_) in pairwise(boxes):
        assert bottom <= top + 0.5
    assert all(
        box[1] <= sheet[1] and box[2] >= sheet[2] and box[3] <= sheet[3] + 0.5 and box[4] <= 1
        for box in boxes
    )
    assert sheet[1] - sheet[0] <= size[1] + 1
    charts = page.evaluate(
        "[...document.querySelectorAll('figure svg')].map(e => e.getBoundingClientRect().height)"
    )
    assert len(charts) == 4
    assert min(charts) > 120  # pixels: a chart smaller than that can't be read


@pytest.mark.parametrize("name", ["northgate", "meridian", "longest"])
def test_texts_within_charts_stay_within_them_and_apart(
    browser: Any, pages: dict[str, Path], name: str
) -> None:
    page = browser.new_page(viewport={"width": 794, "height": 1122})
    page.emulate_media(media="print")
    page.goto(pages[name].as_uri())
    outside = page.evaluate(
        "[...document.querySelectorAll('figure')].flatMap(f => { const box = f.getBoundingClientRect();"
        " return [...f.querySelectorAll('text')].filter(t => { const r = t.getBoundingClientRect();"
        " return r.width && (r.right > box.right + 3 || r.left < box.left - 3) }).map(t => t.textContent) })"
    )
    assert outside == []
    over_each_other = page.evaluate(
        "[...document.querySelectorAll('figure')].flatMap(f => { const t = [...f.querySelectorAll('text')]"
        ".map(e => [e.textContent, e.getBoundingClientRect()]).filter(e => e[1].width);"
        " return t.flatMap((a, i) => t.slice(i + 1).filter(b =>"
        " Math.min(a[1].right, b[1].right) - Math.max(a[1].left, b[1].left) > 1.5"
        " && Math.min(a[1].bottom, b[1].bottom) - Math.max(a[1].top, b[1].top) > 3.5).map(b => a[0] + ' | ' + b[0])) })"
    )
    assert over_each_other == []


def test_every_picture_has_a_text_alternative_with_its_figures(browser: Any, pages: dict[str, Path]) -> None:
    page = browser.new_page()
    page.goto(pages["northgate"].as_uri())
    alternatives = page.evaluate(
        "[...document.querySelectorAll('svg')].map(e => e.getAttribute('aria-label'))"
    )
    assert len(alternatives) == 9
    assert all(alternative and any(sign.isdigit() for sign in alternative) for alternative in alternatives)


@pytest.mark.parametrize("name", ["northgate", "meridian", "partial", "first", "weeks", "longest"])
def test_message_takes_two_lines_at_most(browser: Any, pages: dict[str, Path], name: str) -> None:
    page = browser.new_page(viewport={"width": 794, "height": 1122})
    page.emulate_media(media="print")
    page.goto(pages[name].as_uri())
    height, line = page.evaluate(
        "(() => { const e = document.querySelector('h1');"
        " return [e.getBoundingClientRect().height, parseFloat(getComputedStyle(e).lineHeight)] })()"
    )
    assert height <= 2 * line + 1


def test_names_stay_text(browser: Any, pages: dict[str, Path]) -> None:
    page = browser.new_page()
    page.goto(pages["longest"].as_uri())
    assert page.evaluate("document.querySelectorAll('main b b, main i').length") == 0
    assert "<access>" in page.inner_text("main")
