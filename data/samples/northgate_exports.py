"""Northgate: Kong, HubSpot, Harvest and spreadsheets, before anyone is billed."""

import json
import random
import uuid
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from books import COMPACT, cents, months_between, onboarding_work, partner_days, write_csv
from partners import (
    NEVER,
    Credential,
    Partner,
    company_names,
    issue_credentials,
    live_partners,
    stalled_partners,
)
from traffic import Call, Traffic, write_calls
from truth import Truth

FIRST_DAY, LAST_DAY = date(2024, 7, 1), date(2026, 10, 11)
ZONE = ZoneInfo("America/New_York")
PLANS = ["Starter", "Growth", "Scale"]
OPERATIONS = {
    "create_order": 30.0,
    "get_order": 25.0,
    "quote_rate": 22.0,
    "track_shipment": 14.0,
    "list_locations": 8.5,
    "health": 0.5,
}
# One figure a quarter, from 2024-Q3 on; the last quarter has only begun.
GOING_LIVE = [2, 1, 2, 4, 2, 3, 5, 6, 10, 1]
HOURS_PER_LIVE = [29, 28, 27, 25, 23.5, 21, 18.5, 16.4, 12.1, 12]
TRANSACTIONS = [545e3, 615e3, 670e3, 780e3, 880e3, 1060e3, 1290e3, 1600e3, 1920e3, 2100e3]
ATTRIBUTED = [160e3, 185e3, 200e3, 235e3, 265e3, 310e3, 370e3, 455e3, 555e3, 600e3]
COSTS = {
    "people": (31400, "0.6"),
    "infrastructure": (8900, "0.55"),
    "support": (6400, "0.5"),
    "tooling": (3100, "1"),
}
MILESTONES = {
    date(2025, 3, 17): "Quickstart guides",
    date(2025, 12, 1): "Self-service portal",
    date(2026, 4, 13): "Sandbox rebuilt",
    date(2026, 7, 6): "Healthcare content",
}
MERGED_ID = "P-0007"
MERGED_ON = date(2025, 2, 20)
STRANGERS = [str(uuid.uuid5(uuid.NAMESPACE_DNS, f"unlisted-{n}")) for n in range(6)]
HUBSPOT = [
    "Record ID", "Company name", "Company Domain Name", "Create Date", "Lifecycle Stage",
    "Industry", "Partner ID", "Sandbox Date", "Production Date", "Offboarded Date", "Test Account",
    "Partner Segment", "Proposed Plan",
]  # fmt: skip  # the header line as exported
HARVEST = [
    "Date", "Client", "Project", "Project Code", "Task", "Notes", "Hours", "Billable?",
    "Invoiced?", "Approved?", "First Name", "Last Name", "Employee Id", "Roles", "Employee?",
    "Billable Rate", "Billable Amount", "Cost Rate", "Cost Amount", "Currency",
    "External Reference URL",
]  # fmt: skip
PEOPLE = {
    "engineer": (("Ana", "Ruiz", "E-11"), ("Tom", "Okafor", "E-14")),
    "support": (("Mia", "Lindqvist", "E-21"),),
    "counsel": (("Jo", "d'Arcy", "E-31"),),
}
NOTES = (
    "Kick-off call",
    'Signature check fails: "invalid_client"\nSent them the worked example',
    "Walked through order flow,\nopen points:\n- retries\n- time zones",
    "Reviewed terms, §4 & §7",
    "",
)


