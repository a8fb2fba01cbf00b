"""The pricing lab: sliders for a case, and what it comes to while they move.

While a slider moves, the year's amount alone is worked out, exactly; once it rests, the bridge and the bills too.
"""

import asyncio
from collections.abc import Callable, Sequence
from decimal import Decimal
from html import escape
from pathlib import Path
from typing import Any

import duckdb
import ipywidgets as widgets
from pydantic import ValidationError

from kit import formats, pricing, pricing_charts, pricing_words, quarters, what_if
from kit.currencies import sign, smallest_unit
from kit.database import tables_of
from kit.errors import ReviewError
from kit.fiscal import Quarter
from kit.pictures import INK, QUIET, WARN, picture
from kit.program import load_program
from kit.settings import Meter, Plan, PricingCase, Program
from kit.tables import table

RESTS = 0.25  # seconds without a move until the whole answer is worked out
STEPS = 60  # of a slider, about
CENT, FINEST_PRICE, MOST = Decimal("0.01"), Decimal("1e-12"), Decimal(10**15 - 1)
FIRST = {"fee": Decimal(100), "included": Decimal(1000), "price": Decimal("0.01")}
WIDE = widgets.Layout(width="620px")
NAMES = {"description_width": "120px"}


def open_lab(folder: Path | str, quarter: str = "") -> "Lab":
    """The lab of a program's folder: its usage up to a quarter's end, by name or else the last that the data completes.

    A program without prices begins with a cent a unit. ReviewError if settings or data are at fault.
    """
    program = what_if.with_prices(load_program(folder))
    con = tables_of(program)
    return Lab(con, program, quarters.choose_quarter(con, quarter), folder)


