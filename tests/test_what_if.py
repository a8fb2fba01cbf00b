"""A case with one thing changed, side by side with others, and saved."""

import tomllib
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest
from conftest import add, made
from hypothesis import given
from hypothesis import strategies as st

from kit import pricing_charts, pricing_words, quarters, what_if
from kit.errors import ReviewError
from kit.lab import Lab
from kit.pricing import sensitivity
from kit.program import load_program
from kit.settings import Plan, PricingCase

pytestmark = pytest.mark.slow

CASE = PricingCase.model_validate(
    {
        "case": "Proposed",
        "base": True,
        "conversion": Decimal("0.5"),
        "low": Decimal("0.25"),
        "high": 1,
        "plan": [
            {
                "name": "Pay",
                "fee": 10,
                "included": 100,
                "mode": "graduated",
                "tier": [{"up_to": 1000, "price": "0.5"}, {"price": "0.25"}],
            },
            {"name": "Flat", "fee": 600},
        ],
    }
)


@pytest.fixture
def used(con):
    """Three partners' use of February and March, and the quarter; one is billed 40 already."""
    from kit.blank import add_case

    for partner, units in (("big", 3100), ("mid", 300), ("small", 20)):
        add(con, "partners", partner_id=partner)
        add(con, "calls", called_at="2026-03-10 12:00:00+00", partner_id=partner, units=str(units))
    add(con, "calls", called_at="2026-02-10 12:00:00+00", partner_id="mid", units="300")
    add(con, "calls", called_at="2026-03-31 12:00:00+00", partner_id="nobody")
    add(con, "invoices", partner_id="mid", amount="40", invoiced_at="2026-03-03")
    add_case(con, CASE)
    return made(con), quarters.all_quarters(con)["2026-Q1"]


# What it comes to


def test_outcome_is_the_year_the_bridge_and_the_bills(used):
    con, quarter = used
    [told] = what_if.outcomes(con, [CASE], quarter)
    # March: big min(10 + 500 + 500, 600) = 600, mid 110, small 10; February: mid 110. Half of each, less 40 of mid's.
    assert (told.low, told.amount, told.high) == (150 + 2.5 + 27.5, 300 + 15 + 5 + 55, 600 + 70 + 10 + 110)
    assert told.bridge["amount"].to_list()[-1] == told.amount == told.bridge["amount"][:-1].sum()
    assert told.bills.select("partner_id", "bill").rows() == [("big", 600), ("mid", 110), ("small", 10)]
    assert told.without_largest == ("Big", 75)


def test_year_while_a_slider_moves_is_that_of_the_outcome(used):
    con, quarter = used
    from kit.pricing import last_months

    case = what_if.changed(CASE, "Pay", tier=1, price=Decimal("0.001"), fee=Decimal("12.5"))
    [told] = what_if.outcomes(con, [case], quarter)
    months = last_months(con, quarter)
    assert what_if.year_of(con, case, months) == (told.low, told.amount, told.high)
    # big: 12.5 + 500 + 2 = 514.5; mid 112.5 twice, small 12.5.
    assert told.amount == Decimal("257.25") + Decimal("16.25") + Decimal("6.25") + Decimal("56.25")


def test_the_programs_own_tables_stay_as_they_are(used):
    con, quarter = used
    before = con.execute("from unrealized_revenue order by all").fetchall()
    what_if.outcomes(con, [what_if.changed(CASE, fee=Decimal(999))], quarter)
    assert con.execute("from unrealized_revenue order by all").fetchall() == before


def test_cases_stand_side_by_side(used):
    con, quarter = used
    dearer = what_if.changed(CASE, "Flat", fee=Decimal(900)).model_copy(
        update={"case": "Dearer", "base": False}
    )
    told = what_if.compared(what_if.outcomes(con, [CASE, dearer], quarter))
    assert told.select("case", "expected", "partners", "bills", "median", "hardest_hit").rows() == [
        ("Proposed", 375, 3, 720, 110.0, "Big"),
        ("Dearer", 525, 3, 1020, 110.0, "Big"),
    ]


# Changing


