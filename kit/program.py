"""program.toml → typed settings; every mistake in it reported at once, with its line."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from kit.errors import ReviewError
from kit.mistakes import Mistake, blocks, of_values, report, shown, unknown, value_at
from kit.remote import look_anew
from kit.settings import ZERO, Export, Program, Settings
from kit.sources import of_exports
from kit.toml_lines import Key, lines, parse
from kit.values import number
from kit.weeks import PATTERNS, year_end

__all__ = ["PLAN_NAMES", "Export", "Program", "ProgramError", "load_program"]

PLAN_NAMES = (
    "revenue", "cost_per_partner", "activation_rate", "value_ratio", "growth_rate",
    "active_partners", "stalled_partners", "unrealized_month", "unrealized_year", "goal_cost",
)  # fmt: skip
MOST_NEEDS = 3
CHARGED_ALONE = ("fee", "minimum", "transaction_share", "per_transaction")
LARGEST_FILE = 1_000_000  # bytes


class ProgramError(ReviewError):
    """program.toml cannot be used; the message lists every mistake, one a line."""


def locate(folder: Path | str) -> Path:
    """A program's folder, from where one is or else from where the kit is."""
    path = Path(folder)
    return path if path.is_absolute() or path.exists() else Path(__file__).parent.parent / path


def load_program(folder: Path | str) -> Program:
    """The settings in a folder's program.toml, or in the .toml file named; the folder is located first.

    ProgramError lists every mistake in it, one a line.
    """
    file = _settings_file(locate(folder))
    text = _read(file)
    try:
        raw = parse(text)
    except ValueError as error:
        raise _error(file, [_not_toml(file, error)]) from None
    home = file.parent.resolve()
    look_anew(home)
    if mistakes := [*of_values(Settings, raw), *_between_values(raw, home)]:
        raise _error(file, report(file.name, raw, lines(text), mistakes))
    return Program(folder=home, **raw)


# The file


def _settings_file(given: Path) -> Path:
    file = given if given.suffix == ".toml" and not given.is_dir() else given / "program.toml"
    if not file.is_file():
        raise ProgramError(
            f"{file.parent.absolute()} has no {file.name}. A program folder holds a program.toml"
            " and, beside it, the exports it points at."
        )
    return file


def _read(file: Path) -> str:
    with file.open("rb") as stream:
        content = stream.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise ProgramError(f"{file} is over 1 MB. Settings are small: is this the right file?")
    try:
        return content.decode("utf-8-sig")  # Windows editors put a mark at the start
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ProgramError(
            f"{file}:{line} is not UTF-8 text: byte 0x{content[error.start]:02x}. Save it as UTF-8."
        ) from None


def _not_toml(file: Path, error: ValueError) -> str:
    found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", str(error))
    if found:
        return f"{file.name}:{found[2]}  not TOML, at column {found[3]}: {found[1]}."
    return f"{file.name}  not TOML: {'a number is too long' if 'digits' in str(error) else error}."


def _error(file: Path, sentences: list[str]) -> ProgramError:
    count = "1 mistake" if len(sentences) == 1 else f"{len(sentences)} mistakes"
    return ProgramError("\n".join([f"{file.name} has {count}:", *sentences]))


# Between values. These read the raw file, so that they hold beside mistakes elsewhere in it.


def _between_values(raw: dict[str, Any], folder: Path) -> Iterator[Mistake]:
    yield from of_exports(raw, folder)
    yield from _calendar(raw)
    yield from _repeated(blocks(raw, "rate"), "rate of the same role from the same day", "role", "from")
    yield from _cases(raw)
    yield from _action_plan(raw)


def _calendar(raw: dict[str, Any]) -> Iterator[Mistake]:
    """Settings of years of weeks without such years, beside a calendar export, or against the month of their start."""
    about = value_at(raw, ("program",))
    if not isinstance(about, dict):
        return
    if "calendar" not in about:
        for name in ("year_ends", "week_53"):
            if name in about:
                reason = f"without calendar, which makes years of weeks. Allowed: {', '.join(PATTERNS)}."
                yield Mistake(("program", name), reason)
    elif value_at(raw, ("exports", "calendar")):
        yield Mistake(("program", "calendar"), "beside [exports.calendar]. Allowed: one of the two.")
    try:
        ends = year_end(about["year_ends"])
    except (KeyError, AttributeError, ValueError):
        return
    begins = ends.month % 12 + 1
    if about.get("fiscal_year_start", begins) != begins:
        reason = f"a year that ends on the {ends} has fiscal_year_start = {begins}, or leaves it out."
        yield Mistake(("program", "year_ends"), reason)


def _repeated(named: Iterator[tuple[Key, dict[str, Any]]], what: str, *names: str) -> Iterator[Mistake]:
    """Blocks named as one before them."""
    seen = set()
    for key, block in named:
        name = tuple(block.get(part) for part in names)
        if not all(isinstance(part, str | date) for part in name):
            continue
        same = tuple(part.casefold() if isinstance(part, str) else part for part in name)
        if same in seen:
            yield Mistake((*key, names[-1]), f"a second {what}.")
        seen.add(same)


