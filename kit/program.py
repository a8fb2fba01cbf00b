"""program.toml → typed settings; every mistake in it reported at once, with its line.

Its models check each value; the functions under "Between values" check what holds between them.
"""

import difflib
import functools
import json
import re
import zoneinfo
from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from kit.errors import ReviewError
from kit.toml_lines import Key, lines, parse

TABLES = (
    "calls", "keys", "aliases", "partners", "invoices", "transactions", "worklogs", "costs",
    "attributed", "headcount", "milestones", "fx", "calendar",
)  # fmt: skip
PLAN_NAMES = (
    "revenue", "cost_per_partner", "activation_rate", "value_ratio", "growth_rate",
    "active_partners", "stalled_partners", "unrealized_month", "unrealized_year", "goal_cost",
)  # fmt: skip
PRESETS = Path(__file__).parent / "presets"
LARGEST_FILE = 1_000_000  # bytes
DECIMALS = 12
MOST_NEEDS = 3
TOO_LARGE = 10**15
# Line breaks, control characters, and the marks that turn the direction of the text around them.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class ProgramError(ReviewError):
    """program.toml cannot be used; the message lists every mistake, one a line."""


# Sentences


def _shown(value: object) -> str:
    """A value as TOML writes it, on one line of 60 characters; empty for a table or list."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        text = json.dumps(value[:60] + "…" * (len(value) > 60), ensure_ascii=False)
        return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    if isinstance(value, int) and abs(value) >= TOO_LARGE:
        return f"an integer of {value.bit_length()} bits"
    return "" if isinstance(value, dict | list) else str(value)[:60]


def _nearest(text: object, allowed: Iterable[str]) -> str:
    """' Did you mean "…"?' with the likeliest of the allowed names, or nothing."""
    spelled = {name.lower(): name for name in allowed}
    near = difflib.get_close_matches(str(text)[:60].lower(), spelled, n=1)
    return f' Did you mean "{spelled[near[0]]}"?' if near else ""


def _not(kind: str, text: object, allowed: Iterable[str]) -> str:
    """'not a mode. Allowed: …. Did you mean …?'"""
    names = list(allowed)
    plain = [name if name.replace("-", "").isidentifier() else _shown(name) for name in names]
    return f"not {kind}. Allowed: {', '.join(plain) or 'none'}.{_nearest(text, names)}"


# One value


def _digits(value: Decimal) -> Decimal:
    """The same number, written plainly; money beyond these bounds is a slip of the pen."""
    if not value:
        value = Decimal(0) if value.adjusted() > 0 else value.copy_abs()
    if not value.is_finite() or value.copy_abs() >= TOO_LARGE:
        raise ValueError("too large. Allowed: numbers below 1e15.")
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and -exponent > DECIMALS:
        raise ValueError(f"{-exponent} decimals. Allowed: {DECIMALS}.")
    return Decimal(format(value, "f"))


def _number(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("not a number. Write it in digits, without quotes.")
    if isinstance(value, int) and abs(value) >= TOO_LARGE:
        raise ValueError("too large. Allowed: numbers below 1e15.")
    return _digits(Decimal(value))


def _number_or_text(value: object) -> Decimal:
    if isinstance(value, str):
        if not re.fullmatch(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?", value):
            raise ValueError('not a number. Write it like "0.0020".')
        return _digits(Decimal(value))
    return _number(value)


def _share(value: Decimal) -> Decimal:
    if not 0 <= value <= 1:
        raise ValueError("not a share. Allowed: 0 to 1; write 35 % as 0.35.")
    return value


def _canonical(value: object) -> str:
    """A constant as an export would spell it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | Decimal):
        return format(_number(value), "f")
    if isinstance(value, date):  # and its subclass, datetime
        return value.isoformat()
    if not isinstance(value, str):
        raise ValueError("not a constant. Allowed: text, a number, true or false, a date.")
    return value


def _fits(room: int) -> Callable[[str], str]:
    """Refuse text that is empty, longer than its room on the page, or more than one line."""

    def check(text: str) -> str:
        if CONTROL.search(text):
            raise ValueError("holds a line break or a control character. Write it on one line.")
        if not text.strip():
            raise ValueError("empty.")
        if len(text) > room:
            raise ValueError(f"{len(text)} characters. There is room for {room}.")
        return text

    return check


