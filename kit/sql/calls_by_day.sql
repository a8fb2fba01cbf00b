-- Which partners made how many calls on each day?
-- Grain: one row per day and partner with successful production calls that count, a repeated request once.
-- Whose they are hangs on the key and the day: what [exclude] names by product or operation is left out before.
with calls_of_keys as (
    select day, api_key, partner_id, system, sum(calls) as calls
    from file_usage
    where day between $first_day and $last_day
        and not is_repeat
        and coalesce(environment::varchar, 'production') = 'production'
        and status_class between 2 and 3
        and coalesce(operation not in (select value from excluded where field = 'operation'), true)
        and coalesce(product not in (select value from excluded where field = 'product'), true)
    group by all
),

counted as (
    select distinct period, api_key, logged_id, system, partner_id
    from traffic
    where fate = 'used' and environment = 'production' and is_successful
)

select calls_of_keys.day, counted.partner_id, sum(calls_of_keys.calls)::bigint as calls
from calls_of_keys
inner join periods
    on periods.day = calls_of_keys.day
inner join counted
    on counted.period = periods.period
    and counted.api_key is not distinct from calls_of_keys.api_key
    and counted.logged_id is not distinct from calls_of_keys.partner_id
    and counted.system is not distinct from calls_of_keys.system
group by calls_of_keys.day, counted.partner_id
order by calls_of_keys.day, counted.partner_id