def test_only_what_is_given_is_changed():
    assert what_if.changed(CASE) == CASE
    case = what_if.changed(CASE, "Pay", tier=1, included=Decimal(7), price=Decimal("0.001"))
    assert (case.plans[0].included, case.plans[0].tiers[1].price) == (7, Decimal("0.001"))
    assert case.plans[0].tiers[0] == CASE.plans[0].tiers[0]
    assert case.plans[1] == CASE.plans[1]


@pytest.mark.parametrize(
    ("share", "ends"), [("0.1", ("0.1", "1")), ("0.5", ("0.25", "1")), ("1", ("0.25", "1"))]
)
def test_low_and_high_stay_around_the_share_billed(share, ends):
    case = what_if.changed(CASE, conversion=Decimal(share))
    assert (case.low, case.conversion, case.high) == (Decimal(ends[0]), Decimal(share), Decimal(ends[1]))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"plan": "Gold"}, "'Gold' is not a plan of the case 'Proposed'. It has Pay, Flat."),
        ({"plan": 2}, "The case 'Proposed' has no plan 2. It has 2, from 0."),
        ({"tier": 2}, "has no tier 2 there. It has 2, from 0."),
        ({"meter": 1}, "has no meter 1. It has 1, from 0."),
        ({"fee": Decimal(-1)}, "fee is -1. It is 0 or more."),
        ({"conversion": Decimal("1.5")}, "conversion is 1.5. It is a share, from 0 to 1."),
    ],
)
def test_change_that_the_case_cannot_have_is_refused(change, said):
    with pytest.raises(ReviewError, match=said.replace(".", r"\.")):
        what_if.changed(CASE, **change)


# Saving

money = st.decimals(0, 10**6, places=4)
text = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=20
).filter(lambda name: name == name.strip())
tiers = st.lists(st.integers(1, 10**6), unique=True, max_size=3).flatmap(
    lambda bounds: st.tuples(
        *(
            st.fixed_dictionaries(
                {"price": money.map(str), "flat": money} | ({"up_to": st.just(up_to)} if up_to else {})
            )
            for up_to in [*sorted(bounds), None]
        )
    )
)
metered = st.fixed_dictionaries(
    {
        "mode": st.just("package"),
        "package": st.integers(1, 999),
        "tier": tiers,
        "included": st.integers(0, 999),
    }
) | st.fixed_dictionaries({"mode": st.sampled_from(["graduated", "volume", "flat"]), "tier": tiers})
shares = st.decimals(0, 1, places=3)
plans = st.fixed_dictionaries(
    {
        "name": text,
        "fee": money,
        "minimum": st.just(0),
        "maximum": money,
        "discount": shares,
        "prorate": st.booleans(),
    }
)


@given(
    name=text,
    metered_plan=st.tuples(plans, metered).map(lambda pair: pair[0] | pair[1]),
    meters=st.tuples(plans, st.lists(st.tuples(metered, text), min_size=1, max_size=2)),
    share=shares,
)
def test_block_reads_back_as_the_case(name, metered_plan, meters, share):
    plan, own = meters
    with_meters = plan | {"meter": [meter | {"operation": operation} for meter, operation in own]}
    answer = {"elasticity": Decimal("-0.4"), "at": Decimal("0.01")}
    case = PricingCase.model_validate(
        {
            "case": name,
            "base": True,
            "conversion": share,
            "billable": "all",
            "response": answer,
            "plan": [metered_plan, with_meters],
            "exception": [{"partner_id": name, "discount": share}, {"partner_id": "x", "exempt": True}],
        }
    )
    [raw] = tomllib.loads(what_if.block(case), parse_float=Decimal)["pricing"]
    assert PricingCase.model_validate(raw) == case


PRICED = what_if.block(CASE)


def test_saved_case_stands_at_the_end_of_the_file(program_folder):
    folder = program_folder(extra=PRICED + "\n# The last word.")
    before = (folder / "program.toml").read_text()
    new = CASE.model_copy(update={"case": "Ours"})
    assert what_if.save(folder, new) == folder / "program.toml"
    assert (folder / "program.toml").read_text().startswith(before)
    assert load_program(folder).pricing == (CASE, new.model_copy(update={"base": False}))
    assert sorted(file.name for file in folder.iterdir()) == ["calls.csv", "partners.csv", "program.toml"]