def _folded(value: object) -> object:
    return re.sub(r"[ \t\r\n]+", " ", value).strip() if isinstance(value, str) else value


def _one_of(kind: str, literal: Any) -> BeforeValidator:
    def check(value: object) -> object:
        if value not in get_args(literal):
            raise ValueError(_not(kind, value, get_args(literal)))
        return value

    return BeforeValidator(check)


@functools.cache
def _timezones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())  # reads the disk


def _timezone(name: str) -> str:
    if name not in (names := _timezones()):
        near = _nearest(name, sorted(names))
        raise ValueError(f"not an IANA time zone. Write it like Europe/Berlin.{near}")
    return name


def _currency(code: str) -> str:
    from babel.core import get_global  # slow to import, and asked once

    if code not in (codes := get_global("all_currencies")):
        near = _nearest(code, sorted(codes))
        raise ValueError(f"not an ISO 4217 currency code. Write it like USD.{near}")
    return code


def _dates(text: str) -> str:
    if "%" not in text:
        raise ValueError('not a date format. Write it like "%d/%m/%Y".')
    return text


def _delimiter(text: str) -> str:
    if len(text) != 1 or text in '"\r\n':
        raise ValueError('not a delimiter. Write one character, such as ";" or "\\t".')
    return text


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Stage = Literal["pre-monetization", "monetized"]
Assign = Literal["cheapest", "plan"]
Mode = Literal["graduated", "volume", "package", "flat"]
DecimalMark = Literal[".", ","]
ThousandsMark = Literal[".", ",", "'", " ", "\u00a0", "\u202f"]
Amounts = Literal["major", "minor"]

Text = Annotated[str, AfterValidator(_fits(1000))]
ShortName = Annotated[str, AfterValidator(_fits(24))]
Timezone = Annotated[str, AfterValidator(_timezone)]
Count = Annotated[int, Strict(), Field(ge=1, lt=TOO_LARGE)]
Positive = Annotated[Decimal, BeforeValidator(_number), Field(gt=0)]
Share = Annotated[Decimal, BeforeValidator(_number), AfterValidator(_share)]
Money = Annotated[Decimal, BeforeValidator(_number_or_text), Field(ge=0)]
Wage = Annotated[Decimal, BeforeValidator(_number_or_text), Field(gt=0)]

ZERO, ONE = Decimal(0), Decimal(1)


def _like(name: str) -> Callable[[dict[str, Any]], Decimal]:
    """A default: the value of another field, where that one is sound."""
    return lambda given: given.get(name, ONE)


# The settings


class Settings(BaseModel):
    """One block of program.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)


class About(Settings):
    """[program]: whose review this is, and how its days and money are counted."""

    name: Annotated[str, AfterValidator(_fits(60))]
    currency: Annotated[str, AfterValidator(_currency)]
    timezone: Timezone
    fiscal_year_start: Annotated[int, Strict(), Field(ge=1, le=12)] = 1
    stage: Annotated[Stage, _one_of("a stage", Stage)]
    min_calls: Count = 1


class Export(Settings):
    """One block of [exports]: the files of one system, and how to read them."""

    table: str = ""
    path: Annotated[tuple[Text, ...], BeforeValidator(_listed)]
    preset: Text | None = None
    columns: dict[str, Annotated[str, Field(min_length=1)]] = {}
    sql: Text | None = None
    set: dict[str, Annotated[str, BeforeValidator(_canonical)]] = {}
    timezone: Timezone = "UTC"
    dates: Annotated[Text, AfterValidator(_dates)] | None = None
    delimiter: Annotated[str, AfterValidator(_delimiter)] | None = None
    decimal: Annotated[DecimalMark, _one_of("a decimal mark", DecimalMark)] = "."
    thousands: Annotated[ThousandsMark, _one_of("a thousands mark", ThousandsMark)] | None = None
    amounts: Annotated[Amounts, _one_of("a unit of amounts", Amounts)] = "major"
    null: tuple[str, ...] = ()

    def files(self, folder: Path) -> list[Path]:
        """The files that `path` matches, sorted; relative ones are in the program folder."""
        return sorted({file for pattern in self.path for file in _matches(folder, pattern)})


class Exclude(Settings):
    """[exclude]: traffic that is nobody's business."""

    partner_id: tuple[Text, ...] = ()
    api_key: tuple[Text, ...] = ()
    product: tuple[Text, ...] = ()
    operation: tuple[Text, ...] = ()


