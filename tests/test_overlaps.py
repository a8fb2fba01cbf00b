"""Exports that repeat one another: the same file twice, and files of one system for the same days."""

import gzip
from decimal import Decimal

import pytest
from conftest import rows

from kit.errors import ReviewError
from kit.sources import natural

HEAD = "date,partner_id,activity,role,hours\n"
LINES = "line_id,partner_id,kind,amount,currency,invoiced_at,status\n"
CALLS = "called_at,partner_id,environment,status,request_id\n"


def work(*entries):
    """Hours of one kind of work on days of February."""
    return HEAD + "".join(f"2026-02-{day:02},acme,engineering,engineer,{hours}\n" for day, hours in entries)


def hours(con):
    return rows(con, "select day(date), hours::double from worklogs order by date, hours")


def replaced(con):
    return rows(con, "select fate, reason, sum(row_count)::int from set_aside group by all order by all")


# The same file


@pytest.mark.parametrize("again", ["copy.csv", "copy.csv.gz"])
def test_file_under_two_names_counts_once(loaded, tmp_path, again):
    text = work((1, 2), (1, 2)).encode()
    (tmp_path / again).write_bytes(gzip.compress(text) if again.endswith(".gz") else text)
    con = loaded({"worklogs": 'path = ["a.csv", "copy.*"]'}, a_csv=text)
    assert hours(con) == [(1, 2.0), (1, 2.0)]
    assert rows(
        con, "select path, same_as is not null from files where table_name = 'worklogs' order by path"
    ) == [
        ("a.csv", False),
        (again, True),
    ]


def test_files_of_one_length_are_told_apart_by_what_they_say(loaded):
    con = loaded({"worklogs": 'path = ["a.csv", "b.csv"]'}, a_csv=work((1, 2)), b_csv=work((2, 3)))
    assert hours(con) == [(1, 2.0), (2, 3.0)]


def test_rows_without_an_id_may_repeat_inside_a_file(loaded):
    assert hours(loaded({"worklogs": 'path = "a.csv"'}, a_csv=work((1, 2), (1, 2), (1, 2)))) == [(1, 2.0)] * 3


# The same days


def test_later_export_replaces_the_earlier_for_the_days_it_covers(loaded):
    con = loaded(
        {"worklogs": 'path = "w-*.csv"'},
        **{"w-1_csv": work((1, 1), (2, 2), (3, 3)), "w-2_csv": work((2, 2), (3, 3.5), (4, 4))},
    )
    assert hours(con) == [(1, 1.0), (2, 2.0), (3, 3.5), (4, 4.0)]
    assert replaced(con) == [("replaced", "replaced by w-2.csv", 2)]


def test_entry_deleted_since_is_gone(loaded):
    con = loaded(
        {"worklogs": 'path = "w-*.csv"'},
        **{"w-1_csv": work((1, 1), (2, 2), (2, 8)), "w-2_csv": work((1, 1), (2, 2), (3, 3))},
    )
    assert hours(con) == [(1, 1.0), (2, 2.0), (3, 3.0)]


def test_three_rolling_exports_come_to_the_last_word_on_each_day(loaded):
    con = loaded(
        {"worklogs": 'path = "w-*.csv"'},
        **{
            "w-1_csv": work((1, 1), (2, 1), (3, 1)),
            "w-2_csv": work((2, 1), (3, 2), (4, 2)),
            "w-3_csv": work((3, 2), (4, 3), (5, 3)),
        },
    )
    assert hours(con) == [(1, 1.0), (2, 1.0), (3, 2.0), (4, 3.0), (5, 3.0)]


@pytest.mark.parametrize(
    ("paths", "kept"),
    [
        ('"w*.csv"', 9.0),  # both end on the same day: the later name
        ('["w2.csv", "w10.csv"]', 9.0),
        ('["w10.csv", "w2.csv"]', 2.0),  # the order given says which is later
    ],
)
def test_order_given_and_then_the_name_says_which_is_later(loaded, paths, kept):
    con = loaded({"worklogs": f"path = {paths}"}, w2_csv=work((1, 1), (2, 2)), w10_csv=work((1, 1), (2, 9)))
    assert hours(con) == [(1, 1.0), (2, kept)]