def test_first_case_saved_is_the_base(program_folder):
    folder = program_folder()
    what_if.save(folder, what_if.first_case(load_program(folder)))
    [case] = load_program(folder).pricing
    assert (case.base, case.plans[0].tiers[0].price) == (True, Decimal("0.01"))


def test_case_of_a_name_that_is_taken_is_not_saved(program_folder):
    folder = program_folder(extra=PRICED)
    before = (folder / "program.toml").read_bytes()
    with pytest.raises(ReviewError, match=r"(?s)not saved.*program\.toml:\d+ .*a second case of this name"):
        what_if.save(folder, CASE)
    assert (folder / "program.toml").read_bytes() == before
    assert sorted(file.name for file in folder.iterdir()) == ["calls.csv", "partners.csv", "program.toml"]


@pytest.mark.parametrize(
    "priced",
    [
        PRICED.replace("base = true\n", ""),
        PRICED.replace("base = true\n", "").replace("[[pricing]]", '[[ "pricing" ]] # base = false'),
        PRICED.replace("base = true", '"base" = true'),
    ],
)
def test_only_case_stays_the_base_however_it_is_written(program_folder, priced):
    folder = program_folder(extra=priced)
    what_if.save(folder, CASE.model_copy(update={"case": "Ours"}))
    assert [(case.case, case.base) for case in load_program(folder).pricing] == [
        ("Proposed", True),
        ("Ours", False),
    ]


def test_line_ends_and_links_stay_as_they_are(program_folder):
    folder = program_folder(extra=PRICED)
    file, real = folder / "program.toml", folder / "real.toml"
    real.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    file.unlink()
    file.symlink_to(real.name)
    what_if.save(folder, CASE.model_copy(update={"case": "Ours"}))
    assert file.is_symlink()
    written = real.read_bytes()
    assert written.startswith(b"\xef\xbb\xbf[program]\r\n")
    assert written.count(b"\n") == written.count(b"\r\n")
    assert [case.case for case in load_program(folder).pricing] == ["Proposed", "Ours"]


def test_cases_that_are_listed_inline_are_not_added_to(program_folder):
    folder = program_folder()
    file = folder / "program.toml"
    file.write_text('pricing = [{ case = "Old", plan = [{ name = "A", fee = 1 }] }]\n' + file.read_text())
    with pytest.raises(ReviewError, match=r"not saved: program\.toml lists its cases inline"):
        what_if.save(folder, CASE)


# The lab


@pytest.fixture
def lab(used, program_folder):
    con, quarter = used
    folder = program_folder(extra=PRICED)
    return Lab(con, load_program(folder), quarter, folder)


def test_lab_begins_with_the_base_case(lab):
    assert lab.case == CASE
    assert "$375.00" in lab.headline.value
    assert "Big would pay most" in lab.picture.value


def test_moved_slider_changes_the_case_and_what_it_comes_to(lab):
    lab.plan.value = 1
    lab.fee.value = Decimal(900)
    assert lab.case == what_if.changed(CASE, "Flat", fee=Decimal(900))
    assert "$525.00" in lab.headline.value
    lab.plan.value = 0
    lab.tier.value = 1
    lab.price.value = Decimal("0.5")
    assert lab.case.plans[0].tiers[1].price == Decimal("0.5")
    assert lab.outcome.amount == 525  # 10 + 500 + 1,000 is dearer than 900


def test_range_returns_with_the_share_billed(lab):
    for share in ("0.1", "0.5"):
        lab.conversion.value = Decimal(share)
    assert (lab.case.low, lab.case.high) == (CASE.low, CASE.high)


def test_kept_case_stands_beside_the_programs(lab):
    lab.keep.click()
    assert "Name the case first." in lab.said.value
    lab.name.value = "x" * 25
    lab.keep.click()
    assert "xxx&#x27;: 25 characters. There is room for 24." in lab.said.value
    lab.name.value = "Dear <b>"
    lab.keep.click()
    assert [each.case.case for each in lab.kept] == ["Proposed", "Dear <b>"]
    assert "Dear &lt;b&gt;" in lab.beside.value
    assert "<b>" not in lab.beside.value


