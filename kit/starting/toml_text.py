"""Settings → lines of program.toml, whatever the files and columns that they speak of are called."""

import json
import textwrap
from dataclasses import dataclass

WIDTH = 100


@dataclass(frozen=True)
class Setting:
    """A line of program.toml: its value, and why it is that or what is asked. An open one has OPEN, or 0, for value."""

    name: str
    value: object
    why: str = ""
    is_open: bool = False


def comment(mark: str, text: str, more: str = "") -> list[str]:
    return textwrap.wrap(one_line(text), WIDTH, initial_indent=mark, subsequent_indent=more or mark)


def one_line(text: str) -> str:
    """Text that stays within its line, whatever a file or a column is called."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape", "replace").decode() for sign in text
    )


class Bare(str):
    """A value that TOML writes without quotes, such as a date."""


class Table(dict[str, str]):
    """A value that TOML writes as an inline table."""


def quoted(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, Bare | int):
        return str(value)
    if isinstance(value, Table):
        return "{ " + ", ".join(f"{name} = {quoted(each)}" for name, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(quoted(each) for each in value) + "]"
    text = json.dumps(str(value), ensure_ascii=False)[1:-1]
    safe = "".join(sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in text)
    return f'"{safe}"'
