"""Names and texts of exports are text wherever they are shown, and key material and personal data are nowhere kept."""

import csv
import io
import json
import re
import subprocess
import sys
from functools import cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import altair as alt
import duckdb
import nbformat
import papermill
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from kit import blocks, charts, checks, cli, errors, frames, masks, report, review
from kit.blank import empty_database
from kit.pictures import picture
from kit.tables import table

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
NAMES = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "'><svg/onload=alert(3)>",
    "</title></style><x-evil evil=1>",
    '=HYPERLINK("http://evil.example/","x")',
    "]]><x-evil>",
    "$1 & $2$",
    "`rm` ``` <x-evil>",
    "a | b * c _d_ [e](http://evil.example/)",
    "\u202egnp.exe",
    "\x1b[31mred\x1b[2J",
    "{{ 7 * 7 }} {% raw %}",
    "N" * 5000,
    "👩‍👩‍👧 Ünïcode",
    "../../etc/passwd",
    "${jndi:x} %s {0}",
]
TAGS = {
    "a", "b", "body", "br", "circle", "clippath", "col", "colgroup", "defs", "div", "em", "figure", "footer", "g", "h1",
    "h2", "head", "header", "html", "line", "lineargradient", "main", "meta", "p", "path", "pattern", "rect", "section",
    "small", "span", "stop", "style", "sup", "svg", "table", "tbody", "td", "text", "tfoot", "th", "thead", "title",
    "tr", "tspan",
}  # fmt: skip
ADDRESSES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


class Elements(HTMLParser):
    """What elements and attributes a page has that no name may bring."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.strange: list[str] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self.strange.append(tag)
        for name, value in attributes:
            is_address = name.startswith("xmlns") or name in ("href", "src", "action", "xlink:href")
            if name.startswith("on") or name == "evil" or (is_address and value not in ADDRESSES):
                self.strange.append(f"{tag} {name}={value}")

    def handle_data(self, text: str) -> None:
        self.texts.append(text)


def written(rows: list[list[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


MILESTONES = [NAMES[0], '"><img src=x onerror=1>', "]]><x-evil>", "$1 & $2$"]
CATEGORIES = ["<script>c</script>", '"><svg onload=x>', "]]><x-evil>", "$1 & $2$", "a | b * c", "`x`"]
DAYS = [f"2026-{month:02d}-{day:02d}" for month in range(1, 7) for day in (1, 15, 28)]
EXTRA = """
[[rate]]
role = "<script>role</script>"
hourly = 100
from = 2025-01-01

[[avoidance]]
operation = "*"
minutes = 1
hourly = 30

[attribution]
base = 0.5

[[pricing]]
case = "<x-evil>&\\"'`|"
[[pricing.plan]]
name = "</svg><x-evil>"
fee = 10

[goal]
partners_to_add = 5

