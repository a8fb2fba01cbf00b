"""The sheet of assumptions: program.toml and the exchange rates, in cells that formulas refer to."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from kit import evidence
from kit.workbook.book import INPUT, Book, Value
from kit.workbook.subject import Subject

SHEET = "Assumptions"
WIDTHS = (44, 24, 16, 16, 16, 16, 14, 14, 14)
FIRST_ROW = 3
AVOIDANCE = tuple(zip(("minutes", "hourly", "low", "base", "high"), "BCDEF", strict=True))
Line = Sequence[Value | tuple[Value, str]]  # a value, or a value and its kind


def write(of: Subject) -> None:
    """Write every block of settings, name the cells that formulas elsewhere refer to, and note where rates stand."""
    of.book.head(
        SHEET,
        "Assumptions",
        "What program.toml says, and exchange rates. Change a blue cell, and the figures follow.",
        (FIRST_ROW, 1),
    )
    for place, width in enumerate(WIDTHS):
        of.book.sheets[SHEET].set_column(place, place, width)
    row = _about(of, FIRST_ROW)
    row = _wages(of, row)
    row = _attribution(of, row)
    row = _avoidance(of, row)
    row = _pricing(of, row)
    row = _traffic_and_goal(of, row)
    _exchange_rates(of, row)


def _about(of: Subject, row: int) -> int:
    about = of.program.program
    of.book.name("Min_calls", SHEET, (row + 1, 1))
    least: list[Line] = [("Successful production calls in the month, at least", about.min_calls)]
    row = _block(of.book, row, ("Active partner", ""), least, [True])
    lines: list[Line] = [
        ("Name", about.name),
        ("Currency", about.currency),
        ("Time zone", about.timezone),
        ("Fiscal year starts in month", about.fiscal_year_start),
        ("Stage", about.stage),
    ]
    return _block(of.book, row, ("Program", ""), lines)


def _wages(of: Subject, row: int) -> int:
    rates = sorted(of.program.rates, key=lambda rate: (rate.role.lower(), rate.from_))
    for place, rate in enumerate(rates, start=row + 2):
        of.wages[rate.role.lower(), rate.from_] = f"{SHEET}!$C${place}"
    lines: list[Line] = [(rate.role, rate.from_, (rate.hourly, "price")) for rate in rates]
    is_live = [(rate.role.lower(), rate.from_) in of.used_rates for rate in rates]
    titles = ("Loaded cost of an hour: role", "In force from", "Hourly")
    return _block(of.book, row, titles, lines, is_live)


def _attribution(of: Subject, row: int) -> int:
    set_ = of.program.attribution
    shares = (set_.low, set_.base, set_.high) if set_ else (Decimal(0),) * 3
    for place, end in enumerate(("low", "base", "high"), start=1):
        of.book.name(f"Attribution_{end}", SHEET, (row + 1, place))
    lines: list[Line] = [("Share" if set_ else "None is set", *((share, "share") for share in shares))]
    return _block(
        of.book, row, ("Share of attributed revenue credited", "Low", "Base", "High"), lines, [True]
    )


def _avoidance(of: Subject, row: int) -> int:
    for place in range(len(of.program.avoidance)):
        of.avoidance.append({name: f"{SHEET}!${column}${row + 2 + place}" for name, column in AVOIDANCE})
    lines: list[Line] = [
        (
            each.operation,
            (each.minutes, "amount"),
            (each.hourly, "price"),
            *((share, "share") for share in (each.low, each.share, each.high)),
        )
        for each in of.program.avoidance
    ]
    return _block(
        of.book,
        row,
        (
            "Work that a call replaces: operation",
            "Minutes",
            "Hourly",
            "Share, low",
            "Share, base",
            "Share, high",
        ),
        lines,
        [place in of.rows["Avoided"]["position"] for place in range(len(lines))],
    )


def _pricing(of: Subject, row: int) -> int:
    cases = of.program.pricing
    for place, case in enumerate(cases, start=row + 1):
        if case.base:
            of.book.name("Share_billed", SHEET, (place, 3))
    lines: list[Line] = [
        (
            f"{case.case}{' (base)' if case.base else ''}",
            case.assign,
            *((share, "share") for share in (case.low, case.conversion, case.high)),
        )
        for case in cases
    ]
    billed = ("Pricing case", "A partner’s plan", "Billed, low", "Billed, base", "Billed, high")
    after = _block(of.book, row, billed, lines)
    for place, case in enumerate(cases, start=row + 1):
        if case.base:
            of.book.write(SHEET, place, 3, case.conversion, "share", align="right", font_color=INPUT)
    plans: list[Line] = [
        (
            case.case, plan.name, (plan.fee, "price"), (meter.included, "amount"), (plan.minimum, "price"),
            meter.mode, (tier.up_to, "amount"), (tier.price, "price"), (tier.flat, "price"),
        )
        for case in cases
        for plan in case.plans
        for meter in plan.all_meters()
        for tier in meter.tiers
    ]  # fmt: skip
    titles = (
        "Price plan: case",
        "Plan",
        "Fee a month",
        "Included",
        "Minimum",
        "Mode",
        "Up to",
        "Price",
        "Flat",
    )
    return _block(of.book, after, titles, plans)


def _traffic_and_goal(of: Subject, row: int) -> int:
    left_out, goal = of.program.exclude, of.program.goal
    lines: list[Line] = [
        (field, value)
        for field in ("partner_id", "product", "operation")
        for value in getattr(left_out, field)
    ]
    if left_out.api_key:
        lines.append(("keys, whose names are not shown", len(left_out.api_key)))
    row = _block(of.book, row, ("Traffic left out", ""), lines)
    goals: list[Line] = [("Partners to add in twelve months", goal.partners_to_add)] if goal else []
    return _block(of.book, row, ("Goal", ""), goals)


def _exchange_rates(of: Subject, row: int) -> None:
    rates = evidence.exchange_rates(of.con, of.previous.first_day, of.quarter.last_day).rows()
    for place, (currency, month, _) in enumerate(rates, start=row + 2):
        of.rates[currency, month] = f"{SHEET}!$C${place}"
    lines: list[Line] = [(currency, month, (rate, "rate")) for currency, month, rate in rates]
    _block(
        of.book,
        row,
        ("Exchange rate: currency", "Month", f"{of.review.currency} for one"),
        lines,
        [(currency, month) in of.used_rates for currency, month, _ in rates],
    )


def _block(
    book: Book, row: int, titles: Sequence[str], lines: Sequence[Line], is_live: Sequence[bool] = ()
) -> int:
    """Write a header and its lines, blue where formulas refer to them; the row of the next block's header."""
    book.header(SHEET, row, titles, (False, *(True,) * (len(titles) - 1)))
    followed = is_live or [False] * len(lines)
    for number, (line, is_followed) in enumerate(zip(lines, followed, strict=True), start=row + 1):
        for place, cell in enumerate(line):
            value, kind = cell if isinstance(cell, tuple) else (cell, _kind(cell))
            is_number = not isinstance(value, str | date)
            color = {"font_color": INPUT} if is_followed and is_number else {}
            book.write(SHEET, number, place, value, kind, align="left" if place == 0 else "right", **color)
    if not lines:
        book.write(SHEET, row + 1, 0, "(none)")
    return row + max(len(lines), 1) + 2


def _kind(value: Value) -> str:
    return "text" if isinstance(value, str) else "count"
