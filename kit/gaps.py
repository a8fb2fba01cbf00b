"""Days and months in which a source has nothing, though something is usual, and days with far more than that."""

from datetime import date, timedelta
from itertools import pairwise
from statistics import median

import polars as pl

# A day of the week that usually has so many calls is a gap without any; of other sources, a month is.
USUAL_CALLS = 10
# A month without any of these means that something is missing; partners may well have joined in none.
MONTHLY = ("invoices", "transactions", "worklogs", "costs", "attributed")

# A day is a spike beside the same weekday of the weeks around it, of which there must be so many.
WEEKS_AROUND, LEAST_AROUND = 8, 4
TIMES_USUAL, DEVIATIONS = 3, 8

RECENT = 90
SILENT_AT_LEAST = 4
TAKES_OVER = timedelta(days=45)


def gaps_between(days: pl.DataFrame, table: str) -> list[tuple[date, date]]:
    """First and last day of each span in which a source that goes on afterwards has nothing, against its habit."""
    known = sorted(days["day"].unique().to_list())
    spans = [
        (before + timedelta(days=1), after - timedelta(days=1))
        for before, after in pairwise(known)
        if (after - before).days > 1
    ]
    if table == "calls":
        usual = _usual_by_weekday(days, known[0], known[-1])
        return [span for span in spans if any(usual[day.weekday()] for day in _days(*span))]
    return [(first, last) for first, last in spans if table in MONTHLY and _holds_month(first, last)]


def usual_silence(days: pl.DataFrame) -> int:
    """How many days in a row a source is silent at most in the last ninety; four at least."""
    known: list[date] = sorted(days["day"].unique().to_list())
    recent = [day for day in known if (known[-1] - day).days < RECENT]
    return max([SILENT_AT_LEAST, *((after - before).days - 1 for before, after in pairwise(recent))])


def is_soon_after(last: date, first: date) -> bool:
    """Whether a source that begins on one day takes over from one that ends on the other."""
    return timedelta(0) <= first - last <= TAKES_OVER


def _usual_by_weekday(days: pl.DataFrame, first: date, last: date) -> list[bool]:
    """On which weekdays, from Monday, a source usually has calls: the median of them has enough."""
    counts: dict[date, int] = dict(days.group_by("day").agg(pl.col("rows").sum()).rows())
    by_weekday: list[list[int]] = [[] for _ in range(7)]
    for day in _days(first, last):
        by_weekday[day.weekday()].append(counts.get(day, 0))
    return [bool(each) and median(each) >= USUAL_CALLS for each in by_weekday]


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _holds_month(first: date, last: date) -> bool:
    """Whether a span holds a whole calendar month."""
    begins = first if first.day == 1 else (first.replace(day=1) + timedelta(days=32)).replace(day=1)
    next_month = (begins + timedelta(days=32)).replace(day=1)
    return next_month - timedelta(days=1) <= last


def span(first: date, last: date) -> str:
    """A span of days in words."""
    return f"{first}" if first == last else f"{first} to {last}"


def spikes(days: pl.DataFrame, first: date, last: date) -> list[tuple[date, int, float]]:
    """Days between two with far more calls than the same weekdays around them: the day, its calls, the usual number.

    `days` has `day` and `calls`. Usual is the median of the same weekday in the eight weeks before and after. Far more
    is three times that and eight deviations above it, as their median says it, no less than chance alone would.
    """
    counts: dict[date, int] = dict(days.select("day", "calls").rows())
    found = []
    for day in sorted(day for day in counts if first <= day <= last):
        around = [
            counts[near]
            for weeks in range(-WEEKS_AROUND, WEEKS_AROUND + 1)
            if weeks and (near := day + timedelta(weeks=weeks)) in counts
        ]
        if len(around) < LEAST_AROUND or (usual := median(around)) < USUAL_CALLS:
            continue
        deviation = max(1.4826 * median(abs(count - usual) for count in around), usual**0.5)
        if counts[day] > max(TIMES_USUAL * usual, usual + DEVIATIONS * deviation):
            found.append((day, counts[day], usual))
    return found
