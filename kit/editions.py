"""What was published, and what has been restated since."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kit.cache import Cache, key_of, open_cache
from kit.metrics import Metric
from kit.program import Export, Program
from kit.remote import url_of
from kit.usage import way_of

# Shown figures agree to three digits; less than that is no restatement.
VISIBLE = 0.0005
# The exports that each figure rests on; those that say who is who come to all.
WHO = ("calls", "keys", "aliases", "partners", "calendar")
RESTS_ON = {
    "revenue": (*WHO, "invoices", "transactions", "fx"),
    "cost_per_partner": (*WHO, "worklogs"),
    "activation_rate": WHO,
    "value_ratio": (*WHO, "costs", "invoices", "attributed", "fx"),
    "growth_rate": WHO,
}


@dataclass(frozen=True)
class Restatement:
    """A figure that is not what its own quarter's page said: as first reported, and why it moved."""

    key: str
    reported: float
    reason: str


def inputs(program: Program) -> dict[str, Any]:
    """What a review rests on: hashes of the settings and of each exported file, and the kit's version."""
    settings = (program.folder / "program.toml").read_bytes()
    cache = open_cache(program.folder)
    files = {table: _fingerprints(program, cache, exports) for table, exports in program.exports.items()}
    cache.save()
    return {
        "settings": hashlib.sha256(settings).hexdigest(),
        "kit": version("api-review"),
        "files": files,
    }


def _fingerprints(program: Program, cache: Cache, exports: Sequence[Export]) -> dict[str, str]:
    """A hash of each file, or of what an engine's table says, by its name."""
    files = [file for export in exports for file in export.files(program.folder)]
    tables = {
        export.table: key_of(cache.told("partitions", key_of(way_of(program, export))) or {})
        for export in exports
        if export.table
    }
    return {_name(program, file): sha256 for file, sha256 in cache.fingerprints(files).items()} | tables


def _name(program: Program, file: Path) -> str:
    is_inside = file.is_relative_to(program.folder)
    return url_of(file) or str(file.relative_to(program.folder) if is_inside else file.name)


def run_name(of: Mapping[str, Any], quarter: str) -> str:
    """Six characters that are the same whenever inputs, settings, kit and quarter are."""
    return hashlib.sha256(json.dumps([of, quarter], sort_keys=True).encode()).hexdigest()[:6]


def restatements(
    metrics: tuple[Metric, ...], of: Mapping[str, Any], published: Mapping[str, Any] | None
) -> tuple[Restatement, ...]:
    """Figures for last quarter that differ from what last quarter's page said; none without that page."""
    if not published:
        return ()
    said = published.get("scorecard", {})
    moved = []
    for metric in metrics:
        reported = said.get(metric.key, {}).get("this")
        if reported is None or metric.last is None:
            continue
        if abs(float(metric.last) - reported) > VISIBLE * max(abs(reported), VISIBLE):
            moved.append(
                Restatement(metric.key, reported, _reason(metric.key, of, published.get("inputs", {})))
            )
    return tuple(moved)


def _reason(key: str, now: Mapping[str, Any], then: Mapping[str, Any]) -> str:
    """Which of a figure's inputs changed between two pages, in words."""
    before, after = then.get("files", {}), now["files"]
    tables = [table for table in RESTS_ON[key] if table in {*before, *after}]
    changed = [table for table in tables if _changed(before.get(table, {}), after.get(table, {}))]
    late = [table for table in tables if table not in changed and before.get(table) != after.get(table)]
    reasons = [
        f"corrected source ({', '.join(changed)})" if changed else "",
        f"late data ({', '.join(late)})" if late else "",
        "changed settings" if now["settings"] != then.get("settings") else "",
        "changed definition (new version of the kit)" if now["kit"] != then.get("kit") else "",
    ]
    return "; ".join(reason for reason in reasons if reason) or "reason unknown"


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    """Whether a file that both have differs, or one is gone; files that were only added don't count."""
    return any(after.get(name) != content for name, content in before.items())


def published_figures(folder: str | Path, quarter: str) -> dict[str, Any] | None:
    """The figures.json of that quarter's page in a folder of pages; None if there is none."""
    file = Path(folder) / quarter / "figures.json"
    if not str(folder) or not file.is_file():
        return None
    figures: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return figures
