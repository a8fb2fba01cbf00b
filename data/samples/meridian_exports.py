"""Meridian: AWS API Gateway, Toggl, FOCUS and its own registry."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from books import COMPACT, cents, months_between, onboarding_work, partner_days, write_csv
from meridian_billing import FIRST_DAY, LAST_DAY, ZONE, customer_id, write_stripe
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
from truth import Truth, month_of, months_after

PLANS = ["Basic", "Pro", "Enterprise"]
OPERATIONS = {
    "POST /orders": 24.0,
    "GET /orders/{id}": 27.0,
    "GET /shipments/{id}": 21.0,
    "GET /prices": 18.0,
    "GET /reports/{id}": 9.5,
    "GET /health": 0.5,
}
# One figure a fiscal quarter, from 2025-Q1 on; the last quarter has only begun.
GOING_LIVE = [2, 2, 3, 3, 3, 2, 4, 5, 2, 6, 1]
HOURS_PER_LIVE = [31, 30, 28, 27, 24, 22, 20, 17, 21, 15, 15]
ATTRIBUTED = [205e3, 215e3, 240e3, 250e3, 270e3, 290e3, 320e3, 340e3, 330e3, 390e3, 400e3]
SERVICES = {
    "Amazon API Gateway": ("Networking", 1450),
    "Amazon Elastic Compute Cloud": ("Compute", 4600),
    "Amazon Relational Database Service": ("Databases", 2700),
    "Amazon Simple Storage Service": ("Storage", 640),
    "AmazonCloudWatch": ("Management and Governance", 380),
}
COSTS = {
    "people": (27800, "EUR", "0.65"),
    "support": (5900, "CHF", "0.5"),
    "tooling": (2300, "EUR", "1"),
}
MILESTONES = {
    date(2025, 1, 20): "Guided sandbox",
    date(2025, 11, 3): "Self-service keys",
    date(2026, 7, 13): "Reports by API",
}
REASSIGNED_ON = date(2025, 9, 1)
STRANGERS = [f"zz{n * 7919**5 % 36**8:08x}" for n in range(1, 7)]
TOGGL = [
    "User", "Email", "Client", "Project", "Task", "Description", "Billable", "Start date",
    "Start time", "End date", "End time", "Duration", "Tags", "Amount (EUR)",
]  # fmt: skip  # the header line as exported
FOCUS = [
    "BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency", "BillingPeriodEnd",
    "BillingPeriodStart", "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargePeriodEnd",
    "ChargePeriodStart", "ContractedCost", "EffectiveCost", "InvoiceIssuerName", "ListCost",
    "PricingQuantity", "PricingUnit", "ProviderName", "PublisherName", "ServiceCategory",
    "ServiceName",
]  # fmt: skip
PEOPLE = {"engineer": "Lena Frei", "support": "Marco Rossi", "counsel": "Eva Keller"}
NOTES = ("Go-live call", 'Error "403 Forbidden"\nkey was for the sandbox', "Terms, 2nd round", "")


def new_key(rng: random.Random) -> str:
    """An API key's id, as API Gateway writes it."""
    return "".join(rng.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=10))


def draw_partners(rng: random.Random) -> list[Partner]:
    """All partners in order of registration."""
    names = company_names(rng)
    live = live_partners(rng, names, PLANS, ZONE, FIRST_DAY, 13, GOING_LIVE)
    for giant, daily in zip((live[0], live[2], live[20]), (9.0, 6.5, 6.0), strict=True):
        giant.daily = daily
    leavers = {3: (2025, 1), 5: (2025, 8), 6: (2026, 4), 8: (2026, 5), 20: (2026, 5)}
    for index, left in leavers.items():
        gone = date(*left, 11)
        live[index].offboarded, live[index].away = gone, [(gone, NEVER)]
    live[7].away = [(date(2025, 6, 20), date(2026, 1, 12))]
    stalled = {"registered": 16, "sandbox": 17, "first_call": 21}
    partners = live + stalled_partners(rng, names, PLANS, ZONE, FIRST_DAY, LAST_DAY, stalled)
    for name in ("Meridian Test AG", "Demo GmbH"):
        registered = datetime(2024, 3, 4, 9, 30, tzinfo=ZONE)
        partners.append(
            Partner(
                name, "Retail", "Basic", registered, date(2024, 3, 5), date(2024, 3, 6),
                daily=0.6, is_test=True, noted_live=date(2024, 3, 6),
            )
        )  # fmt: skip
    partners.sort(key=lambda partner: (partner.registered, partner.name))
    for number, partner in enumerate(partners, 1):
        partner.id = f"m{number:03}"
    issue_credentials(rng, partners, LAST_DAY, new_key)
    reassign_key(rng, live[5], next(p for p in live if p.live > REASSIGNED_ON))
    return partners


