"""The contract's arithmetic by plain loops, sharing no code with kit/."""

import math
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

STAGES = ("registered", "sandbox", "first_call", "production")
LEFT_OUT = ("duplicates", "excluded", "unmatched", "test")


@dataclass(frozen=True)
class Registered:
    """A partner as the registry has it; a stage's date is absent where nobody wrote it down."""

    id: str
    registered: date
    sandbox: date | None = None
    first_call: date | None = None
    production: date | None = None
    is_test: bool = False
    plan: str | None = None


def read_program(path: Path) -> dict:
    """Settings of a program.toml, its decimals as Decimal."""
    return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)


def month_of(day: date) -> date:
    """The first of the day's month."""
    return day.replace(day=1)


def months_after(month: date, count: int) -> date:
    """The month `count` months later, or earlier if negative."""
    year, index = divmod(month.year * 12 + month.month - 1 + count, 12)
    return date(year, index + 1, 1)


def quarter_name(month: date, fiscal_year_start: int) -> str:
    """Name of the fiscal quarter a month is in; the year is the one the fiscal year ends in."""
    fiscal_year = months_after(month, (1 - fiscal_year_start) % 12).year
    return f"{fiscal_year}-Q{(month.month - fiscal_year_start) % 12 // 3 + 1}"


def tier_charge(plan: dict, above: Fraction) -> Fraction:
    """What the tiers charge for the units above those included."""
    tiers = [
        (Fraction(tier.get("up_to", 0)), Fraction(tier["price"]), Fraction(tier.get("flat", 0)))
        for tier in plan["tier"]
    ]
    if plan["mode"] == "package":
        _, price, flat = tiers[0]
        return flat + math.ceil(above / plan["package"]) * price
    if plan["mode"] == "volume":
        _, price, flat = next(tier for tier in tiers if not tier[0] or above <= tier[0])
        return flat + above * price
    charge, lower = Fraction(0), Fraction(0)
    for up_to, price, flat in tiers:
        if above > lower or lower == 0:
            charge += flat + (min(above, up_to or above) - lower) * price
        if above <= up_to or not up_to:
            break
        lower = up_to
    return charge


def bill(plan: dict, units: Fraction) -> Fraction:
    """A partner's monthly bill on a plan, rounded once, half to even, to cents."""
    included = Fraction(plan.get("included", 0))
    amount = Fraction(plan.get("fee", 0))
    if units > included or included == 0:
        amount += tier_charge(plan, max(units - included, Fraction(0)))
    return Fraction(round(max(amount, Fraction(plan.get("minimum", 0))) * 100), 100)


def change(this: Fraction | None, last: Fraction | None) -> Fraction | None:
    """Relative change; None where there is nothing to compare with."""
    return this / last - 1 if this is not None and last else None


def difference(this: Fraction | None, last: Fraction | None) -> Fraction | None:
    """This less last; None where one is absent."""
    return this - last if this is not None and last is not None else None


def ratio(part: Fraction | int, whole: Fraction | int) -> Fraction | None:
    """Part over whole; None over nothing."""
    return Fraction(part) / whole if whole else None


def as_json(value: object) -> object:
    """The same figures with floats in place of fractions."""
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    return float(value) if isinstance(value, Fraction) else value


