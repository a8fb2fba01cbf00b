"""Exports that repeat one another: the same file twice, and files of one system for the same days."""

import gzip
from decimal import Decimal

import pytest
from conftest import rows

from kit.database import open_program
from kit.errors import ReviewError
from kit.program import load_program
from kit.sources import natural
from kit.usage_state import has_new

pytestmark = pytest.mark.slow

HEAD = "date,partner_id,activity,role,hours\n"
LINES = "line_id,partner_id,kind,amount,currency,invoiced_at,status\n"
CALLS = "called_at,partner_id,environment,status,request_id\n"


def work(*entries):
    """Hours of one kind of work on days of February."""
    return HEAD + "".join(f"2026-02-{day:02},acme,engineering,engineer,{hours}\n" for day, hours in entries)


# Days that every export tells alike: by a few rows alone nothing is known of two files.
ALIKE = [(day, 1) for day in range(10, 26)]


def hours(con):
    return rows(
        con, "select day(date), hours::double from worklogs where day(date) < 10 order by date, hours"
    )


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


def test_file_in_two_blocks_that_would_count_twice_is_refused(loaded):
    blocks = (
        '[[exports.worklogs]]\npath = "*.csv"\nset = { role = "x" }\n[[exports.worklogs]]\npath = "a.csv"\n'
    )
    with pytest.raises(ReviewError, match=r"a\.csv is read by block 1 of worklogs already"):
        loaded(None, blocks, a_csv=work((1, 1)))


# The same days


def test_later_export_replaces_the_earlier_for_the_days_it_covers(loaded):
    con = loaded(
        {"worklogs": 'path = "w-*.csv"'},
        **{
            "w-1_csv": work((1, 1), (2, 2), (3, 3), (4, 4), *ALIKE),
            "w-2_csv": work((2, 2), (3, 3), (4, 4.5), (5, 5), *ALIKE),
        },
    )
    assert hours(con) == [(1, 1.0), (2, 2.0), (3, 3.0), (4, 4.5), (5, 5.0)]
    assert replaced(con) == [("replaced", "replaced by w-2.csv", 19)]


def test_entry_deleted_since_is_gone(loaded):
    con = loaded(
        {"worklogs": 'path = "w-*.csv"'},
        **{
            "w-1_csv": work((1, 1), (2, 2), (2, 8), *ALIKE),
            "w-2_csv": work((1, 1), (2, 2), (3, 3), *ALIKE),
        },
    )
    assert hours(con) == [(1, 1.0), (2, 2.0), (3, 3.0)]


def test_three_rolling_exports_come_to_the_last_word_on_each_day(loaded):
    con = loaded(
        {"worklogs": 'path = "w-*.csv"'},
        **{
            "w-1_csv": work((1, 1), (2, 1), (2, 1), (3, 1), *ALIKE),
            "w-2_csv": work((2, 1), (2, 1), (3, 2), (3, 3), (4, 2), *ALIKE),
            "w-3_csv": work((3, 2), (3, 3), (4, 3), (5, 3), *ALIKE),
        },
    )
    assert hours(con) == [(1, 1.0), (2, 1.0), (2, 1.0), (3, 2.0), (3, 3.0), (4, 3.0), (5, 3.0)]


@pytest.mark.parametrize(
    ("paths", "kept"),
    [
        ('"w*.csv"', 9.0),  # both end on the same day: the later name
        ('["w2.csv", "w10.csv"]', 9.0),
        ('["w10.csv", "w2.csv"]', 2.0),  # the order given says which is later
    ],
)
def test_order_given_and_then_the_name_says_which_is_later(loaded, paths, kept):
    con = loaded(
        {"worklogs": f"path = {paths}"},
        w2_csv=work((1, 1), (1, 3), (2, 2), *ALIKE),
        w10_csv=work((1, 1), (1, 3), (2, 9), *ALIKE),
    )
    assert hours(con) == [(1, 1.0), (1, 3.0), (2, kept)]


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