def test_slider_is_of_the_plan_in_force_where_two_share_a_name(used):
    con, quarter = used
    first, second = (
        {"name": "A", "mode": "flat", "tier": [{"price": price}], **dates}
        for price, dates in (("1", {"until": date(2026, 3, 1)}), ("2", {"from": date(2026, 3, 1)}))
    )
    case = PricingCase.model_validate({"case": "Two", "base": True, "plan": [first, second]})
    lab = Lab(con, load_only(case), quarter)
    assert [name for name, _ in lab.plan.options] == ["A (until 2026-03-01)", "A (from 2026-03-01)"]
    lab.plan.index = 1
    assert lab.price.value == 2
    lab.price.value = Decimal(3)
    assert [plan.tiers[0].price for plan in lab.case.plans] == [1, 3]
    with pytest.raises(ReviewError, match=r"has 2 plans 'A'\. Name one by its place"):
        what_if.changed(case, "A")


def load_only(case):
    about = SimpleNamespace(currency="JPY")
    return SimpleNamespace(program=about, folder="nowhere", pricing=(case,))


def test_sliders_offer_what_program_toml_can_hold(used):
    con, quarter = used
    plans = [
        {"name": "Odd", "fee": Decimal("0.5")},
        {"name": "Tiny", "mode": "flat", "tier": [{"price": "0.00000000001"}], "included": 4 * 10**14},
    ]
    lab = Lab(con, load_only(PricingCase.model_validate({"case": "C", "base": True, "plan": plans})), quarter)
    assert lab.fee.options[:3] == (("¥0", 0), ("¥0.5", Decimal("0.5")), ("¥1", 1))
    assert lab.included.layout.display == "none"
    lab.price.value = lab.price.options[3][1]
    assert lab.included.layout.display == ""
    lab.plan.value = 1
    assert min(-value.as_tuple().exponent <= 12 for _, value in lab.price.options)
    assert max(value for _, value in lab.included.options) < 10**15


def test_lab_saves_what_the_sliders_say(lab):
    lab.plan.value = 1
    lab.fee.value = Decimal(900)
    lab.name.value = "Ours"
    lab.save.click()
    assert "Ours stands at the end of program.toml." in lab.said.value
    assert load_program(lab.folder).pricing[1].plans[1].fee == 900
    assert (lab.start.value, lab.case.plans[1].fee) == ("Ours", 900)
    lab.name.value = "Other"
    lab.keep.click()
    assert [each.case.case for each in lab.kept] == ["Proposed", "Ours", "Other"]
    lab.name.value = "Ours"
    lab.save.click()
    assert "a second case of this name" in lab.said.value


# Pictures and sentences


def test_pictures_tell_their_figures(used):
    con, quarter = used
    [told] = what_if.outcomes(con, [CASE], quarter)
    bridge = pricing_charts.bridge(told.bridge, "USD").to_dict()["description"]
    # Big is on Flat, 600; mid twice 10 and 300 units at 0.50, small 10 and 20 units at 0.50.
    assert bridge.startswith("Of $940 at list prices, $375 is expected.")
    moves = sensitivity(con, CASE, quarter)
    tornado = pricing_charts.tornado(moves, "USD").to_dict()["description"]
    assert "Share billed 25% to 100% $180 to $790" in tornado
    assert "Big refuses $75.0 to $375" in tornado


def test_sentences_answer_what_finance_asks(used):
    con, quarter = used
    [told] = what_if.outcomes(con, [CASE], quarter)
    assert pricing_words.who_pays(told.bills, "USD") == (
        "3 partners would be billed $720 in the month: half of them at most $110, nine in ten at most $600."
    )
    assert pricing_words.hardest_hit(told.bills, "USD") == "Big is hit hardest: $600 a month for nothing now."
    assert pricing_words.if_largest_refuses(told.without_largest, told.amount, "USD") == (
        "If Big refuses, $75 of $375 a year is left: 80.0% less."
    )
    assert pricing_words.payback(None).startswith("Nothing is asked for")


def test_plan_of_a_fee_alone_can_be_given_a_price():
    case = what_if.changed(CASE, "Flat", price=Decimal("0.1"))
    assert case.plans[1] == Plan(
        name="Flat", fee=Decimal(600), mode="flat", tiers=({"price": Decimal("0.1")},)
    )
