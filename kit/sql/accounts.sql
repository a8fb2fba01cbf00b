-- What became of each export's files and rows, empty.
-- Grain: as named above each table.

-- One row per file of an export; `read` is how many rows it has, or null where nobody counted them.
-- `same_as` is the file that has the same content, if this one was not read for that.
create table files (
    file_id integer not null,
    table_name varchar not null,
    block integer not null,
    path varchar not null,
    same_as integer,
    read bigint
);

-- One row per row that could not be used: `line` is where it begins, `text` is how it stands there.
-- What is broken over several lines counts as so many rows.
create table rejects (
    file_id integer not null,
    line bigint not null,
    reason varchar not null,
    text varchar not null,
    row_count bigint not null
);

-- One row per row of a canonical table that was taken out again; of calls, per file and reason.
create table set_aside (
    table_name varchar not null,
    file_id integer,
    source_row bigint,
    fate varchar not null,
    reason varchar not null,
    row_count bigint not null
);

-- One row per export with times that its zone's clocks skip in a night, or show twice.
create table clock_changes (
    table_name varchar not null,
    block integer not null,
    zone varchar not null,
    skipped bigint not null,
    twice bigint not null
);

-- One row per file, key, partner as logged, system, environment, product, operation, status class, and day in the
-- program's zone, of exports that are sums; `is_repeat` marks requests told of before.
create table usage_of_sums (
    file_id integer,
    day date,
    api_key varchar,
    partner_id varchar,
    system varchar,
    environment varchar,
    product varchar,
    operation varchar,
    status_class integer,
    is_repeat boolean,
    calls bigint,
    units decimal(38, 9),
    row_count bigint
);

-- One row per request whose id stands for several, and one saying how many are logged again with something else in them.
create table contradictory_requests (
    what varchar,
    file_ids integer[],
    requests bigint,
    is_log boolean not null
);

-- The same for all calls, of sums and of logs.
create view file_usage as from usage_of_sums;

-- The days of the program's zone by quarter of an hour; quarters that are not in it are worked out.
create table zone_days (
    quarter_hour bigint not null,
    day date not null
);
