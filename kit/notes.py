"""The small print: each figure's row in words, its definition, and what the page rests on."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import polars as pl

from kit import (
    beside_words,
    editions,
    formats,
    frames,
    grades,
    metrics,
    own_calendar,
    quarters,
    restatements,
)
from kit.fiscal import Month, Quarter
from kit.metrics import Metric
from kit.quarters import day_text
from kit.restatements import Restatement
from kit.review import Review, last_months, listed, month_of

LABELS = {
    "revenue": "API program revenue",
    "cost_per_partner": "Cost per partner onboarded",
    "activation_rate": "Partner activation rate",
    "value_ratio": "Program cost vs. value",
    "growth_rate": "Partner growth rate",
}
MARKS_TOLD = 3
SHORT = {
    "revenue": "revenue", "cost_per_partner": "cost per partner", "activation_rate": "activation",
    "value_ratio": "value", "growth_rate": "growth",
}  # fmt: skip
SOURCES = {
    "calls": "call logs", "partners": "partner registry", "invoices": "invoices", "transactions": "transactions",
    "worklogs": "worklogs", "costs": "costs", "attributed": "attributed revenue",
}  # fmt: skip


UNMATCHED = {
    "invoices": "revenue", "transactions": "transactions", "attributed": "attributed revenue", "worklogs": "onboarding",
}  # fmt: skip


def beneath(review: Review, metric: Metric) -> str:
    """The line beneath a metric's name: its n, what it is made of, and why a figure is absent."""
    if metric.why_this.startswith(grades.WITHHELD):
        return f"{metric.why_this.capitalize()}."
    line = {
        "revenue": _revenue,
        "cost_per_partner": _cost_per_partner,
        "activation_rate": _activation_rate,
        "value_ratio": _value_ratio,
        "growth_rate": _growth_rate,
    }[metric.key](review)
    return " ".join([f"{line}.", *_absences(metric)])


def _absences(metric: Metric) -> list[str]:
    if metric.this is None:
        return [f"n/a: {metric.why_this}."]
    if metric.last is None:
        return [f"Last quarter n/a: {metric.why_last}."]
    return [f"No comparison: {metric.why_trend}."] if metric.trend is None else []


def _revenue(review: Review) -> str:
    basis = metrics.revenue_basis(review.con)
    what = {
        "recognised": _kinds(review),
        "transacted": "Pre-monetization: value of partners’ transactions, not billed",
        "unrealized": "Pre-monetization: unrealized revenue, not billed",
    }[basis]
    months = last_months(review, 4)
    if review.metric("revenue").this is None or months[-1][basis] is None:
        return what
    each = frames.divided(months[-1][basis], months[-1]["active_partners"])
    partner = (
        f"{formats.money(each, review.currency)} per active partner in {month_of(months[-1]).short}"
        if each
        else ""
    )
    return "; ".join(part for part in (what, partner, _month_over_month(review, basis, months)) if part)


def _kinds(review: Review) -> str:
    kinds = frames.frame(review.con, "revenue_by_kind").filter(
        pl.col("month").is_between(review.quarter.first_day, review.quarter.last_day)
    )
    totals = kinds.group_by("kind").agg(pl.col("amount").sum()).sort("amount", descending=True).rows()
    whole = sum((amount for _, amount in totals), Decimal(0))
    if whole <= 0:
        return "Recognised revenue"
    shares = [
        f"{kind} {formats.percent(Fraction(amount) / Fraction(whole), digits=0)}"
        for kind, amount in totals
        if amount > whole / 200
    ]
    return f"Recognised: {', '.join(shares)}"


def _month_over_month(review: Review, basis: str, months: list[dict[str, Any]]) -> str:
    """Each month's change on the month before it; nothing where a month is not whole in the data."""
    changes = [
        f"{month_of(after).short} {formats.percent(change, signed=True)}"
        for before, after in pairwise(months)
        if before[basis]
        and before[basis] > 0
        and before["is_whole"]
        and after["is_whole"]
        and after["month"] >= review.quarter.first_day
        and (change := frames.divided(after[basis] - before[basis], before[basis])) is not None
    ]
    return f"month over month {', '.join(changes)}" if changes else ""


