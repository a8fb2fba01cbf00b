"""Meridian's invoices, as Stripe keeps them: yearly, monthly, usage, overage and credits."""

import random
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from books import COMPACT, cents, months_between
from partners import NEVER, Partner
from truth import Truth, month_of, months_after

FIRST_DAY, LAST_DAY = date(2024, 4, 1), date(2026, 10, 5)
ZONE = ZoneInfo("Europe/Zurich")
STATUSES = {"paid": 186, "open": 8, "void": 2, "uncollectible": 2, "draft": 2}


def stripe_id(rng: random.Random, kind: str) -> str:
    """An id in Stripe's manner."""
    return f"{kind}_1{rng.getrandbits(88):022x}"


def customer_id(partner: Partner) -> str:
    """Stripe's id of a partner."""
    return f"cus_Q{int(partner.id[1:]) * 7919**3 % 16**12:012x}"


def epoch(day: date, at: time = time()) -> int:
    """Seconds since 1970 of a local day and time."""
    return int(datetime.combine(day, at, ZONE).timestamp())


def price(rng: random.Random, suffix: str, usage_type: str) -> dict:
    """A Stripe price; the team names those of overage."""
    identity = f"price_{rng.getrandbits(40):010x}{suffix}"
    return {"id": identity, "recurring": {"usage_type": usage_type}}


class Stripe:
    """The invoices written so far, each told to the truth as it is drawn up."""

    def __init__(self, rng: random.Random, truth: Truth) -> None:
        self.rng = rng
        self.truth = truth
        self.invoices: list[dict] = []

    def invoice(
        self, partner: Partner, day: date, currency: str, lines: list[tuple], live: bool = True
    ) -> None:
        """Draw up an invoice of (amount, price, first day, end, description) lines."""
        rng = self.rng
        status = rng.choices(list(STATUSES), list(STATUSES.values()))[0]
        # Drawn up just after midnight: in UTC it is still the day before.
        created = epoch(day, time(0, rng.randint(5, 55)))
        data = []
        for amount, line_price, start, end, description in lines:
            parent = "subscription_item_details" if line_price else "invoice_item_details"
            data.append(
                {
                    "id": stripe_id(rng, "il"),
                    "object": "line_item",
                    "amount": int(amount * 100),
                    "currency": currency,
                    "description": description,
                    "discount_amounts": [],
                    "livemode": live,
                    "period": {"start": epoch(start), "end": epoch(end)},
                    "proration": False,
                    "price": line_price,
                    "parent": {"type": parent},
                }
            )
            if live:
                service = (start, end) if start < end else None
                self.truth.add_invoice_line(day, partner.id, amount, currency.upper(), status, service)
        self.invoices.append(
            {
                "id": stripe_id(rng, "in"),
                "object": "invoice",
                "customer": customer_id(partner),
                "status": status,
                "currency": currency,
                "created": created,
                "livemode": live,
                "lines": {"object": "list", "data": data},
            }
        )


def bill_partner(stripe: Stripe, rng: random.Random, partner: Partner) -> None:
    """A billed partner's invoices: its fee in advance, usage and overage after the month."""
    currency = rng.choices(("eur", "chf"), (7, 3))[0]
    licensed, metered = price(rng, "", "licensed"), price(rng, "", "metered")
    overage = price(rng, "_overage", "metered")
    size = partner.daily**0.6
    yearly = rng.random() < 0.35
    fee = cents(size * (rng.uniform(10400, 13900) if yearly else rng.uniform(860, 1180)))
    start = months_after(month_of(max(partner.live, FIRST_DAY)), rng.randint(1, 2))
    if partner.live < FIRST_DAY:
        start = FIRST_DAY
    for index, month in enumerate(months_between(start, LAST_DAY)):
        before = months_after(month, -1)
        if not partner.is_live(month):
            continue
        lines: list[tuple] = []
        if yearly and index % 12 == 0:
            end = months_after(month, 12)
            lines.append((fee, licensed, month, end, "1 × Meridian Data API (yearly)"))
        elif not yearly:
            end = months_after(month, 1)
            lines.append((fee, licensed, month, end, "1 × Meridian Data API (monthly)"))
        if index:
            usage = cents(size * rng.uniform(210, 470) * 1.02**index)
            lines.append((usage, metered, before, month, "Calls above plan"))
        if index and rng.random() < 0.3:
            extra = cents(size * rng.uniform(60, 260))
            lines.append((extra, overage, before, month, "Calls above the upper limit"))
        if rng.random() < 0.05:
            credit = cents(-size * rng.uniform(40, 160))
            lines.append((credit, None, month, month, "Credit for an outage, agreed"))
        if rng.random() < 0.04:
            lines.append((cents(rng.uniform(300, 900)), None, month, month, "Workshop"))
        if lines:
            stripe.invoice(partner, month, currency, lines)


def write_stripe(exports: Path, rng: random.Random, partners: list[Partner], truth: Truth) -> None:
    """Invoices in order of their dates, those of test mode among them."""
    stripe = Stripe(rng, truth)
    for partner in partners:
        if partner.is_test:
            trial = price(rng, "", "licensed")
            for month in months_between(FIRST_DAY, LAST_DAY)[:6]:
                line = (cents(50), trial, month, months_after(month, 1), "Test")
                stripe.invoice(partner, month, "eur", [line], live=partner.name == "Demo GmbH")
        elif partner.live != NEVER and (partner.daily >= 6 or rng.random() < 0.72):
            bill_partner(stripe, rng, partner)
            if rng.random() < 0.1:
                day = max(partner.live, FIRST_DAY)
                lines = [(cents(9999), None, day, day, "Test mode")]
                stripe.invoice(partner, day, "eur", lines, live=False)
    ordered = sorted(stripe.invoices, key=lambda invoice: (invoice["created"], invoice["id"]))
    text = "".join(COMPACT.encode(invoice) + "\n" for invoice in ordered)
    (exports / "stripe-invoices.jsonl").write_text(text, encoding="utf-8")
