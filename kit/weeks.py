"""Fiscal years of whole weeks: 4-4-5, 4-5-4 and 5-4-4, with the 53rd week."""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from kit.fiscal import Month, next_month

PATTERNS = ("4-4-5", "4-5-4", "5-4-4")
WEEK = timedelta(weeks=1)
DAYS = tuple(name.lower() for name in calendar.day_name)
MONTHS = tuple(name.lower() for name in calendar.month_name)  # the first is empty


@dataclass(frozen=True)
class YearEnd:
    """The day on which fiscal years end: a weekday (Monday is 0), the last of a month or the nearest to its end."""

    weekday: int
    month: int
    is_nearest: bool

    def in_year(self, year: int) -> date:
        """The end that belongs to a calendar year's month; the nearest may fall up to three days after it."""
        last_day = next_month(date(year, self.month, 1)) - timedelta(days=1)
        last = last_day - timedelta(days=(last_day.weekday() - self.weekday) % 7)
        return last + WEEK if self.is_nearest and (last_day - last).days > 3 else last

    def __str__(self) -> str:
        month, day = calendar.month_name[self.month], calendar.day_name[self.weekday]
        return f"{day} nearest the end of {month}" if self.is_nearest else f"last {day} of {month}"


def year_end(text: str) -> YearEnd:
    """'last saturday of january' or 'saturday nearest january 31' as a rule; ValueError for anything else."""
    words = " ".join(text.lower().split())
    found = re.fullmatch(r"last (\w+) of (\w+)|(\w+) nearest (\w+) (\d\d)", words)
    day, month = (found[1] or found[3], found[2] or found[4]) if found else ("", "")
    if not found or day not in DAYS or month not in MONTHS[1:]:
        raise ValueError(
            'not the end of a year. Write it like "last saturday of january" or "saturday nearest january 31".'
        )
    number = MONTHS.index(month)
    last_days = {calendar.monthrange(year, number)[1] for year in (2023, 2024)}
    if found[5] and int(found[5]) not in last_days:
        raise ValueError(
            f"not the end of a month. Years end near one: write {day} nearest {month} {min(last_days)}."
        )
    return YearEnd(DAYS.index(day), number, bool(found[5]))


def last_saturday_before(month: int) -> YearEnd:
    """The last Saturday of the month before a numbered one."""
    return YearEnd(DAYS.index("saturday"), (month - 2) % 12 + 1, False)


def weeks_of(pattern: str, is_long: bool, week_53: int) -> list[int]:
    """The weeks of a year's twelve periods; of a long year the period numbered `week_53` has one more."""
    weeks = [int(count) for count in pattern.split("-")] * 4
    weeks[week_53 - 1] += is_long
    return weeks


def periods(
    first_day: date, last_day: date, pattern: str, ends: YearEnd, week_53: int = 12, named: str = "end"
) -> Iterator[Month]:
    """The periods of every fiscal quarter that the days from first to last touch, named like 2026-P01.

    A fiscal year is named by the calendar year of the month in or near whose end it ends, or, `named` "start", of the
    month with or near whose beginning it starts: the one before, unless it ends with December.
    """
    is_a_year_back = named == "start" and ends.month < 12
    for year in range(first_day.year - 1, last_day.year + 3):
        day, until = ends.in_year(year - 1) + timedelta(days=1), ends.in_year(year) + timedelta(days=1)
        weeks = weeks_of(pattern, until - day == 53 * WEEK, week_53)
        name = year - is_a_year_back
        starts = [day + sum(weeks[:number]) * WEEK for number in range(13)]
        for number in range(12):
            quarter = number // 3
            if starts[quarter * 3 + 3] > first_day and starts[quarter * 3] <= last_day:
                yield Month(
                    starts[number], starts[number + 1], f"{name}-P{number + 1:02}", f"{name}-Q{quarter + 1}"
                )
