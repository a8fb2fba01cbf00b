-- Which partners made how many calls on each day?
-- Grain: one row per day and partner with successful production calls that count, a repeated request once.
with counted as (
    select distinct period, api_key, logged_id, system, product, operation, partner_id
    from traffic
    where fate = 'used' and environment = 'production' and is_successful
)

select file_usage.day, counted.partner_id, sum(file_usage.calls)::bigint as calls
from file_usage
inner join periods
    on periods.day = file_usage.day
inner join counted
    on counted.period = periods.period
    and counted.api_key is not distinct from file_usage.api_key
    and counted.logged_id is not distinct from file_usage.partner_id
    and counted.system is not distinct from file_usage.system
    and counted.product is not distinct from file_usage.product
    and counted.operation is not distinct from file_usage.operation
where file_usage.day between $first_day and $last_day
    and not file_usage.is_repeat
    and coalesce(file_usage.environment::varchar, 'production') = 'production'
    and file_usage.status_class between 2 and 3
group by file_usage.day, counted.partner_id
order by file_usage.day, counted.partner_id
