"""What `init` tells in the terminal: what it recognised, what it did not use, what is left to answer, what is next."""

import shlex
import textwrap
from pathlib import Path

from kit.starting.export_groups import Group, path_from
from kit.starting.first_settings import Draft, why
from kit.starting.toml_text import WIDTH, one_line

MOST_SHOWN = 30


def told(draft: Draft, exports: Path, file: Path) -> str:
    """What was recognised, what was not, what is left to answer, and what to do next; within 100 columns."""
    rows = [_seen(group, exports) for group in draft.groups]
    wide = [min(max(len(row[place]) for row in rows), 40) for place in range(3)]
    lines = []
    for group, (where, what, files) in zip(draft.groups, rows, strict=True):
        start = f"{_shortened(where, wide[0]):<{wide[0]}}  {what:<{wide[1]}}  {files:>{wide[2]}}  "
        lines += _wrapped(start, why(group), " " * len(start))
        for remark in group.reading.remarks:
            lines += _wrapped("    beware: ", remark, " " * 12)
    if draft.unknown:
        lines += ["", "Not used:"]
        for each in draft.unknown[:MOST_SHOWN]:
            name = _shortened(path_from(exports.resolve(), each.file), 60)
            lines += _wrapped(f"  {name}  ", f"{each.certainty}: {each.why}", "      ")
        if len(draft.unknown) > MOST_SHOWN:
            lines.append(f"  … and {len(draft.unknown) - MOST_SHOWN:,} more")
    lines += ["", "Left to answer:"]
    for number, question in enumerate(draft.questions, start=1):
        lines += _wrapped(
            f"{number:>3}. line {question.line:<4} ", f"{question.about}: {question.text}", " " * 15
        )
    check = f"api-review check --program {shlex.quote(one_line(str(file.parent)))}"
    lines += [
        "",
        f"Written: {one_line(str(file))}",
        f"Next: answer there, then run  {check}",
    ]
    return "\n".join(lines)


def _seen(group: Group, exports: Path) -> tuple[str, str, str]:
    """Where a group's files are, what they are, and how many."""
    inside = [path_from(exports.resolve(), Path(path)) for path in group.paths]
    more = f" and {len(inside) - 1} more" if len(inside) > 1 else ""
    number = f"{len(group.files):,} file" + "s" * (len(group.files) > 1)
    return inside[0] + more, group.kind.name, number


def _shortened(text: str, room: int) -> str:
    text = one_line(text)
    return text if len(text) <= room else f"…{text[1 - room :]}"


def _wrapped(start: str, text: str, more: str) -> list[str]:
    return textwrap.wrap(one_line(text), WIDTH, initial_indent=start, subsequent_indent=more) or [start]
