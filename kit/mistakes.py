"""Mistakes in program.toml: each a sentence with its line, the value, what is wrong, and what is allowed."""

import difflib
import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel, ValidationError

from kit.toml_lines import BARE, Key


class Mistake(NamedTuple):
    """What is wrong with the value at a key."""

    key: Key
    reason: str


def report(file: str, raw: dict[str, Any], lines: dict[Key, int], mistakes: list[Mistake]) -> list[str]:
    """One sentence a mistake, in the order of the file."""
    placed = [(_in_file(raw, key), reason) for key, reason in mistakes]
    placed.sort(key=lambda mistake: _line(lines, mistake[0]))
    return [f"{file}:{_line(lines, key)}  {_subject(raw, key)}: {reason}" for key, reason in placed]


def _in_file(raw: dict[str, Any], key: Key) -> Key:
    """The key as it is written, where one block or text may stand for a list of one."""
    written: Key = ()
    for part in key:
        if isinstance(part, str) or isinstance(value_at(raw, written), list):
            written = (*written, part)
    return written


def _line(lines: dict[Key, int], key: Key) -> int:
    """The key's line, or its nearest parent's."""
    return next((lines[key[:end]] for end in range(len(key), 0, -1) if key[:end] in lines), 1)


def _subject(raw: dict[str, Any], key: Key) -> str:
    """pricing[1].plan[2].mode = "gradual", counted from 1 as people count blocks."""
    parts = (
        f"[{part + 1}]" if isinstance(part, int) else f".{part if BARE.fullmatch(part) else shown(part)}"
        for part in key
    )
    value = shown(value_at(raw, key))
    return "".join(parts).removeprefix(".") + (f" = {value}" if value else "")


# What the file holds


def value_at(raw: dict[str, Any], key: Key) -> Any:
    """What the file holds at a key; an empty table if nothing."""
    node: Any = raw
    for part in key:
        try:
            node = node[part]
        except (LookupError, TypeError):
            return {}
    return node


def blocks(node: Any, *names: str, key: Key = ()) -> Iterator[tuple[Key, dict[str, Any]]]:
    """Every block under these names, be it one or a list, with its key."""
    if isinstance(node, list):
        for place, item in enumerate(node):
            yield from blocks(item, *names, key=(*key, place))
    elif isinstance(node, dict) and not names:
        yield key, node
    elif isinstance(node, dict) and names[0] in node:
        yield from blocks(node[names[0]], *names[1:], key=(*key, names[0]))


# Words


def shown(value: object) -> str:
    """A value as TOML writes it, on one line of 60 characters; empty for a table or list."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        text = json.dumps(value[:60] + "…" * (len(value) > 60), ensure_ascii=False)
        return "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    if isinstance(value, int) and value.bit_length() > 64:  # Python refuses to write out the very long
        return f"an integer of {value.bit_length()} bits"
    return "" if isinstance(value, dict | list) else str(value)[:60]


def nearest(text: object, allowed: Iterable[str]) -> str:
    """' Did you mean "…"?' with the likeliest of the allowed names, or nothing."""
    spelled = {name.lower(): name for name in allowed}
    near = difflib.get_close_matches(str(text)[:60].lower(), spelled, n=1)
    return f' Did you mean "{spelled[near[0]]}"?' if near else ""


def unknown(kind: str, text: object, allowed: Iterable[str]) -> str:
    """'not a mode. Allowed: …. Did you mean …?'"""
    names = list(allowed)
    plain = [name if name.replace("-", "").isidentifier() else shown(name) for name in names]
    return f"not {kind}. Allowed: {', '.join(plain) or 'none'}.{nearest(text, names)}"


# What pydantic finds

REASONS = {
    "string_type": "not text. Write it in quotes.",
    "string_too_short": "empty.",
    "too_short": "empty. At least one is needed.",
    "bool_type": "not a boolean. Allowed: true, false, without quotes.",
    "int_type": "not a whole number. Write it in digits, without quotes.",
    "date_type": "not a date. Write it like 2025-01-31, without quotes.",
    "greater_than": "too small. Allowed: more than {gt}.",
    "greater_than_equal": "too small. Allowed: {ge} or more.",
    "less_than": "too large. Allowed: numbers below 1e15.",
    "less_than_equal": "too large. Allowed: {le} or less.",
}
EXAMPLES = {
    "name": '"Partner API"', "currency": '"USD"', "timezone": '"America/New_York"',
    "stage": '"pre-monetization" or "monetized"', "path": '"exports/*.csv"', "base": "0.35",
    "role": '"engineer"', "hourly": "95.00", "from": "2025-01-01", "minutes": "4.0",
    "operation": '"create_order", or "*" for every call', "case": '"Proposed"',
    "mode": '"graduated", "volume", "package" or "flat"', "price": '"0.0020"',
    "partners_to_add": "50", "doing": '"…"', "amount": "95000",
    "what": '"one billing engineer, two quarters"', "kind": '"spark"',
}  # fmt: skip


def of_values(model: type[BaseModel], raw: dict[str, Any]) -> list[Mistake]:
    """What is wrong with the file's values one by one, as its model sees them."""
    try:
        model.model_validate(raw, by_alias=True, by_name=False)
    except ValidationError as error:
        return [
            Mistake(at["loc"], _sentence(model, at["type"], at["loc"], at["input"], at.get("ctx", {})))
            for at in error.errors(include_url=False)
            # These follow from others that are listed: pydantic counts the sound items of a list alone.
            if at["type"] != "default_factory_not_called" and not (at["type"] == "too_short" and at["input"])
        ]
    return []


def _sentence(model: type[BaseModel], kind: str, key: Key, value: object, context: dict[str, Any]) -> str:
    """What pydantic found, in the words of whoever writes the file."""
    name, heading = str(key[-1]), ".".join(part for part in key if isinstance(part, str))
    if kind == "value_error":
        return str(context["error"])
    if kind == "missing":
        header = f"[{heading}]" if len(key) == 1 else f"[[{heading}]]"
        example = f"{name} = {EXAMPLES[name]}" if name in EXAMPLES else f"{header} and its settings below it"
        return f"missing. Write it like {example}."
    if kind == "extra_forbidden":
        return unknown("a setting", name, _settings_at(model, key[:-1]))
    if kind in ("model_type", "dict_type"):
        return f"not a block of settings. Write it once, under [{heading}]."
    if kind in ("tuple_type", "list_type"):
        return "not a list. Write " + (
            f"[[{heading}]]." if isinstance(value, dict) else "it in brackets: [ … ]."
        )
    return REASONS.get(kind, "not allowed here.").format(**context)


def _settings_at(model: type[BaseModel], key: Key) -> list[str]:
    """The settings that the block at a key may hold."""
    for part in key:
        field = {f.alias or name: f for name, f in model.model_fields.items()}.get(str(part))
        model = (_model_in(field.annotation) if field else None) or model
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((m for part in get_args(annotation) if (m := _model_in(part))), None)
