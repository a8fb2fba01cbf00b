"""Days and months in which a source has nothing, though something is usual, and days with far more than that."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Sequence
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from statistics import mean, median, pstdev

import polars as pl

# A day of the week that usually has so many calls is a gap without any.
USUAL_CALLS = 10
# A month without any of these means that something is missing; partners may well have joined in none.
MONTHLY = ("invoices", "transactions", "worklogs", "costs", "attributed")
# Silence in which so many days with rows were to be expected is a gap too: chance hardly makes one, and of what people
# write down by hand, neither does a fortnight's holiday.
BY_MACHINE, BY_HAND = 8, 12
# These happen as they happen: where the first of each month, of a few months, are at uneven intervals, a month without
# any tells something if so many days with rows were to be expected in it.
EVENTS, OF_EVENTS, UNEVEN, FEW = ("transactions", "worklogs", "attributed"), 6, 0.3, 6
# What is to be expected is known where the rest of a source is so many times as long.
KNOWN = 3
# Silence is a habit where so many others of a source are about as long, or a larger share than this of all.
ALIKE, COMPARABLE, COMMON = 2, Fraction(2, 3), Fraction(1, 4)

# A day is a spike beside the same weekday of the weeks around it, of which there must be so many.
WEEKS_AROUND, LEAST_AROUND = 8, 4
TIMES_USUAL, DEVIATIONS = 3, 8

# A trough has so many days, on each this share at most of what is usual, where that is not next to nothing, and so many
# weeks on either side that tell what is.
LONG, LOW, USUAL_AT_LEAST, LEAST_BESIDE = 14, Fraction(1, 3), 3, 2

# Days told twice have about twice the calls, of several partners, in so many numbers that chance does not make them.
ABOUT_TWICE, SEVERAL, NUMBERS, CHANCE = (1.6, 2.5), 3, 20, 1e-6

RECENT = 90
SILENT_AT_LEAST = 4
TAKES_OVER = timedelta(days=45)


def gaps_between(
    days: pl.DataFrame, table: str, starts: Sequence[date], spoken_of: Collection[date] = ()
) -> list[tuple[date, date]]:
    """First and last day of each span in which a source that goes on afterwards has nothing, against its habit.

    `starts` are the first days of the fiscal months, in order; `spoken_of` those of months that rows dated outside of
    them tell of, by their days of service.
    """
    if table not in ("calls", *MONTHLY):
        return []
    known: list[date] = sorted(days["day"].unique().to_list())
    spans = [
        (before + timedelta(days=1), after - timedelta(days=1))
        for before, after in pairwise(known)
        if (after - before).days > 1
    ]
    usual = _usual_by_weekday(days, known[0], known[-1]) if table == "calls" else [False] * 7
    return [
        span
        for span in spans
        if any(usual[day.weekday()] for day in _days(*span))
        or is_unusual(known, span, table, starts, spoken_of)
    ]


def is_unusual(
    known: Sequence[date],
    span: tuple[date, date],
    table: str,
    starts: Sequence[date],
    spoken_of: Collection[date] = (),
) -> bool:
    """Whether a source with rows on some days, in order, breaks its habit by having none in a span after one of them.

    It does by a fiscal month without any, where pauses of so many days and of so many months are rare (how many days a
    pause at the end will have, nobody knows yet) and, of events that come as they come, more than a few were to be
    expected; and by silence that is longer than chance or a pause as it has had before would make it.
    """
    first, last = span
    if first > last:
        return False
    silent = (last - first).days + 1
    ended = bisect_right(starts, last + timedelta(days=1)) - 1  # how many months end by then
    empty = starts[bisect_left(starts, first) : max(ended, 0)]
    outside = (known[-1] - known[0]).days + 1 - (silent if first < known[-1] else 0)
    expected = Fraction(len(known) * silent, outside)
    least = BY_MACHINE if table in ("calls", "transactions") else BY_HAND
    if not empty and expected < least:  # as most spans are: nights and weekends
        return False
    steps = [(after - before).days for before, after in pairwise(known) if not before < first <= after]
    alike = sum(step >= COMPARABLE * (silent + 1) for step in steps)
    if (
        table in MONTHLY
        and (expected >= OF_EVENTS or table not in EVENTS or _is_steady(known, first, starts))
        and not set(empty) <= set(spoken_of)
        and (first > known[-1] or _is_rare(alike, len(steps)))
        and _is_rare(*_as_many_months(known, span, starts))
    ):
        return True
    return alike < ALIKE and expected >= least and outside >= KNOWN * silent


def _as_many_months(
    known: Sequence[date], span: tuple[date, date], starts: Sequence[date]
) -> tuple[int, int]:
    """How many of a source's other steps from one month with rows to the next are as wide as over a span, and of how
    many."""
    before, after = (
        bisect_right(starts, day) for day in (span[0] - timedelta(days=1), span[1] + timedelta(days=1))
    )
    months = sorted({bisect_right(starts, day) for day in known})
    others = [later - month for month, later in pairwise(months) if month != before]
    return sum(step >= after - before for step in others), len(others)


def _is_steady(known: Sequence[date], first: date, starts: Sequence[date]) -> bool:
    """Whether the months of a source, but for the one after a gap, begin on about the same day; few are taken so."""
    begins = list({bisect_right(starts, day): day for day in reversed(known)}.values())[::-1]
    steps = [(after - before).days for before, after in pairwise(begins) if not before < first <= after]
    return len(steps) < FEW or pstdev(steps) <= UNEVEN * mean(steps)


def _is_rare(count: int, of: int) -> bool:
    return count <= COMMON * of


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


def span(first: date, last: date) -> str:
    """A span of days in words."""
    return f"{first}" if first == last else f"{first} to {last}"


def troughs(days: pl.DataFrame) -> list[tuple[date, date, int, float]]:
    """Runs of a fortnight or more with a third at most of what the same weekdays have in the weeks before and after.

    First and last day, the most on one of them, the usual number; none where three are not usual, or where all days are
    empty. `days` has `day` and `calls`; a day without a row has none.
    """
    counts: dict[date, int] = dict(days.select("day", "calls").rows())
    if not counts:
        return []
    first, last = min(counts), max(counts)
    low = {
        day: usual
        for day in _days(first, last)
        if (usual := _usual(counts, day, first, last)) >= USUAL_AT_LEAST and counts.get(day, 0) <= LOW * usual
    }
    runs: list[list[date]] = []
    for day in low:
        if not runs or (day - runs[-1][-1]).days > 1:
            runs.append([])
        runs[-1].append(day)
    return [
        (run[0], run[-1], most, median(low[day] for day in run))
        for run in runs
        if len(run) >= LONG and (most := max(counts.get(day, 0) for day in run))
    ]


def _usual(counts: dict[date, int], day: date, first: date, last: date) -> float:
    """The median of the same weekday around a day, within what is known; 0 where too few of them are, on one side."""
    before, after = (
        [
            counts.get(near, 0)
            for weeks in range(1, WEEKS_AROUND + 1)
            if first <= (near := day + side * timedelta(weeks=weeks)) <= last
        ]
        for side in (-1, 1)
    )
    if min(len(before), len(after)) < LEAST_BESIDE:
        return 0
    return min(median(before), median(after))


def spikes(days: pl.DataFrame, first: date, last: date) -> list[tuple[date, int, float]]:
    """Days between two with far more calls than the same weekdays around them: the day, its calls, the usual number.

    `days` has `day` and `calls`. Usual is the median of the same weekday in the eight weeks before and after. Far more
    is three times that and eight deviations above it, as their median says it, no less than chance alone would. A level
    that stays on the same weekdays of the weeks after is no spike.
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
        after = [
            counts[day + timedelta(weeks=weeks)]
            for weeks in range(1, WEEKS_AROUND + 1)
            if day + timedelta(weeks=weeks) in counts
        ]
        if after and counts[day] <= TIMES_USUAL * median(after):
            continue
        deviation = max(1.4826 * median(abs(count - usual) for count in around), usual**0.5)
        if counts[day] > max(TIMES_USUAL * usual, usual + DEVIATIONS * deviation):
            found.append((day, counts[day], usual))
    return found