class Rate(Settings):
    """[[rate]]: the loaded hourly cost of a role, in force from a date."""

    role: Text
    hourly: Wage
    from_: Annotated[date, Strict()] = Field(alias="from")


class Range(Settings):
    """[attribution]: share of attributed revenue credited to the program."""

    base: Share
    low: Share = Field(default_factory=_like("base"))
    high: Share = Field(default_factory=_like("base"))


class Avoidance(Settings):
    """[[avoidance]]: manual work that a successful production call replaces."""

    operation: Text
    minutes: Positive
    hourly: Wage
    share: Share = ONE
    low: Share = Field(default_factory=_like("share"))
    high: Share = Field(default_factory=_like("share"))


class Tier(Settings):
    """[[pricing.plan.tier]]: a price up to a number of units; the last has no end."""

    up_to: Positive | None = None
    price: Money
    flat: Money = ZERO


class Plan(Settings):
    """[[pricing.plan]]: a price list; `package` is None unless units are sold in packages."""

    name: ShortName
    fee: Money = ZERO
    included: Money = ZERO
    minimum: Money = ZERO
    mode: Annotated[Mode, _one_of("a mode", Mode)]
    package: Positive | None = None
    tiers: tuple[Tier, ...] = Field(alias="tier")

    @field_validator("package")
    @classmethod
    def _unused(cls, package: Decimal | None, info: ValidationInfo) -> Decimal | None:
        return package if info.data.get("mode") == "package" else None


class PricingCase(Settings):
    """[[pricing]]: one set of plans, and the share of their bills expected to be billed."""

    case: ShortName
    base: Annotated[bool, Strict()] = False
    assign: Annotated[Assign, _one_of("a way to assign plans", Assign)] = "cheapest"
    conversion: Share = ONE
    low: Share = Field(default_factory=_like("conversion"))
    high: Share = Field(default_factory=_like("conversion"))
    plans: tuple[Plan, ...] = Field(alias="plan")


class Goal(Settings):
    """[goal]: what the next twelve months are to bring."""

    partners_to_add: Count


class Need(Settings):
    """One thing that is asked for, and its cost."""

    what: Annotated[str, AfterValidator(_fits(90))]
    amount: Money


class ActionPlan(Settings):
    """[plan]: the one paragraph, its {names} of figures not yet filled in, and what it needs."""

    doing: Annotated[str, BeforeValidator(_folded), AfterValidator(_fits(600))]
    needs: tuple[Need, ...] = Field((), alias="need")


class Program(Settings):
    """All of program.toml, and the absolute folder it stands in."""

    folder: Path
    program: About
    exports: dict[str, list[Export]] = {}
    exclude: Exclude = Exclude()
    rates: tuple[Rate, ...] = Field((), alias="rate")
    attribution: Range | None = None
    avoidance: tuple[Avoidance, ...] = ()
    pricing: tuple[PricingCase, ...] = ()
    goal: Goal | None = None
    plan: ActionPlan | None = None

    @field_validator("exports", mode="before")
    @classmethod
    def _listed_blocks(cls, exports: object) -> object:
        if not isinstance(exports, dict):
            return exports
        return {
            table: [_of_table(table, block) for block in (at if isinstance(at, list) else [at])]
            for table, at in exports.items()
        }

    @field_validator("pricing")
    @classmethod
    def _sole_is_base(cls, cases: tuple[PricingCase, ...]) -> tuple[PricingCase, ...]:
        return (cases[0].model_copy(update={"base": True}),) if len(cases) == 1 else cases


def _of_table(table: str, block: object) -> object:
    return {**block, "table": table} if isinstance(block, dict) else block


FROM_CODE = ("folder", "table")  # fields that no file sets


