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
