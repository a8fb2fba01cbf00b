"""Days on which far more calls were made than usual, or by far fewer partners, and the figures that these can move."""

from collections.abc import Collection, Iterator
from datetime import date, timedelta

import duckdb
import polars as pl

from kit import formats, frames
from kit.doubts import Finding, figures_of, weighed
from kit.fiscal import Quarter
from kit.gaps import WEEKS_AROUND, doubled, span, spikes, troughs
from kit.metrics import revenue_basis
from kit.quarters import day_text


def call_swings(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> Iterator[Finding]:
    """Days with far more calls than usual, weeks with hardly a partner, and days told twice."""
    calls = calls_around(con, quarter)
    for check in (call_spikes, call_troughs, calls_twice):
        yield from check(con, quarter, calls)


def call_spikes(con: duckdb.DuckDBPyConnection, quarter: Quarter, calls: pl.DataFrame) -> Iterator[Finding]:
    """Days with far more calls that count than the same days of the week around them, in the quarter.

    A mark where they come to a twentieth of the quarter's calls, and a figure rests on how many there are.
    """
    found = spikes(_by_day(calls), quarter.first_day, quarter.last_day)
    if not found:
        return
    names = dict(con.execute("select partner_id, name from registry").fetchall())
    told = [
        f"{count:,} on {day:%A}, {day_text(day)}, where {usual:,.0f} are usual" for day, count, usual in found
    ]
    whose = [_whose(calls, day, names) for day, *_ in found]
    within = calls.filter(pl.col("day").is_between(quarter.first_day, quarter.last_day))
    figures, raised = _moved(con, quarter, calls, [day for day, *_ in found])
    yield Finding(
        f"calls: {told[0]}." if len(found) == 1 else f"calls: {len(found)} days with far more than usual.",
        figures,
        severity=weighed(sum(count - usual for _, count, usual in found), int(within["calls"].sum()))
        if raised
        else "note",
        why=f"Calls replayed, or a test with a partner's key, would raise {raised or 'the number of calls'}.",
        mend="Look at whose calls these were; leave a test out with [exclude], a copy by its request ids.",
        check="spike",
        seen=tuple(whose)
        if len(found) == 1
        else tuple(f"{what}, {by}" for what, by in zip(told, whose, strict=True)),
    )


def _moved(
    con: duckdb.DuckDBPyConnection, quarter: Quarter, calls: pl.DataFrame, days: Collection[date]
) -> tuple[tuple[str, ...], str]:
    """The figures that are others without the calls of some days, and in words what these raise."""
    on_days = calls.filter(pl.col("day").is_in(days))
    others = calls.filter(~pl.col("day").is_in(days))
    last_month = pl.col("day").is_between(quarter.last_month.month, quarter.last_day)
    least = frames.setting(con, "min_calls")
    active = [
        set(
            of.filter(last_month)
            .group_by("partner_id")
            .agg(pl.col("calls").sum())
            .filter(pl.col("calls") >= least)["partner_id"]
        )
        for of in (calls, others)
    ]
    live = {
        partner
        for partner, at in con.execute("select partner_id, production_date from stages").fetchall()
        if at in days
    }
    is_priced, is_avoided = frames.has_rows(con, "pricing_cases"), frames.has_rows(con, "avoidance")
    is_live = live & set(on_days["partner_id"]) - set(others["partner_id"])
    figures = (
        *(("revenue",) if revenue_basis(con) == "unrealized" else ()),
        *(("cost_per_partner", "activation_rate") if is_live else ()),
        *(("value_ratio",) if is_avoided else ()),
        *(("growth_rate",) if active[0] != active[1] else ()),
    )
    raised = [
        *(["unrealized revenue"] if is_priced else []),
        *(["work avoided"] if is_avoided else []),
        *(["partners active"] if active[0] != active[1] else []),
        *(["partners gone live"] if is_live else []),
    ]
    return figures, " and ".join(filter(None, [", ".join(raised[:-1]), *raised[-1:]]))


def _whose(calls: pl.DataFrame, day: date, names: dict[str, str]) -> str:
    """The partner that made half of a day's calls or more, or how many made them."""
    of_day = calls.filter(pl.col("day") == day)
    most = of_day.sort("calls", "partner_id", descending=[True, False]).row(0, named=True)
    if 2 * most["calls"] >= of_day["calls"].sum():
        return f"{most['calls']:,} of them by {names[most['partner_id']]}"
    return f"by {formats.plural(len(of_day), 'partner')}, {most['calls']:,} at most by one"


def call_troughs(con: duckdb.DuckDBPyConnection, quarter: Quarter, calls: pl.DataFrame) -> Iterator[Finding]:
    """Weeks of the quarter in which hardly any partner called, and as many as usual before and after."""
    by_day = calls.group_by("day").agg(pl.len().alias("calls"))
    for first, last, most, usual in troughs(by_day):
        if last >= quarter.first_day and first <= quarter.last_day:
            yield Finding(
                f"calls: on {span(first, last)} {formats.plural(most, 'partner')} a day called at most, where"
                f" {usual:,.0f} are usual.",
                figures_of(con, "calls"),
                why="A log of these days may lack keys or a gateway, and its calls are in no figure.",
                mend="Export calls of these days again, of all gateways; if there were none, this can stay.",
                check="silent days",
            )


def calls_twice(con: duckdb.DuckDBPyConnection, quarter: Quarter, calls: pl.DataFrame) -> Iterator[Finding]:
    """Days of the quarter on which every partner's calls seem to be told twice, under other ids."""
    within = pl.col("day").is_between(quarter.first_day, quarter.last_day)
    for first, last, numbers, twice in doubled(calls):
        if last < quarter.first_day or first > quarter.last_day:
            continue
        figures, raised = _moved(con, quarter, calls, ())
        again = calls.filter(within & pl.col("day").is_between(first, last))["calls"].sum() / 2
        yield Finding(
            f"calls: on {span(first, last)} there are about twice as many as usual, and all {numbers:,} numbers of a"
            f" partner's calls a day are multiples of {twice}, as no growth makes them.",
            figures,
            severity=weighed(again, calls.filter(within)["calls"].sum()) if raised else "note",
            why=f"Calls told twice raise {raised or 'the number of calls'}.",
            mend="Look for the same calls under other ids, and leave one of the two exports out.",
            check="spike",
        )


def calls_around(con: duckdb.DuckDBPyConnection, quarter: Quarter) -> pl.DataFrame:
    """Calls by day and partner, in the quarter and the weeks around it."""
    around = timedelta(weeks=WEEKS_AROUND)
    return frames.frame(
        con, "calls_by_day", first_day=quarter.first_day - around, last_day=quarter.last_day + around
    )


def _by_day(calls: pl.DataFrame) -> pl.DataFrame:
    return calls.group_by("day").agg(pl.col("calls").sum())
