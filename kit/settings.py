"""The settings of program.toml: one class a block, one line a setting."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator

from kit.remote import url_of
from kit.sources import files_of, natural
from kit.values import (
    Constant,
    Count,
    Currency,
    Dates,
    Day,
    Delimiter,
    Elasticity,
    Encoding,
    Money,
    Positive,
    Share,
    ShortName,
    Text,
    Timezone,
    Wage,
    YearEnd,
    YesOrNo,
    around,
    fits,
    one_of,
)
from kit.weeks import PATTERNS, last_saturday_before

ZERO, HALF, ONE = Decimal(0), Decimal("0.5"), Decimal(1)
KINDS = ("subscription", "usage", "overage", "other")
ENGINES = ("spark", "databricks", "bigquery", "snowflake", "trino", "clickhouse", "athena")


def _listed(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _folded(value: object) -> object:
    return " ".join(value.split()) if isinstance(value, str) else value


def _like(middle: str) -> Any:
    """A default: the value of another setting, where that one is sound."""
    return Field(default_factory=lambda given: given.get(middle, ONE))


class Block(BaseModel):
    """One block of program.toml."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)


class About(Block):
    """[program]: whose review this is, and how its days and money are counted.

    Fiscal years are of calendar months, or of weeks with a `calendar`; then `year_ends` says on which day they end and
    `week_53` to which of the twelve periods a 53rd week goes. `year_named` is the calendar year that names them.
    """

    name: Annotated[str, fits(60)]
    currency: Currency
    timezone: Timezone
    fiscal_year_start: Annotated[Count, Field(le=12)] = 1
    year_named: Annotated[str, one_of("a way to name fiscal years", "end", "start")] = "end"
    calendar: Annotated[str, one_of("a calendar of weeks", *PATTERNS)] | None = None
    year_ends: YearEnd | None = None
    week_53: Annotated[Count, Field(le=12)] = 12
    stage: Annotated[str, one_of("a stage", "pre-monetization", "monetized")]
    min_calls: Count = 1

    @property
    def ends(self) -> YearEnd:
        """On which day years of weeks end: where that is not said, the last Saturday before fiscal_year_start."""
        return self.year_ends or last_saturday_before(self.fiscal_year_start)


class Page(Block):
    """[page]: what stands beside last quarter: the same quarter last year, the year to date, or both."""

    beside: Annotated[
        tuple[Annotated[str, one_of("a comparison", "year_ago", "year_to_date")], ...],
        BeforeValidator(_listed),
    ] = ()


class Engine(Block):
    """[engine]: the warehouse or cluster that holds the tables named in [exports.calls].

    `connect` is what its own client takes; a text "$NAME" in it stands for the environment variable NAME. A repeated
    request is looked for in every earlier day of its table, or in the `lookback` days before those asked for.
    """

    kind: Annotated[str, one_of("an engine", *ENGINES)]
    connect: dict[str, Any] = {}
    lookback: Count | None = None


class Export(Block):
    """One block of [exports]: the files of one system and how to read them, or a table of [engine].

    A table has no path; `day` is its column of days, by which it is read in parts.
    """

    path: Annotated[tuple[Text, ...], BeforeValidator(_listed), Field(min_length=1)] = ()
    table: Text | None = None
    day: Text | None = None
    preset: Text | None = None
    columns: dict[str, Annotated[str, Field(min_length=1)]] = {}
    sql: Text | None = None
    set: dict[str, Constant] = {}
    kinds: dict[str, Annotated[str, one_of("a kind of invoice line", *KINDS)]] = {}
    timezone: Timezone = "UTC"
    dates: Dates | None = None
    delimiter: Delimiter | None = None
    decimal: Annotated[str, one_of("a decimal mark", ".", ",")] = "."
    thousands: Annotated[str, one_of("a thousands mark", ".", ",", "'", " ", "\u00a0", "\u202f")] | None = (
        None
    )
    amounts: Annotated[str, one_of("a unit of amounts", "major", "minor")] = "major"
    null: tuple[str, ...] = ()
    encoding: Encoding | None = None
    rejects: Share = Decimal("0.001")
    overlap: Annotated[str, one_of("a way with overlapping files", "replace", "keep")] | None = None

    @field_validator("thousands")
    @classmethod
    def _differs(cls, thousands: str, info: ValidationInfo) -> str:
        if thousands == info.data.get("decimal"):
            raise ValueError("the decimal mark too. They must differ.")
        return thousands

    def files(self, folder: Path) -> list[Path]:
        """The files that `path` matches, sorted; relative ones are in the program folder.

        Those of other places are where they will be, once fetched: `kit.remote.fetch` does that.
        """
        found = {file for pattern in self.path for file in self.of_pattern(folder, pattern)}
        return sorted(found, key=lambda file: natural(url_of(file) or str(file)))

    def of_pattern(self, folder: Path, pattern: str) -> list[Path]:
        """The files of one of the patterns in `path`."""
        return files_of(folder, pattern)