def _cost_per_partner(review: Review) -> str:
    row = frames.row_of(review.con, "onboarding_by_quarter", review.quarter)
    reached = f"{formats.plural(row['partners'], 'partner')} reached production"
    hours = f"{formats.count(row['hours'])} hours" if frames.has_rows(review.con, "worklogs") else ""
    return "; ".join(part for part in (reached, hours, _team(review, row["partners"]), _goal(review)) if part)


def _team(review: Review, partners: int) -> str:
    """People and partners beside those of a year ago; nothing without headcount for both."""
    year_ago = quarters.quarters_to(review.con, review.quarter)[-5]
    teams = dict(
        review.con.execute(
            "select months.quarter, sum(fte) / count(distinct headcount.month) from headcount"
            " inner join months on headcount.month >= months.month and headcount.month < months.next_month"
            " group by months.quarter"
        ).fetchall()
    )
    if review.quarter.name not in teams or year_ago.name not in teams:
        return ""
    then = frames.row_of(review.con, "onboarding_by_quarter", year_ago)["partners"]
    return f"team of {teams[review.quarter.name]:.1f} (a year ago {then} with {teams[year_ago.name]:.1f})"


def _goal(review: Review) -> str:
    goal = review.con.execute("select partners_to_add from goal").fetchall()
    cost = review.metric("cost_per_partner").this
    if not goal or cost is None:
        return ""
    return f"the next {goal[0][0]:,} would cost {formats.money(goal[0][0] * cost, review.currency)}"


def _activation_rate(review: Review) -> str:
    row = frames.row_of(review.con, "activation_by_quarter", review.quarter)
    return f"{row['production']:,} of {formats.plural(row['registered'], 'registered partner')} live"


def _value_ratio(review: Review) -> str:
    row = frames.row_of(review.con, "cost_and_value_by_quarter", review.quarter)
    if review.metric("value_ratio").this is None:
        return "Value for one of cost"
    value = metrics.value_of(row)
    scale = formats.scale_of([row["cost"], value])
    direct, attributed, avoided, cost, total = (
        formats.money(amount, review.currency, scale)
        for amount in (row["direct"], row["attributed"], row["avoided"], row["cost"], value)
    )
    ratios = metrics.value_ratios(review.con, review.quarter)
    line = (
        f"{cost} cost, {total} value: {direct} direct, {attributed} attributed and {avoided} avoided (est.)"
    )
    span = f"{formats.ratio(ratios['low'])} to {formats.ratio(ratios['high'])}"
    return f"{line}; range {span}; on direct revenue alone {formats.ratio(ratios['direct'])}"


def _growth_rate(review: Review) -> str:
    months = {
        row["month"]: row["active_partners"] for row in frames.frame(review.con, "active_by_month").to_dicts()
    }
    then, now = review.previous.last_month, review.quarter.last_month
    if review.metric("growth_rate").this is None:
        return "Active partners, compound a month"
    moved = frames.frame(review.con, "growth_accounting", month=now.month, earlier_month=then.month).row(
        0, named=True
    )
    return (
        f"{months[then.month]:,} → {months[now.month]:,} active partners, {_month_name(then)} to {_month_name(now)}:"
        f" {moved['new']} new, {moved['returned']} returned, {moved['kept']} kept, {moved['lost']} lost"
    )


def _month_name(month: Month) -> str:
    """A month without its year: its neighbours say which."""
    return f"{month.month:%B}" if month.is_calendar_month else month.short


def notes(review: Review) -> list[str]:
    """The notes at the page's foot, in the order of the figures."""
    return [
        note
        for note in (
            *_restated(review),
            *_marked(review),
            *_definitions(review),
            *_beside(review),
            *_basis(review),
        )
        if note
    ]


