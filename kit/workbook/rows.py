"""The sheets of rows: what each figure is summed up or counted from."""

from collections.abc import Callable, Sequence
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from kit import evidence
from kit.workbook.book import HEADER_ROW, Column, Row
from kit.workbook.subject import Subject

FIRST_ROW = HEADER_ROW + 2  # as the sheet numbers them
BASES = {
    "recognised": "Invoice lines paid or open, spread by day over their service; credits are negative.",
    "transacted": "Value of partners’ transactions, not billed.",
    "unrealized": "Before monetization, without a transactions export: revenue is that of Unrealized.",
}


def write(of: Subject) -> None:
    """Write a sheet for each kind of rows."""
    _active(of)  # first: rows of Unrealized refer to its cells, and to those of revenue
    _revenue(of)
    _unrealized(of)
    _onboarding(of)
    _funnel(of)
    _costs(of)
    _attributed(of)
    _avoided(of)


def _revenue(of: Subject) -> None:
    _revenue_lines(of, "Revenue", "API program revenue", BASES[of.basis], of.basis)
    if of.basis == "recognised":
        said = "Direct revenue is what was recognised: its rows are in the sheet Revenue."
        _revenue_lines(of, "Direct revenue", "Direct revenue", said, "", "(see Revenue)")
    else:
        _revenue_lines(of, "Direct revenue", "Direct revenue", BASES["recognised"], "recognised")


def _revenue_lines(
    of: Subject, sheet: str, title: str, what: str, basis: str, nothing: str = "(none)"
) -> None:
    name = sheet.split()[0]
    rows = _converted(of, of.rows[sheet].to_dicts())
    columns = [
        *_month(name),
        *_partner(),
        Column("Kind", "kind", "text", width=14),
        Column("Invoice line", "line_id", "text"),
        Column("Status", "status", "text", width=10),
        *_conversion(of),
        Column("Amount", "amount", "money", f"{name}_amount", lambda row: "{original_amount}*{fx_rate}"),
    ]
    grain = "partner, month and currency" if basis == "transacted" else "invoice line, month and currency"
    note = f"{what} {_grain(rows, grain)}" if rows else what
    of.book.table(sheet, title, note, columns, rows, nothing)
    if basis == "recognised":
        _note_recognised(of, sheet, columns, rows)


def _note_recognised(of: Subject, sheet: str, columns: Sequence[Column], rows: Sequence[Row]) -> None:
    """Note in which cells the revenue recognised from each partner and month stands, one beneath the other."""
    if any(map(_is_summed, rows)):
        return
    letter = _letter(columns, "amount")
    for number, row in enumerate(rows, start=FIRST_ROW):
        first, _ = of.recognised.get((row["partner_id"], row["month"]), (number, number))
        of.recognised[row["partner_id"], row["month"]] = (first, number)
    of.recognised_in = f"'{sheet}'!${letter}"


def _unrealized(of: Subject) -> None:
    rows = [row | {"active": 1} for row in evidence.unrealized(of.con, *of.months).to_dicts()]
    columns = [
        *_month("Unrealized"),
        *_partner(),
        Column("Plan", "plan", "text", width=16),
        Column("Units used", "units", "amount"),
        Column("Bill at the plan’s prices", "kept_bill", "money", is_input=True),
        Column("Recognised from it", "recognised", "money", formula=_recognised(of)),
        Column("Active", "active", "count", formula=_is_active(of)),
        Column(
            "Unrealized revenue",
            "amount",
            "money",
            "Unrealized_amount",
            lambda row: None if _is_summed(row) else "MAX({kept_bill}*Share_billed-{recognised},0)*{active}",
        ),
    ]
    what = "An estimate by the base pricing case, never added to revenue: the bill × the share billed, less what was"
    more = "recognised in these rows, not below zero, if the partner is active. The bill is worked out by the kit."
    note = f"{what} {more} {_grain(rows, 'active partner and month')}"
    of.is_summed["Unrealized"] = any(map(_is_summed, rows))
    of.book.table("Unrealized", "Unrealized revenue (est.)", note, columns, rows)


def _onboarding(of: Subject) -> None:
    rows = of.rows["Onboarding"].to_dicts()
    columns = [
        Column("Date", "date", "date", "Work_date", is_input=True),
        *_partner(),
        Column("Activity", "activity", "text", width=18),
        Column("Role", "role", "text", width=16),
        Column("Hours", "hours", "amount", "Work_hours", is_input=True),
        Column("Loaded hourly cost", "hourly", "price", formula=_wage(of)),
        Column(
            "Cost",
            "cost",
            "money",
            "Work_cost",
            lambda row: "{hours}*{hourly}",
        ),
    ]
    what = "Hours for no partner in particular count; those for test partners do not."
    note = f"{what} {_grain(rows, 'date, partner, activity and role')}"
    of.book.table("Onboarding", "Onboarding work", note, columns, rows)


def _funnel(of: Subject) -> None:
    rows = evidence.stages(of.con, of.quarter.last_day).to_dicts()
    columns = [
        *_partner(),
        Column("Segment", "segment", "text", width=16),
        Column("Partners", "partners", "count", "Funnel_partners", is_input=True),
        Column("Registered", "registered_date", "date", "Funnel_registered", is_input=True),
        Column("Active in sandbox", "sandbox_date", "date", "Funnel_sandbox", is_input=True),
        Column("First API call", "first_call_date", "date", "Funnel_first_call", is_input=True),
        Column("Production", "production_date", "date", "Funnel_production", is_input=True),
    ]
    what = "A stage’s day is the registry’s or that of the calls, whichever is earlier. Test accounts are left out."
    of.book.table("Funnel", "Partners and their stages", f"{what} {_grain(rows, 'partner')}", columns, rows)


