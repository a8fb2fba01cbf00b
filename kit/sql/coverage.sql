-- From which day to which does each export speak?
-- Grain: one row per export that has rows.
with days as (
    select 'calls' as table_name, min(first_day) as first_day, max(last_day) as last_day, sum(calls)::bigint as row_count
    from period_usage
    union all
    select 'partners', min(registered_at), max(registered_at), count(*) from partners
    union all
    select 'invoices', min(least(invoiced_at, service_start)), max(greatest(invoiced_at, service_end - 1)), count(*)
    from invoices
    union all
    select 'transactions', min(day), max(day), count(*) from transaction_value
    union all
    select 'worklogs', min(date), max(date), count(*) from worklogs
    union all
    select 'costs', min(date), max(date), count(*) from costs
    union all
    select 'attributed', min(date), max(date), count(*) from attributed
    union all
    select 'headcount', min(month), max(month), count(*) from headcount
    union all
    select 'fx', min(month), max(month), count(*) from fx
)

select table_name, first_day, last_day, row_count
from days
where row_count > 0