def new_uuid(rng: random.Random) -> str:
    """A random UUID that the seed decides."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def draw_partners(rng: random.Random) -> list[Partner]:
    """All partners in order of registration, the merged and the awkward among them."""
    names = company_names(rng)
    live = live_partners(rng, names, PLANS, ZONE, FIRST_DAY, 11, GOING_LIVE)
    for giant, daily in zip(live[1:4], (22.0, 17.0, 11.0), strict=True):
        giant.daily = daily
    for leaver, left in zip(live[5:9], ((2025, 2), (2025, 9), (2026, 1), (2026, 5)), strict=True):
        leaver.offboarded = date(*left, 14)
        leaver.away = [(leaver.offboarded, NEVER)]
    live[9].away = [(date(2025, 8, 10), date(2026, 3, 2))]
    late = next(p for p in reversed(live) if p.live < date(2026, 7, 1))
    late.live, late.noted_live = date(2026, 6, 30), None
    survivor = next(p for p in live if p.live >= FIRST_DAY)
    survivor.registered = datetime(2025, 2, 3, 16, 5, tzinfo=ZONE)
    survivor.noted_sandbox, survivor.noted_live = None, MERGED_ON
    stalled = {"registered": 27, "sandbox": 22, "first_call": 31}
    partners = live + stalled_partners(rng, names, PLANS, ZONE, FIRST_DAY, LAST_DAY, stalled)
    # In UTC, and in the next quarter there, but not here.
    partners[len(live)].registered = datetime(2026, 9, 30, 22, 45, tzinfo=ZONE)
    for name in ("Northgate QA", "Northgate Sandbox Demo", "Loadtest & Co"):
        registered = datetime(2024, 6, 3, 9, 30, tzinfo=ZONE)
        partners.append(
            Partner(
                name, "Marketplace", "Starter", registered, date(2024, 6, 4), date(2024, 6, 5),
                daily=0.7, is_test=True, noted_live=date(2024, 6, 5),
            )
        )  # fmt: skip
    partners.sort(key=lambda partner: (partner.registered, partner.name))
    numbers = [n for n in range(1, len(partners) + 2) if n != int(MERGED_ID[-4:])]
    for number, partner in zip(numbers, partners, strict=True):
        partner.id = f"P-{number:04}"
    issue_credentials(rng, partners, LAST_DAY, new_uuid)
    survivor.credentials = [
        Credential(new_uuid(rng), survivor.sandbox, MERGED_ID),
        Credential(new_uuid(rng), MERGED_ON, survivor.id),
    ]
    return partners


def is_merged(partner: Partner) -> bool:
    """Whether the partner took over another one's integration."""
    return any(held.holder == MERGED_ID for held in partner.credentials)


@cache
def consumer_id(custom_id: str) -> str:
    """Kong's id of a consumer."""
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{custom_id}.northgate.example"))


@cache
def username(name: str, holder: str) -> str:
    """Kong's user name of a partner: readable, never the key of anything."""
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower())
    return f"{plain.strip('-')}-{holder[-4:]}"


def kong_line(rng: random.Random, call: Call) -> str:
    """A record of Kong's file-log; the fields that came with 3.6 are missing in older ones."""
    source, partner = call.source, call.source.partner
    older = call.called_at.date() < date(2024, 11, 1)
    from_kong = call.status in (401, 403, 429)
    size, took = rng.randint(180, 2400), rng.randint(8, 240)
    creating = call.operation in ("create_order", "quote_rate")
    path = f"/v1/{call.operation.replace('_', '/')}"
    record: dict[str, Any] = {
        "started_at": round(call.called_at.timestamp() * 1000),
        "request": {
            "id": f"{call.id:032x}",
            "method": "POST" if creating else "GET",
            "uri": path,
            "size": rng.randint(120, 900),
        },
        "response": {"status": call.status, "size": str(size) if older else size},
        "route": {"name": call.operation, "paths": [path]},
        "service": {"name": "orders" if "order" in call.operation else "logistics", "port": 443},
        "latencies": {"request": took + 3, "kong": 2, "proxy": -1 if from_kong else took},
        "client_ip": f"203.0.113.{rng.randint(1, 254)}",
        "workspace_name": source.environment,
    }
    if not older:
        record["source"] = "kong" if from_kong else "upstream"
        if not from_kong:
            record["upstream_status"] = str(call.status)
    if source.temper == "monitor":
        holder, name, credential = None, "monitoring", consumer_id("monitoring-key")
    elif source.temper == "stranger":
        credential = rng.choice(STRANGERS)
        holder, name = None, "unlisted"
    elif partner:
        held = partner.credential(call.day)
        holder, name, credential = held.holder, username(partner.name, held.holder), held.id
    else:
        return COMPACT.encode(record)
    record["consumer"] = {"id": consumer_id(holder or credential), "username": name}
    if holder:
        record["consumer"]["custom_id"] = holder
    record["authenticated_entity"] = {"id": credential}
    return COMPACT.encode(record)