@pytest.mark.parametrize(("more", "count"), [("", 1), ("rejects = 0.5\n", 2)])
def test_same_log_in_two_blocks_counts_once_unless_it_is_read_otherwise(program_folder, more, count):
    text = CALLS + "2026-02-10T12:00:00Z,acme,production,200,\n"
    folder = program_folder(a_csv=text, b_csv=text)
    settings = folder / "program.toml"
    blocks = f'[[exports.calls]]\npath = "a.csv"\n[[exports.calls]]\npath = "b.csv"\n{more}'
    settings.write_text(
        settings.read_text("utf-8").replace('[exports.calls]\npath = "calls.csv"\n', blocks), "utf-8"
    )
    with open_program(folder) as con:
        assert rows(con, "select sum(calls), count(distinct file_id) from file_usage") == [(count, count)]
        assert rows(con, "select count(*) from logged_calls") == [(count,)]
    assert not has_new(load_program(folder))


MANY = [(day, 1) for day in range(1, 8)]
OTHERS = [(day, 2) for day in range(1, 8)]


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        (MANY, OTHERS, "a.csv has 7 rows, b.csv 7 rows; none of them is the same"),
        ([(2, 1)], [(2, 4)], "of 2026-02-02 a.csv has 1 row, b.csv 1 row; none of them is the same"),
        ([(1, 1), (2, 4)], [(1, 1), (2, 5)], "2 rows, b.csv 2 rows; 1 of them is the same"),  # by chance?
        (MANY, [(1, 1), (7, 2)], "7 rows, b.csv 2 rows; 1 of them is the same"),  # corrections?
        (MANY[:3], [*MANY[:3], (3, 9)], "3 rows, b.csv 4 rows; 3 of them are the same"),  # too few to know
        (
            MANY + OTHERS,
            MANY + [(day, 3) for day in range(1, 8)],
            "14 rows; 7 of them are the same",
        ),  # two teams?
        (
            ALIKE,
            [*ALIKE[:13], (25, 7)],
            "16 rows, b.csv 14 rows; 13 of them are the same",
        ),  # an extract and a row?
        (MANY, MANY[:5] + MANY[6:], "7 rows, b.csv 6 rows; 6 of them are the same"),  # an extract?
        (MANY + OTHERS, [*MANY, (8, 1)], "14 rows, b.csv 7 rows; 7 of them are the same"),  # of fewer teams?
    ],
)
def test_files_of_the_same_days_that_do_not_tell_the_same_are_a_question(loaded, one, other, what):
    with pytest.raises(ReviewError) as error:
        loaded({"worklogs": 'path = ["a.csv", "b.csv"]'}, a_csv=work(*one), b_csv=work(*other))
    assert what in str(error.value)
    assert 'overlap = "keep"' in str(error.value)


def test_rows_are_the_same_by_columns_that_nothing_reads_too(loaded):
    head = "date,partner_id,activity,role,hours,person\n"
    texts = [
        head + "".join(f"2026-02-{day:02},acme,engineering,engineer,8,{name}\n" for day in range(1, 8))
        for name in ("ann", "bob")
    ]
    with pytest.raises(ReviewError, match="none of them is the same"):
        loaded({"worklogs": 'path = ["a.csv", "b.csv"]'}, a_csv=texts[0], b_csv=texts[1])


def test_rows_are_the_same_in_another_order_of_columns(loaded):
    turned = "hours,date,partner_id,activity,role\n" + "".join(
        f"{hours},2026-02-{day:02},acme,engineering,engineer\n" for day, hours in [*MANY[1:], (8, 2)]
    )
    con = loaded({"worklogs": 'path = ["a.csv", "b.csv"]'}, a_csv=work(*MANY), b_csv=turned)
    assert hours(con) == [*((day, 1.0) for day in range(1, 8)), (8, 2.0)]


