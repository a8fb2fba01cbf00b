"""Presets: how each known system's export becomes a canonical table.

A preset is one file, kit/presets/<table>/<name>.sql. Its comment says what to export and how; the lines that
begin with `--|` are TOML and say which columns it takes; the rest is one SELECT from `raw`.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kit.raw import Layout

FOLDER = Path(__file__).parent / "presets"


@dataclass(frozen=True)
class Preset:
    """What a preset's file says; `types` is empty unless the export is of JSON objects read key by key.

    `is_lines` says that `raw` has each line whole; `is_summed`, that it has sums and not single calls; `is_in_parts`,
    that an export may come in several files of the same days; `identity` are the columns that tell its rows apart,
    whatever else an export says anew; `hint` is what to switch on where it says too little.
    What tells an export from others, beside its columns: `recognise` is what its lines match, `keys` what it has of
    each group of columns or JSON keys, one at least. `is_utc` says that its times without offset are in UTC.
    """

    name: str
    sql: str
    types: dict[str, str]
    required: tuple[str, ...]
    optional: tuple[str, ...]
    settings: dict[str, str]
    is_lines: bool
    is_summed: bool
    is_in_parts: bool
    identity: tuple[str, ...]
    delimiter: str | None
    layout: Layout
    hint: str
    recognise: str
    keys: tuple[tuple[str, ...], ...]
    is_utc: bool


def read_preset(table: str, name: str) -> Preset:
    """The preset of that table and name; it must exist."""
    return _read(FOLDER / table / f"{name}.sql")


@cache
def _read(file: Path) -> Preset:
    text = file.read_text(encoding="utf-8")
    head = tomllib.loads("\n".join(line[3:] for line in text.splitlines() if line.startswith("--|")))
    return Preset(
        name=file.stem,
        sql=text,
        types=head.get("json", {}),
        required=tuple(head.get("required", ())),
        optional=tuple(head.get("optional", ())),
        settings=head.get("settings", {}),
        is_lines=head.get("format") == "lines",
        is_summed=head.get("summed", False),
        is_in_parts=head.get("parts", False),
        identity=tuple(head.get("identity", ())),
        delimiter=head.get("delimiter"),
        layout=Layout(
            names=tuple(head.get("names", ())) if not head.get("header", True) else (),
            header_within=head.get("header_within", 1),
            aliases=head.get("aliases", {}),
            lists=tuple(head.get("lists", ())),
            records=head.get("records"),
        ),
        hint=head.get("hint", ""),
        recognise=head.get("recognise", ""),
        keys=tuple((key,) if isinstance(key, str) else tuple(key) for key in head.get("keys", ())),
        is_utc=head.get("utc", False),
    )