def write_kong_admin(exports: Path, partners: list[Partner]) -> None:
    """Consumers and their credentials, as the Admin API lists them; no secrets."""
    consumers: dict[str, tuple[str, int]] = {}
    credentials = []
    for partner in partners:
        for held in partner.credentials:
            # Issued the afternoon before the first use.
            issued = datetime.combine(held.since - timedelta(days=1), time(15, 20), ZONE)
            created_at = int(issued.timestamp())
            consumers.setdefault(held.holder, (username(partner.name, held.holder), created_at))
            credentials.append((held.id, held.holder, created_at))
    kong_consumers: list[dict] = [
        {"id": consumer_id(holder), "username": name, "custom_id": holder,
         "created_at": created_at, "tags": None}
        for holder, (name, created_at) in sorted(consumers.items())
    ]  # fmt: skip
    monitoring = consumer_id(consumer_id("monitoring-key"))
    kong_consumers.append(
        {"id": monitoring, "username": "monitoring", "custom_id": None,
         "created_at": 1714550000, "tags": ["internal"]}
    )  # fmt: skip
    key_auths = [
        {"id": credential, "consumer": {"id": consumer_id(holder)}, "created_at": created_at,
         "tags": None, "ttl": None}
        for credential, holder, created_at in credentials
    ]  # fmt: skip
    for name, data in (("consumers", kong_consumers), ("key-auths", key_auths)):
        text = json.dumps({"data": data, "next": None}, indent=1)
        (exports / f"kong-{name}.json").write_text(text + "\n", encoding="utf-8")


def record_id(partner: Partner) -> str:
    """HubSpot's number of a company."""
    return str(18_250_000_000 + int(partner.id[-4:]) * 7_919_113)


def write_hubspot(exports: Path, partners: list[Partner]) -> None:
    """The companies of the registry, as HubSpot exports its view."""
    rows = [
        (
            record_id(partner), partner.name, f"{username(partner.name, partner.id)}.example",
            f"{partner.registered:%Y-%m-%d %H:%M}",
            "opportunity" if partner.live == NEVER else "customer", partner.segment.upper(),
            partner.id, partner.noted_sandbox, partner.noted_live, partner.offboarded,
            "true" if partner.is_test else "", partner.segment, partner.plan,
        )
        for partner in partners
    ]  # fmt: skip
    write_csv(exports / "hubspot-companies.csv", HUBSPOT, rows, bom=True)


def former_name(partner: Partner) -> str:
    """What Harvest called the merged partner before the merger."""
    return f"{partner.name} (formerly Calloway)"


def write_harvest(exports: Path, rng: random.Random, partners: list[Partner], truth: Truth) -> None:
    """One file of entries a year; cost rates were never filled in."""
    real = [partner for partner in partners if not partner.is_test]
    budget: list[float] = [n * hours for n, hours in zip(GOING_LIVE, HOURS_PER_LIVE, strict=True)]
    entries = list(onboarding_work(rng, real, budget, FIRST_DAY, LAST_DAY))
    tester = next(partner for partner in partners if partner.is_test)
    survivor = next(filter(is_merged, partners))
    entries += [(date(2026, month, 9), tester, "Support", "support", Fraction(3, 2)) for month in (2, 5, 8)]
    entries += [
        (date(2024, month, 14), survivor, "Support", "support", Fraction(5, 4)) for month in (8, 9, 11)
    ]
    years: dict[int, list] = {}
    for day, partner, activity, role, hours in sorted(entries, key=lambda entry: entry[0]):
        first, last, number = rng.choice(PEOPLE[role])
        client = partner.name if partner else ""
        if partner and is_merged(partner) and day < MERGED_ON:
            client = former_name(partner)
        years.setdefault(day.year, []).append(
            (
                day, client, "Partner onboarding", "ONB", activity, rng.choice(NOTES),
                f"{float(hours):.2f}", "No", "No", "Yes", first, last, number, role, "Yes", "0.0",
                "0.0", "0.0", "0.0", "United States Dollar - USD", "",
            )
        )  # fmt: skip
        truth.add_work(day, partner.id if partner else None, role, hours)
    for year, rows in years.items():
        write_csv(exports / f"harvest-{year}.csv", HARVEST, rows)


def write_aliases(exports: Path, partners: list[Partner]) -> None:
    """Other systems' ids of the partners, and the id that was merged away."""
    rows = [(partner.name, partner.id, "harvest") for partner in partners]
    rows += [(record_id(partner), partner.id, "hubspot") for partner in partners]
    survivor = next(filter(is_merged, partners))
    rows.append((former_name(survivor), survivor.id, "harvest"))
    rows.append((MERGED_ID, survivor.id, ""))
    write_csv(exports / "aliases.csv", ["id", "partner_id", "system"], rows)


