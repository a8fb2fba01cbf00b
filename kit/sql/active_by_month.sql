-- How many partners were active in each month, and how much did they use?
-- Grain: one row per month, months without calls included.
select
    months.month,
    months.next_month,
    months.name,
    months.quarter,
    count(*) filter (where production_usage.is_active) as active_partners,
    coalesce(sum(production_usage.calls), 0)::bigint as calls,
    coalesce(sum(production_usage.calls) filter (where production_usage.is_active), 0)::bigint as active_calls
from months
left join production_usage
    on production_usage.month = months.month
group by months.month, months.next_month, months.name, months.quarter
order by months.month
