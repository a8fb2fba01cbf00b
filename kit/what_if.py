"""A pricing case with one thing changed, what it comes to, and its block for program.toml."""

import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from kit import pricing
from kit.errors import ReviewError
from kit.fiscal import Quarter
from kit.program import load_program, locate
from kit.settings import ONE, ZERO, Meter, Plan, PricingCase, Program, Tier
from kit.toml_lines import lines, parse
from kit.trials import tried

FIRST_PRICE = Decimal("0.01")
INLINE = re.compile(r"""^[ \t]*["']?pricing["']?[ \t]*=""", re.MULTILINE)


def first_case(program: Program) -> PricingCase:
    """The program's base case; for one without prices, a cent a unit, to begin with."""
    if program.pricing:
        return pricing.base_case(program)
    plan = Plan(name="Pay per use", mode="flat", tiers=(Tier(price=FIRST_PRICE),))
    return PricingCase(case="Proposed", base=True, plans=(plan,))


def with_prices(program: Program) -> Program:
    """The program, with a first case where it has none."""
    return program.model_copy(update={"pricing": program.pricing or (first_case(program),)})


def changed(
    case: PricingCase,
    plan: str | int = 0,
    meter: int = 0,
    tier: int = 0,
    fee: Decimal | None = None,
    included: Decimal | None = None,
    price: Decimal | None = None,
    conversion: Decimal | None = None,
) -> PricingCase:
    """The case with another fee, number of included units or price of a tier of one of its plans, or share billed.

    `plan` is the plan's name, or its place where two plans of other dates share one; places of plans, meters and tiers
    are counted from 0. What is not given stays. Low and high of the share billed stay around it. ReviewError for a
    plan, meter or tier that the case does not have.
    """
    plans = list(case.plans)
    place = _place(case, plan)
    plans[place] = _changed_plan(plans[place], meter, tier, fee, included, price)
    update: dict[str, Any] = {"plans": tuple(plans)}
    if conversion is not None:
        if not ZERO <= conversion <= ONE:
            raise ReviewError(f"conversion is {conversion}. It is a share, from 0 to 1.")
        ends = (min(case.low, conversion), max(case.high, conversion))
        update |= {"conversion": conversion, "low": ends[0], "high": ends[1]}
    return case.model_copy(update=update)


def _place(case: PricingCase, plan: str | int) -> int:
    names = [each.name for each in case.plans]
    if isinstance(plan, int):
        if 0 <= plan < len(names):
            return plan
        raise ReviewError(f"The case {case.case!r} has no plan {plan}. It has {len(names)}, from 0.")
    if names.count(plan) > 1:
        raise ReviewError(
            f"The case {case.case!r} has {names.count(plan)} plans {plan!r}. Name one by its place, from 0."
        )
    if plan not in names:
        raise ReviewError(f"{plan!r} is not a plan of the case {case.case!r}. It has {', '.join(names)}.")
    return names.index(plan)


def _changed_plan(
    plan: Plan, meter: int, tier: int, fee: Decimal | None, included: Decimal | None, price: Decimal | None
) -> Plan:
    for name, value in (("fee", fee), ("included", included), ("price", price)):
        if value is not None and value < 0:
            raise ReviewError(f"{name} is {value}. It is 0 or more.")
    meters = plan.all_meters()
    if not 0 <= meter < len(meters):
        raise ReviewError(f"The plan {plan.name!r} has no meter {meter}. It has {len(meters)}, from 0.")
    tiers = list(meters[meter].tiers)
    if not 0 <= tier < len(tiers):
        raise ReviewError(f"The plan {plan.name!r} has no tier {tier} there. It has {len(tiers)}, from 0.")
    if price is not None:
        tiers[tier] = tiers[tier].model_copy(update={"price": price})
    update: dict[str, Any] = {"tiers": tuple(tiers)}
    if included is not None:
        update["included"] = included
    if plan.meters:
        own = list(plan.meters)
        own[meter] = own[meter].model_copy(update=update)
        update = {"meters": tuple(own)}
    elif not plan.tiers and price is None:
        # A plan of a fee alone has nothing that units could be included in.
        update = {}
    elif not plan.tiers:
        update |= {"mode": "flat"}
    if fee is not None:
        update["fee"] = fee
    return plan.model_copy(update=update)


