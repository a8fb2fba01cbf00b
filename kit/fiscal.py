"""Fiscal months and quarters: the spine on which every figure stands."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True)
class Month:
    """A fiscal month or period: its first day, the first day after it, its name and its quarter's name."""

    month: date
    next_month: date
    name: str
    quarter: str

    @property
    def is_calendar_month(self) -> bool:
        return self.name == f"{self.month:%Y-%m}"

    @property
    def text(self) -> str:
        """As the page writes it: September 2026, P9 FY2026, or a calendar export's own name."""
        if self.is_calendar_month:
            return f"{self.month:%B %Y}"
        return re.sub(r"(\d{4})-P0?(\d+)", r"P\2 FY\1", self.name)

    @property
    def short(self) -> str:
        """Where its neighbours say the year: Sep, P9, or a calendar export's own name."""
        return f"{self.month:%b}" if self.is_calendar_month else self.text.split(" FY")[0]

    @property
    def days(self) -> int:
        return (self.next_month - self.month).days


@dataclass(frozen=True)
class Quarter:
    """A fiscal quarter and its months, oldest first."""

    name: str
    months: tuple[Month, ...]

    @property
    def first_day(self) -> date:
        return self.months[0].month

    @property
    def last_day(self) -> date:
        return self.months[-1].next_month - timedelta(days=1)

    @property
    def last_month(self) -> Month:
        return self.months[-1]

    @property
    def days(self) -> int:
        return (self.last_day - self.first_day).days + 1


def next_month(day: date) -> date:
    """First day of the calendar month after a day's."""
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def quarter_name(month: date, fiscal_year_start: int, named: str = "end") -> str:
    """Name of a month's fiscal quarter; a fiscal year is named by the calendar year of its `named`, end or start."""
    since_start = (month.month - fiscal_year_start) % 12
    ends_next_year = fiscal_year_start > 1 and month.month >= fiscal_year_start
    is_a_year_back = named == "start" and fiscal_year_start > 1
    return f"{month.year + ends_next_year - is_a_year_back}-Q{since_start // 3 + 1}"


def calendar_months(
    first_day: date, last_day: date, fiscal_year_start: int, named: str = "end"
) -> Iterator[Month]:
    """The months of every whole fiscal quarter that the days from first to last touch."""
    month = first_day.replace(day=1)
    while (month.month - fiscal_year_start) % 3:
        month = (month - timedelta(days=1)).replace(day=1)
    while month <= last_day or (month.month - fiscal_year_start) % 3:
        following = next_month(month)
        yield Month(month, following, f"{month:%Y-%m}", quarter_name(month, fiscal_year_start, named))
        month = following


def segments(months: list[Month]) -> Iterator[tuple[date, date, date, date]]:
    """Stretches within one fiscal and one calendar month: fiscal month, calendar month, first day, next day."""
    for month in months:
        day = month.month
        while day < month.next_month:
            until = min(next_month(day), month.next_month)
            yield month.month, day.replace(day=1), day, until
            day = until


def quarters(months: list[Month]) -> list[Quarter]:
    """The quarters of a spine of months, oldest first."""
    by_name: dict[str, list[Month]] = {}
    for month in months:
        by_name.setdefault(month.quarter, []).append(month)
    return [Quarter(name, tuple(of_quarter)) for name, of_quarter in by_name.items()]


def months_before(first: Month, history: timedelta) -> list[Month]:
    """Stretches of thirty days before a calendar's first period, in quarters of three: no figure is made of them."""
    months: list[Month] = []
    year, number = int(first.quarter[:4]), int(first.quarter[-1])
    while (first.month - (months[-1].month if months else first.month)) < history:
        year, number = (year, number - 1) if number > 1 else (year - 1, 4)
        for _ in range(3):
            until = months[-1].month if months else first.month
            day = until - timedelta(days=30)
            months.append(Month(day, until, f"{day}", f"{year}-Q{number}"))
    return months[::-1]


def is_quarter_name(text: str) -> bool:
    """Whether a text is the name of a quarter, like 2026-Q3."""
    return re.fullmatch(r"\d{4}-Q[1-4]", text) is not None


def not_a_quarter(text: str) -> str:
    """What to say of a text that is no quarter's name."""
    return f"{text!r} is not a quarter. Write it like 2026-Q3."