def in_currency(rng: random.Random, truth: Truth, day: date, usd: float) -> tuple[Decimal, str]:
    """The amount in US dollars, or now and then in Canadian ones."""
    if rng.random() < 0.88:
        return cents(usd), "USD"
    return cents(usd / float(truth.fx[day.replace(day=1), "CAD"])), "CAD"


def write_money(exports: Path, rng: random.Random, partners: list[Partner], truth: Truth) -> None:
    """Settlements through the API, and the orders that partners drove."""
    settlements = []
    for day, partner, usd in partner_days(rng, partners, TRANSACTIONS, FIRST_DAY, LAST_DAY, 0.3):
        amount, currency = in_currency(rng, truth, day, -usd / 4 if rng.random() < 0.01 else usd)
        # Settled in the evening: in UTC it is often the next day, at times the next quarter.
        settled = datetime.combine(day, time(rng.randint(6, 23), rng.randint(0, 59)), ZONE)
        in_utc = f"{settled.astimezone(ZoneInfo('UTC')):%Y-%m-%dT%H:%M:%SZ}"
        settlements.append((in_utc, partner.id, f"{amount:,}", currency))
        truth.add_transaction(day, partner.id, amount, currency)
    header = ["Settled At", "Partner", "Gross", "Ccy"]
    write_csv(exports / "settlements.csv", header, settlements)
    orders = []
    for day, partner, usd in partner_days(rng, partners, ATTRIBUTED, FIRST_DAY, LAST_DAY, 0.06):
        amount, currency = in_currency(rng, truth, day, usd)
        orders.append((day, partner.id, amount, currency))
        truth.add_attributed(day, partner.id, amount, currency)
    header = ["date", "partner_id", "amount", "currency"]
    write_csv(exports / "attributed-orders.csv", header, orders)


def write_costs(exports: Path, rng: random.Random, truth: Truth) -> None:
    """Monthly program costs, the team behind them and the milestones."""
    rows, team = [], []
    for index, month in enumerate(months_between(FIRST_DAY, LAST_DAY)):
        for category, (amount, allocation) in COSTS.items():
            usd = amount * (0.78 + 0.0085 * index) * rng.uniform(0.97, 1.03)
            cost, currency = in_currency(rng, truth, month, usd)
            rows.append((month, category, cost, currency, allocation))
            truth.add_cost(month, category, cost, currency, Decimal(allocation))
        team.append((month, "API platform", "2.5" if index < 15 else "3.0"))
        team.append((month, "Partner support", "1.0"))
    header = ["date", "category", "amount", "currency", "allocation"]
    write_csv(exports / "program-costs.csv", header, rows)
    write_csv(exports / "headcount.csv", ["month", "team", "fte"], team)
    write_csv(exports / "milestones.csv", ["date", "label"], MILESTONES.items())


def write_program(exports: Path, program: dict, seed: str, scale: int) -> Truth:
    """Write all exports; the truth about them comes back."""
    rng = random.Random(f"{seed}:northgate")
    partners = draw_partners(rng)
    fx = {}
    for month in months_between(FIRST_DAY, LAST_DAY):
        fx[month, "CAD"] = Fraction(rng.randint(7120, 7480), 10_000)
    truth = Truth(program, [partner.in_registry() for partner in partners], fx, LAST_DAY)
    exports.mkdir(parents=True, exist_ok=True)
    rates = [(month, currency, float(rate)) for (month, currency), rate in fx.items()]
    write_csv(exports / "fx.csv", ["month", "currency", "rate"], rates)
    write_kong_admin(exports, partners)
    write_hubspot(exports, partners)
    write_aliases(exports, partners)
    write_harvest(exports, rng, partners, truth)
    write_money(exports, rng, partners, truth)
    write_costs(exports, rng, truth)
    traffic = Traffic(
        ZONE, FIRST_DAY, LAST_DAY, partners, OPERATIONS, ("create_order",), "health", 1.02, scale,
        f"{seed}:northgate:calls",
    )  # fmt: skip
    cosmetic = random.Random(f"{seed}:northgate:lines")
    write_calls(
        traffic,
        truth,
        lambda month: exports / "gateway" / f"kong-{month:%Y-%m}.jsonl.gz",
        lambda call: kong_line(cosmetic, call),
    )
    return truth