def test_names_sort_as_people_sort_them():
    names = ["x10.csv.gz", "x2.csv.gz", "x1.csv.gz"]
    assert sorted(names, key=natural) == ["x1.csv.gz", "x2.csv.gz", "x10.csv.gz"]
    again = ["x (10).csv", "x (2).csv", "x.csv"]
    assert sorted(again, key=natural) == ["x.csv", "x (2).csv", "x (10).csv"]


BLOCKS = '[[exports.worklogs]]\npath = "a.csv"\n[[exports.worklogs]]\npath = "b.csv"\n'


def test_files_of_two_blocks_are_two_systems(loaded):
    con = loaded(None, BLOCKS, a_csv=work((1, 1), (2, 2)), b_csv=work((1, 1), (2, 3)))
    assert hours(con) == [(1, 1.0), (1, 1.0), (2, 2.0), (2, 3.0)]


@pytest.mark.parametrize(("more", "count"), [("", 1), ('set = { role = "counsel" }\n', 2)])
def test_same_file_in_two_blocks_counts_once_unless_it_is_read_otherwise(loaded, more, count):
    text = work((1, 1))
    assert hours(loaded(None, BLOCKS + more, a_csv=text, b_csv=text)) == [(1, 1.0)] * count


MANY = [(day, 1) for day in range(1, 8)]
OTHERS = [(day, 2) for day in range(1, 8)]


def test_files_of_the_same_days_with_nothing_in_common_are_a_question(loaded):
    with pytest.raises(ReviewError) as error:
        loaded({"worklogs": 'path = ["a.csv", "b.csv"]'}, a_csv=work(*MANY), b_csv=work(*OTHERS))
    assert "a.csv and b.csv both speak of 2026-02-01 to 2026-02-07, and have no row in common" in str(
        error.value
    )
    assert 'overlap = "keep"' in str(error.value)


@pytest.mark.parametrize(("overlap", "total"), [("keep", 21), ("replace", 14)])
def test_question_is_answered_by_overlap(loaded, overlap, total):
    block = f'path = ["a.csv", "b.csv"]\noverlap = "{overlap}"'
    con = loaded({"worklogs": block}, a_csv=work(*MANY), b_csv=work(*OTHERS))
    assert rows(con, "select sum(hours) from worklogs") == [(Decimal(total),)]


def test_charges_of_a_cloud_in_parts_are_all_kept(loaded):
    head = "ChargePeriodStart,EffectiveCost,BillingCurrency\n"
    parts = [head + "".join(f"2026-02-{day:02},{cost}.5,USD\n" for day in range(1, 8)) for cost in (1, 2)]
    block = 'path = "f*.csv"\npreset = "focus"\nset = { category = "infrastructure" }'
    con = loaded({"costs": block}, f1_csv=parts[0], f2_csv=parts[1])
    assert rows(con, "select sum(amount) from costs") == [(Decimal("28"),)]
    con = loaded({"costs": block}, f1_csv=parts[0], f2_csv=parts[0].replace("1.5", "1.5 "))
    assert rows(con, "select sum(amount) from costs where amount = 1.5") == [(Decimal("10.5"),)]


def test_invoice_lines_of_a_later_export_replace_those_of_the_earlier(loaded):
    early = LINES + "a,acme,usage,10,USD,2026-02-01,open\nb,acme,usage,20,USD,2026-02-02,open\n"
    late = LINES + "b,acme,usage,20,USD,2026-02-02,paid\nc,acme,usage,30,USD,2026-02-03,open\n"
    con = loaded({"invoices": 'path = "i*.csv"'}, i1_csv=early, i2_csv=late)
    assert rows(con, "select line_id, status from invoices order by 1") == [
        ("a", "open"),
        ("b", "paid"),
        ("c", "open"),
    ]