@dataclass(frozen=True)
class Outcome:
    """What a case comes to: the year to a quarter's end, its bridge, and the last month's bills by partner.

    `without_largest` names the partner that the year rests on most, and the year's amount without it.
    """

    case: PricingCase
    low: Decimal
    amount: Decimal
    high: Decimal
    bridge: pl.DataFrame
    bills: pl.DataFrame
    without_largest: tuple[str, Decimal] | None


def year_of(con: duckdb.DuckDBPyConnection, case: PricingCase, months: Sequence[date]) -> tuple[Decimal, ...]:
    """Low, amount and high of a case over some months, exact; all that is worked out while a slider moves."""
    with tried(con, [case], months=months):
        [sums] = con.execute("select sum(low), sum(amount), sum(high) from unrealized_revenue").fetchall()
    return tuple(amount or ZERO for amount in sums)


def outcomes(con: duckdb.DuckDBPyConnection, cases: Sequence[PricingCase], quarter: Quarter) -> list[Outcome]:
    """What each of several cases of different names comes to."""
    with tried(con, cases, months=pricing.last_months(con, quarter)):
        years = {name: amounts for name, *amounts in pricing.year(con, quarter).rows()}  # low, amount, high
        return [
            Outcome(
                case,
                years[case.case][0],
                years[case.case][1],
                years[case.case][2],
                pricing.bridge(con, case.case, quarter),
                pricing.partner_bills(con, case.case, quarter),
                pricing.without_largest(con, case.case, quarter),
            )
            for case in cases
        ]


def of_case(found: Sequence[Outcome], case: PricingCase) -> Outcome:
    """The outcome of one of the cases."""
    return next(each for each in found if each.case.case == case.case)