def reassign_key(rng: random.Random, giver: Partner, taker: Partner) -> None:
    """Hand the giver's key over on a day: who it stands for depends on when it is used."""
    key = new_key(rng)
    giver.credentials = [Credential(key, giver.sandbox, giver.id, REASSIGNED_ON)]
    taker.sandbox = max(taker.sandbox, REASSIGNED_ON)
    taker.credentials = [Credential(key, REASSIGNED_ON, taker.id)]


def aws_line(rng: random.Random, call: Call, retired: list[str]) -> str:
    """An access log record: every value is text, and a missing one is a dash."""
    source = call.source
    method, path = call.operation.split(" ")
    key = "-"
    if source.temper == "stranger":
        key = rng.choice(STRANGERS + retired)
    elif source.partner:
        key = source.partner.credential(call.day).id
    record = {
        "requestId": f"{call.id >> 64:016x}",
        "extendedRequestId": f"{call.id:032x}",
        "ip": f"198.51.100.{rng.randint(1, 254)}",
        "caller": "-",
        "user": "-",
        "requestTime": f"{call.called_at:%d/%b/%Y:%H:%M:%S +0000}",
        "httpMethod": method,
        "resourcePath": path,
        "status": str(call.status),
        "protocol": "HTTP/1.1",
        "responseLength": str(rng.randint(90, 4000)),
        "stage": "prod" if source.environment == "production" else "sandbox",
        "apiKeyId": key,
    }
    return COMPACT.encode(record)


def retired_keys(partners: list[Partner]) -> list[str]:
    """Keys withdrawn before the data begin, still tried by somebody's forgotten job."""
    return [f"old{partner.id}" for partner in partners if partner.is_test]


def write_registry(exports: Path, partners: list[Partner]) -> None:
    """Partners, their keys, and what Stripe and Toggl call them."""
    keys: list[tuple] = [
        (held.id, partner.id, held.since, held.until) for partner in partners for held in partner.credentials
    ]
    tester = next(partner for partner in partners if partner.is_test)
    keys += [(key, tester.id, "2023-01-01", "2024-03-31") for key in retired_keys(partners)]
    header = ["api_key", "partner_id", "valid_from", "valid_to"]
    write_csv(exports / "api-keys.csv", header, keys)
    rows = [
        (
            partner.id, partner.name, partner.registered.date(), partner.noted_sandbox,
            partner.noted_live, partner.offboarded, str(partner.is_test).lower(), partner.segment,
            partner.plan,
        )
        for partner in partners
    ]  # fmt: skip
    header = [
        "partner_id", "name", "registered_at", "sandbox_at", "production_at", "offboarded_at",
        "is_test", "segment", "plan",
    ]  # fmt: skip
    write_csv(exports / "partners.csv", header, rows)
    aliases = [(customer_id(partner), partner.id, "stripe") for partner in partners]
    aliases += [(client_name(partner), partner.id, "toggl") for partner in partners]
    write_csv(exports / "aliases.csv", ["id", "partner_id", "system"], aliases)


def client_name(partner: Partner) -> str:
    """What Toggl calls a partner."""
    return f"{partner.name} ({partner.segment})"