def test_invoices_in_parts_are_all_kept(loaded):
    parts = [
        LINES + "".join(f"{part}{day},acme,usage,10,USD,2026-02-0{day},open\n" for day in range(1, 8))
        for part in "ab"
    ]
    con = loaded({"invoices": 'path = "i*.csv"'}, i1_csv=parts[0], i2_csv=parts[1])
    assert rows(con, "select count(*) from invoices") == [(14,)]


def test_invoice_line_that_is_exactly_repeated_counts_once(loaded):
    con = loaded({"invoices": 'path = "i.csv"'}, i_csv=LINES + "a,acme,usage,10,USD,2026-02-01,open\n" * 3)
    assert rows(con, "select count(*) from invoices") == [(1,)]
    assert replaced(con) == [("duplicate", "the same line again", 2)]


def test_partner_in_two_registries_is_as_the_later_says(loaded):
    con = loaded(
        {"partners": 'path = "reg*.csv"'},
        reg1_csv="partner_id,name,registered_at\nacme,Acme,2025-12-01\nold,Old,2025-12-01\n",
        reg2_csv="partner_id,name,registered_at\nacme,Acme Ltd,2025-12-01\n",
    )
    assert rows(con, "select partner_id, name from partners order by 1") == [
        ("acme", "Acme Ltd"),
        ("old", "Old"),
    ]


# Logs


def log(*calls):
    return CALLS + "".join(
        f"2026-02-{day:02}T12:00:{second:02}Z,acme,production,200,{id_}\n" for day, second, id_ in calls
    )


def call_days(con):
    return rows(con, "select day(called_at), count(*) from calls group by all order by 1")


def test_shards_of_a_log_are_all_kept(loaded):
    one = log(*((day, 1, f"a{day}") for day in range(1, 5)))
    other = log(*((day, 2, f"b{day}") for day in range(1, 5)))
    con = loaded({"calls": 'path = "log*.csv"'}, log1_csv=one, log2_csv=other)
    assert call_days(con) == [(day, 2) for day in range(1, 5)]


def test_shards_without_ids_are_all_kept(loaded):
    one = log(*((day, 1, "") for day in range(1, 5)))
    other = log(*((day, 2, "") for day in range(1, 5)))
    con = loaded({"calls": 'path = "log*.csv"'}, log1_csv=one, log2_csv=other)
    assert call_days(con) == [(day, 2) for day in range(1, 5)]


def test_logs_without_ids_that_tell_the_same_are_one(loaded):
    one = log(*((day, 1, "") for day in range(1, 5)))
    other = log(*((day, 1, "") for day in range(3, 7)))
    con = loaded({"calls": 'path = "log*.csv"'}, log1_csv=one, log2_csv=other)
    assert call_days(con) == [(day, 1) for day in range(1, 7)]


def test_calls_of_one_id_in_two_exports_count_once(opened):
    one = log(*((day, 1, f"a{day}") for day in range(1, 5)))
    other = log(*((day, 1, f"a{day}") for day in range(3, 7)))
    con = opened({"calls": 'path = "log*.csv"'}, log1_csv=one, log2_csv=other)
    assert rows(con, "select sum(calls)::int from usage") == [(6,)]


def test_daily_sums_of_a_later_export_replace_the_earlier(loaded):
    head = "date,partner_id,calls,errors\n"
    block = 'path = "d*.csv"\npreset = "daily"\nset = { environment = "production" }'
    con = loaded(
        {"calls": block},
        d1_csv=head + "2026-02-01,acme,10,0\n2026-02-02,acme,5,0\n",
        d2_csv=head + "2026-02-02,acme,20,0\n2026-02-03,acme,30,0\n",
    )
    assert rows(con, "select day(called_at), sum(calls)::int from calls group by all order by 1") == [
        (1, 10),
        (2, 20),
        (3, 30),
    ]
