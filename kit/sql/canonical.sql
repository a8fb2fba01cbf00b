-- The canonical tables (contract, section 1), empty.
-- Grain: as named above each table. `not null` marks what an export must say.
-- A `_date` is a day in the program's time zone; money is DECIMAL(38, 12) in its own currency.

create type environment as enum ('production', 'sandbox');
create type invoice_kind as enum ('subscription', 'usage', 'overage', 'other');
create type invoice_status as enum ('paid', 'open', 'draft', 'void', 'uncollectible');

-- One row per call, or per group of calls that a gateway has already summed.
create table calls (
    called_at timestamptz not null,
    api_key varchar,
    partner_id varchar,
    environment environment not null,
    status integer not null,
    product varchar,
    operation varchar,
    request_id varchar,
    calls bigint not null default 1,
    units decimal(38, 9),
    system varchar
);

-- One row per key and period of validity; valid_to is exclusive.
create table keys (
    api_key varchar not null,
    partner_id varchar not null,
    environment environment,
    valid_from date,
    valid_to date
);

-- One row per other name of a partner; valid_to is exclusive.
create table aliases (
    id varchar not null,
    partner_id varchar not null,
    system varchar,
    valid_from date,
    valid_to date
);

-- One row per partner.
create table partners (
    partner_id varchar not null,
    name varchar not null,
    registered_at date not null,
    sandbox_at date,
    first_call_at date,
    production_at date,
    offboarded_at date,
    is_test boolean not null default false,
    segment varchar,
    plan varchar,
    region varchar,
    system varchar
);

-- One row per invoice line; service_end is exclusive.
create table invoices (
    line_id varchar not null,
    partner_id varchar not null,
    kind invoice_kind not null,
    amount decimal(38, 12) not null,
    currency varchar not null,
    invoiced_at date not null,
    service_start date,
    service_end date,
    status invoice_status not null,
    system varchar
);

-- One row per amount that partners' customers transacted through the API.
create table transactions (
    transacted_at timestamptz not null,
    partner_id varchar not null,
    amount decimal(38, 12) not null,
    currency varchar not null,
    system varchar
);

-- One row per entry of work on onboarding.
create table worklogs (
    date date not null,
    partner_id varchar,
    activity varchar not null,
    role varchar not null,
    hours decimal(38, 12) not null,
    system varchar
);

-- One row per cost booked; allocation is the share that the program bears.
create table costs (
    date date not null,
    category varchar not null,
    amount decimal(38, 12) not null,
    currency varchar not null,
    allocation decimal(38, 12) not null default 1
);

-- One row per amount of revenue that partners drive through integrations.
create table attributed (
    date date not null,
    partner_id varchar not null,
    amount decimal(38, 12) not null,
    currency varchar not null,
    system varchar
);

-- One row per month and team.
create table headcount (
    month date not null,
    team varchar not null,
    fte decimal(38, 12) not null
);

-- One row per event that moved the program.
create table milestones (
    date date not null,
    label varchar not null
);

-- One row per month and currency: program currency for one unit.
create table fx (
    month date not null,
    currency varchar not null,
    rate decimal(38, 12) not null
);

-- One row per period of a fiscal calendar that no rule makes; days inclusive.
create table calendar (
    period varchar not null,
    quarter varchar not null,
    first_day date not null,
    last_day date not null
);
