-- From which day to which does each file speak?
-- Grain: one row per file of an export, days in the program's zone; null for a file that gives no row with a day.
with days as (
    select file_id, min(day) as first_day, max(day) as last_day from file_usage group by file_id
    union all
    select
        file_id,
        min((transacted_at at time zone (select timezone from settings))::date),
        max((transacted_at at time zone (select timezone from settings))::date)
    from transactions
    group by file_id
    union all
    select file_id, min(registered_at), max(registered_at) from partners group by file_id
    union all
    select file_id, min(invoiced_at), max(invoiced_at) from invoices group by file_id
    union all
    select file_id, min(date), max(date) from worklogs group by file_id
    union all
    select file_id, min(date), max(date) from costs group by file_id
    union all
    select file_id, min(date), max(date) from attributed group by file_id
    union all
    select file_id, min(month), max(month) from headcount group by file_id
    union all
    select file_id, min(date), max(date) from milestones group by file_id
    union all
    select file_id, min(month), max(month) from fx group by file_id
    union all
    select file_id, min(first_day), max(last_day) from calendar group by file_id
)

select
    files.table_name,
    files.block,
    files.path,
    same.path as same_as,
    min(days.first_day) as first_day,
    max(days.last_day) as last_day
from files
left join days
    on days.file_id = files.file_id
left join files as same
    on same.file_id = files.same_as
group by files.file_id, files.table_name, files.block, files.path, same.path
order by files.table_name, files.block, files.path, files.file_id
