"""What was said of a quarter before: in its editions, or on the page that lies there where none was published."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from kit.editions import FIGURES, FOLDER, Edition, editions_of, read_object
from kit.fiscal import Quarter
from kit.quarters import day_text

# The calls of a quarter that is over reach its last day, but for so many quiet ones.
QUIET_DAYS = 4


@dataclass(frozen=True)
class Published:
    """What was said of a quarter: `figures` as first reported, `last` as last.

    Both are empty where there is nothing to compare with; `changes` say why, and what else is wrong. `edition` and
    `last_edition` are None where none was published.
    """

    figures: Mapping[str, Any]
    last: Mapping[str, Any]
    edition: Edition | None
    last_edition: Edition | None
    changes: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "quarter": self.figures.get("quarter"),
            "run": self.figures.get("run"),
            "edition": self.edition.number if self.edition else None,
            "last_edition": self.last_edition.number if self.last_edition else None,
            "changed": list(self.changes),
        }


def to_day(edition: Edition) -> date | None:
    """The last day that an edition spoke of, where its quarter was not over; None if it was, or nothing tells."""
    ends = [
        each["last_day"]
        for each in edition.about.get("inputs", [])
        if each["table"] == "calls" and each["last_day"]
    ]
    if not ends or not edition.figures.get("last_day"):
        return None
    end = date.fromisoformat(max(ends))
    return end if (date.fromisoformat(edition.figures["last_day"]) - end).days > QUIET_DAYS else None


def said_of(pages: Path | str, quarter: Quarter, program: str, is_over: bool = True) -> Published | None:
    """What was said of a program's quarter in a folder of pages; None if nothing was.

    A quarter is known by its days: the fiscal calendar may have changed. What was published by another program, or
    changed since, is not compared with. Of a quarter that is not `is_over` only editions speak.
    """
    if not str(pages):
        return None
    own = editions_of(pages, quarter.name)
    changes = troubles(own)
    if fitting := [each for each in own if each.is_sound and _is_of(each.figures, quarter, program)]:
        return Published(fitting[0].figures, fitting[-1].figures, fitting[0], fitting[-1], changes)
    others = [each for each in _all_editions(pages) if _touches(each.figures, quarter) and each.is_sound]
    for name in sorted({each.folder.parent.name for each in others}):
        fitting = [each for each in others if each.folder.parent.name == name]
        fitting = [each for each in fitting if _is_of(each.figures, quarter, program, by_days=True)]
        if fitting:
            return Published(fitting[0].figures, fitting[-1].figures, fitting[0], fitting[-1], changes)
    figures = read_object(Path(pages) / quarter.name / FIGURES) if is_over and not own else {}
    if figures and _is_of(figures, quarter, program):
        return Published(figures, figures, None, None, changes)
    changes += _why_none([each.figures for each in others] or [figures], quarter, program)
    return Published({}, {}, None, None, changes) if changes else None


def troubles(editions: Sequence[Edition]) -> tuple[str, ...]:
    """What is wrong with a quarter's editions: changed, in another's place, or gone."""
    numbers = {each.number for each in editions}
    gone = [number for number in range(1, max(numbers, default=0)) if number not in numbers]
    missing = f"edition{'s' if len(gone) > 1 else ''} {', '.join(map(str, gone))}"
    return (
        *(
            f"{each.title} was changed after it was published: {', '.join(what)}"
            for each in editions
            if (what := [*each.changes, *([each.misplaced] if each.misplaced else [])])
        ),
        *(
            [f"{missing} of {editions[0].folder.parent.name} {'are' if len(gone) > 1 else 'is'} missing"]
            if gone
            else []
        ),
    )


def _all_editions(pages: Path | str) -> list[Edition]:
    folder = Path(pages) / FOLDER
    names = sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []
    return [edition for name in names for edition in editions_of(pages, name)]


def _is_of(figures: Mapping[str, Any], quarter: Quarter, program: str, by_days: bool = False) -> bool:
    """Whether figures are of a program's quarter; what they do not say is taken for the same, but not `by_days`."""
    days = (quarter.first_day.isoformat(), quarter.last_day.isoformat())
    said = (figures.get("first_day"), figures.get("last_day"))
    return figures.get("program", program) == program and (
        said == days or (not by_days and said == (None, None))
    )


def _touches(figures: Mapping[str, Any], quarter: Quarter) -> bool:
    """Whether figures are of some of a quarter's days."""
    first, last = str(figures.get("first_day", "9")), str(figures.get("last_day", ""))
    return first <= quarter.last_day.isoformat() and quarter.first_day.isoformat() <= last


def _why_none(others: Sequence[Mapping[str, Any]], quarter: Quarter, program: str) -> tuple[str, ...]:
    """Why what was published there is not compared with; nothing where none of it is of those days."""
    of_days = [each for each in others if _touches(each, quarter)]
    strangers = sorted({str(name) for each in of_days if (name := each.get("program")) != program})
    names = sorted({str(each.get("quarter")) for each in of_days if each.get("program") == program})
    days = f"{day_text(quarter.first_day)} to {day_text(quarter.last_day)}"
    if names:
        return (
            f"the fiscal calendar changed since {' and '.join(names)} {'was' if len(names) == 1 else 'were'} published:"
            f" nothing was published for {days} that {quarter.name} could be compared with",
        )
    if strangers:
        return (
            f"what was published here for {days} is of another program, {', '.join(strangers)}:"
            f" {quarter.name} is not compared with it",
        )
    return ()
