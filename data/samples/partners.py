"""Invented partners: when each registers, tries the sandbox, goes live, leaves and comes back."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from truth import Registered, months_after

FIRST_WORDS = (
    "Alder", "Beacon", "Cobalt", "Delta", "Ember", "Fjord", "Granite", "Harbor", "Iris", "Juniper",
    "Keystone", "Lumen", "Meadow", "Nimbus", "Orchard", "Pioneer", "Quill", "Ridge", "Summit",
    "Tidewater", "Umber", "Vantage", "Willow", "Yarrow", "Zephyr",
)  # fmt: skip  # a list of words, not a column
SECOND_WORDS = ("Freight", "Health", "Supply", "Markets", "Parcel", "Retail", "Systems", "Foods")
AWKWARD_NAMES = (
    'Brightwater "Direct" Health', "Müller & Söhne Logistik", "Ångström Frakt AB",
    "O'Neill Supply, LLC", "Acme <b>Fresh</b> Foods", "Crème Brûlée Épicerie, S.à r.l.",
    "Øst-Vest Handel", "Łódź Parts; Sp. z o.o.", "Smith, Jones & Daughters", "Zürich Pakete AG",
)  # fmt: skip
SEGMENTS = ("Retail", "Logistics", "Healthcare", "Marketplace")


NEVER = date.max


@dataclass(frozen=True)
class Credential:
    """What the gateway knows a partner by from a day on; `holder` is the id it was issued to."""

    id: str
    since: date
    holder: str
    until: date | None = None


@dataclass
class Partner:
    """A partner as it behaves, with what the registry happens to say about it."""

    name: str
    segment: str
    plan: str
    registered: datetime
    sandbox: date = NEVER
    live: date = NEVER
    calls_succeed: bool = True
    daily: float = 0.0
    away: list[tuple[date, date]] = field(default_factory=list)
    is_test: bool = False
    noted_sandbox: date | None = None
    noted_live: date | None = None
    offboarded: date | None = None
    id: str = ""
    credentials: list[Credential] = field(default_factory=list)

    def is_live(self, day: date) -> bool:
        """Whether the partner uses production that day."""
        gone = any(start <= day < end for start, end in self.away)
        return self.live <= day and not gone

    def credential(self, day: date) -> Credential:
        """The newest credential it has that day."""
        return [held for held in self.credentials if held.since <= day][-1]

    def in_registry(self) -> Registered:
        """The row of the partners export, as the contract reads it."""
        return Registered(
            self.id, self.registered.date(), self.noted_sandbox, None, self.noted_live,
            self.is_test, self.plan,
        )  # fmt: skip


def company_names(rng: random.Random) -> list[str]:
    """Unique names, the awkward ones spread among the plain."""
    names = [f"{first} {second}" for first in FIRST_WORDS for second in SECOND_WORDS]
    rng.shuffle(names)
    for index, awkward in enumerate(AWKWARD_NAMES):
        names.insert(index * 7 + 3, awkward)
    return names


def some_day(rng: random.Random, first: date, last: date) -> date:
    """A weekday from `first` to `last`."""
    day = first + timedelta(days=rng.randint(0, (last - first).days))
    return day if day.weekday() < 5 else max(first, day - timedelta(days=2))


def some_time(rng: random.Random, day: date, zone: ZoneInfo) -> datetime:
    """A minute of the day, the last ones included."""
    minute = rng.choice((rng.randint(7 * 60, 19 * 60), rng.randint(0, 24 * 60 - 1)))
    return datetime.combine(day, time(minute // 60, minute % 60), zone)


def registry_date(rng: random.Random, day: date, known: float) -> date | None:
    """What somebody typed for a day: often nothing, mostly the day, now and then another."""
    if rng.random() > known:
        return None
    return day + timedelta(days=rng.choices((0, -6, 9), (8, 1, 1))[0])


def live_partners(
    rng: random.Random,
    names: list[str],
    plans: list[str],
    zone: ZoneInfo,
    first_day: date,
    already: int,
    going_live: list[int],
) -> list[Partner]:
    """Partners that reach production: some before the data begin, then so many a quarter."""
    spans = [(first_day - timedelta(days=300), first_day - timedelta(days=20))] * already
    for index, count in enumerate(going_live):
        quarter = months_after(first_day, 3 * index)
        spans += [(quarter, months_after(quarter, 3) - timedelta(days=4))] * count
    partners = []
    for start, end in spans:
        live = some_day(rng, start, end)
        sandbox = live - timedelta(days=rng.randint(20, 110))
        registered = sandbox - timedelta(days=rng.randint(2, 45))
        partner = Partner(
            names.pop(0), rng.choice(SEGMENTS), rng.choice(plans), some_time(rng, registered, zone),
            sandbox, live, daily=min(rng.lognormvariate(0.4, 0.8), 5),
        )  # fmt: skip
        partner.noted_sandbox = registry_date(rng, sandbox, 0.5)
        partner.noted_live = live if live < first_day else registry_date(rng, live, 0.55)
        partners.append(partner)
    return partners


def stalled_partners(
    rng: random.Random,
    names: list[str],
    plans: list[str],
    zone: ZoneInfo,
    first_day: date,
    last_day: date,
    stalled: dict[str, int],
) -> list[Partner]:
    """Partners that stop at a stage before production; more of them register as time goes on."""
    partners = []
    for stage, count in stalled.items():
        for _ in range(count):
            start = first_day - timedelta(days=200)
            days = (last_day - start).days - 12
            registered = start + timedelta(days=int(days * rng.random() ** 0.7))
            partner = Partner(
                names.pop(0), rng.choice(SEGMENTS), rng.choice(plans),
                some_time(rng, registered, zone),
            )  # fmt: skip
            if stage != "registered":
                sandbox = registered + timedelta(days=rng.randint(1, 40))
                partner.sandbox = max(sandbox, first_day) if sandbox <= last_day else NEVER
                partner.calls_succeed = stage == "first_call"
                partner.daily = 0.5
                if partner.sandbox != NEVER:
                    partner.noted_sandbox = registry_date(rng, partner.sandbox, 0.4)
            partners.append(partner)
    return partners


def issue_credentials(
    rng: random.Random,
    partners: list[Partner],
    last_day: date,
    make_id: Callable[[random.Random], str],
) -> None:
    """Give each partner in the sandbox a credential; a third of the live ones rotate theirs."""
    for partner in partners:
        if partner.sandbox == NEVER:
            continue
        days = [partner.sandbox]
        if partner.live != NEVER and rng.random() < 1 / 3:
            days += sorted(some_day(rng, partner.live, last_day) for _ in range(rng.randint(1, 2)))
        ends = [*days[1:], None]
        partner.credentials = [
            Credential(make_id(rng), day, partner.id, end and end + timedelta(days=14))
            for day, end in zip(days, ends, strict=True)
        ]
