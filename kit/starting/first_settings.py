"""Recognised exports → a first program.toml, and the questions that it leaves to whoever knows the answers."""

import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from kit.blank import empty_database
from kit.errors import ReviewError
from kit.starting.export_groups import Group, environments, groups_of, path_from, path_of
from kit.starting.first_rows import read
from kit.starting.nearest_columns import nearest_columns
from kit.starting.recognise import Recognised, files_in, kinds, recognise
from kit.starting.toml_text import WIDTH, Bare, Setting, Table, comment, one_line, quoted
from kit.values import OPEN, Currency

MOST_SAID = 100  # files that are not used
MONEY = ("invoices", "transactions", "costs", "attributed")
MISSING = {
    "calls": "required: the log of the gateway, or its usage by day",
    "partners": "required: the registry of partners",
    "keys": "without them a call whose log has a key alone is nobody's",
    "aliases": "without them other systems' ids of a partner lead to nobody",
    "invoices": "without them a monetized program has no program revenue, nor a value to set against its cost",
    "transactions": "without them the revenue of a program that does not bill yet is what proposed prices would give",
    "worklogs": "without them there is no cost per partner onboarded",
    "costs": "without them there is no program cost vs. value",
    "attributed": "without it the program's value leaves out the revenue that partners drive",
    "headcount": "without it the small print does not set people beside partners",
    "milestones": "without them the chart of active partners does not say what moved it",
    "fx": "needed only for amounts in other currencies",
    "calendar": "needed only for a fiscal calendar that no rule makes",
}
LATER = """\
# What else a review can say. Take the number signs away and fill in; data/samples has two whole examples.
#
# [exclude]                              # traffic that is nobody's business
# operation = ["GET /health"]
#
# [[avoidance]]                          # manual work that a call replaces: part of the program's value
# operation = "*"
# minutes = 4.0
# hourly = 38.00
#
# [[pricing]]                            # proposed prices: unrealized revenue
# case = "Proposed"
#   [[pricing.plan]]
#   name = "Growth"
#   fee = 99.00
#   included = 10000
#   mode = "graduated"
#     [[pricing.plan.tier]]
#     price = "0.0020"
#
# [goal]
# partners_to_add = 50                   # in the next twelve months
#
# [plan]
# doing = "…"
"""


@dataclass
class Block:
    """A block of program.toml: remarks above it, its header, its settings, and constants in one `set`."""

    header: str
    settings: list[Setting]
    constants: list[Setting] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Question:
    """What is left to answer, and where in program.toml: the line and the key, or the file that it is about."""

    line: int
    about: str
    text: str


@dataclass(frozen=True)
class Draft:
    """A first program.toml, what is left to answer in it, and what it was made of."""

    text: str
    questions: tuple[Question, ...]
    groups: tuple[Group, ...]
    unknown: tuple[Recognised, ...]


def first_settings(exports: Path, home: Path) -> Draft:
    """A program.toml for the folder `home`, of the exports in another or the same; ReviewError if none is usable."""
    exports, home = exports.resolve(), home.resolve()
    known = kinds()
    found = [
        Recognised(file, None, "left alone", reason) if reason else recognise(file, known)
        for file, reason in files_in(exports)
    ]
    groups, unnamed = groups_of([each for each in found if each.kind], home)
    unknown = [each for each in found if not each.kind] + unnamed
    if not groups:
        reasons = [
            f"  {path_from(exports, each.file)}: {each.certainty}: {one_line(each.why)}" for each in unknown
        ]
        more = [f"  … and {len(reasons) - 20} more"] if len(reasons) > 20 else []
        raise ReviewError("\n".join([f"{exports} holds no export that can be used.", *reasons[:20], *more]))
    text, questions = _text(groups, unknown, exports, home)
    return Draft(text, tuple(questions), tuple(groups), tuple(unknown))


def stop_if_there(file: Path) -> None:
    """ReviewError if there is such a file already, or a link of that name."""
    if os.path.lexists(file):
        raise ReviewError(f"{file} is there already, and is left as it is. Move it away to begin anew.")