def test_question_is_asked_of_all_pairs_at_once(loaded):
    with pytest.raises(ReviewError) as error:
        loaded(
            {"worklogs": 'path = "w*.csv"'},
            **{f"w{number}_csv": work((1, number), (2, number)) for number in range(1, 5)},
        )
    assert str(error.value).count("none of them is the same") == 3
    assert "… and 3 pairs of files more" in str(error.value)


@pytest.mark.parametrize(("overlap", "total"), [("keep", 21), ("replace", 14)])
def test_question_is_answered_by_overlap(loaded, overlap, total):
    block = f'path = ["a.csv", "b.csv"]\noverlap = "{overlap}"'
    con = loaded({"worklogs": block}, a_csv=work(*MANY), b_csv=work(*OTHERS))
    assert rows(con, "select sum(hours) from worklogs") == [(Decimal(total),)]


def charges(*rows):
    return "ChargePeriodStart,ResourceId,EffectiveCost,BillingCurrency\n" + "".join(
        f"2026-02-{day:02},{resource},{cost},USD\n" for day, resource, cost in rows
    )


def again(text, number):
    """The same charges with a column that is another in every export."""
    head, *lines = text.splitlines()
    return "\n".join([f"{head},x_ExportId", *(f"{line},e{number}" for line in lines), ""])


CLOUD = 'path = "f*.csv"\npreset = "focus"\nset = { category = "infrastructure" }'


@pytest.mark.parametrize("cost", [1.5, 1.75])
def test_charges_exported_again_under_another_export_id_are_a_question(loaded, cost):
    texts = [
        again(charges(*((day, "a", of) for day in range(1, 20))), number)
        for number, of in enumerate((1.5, cost))
    ]
    with pytest.raises(ReviewError, match=r"19 rows, f2\.csv 19 rows; none of them is the same"):
        loaded({"costs": CLOUD}, f1_csv=texts[0], f2_csv=texts[1])


def test_charges_of_a_cloud_in_parts_are_all_kept(loaded):
    parts = [charges(*((day, resource, 1.5) for day in range(1, 8))) for resource in "ab"]
    con = loaded({"costs": CLOUD}, f1_csv=parts[0], f2_csv=parts[1])
    assert rows(con, "select sum(amount) from costs") == [(Decimal("21"),)]


def test_charges_exported_anew_replace_the_earlier(loaded):
    one = charges(*((day, "a", 1.5) for day in range(1, 8)))
    con = loaded({"costs": CLOUD}, f1_csv=one, f2_csv=one.replace("2026-02-07,a,1.5", "2026-02-07,a,2.5"))
    assert rows(con, "select sum(amount) from costs") == [(Decimal("11.5"),)]


def test_charges_of_the_same_resources_with_other_amounts_are_a_question(loaded):
    one = charges(*((day, "a", 1.5) for day in range(1, 8)))
    with pytest.raises(ReviewError, match=r"f1.csv has 7 rows, f2.csv 7 rows; none of them is the same"):
        loaded({"costs": CLOUD}, f1_csv=one, f2_csv=one.replace("1.5", "2.5"))


def test_rates_of_two_currencies_in_two_files_are_both_kept(loaded):
    head = "month,currency,rate\n"
    con = loaded(
        {"fx": 'path = ["eur.csv", "gbp.csv"]'},
        eur_csv=head + "2026-01-01,EUR,1.1\n2026-02-01,EUR,1.2\n",
        gbp_csv=head + "2026-01-01,GBP,1.3\n2026-02-01,GBP,1.4\n2026-02-01,EUR,1.25\n",
    )
    assert rows(con, "select month(month), currency, rate::double from fx order by all") == [
        (1, "EUR", 1.1),
        (1, "GBP", 1.3),
        (2, "EUR", 1.25),
        (2, "GBP", 1.4),
    ]