def _restated(review: Review) -> list[str]:
    """What was first reported, and why it moved: last quarter's figures each in a sentence, others in one a quarter."""
    texts = []
    for restatement in review.restated:
        if restatement.quarter != review.previous.name:
            continue
        metric, quarter = review.metric(restatement.key), quarter_text(review, restatement.quarter)
        first, then = (
            restatements.shown(metric.unit, figure, restatement.currency)
            for figure in (restatement.reported, restatement.published)
        )
        where = f" in edition {restatement.reported_in}" if (restatement.reported_in or 1) > 1 else ""
        again = f", as {then} in edition {restatement.edition}" if then != first else ""
        texts.append(
            f"† {LABELS[restatement.key]}, {quarter}: first reported{_to_day(restatement)} as {first}{where}{again};"
            f" restated: {_causes(metric, restatement)}."
        )
    others = dict.fromkeys(each.quarter for each in review.restated if each.quarter != review.previous.name)
    return [
        *texts,
        *(_restated_of(review, quarter) for quarter in others),
        *(f"{change[:1].upper()}{change[1:]}." for change in (review.said.changes if review.said else ())),
    ]


def _restated_of(review: Review, quarter: str) -> str:
    """This quarter's figures, or a year ago's, as first reported, and why those of this quarter moved."""
    told, to_day = [], ""
    for each in review.restated:
        if each.quarter == quarter:
            metric, to_day = review.metric(each.key), _to_day(each)
            why = f" (restated: {_causes(metric, each)})" if quarter == review.quarter.name else ""
            told.append(
                f"{SHORT[each.key]} {restatements.shown(metric.unit, each.reported, each.currency)}{why}"
            )
    return f"† {quarter_text(review, quarter)} was first reported{to_day} with {listed(told)}."


def _to_day(restatement: Restatement) -> str:
    return f", to {day_text(restatement.to_day)}," if restatement.to_day else ""


def _causes(metric: Metric, restatement: Restatement) -> str:
    """Why a figure moved, each cause with its part; what is under a hundredth of the whole movement is left out."""
    amounts = [cause.amount for cause in restatement.causes if cause.amount is not None]
    least = abs(sum(amounts, Fraction(0))) / 100
    return ", ".join(
        cause.what
        if cause.amount is None
        else f"{cause.what} {_change(metric, cause.amount, restatement.currency)}"
        for cause in restatement.causes
        if cause.amount is None or abs(cause.amount) >= least
    )


def _change(metric: Metric, amount: Fraction, currency: str) -> str:
    if metric.unit == "money":
        return f"{'+' if amount > 0 else ''}{formats.money(amount, currency)}"
    return formats.difference(amount) if metric.unit == "ratio" else formats.points(amount)


def _marked(review: Review) -> list[str]:
    """What the checks found that stands against a figure, and how much more they note."""
    told = [
        f"‡ {(', '.join(SHORT[key] for key in finding.figures) or 'unrealized revenue').capitalize()}; {finding.what}"
        for finding in review.marked[:MARKS_TOLD]
    ]
    more = len(review.marked) - MARKS_TOLD
    noted = sum(finding.severity == "note" for finding in review.found)
    rest = [
        f"{more} marked" if more > 0 else "",
        f"{noted} noted" if noted else "",
    ]
    if any(rest):
        told.append(f"Other findings of the checks: {', '.join(part for part in rest if part)}.")
    return told


def definitions(review: Review) -> dict[str, str]:
    """Each of the five figures in a sentence, by its key."""
    revenue = {
        "recognised": "invoice lines paid or open, net of tax and credits, spread by day over their service periods",
        "transacted": "before monetization, the value of partners’ transactions through the API, not billed",
        "unrealized": "before monetization, the quarter’s unrealized revenue",
    }[metrics.revenue_basis(review.con)]
    calls = frames.setting(review.con, "min_calls")
    return {
        "revenue": f"Revenue: {revenue}.",
        "cost_per_partner": "Cost per partner: onboarding hours at loaded rates ÷ partners who reached production in"
        " the quarter.",
        "activation_rate": "Activation: partners at production ÷ partners registered, both by the quarter’s end.",
        "value_ratio": f"Value: direct revenue{_attribution(review)}{_avoidance(review)}.",
        "growth_rate": f"Active partner: {formats.plural(calls, 'successful production call')} or more in the month;"
        " growth is the compound monthly rate over the quarter’s three months.",
    }


def _definitions(review: Review) -> list[str]:
    return [
        *definitions(review).values(),
        _unrealized(review),
        _uncredited(review),
        _unregistered(review),
        "Test accounts are left out.",
        _grades(review),
    ]