def _costs(of: Subject) -> None:
    rows = _converted(of, of.rows["Costs"].to_dicts())
    columns = [
        *_month("Costs"),
        Column("Date", "date", "date"),
        Column("Category", "category", "text"),
        *_conversion(of),
        Column("Share borne", "allocation", "share", is_input=True),
        Column(
            "Cost", "amount", "money", "Costs_amount", lambda row: "{original_amount}*{fx_rate}*{allocation}"
        ),
    ]
    what = "As booked, at the share that the program bears."
    note = f"{what} {_grain(rows, 'day, category, currency and share')}"
    of.book.table("Costs", "Program cost", note, columns, rows)


def _attributed(of: Subject) -> None:
    rows = _converted(of, of.rows["Attributed"].to_dicts())
    columns = [
        *_month("Attributed"),
        *_partner(),
        *_conversion(of),
        Column(
            "Attributed revenue",
            "amount",
            "money",
            "Attributed_amount",
            lambda row: "{original_amount}*{fx_rate}",
        ),
    ]
    what = "Before a share of it is credited: the shares are in Assumptions."
    note = f"{what} {_grain(rows, 'partner, month and currency')}"
    of.book.table("Attributed", "Attributed revenue", note, columns, rows)


def _avoided(of: Subject) -> None:
    rows = of.rows["Avoided"].to_dicts()
    columns = [
        *_month("Avoided"),
        Column("Operation", "operation", "text"),
        Column("Successful production calls", "calls", "count", width=16, is_input=True),
        *(
            Column(f"Value, {end}", end, "money", f"Avoided_{end}", _avoided_at(of, end))
            for end in ("low", "base", "high")
        ),
    ]
    what = (
        "An estimate: calls × minutes ÷ 60 × hourly cost × share of calls that would have been work by hand."
    )
    note = f"{what} {_grain(rows, 'month and operation')}"
    of.book.table("Avoided", "Work avoided (cost avoidance, est.)", note, columns, rows)


def _active(of: Subject) -> None:
    found = evidence.active(of.con, of.before.last_month.month, of.quarter.last_month.month)
    rows = [row | {"active": row["partners"] if row["is_active"] else 0} for row in found.to_dicts()]
    columns = [
        *_month("Active"),
        *_partner(),
        Column("Partners", "partners", "count", is_input=True),
        Column("Successful production calls", "calls", "count", width=16, is_input=True),
        Column("Units", "units", "amount"),
        Column(
            "Active partners",
            "active",
            "count",
            "Active_partners",
            lambda row: "IF({calls}>=Min_calls,{partners},0)",
        ),
    ]
    for number, row in enumerate(rows, start=FIRST_ROW):
        of.active[row["partner_id"], row["month"]] = f"Active!${_letter(columns, 'active')}${number}"
    what = "Active with as many successful production calls in the month as Assumptions ask for."
    of.is_summed["Active"] = any(map(_is_summed, rows))
    of.book.table("Active", "Active partners", f"{what} {_grain(rows, 'partner and month')}", columns, rows)


# Columns that several sheets have


def _month(name: str) -> list[Column]:
    return [Column("Month from", "month", "date", f"{name}_month", is_input=True)]


def _partner() -> list[Column]:
    return [Column("Partner ID", "partner_id", "text"), Column("Partner", "name", "text", width=30)]


def _conversion(of: Subject) -> list[Column]:
    return [
        Column("Currency", "currency", "text", width=10),
        Column("Amount in it", "original_amount", "amount", width=16, is_input=True),
        Column(
            "Exchange rate",
            "fx_rate",
            "rate",
            formula=lambda row: of.rates.get((row["currency"], row["fx_month"])),
            is_input=True,
        ),
    ]


def _converted(of: Subject, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with the exchange rate of each; 1 where nothing is converted."""
    found = evidence.exchange_rates(of.con, of.previous.first_day, of.quarter.last_day)
    rates = {(currency, month): rate for currency, month, rate in found.rows()}
    return [row | {"fx_rate": rates.get((row["currency"], row["fx_month"]), 1)} for row in rows]


def _recognised(of: Subject) -> Callable[[Row], str | None]:
    """The sum of what was recognised from a row's partner in its month."""

    def formula(row: Row) -> str | None:
        found = of.recognised.get((row["partner_id"], row["month"]))
        if found is None:
            return None
        letter = of.recognised_in.split("$")[-1]
        return f"SUM({of.recognised_in}${found[0]}:${letter}${found[1]})"

    return formula


def _is_active(of: Subject) -> Callable[[Row], str | None]:
    """The cell that says whether a row's partner is active in its month."""
    return lambda row: None if _is_summed(row) else of.active.get((row["partner_id"], row["month"]))


def _letter(columns: Sequence[Column], key: str) -> str:
    return str(xl_col_to_name([column.key for column in columns].index(key)))


def _wage(of: Subject) -> Callable[[Row], str | None]:
    """The cell of the rate of an entry's role, in force on its day."""
    return lambda row: of.wages.get((row["rate_role"], row["rate_from"])) if row["rate_role"] else None


def _avoided_at(of: Subject, end: str) -> Callable[[Row], str]:
    """An operation's value at one end of its share."""

    def formula(row: Row) -> str:
        cells = of.avoidance[row["position"]]
        return f"{{calls}}*{cells['minutes']}/60*{cells['hourly']}*{cells[end]}"

    return formula


def _grain(rows: Sequence[Row], what: str) -> str:
    more = f" The {evidence.MOST_ROWS:,} largest; the others are summed up in rows “{evidence.OTHERS}”."
    return f"One row per {what}.{more if any(map(_is_summed, rows)) else ''}"


def _is_summed(row: Row) -> bool:
    return evidence.OTHERS in (row.get("name"), row.get("category"))
