"""Months along the axis of a chart: each keeps its place, and its name fits."""

from datetime import date

import polars as pl

from kit import charts, fiscal


def parts(names, amounts):
    months = [date(2026, number, 1) for number in range(1, len(names) + 1)]
    return pl.DataFrame(
        {
            "month": months,
            "name": names,
            "is_whole": True,
            "bar": [None if amount is None else "billed" for amount in amounts],
            "part": [None if amount is None else "usage" for amount in amounts],
            "amount": amounts,
            "is_estimate": False,
            "low": None,
            "high": None,
            "price_list": None,
        },
        schema_overrides={"price_list": pl.String},
    )


def axis_of(chart):
    return chart.to_dict()["layer"][0]["encoding"]["x"]


def test_month_of_no_revenue_keeps_its_place():
    months = [
        f"{month.month:%Y-%m}" for month in fiscal.calendar_months(date(2026, 1, 1), date(2026, 3, 1), 1)
    ]
    x = axis_of(charts.revenue(parts(months, [5.0, None, 7.0]), "USD"))
    assert x["scale"]["domain"] == ["Jan", "Feb", "Mar"]


def test_names_of_an_own_calendar_are_told_without_their_year():
    # Two kinds of revenue in a period are no two periods.
    two = pl.concat([parts(["FY2026 M1", "FY2026 M2"], [5.0, 7.0])] * 2).with_columns(
        part=pl.Series(["usage", "usage", "subscription", "subscription"])
    )
    assert axis_of(charts.revenue(two, "USD"))["scale"]["domain"] == ["M1", "M2"]
    same = parts(["Alpha period", "Beta period"], [5.0, 7.0])
    assert axis_of(charts.revenue(same, "USD"))["scale"]["domain"] == ["Alpha period", "Beta period"]