class Lab:
    """Sliders over the program's cases. `case` is the case as the sliders stand, `outcome` what it came to last."""

    def __init__(
        self,
        con: duckdb.DuckDBPyConnection,
        program: Program,
        quarter: Quarter,
        folder: Path | str = "",
    ) -> None:
        self.con, self.quarter = con, quarter
        self.currency = program.program.currency
        self.folder = folder or program.folder
        self._cases = {case.case: case for case in program.pricing or (what_if.first_case(program),)}
        self.months = pricing.last_months(con, quarter)
        self.kept: list[what_if.Outcome] = []
        self._wait: asyncio.TimerHandle | None = None
        self._is_setting = False
        first = what_if.first_case(program).case
        self.start = widgets.Dropdown(options=list(self._cases), value=first, description="Case", style=NAMES)
        self.plan = widgets.Dropdown(description="Plan", style=NAMES)
        self.meter = widgets.Dropdown(description="Meter", style=NAMES)
        self.tier = widgets.Dropdown(description="Tier", style=NAMES)
        self.fee, self.included, self.price, self.conversion = (
            widgets.SelectionSlider(options=[("0", Decimal(0))], description=name, layout=WIDE, style=NAMES)
            for name in ("Fee a month", "Included units", "Price", "Share billed")
        )
        self.name = widgets.Text(description="Name", placeholder="of the case, to keep or save", style=NAMES)
        self.keep = widgets.Button(description="Compare", tooltip="Keep this case, to see it beside others")
        self.save = widgets.Button(description="Save to program.toml", layout=widgets.Layout(width="180px"))
        self.said, self.headline, self.picture, self.beside = (widgets.HTML() for _ in range(4))
        self.case = self._cases[first]
        self.start.observe(lambda _: self._begin(), "value")
        self.plan.observe(lambda _: self._show_plan(), "value")
        self.meter.observe(lambda _: self._show_meter(), "value")
        self.tier.observe(lambda _: self._show_tier(), "value")
        for slider in (self.fee, self.included, self.price, self.conversion):
            slider.observe(lambda _: self._moved(), "value")
        self.keep.on_click(lambda _: self._answered(self._keep))
        self.save.on_click(lambda _: self._answered(self._save))
        self._begin()

    @property
    def cases(self) -> list[PricingCase]:
        """The program's cases, and those saved to it since."""
        return list(self._cases.values())

    @property
    def widget(self) -> widgets.Widget:
        """The sliders, the year's amount, the bridge with the dearest bills, and the cases kept beside one another."""
        sliders = [
            self.start,
            self.plan,
            self.meter,
            self.tier,
            self.fee,
            self.included,
            self.price,
            self.conversion,
        ]
        keeping = widgets.HBox([self.name, self.keep, self.save])
        return widgets.VBox([*sliders, self.headline, self.picture, keeping, self.said, self.beside])

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.widget)  # type: ignore[no-untyped-call]  # IPython has no annotations here

    # What the sliders show

    def _begin(self) -> None:
        self.case = self._cases[self.start.value]
        self.name.value = ""
        self._set(
            self.conversion,
            _steps(Decimal(1), Decimal(1), CENT, most=Decimal(1)),
            self.case.conversion,
            _share,
        )
        self._options(self.plan, [(_plan_name(plan), place) for place, plan in enumerate(self.case.plans)])
        self._show_plan()

    def _show_plan(self) -> None:
        if self._is_setting:
            return
        plan = self._plan()
        self._options(
            self.meter, [(_meter_name(each), place) for place, each in enumerate(plan.all_meters())]
        )
        self.meter.layout.display = "" if len(plan.all_meters()) > 1 else "none"
        self._set(
            self.fee, _steps(plan.fee, FIRST["fee"], smallest_unit(self.currency)), plan.fee, self._fee_text
        )
        self._show_meter()

    def _show_meter(self) -> None:
        if self._is_setting:
            return
        meter = self._plan().all_meters()[self.meter.value]
        self._options(self.tier, [(_tier_name(meter, place), place) for place in range(len(meter.tiers))])
        self._show_included()
        self._set(
            self.included,
            _steps(meter.included, FIRST["included"], Decimal(1)),
            meter.included,
            formats.count_exactly,
        )
        self._show_tier()

    def _show_included(self) -> None:
        self.included.layout.display = "" if self._plan().meters or self._plan().tiers else "none"

    def _show_tier(self) -> None:
        if self._is_setting:
            return
        price = self._plan().all_meters()[self.meter.value].tiers[self.tier.value].price
        self._set(
            self.price,
            _steps(price, FIRST["price"], FINEST_PRICE),
            price,
            lambda value: f"{value.normalize():f}",
        )
        self.settle()

    def _plan(self) -> Plan:
        place: int = self.plan.value
        return self.case.plans[place]

    def _options(self, dropdown: widgets.Dropdown, options: Sequence[tuple[str, Any]]) -> None:
        self._is_setting = True
        dropdown.options = options
        dropdown.value = options[0][1]
        self._is_setting = False

    def _set(
        self, slider: Any, values: Sequence[Decimal], value: Decimal, text: Callable[[Decimal], str]
    ) -> None:
        self._is_setting = True
        slider.options = [(text(each), each) for each in sorted({*values, value})]
        slider.value = value
        self._is_setting = False

    # What they come to

    def _moved(self) -> None:
        if self._is_setting:
            return
        self._change()
        self._say_year(*what_if.year_of(self.con, self.case, self.months))
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # no notebook around: nothing moves later
            self.settle()
            return
        if self._wait:
            self._wait.cancel()
        self._wait = loop.call_later(RESTS, self.settle)

    def _change(self) -> None:
        plan, start = self._plan(), self._cases[self.start.value]
        self.case = what_if.changed(
            self.case.model_copy(update={"low": start.low, "high": start.high}),
            self.plan.value,
            self.meter.value,
            self.tier.value,
            fee=self.fee.value,
            included=self.included.value,
            price=self.price.value if plan.meters or plan.tiers or self.price.value else None,
            conversion=self.conversion.value,
        )
        self._show_included()

    def settle(self) -> None:
        """Work out and show the whole answer of the case as the sliders stand."""
        [self.outcome] = what_if.outcomes(self.con, [self.case], self.quarter)
        self._say_year(self.outcome.low, self.outcome.amount, self.outcome.high)
        charts = (
            pricing_charts.bridge(self.outcome.bridge, self.currency),
            pricing_charts.bills(self.outcome.bills, self.currency),
        )
        pays = escape(pricing_words.who_pays(self.outcome.bills, self.currency))
        hit = escape(pricing_words.hardest_hit(self.outcome.bills, self.currency))
        self.picture.value = (
            "".join(picture(chart.to_dict()) for chart in charts)
            + f'<p style="max-width:640px">{pays} {hit}</p>'
        )

    def _say_year(self, low: Decimal, amount: Decimal, high: Decimal) -> None:
        scale = formats.scale_of([low, amount, high])
        ends = [formats.money(end, self.currency, scale) for end in (low, high)]
        span = f"{ends[0]} to {ends[1]}; an" if low != high else "an"
        self.headline.value = (
            f'<div style="background:#fff;color:{INK};padding:4px 8px;width:640px">'
            f'<b style="font-size:20px">{self._money(amount)}</b> in unrealized revenue, twelve months to'
            f' {self.quarter.last_day:%d %B %Y}<br><span style="color:{QUIET}">{span} estimate that nobody is obliged'
            " to pay</span></div>"
        )

    def _fee_text(self, fee: Decimal) -> str:
        unit = smallest_unit(self.currency)
        return f"{sign(self.currency)}{fee.normalize():f}" if fee % unit else self._money(fee)

    def _money(self, amount: Decimal) -> str:
        return formats.money_exactly(amount, self.currency)

    # Keeping and saving

    def _named(self) -> PricingCase:
        name = self.name.value.strip()
        if not name:
            raise ReviewError("Name the case first.")
        try:
            return PricingCase.model_validate({**dict(self.case), "case": name, "base": False})
        except ValidationError as error:
            raise ReviewError(f"{name!r}: {error.errors()[0]['msg'].removeprefix('Value error, ')}") from None

    def _keep(self) -> str:
        named = self._named()
        if named.case in self._cases:
            raise ReviewError(f"{named.case!r} is a case of the program. Name yours differently.")
        of_program = [each.case.case for each in self.kept]
        fresh = [case for name, case in self._cases.items() if name not in of_program]
        found = what_if.outcomes(self.con, [*fresh, named], self.quarter)
        self.kept = [*(each for each in self.kept if each.case.case != named.case), *found]
        self.beside.value = table(what_if.compared(self.kept)).as_raw_html()
        return f"{named.case} stands below."

    def _save(self) -> str:
        named = self._named()
        file = what_if.save(self.folder, named)
        self._cases[named.case] = named
        self._is_setting = True
        self.start.options = list(self._cases)
        self.start.value = named.case
        self._is_setting = False
        return f"{named.case} stands at the end of {file.name}."

    def _answered(self, work: Callable[[], str]) -> None:
        try:
            colour, said = INK, work()
        except (ReviewError, ValueError, OSError) as error:
            colour, said = WARN, str(error)
        self.said.value = (
            f'<pre style="background:#fff;color:{colour};white-space:pre-wrap">{escape(said)}</pre>'
        )


