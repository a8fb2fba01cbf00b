-- Which days do the exports speak of?
-- Grain: one row.
with days as (
    select min(day) as first_day, max(day) as last_day from file_usage
    union all
    select min(invoiced_at), max(invoiced_at) from invoices
    union all
    select min((transacted_at at time zone settings.timezone)::date),
        max((transacted_at at time zone settings.timezone)::date)
    from transactions, settings
    union all
    select min(date), max(date) from worklogs
    union all
    select min(date), max(date) from costs
    union all
    select min(date), max(date) from attributed
)

select min(first_day) as first_day, max(last_day) as last_day
from days