[plan]
doing = "<script>plan</script> & $1 {revenue} $2"
need = [{ what = "<img src=x onerror=1>", amount = 10 }]
"""


@pytest.fixture
def hostile(program_folder):
    """A program in which every text of an export is an attack."""
    calls = [["called_at", "partner_id", "environment", "status", "product", "operation"]]
    calls += [
        [f"{day}T12:00:00Z", name, "production", 200, name, name]
        for day in DAYS
        for name in NAMES[: 4 + int(day[5:7]) * 2]
    ]
    tables = {
        "calls": calls,
        "partners": [
            ["partner_id", "name", "registered_at", "segment"],
            *([name, name, "2025-12-01", name] for name in NAMES),
        ],
        "invoices": [
            ["line_id", "partner_id", "kind", "amount", "currency", "invoiced_at", "status"],
            *(
                [f"{day} {name}", name, "usage", "10.00", "USD", day, "paid"]
                for day in DAYS
                for name in NAMES
            ),
        ],
        "costs": [
            ["date", "category", "amount", "currency"],
            *([day, name, "5.00", "USD"] for day in DAYS for name in CATEGORIES),
        ],
        "worklogs": [
            ["date", "partner_id", "activity", "role", "hours"],
            *([day, NAMES[0], name, "<script>role</script>", 1] for day in DAYS for name in NAMES),
        ],
        "milestones": [
            ["date", "label"],
            *([DAYS[-1 - place], name] for place, name in enumerate(MILESTONES)),
        ],
    }
    files = {f"{name}_csv": written(rows) for name, rows in tables.items()}
    paths = {name: f'path = "{name}.csv"' for name in tables}
    folder = program_folder(paths, EXTRA, **files)
    (folder / "calls.csv").rename(folder / "c <script> ]]> $1 `x` \x1b[31m.csv")
    text = (folder / "program.toml").read_text(encoding="utf-8")
    text = text.replace('"calls.csv"', '"c *.csv"').replace('"Test"', '"<script>name</script> & $1 | `x`"')
    (folder / "program.toml").write_text(text, encoding="utf-8")
    return folder


def test_page_has_no_element_nor_attribute_from_a_name(hostile):
    this = review.open_review(hostile, "2026-Q2")
    drawn = [
        charts.revenue(frames.revenue_parts(this.con, this.quarter), this.currency),
        charts.partner_funnel(frames.partner_funnel(this.con, this.quarter)),
        charts.active_partners(this.months, frames.milestones(this.con)),
        charts.cost_and_value(frames.cost_and_value(this.con, this.quarter), this.currency),
    ]
    notebook = nbformat.v4.new_notebook()
    for tag in ("header", "message", "scorecard", "unrealized", "plan"):
        data = {"text/html": getattr(blocks, tag)(this)._repr_html_()}
        notebook.cells.append(cell(tag, data))
    notebook.cells.append(cell("notes", {"text/html": blocks.small_print(this)._repr_html_()}))
    notebook.cells += [cell("chart", {"image/svg+xml": picture(chart.to_dict())}) for chart in drawn]
    page = report.lay_out(notebook, f"{NAMES[3]}: {NAMES[0]}")
    found = Elements(page)
    assert found.strange == []
    assert len(page.encode()) < report.LARGEST_PAGE
    said = "".join(found.texts)
    for text in ("<script>name</script>", "<script>plan</script>", "<img src=x onerror=1>"):
        assert text in said
    assert "\x1b" not in page and "\u202e" not in page


def cell(tag: str, data: dict[str, str]) -> nbformat.NotebookNode:
    output = nbformat.v4.new_output("display_data", data)
    return nbformat.v4.new_code_cell("", metadata={"tags": [tag]}, outputs=[output])


def test_terminal_is_sent_no_sign_that_moves_its_cursor(hostile):
    for command in (["check"], ["usage", "--read"]):
        result = CliRunner().invoke(cli.main, [*command, "--program", str(hostile)])
        assert all(sign.isprintable() or sign == "\n" for sign in result.output), command
        assert "\ufffd" in result.output or command != ["check"]
    partners = hostile / "partners.csv"
    partners.write_text(
        partners.read_text(encoding="utf-8").replace("2025-12-01", "\x1b]0;x\x07"), encoding="utf-8"
    )
    result = CliRunner().invoke(
        cli.main, ["report", "--program", str(hostile), "--out", str(hostile / "out")]
    )
    assert result.exit_code == 1
    assert all(sign.isprintable() or sign == "\n" for sign in result.output)
    assert not (hostile / "out").exists()


def test_table_of_a_notebook_shows_names_as_text():
    html = table(pl.DataFrame({"name": NAMES, "<x-evil>": range(len(NAMES))})).as_raw_html()
    assert Elements(html).strange == []
    assert "<script>alert(1)</script>" in "".join(Elements(html).texts)


def test_name_of_spaces_alone_is_none(opened):
    with pytest.raises(errors.ReviewError, match="column 'name': nothing is given"):
        opened(partners_csv='partner_id,name,registered_at\nacme,"   ",2025-12-01\n')


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_chart_draws_a_name_of_any_signs(name):
    chart = (
        alt.Chart(alt.InlineData(values=[{"name": name, "count": 1}]))
        .mark_bar()
        .encode(x="count:Q", y="name:N")
    )
    svg = picture(chart.properties(description=name).to_dict())
    assert Elements(svg).strange == []
    assert "\x1b" not in svg and "\u202e" not in svg


@given(st.text())
@settings(max_examples=60, derandomize=True, deadline=None)
def test_nothing_but_lines_and_printable_signs_reaches_a_terminal(text):
    assert all(sign.isprintable() or sign == "\n" for sign in errors.printable(text))


@pytest.mark.parametrize("notebook", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_no_notebook_shows_a_name_as_markup(hostile, notebook, tmp_path):
    ran = papermill.execute_notebook(
        notebook, tmp_path / "out.ipynb", {"program": str(hostile)}, cwd=str(ROOT), progress_bar=False
    )
    for each in (output for ran_cell in ran.cells for output in ran_cell.get("outputs", [])):
        data = each.get("data", {})
        for kind in ("text/html", "image/svg+xml"):
            # Widgets and Vega's own frames are JupyterLab's.
            html = re.sub(r"<script>(?!alert|role|plan|name)", "", "".join(data.get(kind, "")))
            assert Elements(html).strange == [], kind
        markdown = "".join(data.get("text/markdown", ""))
        assert "<x-evil" not in markdown and "<script" not in markdown and "evil.example" not in markdown


# Key material and personal data

MARK = "MARKED"
SECRETS = {
    "key": f"sk_live_{MARK}4f9a8b7c6d5e4f3a2b1c",
    "email": f"{MARK}@person.example",
    "ip": f"203.0.113.7-{MARK}",
    "agent": f"Mozilla/5.0 ({MARK})",
    "bearer": f"Bearer eyJhbGciOi{MARK}JIUzI1NiJ9.e30",
    "query": f"/v1/orders?token={MARK}&email={MARK}@person.example",
}
PERSONAL = ["email", "ip", "agent", "bearer"]
LINE = (
    '{ip} - acme [{at} +0000] "GET {query} HTTP/1.1" 200 5 "https://x/?s={bearer}" "{agent}"'
    ' "c1" "{number}"\n'
)


@pytest.fixture
def with_secrets(program_folder):
    """A program whose exports hold marked secrets in every column that the kit does not need, and in some it does."""
    personal = [SECRETS[name] for name in PERSONAL]
    logged = [["called_at", "api_key", "environment", "status", "operation", "request_id", *PERSONAL]]
    logged += [
        [
            f"{day}T12:00:00Z",
            SECRETS["key"],
            "production",
            200,
            f"GET {SECRETS['query']}",
            f"r{day}",
            *personal,
        ]
        for day in DAYS
    ]
    logged += [
        [f"{DAYS[-1]}T13:00:00Z", SECRETS["key"][::-1], "production", 200, "GET /", "other", *personal]
    ]
    # One row at fault, which is kept aside, and one that is broken.
    logged += [
        ["never", SECRETS["key"], "production", 200, SECRETS["query"], "bad", *personal],
        ["broken", MARK],
    ]
    lines = [
        LINE.format(**SECRETS, at=f"{day[8:]}/{month}/2026:10:00:00", number=number)
        for number, day in enumerate(DAYS)
        for month in [["Jan", "Feb", "Mar", "Apr", "May", "Jun"][int(day[5:7]) - 1]]
    ]
    kong = [
        json.dumps(
            {
                "started_at": 1782000000000 + number,
                "request": {
                    "id": f"k{number}",
                    "uri": SECRETS["query"],
                    "headers": {"authorization": SECRETS["bearer"], "user-agent": SECRETS["agent"]},
                },
                "response": {"status": 200},
                "client_ip": SECRETS["ip"],
                "consumer": {"username": "acme", "custom_id": "acme"},
                "authenticated_entity": {"id": "5b0f6b2e-0000-4000-8000-000000000001"},
            }
        )
        for number in range(5)
    ]
    partners = [["partner_id", "name", "registered_at", *PERSONAL], ["acme", "Acme", "2025-12-01", *personal]]
    partners += [["beta", "Beta", MARK, *personal]]
    keys = [["api_key", "partner_id", *PERSONAL], [SECRETS["key"], "acme", *personal]]
    extra = '[exports.keys]\npath = "keys.csv"\n[exclude]\napi_key = ["' + SECRETS["key"][::-1] + '"]\n'
    folder = program_folder(
        {"partners": 'path = "partners.csv"\nrejects = 0.5'},
        extra,
        calls_csv=written(logged),
        access_log="".join(lines),
        kong_jsonl="\n".join(kong) + "\n",
        partners_csv=written(partners),
        keys_csv=written(keys),
    )
    toml = folder / "program.toml"
    text = toml.read_text(encoding="utf-8")
    blocks_of_calls = (
        '[[exports.calls]]\npath = "calls.csv"\nrejects = 0.5\n'
        '[[exports.calls]]\npath = "access.log"\npreset = "combined"\nset = { environment = "production" }\n'
        '[[exports.calls]]\npath = "kong.jsonl"\npreset = "kong"\nset = { environment = "production" }\n'
    )
    toml.write_text(text.replace('[exports.calls]\npath = "calls.csv"\n', blocks_of_calls), encoding="utf-8")
    return folder


def everything_in(folder: Path) -> str:
    """All that files hold, Parquet files as text too."""
    texts = []
    for file in folder.rglob("*"):
        if file.is_file():
            texts.append(file.read_bytes().decode("utf-8", "replace"))
            if file.suffix == ".parquet":
                with duckdb.connect() as con:
                    for function in ("read_parquet", "parquet_kv_metadata"):
                        rows = con.execute(f"select * from {function}(?)", [str(file)]).fetchall()
                        texts.append(str(rows))
    return "\n".join(texts)


def test_cache_and_check_hold_no_secret(with_secrets):
    result = CliRunner().invoke(cli.main, ["check", "--program", str(with_secrets), "--quarter", "2026-Q2"])
    assert "calls: 100%" in result.output, result.output
    kept = everything_in(with_secrets / ".usage")
    assert "GET /v1/orders" in kept
    assert "2b1c (" in kept and "…2b1c" in kept
    for text in (kept, result.output):
        assert_no_secret(text)


def assert_no_secret(text: str) -> None:
    # A value that stands where a day should is shown: what is wrong must be found.
    text = re.sub(rf"column '(registered_at|called_at)': '{MARK}' is not allowed", "", unescape(text))
    assert MARK not in text and MARK[::-1] not in text
    assert SECRETS["key"][-20:] not in text


def test_secrets_reach_neither_the_page_nor_its_figures(with_secrets):
    this = review.open_review(with_secrets, "2026-Q2")
    page = "".join(
        each(this)._repr_html_()
        for each in (blocks.message, blocks.scorecard, blocks.plan, blocks.small_print)
    )
    assert_no_secret(page + json.dumps(review.figures(this)))
    # Three of each of two logs, five of the third; the one by the key that is left out does not count.
    assert review.figures(this)["months"][-1]["calls"] == 11


def test_secrets_reach_no_file_that_is_written_nor_what_is_printed(with_secrets, tmp_path):
    printed = []
    for command in (["usage", "--read"], ["check"], ["report", "--out", str(tmp_path / "out")], ["usage"]):
        done = subprocess.run(
            [sys.executable, "-m", "kit.cli", *command, "--program", str(with_secrets)],
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
        printed.append(done.stdout + done.stderr)
    (tmp_path / "ran").mkdir()
    for name in ("check_exports.ipynb", "activation.ipynb", "pricing_lab.ipynb"):
        papermill.execute_notebook(
            ROOT / "notebooks" / name,
            tmp_path / "ran" / name,
            {"program": str(with_secrets)},
            cwd=str(ROOT),
            progress_bar=False,
        )
    assert (tmp_path / "out" / "2026-Q2" / "rejects.jsonl").exists()
    for text in (*printed, *(everything_in(with_secrets / each) for each in ("out", "ran", ".usage"))):
        assert_no_secret(text)


@given(st.text("aZ09/+_-. é…@", min_size=0, max_size=40))
@settings(max_examples=200, derandomize=True, deadline=None)
def test_keys_are_masked_alike_in_sql_and_out_of_it(key):
    con = in_sql()
    assert con.execute("select masked_key($key)", {"key": key}).fetchall() == [(masks.masked_key(key),)]


@cache
def in_sql() -> duckdb.DuckDBPyConnection:
    return empty_database()


@pytest.mark.parametrize(
    "key",
    [
        "acme",
        "5b0f6b2e-1234-4000-8000-00000000000a",
        "a1b2c3d4e5",
        "partner-account-0042",
        "4001234567890123",
        "0015g00000XyZabAAB",
        "…2b1c (0123456789abcdef)",
    ],
)
def test_ids_are_kept_as_they_are(key):
    assert masks.masked_key(key) == key


@pytest.mark.parametrize(
    "key",
    [
        "sk_live_51H8s9dK2lM4n6P8q",
        "9f86d081884c7d659a2feaa0c55ad015",
        "AKIAIOSFODNN7EXAMPLE",
        "xoxb-176-536-7248-1987",
        "bob@example.com",
        SECRETS["bearer"],
    ],
)
def test_keys_are_told_apart_by_their_end_and_a_hash(key):
    masked = masks.masked_key(key)
    assert masked.startswith(f"…{key[-4:]} (") and len(masked) == 24
    assert key[:-4] not in masked
    assert masks.masked_key(key + "1") != masked


# Values at fault, ids that are keys, paths with somebody's address

KEY = "sk_live_51Habcdefghijklmnop0123456789"
BAD = {
    KEY: "aa_aaaa_99aaaaaaaaaaaaaaaaa9999999999",
    "bob@example.com": "aaa@aaaaaaa.aaa",
    "call +1 555 123 bob@example.com": "aaaa +9 999 999 aaa@aaaaaaa.aaa",
    "4242424242424242": "9999999999999999",
    "xoxb-17653672481-19874698323": "aaaa-99999999999-99999999999",
    "hunter2secret": "aaaaaa9aaaaaa",
    "api-key-2f9d8c7b6a": "aaa-aaa-9a9a9a9a9a",
    "5b0f6b2e-1234-4000-8000-00000000000a": "9a9a9a9a-9999-9999-9999-99999999999a",
    "SG.ngeVfQFYQlKU0ufo8x5d1A.TwL2iGABf9DHoTf-09kqeF8tA": "aa.aaaaaaaaaaaa9aaa9a9a9a.aaa9aaaaa9aaaa…",
    "203.0.113.7": "999.9.999.9",
    "123-45-6789": "999-99-9999",
    "Bob Smith": "aaa aaaaa",
}


@pytest.mark.parametrize(("value", "shape"), BAD.items())
def test_value_at_fault_that_may_be_anybodys_is_shown_by_its_shape(value, shape):
    assert masks.shown(value) == shape
    assert masks.shown(shape) == shape


@pytest.mark.parametrize(
    "value",
    [
        "soon", "n/a", "past_due", "abgeschlossen"[:12], "2026-02-30", "31.12.2026", "01/Feb/26 9:00 AM",
        "10/Feb/2026:12:00:00 +0000", "2026-07-31T09:30:00.123456Z", "7/31/2026 9:30 PM", "-1,234.50", "1.234,56 €",
        "$1,200.00", "100 USD", "1 234,56", "4.08E+07", "12%", "1h", "2:30", "--5", "", "12 times 1.5",
    ],
)  # fmt: skip
def test_number_day_or_word_at_fault_is_shown_as_it_is(value):
    assert masks.shown(value) == value


def test_neither_messages_nor_the_cache_hold_a_value_at_fault(program_folder):
    calls = [["called_at", "partner_id", "environment", "status", "request_id"]]
    calls += [[f"{day}T12:00:00Z", "acme", "production", 200, f"r{day}"] for day in DAYS]
    calls += [[f"{DAYS[0]}T12:00:00Z", "acme", "production", value, f"bad {value}"] for value in BAD]
    folder = program_folder({"calls": 'path = "calls.csv"\nrejects = 0.9'}, calls_csv=written(calls))
    found = checks.check_exports(folder, "2026-Q2")
    told = "\n".join(checks.rejects(found)["reason"])
    kept = everything_in(folder / ".usage")
    for value, shape in BAD.items():
        assert value not in told + kept
        assert f"'{shape}'" in told
        assert shape[:40] in kept


def test_key_for_a_partner_id_is_masked_and_leads_to_the_partner_who_has_it(program_folder):
    theirs, other = "sk_live_partner0001partner0001", KEY
    calls = [["called_at", "partner_id", "environment", "status", "request_id"]]
    for day in DAYS:
        calls += [
            [f"{day}T12:00:00Z", id_, "production", 200, f"{day}{id_}"[:14] + str(place)]
            for place, id_ in enumerate((theirs, "merged0123456789account", other, "bob@example.com"))
        ]
    folder = program_folder(
        {"aliases": 'path = "aliases.csv"'},
        partners_csv=f"partner_id,name,registered_at\n{theirs},Theirs,2025-12-01\n",
        aliases_csv=f"id,partner_id\nmerged0123456789account,{theirs}\n",
        calls_csv=written(calls),
    )
    found = checks.check_exports(folder, "2026-Q2")
    assert found.con.sql("select fate, sum(calls) from traffic group by fate order by fate").fetchall() == [
        ("unmatched", 2 * len(DAYS)),
        ("used", 2 * len(DAYS)),
    ]
    ids = checks.unmatched(found)["id"].to_list()
    assert sorted(ids) == sorted([masks.masked_key(other), masks.masked_key("bob@example.com")])
    kept = everything_in(folder / ".usage")
    for id_ in (theirs, other, "bob@example.com", "merged0123456789"):
        assert id_ not in kept


def test_key_of_a_partner_that_is_left_out_is_left_out(program_folder):
    calls = "".join(f"{day}T12:00:00Z,{each},production,200\n" for day in DAYS for each in ("acme", KEY))
    folder = program_folder(
        {},
        f'[exclude]\npartner_id = ["{KEY}"]\n',
        calls_csv=f"called_at,partner_id,environment,status\n{calls}",
    )
    found = checks.check_exports(folder, "2026-Q2")
    assert set(found.con.sql("select fate, sum(calls) from traffic group by fate").fetchall()) == {
        ("excluded", len(DAYS)),
        ("used", len(DAYS)),
    }


@pytest.mark.parametrize(
    ("operation", "kept"),
    [
        ("GET /users/bob@example.com/cards?token=1", "GET /users/…/cards"),
        ("GET /users/@me", "GET /users/@me"),
        ("POST /models/bison@001:predict", "POST /models/bison@001:predict"),
        ("create_order", "create_order"),
    ],
)
def test_operation_is_kept_without_addresses_and_query(operation, kept):
    assert in_sql().execute("select without_query($text)", {"text": operation}).fetchall() == [(kept,)]
    usage = pl.DataFrame({"api_key": ["k"], "partner_id": ["bob@example.com"], "operation": [operation]})
    assert masks.masked_usage(usage).rows() == [("k", masks.masked_key("bob@example.com"), kept)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Could not convert string 'bob@example.com' to INT64", "Could not convert string '…' to INT64"),
        ("column Account_ID of xoxb-1-22333444555 is", "column Account_ID of … is"),
        ("SG.ngeVfQFYQlKU0ufo8x5d1A.TwL2iG-09kqeF8tA!", "…"),
        ("exports/2026-q3/calls.jsonl.gz: no such file", "exports/2026-q3/calls.jsonl.gz: no such file"),
    ],
)
def test_messages_of_others_say_no_key_nor_address(text, expected):
    assert masks.redacted(text) == expected