def hours_minutes_seconds(seconds: int) -> str:
    """A duration as Toggl writes it; hours do not stop at 24."""
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def toggl_row(
    rng: random.Random, day: date, partner: Partner | None, activity: str, role: str, seconds: int
) -> list:
    """An entry of the detailed report; one of no length is still running."""
    started = datetime.combine(day, time(rng.randint(7, 18), rng.randint(0, 59)))
    ended = started + timedelta(seconds=seconds)
    user = PEOPLE[role]
    client = client_name(partner) if partner else ""
    end = (f"{ended:%Y-%m-%d}", f"{ended:%H:%M:%S}") if seconds else ("", "")
    return [
        user, f"{user.split()[0].lower()}@meridian.example", client, "Onboarding", activity,
        rng.choice(NOTES), "No", day, f"{started:%H:%M:%S}", *end, hours_minutes_seconds(seconds),
        role, "0.00",
    ]  # fmt: skip


def write_toggl(exports: Path, rng: random.Random, partners: list[Partner], truth: Truth) -> None:
    """One file of entries a year, a forgotten timer and a running one included."""
    real = [partner for partner in partners if not partner.is_test]
    budget: list[float] = [n * hours for n, hours in zip(GOING_LIVE, HOURS_PER_LIVE, strict=True)]
    entries = [
        (day, partner, activity, role, int(hours * 3600) + rng.randint(-400, 400))
        for day, partner, activity, role, hours in onboarding_work(rng, real, budget, FIRST_DAY, LAST_DAY)
    ]
    tester = next(partner for partner in partners if partner.is_test)
    entries += [
        (date(2024, 11, 5), real[0], "Engineering", "engineer", 24 * 3600 + 19 * 60 + 36),
        (date(2026, 9, 30), real[0], "Support", "support", 0),
        (date(2026, 8, 4), tester, "Support", "support", 5400),
    ]
    years: dict[int, list] = {}
    for day, partner, activity, role, seconds in sorted(entries, key=lambda entry: entry[0]):
        row = toggl_row(rng, day, partner, activity, role, seconds)
        years.setdefault(day.year, []).append(row)
        truth.add_work(day, partner.id if partner else None, role, Fraction(seconds, 3600))
    for year, rows in years.items():
        write_csv(exports / "toggl" / f"{year}.csv", TOGGL, rows, bom=True, quote_all=True)


def cloud_charges(rng: random.Random) -> Iterator[tuple[datetime, datetime, str, float, str]]:
    """Charges of the cloud bill: months, corrections, and an hour late on a quarter's last day."""
    for index, month in enumerate(months_between(FIRST_DAY, LAST_DAY)):
        start = datetime.combine(month, time(), UTC)
        end = datetime.combine(months_after(month, 1), time(), UTC)
        for service, (_, dollars) in SERVICES.items():
            yield start, end, service, dollars * (0.7 + 0.013 * index) * rng.uniform(0.95, 1.05), ""
            if rng.random() < 0.06:
                yield start, end, service, -dollars * rng.uniform(0.02, 0.08), "Correction"
        if month.month % 3 == 0:
            # From 23:00 UTC: already the next quarter in Zurich, and still of this month on the bill.
            late = end - timedelta(hours=1)
            yield late, end, "Amazon Elastic Compute Cloud", rng.uniform(180, 420), ""


def write_focus(exports: Path, rng: random.Random, truth: Truth) -> None:
    """The cloud bill; the program's cost is what a charge effectively cost."""
    rows = []
    for start, end, service, dollars, charge_class in cloud_charges(rng):
        effective = Decimal(round(dollars * 10_000)) / 10_000
        billed = cents(dollars * 1.04)
        period = datetime.combine(month_of(start.date()), time(), UTC)
        period_end = datetime.combine(months_after(period.date(), 1), time(), UTC)
        stamps = [f"{t:%Y-%m-%dT%H:%M:%SZ}" for t in (period_end, period, end, start)]
        rows.append(
            (
                billed, "410200300400", "meridian-data", "USD", *stamps[:2], "Usage", charge_class,
                f"{service} usage", *stamps[2:], effective, effective, "Amazon Web Services",
                cents(dollars * 1.1), rng.randint(100, 9000), "Hours", "AWS", "AWS",
                SERVICES[service][0], service,
            )
        )  # fmt: skip
        truth.add_cost(start.date(), "infrastructure", effective, "USD", Decimal("0.8"))
    write_csv(exports / "focus-infrastructure.csv", FOCUS, rows)