def load_program(folder: Path | str) -> Program:
    """The settings in a folder's program.toml, or in the .toml file named.

    ProgramError lists every mistake in it, one a line.
    """
    file = _settings_file(Path(folder))
    text = _read(file)
    try:
        raw = parse(text)
    except ValueError as error:
        raise _error(file, [_syntax_mistake(file, error)]) from None
    home = file.parent.resolve()
    program, mistakes = _validated(raw, home)
    mistakes += _between_values(raw, home)
    if mistakes or program is None:
        raise _error(file, _report(file, raw, lines(text), mistakes))
    return program


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


def _syntax_mistake(file: Path, error: ValueError) -> str:
    found = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", str(error))
    if not found:
        what = "a number is too long" if "digits" in str(error) else str(error)
        return f"{file.name}  not TOML: {what}."
    if not found[2]:
        return f"{file.name}  not TOML, at the end of the file: {found[1]}."
    return f"{file.name}:{found[2]}  not TOML, at column {found[3]}: {found[1]}."


# Mistakes


class Mistake(NamedTuple):
    """What is wrong with the value at a key path."""

    key: Key
    reason: str


def _error(file: Path, sentences: list[str]) -> ProgramError:
    count = "1 mistake" if len(sentences) == 1 else f"{len(sentences)} mistakes"
    return ProgramError("\n".join([f"{file.name} has {count}:", *sentences]))


def _report(file: Path, raw: dict[str, Any], at: dict[Key, int], mistakes: list[Mistake]) -> list[str]:
    """One sentence a mistake, in the order of the file."""
    placed = [(_in_file(raw, key), reason) for key, reason in mistakes]
    placed.sort(key=lambda mistake: _line(at, mistake[0]))
    return [
        f"{file.name}:{_line(at, key)}  {_spelled(key)}{_assigned(raw, key)}: {reason}"
        for key, reason in placed
    ]


def _in_file(raw: dict[str, Any], key: Key) -> Key:
    """The key as it is in the file, where one block or text may stand for a list of one."""
    node: Any = raw
    there: Key = ()
    for part in key:
        if isinstance(part, int) and not isinstance(node, list):
            continue
        there = (*there, part)
        node = _value(raw, there)
    return there


def _value(raw: dict[str, Any], key: Key) -> Any:
    """What the file holds at a key; an empty table if nothing."""
    node: Any = raw
    for part in key:
        try:
            node = node[part]
        except (LookupError, TypeError):
            return {}
    return node


def _line(at: dict[Key, int], key: Key) -> int:
    """The key's line, or its nearest parent's."""
    while key and key not in at:
        key = key[:-1]
    return at.get(key, 1)


def _spelled(key: Key) -> str:
    """pricing[1].plan[2].mode, counted from 1 as people count blocks."""
    text = ""
    for part in key:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            bare = re.fullmatch(r"[A-Za-z0-9_-]+", part)
            text += ("." if text else "") + (part if bare else _shown(part))
    return text


def _assigned(raw: dict[str, Any], key: Key) -> str:
    shown = _shown(_value(raw, key))
    return f" = {shown}" if shown else ""


def _validated(raw: dict[str, Any], folder: Path) -> tuple[Program | None, list[Mistake]]:
    """The program, or None and what is wrong with its values one by one."""
    given = {**raw, "folder": folder}
    try:
        return Program.model_validate(given, by_alias=True, by_name=False), []
    except ValidationError as error:
        found = error.errors(include_url=False)
    return None, [
        Mistake(at["loc"], _sentence(at["type"], at["loc"], at["input"], at.get("ctx", {})))
        for at in found
        if at["type"] != "default_factory_not_called"  # follows from another that is listed
    ]