def test_invoice_lines_of_a_later_export_replace_those_of_the_earlier(loaded):
    early = LINES + "a,acme,usage,10,USD,2026-02-01,open\nb,acme,usage,20,USD,2026-02-02,open\n"
    late = LINES + "b,acme,usage,20,USD,2026-02-02,paid\nc,acme,usage,30,USD,2026-02-03,open\n"
    con = loaded({"invoices": 'path = "i*.csv"'}, i1_csv=early, i2_csv=late)
    assert rows(con, "select line_id, status from invoices order by 1") == [
        ("a", "open"),
        ("b", "paid"),
        ("c", "open"),
    ]


def invoice(*lines):
    return LINES + "".join(
        f"{line},{partner},usage,{amount},USD,2026-02-{day:02},{status}\n"
        for line, partner, amount, day, status in lines
    )


def test_draft_that_was_invoiced_on_another_day_is_the_same_invoice(loaded):
    con = loaded(
        {"invoices": 'path = "i*.csv"'},
        i1_csv=invoice(("a", "acme", 10, 1, "paid"), ("b", "acme", 20, 2, "draft")),
        i2_csv=invoice(("b", "acme", 21, 9, "open"), ("c", "acme", 5, 10, "open")),
    )
    assert rows(con, "select line_id, amount::int, status from invoices order by 1") == [
        ("a", 10, "paid"),
        ("b", 21, "open"),
        ("c", 5, "open"),
    ]


def test_invoices_of_two_firms_with_the_same_numbers_are_a_question(loaded):
    with pytest.raises(ReviewError, match="2 lines of the same number, 0 of them with the same partner"):
        loaded(
            {"invoices": 'path = "i*.csv"'},
            i1_csv=invoice(("INV-1", "acme", 10, 1, "paid"), ("INV-2", "acme", 20, 2, "paid")),
            i2_csv=invoice(("INV-1", "bolt", 30, 1, "paid"), ("INV-2", "bolt", 40, 2, "paid")),
        )


def test_invoices_that_are_only_some_of_the_earlier_are_a_question(loaded):
    lines = [(f"l{day}", "acme", 10, day, "paid") for day in range(1, 8)]
    with pytest.raises(ReviewError, match=r"i1\.csv and i2\.csv have 6 lines of the same number, 6 of them"):
        loaded(
            {"invoices": 'path = "i*.csv"'}, i1_csv=invoice(*lines), i2_csv=invoice(*lines[:4], *lines[5:])
        )


def test_two_entities_that_number_alike_are_a_question(loaded):
    texts = [
        invoice(*((f"{number}", "acme", amount, number - 999, "paid") for number in range(1000, 1009)))
        for amount in (100, 70)
    ]
    with pytest.raises(ReviewError) as error:
        loaded({"invoices": 'path = "i*.csv"'}, i1_csv=texts[0], i2_csv=texts[1])
    assert "i1.csv and i2.csv have 9 lines of the same number, 0 of them with the same partner" in str(
        error.value
    )
    assert "put a system's name before its ids with `sql`" in str(error.value)


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
    return rows(con, "select day(day), sum(row_count)::int from file_usage group by all order by 1")


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


def nodes(*calls, bytes_=""):
    """Lines of NGINX: seconds of a day, the user, and what was asked for."""
    return "".join(
        f'10.0.0.9 - {user} [03/Feb/2026:12:{second // 60:02}:{second % 60:02} +0000] "GET {path} HTTP/1.1" 200'
        f' 5 "-" "probe{bytes_}"\n'
        for second, user, path in calls
    )


NODES = 'path = "n*.log"\npreset = "combined"\nset = { environment = "production" }'
CHECKS = [(second, "-", "/health") for second in range(0, 600, 10)]
WORK = [(second, "acme", "/v1/orders") for second in range(3, 600, 20)]


def test_health_checks_that_come_to_each_node_alike_are_all_kept(loaded):
    one = nodes(*CHECKS, (11, "acme", "/v1/a"), (500, "acme", "/v1/a"))
    other = nodes(*CHECKS, (12, "acme", "/v1/a"), (499, "acme", "/v1/a"))
    con = loaded({"calls": NODES}, n1_log=one, n2_log=other)
    assert rows(con, "select sum(row_count)::int from file_usage") == [(124,)]