def _cases(raw: dict[str, Any]) -> Iterator[Mistake]:
    cases = list(blocks(raw, "pricing"))
    yield from _repeated(iter(cases), "case of this name", "case")
    is_base = [block.get("base", len(cases) == 1) for _, block in cases]
    if cases and all(base is False for base in is_base):
        yield Mistake(("pricing",), "no case is the base. Write base = true in one of them.")
    bases = [key for (key, _), base in zip(cases, is_base, strict=True) if base is True]
    for key in bases[1:]:
        yield Mistake((*key, "base"), "a second base. Exactly one case is the base.")
    for key, case in cases:
        plans = list(blocks(case, "plan", key=key))
        yield from _plans(plans)
        yield from _repeated(blocks(case, "exception", key=key), "exception for this partner", "partner_id")
        names = [str(plan["name"]) for _, plan in plans if "name" in plan]
        for place, own in blocks(case, "exception", key=key):
            if "plan" in own and own["plan"] not in names:
                yield Mistake((*place, "plan"), unknown("a plan of this case", str(own["plan"]), names))


def _plans(plans: list[tuple[Key, dict[str, Any]]]) -> Iterator[Mistake]:
    """Plans of one name at a time, and of each what it charges for."""
    for place, (key, plan) in enumerate(plans):
        same = [other for _, other in plans[:place] if _name(other) == _name(plan)]
        if _name(plan) and any(_at_once(plan, other) for other in same):
            yield Mistake((*key, "name"), "a second plan of this name in its case.")
        tiers, meters = (list(blocks(plan, part, key=key)) for part in ("tier", "meter"))
        yield from _tiers(plan, tiers)
        for meter_key, meter in meters:
            yield from _tiers(meter, list(blocks(meter, "tier", key=meter_key)))
        if tiers and meters:
            yield Mistake(
                (*key, "tier"), "beside meters. Allowed: tiers of the plan, or meters that have theirs."
            )
        if tiers and "mode" not in plan:
            yield Mistake((*key, "mode"), "missing. It says how the tiers are charged.")
        if not tiers and not meters and not any(part in plan for part in CHARGED_ALONE):
            yield Mistake(
                (*key, "tier"),
                "missing. Write it like [[pricing.plan.tier]] and its settings below it.",
            )


def _name(plan: dict[str, Any]) -> str:
    return str(plan.get("name", "")).casefold()


def _at_once(plan: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two plans are in force on one day, as far as their dates are dates."""
    dates = [plan.get("from"), plan.get("until"), other.get("from"), other.get("until")]
    begins, ends, other_begins, other_ends = (day if isinstance(day, date) else None for day in dates)
    return (begins or date.min) < (other_ends or date.max) and (other_begins or date.min) < (ends or date.max)


def _tiers(plan: dict[str, Any], tiers: list[tuple[Key, dict[str, Any]]]) -> Iterator[Mistake]:
    if plan.get("mode") == "flat" and len(tiers) > 1:
        yield Mistake(tiers[1][0], 'a second tier. mode = "flat" is one price a unit: one tier.')
    below = ZERO
    for key, tier in tiers[:-1]:
        if "up_to" not in tier:
            yield Mistake((*key, "up_to"), "missing. All tiers but the last have it.")
        elif 0 < _end(tier) <= below:
            yield Mistake((*key, "up_to"), f"not above the tier before, {below}.")
        below = max(below, _end(tier))
    if tiers and "up_to" in tiers[-1][1]:
        reason = "the last tier has no up_to: it holds whatever is above the others."
        yield Mistake((*tiers[-1][0], "up_to"), reason)


def _end(tier: dict[str, Any]) -> Decimal:
    """Where a tier ends; zero if it does not say, or not soundly."""
    try:
        return number(tier.get("up_to"))
    except ValueError:
        return ZERO


def _action_plan(raw: dict[str, Any]) -> Iterator[Mistake]:
    """Too many needs, and names of figures that there are not."""
    needs, doing = value_at(raw, ("plan", "need")), value_at(raw, ("plan", "doing"))
    if isinstance(needs, list) and len(needs) > MOST_NEEDS:
        yield Mistake(("plan", "need"), f"{len(needs)} of them. There is room for {MOST_NEEDS}.")
    for reason in _figures(doing) if isinstance(doing, str) else ():
        yield Mistake(("plan", "doing"), reason)


def _figures(doing: str) -> Iterator[str]:
    # The paragraph is formatted later, so its braces hold names of figures and nothing else.
    for found in re.finditer(r"\{\{|\}\}|\{([^{}]*)\}|[{}]", doing):
        if found[1] is not None and found[1] not in PLAN_NAMES:
            yield f"{shown(found[0])} is {unknown('a figure', found[1], PLAN_NAMES)}"
        elif found[0] in ("{", "}"):
            yield f"a {found[0]} without its pair. Write {found[0] * 2} for the sign itself."
