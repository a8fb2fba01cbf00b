"""What changed since an edition, in words: its files, the definitions, the settings."""

from collections.abc import Mapping, Sequence
from typing import Any

from kit.editions import RESTS_ON, SETTINGS, Edition
from kit.old_inputs import Files, has_other_sql
from kit.program import Export, Program
from kit.toml_lines import parse

NAMED = 3
NO_FIGURES = ("plan", "goal", "page")
# The figures that a block of settings moves, where it is not all of them.
ONLY = {"rate": ("cost_per_partner",), "attribution": ("value_ratio",), "avoidance": ("value_ratio",)}


def corrected(key: str, files: Files) -> str:
    """Which of the tables that a figure rests on have files that are no longer what they were; empty if none."""
    changed = [table for table in RESTS_ON[key] if files.corrected.get(table) or files.gone.get(table)]
    parts = [
        _named("corrected source", changed),
        _named(
            "late data or corrected source", [table for table in RESTS_ON[key] if files.retold.get(table)]
        ),
    ]
    return " and ".join(part for part in parts if part)


def late_data(tables: Sequence[str], files: Files) -> str:
    """That tables have new rows, or may have corrected ones; empty without tables."""
    again = [table for table in tables if files.again.get(table)]
    parts = [
        _named("late data", [table for table in tables if table not in again]),
        _named("late data or corrected source", again),
    ]
    return " and ".join(part for part in parts if part)


def _named(what: str, tables: Sequence[str]) -> str:
    """What happened to tables, with their names; empty if there are none."""
    more = f" and {len(tables) - NAMED} more" if len(tables) > NAMED else ""
    return f"{what} ({', '.join(tables[:NAMED])}{more})" if tables else ""


def changed_definition(of: Mapping[str, Any], then: Mapping[str, Any]) -> str:
    """Whether figures are worked out by other code; empty if not."""
    of_kit = "definitions" if "definitions" in then else "kit"
    if then.get(of_kit) != of[of_kit]:
        return "changed definition"
    is_other = "engines" in then and then["engines"] != of["engines"]
    return "changed definition (new release of an engine)" if is_other else ""


def changed_settings(edition: Edition | None, before: Program | None, program: Program) -> dict[str, str]:
    """The blocks of program.toml that an edition had otherwise, by figure; without names where there is no telling.

    `before` is the program with the edition's settings. Where an export lies is no setting, if all that it had is found
    where it lies now.
    """
    if edition is None or before is None:
        return dict.fromkeys(RESTS_ON, "changed settings")
    then, now = (
        parse((folder / "program.toml").read_text("utf-8-sig"))
        for folder in (edition.folder / SETTINGS, program.folder)
    )
    names = [name for name in {**then, **now} if then.get(name) != now.get(name) and name not in NO_FIGURES]
    if "exports" in names and _without_sql(before) == _without_sql(program):
        names.remove("exports")
    if has_other_sql(edition, program.folder):
        names.append("SQL")
    return {
        key: _named("changed settings", [name for name in names if key in ONLY.get(name, RESTS_ON)] or names)
        for key in RESTS_ON
    }


def _without_sql(program: Program) -> dict[str, list[Export]]:
    """A program's exports, whatever the SQL of theirs says."""
    return {
        table: [export.model_copy(update={"sql": export.sql and ""}) for export in blocks]
        for table, blocks in program.exports.items()
    }