class Exclude(Block):
    """[exclude]: traffic that is nobody's business."""

    partner_id: tuple[Text, ...] = ()
    api_key: tuple[Text, ...] = ()
    product: tuple[Text, ...] = ()
    operation: tuple[Text, ...] = ()


class Rate(Block):
    """[[rate]]: the loaded hourly cost of a role, in force from a date."""

    role: Text
    hourly: Wage
    from_: Day = Field(alias="from")


class Attribution(Block):
    """[attribution]: share of attributed revenue credited to the program."""

    base: Share
    low: Annotated[Share, around("base")] = _like("base")
    high: Annotated[Share, around("base")] = _like("base")


class Avoidance(Block):
    """[[avoidance]]: manual work that a successful production call replaces.

    `capacity` is the hours a month that the team which did the work has for it: more than that it cannot have been
    spared. It bounds what the notebook on cost vs. value shows, not the page's figure.
    """

    operation: Text
    minutes: Positive
    hourly: Wage
    capacity: Positive | None = None
    share: Share = ONE
    low: Annotated[Share, around("share")] = _like("share")
    high: Annotated[Share, around("share")] = _like("share")


class Tier(Block):
    """[[pricing.plan.tier]]: a price up to a number of units; the last has no end."""

    up_to: Positive | None = None
    price: Money
    flat: Money = ZERO


class Meter(Block):
    """[[pricing.plan.meter]]: what a plan charges for the calls of a product or an operation, or for all others."""

    product: Text | None = None
    operation: Text | None = None
    included: Money = ZERO
    mode: Annotated[str, one_of("a mode", "graduated", "volume", "package", "flat")]
    package: Positive | None = Field(None, validate_default=True)
    tiers: Annotated[tuple[Tier, ...], Field(alias="tier", min_length=1)]

    @field_validator("package")
    @classmethod
    def _in_package_mode(cls, package: Decimal | None, info: ValidationInfo) -> Decimal | None:
        if info.data.get("mode") != "package":
            return None
        if package is None:
            raise ValueError('missing. mode = "package" needs the units in one, like package = 1000.')
        return package


class Plan(Block):
    """[[pricing.plan]]: a price list; its own tiers are those of its only meter.

    The bill is fee and charges less `discount`, at least `minimum` and at most `maximum`. `prorate` makes the minimum
    of a month in which a partner begins or leaves that of its days. Prices are in force in the months that begin from
    `from` on and before `until`.
    """

    name: ShortName
    segments: Annotated[tuple[Text, ...], BeforeValidator(_listed)] = ()
    fee: Money = ZERO
    minimum: Money = ZERO
    prorate: YesOrNo = False
    maximum: Money | None = None
    discount: Share = ZERO
    transaction_share: Share = ZERO
    per_transaction: Money = ZERO
    from_: Day | None = Field(None, alias="from")
    until: Day | None = None
    included: Money = ZERO
    mode: Annotated[str, one_of("a mode", "graduated", "volume", "package", "flat")] | None = None
    package: Positive | None = Field(None, validate_default=True)
    tiers: Annotated[tuple[Tier, ...], Field(alias="tier")] = ()
    meters: Annotated[tuple[Meter, ...], Field(alias="meter")] = ()

    _in_package_mode = field_validator("package")(Meter._in_package_mode.__func__)  # type: ignore[attr-defined]

    @field_validator("maximum")
    @classmethod
    def _above_minimum(cls, maximum: Decimal | None, info: ValidationInfo) -> Decimal | None:
        if maximum is not None and maximum < info.data.get("minimum", ZERO):
            raise ValueError(f"below the minimum, {info.data['minimum']}.")
        return maximum

    @field_validator("until")
    @classmethod
    def _after_from(cls, until: date | None, info: ValidationInfo) -> date | None:
        begins = info.data.get("from_")
        if until is not None and begins is not None and until <= begins:
            raise ValueError(f"not after from, {begins}.")
        return until

    def all_meters(self) -> tuple[Meter, ...]:
        """The meters, or the one that the plan's own tiers make; a plan of a fee alone has one that charges nothing."""
        if self.meters:
            return self.meters
        tiers = self.tiers or (Tier(price=ZERO),)
        return (Meter(included=self.included, mode=self.mode or "flat", package=self.package, tiers=tiers),)