REASONS = {
    "string_type": "not text. Write it in quotes.",
    "string_too_short": "empty.",
    "bool_type": "not a boolean. Allowed: true, false, without quotes.",
    "int_type": "not a whole number. Write it in digits, without quotes.",
    "date_type": "not a date. Write it like 2025-01-31, without quotes.",
    "greater_than": "too small. Allowed: more than {gt}.",
    "greater_than_equal": "too small. Allowed: {ge} or more.",
    "less_than": "too large. Allowed: numbers below 1e15.",
    "less_than_equal": "too large. Allowed: {le} or less.",
}
EXAMPLES = {
    "name": 'name = "Partner API"',
    "currency": 'currency = "USD"',
    "timezone": 'timezone = "America/New_York"',
    "stage": 'stage = "pre-monetization" or "monetized"',
    "path": 'path = "exports/*.csv"',
    "role": 'role = "engineer"',
    "hourly": "hourly = 95.00",
    "from": "from = 2025-01-01",
    "base": "base = 0.35",
    "operation": 'operation = "create_order", or "*" for every call',
    "minutes": "minutes = 4.0",
    "case": 'case = "Proposed"',
    "mode": 'mode = "graduated", "volume", "package" or "flat"',
    "price": 'price = "0.0020"',
    "partners_to_add": "partners_to_add = 50",
    "doing": 'doing = "…"',
    "what": 'what = "one billing engineer, two quarters"',
    "amount": "amount = 95000",
    "program": "[program] and its settings below it",
    "plan": "[[pricing.plan]] and its settings below it",
    "tier": "[[pricing.plan.tier]] and its settings below it",
}


def _sentence(kind: str, key: Key, value: object, context: dict[str, Any]) -> str:
    """What pydantic found, in the words of whoever writes the file."""
    name, heading = str(key[-1]), ".".join(part for part in key if isinstance(part, str))
    if kind == "value_error":
        return str(context["error"])
    if kind == "missing":
        return f"missing. Write it like {EXAMPLES.get(name, name)}."
    if kind == "extra_forbidden":
        return _not("a setting", name, _settings_at(key[:-1]))
    if kind in ("model_type", "dict_type"):
        return f"not a block of settings. Write it once, under [{heading}]."
    if kind in ("tuple_type", "list_type"):
        block = isinstance(value, dict)
        return "not a list. Write " + (f"[[{heading}]]." if block else "it in brackets: [ … ].")
    return REASONS.get(kind, "not allowed here.").format(**context)


def _settings_at(key: Key) -> list[str]:
    """The settings that the block at a key may hold."""
    model: type[BaseModel] = Program
    for part in key:
        field = {f.alias or name: f for name, f in model.model_fields.items()}.get(str(part))
        model = (_model_in(field.annotation) if field else None) or model
    names = [field.alias or name for name, field in model.model_fields.items()]
    return [name for name in names if name not in FROM_CODE]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for part in get_args(annotation) if (m := _model_in(part))), None)


# Between values. These read the raw file, so that they hold beside mistakes elsewhere in it.


def _between_values(raw: dict[str, Any], folder: Path) -> list[Mistake]:
    return [
        *_from_code(raw),
        *_tables(raw),
        *_sources(raw, folder),
        *_lengths(raw),
        *_rates(raw),
        *_ranges(raw),
        *_cases(raw),
        *_plans(raw),
        *_figures(raw),
    ]


def _blocks(node: Any, *names: str, key: Key = ()) -> Iterator[tuple[Key, dict[str, Any]]]:
    """Every block under these names, be it one or a list, with its key."""
    if isinstance(node, list):
        for place, item in enumerate(node):
            yield from _blocks(item, *names, key=(*key, place))
    elif isinstance(node, dict) and not names:
        yield key, node
    elif isinstance(node, dict) and names[0] in node:
        yield from _blocks(node[names[0]], *names[1:], key=(*key, names[0]))


def _exports(raw: dict[str, Any]) -> Iterator[tuple[Key, dict[str, Any]]]:
    exports = raw.get("exports")
    for table in exports if isinstance(exports, dict) else ():
        yield from _blocks(raw, "exports", table)


def _sound(value: object) -> Decimal | None:
    """The number, or None where `_number` would complain."""
    try:
        return _number(value)
    except ValueError:
        return None


def _repeated(named: Iterable[tuple[Key, Hashable]], reason: str) -> Iterator[Mistake]:
    seen = set()
    for key, name in named:
        if name in seen:
            yield Mistake(key, reason)
        seen.add(name)


def _from_code(raw: dict[str, Any]) -> Iterator[Mistake]:
    if "folder" in raw:
        yield Mistake(("folder",), _not("a setting", "folder", _settings_at(())))
    for key, block in _exports(raw):
        if "table" in block:
            yield Mistake((*key, "table"), _not("a setting", "table", _settings_at(key)))


