"""The line on which each key and list item of a TOML file stands, which tomllib does not tell."""

import re
import tomllib
from bisect import bisect_left
from decimal import Decimal, InvalidOperation
from typing import Any

Key = tuple[str | int, ...]  # ("rate", 0, "hourly"): names, and places in lists from 0

BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|' r"'''.*?'{3,5}|" r'"(?:[^"\\\n]|\\.)*"|' r"'[^'\n]*'", re.DOTALL
)
BARE = re.compile(r"[A-Za-z0-9_-]+")
SCALAR = re.compile(r"[^,\]}#\n]+")
DOT = re.compile(r"[ \t]*\.[ \t]*")
# tomllib's time grows with the square of a dotted key's length.
LONG_KEY = re.compile(r"""(?<![\w-])(?:(?:[A-Za-z0-9_-]+|"[^"\n]{0,99}"|'[^'\n]{0,99}')[ \t]*\.[ \t]*){32}""")


def parse(text: str) -> dict[str, Any]:
    """The file's tables, no digit of a number lost; ValueError if it is not TOML."""
    if deep := LONG_KEY.search(text):
        line = text.count("\n", 0, deep.start()) + 1
        raise ValueError(f"Nested too deeply (at line {line}, column 1)")
    try:
        return tomllib.loads(text, parse_float=_exact)
    except RecursionError:
        raise ValueError("Nested too deeply") from None


def _exact(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except InvalidOperation:  # an exponent that no Decimal holds
        return Decimal("inf")


def lines(text: str) -> dict[Key, int]:
    """Line of every key path and list item, from 1; the text must have passed `parse`."""
    return _Scan(text).lines


class _Scan:
    """One pass over valid TOML: where each statement, key and list item begins."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.breaks = [found.start() for found in re.finditer("\n", text)]
        self.lines: dict[Key, int] = {}
        self.last: dict[Key, int] = {}  # place of the newest block of each array of tables
        self._statements()

    def _statements(self) -> None:
        table: Key = ()
        self._skip(BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(BLANK)

    def _header(self) -> Key:
        line, is_list = self._line(), self.text.startswith("[[", self.at)
        self.at += 2 if is_list else 1
        names = self._names()
        self.at += 2 if is_list else 1
        path: Key = ()
        for depth, name in enumerate(names, 1):
            path = (*path, name)
            self.lines.setdefault(path, line)
            if is_list and depth == len(names):
                self.last[path] = self.last.get(path, -1) + 1
            if path in self.last:
                path = (*path, self.last[path])
        self.lines[path] = line
        return path

    def _pair(self, table: Key) -> None:
        line, path = self._line(), table
        for name in self._names():
            path = (*path, name)
            self.lines.setdefault(path, line)
        self.at += 1  # the equals sign
        self._value(path)

    def _names(self) -> list[str]:
        """The parts of a dotted key; afterwards the scan stands at what follows it."""
        names = []
        while True:
            self._skip(BLANK)
            found = STRING.match(self.text, self.at) or BARE.match(self.text, self.at)
            assert found, "parse() lets no other key through"
            names.append(_unquoted(found[0]))
            self.at = found.end()
            dot = DOT.match(self.text, self.at)
            if not dot:
                self._skip(BLANK)
                return names
            self.at = dot.end()

    def _value(self, path: Key) -> None:
        self._skip(BLANK)
        if self.text[self.at] == "[":
            self._items(path)
        elif self.text[self.at] == "{":
            self._inline(path)
        else:
            self._skip(STRING if self.text[self.at] in "\"'" else SCALAR)

    def _items(self, path: Key) -> None:
        place = 0
        while self._another("]"):
            self.lines[(*path, place)] = self._line()
            self._value((*path, place))
            place += 1

    def _inline(self, path: Key) -> None:
        while self._another("}"):
            self._pair(path)

    def _another(self, close: str) -> bool:
        """Step over the opening bracket or the comma; past `close`, False."""
        self._skip(BLANK)
        if self.text[self.at] != close:
            self.at += 1
            self._skip(BLANK)
        if self.text[self.at] != close:
            return True
        self.at += 1
        return False

    def _skip(self, pattern: re.Pattern[str]) -> None:
        if found := pattern.match(self.text, self.at):
            self.at = found.end()

    def _line(self) -> int:
        return bisect_left(self.breaks, self.at) + 1


def _unquoted(name: str) -> str:
    if name[0] not in "\"'":
        return name
    if "\\" in name and name[0] == '"':
        return next(iter(tomllib.loads(f"{name} = 0")))
    return name[1:-1]