def _grades(review: Review) -> str:
    """What the letters mean, and why a figure shown has its own, where it is not measured on the whole of its exports.

    All reasons are in figures.json, evidence.xlsx and `explain`: here there is no room for them.
    """
    told = [
        f"{SHORT[metric.key]} {metric.grade}, {', '.join([metric.why_grade, *_short_of_all(metric)])}"
        for metric in review.metrics
        if metric.this is not None and (metric.grade != "B" or _short_of_all(metric))
    ]
    means = "Grades: A billed and reconciled, B measured, C estimated"
    return f"{means}: {'; '.join(told)}." if told else f"{means}."


def _short_of_all(metric: Metric) -> list[str]:
    """What a figure rests on less than whole, where its grade does not say so."""
    return [
        cover.text
        for cover in metric.covers
        if cover.share < 1 and grades.share_text(cover.share) not in metric.why_grade
    ]


def _beside(review: Review) -> list[str]:
    return [text for each in review.beside for text in beside_words.sentences(each, review.metrics)]


def _uncredited(review: Review) -> str:
    if frames.has_rows(review.con, "attribution") or not frames.has_rows(review.con, "attributed"):
        return ""
    return "Attributed revenue is exported, but no share of it is credited."


def _unregistered(review: Review) -> str:
    """What of the quarter's money and hours leads to no partner, with its share; empty if all of it does."""
    rates = frames.frame(
        review.con, "match_rates", first_day=review.quarter.first_day, last_day=review.quarter.last_day
    )
    said = [
        f"{_amount(review, row)} of {UNMATCHED[row['table_name']]} ({formats.percent(row['unmatched_share'])})"
        for row in rates.to_dicts()
        if row["unmatched"] and row["table_name"] in UNMATCHED
    ]
    return f"Leads to no partner: {', '.join(said)}." if said else ""


def _amount(review: Review, row: dict[str, Any]) -> str:
    if row["table_name"] == "worklogs":
        return f"{formats.count(row['unmatched'])} hours"
    return formats.money(row["unmatched"], review.currency)


def _rejected(review: Review) -> str:
    """How many rows of the exports could not be used; empty if all could."""
    [(rows,)] = review.con.execute("select coalesce(sum(row_count), 0)::bigint from rejects").fetchall()
    is_one = rows == 1
    return (
        f"{formats.plural(rows, 'row')} of the exports could not be used and {'is' if is_one else 'are'} kept aside."
        if rows
        else ""
    )


def _attribution(review: Review) -> str:
    shares = review.con.execute("select low, base, high from attribution").fetchall()
    if not shares:
        return ""
    low, base, high = (formats.percent(share, digits=0) for share in shares[0])
    return f" + {base} of attributed revenue (assumed; {low} to {high})"


def _avoidance(review: Review) -> str:
    return " + manual work that calls replace (assumed)" if frames.has_rows(review.con, "avoidance") else ""


def _unrealized(review: Review) -> str:
    base = review.con.execute("select low, base, high from pricing_cases where is_base").fetchall()
    if not base:
        return ""
    low, share, high = (formats.percent(part, digits=0) for part in base[0])
    span = f" ({low} to {high})" if low != high else ""
    return (
        f"Unrealized revenue: usage seen, at the proposed prices, {share}{span} of it assumed billed,"
        " less what was recognised from the partner; never added to revenue."
    )


def _basis(review: Review) -> list[str]:
    con, quarter = review.con, review.quarter
    matched = frames.frame(con, "match_share", first_day=quarter.first_day, last_day=quarter.last_day)
    share = matched["match_share"][0]
    ends = dict(con.execute("select table_name, last_day from coverage").fetchall())
    if "invoices" in ends:  # Their coverage reaches to the end of the service that they bill.
        [(ends["invoices"],)] = con.execute("select max(invoiced_at) from invoices").fetchall()
    calls = (
        f"{_share_text(share)} of successful production calls matched to a partner"
        if share is not None
        else ""
    )
    sources = [
        f"{name} to {_short_day(ends[table])}{f' ({calls})' if table == 'calls' and calls else ''}"
        for table, name in SOURCES.items()
        if table in ends
    ]
    return [
        f"Data: {', '.join(sources)}.",
        _rejected(review),
        _calendar(review),
        _rates(review),
        f"Run {editions.run_name(review.inputs, quarter.name)}, kit {review.inputs['kit']}.",
    ]


