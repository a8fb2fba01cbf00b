"""Files as the systems write them, and quarterly totals shared out in rows."""

import csv
import gzip
import io
import json
import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TextIO

from partners import NEVER, Partner, some_day
from truth import months_after

CENT = Decimal("0.01")
COMPACT = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)
ACTIVITIES = ("Engineering", "Support", "Credentials", "Documentation", "Legal")
ROLES = {"Engineering": "engineer", "Credentials": "engineer", "Legal": "counsel"}


class QuotedWhereNeeded(csv.unix_dialect):
    """Unix line ends, and quotes around the cells that need them."""

    quoting = csv.QUOTE_MINIMAL


@contextmanager
def gzip_text(path: Path) -> Iterator[TextIO]:
    """A text file to write, compressed, with neither time nor name in its header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        path.open("wb") as raw,
        gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed,
        io.TextIOWrapper(packed, encoding="utf-8", newline="\n") as text,
    ):
        yield text


def write_csv(
    path: Path,
    header: list[str],
    rows: Iterable[Iterable],
    *,
    bom: bool = False,
    quote_all: bool = False,
) -> None:
    """Write rows below a header; absent values are empty cells."""
    path.parent.mkdir(parents=True, exist_ok=True)
    encoding = "utf-8-sig" if bom else "utf-8"
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, csv.unix_dialect if quote_all else QuotedWhereNeeded)
        writer.writerow(header)
        writer.writerows(rows)


def cents(amount: float) -> Decimal:
    """An amount with two decimals."""
    return Decimal(round(amount * 100)) * CENT


def months_between(first: date, last: date) -> list[date]:
    """The first of each month from `first` to `last`."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return [months_after(first, n) for n in range(count)]


def monthly_totals(quarters: list[float], first_month: date) -> Iterator[tuple[date, float]]:
    """Each month with its part of the quarter's total."""
    for index, total in enumerate(quarters):
        for n, part in enumerate((0.31, 0.33, 0.36)):
            yield months_after(first_month, 3 * index + n), total * part


def partner_days(
    rng: random.Random,
    partners: list[Partner],
    quarters: list[float],
    first_day: date,
    last_day: date,
    often: float,
) -> Iterator[tuple[date, Partner, float]]:
    """The quarters' totals shared out by day and live partner, larger to those who call more."""
    for month, total in monthly_totals(quarters, first_day):
        days = [month + timedelta(days=n) for n in range((months_after(month, 1) - month).days)]
        drawn = [
            (day, partner, partner.daily**0.5 * rng.lognormvariate(0, 0.4))
            for day in days
            for partner in partners
            if partner.is_live(day) and rng.random() < often * (1 if day.weekday() < 5 else 0.4)
        ]
        whole = sum(weight for _, _, weight in drawn)
        yield from ((day, who, total * w / whole) for day, who, w in drawn if day <= last_day)


def onboarding_work(
    rng: random.Random,
    partners: list[Partner],
    hours_by_quarter: list[float],
    first_day: date,
    last_day: date,
) -> Iterator[tuple[date, Partner | None, str, str, Fraction]]:
    """Each quarter's hours in entries; the partner is absent where the work was for all."""
    for index, budget in enumerate(hours_by_quarter):
        start = months_after(first_day, 3 * index)
        end = min(months_after(start, 3) - timedelta(days=1), last_day)
        nearly_live = [
            partner
            for partner in partners
            if start - timedelta(days=20) <= partner.live < NEVER and partner.registered.date() <= end
        ]
        trying = [p for p in partners if p.live == NEVER and start <= p.sandbox <= end]
        spent, entries = Fraction(0), []
        while spent < budget:
            hours = Fraction(rng.randint(1, 14), 4)
            day = some_day(rng, start, end)
            pool = rng.choices((nearly_live, trying, [None]), (6, 3, 1))[0] or [None]
            activity = rng.choices(ACTIVITIES, (9, 6, 4, 3, 1))[0]
            role = ROLES.get(activity, "support")
            entries.append((day, rng.choice(pool), activity, role, hours))
            spent += hours
        yield from sorted(entries, key=lambda entry: entry[0])