class Truth:
    """Counters by month, fed one event at a time, and the figures that follow from them."""

    def __init__(self, program: dict, partners: list[Registered], fx: dict, last_day: date) -> None:
        self.program = program
        self.last_day = last_day
        self.partners = {partner.id: partner for partner in partners}
        self.fx = fx
        self.lines: Counter = Counter()
        self.first_evidence: dict[tuple[str, str], date] = {}
        self.calls: defaultdict = defaultdict(Counter)
        self.units: defaultdict = defaultdict(Counter)
        self.operations: defaultdict = defaultdict(Counter)
        self.revenue: dict[date, Fraction] = defaultdict(Fraction)
        self.recognised: dict[tuple[date, str], Fraction] = defaultdict(Fraction)
        self.hours: dict[date, Fraction] = defaultdict(Fraction)
        self.onboarding: dict[date, Fraction] = defaultdict(Fraction)
        self.costs: dict[tuple[date, str], Fraction] = defaultdict(Fraction)
        self.attributed: dict[date, Fraction] = defaultdict(Fraction)

    # Events

    def add_call(
        self,
        day: date,
        partner_id: str | None,
        environment: str,
        status: int,
        operation: str,
        units: Fraction | int = 1,
        repeated: bool = False,
    ) -> None:
        """Count a log line, and what it shows if it is used."""
        outcome = self._outcome(partner_id, operation, repeated)
        self.lines["read"] += 1
        self.lines[outcome] += 1
        if outcome != "used" or partner_id is None:
            return
        successful = 200 <= status <= 399
        if environment == "sandbox":
            self._note_evidence(partner_id, "sandbox", day)
        if successful:
            self._note_evidence(partner_id, "first_call", day)
        if successful and environment == "production":
            self._note_evidence(partner_id, "production", day)
            month = month_of(day)
            self.calls[month][partner_id] += 1
            self.units[month][partner_id] += units
            self.operations[month][operation] += 1

    def _outcome(self, partner_id: str | None, operation: str, repeated: bool) -> str:
        if repeated:
            return "duplicates"
        if operation in self.program.get("exclude", {}).get("operation", ()):
            return "excluded"
        if partner_id not in self.partners:
            return "unmatched"
        return "test" if self.partners[partner_id].is_test else "used"

    def _note_evidence(self, partner_id: str, stage: str, day: date) -> None:
        known = self.first_evidence.get((partner_id, stage), day)
        self.first_evidence[partner_id, stage] = min(day, known)

    def _counts(self, partner_id: str | None) -> bool:
        return partner_id is None or not self.partners[partner_id].is_test

    def _converted(self, day: date, amount: Decimal | Fraction, currency: str) -> Fraction:
        if currency == self.program["program"]["currency"]:
            return Fraction(amount)
        return Fraction(amount) * self.fx[month_of(day), currency]

    def add_transaction(self, day: date, partner_id: str, amount: Decimal, currency: str) -> None:
        """Value of a transaction: the revenue of a program that does not bill yet."""
        if self._counts(partner_id):
            self.revenue[month_of(day)] += self._converted(day, amount, currency)

    def add_invoice_line(
        self,
        invoiced: date,
        partner_id: str,
        amount: Decimal,
        currency: str,
        status: str,
        service: tuple[date, date] | None,
    ) -> None:
        """Recognise a line day by day over its service period, or on its invoice date."""
        if status not in ("paid", "open") or not self._counts(partner_id):
            return
        start, end = service or (invoiced, invoiced + timedelta(days=1))
        for offset in range((end - start).days):
            day = start + timedelta(days=offset)
            # Yearly lines reach past the last rate, into months that nobody reports yet.
            if day <= self.last_day:
                share = self._converted(day, Fraction(amount) / (end - start).days, currency)
                self.revenue[month_of(day)] += share
                self.recognised[month_of(day), partner_id] += share

    def add_work(self, day: date, partner_id: str | None, role: str, hours: Fraction) -> None:
        """Onboarding hours at the rate in force that day."""
        if self._counts(partner_id):
            rates = [r for r in self.program["rate"] if r["role"] == role and r["from"] <= day]
            rate = max(rates, key=lambda r: r["from"])["hourly"]
            self.hours[month_of(day)] += hours
            self.onboarding[month_of(day)] += hours * Fraction(rate)

    def add_cost(self, day: date, category: str, amount: Decimal, currency: str, allocation: Decimal) -> None:
        """The program's share of a cost."""
        converted = self._converted(day, amount, currency)
        self.costs[month_of(day), category] += converted * Fraction(allocation)

    def add_attributed(self, day: date, partner_id: str, amount: Decimal, currency: str) -> None:
        """Revenue a partner drove through its integration."""
        if self._counts(partner_id):
            self.attributed[month_of(day)] += self._converted(day, amount, currency)

    # Figures of a month

    def active(self, month: date) -> list[str]:
        """Partners with enough successful production calls in the month."""
        enough = self.program["program"]["min_calls"]
        return [partner_id for partner_id, n in self.calls[month].items() if n >= enough]

    def unrealized(self, case: dict, month: date) -> Fraction:
        """The month's priced usage of active partners less what they were billed for it."""
        total = Fraction(0)
        for partner_id in self.active(month):
            plans = case["plan"]
            if case["assign"] == "plan":
                plans = [p for p in plans if p["name"] == self.partners[partner_id].plan]
            priced = min(bill(plan, Fraction(self.units[month][partner_id])) for plan in plans)
            expected = priced * Fraction(case["conversion"])
            total += max(expected - self.recognised[month, partner_id], Fraction(0))
        return total

    # Figures of a quarter, named by its first month

    def reached(self) -> Iterator[dict[str, date | None]]:
        """For each partner, the day it reached each stage of the funnel."""
        for partner in self.partners.values():
            if partner.is_test:
                continue
            days: dict[str, date | None] = {}
            later = None
            for stage in reversed(STAGES):
                noted, shown = getattr(partner, stage), self.first_evidence.get((partner.id, stage))
                found = [day for day in (noted, shown, later) if day]
                later = days[stage] = min(found, default=None)
            yield days

    def funnel(self, quarter: date) -> dict[str, int]:
        """Partners at or past each stage by the end of the quarter."""
        end = months_after(quarter, 3)
        reached = [(stage, day) for days in self.reached() for stage, day in days.items() if day]
        return {stage: sum(1 for s, day in reached if s == stage and day < end) for stage in STAGES}

    def onboarded(self, quarter: date) -> int:
        """Partners that reached production in the quarter."""
        end = months_after(quarter, 3)
        live = (days["production"] for days in self.reached())
        return sum(1 for day in live if day and quarter <= day < end)

    def avoided(self, months: list[date], share: str = "share") -> Fraction:
        """Cost of the manual work that the calls replaced."""
        total = Fraction(0)
        for rule in self.program.get("avoidance", ()):
            operations = [c for m in months for c in self.operations[m].items()]
            calls = sum(n for name, n in operations if rule["operation"] in (name, "*"))
            hours = calls * Fraction(rule["minutes"]) / 60
            total += hours * Fraction(rule["hourly"]) * Fraction(rule.get(share, rule["share"]))
        return total

    def five(self, quarter: date) -> dict:
        """The five figures of one quarter, without comparison."""
        months = [months_after(quarter, n) for n in range(3)]
        revenue = sum((self.revenue[m] for m in months), Fraction(0))
        monetized = self.program["program"]["stage"] == "monetized"
        direct = revenue if monetized else Fraction(0)
        costs: dict[str, Fraction] = defaultdict(Fraction)
        for (month, category), amount in self.costs.items():
            if month in months:
                costs[category] += amount
        cost = sum(costs.values(), Fraction(0))
        attributed = sum((self.attributed[m] for m in months), Fraction(0))
        shares = {key: Fraction(share) for key, share in self.program["attribution"].items()}
        avoided = {"base": self.avoided(months)}
        avoided |= {key: self.avoided(months, key) for key in ("low", "high")}
        value = {key: direct + attributed * shares[key] + avoided[key] for key in shares}
        funnel = self.funnel(quarter)
        spent = sum((self.onboarding[m] for m in months), Fraction(0))
        now, before = (len(self.active(months_after(quarter, n))) for n in (2, -1))
        return {
            "revenue": revenue,
            "cost_per_partner": ratio(spent, self.onboarded(quarter)),
            "activation_rate": ratio(funnel["production"], funnel["registered"]),
            "value_ratio": ratio(value["base"], cost),
            "growth_rate": Fraction((now / before) ** (1 / 3) - 1) if before else None,
            "range": {key: ratio(value[key], cost) for key in ("low", "high")}
            | {"direct": ratio(direct, cost)},
            "onboarding": {
                "cost": spent,
                "hours": sum((self.hours[m] for m in months), Fraction(0)),
                "partners": self.onboarded(quarter),
            },
            "cost": {"total": cost, "by_category": dict(sorted(costs.items()))},
            "value": {
                "total": value["base"],
                "direct": direct,
                "attributed": attributed * shares["base"],
                "avoided": avoided["base"],
            },
        }

    def scorecard(self, this: dict, last: dict) -> dict:
        """The five figures beside those of the quarter before."""
        trends = {"revenue": change, "cost_per_partner": change}
        names = ("revenue", "cost_per_partner", "activation_rate", "value_ratio", "growth_rate")
        card = {
            name: {
                "this": this[name],
                "last": last[name],
                "trend": trends.get(name, difference)(this[name], last[name]),
            }
            for name in names
        }
        card["value_ratio"] |= this["range"]
        return card

    def figures(self, quarter: date, first_month: date) -> dict:
        """All figures of a quarter; months before the data began are left out."""
        settings = self.program["program"]
        base = next(case for case in self.program["pricing"] if case["base"])
        this, last = self.five(quarter), self.five(months_after(quarter, -3))
        last_month = months_after(quarter, 2)
        year = [months_after(last_month, n) for n in range(-11, 1)]
        active = self.active(last_month)
        return {
            "quarter": quarter_name(quarter, settings["fiscal_year_start"]),
            "previous": quarter_name(months_after(quarter, -3), settings["fiscal_year_start"]),
            "currency": settings["currency"],
            "first_day": quarter.isoformat(),
            "last_day": (months_after(quarter, 3) - timedelta(days=1)).isoformat(),
            "scorecard": self.scorecard(this, last),
            "funnel": self.funnel(quarter),
            "unrealized": {
                "month": f"{last_month:%Y-%m}",
                "partners": len(active),
                "calls": sum(self.calls[last_month][partner_id] for partner_id in active),
                "amount": self.unrealized(base, last_month),
                "cases": {
                    case["case"]: self.unrealized(case, last_month) for case in self.program["pricing"]
                },
            },
            "months": [
                {
                    "month": f"{month:%Y-%m}",
                    "active_partners": len(self.active(month)),
                    "calls": sum(self.calls[month].values()),
                    "revenue": Fraction(self.revenue[month]),
                    "unrealized": self.unrealized(base, month),
                }
                for month in year
                if month >= first_month
            ],
            "onboarding": this["onboarding"],
            "cost": this["cost"],
            "value": this["value"],
        }

    def expected(self, first_day: date) -> dict:
        """Every complete quarter after a complete one, and what became of every log line."""
        start = self.program["program"]["fiscal_year_start"]
        first_month = month_of(first_day)
        quarters = []
        quarter = first_month
        while months_after(quarter, 3) <= self.last_day + timedelta(days=1):
            quarters.append(quarter)
            quarter = months_after(quarter, 3)
        names = ("read", *LEFT_OUT, "used")
        return {
            "quarters": {quarter_name(q, start): as_json(self.figures(q, first_month)) for q in quarters[1:]},
            "ledger": {
                "calls": {name: self.lines[name] for name in names},
                "last_complete_quarter": quarter_name(quarters[-1], start),
            },
        }