def _tables(raw: dict[str, Any]) -> Iterator[Mistake]:
    exports = raw.get("exports", {})
    if not isinstance(exports, dict):
        return
    for table in exports:
        if table not in TABLES:
            yield Mistake(("exports", table), _not("a table", table, TABLES))
    for table in ("calls", "partners"):
        if exports.get(table, []) == []:
            reason = f"missing. Write a block [exports.{table}] with its path."
            yield Mistake(("exports", table), reason)


def _sources(raw: dict[str, Any], folder: Path) -> Iterator[Mistake]:
    """Where exports come from: files that are there, in the folder, and one way to read them."""
    for key, block in _exports(raw):
        ways = [way for way in ("preset", "columns", "sql") if way in block]
        for way in ways[1:]:
            reason = f"beside {ways[0]}. Allowed: one of preset, columns, sql."
            yield Mistake((*key, way), reason)
        yield from _preset(key, block)
        if isinstance(sql := block.get("sql"), str) and (reason := _astray(folder, sql, _file)):
            yield Mistake((*key, "sql"), reason)
        for place, path in enumerate(_texts(block.get("path"))):
            if reason := _astray(folder, path, _matches):
                yield Mistake((*key, "path", place), reason)
        if "thousands" in block and block["thousands"] == block.get("decimal", "."):
            yield Mistake((*key, "thousands"), "the decimal mark too. They must differ.")


def _preset(key: Key, block: dict[str, Any]) -> Iterator[Mistake]:
    table, preset = key[1], block.get("preset")
    if table in TABLES and isinstance(preset, str):
        there = sorted(file.stem for file in (PRESETS / str(table)).glob("*.sql"))
        if preset not in there:
            yield Mistake((*key, "preset"), _not(f"a preset of {table}", preset, there))


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text if isinstance(text, str) else "" for text in values]


def _astray(folder: Path, text: str, look: Callable[[Path, str], list[Path]]) -> str:
    """Why a path leads to no file it may lead to; empty if it does, or is no text to begin with."""
    path = Path(text)
    if not text.strip() or CONTROL.search(text):
        return ""
    if not path.is_absolute() and ".." in path.parts:
        return "leaves the program folder. If that is meant, write an absolute path."
    if not (found := look(folder, text)):
        return f"no such file. Looked in {path.parent if path.is_absolute() else folder}."
    for file in found:
        if not path.is_absolute() and not file.resolve().is_relative_to(folder):
            return (
                f"leaves the program folder: {file.relative_to(folder)} is a link to"
                f" {file.resolve()}. If that is meant, write an absolute path."
            )
    return ""


def _file(folder: Path, name: str) -> list[Path]:
    try:
        return [folder / name] if (folder / name).is_file() else []
    except OSError:  # a name too long for the file system
        return []


def _matches(folder: Path, pattern: str) -> list[Path]:
    """The files of a pattern; names that begin with a dot only if the pattern has such a name."""
    if exact := _file(folder, pattern):
        return exact
    path = Path(pattern)
    start = Path(path.anchor) if path.is_absolute() else folder
    try:
        found = list(start.glob(str(path.relative_to(path.anchor))))
    except (ValueError, OSError, IndexError):  # no pattern at all, such as "a**" or "."
        return []
    hidden = any(part.startswith(".") for part in path.parts)
    return [
        file
        for file in found
        if file.is_file() and (hidden or not any(part[0] == "." for part in file.relative_to(start).parts))
    ]


def _lengths(raw: dict[str, Any]) -> Iterator[Mistake]:
    """Lists too short or too long; pydantic would count the sound items alone."""
    lists = [
        *((*key, "path") for key, _ in _exports(raw)),
        *((*key, "plan") for key, _ in _blocks(raw, "pricing")),
        *((*key, "tier") for key, _ in _blocks(raw, "pricing", "plan")),
    ]
    for key in lists:
        if _value(raw, key) == []:
            yield Mistake(key, "empty. At least one is needed.")
    needs = _value(raw, ("plan", "need"))
    if isinstance(needs, list) and len(needs) > MOST_NEEDS:
        reason = f"{len(needs)} of them. There is room for {MOST_NEEDS}."
        yield Mistake(("plan", "need"), reason)


