-- On which days does each source have rows?
-- Grain: table, place of its block in program.toml, and day in the program's zone.
with days as (
    select 'calls' as table_name, file_id, day, sum(row_count) as row_count from file_usage group by all
    union all
    select 'transactions', file_id, (transacted_at at time zone (select timezone from settings))::date, count(*)
    from transactions
    group by all
    union all
    select 'partners', file_id, registered_at, count(*) from partners group by all
    union all
    select 'invoices', file_id, invoiced_at, count(*) from invoices group by all
    union all
    select 'worklogs', file_id, date, count(*) from worklogs group by all
    union all
    select 'costs', file_id, date, count(*) from costs group by all
    union all
    select 'attributed', file_id, date, count(*) from attributed group by all
    union all
    select 'headcount', file_id, month, count(*) from headcount group by all
    union all
    select 'fx', file_id, month, count(*) from fx group by all
)

select days.table_name, coalesce(files.block, 0) as block, days.day, sum(days.row_count)::bigint as row_count
from days
left join files using (file_id)
group by all
order by all