def compared(found: Sequence[Outcome]) -> pl.DataFrame:
    """Cases side by side: `case`, year's `low`, `expected`, `high`; the last month's `partners`, their `bills`, the
    `median` bill, the `top_ten_share` of the total, and whose bill rises most, `hardest_hit`."""
    rows = []
    for each in found:
        told = pricing.summary(each.bills)
        hit = pricing.hardest_hit(each.bills)
        share = None if told.top_share is None else float(told.top_share)
        middle = None if told.median is None else float(told.median)
        name = "" if hit is None else str(hit["name"])
        rows.append(
            (each.case.case, each.low, each.amount, each.high, told.partners, told.total, middle, share, name)
        )
    money = pl.Decimal(38, 12)
    schema: dict[str, Any] = {
        "case": pl.String, "low": money, "expected": money, "high": money, "partners": pl.Int64,
        "bills": money, "median": pl.Float64, "top_ten_share": pl.Float64, "hardest_hit": pl.String,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


# The block for program.toml


def block(case: PricingCase) -> str:
    """The case as a [[pricing]] block, ready to be put at the end of a program.toml."""
    lines = ["[[pricing]]", f"case = {_text(case.case)}", f"base = {_yes(case.base)}"]
    lines += [f"assign = {_text(case.assign)}"]
    if case.billable != "successful":
        lines.append(f"billable = {_text(case.billable)}")
    lines.append(f"conversion = {_plain(case.conversion)}")
    if (case.low, case.high) != (case.conversion, case.conversion):
        lines += [f"low = {_plain(case.low)}", f"high = {_plain(case.high)}"]
    if response := case.response:
        lines += ["", "  [pricing.response]"]
        lines += [
            f"  {name} = {_plain(getattr(response, name))}" for name in ("elasticity", "low", "high", "at")
        ]
    for plan in case.plans:
        lines += ["", "  [[pricing.plan]]", *_plan_lines(plan)]
    for own in case.exceptions:
        lines += ["", "  [[pricing.exception]]", f"  partner_id = {_text(own.partner_id)}"]
        if own.plan is not None:
            lines.append(f"  plan = {_text(own.plan)}")
        lines += [f"  discount = {_plain(own.discount)}"] if own.discount else []
        lines += ["  exempt = true"] if own.exempt else []
    return "\n".join(lines) + "\n"


def _plan_lines(plan: Plan) -> list[str]:
    lines = [f"name = {_text(plan.name)}"]
    if plan.segments:
        lines.append(f"segments = [{', '.join(_text(segment) for segment in plan.segments)}]")
    lines += [f"{name} = {day}" for name, day in (("from", plan.from_), ("until", plan.until)) if day]
    lines.append(f"fee = {_plain(plan.fee)}")
    for name in ("minimum", "discount", "transaction_share", "per_transaction"):
        if value := getattr(plan, name):
            lines.append(f"{name} = {_plain(value)}")
    lines += ["prorate = true"] if plan.prorate else []
    lines += [f"maximum = {_plain(plan.maximum)}"] if plan.maximum is not None else []
    lines = [f"  {line}" for line in lines]
    if plan.meters:
        for meter in plan.meters:
            lines += [
                "",
                "    [[pricing.plan.meter]]",
                *_meter_lines(meter, "    ", "pricing.plan.meter.tier"),
            ]
    elif plan.tiers:
        lines += _meter_lines(plan.all_meters()[0], "  ", "pricing.plan.tier")
    return lines


def _meter_lines(meter: Meter, indent: str, tier_name: str) -> list[str]:
    lines = [
        f"{indent}{name} = {_text(value)}"
        for name, value in (("product", meter.product), ("operation", meter.operation))
        if value is not None
    ]
    lines += [f"{indent}included = {_plain(meter.included)}"] if meter.included else []
    lines.append(f"{indent}mode = {_text(meter.mode)}")
    lines += [f"{indent}package = {_plain(meter.package)}"] if meter.package is not None else []
    for tier in meter.tiers:
        lines += ["", f"{indent}  [[{tier_name}]]"]
        lines += [f"{indent}  up_to = {_plain(tier.up_to)}"] if tier.up_to is not None else []
        lines.append(f'{indent}  price = "{_plain(tier.price)}"')
        lines += [f"{indent}  flat = {_plain(tier.flat)}"] if tier.flat else []
    return lines


def _plain(value: Decimal) -> str:
    """A number in digits, without an exponent or zeros that say nothing."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _yes(value: bool) -> str:
    return "true" if value else "false"


def _text(text: str) -> str:
    """Text as TOML writes it, whatever it holds."""
    signs = [
        f"\\{sign}" if sign in '"\\' else sign if sign.isprintable() else f"\\U{ord(sign):08x}"
        for sign in text
    ]
    return f'"{"".join(signs)}"'


def save(folder: Path | str, case: PricingCase) -> Path:
    """Add the case to the end of a program's program.toml, and give the file.

    It is the base case there only where there is no other. The file is replaced whole, and only if it still holds
    without a mistake, so a name that another case has is refused; ReviewError then.
    """
    program = load_program(folder)
    given = locate(folder)
    file = (given if given.suffix == ".toml" and not given.is_dir() else given / "program.toml").resolve()
    with file.open(encoding="utf-8", newline="") as stream:
        written = stream.read()
    ending = "\r\n" if "\r\n" in written else "\n"
    text = written.replace("\r\n", "\n")
    if INLINE.search(text):
        raise ReviewError(
            f"The case is not saved: {file.name} lists its cases inline, as pricing = [ … ], and no block can follow"
            " that. Write them as [[pricing]] blocks."
        )
    added = block(case.model_copy(update={"base": not program.pricing}))
    draft = f"{_with_base_said(text).rstrip()}\n\n{added}".replace("\n", ending)
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=".program-", suffix=".toml")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            stream.write(draft)
        Path(name).chmod(file.stat().st_mode)
        try:
            load_program(name)
        except ReviewError as error:
            told = str(error).replace(Path(name).name, file.name)
            raise ReviewError(f"The case is not saved. With it at its end, {told}") from None
        Path(name).replace(file)
    finally:
        Path(name).unlink(missing_ok=True)
    return file


def _with_base_said(text: str) -> str:
    """The settings; an only case, which is the base without saying so, says so: of two, one has to."""
    cases = parse(text.removeprefix("\ufeff")).get("pricing", [])
    if len(cases) != 1 or "base" in cases[0]:
        return text
    kept = text.split("\n")
    place = lines(text.removeprefix("\ufeff"))["pricing", 0, "case"] - 1
    indent = kept[place][: len(kept[place]) - len(kept[place].lstrip())]
    return "\n".join([*kept[:place], f"{indent}base = true", *kept[place:]])
