"""A SELECT of one's own over the raw rows: whether it is one, and reads nothing else."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from kit.errors import ReviewError

LARGEST = 100_000  # characters
TABLE = "raw"
QUERIES = ("SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE")
PLAIN = re.compile(r"\w+")
FUNCTIONS = ("generate_series", "json_each", "json_tree", "range", "unnest")
# They tell of the database or of the hour, or hold it up; what they say is not in the export.
REFUSED = (
    "current_connection_id", "current_query", "current_query_id", "current_setting", "current_transaction_id",
    "currval", "gen_random_uuid", "getenv", "getvariable", "nextval", "random", "setseed", "setval", "sleep_ms",
    "uuid", "uuidv4", "uuidv7", "write_log",
)  # fmt: skip
ONE_SELECT = "not a single SELECT. Allowed: one SELECT from the table raw, and nothing beside it."


def read_own(file: Path) -> str:
    """The SELECT in a file, without the semicolon at its end; ReviewError if it is none, or reads more than `raw`."""
    try:
        with file.open(encoding="utf-8") as stream:
            text = stream.read(LARGEST + 1)
    except UnicodeDecodeError:
        raise ReviewError(f"{file.name} is not UTF-8 text. Save it as UTF-8.") from None
    if reason := fault_of(text):
        raise ReviewError(f"{file.name} is {reason}")
    return text.rstrip().rstrip(";")


def fault_of(text: str) -> str:
    """Why a text is no SELECT from `raw` alone, to be said after "it is"; empty if it is one."""
    if len(text) > LARGEST:
        return f"over {LARGEST:,} characters long. A SELECT is small: is this the right file?"
    with duckdb.connect() as con:
        try:
            [(answer,)] = con.execute("select json_serialize_sql($text)", {"text": text}).fetchall()
        except duckdb.Error:  # nested too deeply
            return ONE_SELECT
    parsed = json.loads(answer)
    if parsed["error"] and parsed.get("error_type") == "parser":
        return f"no SQL: {parsed['error_message']}."
    if parsed["error"] or len(parsed["statements"]) != 1:
        return ONE_SELECT
    nodes = list(_nodes(parsed["statements"][0]))
    named = {each["key"].casefold() for node in nodes for each in _named(node)}
    names = {TABLE, *filter(PLAIN.fullmatch, named)}  # any other might be that of a file
    return next((reason for node in nodes if (reason := _fault(node, names))), "")


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    """Every node of a parsed statement."""
    left = [tree]
    while left:
        node = left.pop()
        if isinstance(node, dict):
            yield node
            left += node.values()
        elif isinstance(node, list):
            left += node


def _named(node: dict[str, Any]) -> list[dict[str, Any]]:
    """The names that a WITH of a node gives."""
    named: list[dict[str, Any]] = (node.get("cte_map") or {}).get("map", [])
    return named


def _fault(node: dict[str, Any], names: set[str]) -> str:
    kind = node.get("type")
    if kind == "BASE_TABLE":
        path = node["qualified_name"]["path"]
        if len(path) != 1 or path[0].casefold() not in names:
            name = ".".join(path)
            return f"a SELECT from {name!r}. Allowed: the table raw, and what its own WITH names."
    if kind == "TABLE_FUNCTION" and (name := _function(node["function"])) not in FUNCTIONS:
        return f"a SELECT from {name}(). Allowed: the table raw, and {', '.join(FUNCTIONS)}."
    if kind == "FUNCTION" and _function(node) in REFUSED:
        return f"a SELECT with {_function(node)}(), which does not say what the export does."
    # A WITH may also delete, insert, update and write files.
    if kind in ("SHOW_REF", "VALUE_PARAMETER") or (str(kind).endswith("_NODE") and kind not in QUERIES):
        return ONE_SELECT
    return ""


def _function(node: dict[str, Any]) -> str:
    return str(node.get("function_name", "")).casefold()