def doubled(calls: pl.DataFrame) -> list[tuple[date, date, int, int]]:
    """Each run of days with twice the calls of other days, to the call: its first and last day, how many numbers
    of a partner and day they have, and what all of these are multiples of.

    `calls` has `day`, `partner_id` and `calls`. On these days each partner's number is a multiple of twice the power of
    two that divides all numbers, and together they are about twice what the same weekdays have; by the share of such
    numbers on other days, chance would not make it once in a million times. Growth is not that exact.
    """
    if calls.is_empty():
        return []
    lowest = calls.with_columns(twos=pl.col("calls") & -pl.col("calls"))
    twice = 2 * min(lowest["twos"].to_list())
    by_day = (
        lowest.group_by("day")
        .agg(pl.col("calls").sum(), pl.col("twos").min(), pl.len().alias("partners"))
        .sort("day")
        .with_columns(is_twice=pl.col("twos") >= twice, weekday=pl.col("day").dt.weekday())
    )
    others = lowest.join(by_day.filter(~pl.col("is_twice")), on="day", how="semi")
    share = (others["twos"] >= twice).sum() / max(len(others), 1)
    usual = by_day.filter(~pl.col("is_twice")).group_by("weekday").agg(usual=pl.col("calls").median())
    runs = (
        by_day.join(usual, on="weekday", how="left", maintain_order="left")
        .with_columns(run=pl.col("is_twice").rle_id())
        .filter("is_twice")
        .group_by("run", maintain_order=True)
        .agg(
            pl.col("day").min().alias("first"),
            pl.col("day").max().alias("last"),
            pl.col("partners").sum().alias("numbers"),
            pl.col("partners").max(),
            times=pl.col("calls").sum() / pl.col("usual").sum(),
        )
        .filter(pl.col("times").is_between(*ABOUT_TWICE), pl.col("partners") >= SEVERAL)
    )
    return [
        (first, last, numbers, twice)
        for first, last, numbers in runs.select("first", "last", "numbers").rows()
        if numbers >= NUMBERS and share**numbers < CHANCE
    ]