def _rates(raw: dict[str, Any]) -> Iterator[Mistake]:
    dated = [
        ((*key, "from"), (block["role"], block["from"]))
        for key, block in _blocks(raw, "rate")
        if isinstance(block.get("role"), str) and type(block.get("from")) is date
    ]
    yield from _repeated(dated, "a second rate of the same role from the same day.")


def _ranges(raw: dict[str, Any]) -> Iterator[Mistake]:
    middles = (("attribution", "base"), ("avoidance", "share"), ("pricing", "conversion"))
    for heading, middle in middles:
        for key, block in _blocks(raw, heading):
            between = _sound(block.get(middle, None if middle == "base" else 1))
            low, high = _sound(block.get("low")), _sound(block.get("high"))
            if between is None or not 0 <= between <= 1:
                continue
            if low is not None and between < low <= 1:
                reason = f"more than {middle}, {between}. Allowed: low ≤ {middle} ≤ high."
                yield Mistake((*key, "low"), reason)
            if high is not None and 0 <= high < between:
                reason = f"less than {middle}, {between}. Allowed: low ≤ {middle} ≤ high."
                yield Mistake((*key, "high"), reason)


def _cases(raw: dict[str, Any]) -> Iterator[Mistake]:
    cases = list(_blocks(raw, "pricing"))
    named = [((*key, "case"), block["case"]) for key, block in cases if _is_text(block, "case")]
    yield from _repeated(named, "a second case of this name.")
    said = [block.get("base", len(cases) == 1) for _, block in cases]
    bases = [key for (key, _), base in zip(cases, said, strict=True) if base is True]
    if cases and not bases and all(base is False for base in said):
        yield Mistake(("pricing",), "no case is the base. Write base = true in one of them.")
    for key in bases[1:]:
        yield Mistake((*key, "base"), "a second base. Exactly one case is the base.")


def _is_text(block: dict[str, Any], name: str) -> bool:
    return isinstance(block.get(name), str)


def _plans(raw: dict[str, Any]) -> Iterator[Mistake]:
    for case, _ in _blocks(raw, "pricing"):
        plans = list(_blocks(_value(raw, case), "plan", key=case))
        named = [((*key, "name"), plan["name"]) for key, plan in plans if _is_text(plan, "name")]
        yield from _repeated(named, "a second plan of this name in its case.")
        for key, plan in plans:
            if plan.get("mode") == "package" and "package" not in plan:
                reason = 'missing. mode = "package" needs the units in one, like package = 1000.'
                yield Mistake((*key, "package"), reason)
            yield from _tiers(plan, list(_blocks(plan, "tier", key=key)))


def _tiers(plan: dict[str, Any], tiers: list[tuple[Key, dict[str, Any]]]) -> Iterator[Mistake]:
    if plan.get("mode") == "flat" and len(tiers) > 1:
        yield Mistake(tiers[1][0], 'a second tier. mode = "flat" is one price a unit: one tier.')
    below = ZERO
    for key, tier in tiers[:-1]:
        up_to = _sound(tier.get("up_to"))
        if "up_to" not in tier:
            yield Mistake((*key, "up_to"), "missing. All tiers but the last have it.")
        elif up_to is not None and 0 < up_to <= below:
            yield Mistake((*key, "up_to"), f"not above the tier before, {below}.")
        below = max(below, up_to or ZERO)
    if tiers and "up_to" in tiers[-1][1]:
        reason = "the last tier has no up_to: it holds whatever is above the others."
        yield Mistake((*tiers[-1][0], "up_to"), reason)


def _figures(raw: dict[str, Any]) -> Iterator[Mistake]:
    """Names of figures in the paragraph; it is formatted later, so braces hold nothing else."""
    doing = _value(raw, ("plan", "doing"))
    text = doing if isinstance(doing, str) else ""
    for found in re.finditer(r"\{\{|\}\}|\{([^{}]*)\}|[{}]", text):
        if found[1] is not None and found[1] not in PLAN_NAMES:
            reason = f"{_shown(found[0])} is {_not('a figure', found[1], PLAN_NAMES)}"
            yield Mistake(("plan", "doing"), reason)
        elif found[0] in ("{", "}"):
            reason = f"a {found[0]} without its pair. Write {found[0] * 2} for the sign itself."
            yield Mistake(("plan", "doing"), reason)