class PricingException(Block):
    """[[pricing.exception]]: a partner with a contract of its own: on a plan, at a discount, or not billed."""

    partner_id: Text
    plan: Text | None = None
    discount: Share = ZERO
    exempt: YesOrNo = False


class Response(Block):
    """[pricing.response]: the effect of prices on use, as a constant elasticity of demand.

    Use stays as it is up to the price `at` of a unit; twice that price leaves 2 ^ elasticity of it.
    """

    elasticity: Elasticity
    low: Annotated[Elasticity, around("elasticity")] = _like("elasticity")
    high: Annotated[Elasticity, around("elasticity")] = _like("elasticity")
    at: Annotated[Money, Field(gt=0)]


class PricingCase(Block):
    """[[pricing]]: one set of plans, and the share of their bills expected to be billed."""

    case: ShortName
    base: YesOrNo = False
    billable: Annotated[str, one_of("a choice of billable calls", "successful", "all")] = "successful"
    assign: Annotated[str, one_of("a way to assign plans", "cheapest", "plan", "segment")] = "cheapest"
    conversion: Share = ONE
    low: Annotated[Share, around("conversion")] = _like("conversion")
    high: Annotated[Share, around("conversion")] = _like("conversion")
    response: Response | None = None
    plans: Annotated[tuple[Plan, ...], Field(alias="plan", min_length=1)]
    exceptions: Annotated[tuple[PricingException, ...], Field(alias="exception")] = ()


class Limits(Block):
    """[limits]: the share of an export with a partner, of months with costs, under which its figures are withheld."""

    calls: Share = HALF
    invoices: Share = HALF
    transactions: Share = HALF
    attributed: Share = HALF
    worklogs: Share = HALF
    costs: Share = HALF


class Goal(Block):
    """[goal]: what the next twelve months are to bring."""

    partners_to_add: Count


class Need(Block):
    """One thing that is asked for, and its cost."""

    what: Annotated[str, fits(90)]
    amount: Money


class ActionPlan(Block):
    """[plan]: the one paragraph, its {names} of figures not yet filled in, and what it needs."""

    doing: Annotated[str, BeforeValidator(_folded), fits(600)]
    needs: tuple[Need, ...] = Field((), alias="need")


class Settings(Block):
    """All of program.toml."""

    program: About
    page: Page = Page()
    engine: Engine | None = None
    exports: dict[str, Annotated[list[Export], BeforeValidator(_listed)]] = {}
    exclude: Exclude = Exclude()
    rates: tuple[Rate, ...] = Field((), alias="rate")
    attribution: Attribution | None = None
    avoidance: tuple[Avoidance, ...] = ()
    pricing: tuple[PricingCase, ...] = ()
    limits: Limits = Limits()
    goal: Goal | None = None
    plan: ActionPlan | None = None

    @field_validator("pricing")
    @classmethod
    def _sole_is_base(cls, cases: tuple[PricingCase, ...]) -> tuple[PricingCase, ...]:
        return (cases[0].model_copy(update={"base": True}),) if len(cases) == 1 else cases


class Program(Settings):
    """The settings, and the absolute folder they stand in."""

    folder: Path