def _steps(value: Decimal, otherwise: Decimal, finest: Decimal, most: Decimal = MOST) -> list[Decimal]:
    """Round values from zero to three times this one; to three times the other where it is zero."""
    top = min(3 * (value or otherwise), most)
    step = max(next(step for step in _round_steps(top / STEPS)), finest)
    values = {step * number for number in range(int(top / step) + 1)}
    return sorted(values)


def _round_steps(least: Decimal) -> Sequence[Decimal]:
    power = Decimal(10) ** least.adjusted()
    return [step * power for step in (1, 2, 5, 10) if step * power >= least]


def _share(value: Decimal) -> str:
    return f"{(100 * value).normalize():f}%"


def _plan_name(plan: Plan) -> str:
    """The plan's name, and the dates that tell it from another of the name."""
    dates = [f"{word} {day}" for word, day in (("from", plan.from_), ("until", plan.until)) if day]
    return f"{plan.name} ({' '.join(dates)})" if dates else plan.name


def _meter_name(meter: Meter) -> str:
    return ", ".join(part for part in (meter.product, meter.operation) if part) or "all other calls"


def _tier_name(meter: Meter, place: int) -> str:
    """The units that a tier is for."""
    above = meter.tiers[place - 1].up_to if place else None
    up_to = meter.tiers[place].up_to
    unit = "packages of" if meter.mode == "package" else "units"
    each = f" ({unit} {formats.count_exactly(meter.package)})" if meter.package else ""
    if above is None:
        return ("all units" if up_to is None else f"up to {formats.count_exactly(up_to)}") + each
    ending = "" if up_to is None else f" to {formats.count_exactly(up_to)}"
    return f"above {formats.count_exactly(above)}{ending}{each}"