def _share_text(share: float) -> str:
    """A share in percent that is never rounded up to all."""
    return "over 99.9%" if 0.9995 <= share < 1 else formats.percent(share)


def _short_day(day: Any) -> str:
    return f"{day.day} {day:%b %Y}"


def _calendar(review: Review) -> str:
    parts = [*_lengths(review), _fiscal_year(review), str(frames.setting(review.con, "timezone"))]
    return f"Calendar: {'; '.join(part for part in parts if part)} time."


def _lengths(review: Review) -> list[str]:
    """How many days the quarter has beside the one before, where they differ, and its periods, where no months."""
    quarter = review.quarter
    begins = own_calendar.first_day(review.con)
    others = (
        []
        if begins and review.previous.first_day < begins
        else [(review.previous.days, "in the quarter before")]
    )
    others += [
        (each.then.days, "a year ago") for each in review.beside if each.name == "year_ago" and each.then
    ]
    lengths = [str(month.days) for month in quarter.months]
    unequal = [f"{days} {when}" for days, when in others if days != quarter.days]
    return [
        f"{quarter.days} days, {listed(unequal)}" if unequal else "",
        "" if all(month.is_calendar_month for month in quarter.months)
        else f"periods of {listed(lengths)} days stand for months",
    ]  # fmt: skip


def _fiscal_year(review: Review) -> str:
    """On which day the fiscal year began, and by which rule, where it is no calendar year."""
    starts = [each for each in quarters.quarters_to(review.con, review.quarter) if each.name.endswith("Q1")]
    begins = own_calendar.first_day(review.con)
    if not starts or _is_calendar_year(starts[-1]) or (begins and starts[-1].first_day < begins):
        return ""
    first_day = starts[-1].first_day
    weeks = review.con.execute("select pattern, year_ends from weeks_of_years").fetchall()
    if not weeks:
        return f"fiscal year from {first_day.day} {first_day:%B}"
    pattern, ends = weeks[0]
    return f"FY{starts[-1].name[:4]} from {day_text(first_day)}, in {pattern} weeks to the {ends}"


def _is_calendar_year(first_quarter: Quarter) -> bool:
    return first_quarter.first_day.timetuple().tm_yday == 1 and first_quarter.months[0].is_calendar_month


def _rates(review: Review) -> str:
    rates = review.con.execute(
        "select currency, arg_max(rate, month) from fx where month <= $month and currency <> $currency"
        " group by currency order by currency",
        {"month": review.quarter.last_month.month, "currency": review.currency},
    ).fetchall()
    if not rates:
        return ""
    shown = ", ".join(f"{currency} {formats.significant(rate)}" for currency, rate in rates[:4])
    return f"Amounts in {review.currency}; others at their month’s rate ({shown} last)."


def quarter_text(review: Review, name: str) -> str:
    """A quarter's name as the page writes it: Q3 2026, or Q2 FY2027 where the year is no calendar year."""
    year, number = name.split("-")
    starts = [each for each in quarters.quarters_to(review.con, review.quarter) if each.name.endswith("Q1")]
    is_plain = bool(starts) and _is_calendar_year(starts[-1])
    return f"{number} {'' if is_plain else 'FY'}{year}"


def period_text(review: Review) -> str:
    """The quarter and its days: Q3 2026, July to September 2026; and to which day, if it is not over."""
    quarter = review.quarter
    days = f"{quarter.first_day:%B} to {quarter.last_day:%B %Y}"
    if quarter.first_day.day != 1 or quarter.last_month.next_month.day != 1:
        days = f"{day_text(quarter.first_day)} to {day_text(quarter.last_day)}"
    last = quarters.call_days(review.con).last_day
    partial = "" if quarters.ends_in_time(review.con, quarter) else f", so far to {day_text(last)}"
    return f"{quarter_text(review, quarter.name)}, {days}{partial}"