def write(draft: Draft, file: Path) -> None:
    """Write program.toml, whole or not at all; its folder is made. ReviewError if there is one already."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".program-", suffix=".toml")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(draft.text)
        Path(name).chmod(0o644)
        stop_if_there(file)
        Path(name).rename(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


# Blocks → text


def _text(
    groups: Sequence[Group], unknown: Sequence[Recognised], exports: Path, home: Path
) -> tuple[str, list[Question]]:
    """The whole file, and the questions in it."""
    lines = [
        *comment(
            "# ",
            "A first draft by `api-review init`: each export recognised by its beginning, nothing else known.",
        ),
        *comment("# ", "Answer each line that follows a `# ?`; then run `api-review check`."),
    ]
    questions: list[Question] = []

    def add(block: Block) -> None:
        remarks = [line for remark in block.remarks for line in comment("# ", remark)]
        lines.extend(["", *remarks, *([""] if remarks and block.header == "[[rate]]" else []), block.header])
        for setting in block.settings:
            _add(block.header, setting.name, quoted(setting.value), [setting], lines, questions)
        if block.constants:
            inside = ", ".join(f"{each.name} = {quoted(each.value)}" for each in block.constants)
            _add(f"{block.header}.set", "set", f"{{ {inside} }}", block.constants, lines, questions)

    add(_about(groups))
    lines += ["", *comment("# ", "What is exported, and from where. Paths are relative to this file.")]
    tables = [group.kind.table for group in groups]
    offers = {each.file: offer for each in unknown[:MOST_SAID] if (offer := _offer(each, home))}
    blocks_of = [*tables, *(offer.header for offer in offers.values())]
    for group in groups:
        add(_export(group, blocks_of.count(group.kind.table) > 1))
    for table in ("calls", "partners"):
        if table not in tables:
            add(
                Block(
                    f"[exports.{table}]",
                    [_open("path", f"No {table} were found. They are {MISSING[table]}.")],
                )
            )
    if len(_currencies(groups)) > 1 and "fx" not in tables:
        seen = ", ".join(_currencies(groups))
        question = f"Amounts are in {seen}: where are the monthly rates (month, currency, rate)?"
        add(Block("[exports.fx]", [_open("path", question)]))
    absent = [table for table in MISSING if table not in (*tables, "calls", "partners")]
    lines += [
        "",
        "# Not found:",
        *(line for table in absent for line in comment("#   ", f"{table}: {MISSING[table]}")),
    ]
    for each in unknown[:MOST_SAID]:
        name, why = one_line(path_from(exports, each.file)), f"{each.certainty}: {each.why}."
        if offer := offers.get(each.file):
            questions.append(
                Question(len(lines) + 2, name, f"Is it {offer.header}? A block for it is offered there")
            )
            lines += ["", *_offered(name, why, offer, blocks_of.count(offer.header) > 1)]
        else:
            lines += ["", *comment("# ", f"{name}: {why}")]
    if len(unknown) > MOST_SAID:
        lines += ["", f"# … and {len(unknown) - MOST_SAID:,} files more that are not used"]
    for block in _rates(groups, tables):
        add(block)
    if "attributed" in tables:
        question = "Which share of the revenue that partners drive owes itself to the program? Such as 0.35"
        add(Block("[attribution]", [_open("base", question)]))
    return "\n".join([*lines, "", LATER]), questions


def _open(name: str, question: str, value: object = OPEN) -> Setting:
    return Setting(name, value, question, is_open=True)


def _about(groups: Sequence[Group]) -> Block:
    """[program]: little of it can be read off."""
    billed = any(group.kind.table == "invoices" for group in groups)
    settings = [
        _open("name", "What is the program called on the page?"),
        _currency(groups),
        _open("timezone", 'In which zone do days and months begin? Such as "America/New_York"'),
        _open("fiscal_year_start", "Which month does the fiscal year begin with? 1 for January", 0),
        _open("stage", f'"monetized" or "pre-monetization"? There are {"" if billed else "no "}invoices'),
    ]
    return Block("[program]", settings)


def _currencies(groups: Iterable[Group]) -> list[str]:
    return sorted(
        {code for group in groups if group.kind.table in MONEY for code in group.reading.currencies}
    )


def _currency(groups: Sequence[Group]) -> Setting:
    """The currency of the page, where only one can be meant."""
    seen = _currencies(groups)
    converted = {code for group in groups if group.kind.table == "fx" for code in group.reading.currencies}
    left = [code for code in seen if code not in converted]
    if len(left) == 1 and _is_currency(left[0]):
        others = f" beside those that fx converts: {', '.join(sorted(converted))}" if len(seen) > 1 else ""
        return Setting("currency", left[0], f"the only one seen{others}")
    amounts = f"Amounts are in {', '.join(seen)}: which" if seen else "Which"
    return _open("currency", f'{amounts} currency is everything reported in? Such as "USD"')


def _is_currency(code: str) -> bool:
    try:
        TypeAdapter[str](Currency).validate_python(code)
    except ValidationError:
        return False
    return True


def _export(group: Group, is_one_of_several: bool) -> Block:
    """One block of [exports]."""
    first, reading = group.files[0], group.reading
    table, preset = group.kind.table, group.kind.preset
    many = f"{len(group.files)} files; " if len(group.files) > 1 else ""
    is_list = len(group.paths) > 1
    order = "; where two tell the same days, the later in this list counts" if is_list else ""
    settings = [Setting("path", list(group.paths) if is_list else group.paths[0], why(group, many) + order)]
    if preset:
        settings.append(Setting("preset", preset.name))
    if first.delimiter:
        settings.append(Setting("delimiter", first.delimiter, "the header is parted by it"))
    words = environments(" ".join(group.paths)) if table == "calls" else ()
    constants = [
        _open("environment", f"{each.why} The path says {' and '.join(words)}.")
        if each.name == "environment" and words
        else each
        for each in reading.constants
    ]
    header = f"[[exports.{table}]]" if is_one_of_several else f"[exports.{table}]"
    remarks = [f"Beware: {each}" for each in reading.remarks]
    return Block(header, [*settings, *reading.settings], constants, remarks)


def why(group: Group, many: str = "") -> str:
    """How sure it is that the files are what they are taken for, the least sure of them, and why."""
    least = min(group.files, key=lambda each: each.certainty == "sure")
    return f"{many}{least.certainty}: {least.why}"


def _rates(groups: Sequence[Group], tables: Sequence[str]) -> Iterator[Block]:
    """A rate for every role met in the worklogs."""
    # A role is found whatever its case; one that no setting can hold stays without a rate, and the review says so.
    found = {role.lower(): role for group in groups for role in group.reading.roles}
    roles = sorted(role for role in found.values() if role.isprintable() and len(role) < 200)
    if "worklogs" in tables and any(
        each.name == "role" for group in groups for each in group.reading.constants
    ):
        roles.append(OPEN)
    for number, role in enumerate(roles):
        of_role = _open("role", "The role named in `set` above") if role == OPEN else Setting("role", role)
        hourly = _open(
            "hourly", f"What does an hour of {'that role' if role == OPEN else role} cost, all included?", 0
        )
        since = Setting("from", Bare("2000-01-01"), "in force from the beginning; add a block for each raise")
        remarks = [] if number else ["Loaded hourly cost, by role."]
        yield Block("[[rate]]", [of_role, hourly, since], remarks=remarks)


def _offer(each: Recognised, home: Path) -> Block | None:
    """A block that may read a table which was not recognised, headed by the likeliest table; None if none is likely."""
    table, columns = nearest_columns(each.names, each.row) if each.certainty == "not recognised" else ("", {})
    path = path_of([each.file], home)
    if not table or not path:
        return None
    with empty_database() as con:
        reading = read(con, table, None, [each.file], None, (), columns)
    settings = [
        Setting("path", path),
        Setting("columns", Table(columns)),
        *reading.settings,
        *reading.constants,
    ]
    return Block(table, settings, remarks=reading.remarks)


def _offered(name: str, why: str, offer: Block, is_one_of_several: bool) -> list[str]:
    header = f"[[exports.{offer.header}]]" if is_one_of_several else f"[exports.{offer.header}]"
    question = f"{name}: {why} If it is {offer.header}, check the names and take the # away:"
    values = (
        f"# {each.name} = {quoted(each.value)}" + f"  # {one_line(each.why)}" * bool(each.why)
        for each in offer.settings
    )
    return [*comment("# ? ", question, "#   "), f"# {header}", *values]


def _add(
    block: str,
    name: str,
    value: str,
    settings: Sequence[Setting],
    lines: list[str],
    questions: list[Question],
) -> None:
    """A line of a setting; what is asked above it, why it is so beside it, or above it where there is no room."""
    asked = [each for each in settings if each.is_open]
    for each in asked:
        lines.extend(comment("# ? ", each.why, "#   "))
    reason = one_line("; ".join(each.why for each in settings if each.why and not each.is_open))
    line = f"{name} = {value}"
    if reason and len(line) + len(reason) + 4 > WIDTH + 10:
        lines.extend(comment("# ", reason))
        reason = ""
    lines.append(f"{line:<36} # {reason}" if reason else line)
    inside = re.sub(r"[][]", "", block)
    questions.extend(Question(len(lines), f"{inside}.{each.name}", one_line(each.why)) for each in asked)
