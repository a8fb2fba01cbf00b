"""A program of four partners, with names that would be formulas, and its figures worked out by hand."""

from pathlib import Path

from conftest import PROGRAM

EVIL = '=HYPERLINK("http://x","y")'

FILES = {
    "partners_csv": "partner_id,name,registered_at\n"
    f'a,"{EVIL.replace(chr(34), chr(34) * 2)}",2026-01-05\n'
    "b,@SUM(A1),2026-02-01\n"
    "c,+1,2026-04-10\n"
    "d,-2+3,2026-05-20\n",
    "calls_csv": "called_at,partner_id,environment,status,operation\n"
    + "".join(
        f"{day}T12:00:00Z,{partner},production,200,order\n"
        for day, partner in [
            ("2025-12-15", "a"), ("2026-01-01", "a"), ("2026-01-02", "a"), ("2026-03-30", "a"), ("2026-03-31", "b"),
            ("2026-04-01", "a"), ("2026-05-15", "c"), ("2026-06-15", "a"), ("2026-06-16", "b"), ("2026-06-29", "c"),
            ("2026-06-30", "c"),
        ]
    ),
    "invoices_csv": "line_id,partner_id,kind,amount,currency,invoiced_at,service_start,service_end,status\n"
    "1,a,subscription,910.00,USD,2026-01-01,2026-04-01,2026-07-01,paid\n"  # 10 a day, all in Q2
    "2,b,usage,100.00,EUR,2026-05-10,,,open\n"  # 120
    "3,c,usage,-30.00,USD,2026-06-10,,,paid\n"
    "4,a,usage,500.00,USD,2026-02-10,,,paid\n"
    "5,a,usage,999.00,USD,2026-06-10,,,void\n",
    "worklogs_csv": "date,partner_id,activity,role,hours\n"
    "2026-02-01,a,=cmd,engineer,2\n2026-04-10,c,legal,Engineer,1.5\n2026-05-10,,support,engineer,4.5\n",
    "costs_csv": "date,category,amount,currency,allocation\n"
    "2026-02-01,people,1000.00,USD,0.5\n2026-05-01,people,800.00,USD,0.5\n2026-06-01,=1+1,50.00,EUR,1\n",
    "attributed_csv": "date,partner_id,amount,currency\n2026-04-02,a,1000.00,USD\n2026-03-02,b,200.00,USD\n",
    "fx_csv": "month,currency,rate\n" + "".join(f"2026-{m:02}-01,EUR,1.2\n" for m in range(1, 8)),
}  # fmt: skip
SETTINGS = """
[[rate]]
role = "engineer"
hourly = 100
from = 2025-01-01
[[rate]]
role = "engineer"
hourly = 200
from = 2026-05-01
[attribution]
low = 0.1
base = 0.25
high = 0.5
[[avoidance]]
operation = "order"
minutes = 6
hourly = 30
share = 0.5
[[pricing]]
case = "Proposed"
base = true
conversion = 0.5
[[pricing.plan]]
name = "=Plan"
fee = 400
"""
# Q2: revenue 910 + 120 − 30; onboarding 1.5 × 100 + 4.5 × 200, for c; live a, b, c of four. Cost 400 + 60; value 1,000
# + 250 + 6 calls of 1.50. Active in March a and b, in June a, b and c. Q1: revenue 500, cost 200 for b (a went live in
# December); cost 500, value 500 + 50 + 4 calls of 1.50; active in December a alone.
EXPECTED = {
    "revenue": (1000.0, 500.0),
    "cost_per_partner": (1050.0, 200.0),
    "activation_rate": (3 / 4, 1.0),
    "value_ratio": (1259 / 460, 556 / 500),
    "growth_rate": (1.5 ** (1 / 3) - 1, 2 ** (1 / 3) - 1),
}


def write_program(folder: Path, without: tuple[str, ...] = ()) -> Path:
    tables = ["calls", "partners", "invoices", "worklogs", "costs", "attributed", "fx"]
    blocks = [f'[exports.{table}]\npath = "{table}.csv"' for table in tables if table not in without]
    head = PROGRAM.format(timezone="UTC", fiscal_year_start=1)
    (folder / "program.toml").write_text("\n".join([head, *blocks, SETTINGS]))
    for name, text in FILES.items():
        (folder / name.replace("_csv", ".csv")).write_text(text)
    return folder
