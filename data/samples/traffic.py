"""Calls hour by hour, written as they are drawn: memory does not grow with their number."""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate, groupby
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from books import gzip_text
from partners import Partner
from truth import Truth, month_of

HOURS = (2, 1, 1, 1, 1, 2, 3, 5, 8, 9, 9, 9, 8, 9, 9, 8, 8, 7, 5, 4, 3, 3, 2, 2)
OUTCOMES = {
    "live": ((200, 302, 400, 404, 422, 429, 500, 503), (931, 6, 12, 18, 11, 12, 6, 4)),
    "trial": ((200, 400, 403, 404, 422, 500), (70, 9, 6, 6, 7, 2)),
    "failing": ((400, 403, 422, 500), (4, 5, 3, 1)),
    "anonymous": ((401,), (1,)),
    "stranger": ((403, 404), (3, 1)),
    "monitor": ((200, 503), (99, 1)),
}


@dataclass(frozen=True)
class Source:
    """Who calls and how it goes; `partner` is absent for keys that are nobody's."""

    partner: Partner | None
    environment: str
    temper: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call; `day` is the local day."""

    id: int
    called_at: datetime
    day: date
    source: Source
    operation: str
    status: int


@dataclass
class Traffic:
    """What is called, by whom, from the first local day to the last."""

    zone: ZoneInfo
    first_day: date
    last_day: date
    partners: list[Partner]
    operations: dict[str, float]
    creating: tuple[str, ...]
    health: str
    growth: float
    scale: int
    seed: str

    def calls_by_hour(self) -> Iterator[list[Call]]:
        """The calls of each hour in order; the quarters' last and first instants among them."""
        rng = random.Random(self.seed)
        hour = datetime.combine(self.first_day, time(), self.zone).astimezone(UTC)
        end = datetime.combine(self.last_day + timedelta(days=1), time(), self.zone).astimezone(UTC)
        day = date.min
        while hour < end:
            local = hour.astimezone(self.zone)
            if local.date() != day:
                day = local.date()
                sources, expected = zip(*self._sources(rng, day), strict=True)
                cumulative = list(accumulate(expected))
            count = poisson(rng, cumulative[-1] * HOURS[local.hour] / sum(HOURS) * self.scale)
            calls = []
            for source in rng.choices(sources, cum_weights=cumulative, k=count):
                called_at = hour + timedelta(milliseconds=rng.randrange(3_600_000))
                calls.append(self._call(rng, called_at, day, source))
            calls += self._at_boundaries(rng, hour, local)
            calls.sort(key=lambda call: (call.called_at, call.id))
            yield calls
            hour += timedelta(hours=1)

    def _sources(self, rng: random.Random, day: date) -> Iterator[tuple[Source, float]]:
        """Every source of the day with the calls to expect from it."""
        rhythm = (1.15, 1.2, 1.2, 1.15, 1.1, 0.6, 0.5)[day.weekday()]
        trend = self.growth ** ((day - self.first_day).days / 30)
        yield Source(None, "production", "monitor"), 5
        yield Source(None, "production", "anonymous"), 0.5 * trend
        yield Source(None, "production", "stranger"), 0.5 * trend
        for partner in self.partners:
            if partner.is_live(day):
                ramp = min(1.0, 0.35 + (day - partner.live).days / 100)
                noise = rng.lognormvariate(0, 0.15)
                yield (
                    Source(partner, "production", "live"),
                    partner.daily * ramp * noise * rhythm * trend,
                )
                yield Source(partner, "sandbox", "trial"), 0.06 * rhythm
            elif 0 <= (day - partner.sandbox).days < 100:
                temper = "trial" if partner.calls_succeed else "failing"
                yield Source(partner, "sandbox", temper), 0.5 * rhythm
                # Impatient ones knock at production before they are let in.
                yield Source(partner, "production", "failing"), 0.02 * rhythm

    def _call(self, rng: random.Random, called_at: datetime, day: date, source: Source) -> Call:
        operation = self.health
        if source.temper != "monitor":
            operation = rng.choices(list(self.operations), list(self.operations.values()))[0]
        status = rng.choices(*OUTCOMES[source.temper])[0]
        if status == 200 and operation in self.creating:
            status = 201
        return Call(rng.getrandbits(128), called_at, day, source, operation, status)

    def _at_boundaries(self, rng: random.Random, hour: datetime, local: datetime) -> Iterator[Call]:
        """The largest partner's calls in the first and last millisecond of a quarter.

        Whoever goes live on its last day does so in that millisecond too.
        """
        following = (hour + timedelta(hours=1)).astimezone(self.zone)
        last = hour + timedelta(milliseconds=3_599_999)
        for edge, called_at in ((local, hour), (following, last)):
            if (edge.day, edge.hour, edge.month % 3) != (1, 0, 1):
                continue
            callers = [max(self.partners, key=lambda partner: partner.daily)]
            if called_at == last:
                callers += [partner for partner in self.partners if partner.live == local.date()]
            for caller in callers:
                source = Source(caller, "production", "live")
                identity, operation = rng.getrandbits(128), self.creating[0]
                yield Call(identity, called_at, local.date(), source, operation, 201)


def poisson(rng: random.Random, mean: float) -> int:
    """A count with this mean: exact for small means, rounded normal for large."""
    if mean > 50:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    count, product = 0, rng.random()
    while product > math.exp(-mean):
        count += 1
        product *= rng.random()
    return count


def write_calls(
    traffic: Traffic, truth: Truth, path: Callable[[date], Path], line: Callable[[Call], str]
) -> None:
    """Write a file per UTC month and tell the truth of each line, repeated deliveries included."""
    rng = random.Random(f"{traffic.seed}:repeats")
    repeats: list[str] = []
    hours = filter(None, traffic.calls_by_hour())
    for month, calls_by_hour in groupby(hours, lambda calls: month_of(calls[0].called_at.date())):
        with gzip_text(path(month)) as file:
            for calls in calls_by_hour:
                deliver_again(repeats, file, truth)
                lines = [line(call) for call in calls]
                for text, call in zip(lines, calls, strict=True):
                    file.write(text + "\n")
                    tell(truth, call)
                # A batch that timed out comes again, after the turn of the month in the next file.
                following = calls[0].called_at + timedelta(hours=1)
                late = following.month != month.month or rng.random() < 1 / 120
                repeats = lines[: len(lines) // 2 + 1] if late else []


def tell(truth: Truth, call: Call) -> None:
    """Count a call under the partner that made it."""
    source = call.source
    partner_id = source.partner.id if source.partner else None
    truth.add_call(call.day, partner_id, source.environment, call.status, call.operation)


def deliver_again(lines: list[str], file: TextIO, truth: Truth) -> None:
    """Write exact copies of lines already delivered."""
    for text in lines:
        file.write(text + "\n")
        truth.add_call(date.min, None, "", 0, "", repeated=True)
