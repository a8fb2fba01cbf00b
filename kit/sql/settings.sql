-- What program.toml says, as tables, so that a question never has to leave the database.
-- Grain: as named above each table.

-- One row.
create table settings (
    name varchar not null,
    currency varchar not null,
    minor_unit decimal(38, 12) not null,
    timezone varchar not null,
    stage varchar not null,
    min_calls bigint not null
);

-- One row per comparison that stands beside last quarter.
create table beside (
    name varchar not null
);

-- One row per role and day from which its loaded hourly cost is in force.
create table rates (
    role varchar not null,
    hourly decimal(38, 12) not null,
    valid_from date not null
);

-- One row; none where no attributed revenue is credited.
create table attribution (
    low decimal(38, 12) not null,
    base decimal(38, 12) not null,
    high decimal(38, 12) not null
);

-- One row per kind of manual work avoided; money and hours per successful production call, and the hours a month that
-- the team which did the work has for it, if that is said.
create table avoidance (
    operation varchar not null,
    low decimal(38, 18) not null,
    base decimal(38, 18) not null,
    high decimal(38, 18) not null,
    hours decimal(38, 18),
    capacity decimal(38, 12)
);

-- One row per pricing case.
create table pricing_cases (
    case_name varchar not null,
    is_base boolean not null,
    assign varchar not null,
    billable varchar not null default 'successful',
    low decimal(38, 12) not null,
    base decimal(38, 12) not null,
    high decimal(38, 12) not null
);

-- One row per case in which prices have an effect on use: the elasticities, and the price of a unit without effect.
create table pricing_responses (
    case_name varchar not null,
    low decimal(38, 12) not null,
    base decimal(38, 12) not null,
    high decimal(38, 12) not null,
    at_price decimal(38, 12) not null
);

-- One row per partner with a contract of its own: the plan it is on, if that is said, a discount, or no bill at all.
create table pricing_exceptions (
    case_name varchar not null,
    partner_id varchar not null,
    plan varchar,
    discount decimal(38, 12) not null default 0,
    is_exempt boolean not null default false
);

-- One row per plan and segment of partners that is on it.
create table pricing_segments (
    case_name varchar not null,
    position integer not null,
    segment varchar not null
);

-- One row per plan of a case, in the order of program.toml; in force from valid_from up to, without, valid_to.
-- `discount` and `value_share` are shares: of the fee and the charges, and of the value of transactions.
create table pricing_plans (
    case_name varchar not null,
    plan varchar not null,
    position integer not null,
    fee decimal(38, 12) not null,
    minimum decimal(38, 12) not null,
    is_prorated boolean not null default false,
    maximum decimal(38, 12),
    discount decimal(38, 12) not null default 0,
    value_share decimal(38, 12) not null default 0,
    per_transaction decimal(38, 12) not null default 0,
    valid_from date,
    valid_to date
);

-- One row per meter of a plan, in the order of program.toml: what it counts, of any product or operation where null.
-- Each route is counted by the first meter that fits it.
create table pricing_meters (
    case_name varchar not null,
    position integer not null,
    meter integer not null default 0,
    product varchar,
    operation varchar,
    included decimal(38, 9) not null,
    mode varchar not null,
    package decimal(38, 9)
);

-- One row per tier of a meter; a tier holds the units above `above` up to and with `up_to`.
create table pricing_tiers (
    case_name varchar not null,
    position integer not null,
    meter integer not null default 0,
    above decimal(38, 9) not null,
    up_to decimal(38, 9),
    price decimal(38, 12) not null,
    flat decimal(38, 12) not null
);

-- One row per export: the least share of it that must lead to a partner, of costs the share of months that must have
-- some, for the figures on it to be shown.
create table limits (
    table_name varchar not null,
    least decimal(38, 12) not null
);

-- One row per kind of traffic that is nobody's business.
create table excluded (
    field varchar not null,
    value varchar not null
);

-- One row per fiscal month or period; next_month is exclusive.
create table months (
    month date not null,
    next_month date not null,
    name varchar not null,
    quarter varchar not null
);

-- One row where fiscal years are of weeks: those of a quarter's periods, and the day on which a year ends, in words.
create table weeks_of_years (
    pattern varchar not null,
    year_ends varchar not null
);

-- One row per stretch of days within one fiscal month and one calendar month.
create table segments (
    month date not null,
    fx_month date not null,
    first_day date not null,
    next_day date not null
);

-- One row per currency whose smallest unit is not a hundredth.
create table minor_units (
    currency varchar not null,
    unit decimal(38, 12) not null
);

-- One row where a goal is set.
create table goal (
    partners_to_add bigint not null
);

-- One row where a plan is told.
create table action_plan (
    doing varchar not null
);

-- One row per thing the plan needs.
create table needs (
    what varchar not null,
    amount decimal(38, 12) not null
);
