-- From which day to which does each file speak, and how many rows does it give?
-- Grain: one row per file of an export, days in the program's zone; null where its rows have none. An invoice line
-- speaks of its service period too. `same_as` is the file whose content it repeats.
with windows as (
    select file_id, min(day) as first_day, max(day) as last_day, sum(row_count)::bigint as row_count
    from file_usage
    group by file_id
    union all
    select file_id, null, null, count(*) from keys group by file_id
    union all
    select file_id, null, null, count(*) from aliases group by file_id
    union all
    select file_id, min(registered_at), max(registered_at), count(*) from partners group by file_id
    union all
    select
        file_id,
        min(least(invoiced_at, service_start)),
        max(greatest(invoiced_at, service_end - 1)),
        count(*)
    from invoices
    group by file_id
    union all
    select
        file_id,
        min((transacted_at at time zone (select timezone from settings))::date),
        max((transacted_at at time zone (select timezone from settings))::date),
        count(*)
    from transactions
    group by file_id
    union all
    select file_id, min(date), max(date), count(*) from worklogs group by file_id
    union all
    select file_id, min(date), max(date), count(*) from costs group by file_id
    union all
    select file_id, min(date), max(date), count(*) from attributed group by file_id
    union all
    select file_id, min(month), max(month), count(*) from headcount group by file_id
    union all
    select file_id, min(date), max(date), count(*) from milestones group by file_id
    union all
    select file_id, min(month), max(month), count(*) from fx group by file_id
    union all
    select file_id, min(first_day), max(last_day), count(*) from calendar group by file_id
)

select
    files.table_name,
    files.block,
    files.path,
    same.path as same_as,
    windows.first_day,
    windows.last_day,
    coalesce(windows.row_count, 0) as row_count
from files
left join windows
    on windows.file_id = files.file_id
left join files as same
    on same.file_id = files.same_as
order by files.table_name, files.block, files.path, files.file_id