def test_same_calls_to_two_nodes_are_a_question(loaded):
    with pytest.raises(ReviewError, match=r"n1.log has 30 rows, n2.log 30 rows; 30 of them are the same"):
        loaded({"calls": NODES}, n1_log=nodes(*WORK), n2_log=nodes(*WORK, bytes_="2"))


def test_log_that_ends_early_takes_nothing_from_the_whole_one(loaded):
    con = loaded({"calls": NODES}, n1_log=nodes(*WORK), n2_log=nodes(*WORK[:20]))
    assert rows(con, "select sum(row_count)::int from file_usage") == [(30,)]


def test_log_cut_in_two_at_an_instant_is_whole(loaded):
    lines = [(second // 2, "acme", "/v1/orders") for second in range(40)]
    con = loaded({"calls": NODES}, n1_log=nodes(*lines[:21]), n2_log=nodes(*lines[21:]))
    assert rows(con, "select sum(row_count)::int from file_usage") == [(40,)]


def test_calls_left_out_say_nothing_of_two_logs(loaded):
    probes = [(second, "monitor", "/v1/ping") for second in range(0, 600, 10)]
    con = loaded(
        {"calls": NODES},
        '[exclude]\npartner_id = ["monitor"]',
        n1_log=nodes(*probes, (5, "acme", "/v1/a")),
        n2_log=nodes(*probes, (5, "bolt", "/v1/a")),
    )
    assert rows(con, "select sum(row_count)::int from file_usage") == [(122,)]


def test_calls_of_one_id_in_two_exports_count_once(opened):
    one = log(*((day, 1, f"a{day}") for day in range(1, 5)))
    other = log(*((day, 1, f"a{day}") for day in range(3, 7)))
    con = opened({"calls": 'path = "log*.csv"'}, log1_csv=one, log2_csv=other)
    assert rows(con, "select sum(calls)::int from usage") == [(6,)]


def test_daily_sums_of_a_later_export_replace_the_earlier(loaded):
    head = "date,partner_id,calls,errors\n"
    block = 'path = "d*.csv"\npreset = "daily"\nset = { environment = "production" }'
    days = [f"2026-02-{day:02},acme,{day * 10},0\n" for day in range(1, 15)]
    con = loaded(
        {"calls": block},
        d1_csv=head + "".join(days[:9]) + "2026-02-10,acme,5,0\n",
        d2_csv=head + "".join(days[1:]),
    )
    assert call_sums(con) == [(day, day * 10) for day in range(1, 15)]


def test_daily_sums_of_two_regions_with_quiet_partners_are_a_question(loaded):
    block = 'path = "d*.csv"\npreset = "daily"\nset = { environment = "production" }'
    texts = [
        "date,partner_id,calls,errors\n"
        + "".join(
            f"2026-02-{day:02},quiet,5,0\n2026-02-{day:02},acme,{day + more},0\n" for day in range(1, 20)
        )
        for more in (7, 70)
    ]
    with pytest.raises(ReviewError, match="38 rows; 19 of them are the same"):
        loaded({"calls": block}, d1_csv=texts[0], d2_csv=texts[1])


def test_daily_sums_of_two_regions_are_a_question(loaded):
    head = "date,partner_id,region,calls,errors\n"
    block = 'path = "d*.csv"\npreset = "daily"\nset = { environment = "production" }'
    texts = [
        head + "".join(f"2026-02-{day:02},acme,{region},100,0\n" for day in range(1, 9))
        for region in ("east", "west")
    ]
    with pytest.raises(ReviewError, match="none of them is the same"):
        loaded({"calls": block}, d1_csv=texts[0], d2_csv=texts[1])


def call_sums(con):
    return rows(con, "select day(called_at), sum(calls)::int from calls group by all order by 1")