def write_finance(exports: Path, rng: random.Random, truth: Truth) -> None:
    """People, support and tooling from the ledger; the team and the milestones."""
    rows, team = [], []
    for index, month in enumerate(months_between(FIRST_DAY, LAST_DAY)):
        for category, (amount, currency, allocation) in COSTS.items():
            # A consultant for the migration of spring 2026.
            one_off = 1.18 if category == "people" and 24 <= index <= 26 else 1
            cost = cents(amount * (0.8 + 0.008 * index) * one_off * rng.uniform(0.98, 1.02))
            day = month + timedelta(days=24)
            if day <= LAST_DAY:
                rows.append((day, category, cost, currency, allocation))
                truth.add_cost(day, category, cost, currency, Decimal(allocation))
        team.append((month, "Data API", "3.0" if index < 18 else "3.5"))
        team.append((month, "Partner success", "1.5"))
    header = ["date", "category", "amount", "currency", "allocation"]
    write_csv(exports / "finance-costs.csv", header, rows)
    write_csv(exports / "headcount.csv", ["month", "team", "fte"], team)
    write_csv(exports / "milestones.csv", ["date", "label"], MILESTONES.items())


def write_attributed(exports: Path, rng: random.Random, partners: list[Partner], truth: Truth) -> None:
    """Sales through partners' integrations."""
    rows = []
    for day, partner, eur in partner_days(rng, partners, ATTRIBUTED, FIRST_DAY, LAST_DAY, 0.06):
        currency = rng.choices(("EUR", "CHF"), (8, 2))[0]
        rate = float(truth.fx.get((month_of(day), currency), 1))
        rows.append((day, partner.id, cents(eur / rate), currency))
        truth.add_attributed(day, partner.id, cents(eur / rate), currency)
    header = ["date", "partner_id", "amount", "currency"]
    write_csv(exports / "attributed-revenue.csv", header, rows)


def write_program(exports: Path, program: dict, seed: str, scale: int) -> Truth:
    """Write all exports; the truth about them comes back."""
    rng = random.Random(f"{seed}:meridian")
    partners = draw_partners(rng)
    fx = {}
    for month in months_between(FIRST_DAY, LAST_DAY):
        fx[month, "CHF"] = Fraction(rng.randint(10_250, 10_720), 10_000)
        fx[month, "USD"] = Fraction(rng.randint(8_520, 9_280), 10_000)
    truth = Truth(program, [partner.in_registry() for partner in partners], fx, LAST_DAY)
    exports.mkdir(parents=True, exist_ok=True)
    rates = [(month, currency, float(rate)) for (month, currency), rate in fx.items()]
    write_csv(exports / "fx.csv", ["month", "currency", "rate"], rates)
    write_registry(exports, partners)
    write_stripe(exports, rng, partners, truth)
    write_toggl(exports, rng, partners, truth)
    write_focus(exports, rng, truth)
    write_finance(exports, rng, truth)
    write_attributed(exports, rng, partners, truth)
    traffic = Traffic(
        ZONE, FIRST_DAY, LAST_DAY, partners, OPERATIONS, ("POST /orders",), "GET /health", 1.004,
        scale, f"{seed}:meridian:calls",
    )  # fmt: skip
    cosmetic = random.Random(f"{seed}:meridian:lines")
    retired = retired_keys(partners)
    write_calls(
        traffic,
        truth,
        lambda month: exports / "apigw" / f"{month:%Y/%m}" / "access.jsonl.gz",
        lambda call: aws_line(cosmetic, call, retired),
    )
    return truth
